//! `cargo xtask browsers`: installs and lists the real browsers that the suite can use.

use std::error::Error;
use std::process::{Command, ExitCode};

use cors_cli::command::CommandResult;
use cors_real_browsers::real::{Kind, Program};

use crate::install::{install_packages, succeed};

/// The Debian packages of the browsers and of their drivers. Debian has no package of geckodriver.
const PACKAGES: [&str; 7] = [
    "chromium",
    "chromium-driver",
    "firefox-esr",
    // WebKit with its driver, the display that it needs, TLS, and the list of public suffixes.
    "webkit2gtk-driver",
    "xvfb",
    "glib-networking",
    "publicsuffix",
];

/// The crate of geckodriver.
const GECKODRIVER: &str = "geckodriver";

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Install Chromium, Firefox, WebKit and their drivers: Debian packages, and geckodriver from its crate
    ///
    /// Installs only what is missing. Needs Debian or a distribution based on it, and root or `sudo`.
    Install,
    /// List the programs and their paths
    List,
}

pub(crate) fn run(action: &Action) -> CommandResult {
    match action {
        Action::List => {
            for program in programs() {
                let place =
                    program.find().map_or_else(|| "missing".to_owned(), |path| path.display().to_string());
                println!("{program}: {place}");
            }
            let is_complete = missing().is_empty();
            Ok(if is_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Action::Install => {
            install()?;
            let missing: Vec<_> = missing().iter().map(ToString::to_string).collect();
            if missing.is_empty() {
                println!("Chromium, Firefox, WebKit and their drivers are installed.");
                return Ok(ExitCode::SUCCESS);
            }
            Err(format!("installed, but not found in PATH: {}", missing.join(", ")).into())
        }
    }
}

fn install() -> Result<(), Box<dyn Error>> {
    let left = missing();
    if left.iter().any(|program| !program.names.contains(&GECKODRIVER)) {
        let names: Vec<_> = left.iter().map(ToString::to_string).collect();
        install_packages(&PACKAGES, &names.join(", "))?;
    }
    if left.iter().any(|program| program.names.contains(&GECKODRIVER)) {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // Outside of the workspace, because its cargo settings are not meant for geckodriver.
        let mut command = Command::new(cargo);
        command.args(["install", "--locked", GECKODRIVER]).current_dir(std::env::temp_dir());
        succeed(command)?;
    }
    Ok(())
}

fn programs() -> impl Iterator<Item = Program> {
    Kind::ALL.into_iter().flat_map(|kind| Program::of(kind).iter().copied())
}

fn missing() -> Vec<Program> {
    programs().filter(|program| program.find().is_none()).collect()
}
