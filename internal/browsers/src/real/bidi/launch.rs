//! Starts Chromium or Firefox with its driver.

use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use thirtyfour::bidi::BiDi;
use thirtyfour::common::command::{Command as WebDriverCommand, ExtensionCommand};
use thirtyfour::error::WebDriverError;
use thirtyfour::{Capabilities, WebDriver};

use super::super::certificates::Certificates;
use super::super::gateway::Gateway;
use super::driver::Driver;
use super::{Dialect, console};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cors_browser::ThirdPartyCookies;
use cors_conformance::process::{Process, ReadyLine};
use ring::digest::{SHA256, digest};

/// The line that both drivers print when they accept connections.
const LISTENING: ReadyLine = ReadyLine {
    description: "where it listens",
    matches: |line| line.contains(" started successfully on port ") || line.contains("Listening on "),
};

/// The time limit for a driver to listen.
const START_LIMIT: Duration = Duration::from_secs(20);

/// The time limit for a browser to accept commands.
const SESSION_LIMIT: Duration = Duration::from_secs(60);

/// How long driver and browser have to end before they are killed.
const GRACE: Duration = Duration::from_secs(3);

/// Arguments with which Chromium runs without a screen, in a container, and without connections of its own.
const CHROMIUM_ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-extensions",
    "--renderer-process-limit=4",
    // Do not upgrade `http:` pages to `https:`.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,SpareRendererForSitePerProcess",
];

/// Starts `driver`, and with it `browser`. The error says what failed.
pub(in super::super) async fn launch(
    dialect: Dialect,
    browser: PathBuf,
    driver: PathBuf,
    cookies: ThirdPartyCookies,
) -> Result<Driver, String> {
    let folder = tempfile::Builder::new()
        .prefix("cors-conformance-")
        .tempdir()
        .map_err(|error| format!("its folder cannot be made: {error}"))?;
    let certificates = Arc::new(Certificates::new().map_err(|error| error.to_string())?);
    let gateway = match dialect {
        Dialect::Chromium => {
            let gateway = Gateway::start(certificates.clone()).await;
            Some(gateway.map_err(|error| format!("its gateway does not start: {error}"))?)
        }
        Dialect::Firefox => None,
    };
    let path = folder.path().to_owned();
    let (process, address) =
        start_driver(dialect, driver, folder).await.map_err(|error| format!("its driver {error}"))?;

    let mut arguments = vec![format!("--user-data-dir={}/profile", path.display())];
    arguments.extend(gateway.iter().flat_map(Gateway::arguments));
    let capabilities = capabilities(dialect, &browser.to_string_lossy(), arguments, &certificates, cookies);
    let starting =
        tokio::time::timeout(SESSION_LIMIT, start_session(dialect, &address, capabilities, &certificates));
    match starting.await {
        Ok(Ok((bidi, version))) => {
            Ok(Driver::new(dialect, bidi, version, certificates, gateway, path, process))
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("it accepts no commands within {SESSION_LIMIT:?}")),
    }
}

/// Starts the driver on a port that it chooses. Its home folder is `folder`, which is removed with it.
async fn start_driver(
    dialect: Dialect,
    program: PathBuf,
    folder: TempDir,
) -> Result<(Process, String), String> {
    let mut command = Command::new(&program);
    match dialect {
        Dialect::Chromium => command.arg("--port=0"),
        // Firefox is told which authority to trust by a script that needs access to the browser itself.
        Dialect::Firefox => command.args(["--port", "0", "--websocket-port", "0", "--allow-system-access"]),
    };
    command.env("HOME", folder.path()).env("TMPDIR", folder.path()).env_remove("XDG_CONFIG_HOME");
    let started = Process::start(command, LISTENING, GRACE).map_err(|error: io::Error| error.to_string())?;
    let mut process = started.keeping(folder);
    let line = process.listening(START_LIMIT).await?;
    let port = port(&line).ok_or_else(|| format!("printed no port: `{line}`"))?;
    Ok((process, format!("http://127.0.0.1:{port}")))
}

/// The port at the end of a driver's line.
fn port(line: &str) -> Option<u16> {
    let line = line.trim_end_matches('.');
    let digits = line.trim_end_matches(|character: char| character.is_ascii_digit());
    line[digits.len()..].parse().ok()
}

fn capabilities(
    dialect: Dialect,
    browser: &str,
    own_arguments: Vec<String>,
    certificates: &Certificates,
    cookies: ThirdPartyCookies,
) -> Capabilities {
    let mut all = Map::new();
    all.insert("webSocketUrl".to_owned(), Value::Bool(true));
    // Without a user, an authentication prompt is cancelled.
    all.insert("unhandledPromptBehavior".to_owned(), json!({ "default": "dismiss" }));
    match dialect {
        Dialect::Chromium => {
            let mut arguments: Vec<String> =
                CHROMIUM_ARGUMENTS.iter().map(|&argument| argument.to_owned()).collect();
            arguments.extend(own_arguments);
            let key = certificates.authority().public_key();
            let trusted = STANDARD.encode(digest(&SHA256, &key));
            arguments.push(format!("--ignore-certificate-errors-spki-list={trusted}"));
            all.insert("browserName".to_owned(), json!("chrome"));
            // By default, user contexts block third-party cookies, as private windows do.
            let mode = if cookies == ThirdPartyCookies::Blocked { 1 } else { 0 };
            let preferences = json!({ "profile.cookie_controls_mode": mode });
            let options = json!({ "binary": browser, "args": arguments, "prefs": preferences });
            all.insert("goog:chromeOptions".to_owned(), options);
        }
        Dialect::Firefox => {
            let cookie_behavior = match cookies {
                ThirdPartyCookies::Allowed => 0,
                ThirdPartyCookies::Blocked => 1,
                // The default.
                _ => 5,
            };
            let preferences = json!({
                // Use the proxy for loopback as well.
                "network.proxy.allow_hijacking_localhost": true,
                // A server on loopback is trustworthy, although the proxy plays it.
                "network.proxy.testing_localhost_is_secure_when_hijacked": true,
                // Do not upgrade `http:` pages to `https:`.
                "dom.security.https_first": false,
                "dom.security.https_first_schemeless": false,
                "network.cookie.cookieBehavior": cookie_behavior,
                // Show JSON as text.
                "devtools.jsonview.enabled": false,
            });
            all.insert("browserName".to_owned(), json!("firefox"));
            all.insert(
                "moz:firefoxOptions".to_owned(),
                json!({ "binary": browser, "args": ["-headless"], "prefs": preferences }),
            );
        }
    }
    Capabilities::from(all)
}

async fn start_session(
    dialect: Dialect,
    address: &str,
    capabilities: Capabilities,
    certificates: &Certificates,
) -> Result<(BiDi, String), WebDriverError> {
    let driver = WebDriver::builder(address, capabilities).connect().await?;
    let version =
        driver.capabilities().get("browserVersion").and_then(Value::as_str).unwrap_or("unknown").to_owned();
    let bidi = driver.bidi().await?;
    let event = match dialect {
        Dialect::Chromium => console::CHROMIUM_EVENT,
        Dialect::Firefox => {
            trust(&driver, certificates).await?;
            console::FIREFOX_EVENT
        }
    };
    bidi.send_raw("session.subscribe", json!({ "events": [event] })).await?;
    // The browser ends with the driver's process group; the session need not be closed.
    let _ = driver.leak();
    Ok((bidi, version))
}

/// Makes Firefox trust the run's authority. Unlike Chromium, it has no argument for that.
async fn trust(driver: &WebDriver, certificates: &Certificates) -> Result<(), WebDriverError> {
    let certificate = STANDARD.encode(certificates.authority().der());
    let run_scripts_in = |place| WebDriverCommand::ExtensionCommand(Box::new(RunScriptsIn(place)));
    driver.cmd(run_scripts_in("chrome")).await?;
    let script = r#"Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(arguments[0], "C,,");"#;
    driver.execute(script, vec![Value::String(certificate)]).await?;
    driver.cmd(run_scripts_in("content")).await?;
    Ok(())
}

/// geckodriver's command that chooses where scripts run: in Firefox itself (`chrome`) or in pages (`content`).
#[derive(Debug)]
struct RunScriptsIn(&'static str);

impl ExtensionCommand for RunScriptsIn {
    fn parameters_json(&self) -> Option<Value> {
        Some(json!({ "context": self.0 }))
    }

    fn method(&self) -> http::Method {
        http::Method::POST
    }

    fn endpoint(&self) -> Arc<str> {
        "/moz/context".into()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ChromeDriver was started successfully on port 40123.", Some(40123))]
    #[case("1795748352000\tgeckodriver\tINFO\tListening on 127.0.0.1:4444", Some(4444))]
    #[case("ChromeDriver was started successfully.", None)]
    #[case("Listening on 127.0.0.1:99999", None)]
    fn ports(#[case] line: &str, #[case] expected: Option<u16>) {
        assert_eq!(port(line), expected);
    }
}
