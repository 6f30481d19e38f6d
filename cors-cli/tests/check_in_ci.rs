//! The files in `docs/check-in-ci.md` are valid.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fs;
use std::path::Path;

use cors_cli::expectations::Expectations;

fn blocks() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/check-in-ci.md");
    let text = fs::read_to_string(path).unwrap();
    text.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

fn variable(name: &str) -> Option<String> {
    Some(if name == "API" { "https://api.example.com".to_owned() } else { "x".to_owned() })
}

#[test]
fn the_file_is_valid() {
    let expectations =
        Expectations::parse(&blocks()[0], &variable).unwrap_or_else(|problems| panic!("{problems:?}"));
    // Two pages, two URLs and two browsers; two pages and two browsers; one page and two browsers.
    assert_eq!(expectations.cases.len(), 8 + 4 + 2);
}

#[test]
fn the_step_with_a_cookie_is_valid() {
    let blocks = blocks();
    let text = format!("[[check]]\nname = \"a\"\npages = [\"https://a.example\"]\n\n{}", blocks[1]);
    let expectations =
        Expectations::parse(&text, &variable).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(expectations.cases[0].steps.len(), 1);
}
