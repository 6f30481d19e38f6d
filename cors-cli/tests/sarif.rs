//! Audits in SARIF have the fields of its schema.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};

use serde_json::{Value, json};
use serde_sarif::sarif::Sarif;

/// Reads a log with the types that are generated from the schema of SARIF, and checks that they know every field of it.
fn assert_valid(log: &Value) {
    let read: Sarif = serde_json::from_value(log.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), *log);
}

/// A server that allows every origin on the path `/open`, and no origin on others.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..length]).to_lowercase();
            let origin = request.lines().find_map(|line| line.strip_prefix("origin: "));
            let allowed = match origin.filter(|_| request.starts_with("get /open")) {
                Some(origin) => format!(
                    "access-control-allow-origin: {origin}\r\naccess-control-allow-credentials: true\r\n"
                ),
                None => String::new(),
            };
            let head = format!("HTTP/1.1 200 OK\r\n{allowed}content-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
        }
    });
    base
}

fn audit(arguments: &[&str]) -> Output {
    let fixed = ["check", "--origin", "http://app.example.com", "--audit", "--rate", "1000"];
    Command::new(env!("CARGO_BIN_EXE_cors")).args(fixed).args(arguments).output().unwrap()
}

#[test]
fn the_log_is_valid() {
    let base = serve();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my urls.txt");
    std::fs::write(&path, format!("# both\n{base}/closed\n\n{base}/open\n")).unwrap();
    let output = audit(&["--urls", path.to_str().unwrap(), "--format", "sarif"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_valid(&log);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let reflection = results.iter().find(|result| result["ruleId"] == "reflection").unwrap();
    assert_eq!(reflection["level"], "error");
    let place = &reflection["locations"][0];
    assert_eq!(place["physicalLocation"]["region"]["startLine"], 4);
    assert!(
        place["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap().ends_with("/my%20urls.txt")
    );
    assert_eq!(place["logicalLocations"][0]["fullyQualifiedName"], format!("{base}/open"));
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(results.iter().all(|result| rules.iter().any(|rule| rule["id"] == result["ruleId"])));
}

#[test]
fn a_url_that_cannot_be_audited_is_a_notification() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = audit(&[&format!("http://127.0.0.1:{port}/"), "--format", "sarif"]);
    assert_eq!(output.status.code(), Some(2));
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_valid(&log);
    let run = &log["runs"][0];
    assert_eq!((&run["results"], &run["invocations"][0]["executionSuccessful"]), (&json!([]), &json!(false)));
}

#[test]
fn several_urls_have_one_report() {
    let base = serve();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("urls");
    std::fs::write(&path, format!("{base}/open\n")).unwrap();
    let closed = format!("{base}/closed");
    let arguments = [closed.as_str(), "--urls", path.to_str().unwrap()];
    let output = audit(&[&arguments[..], &["--format", "json"]].concat());
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["audits"][0]["findings"], json!([]));
    assert_eq!(json["audits"][1]["findings"][0]["severity"], "high");
    let text = String::from_utf8(audit(&arguments).stdout).unwrap();
    assert!(
        text.contains(&format!("Audit of {base}/open")) && text.contains("Any page on the web can read"),
        "{text}"
    );
}
