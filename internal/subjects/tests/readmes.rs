//! The READMEs of the workspace and of the suite show what happens.

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

/// The code of the README, line by line, as the compiler and the policy take it.
fn app() -> Result<axum::Router, PolicyError> {
    use axum::{Router, routing::get};
    use cors_axum::{CorsLayer, Policy};

    let policy = Policy::builder()
        .allow_origins(["https://app.example.com", "http://localhost:*"])
        .allow_methods(["PUT", "DELETE"])
        .allow_headers(["authorization", "content-type"])
        .allow_credentials(true)
        .build()?;
    let app = Router::new().route("/", get(async || "hello")).layer(CorsLayer::new(policy));

    Ok(app)
}

#[test]
fn the_axum_app_is_the_one_above() {
    drop(app().expect("a policy that is not refused"));
    let shown = trimmed(block(WORKSPACE, "## CORS for an axum app", "rust"));
    let this_file = trimmed(include_str!("readmes.rs"));
    assert!(this_file.windows(shown.len()).any(|lines| lines == shown), "not in this file: {shown:#?}");
}

#[test]
fn a_refused_policy_is_told_so() {
    let policy = "allow_origins = \"https://a.example/\"\nallow_credentials = true\n\
        allow_methods = [\"patch\", \"TRACE\"]\nmax_ages = 600\n";
    let shown = block(WORKSPACE, "with every problem at once", "console");
    let (command, output) = shown.split_once('\n').expect("a command, and what it prints");
    assert_eq!(command, "$ cargo xtask policy policy.toml");
    assert_eq!(to_text(&PolicyFile::parse("policy.toml", policy)), output);
}

#[test]
fn the_scenario_is_one() {
    let shown = block(SUITE, "# A scenario", "toml");
    let scenario = Scenario::parse("methods/not-listed", shown).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(scenario.id, "methods/not-listed");
}
