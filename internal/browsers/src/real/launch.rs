//! Finds and starts a browser.

use std::path::PathBuf;
use std::{env, fmt};

use super::Kind;
use super::bidi::{self, Dialect, Driver};

/// A program that has to be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// What the program is, such as `ChromeDriver`.
    pub what: &'static str,
    /// The names of its executable, the preferred one first.
    pub names: &'static [&'static str],
}

impl Program {
    const CHROMIUM: Self =
        Self { what: "Chromium", names: &["chromium", "chromium-browser", "google-chrome"] };
    const CHROMEDRIVER: Self = Self { what: "ChromeDriver", names: &["chromedriver"] };
    const FIREFOX: Self = Self { what: "Firefox", names: &["firefox-esr", "firefox"] };
    const GECKODRIVER: Self = Self { what: "geckodriver", names: &["geckodriver"] };

    /// The programs for one browser: the browser itself and its driver.
    pub const fn of(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Chromium => &[Self::CHROMIUM, Self::CHROMEDRIVER],
            Kind::Firefox => &[Self::FIREFOX, Self::GECKODRIVER],
        }
    }

    /// The path of the program, from `PATH` or from the folder in which cargo installs programs.
    pub fn find(&self) -> Option<PathBuf> {
        let path = env::var_os("PATH").unwrap_or_default();
        let cargo =
            env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
        let folders = env::split_paths(&path).chain(cargo.map(|home| home.join("bin")));
        let places: Vec<_> = folders.collect();
        let candidates =
            self.names.iter().flat_map(|name| places.iter().map(move |folder| folder.join(name)));
        candidates.into_iter().find(|candidate| candidate.is_file())
    }

    /// The same, as an error if it is not installed.
    fn require(self) -> Result<PathBuf, LaunchError> {
        self.find().ok_or(LaunchError::Missing(self))
    }
}

impl fmt::Display for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (`{}`)", self.what, self.names.join("` or `"))
    }
}

/// Starts a browser with its driver.
pub(super) async fn launch(kind: Kind) -> Result<Driver, LaunchError> {
    let (dialect, browser, driver) = match kind {
        Kind::Chromium => (Dialect::Chromium, Program::CHROMIUM, Program::CHROMEDRIVER),
        Kind::Firefox => (Dialect::Firefox, Program::FIREFOX, Program::GECKODRIVER),
    };
    bidi::launch(dialect, browser.require()?, driver.require()?)
        .await
        .map_err(|error| LaunchError::Failed(kind, error))
}

/// Why a browser could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// A program is not installed.
    #[error("{0} is not installed. Run `cargo xtask browsers install`.")]
    Missing(Program),
    /// A program is installed but does not start or does not work.
    #[error("{kind}: {detail}", kind = .0.as_str(), detail = .1)]
    Failed(Kind, String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_the_command_that_installs_it() {
        let program = Program { what: "Nothing", names: &["a-program-that-does-not-exist", "nor-this"] };
        assert_eq!(program.find(), None);
        assert_eq!(
            LaunchError::Missing(program).to_string(),
            "Nothing (`a-program-that-does-not-exist` or `nor-this`) is not installed. Run `cargo xtask browsers install`."
        );
    }
}
