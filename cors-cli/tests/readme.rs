//! The README shows the output of the program.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

const README: &str = include_str!("../README.md");

/// The output in the README that follows a command and contains `part`.
fn shown(command: &str, part: &str) -> &'static str {
    let blocks = README.split("```console\n").skip(1).map(|block| block.split("```").next().unwrap());
    let outputs = blocks.filter_map(|block| block.strip_prefix(command)?.strip_prefix('\n'));
    outputs
        .into_iter()
        .find(|output| output.contains(part))
        .unwrap_or_else(|| panic!("no `{command}` with `{part}`"))
}

fn printed(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cors")).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn check() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            let response =
                b"HTTP/1.1 403 Forbidden\r\nvary: Origin\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(response);
        }
    });
    let url = format!("{server}/users");
    let printed = printed(&["check", &url, "--origin", "http://localhost:5173", "--method", "PUT"]);
    let printed = printed.replace(&server, "https://api.example.com").replace("< connection: close\n", "");
    let command = "$ cors check https://api.example.com/users --origin http://localhost:5173 --method PUT";
    assert!(printed.starts_with(shown(command, "403")), "{printed}");
}

#[test]
fn policy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    for (text, part) in [
        ("allow_origins = [\"https://a.example/\"]\n", "refused"),
        (
            "allow_origins = [\"https://app.example.com\"]\nallow_methods = [\"PUT\"]\nallow_credentials = true\n",
            "accepted",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let printed = printed(&["policy", path.to_str().unwrap()]);
        let printed = printed.replace(path.to_str().unwrap(), "policy.toml");
        assert_eq!(printed, shown("$ cors policy policy.toml", part));
    }
}

#[test]
fn explain() {
    let printed = printed(&["explain", "missing-allow-origin"]);
    assert!(printed.starts_with(shown("$ cors explain missing-allow-origin", "Fix:")), "{printed}");
}
