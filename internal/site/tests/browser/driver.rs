//! A headless browser with its driver, and what a test asks it.

use std::fmt::Display;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, fs};

use cors_conformance::process::{Process, ReadyLine};
use cors_real_browsers::real::{Kind, Program};
use futures_util::StreamExt;
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::bidi::BiDi;
use thirtyfour::common::command::{Command as WebDriverCommand, ExtensionCommand};
use thirtyfour::prelude::*;
use tokio::task::JoinSet;

/// The functions that the tests call in pages.
const CHECKS: &str = include_str!("checks.js");

/// The line that both drivers print when they accept connections.
const LISTENING: ReadyLine = ReadyLine {
    description: "where it listens",
    matches: |line| line.contains(" started successfully on port ") || line.contains("Listening on "),
};

const START_LIMIT: Duration = Duration::from_secs(20);
const GRACE: Duration = Duration::from_secs(3);

/// The size of the window in most tests.
pub(crate) const WIDE: (u32, u32) = (1280, 900);

/// The colours that the user prefers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

pub(crate) struct Browser {
    kind: Kind,
    pub(crate) driver: WebDriver,
    bidi: BiDi,
    tab: String,
    /// What the consoles of the pages have said.
    console: Arc<Mutex<Vec<String>>>,
    _events: JoinSet<()>,
    process: Process,
}

impl Browser {
    /// Starts the browser; `None` if it is not installed and need not be.
    pub(crate) async fn start(kind: Kind) -> Option<Self> {
        let programs = Program::of(kind);
        let found: Option<Vec<_>> = programs.iter().map(Program::find).collect();
        let Some([browser, program]) = found.as_deref() else {
            assert!(env::var_os("CORS_BROWSERS").is_none(), "not installed: {programs:?}");
            eprintln!("skipped: {} is not installed", kind.as_str());
            return None;
        };
        let folder = tempfile::Builder::new().prefix("cors-site-").tempdir().unwrap();
        let capabilities = capabilities(kind, browser, folder.path());
        let (process, address) = start_driver(kind, program, folder).await;
        let driver = WebDriver::builder(address, capabilities).connect().await.unwrap();
        let bidi = driver.bidi().await.unwrap();
        let tab = driver.window().await.unwrap().to_string();

        let console = Arc::new(Mutex::new(Vec::new()));
        let (mut events, lines, mut tasks) = (bidi.subscribe_raw(), console.clone(), JoinSet::new());
        tasks.spawn(async move {
            while let Some(event) = events.next().await {
                let entry = if event.method.starts_with("goog:") {
                    &event.params["params"]["entry"]
                } else {
                    &event.params
                };
                if entry["level"] == "error" || entry["level"] == "warning" || entry["level"] == "warn" {
                    lines.lock().unwrap().push(format!("{} {}", entry["text"], entry["url"]));
                }
            }
        });
        let mut names = vec!["log.entryAdded"];
        // Chromium has no standard event for what the browser itself says, for example about a missing file.
        if kind == Kind::Chromium {
            names.push("goog:cdp.Log.entryAdded");
            let session = bidi.send_raw("goog:cdp.getSession", json!({ "context": tab })).await.unwrap();
            let enable = json!({ "method": "Log.enable", "params": {}, "session": session["session"] });
            bidi.send_raw("goog:cdp.sendCommand", enable).await.unwrap();
        }
        bidi.send_raw("session.subscribe", json!({ "events": names })).await.unwrap();
        let browser = Self { kind, driver, bidi, tab, console, _events: tasks, process };
        browser.resize(WIDE).await;
        Some(browser)
    }

    /// Ends the browser, and fails if a page wrote an error or a warning to its console.
    pub(crate) async fn stop(self) {
        let lines = self.console.lock().unwrap().clone();
        // The browser ends with the driver's process group.
        let _ = self.driver.leak();
        self.process.stop().await;
        assert!(lines.is_empty(), "the console: {lines:#?}");
    }

    pub(crate) fn name(&self) -> &'static str {
        self.kind.as_str()
    }

    pub(crate) async fn open(&self, address: impl Display) {
        let address = address.to_string();
        if let Err(error) = self.driver.goto(&address).await {
            panic!("{address}: {error}");
        }
    }

    /// Sets the size of the page. A window cannot be as narrow as a telephone.
    pub(crate) async fn resize(&self, (width, height): (u32, u32)) {
        let parameters = json!({ "context": self.tab, "viewport": { "width": width, "height": height } });
        self.bidi.send_raw("browsingContext.setViewport", parameters).await.unwrap();
    }

    pub(crate) async fn prefer(&self, scheme: Scheme) {
        if self.kind == Kind::Chromium {
            let value = format!("{scheme:?}").to_lowercase();
            let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
            let command = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
            self.extension(Method::POST, "/goog/cdp/execute".to_owned(), Some(command)).await;
            return;
        }
        let context = "/moz/context".to_owned();
        self.extension(Method::POST, context.clone(), Some(json!({ "context": "chrome" }))).await;
        let value = if matches!(scheme, Scheme::Dark) { 0 } else { 1 };
        let script =
            "Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', arguments[0])";
        self.driver.execute(script, vec![json!(value)]).await.unwrap();
        self.extension(Method::POST, context, Some(json!({ "context": "content" }))).await;
    }

    /// The name of an element in the accessibility tree.
    pub(crate) async fn name_of(&self, element: &WebElement) -> String {
        let path = format!("/element/{}/computedlabel", element.element_id());
        let name = self.extension(Method::GET, path, None).await;
        name.as_str().unwrap_or_default().to_owned()
    }

    /// Runs an expression in the page. It can use the functions of `checks.js`.
    pub(crate) async fn eval(&self, expression: &str) -> Value {
        let script = format!("{CHECKS}\nreturn {expression};");
        let result = self.driver.execute(script, Vec::new()).await;
        result.unwrap_or_else(|error| panic!("{expression}: {error}")).json().clone()
    }

    /// The elements that an expression in the page returns.
    pub(crate) async fn elements(&self, expression: &str) -> Vec<WebElement> {
        let script = format!("{CHECKS}\nreturn {expression};");
        self.driver.execute(script, Vec::new()).await.unwrap().elements().unwrap()
    }

    /// An array of texts that an expression in the page returns.
    pub(crate) async fn texts(&self, expression: &str) -> Vec<String> {
        serde_json::from_value(self.eval(expression).await).unwrap()
    }

    pub(crate) async fn find(&self, selector: &str) -> WebElement {
        self.driver.find(By::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    pub(crate) async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        element.click().await.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    pub(crate) async fn press(&self, key: Key) {
        self.driver.action_chain().send_keys(key).perform().await.unwrap();
    }

    /// Writes a picture of the window.
    pub(crate) async fn picture(&self, file: &Path) {
        fs::write(file, self.driver.screenshot_as_png().await.unwrap()).unwrap();
    }

    async fn extension(&self, method: Method, path: String, body: Option<Value>) -> Value {
        let command = WebDriverCommand::ExtensionCommand(Box::new(Extension { method, path, body }));
        let response = self.driver.cmd(command).await.unwrap();
        response.value_json().unwrap()
    }
}

/// Starts the driver on a port that it chooses. Its home folder is `folder`, which is removed with it.
async fn start_driver(kind: Kind, program: &Path, folder: TempDir) -> (Process, String) {
    let mut command = Command::new(program);
    match kind {
        Kind::Chromium => command.arg("--port=0"),
        // The preferred colours are set in the browser itself.
        _ => command.args(["--port", "0", "--websocket-port", "0", "--allow-system-access"]),
    };
    command.env("HOME", folder.path()).env("TMPDIR", folder.path()).env_remove("XDG_CONFIG_HOME");
    let mut process = Process::start(command, LISTENING, GRACE).unwrap().keeping(folder);
    let line = process.listening(START_LIMIT).await.unwrap();
    let line = line.trim_end_matches('.');
    let port = line.rsplit(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
    let address = format!("http://127.0.0.1:{port}");
    (process, address)
}

fn capabilities(kind: Kind, browser: &Path, folder: &Path) -> Capabilities {
    let options = match kind {
        Kind::Chromium => {
            let profile = format!("--user-data-dir={}/profile", folder.display());
            let arguments = [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--force-prefers-reduced-motion",
                "--hide-scrollbars",
                &profile,
            ];
            ("chrome", "goog:chromeOptions", json!({ "binary": browser, "args": arguments }))
        }
        _ => {
            let preferences = json!({ "devtools.jsonview.enabled": false, "ui.prefersReducedMotion": 1 });
            let options = json!({ "binary": browser, "args": ["-headless"], "prefs": preferences });
            ("firefox", "moz:firefoxOptions", options)
        }
    };
    let (name, key, options) = options;
    let all = json!({ "browserName": name, "webSocketUrl": true, key: options });
    Capabilities::from(all.as_object().unwrap().clone())
}

/// A command that the library does not have.
#[derive(Debug)]
struct Extension {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl ExtensionCommand for Extension {
    fn parameters_json(&self) -> Option<Value> {
        self.body.clone()
    }

    fn method(&self) -> Method {
        self.method.clone()
    }

    fn endpoint(&self) -> Arc<str> {
        self.path.as_str().into()
    }
}
