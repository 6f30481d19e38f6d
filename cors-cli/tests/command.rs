//! `cargo xtask check` as people type it.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};

use rstest::rstest;
use serde_json::Value;

fn check(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cors")).arg("check").args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A server that gives every request the same answer.
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

const ANYBODY: &str =
    "HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const NOBODY: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

const ORIGIN: [&str; 2] = ["--origin", "https://app.example"];

#[rstest]
#[case::readable(ANYBODY, &[], 0, "readable")]
#[case::readable_and_audited(ANYBODY, &["--audit"], 0, "readable")]
#[case::opaque(NOBODY, &["--mode", "no-cors"], 0, "opaque")]
#[case::blocked(NOBODY, &[], 1, "blocked")]
#[case::blocked_with_cookies(ANYBODY, &["--credentials", "include"], 1, "blocked")]
#[case::blocked_in_firefox(NOBODY, &["-X", "PUT", "-H", "x-a: 1", "--browser", "firefox"], 1, "blocked")]
#[case::never_sent(ANYBODY, &["--method", "TRACE"], 1, "blocked")]
#[case::garbage("hello", &[], 2, "blocked")]
fn the_verdict_is_told_by_the_exit_code_too(
    #[case] response: &'static str,
    #[case] options: &[&str],
    #[case] code: i32,
    #[case] verdict: &str,
) {
    let url = serve(response);
    let arguments = [&[url.as_str()], &ORIGIN[..], options].concat();
    let output = check(&arguments);
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains(&format!("{verdict}: ")), "{}", stdout(&output));
    assert_eq!(stderr(&output).starts_with("error: "), code == 2, "{}", stderr(&output));

    let output = check(&[&arguments, &["--format", "json"][..]].concat());
    assert_eq!(output.status.code(), Some(code));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["verdict"], verdict);
}

#[test]
fn the_recipe_sends_nothing() {
    let arguments =
        ["https://no-such-host.invalid/x", "--origin", "https://app.example", "-X", "PUT", "--curl"];
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
#[case(&["https://api.example", "--origin", "null", "--curl", "--audit"], "cannot be used with")]
fn wrong_arguments_are_told_with_exit_code_2(#[case] arguments: &[&str], #[case] told: &str) {
    let output = check(arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains(told), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
}
