//! A driver of WebKit with its browser.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, json};
use thirtyfour::session::handle::SessionHandle;
use thirtyfour::{Capabilities, WebDriver};
use tokio::net::TcpStream;

use super::{GRACE, START_LIMIT, WebKit};
use crate::real::session::FRAME_HOST;
use cors_conformance::process::{Process, ReadyLine};

/// The time limit for a browser to accept commands.
const SESSION_LIMIT: Duration = Duration::from_secs(25);

/// The time limit for the first attempt to start a driver and its browser.
const FIRST_LIMIT: Duration = Duration::from_secs(12);

/// The pause between two attempts to connect to the driver.
const PAUSE: Duration = Duration::from_millis(10);

/// The driver prints nothing. It is ready when it accepts a connection.
const NO_LINE: ReadyLine = ReadyLine { description: "a line", matches: |_| false };

/// The environment variable in which the driver tells the browser where its inspector has to listen.
const INSPECTOR_VARIABLE: &str = "WEBKIT_INSPECTOR_SERVER=";

/// A running driver with its browser; both are stopped when this value is dropped.
pub(super) struct Driver {
    /// The connection for commands.
    pub(super) session: Arc<SessionHandle>,
    /// Where the browser's inspector listens.
    pub(super) inspector: SocketAddr,
    _process: Process,
}

/// Starts a driver and its browser, at the second attempt if need be. The error says what failed.
pub(super) async fn start(webkit: &WebKit, proxy: &str, hosts: &[String]) -> Result<Driver, String> {
    // Another program can take the port before the driver does, and on a busy machine some sessions never begin.
    match tokio::time::timeout(FIRST_LIMIT, attempt(webkit, proxy, hosts)).await {
        Ok(Ok(driver)) => Ok(driver),
        _ => attempt(webkit, proxy, hosts).await,
    }
}

async fn attempt(webkit: &WebKit, proxy: &str, hosts: &[String]) -> Result<Driver, String> {
    let port = free_port().map_err(|error| format!("no port is free: {error}"))?;
    let mut command = Command::new(&webkit.programs.driver);
    command.arg(format!("--port={port}"));
    let folder = webkit.folder.as_path();
    command
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .env("XDG_RUNTIME_DIR", folder)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME")
        .env_remove("XDG_DATA_HOME")
        .env_remove("WAYLAND_DISPLAY")
        .env("DISPLAY", &webkit.display)
        .env("LC_ALL", "C.UTF-8")
        // No desktop services.
        .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
        .env("GIO_USE_VFS", "local")
        .env("GSETTINGS_BACKEND", "memory")
        .env("NO_AT_BRIDGE", "1")
        // Draws without shared graphics memory, which takes less memory.
        .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
        // Start in less time: the pages are small and not displayed.
        .env("WEBKIT_DISABLE_COMPOSITING_MODE", "1")
        .env("JSC_useJIT", "0");
    let started = Process::start(command, NO_LINE, GRACE)
        .map_err(|error| format!("its driver does not start: {error}"))?;
    let mut process = started.keeping(webkit.shared_folder.clone());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    tokio::select! {
        ended = process.listening(START_LIMIT) => ended.map(drop).map_err(|error| format!("its driver {error}"))?,
        () = accepts_connections(address) => {}
    }

    let capabilities =
        capabilities(webkit, proxy, hosts).map_err(|error| format!("its certificates: {error}"))?;
    let starting = WebDriver::builder(format!("http://{address}"), capabilities).connect();
    let driver = match tokio::time::timeout(SESSION_LIMIT, starting).await {
        Ok(Ok(driver)) => driver,
        Ok(Err(error)) => return Err(error.to_string()),
        Err(_) => return Err(format!("it accepts no commands within {SESSION_LIMIT:?}")),
    };
    let session = Arc::clone(&*driver);
    // The browser ends with the driver's process group; the session need not be closed.
    let _ = driver.leak();
    let inspector = inspector(process.id()).ok_or("its browser has no inspector")?;
    Ok(Driver { session, inspector, _process: process })
}

/// A port on which nothing listens. WebKit's driver cannot choose one itself.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Waits until something accepts connections at `address`.
async fn accepts_connections(address: SocketAddr) {
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(PAUSE).await;
    }
}

fn capabilities(webkit: &WebKit, proxy: &str, hosts: &[String]) -> io::Result<Capabilities> {
    let mut all = Map::new();
    // WebKitGTK has no option to trust an authority, but one to trust the certificates of servers.
    let hosts = hosts.iter().map(String::as_str).chain([FRAME_HOST]);
    let mut certificates = Vec::new();
    for (host, der) in hosts.filter_map(|host| Some((host, webkit.certificates.der(host)?))) {
        let name = host.trim_matches(['[', ']']);
        let file = webkit.folder.join(format!("{name}.pem"));
        if !file.exists() {
            fs::write(&file, pem(&der))?;
        }
        certificates.push(json!({ "host": host, "certificateFile": file }));
        if name != host {
            // libsoup leaves out the brackets of an IPv6 address.
            certificates.push(json!({ "host": name, "certificateFile": file }));
        }
    }
    let arguments = [
        "--automation".to_owned(),
        format!("--proxy=http://{proxy}"),
        // Allow cookies of other sites, as the other browsers of the suite do.
        "--cookies-policy=always".to_owned(),
    ];
    let browser = webkit.programs.browser.to_string_lossy();
    all.insert(
        "webkitgtk:browserOptions".to_owned(),
        json!({
            "binary": browser, "args": arguments, "certificates": certificates,
        }),
    );
    Ok(Capabilities::from(all))
}

/// A certificate as a text file (RFC 7468, section 5).
fn pem(der: &[u8]) -> String {
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in STANDARD.encode(der).as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

/// Where the inspector of the driver's browser listens, from the environment of the driver's children.
fn inspector(driver: u32) -> Option<SocketAddr> {
    let children = fs::read_to_string(format!("/proc/{driver}/task/{driver}/children")).ok()?;
    children.split_whitespace().find_map(|child| {
        let environment = fs::read(format!("/proc/{child}/environ")).ok()?;
        address(&environment)
    })
}

/// The address of the inspector in an environment, whose variables end with a NUL each.
fn address(environment: &[u8]) -> Option<SocketAddr> {
    let mut variables = environment.split(|&byte| byte == 0);
    let value = variables.find_map(|variable| variable.strip_prefix(INSPECTOR_VARIABLE.as_bytes()))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::listed(b"HOME=/x\0WEBKIT_INSPECTOR_SERVER=127.0.0.1:4444\0A=b\0", Some("127.0.0.1:4444"))]
    #[case::absent(b"HOME=/x\0", None)]
    #[case::invalid(b"WEBKIT_INSPECTOR_SERVER=nowhere\0", None)]
    fn the_inspector_is_in_the_environment(#[case] environment: &[u8], #[case] expected: Option<&str>) {
        assert_eq!(address(environment), expected.map(|address| address.parse().unwrap()));
    }
}
