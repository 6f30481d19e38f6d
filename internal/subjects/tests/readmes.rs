//! The READMEs show code that compiles and output that the tools print.

use cors_axum::PolicyError;
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
