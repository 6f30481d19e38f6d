//! WebKit: MiniBrowser of WebKitGTK, over WebDriver.
//!
//! WebKit's driver has no user contexts, so each scenario gets a driver and a browser of its own. All of them use one display, which
//! exists only in memory. WebDriver has no command for the console; its messages come from the browser's inspector.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::automation::failed;
use super::certificates::Certificates;
use cors_conformance::process::{Process, ReadyLine};
use cors_conformance::user_agent::UserAgentError;

pub(super) use tabs::Tabs;

mod driver;
mod inspector;
mod tabs;

/// The line with the number of the display.
const DISPLAY_NUMBER: ReadyLine = ReadyLine {
    description: "the number of its display",
    matches: |line| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()),
};

/// The time limit for the display to start.
const START_LIMIT: Duration = Duration::from_secs(20);

/// How long a program has to end before it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// The programs of WebKit.
pub(super) struct Programs {
    pub(super) browser: PathBuf,
    pub(super) driver: PathBuf,
    pub(super) display: PathBuf,
}

/// A display on which browsers can be started; it is stopped when this value is dropped.
pub(super) struct WebKit {
    /// The version of WebKitGTK.
    pub(super) version: String,
    /// The certificates of the servers.
    pub(super) certificates: Arc<Certificates>,
    /// The folder for everything that the programs write; removed when all of them have stopped.
    pub(super) folder: PathBuf,
    shared_folder: Arc<TempDir>,
    programs: Programs,
    display: String,
    _process: Process,
}

impl WebKit {
    /// Starts a display, and a first browser to see whether it works. The error says what failed.
    pub(super) async fn launch(programs: Programs) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("cors-conformance-")
            .tempdir()
            .map_err(|error| format!("its folder cannot be made: {error}"))?;
        let folder = Arc::new(folder);
        let certificates = Arc::new(Certificates::new().map_err(|error| error.to_string())?);
        let mut command = Command::new(&programs.display);
        // Without `-noreset` the display restarts whenever the last browser ends.
        command.args(["-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"]);
        command.env("HOME", folder.path()).env("TMPDIR", folder.path());
        let started = Process::start(command, DISPLAY_NUMBER, GRACE)
            .map_err(|error| format!("its display does not start: {error}"))?;
        let mut process = started.keeping(folder.clone());
        let number = process.listening(START_LIMIT).await.map_err(|error| format!("its display {error}"))?;
        let mut webkit = Self {
            version: String::new(),
            certificates,
            folder: folder.path().to_owned(),
            shared_folder: folder,
            programs,
            display: format!(":{number}"),
            _process: process,
        };
        // The suite never uses this proxy, because the browser opens no page.
        let first = webkit.open("127.0.0.1:9", &[]).await.map_err(|error| error.to_string())?;
        webkit.version = first.version().to_owned();
        Ok(webkit)
    }

    /// Starts a browser whose network is the proxy at the address `proxy`, and which trusts the certificates of `hosts`.
    pub(super) async fn open(&self, proxy: &str, hosts: &[String]) -> Result<Tabs, UserAgentError> {
        let driver = driver::start(self, proxy, hosts).await.map_err(failed)?;
        Tabs::new(driver).await.map_err(failed)
    }
}
