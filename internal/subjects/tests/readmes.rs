//! The READMEs show code that compiles and output that the tools print.

use std::io;
use std::sync::{Arc, Mutex};

use cors_axum::{Policy, PolicyError};
use cors_cli::policy_file::{PolicyFile, to_text};
use cors_conformance::scenario::Scenario;

const WORKSPACE: &str = include_str!("../../../README.md");
const SUITE: &str = include_str!("../../../conformance/README.md");

/// The first code block behind a text.
fn block<'a>(page: &'a str, before: &str, language: &str) -> &'a str {
    let (_, after) = page.split_once(before).unwrap_or_else(|| panic!("no {before:?}"));
    let (_, block) = after.split_once(&format!("```{language}\n")).expect("a block");
    block.split_once("```").expect("its end").0
}

fn trimmed(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

/// The code of the README, line by line.
fn app() -> Result<cors_axum::Cors<axum::Router>, PolicyError> {
    use axum::{Router, routing::get};
    use cors_axum::{Cors, Policy};

    let policy = Policy::builder()
        .allow_origins(["https://app.example.com", "http://localhost:*"])
        .allow_methods(["PUT", "DELETE"])
        .allow_headers(["authorization", "content-type"])
        .allow_credentials(true)
        .build()?;
    let app = Cors::new(Router::new().route("/", get(async || "hello")), policy);

    Ok(app)
}

#[test]
fn the_readme_shows_the_function_above() {
    drop(app().expect("a policy that is not refused"));
    let shown = trimmed(block(WORKSPACE, "## Add it to an application", "rust"));
    let this_file = trimmed(include_str!("readmes.rs"));
    assert!(this_file.windows(shown.len()).any(|lines| lines == shown), "not in this file: {shown:#?}");
}

#[test]
fn the_readme_shows_the_output_for_a_refused_policy() {
    let policy = "allow_origins = \"https://a.example/\"\nallow_credentials = true\n\
        allow_methods = [\"patch\", \"P UT\"]\nmax_ages = 600\n";
    let shown = block(WORKSPACE, "as does the command-line tool", "console");
    let (command, output) = shown.split_once('\n').expect("a command, and what it prints");
    assert_eq!(command, "$ cors policy policy.toml");
    assert_eq!(to_text(&PolicyFile::parse("policy.toml", policy)), output);
}

#[test]
fn the_suite_readme_shows_a_valid_scenario() {
    let shown = block(SUITE, "# A scenario", "toml");
    let scenario = Scenario::parse("methods/not-listed", shown).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(scenario.id, "methods/not-listed");
}

/// What a server logs about a preflight, as `tracing_subscriber::fmt` writes it without the time.
fn log_of(policy: &Policy, method: &str, headers: &str) -> String {
    let log = Arc::new(Mutex::new(Vec::new()));
    let subscriber = tracing_subscriber::fmt()
        .with_writer(Mutex::new(Writer(Arc::clone(&log))))
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .without_time()
        .finish();
    let request = http::Request::options("/item")
        .header("origin", "https://app.example")
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers);
    tracing::subscriber::with_default(subscriber, || {
        let _ = policy.decide(&request.body(()).expect("a request"));
    });
    let log = log.lock().expect("not poisoned");
    String::from_utf8(log.clone()).expect("UTF-8")
}

struct Writer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_pages_show_what_a_server_logs() {
    let policy = Policy::builder().allow_origins("https://app.example").allow_methods("PUT").build();
    let policy = policy.expect("a valid policy");
    let page = include_str!("../../../docs/why-denied.md");
    let shown = block(page, "This is what the server prints", "text");
    assert_eq!(shown, log_of(&policy, "PUT", "x-api-key"));
    for readme in [
        include_str!("../../../cors-actix/README.md"),
        include_str!("../../../cors-axum/README.md"),
        include_str!("../../../cors-poem/README.md"),
        include_str!("../../../cors-rocket/README.md"),
        include_str!("../../../cors-warp/README.md"),
    ] {
        assert_eq!(block(readme, "### Seeing what happens", "text"), log_of(&policy, "PATCH", ""));
    }
}

#[test]
fn the_page_about_denials_quotes_the_consoles() {
    let page = include_str!("../../../docs/why-denied.md");
    let errors = include_str!("../../../docs/errors.md");
    let (_, entry) = errors.split_once("### Blocked: `preflight-missing-allow-origin`").expect("an entry");
    let (entry, _) = entry.split_once("\n### ").expect("a next entry");
    let lines: Vec<_> = entry.lines().filter_map(|line| line.strip_prefix("> ")).collect();
    assert_eq!(lines.len(), 3);
    for line in lines {
        assert!(page.contains(line), "{line}");
    }
}
