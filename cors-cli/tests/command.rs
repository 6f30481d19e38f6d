//! The commands, run as a program.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};

use rstest::rstest;
use serde_json::Value;

fn cors(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cors")).args(arguments).output().unwrap()
}

fn check(arguments: &[&str]) -> Output {
    cors(&[&["check"], arguments].concat())
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A server with the same response to every request.
fn serve(response: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/item", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(response.as_bytes());
        }
    });
    url
}

const PUBLIC: &str =
    "HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const DENIED: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

const ORIGIN: [&str; 2] = ["--origin", "https://app.example"];

#[rstest]
#[case::readable(PUBLIC, &[], 0, "readable")]
#[case::readable_and_audited(PUBLIC, &["--audit"], 0, "readable")]
#[case::opaque(DENIED, &["--mode", "no-cors"], 0, "opaque")]
#[case::blocked(DENIED, &[], 1, "blocked")]
#[case::blocked_with_cookies(PUBLIC, &["--credentials", "include"], 1, "blocked")]
#[case::blocked_in_firefox(DENIED, &["-X", "PUT", "-H", "x-a: 1", "--browser", "firefox"], 1, "blocked")]
#[case::never_sent(PUBLIC, &["--method", "TRACE"], 1, "blocked")]
#[case::garbage("hello", &[], 2, "blocked")]
fn the_exit_code_is_the_result(
    #[case] response: &'static str,
    #[case] options: &[&str],
    #[case] code: i32,
    #[case] result: &str,
) {
    let url = serve(response);
    let arguments = [&[url.as_str()], &ORIGIN[..], options].concat();
    let output = check(&arguments);
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains(&format!("{result}: ")), "{}", stdout(&output));
    assert_eq!(stderr(&output).starts_with("error: "), code == 2, "{}", stderr(&output));

    let output = check(&[&arguments, &["--format", "json"][..]].concat());
    assert_eq!(output.status.code(), Some(code));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["verdict"], result);
}

/// A WebSocket is open when the head of the response is there; the connection stays open.
#[test]
fn a_web_socket_is_checked() {
    let response = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
                    sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let url = serve(response).replace("http:", "ws:");
    let output = check(&[&url, "--origin", "http://localhost:5173"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.contains("open: the page can send and receive messages"), "{text}");
    assert!(text.contains("Warning: CORS does not apply to WebSockets"), "{text}");
    assert!(text.contains("so it does not check the origin"), "{text}");
}

/// A page whose name has no address is that of a developer, unless it is served over HTTPS.
#[rstest]
#[case("http://app.invalid", "all", false)]
#[case("https://app.invalid", "chromium", true)]
#[case("http://localhost:5173", "all", false)]
fn local_network_access_is_noted_for_public_pages(
    #[case] origin: &str,
    #[case] browser: &str,
    #[case] expected: bool,
) {
    let output = check(&[&serve(PUBLIC), "--origin", origin, "--browser", browser]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.contains("Local Network Access"), expected, "{text}");
}

#[rstest]
#[case("postman", "\"schema\": \"https://schema.getpostman.com/json/collection/v2.1.0/collection.json\"")]
#[case("fetch", "await fetch(\"https://no-such-host.invalid/x\", {")]
fn nothing_is_sent_to_print_the_requests(#[case] tool: &str, #[case] expected: &str) {
    let arguments =
        ["https://no-such-host.invalid/x", "--origin", "https://app.example", "-X", "PUT", "--print", tool];
    let output = check(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains(expected), "{}", stdout(&output));
}

#[test]
fn an_archive_has_the_exit_code_of_the_check() {
    let output = check(&[&serve(DENIED), "--origin", "http://localhost:5173", "--print", "har"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let archive: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(archive["log"]["entries"][0]["response"]["status"], 403);
}

#[test]
fn the_curl_command_sends_nothing() {
    let arguments =
        ["https://no-such-host.invalid/x", "--origin", "https://app.example", "-X", "PUT", "--print", "curl"];
    let output = check(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("curl --include \\\n  --request 'OPTIONS'"), "{}", stdout(&output));
}

#[rstest]
#[case(&["api.example", "--origin", "https://app.example"], "write `https://api.example`")]
#[case(&["https://api.example", "--origin", "https://app.example/"], "write `https://app.example`")]
#[case(&["https://api.example"], "--origin")]
#[case(&["https://api.example", "--origin", "null", "--header", "x-a"], "write `name: value`")]
#[case(&["https://api.example", "--origin", "null", "--timeout", "never"], "write a number of seconds")]
#[case(&["https://api.example", "--origin", "null", "--cacert", "/no/such/file"], "--cacert /no/such/file: ")]
#[case(&["https://api.example", "--origin", "null", "--browser", "lynx"], "invalid value 'lynx'")]
#[case(&["https://api.example", "--origin", "null", "--print", "curl", "--audit"], "cannot be used with")]
#[case(&["https://api.example", "--origin", "null", "--body", "@/no/such/file"], "--body /no/such/file: ")]
#[case(&["wss://api.example", "--origin", "null", "--as", "img"], "--as img: only a WebSocket")]
#[case(&["https://api.example", "--origin", "https://*.example"], "without `*`")]
#[case(&["https://api.example", "--origin", "null", "--as", "link", "--print", "fetch"], "only `fetch` and `xhr`")]
fn a_wrong_argument_is_an_error_with_exit_code_2(#[case] arguments: &[&str], #[case] expected: &str) {
    let output = check(arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
}

#[test]
fn a_failure_names_the_option_that_can_help() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let output = check(&[&url, "--origin", "https://app.example", "--timeout", "0.2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`--timeout SECONDS` sets another time limit."), "{}", stderr(&output));
}

#[test]
fn a_policy_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    std::fs::write(&path, "allow_origins = \"*\"\n").unwrap();
    let output = cors(&["policy", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains(": accepted\n  Every page on the web may read responses.\n"),
        "{}",
        stdout(&output)
    );

    std::fs::write(&path, "allow_origins = \"https://a.example/\"\n").unwrap();
    let output = cors(&["policy", path.to_str().unwrap(), "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["problems"][0]["code"], "origin-with-path");
}

#[test]
fn a_code_is_explained() {
    let output = cors(&["explain", "missing-allow-origin"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("Blocked: missing-allow-origin\n"), "{}", stdout(&output));

    let output = cors(&["explain", "missing-allow-orgin"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `missing-allow-origin`"), "{}", stderr(&output));
}

#[rstest]
#[case(&["--list", "--scenario", "preflight/granted"], 0, "preflight/granted")]
#[case(&["--external", "broken=exit 3", "--scenario", "preflight/granted"], 1, "`exit 3` ended before it printed a line")]
fn conformance_runs_programs(#[case] arguments: &[&str], #[case] code: i32, #[case] expected: &str) {
    let output = cors(&[&["conformance"], arguments].concat());
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains(expected), "{}", stdout(&output));
}

#[rstest]
#[case(&[], "--harness NAME=COMMAND")]
#[case(&["--external", "mine"], "NAME=COMMAND")]
#[case(&["--external", "a=true", "--external", "a=false"], "two servers are named `a`")]
#[case(&["--external", "a=true", "--scenario", "no-such/*"], "`no-such/*`")]
#[case(&["--external", "a=true", "--browser", "lynx"], "invalid value 'lynx'")]
#[case(&["--external", "a=true", "--out", "/no/such/folder/report"], "--out /no/such/folder/report: ")]
fn a_wrong_argument_of_conformance_is_an_error(#[case] arguments: &[&str], #[case] expected: &str) {
    let output = cors(&[&["conformance"], arguments].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
}
