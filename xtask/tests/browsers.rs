//! The commands about real browsers, run as a program.
//!
//! Without browsers some of these tests do nothing, unless `CORS_BROWSERS=required` is set.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

fn xtask(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(XTASK);
    // Browsers write below this folder only, and each of their processes has it in its environment.
    command.args(arguments).env("TMPDIR", folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether a browser is missing, which is only allowed without `CORS_BROWSERS`.
fn is_untestable() -> bool {
    let listed = Command::new(XTASK).args(["browsers", "list"]).output().unwrap();
    let is_complete = listed.status.success();
    assert!(
        is_complete || env::var_os("CORS_BROWSERS").is_none(),
        "{}",
        String::from_utf8_lossy(&listed.stdout)
    );
    !is_complete
}

/// Panics unless no file is left in a folder and no process has it in its environment.
fn assert_nothing_is_left(folder: &Path) {
    let files: Vec<_> =
        fs::read_dir(folder).unwrap().filter_map(Result::ok).map(|entry| entry.path()).collect();
    assert!(files.is_empty(), "{files:?}");
    let name = folder.as_os_str().as_encoded_bytes();
    for process in fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path()) {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        let is_left = environment.windows(name.len()).any(|part| part == name);
        assert!(
            !is_left,
            "{}",
            String::from_utf8_lossy(&fs::read(process.join("cmdline")).unwrap_or_default())
        );
    }
}

fn wait(mut child: Child, limit: Duration) -> Output {
    let deadline = Instant::now() + limit;
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "the command does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
    child.wait_with_output().unwrap()
}

#[rstest]
#[case::conformance(&["conformance", "--user-agent", "firefox", "--scenario", "preflight/*"], "Firefox")]
#[case::agreement(&["agreement", "--browser", "chromium"], "Chromium")]
#[case::webkit(&["agreement", "--browser", "webkit"], "WebKit")]
fn a_missing_browser_is_an_error_that_says_how_to_install_it(
    #[case] arguments: &[&str],
    #[case] browser: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    let output = xtask(arguments, folder.path())
        .env("PATH", folder.path())
        .env("CARGO_HOME", folder.path())
        .output()
        .unwrap();
    let error = stderr(&output);
    assert!(error.contains(browser) && error.contains("is not installed"), "{error}");
    assert!(error.contains("Run `cargo xtask browsers install`."), "{error}");
    assert_eq!(output.status.code(), Some(2));
    assert_nothing_is_left(folder.path());
}

/// A program that ends at once.
const ENDS: &str = "#!/bin/sh\necho no display >&2\nexit 1\n";
/// A program that does nothing.
const IDLES: &str = "#!/bin/sh\nexec sleep 60\n";
/// A driver that says that it listens, and does not listen.
const ONLY_SAYS_SO: &str =
    "#!/bin/sh\necho 'ChromeDriver was started successfully on port 9.'\nexec sleep 60\n";
/// A display that never shows anything.
const DISPLAY: &str = "#!/bin/sh\necho 99\nexec sleep 60\n";
/// A driver that accepts connections at the port after `--port=` and answers nothing.
const HANGS_UP: &str = r#"#!/bin/sh
exec perl -MIO::Socket::INET -e '
    my ($port) = $ARGV[0] =~ /(\d+)$/;
    my $listener = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 9) or die;
    while (my $connection = $listener->accept) { close $connection }
' -- "$1"
"#;

#[rstest]
#[case::chromium_ends("chromium", &[("chromium", IDLES), ("chromedriver", ENDS)], "no display")]
#[case::chromium_does_not_obey(
    "chromium",
    &[("chromium", IDLES), ("chromedriver", ONLY_SAYS_SO)],
    "error sending request"
)]
#[case::webkit_ends(
    "webkit",
    &[("MiniBrowser", IDLES), ("WebKitWebDriver", ENDS), ("Xvfb", DISPLAY)],
    "no display"
)]
#[case::webkit_does_not_obey(
    "webkit",
    &[("MiniBrowser", IDLES), ("WebKitWebDriver", HANGS_UP), ("Xvfb", DISPLAY)],
    "error sending request"
)]
#[case::webkit_has_no_display(
    "webkit",
    &[("MiniBrowser", IDLES), ("WebKitWebDriver", IDLES), ("Xvfb", ENDS)],
    "no display"
)]
fn a_driver_that_fails_is_an_error_and_leaves_nothing(
    #[case] browser: &str,
    #[case] scripts: &[(&str, &str)],
    #[case] words: &str,
) {
    use std::os::unix::fs::PermissionsExt;

    let (programs, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, script) in scripts {
        let path = programs.path().join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", programs.path().display());
    let output =
        xtask(&["conformance", "--user-agent", browser], folder.path()).env("PATH", path).output().unwrap();
    let error = stderr(&output);
    assert!(error.starts_with(&format!("error: {browser}: ")) && error.contains(words), "{error}");
    assert_eq!(output.status.code(), Some(2));
    assert_nothing_is_left(folder.path());
}

#[test]
fn agreement_reports_rows_and_counts_and_leaves_nothing() {
    if is_untestable() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["agreement", "--scenario", "preflight/method-not-listed", "--format", "json"];
    let output = xtask(&arguments, folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let agreement: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(agreement["scenarios"], 1);
    for browser in ["chromium", "firefox", "webkit"] {
        let counts = &agreement["browsers"][browser];
        let sum =
            |classes: &[&str]| -> Option<u64> { classes.iter().map(|class| counts[class].as_u64()).sum() };
        // A rule of a browser's profile that shows in any request explains the row.
        assert_eq!(sum(&["agreed", "explained"]), Some(1), "{agreement:#}");
        assert_eq!(sum(&["unexplained", "skipped", "failed"]), Some(0), "{agreement:#}");
        let side = &agreement["rows"][0][browser];
        assert_eq!(side["mismatches"].as_array().map(Vec::len), Some(0), "{agreement:#}");
        assert_eq!(side["browser"]["page"][0], "blocked");
        assert_eq!(side["browser"]["requests"], side["model"]["requests"]);
        assert_eq!(side["browser"]["requests"][0]["preflight"], true);
    }
    assert_nothing_is_left(folder.path());
}

#[rstest]
#[case::interrupt(Signal::INT)]
#[case::terminate(Signal::TERM)]
fn an_interrupted_command_leaves_nothing(#[case] signal: Signal) {
    if is_untestable() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let child = xtask(&["agreement", "--scenario", "preflight/*"], folder.path()).spawn().unwrap();
    // Until the first browser's folder has a profile in it.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !fs::read_dir(folder.path())
        .unwrap()
        .filter_map(Result::ok)
        .any(|entry| entry.path().join("profile").is_dir())
    {
        assert!(Instant::now() < deadline, "no browser started");
        std::thread::sleep(Duration::from_millis(20));
    }
    kill_process(Pid::from_child(&child), signal).unwrap();
    let output = wait(child, Duration::from_secs(20));
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert_nothing_is_left(folder.path());
}
