//! What the commands that install programs share.

use std::error::Error;
use std::process::Command;

/// Installs Debian packages with `apt-get`, with `sudo` unless the user is root. `programs` is what they are for, in words.
pub(crate) fn install_packages(packages: &[&str], programs: &str) -> Result<(), Box<dyn Error>> {
    if !can_run("apt-get") {
        return Err(format!(
            "this machine has no `apt-get`; install these programs in another way: {programs}"
        )
        .into());
    }
    apt(&["update"])?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments)
}

fn apt(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut command = match can_run("sudo") && !rustix::process::geteuid().is_root() {
        true => {
            let mut sudo = Command::new("sudo");
            sudo.args(["--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
            sudo
        }
        false => Command::new("apt-get"),
    };
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    succeed(command)
}

/// Whether a program is in `PATH`.
pub(crate) fn can_run(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Runs a command, whose output the user sees.
pub(crate) fn succeed(mut command: Command) -> Result<(), Box<dyn Error>> {
    eprintln!("running {command:?}");
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}
