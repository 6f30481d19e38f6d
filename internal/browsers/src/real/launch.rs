//! Finds and starts a browser.

use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fmt, fs};

use super::Kind;
use super::bidi::{self, Dialect, Driver};
use super::webkit::{Programs, WebKit};
use cors_browser::ThirdPartyCookies;

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
    const MINI_BROWSER: Self = Self { what: "MiniBrowser of WebKitGTK", names: &["MiniBrowser"] };
    const WEBKIT_DRIVER: Self = Self { what: "WebKitWebDriver", names: &["WebKitWebDriver"] };
    const XVFB: Self = Self { what: "Xvfb", names: &["Xvfb"] };

    /// The programs for one browser: the browser itself, its driver, and the display that it needs.
    pub const fn of(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Chromium => &[Self::CHROMIUM, Self::CHROMEDRIVER],
            Kind::Firefox => &[Self::FIREFOX, Self::GECKODRIVER],
            Kind::WebKit => &[Self::MINI_BROWSER, Self::WEBKIT_DRIVER, Self::XVFB],
        }
    }

    /// The path of the program, from `PATH`, from the folder in which cargo installs programs, or from the folder of WebKitGTK.
    pub fn find(&self) -> Option<PathBuf> {
        let path = env::var_os("PATH").unwrap_or_default();
        let cargo =
            env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
        let folders = env::split_paths(&path).chain(cargo.map(|home| home.join("bin")));
        let folders = folders.chain(webkit_folders());
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

/// The folders in which Debian installs MiniBrowser. Other versions of it, such as 6.0, ignore `--proxy` when they are automated.
fn webkit_folders() -> impl Iterator<Item = PathBuf> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok);
    folders.map(|folder| folder.path().join("webkit2gtk-4.1")).filter(|folder| folder.is_dir())
}

/// Starts Chromium or Firefox with its driver. Its user has this setting for third-party cookies.
pub(super) async fn bidi(dialect: Dialect, cookies: ThirdPartyCookies) -> Result<Arc<Driver>, LaunchError> {
    let (kind, browser, driver) = match dialect {
        Dialect::Chromium => (Kind::Chromium, Program::CHROMIUM, Program::CHROMEDRIVER),
        Dialect::Firefox => (Kind::Firefox, Program::FIREFOX, Program::GECKODRIVER),
    };
    let driver = bidi::launch(dialect, browser.require()?, driver.require()?, cookies).await;
    driver.map(Arc::new).map_err(|error| LaunchError::Failed(kind, error))
}

/// Starts WebKit with its driver.
pub(super) async fn webkit() -> Result<WebKit, LaunchError> {
    let programs = Programs {
        browser: Program::MINI_BROWSER.require()?,
        driver: Program::WEBKIT_DRIVER.require()?,
        display: Program::XVFB.require()?,
    };
    WebKit::launch(programs).await.map_err(|error| LaunchError::Failed(Kind::WebKit, error))
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
