//! `docs/policy.schema.json` is up to date, and is right about real policies.
//!
//! `REWRITE=1 cargo test -p cors-cli --test schema` updates it.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use cors_cli::policy_file::json_schema;
use cors_conformance::scenario;
use jsonschema::Validator;
use serde_json::{Value, json};

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&json_schema()).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[test]
fn the_file_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policy.schema.json");
    let generated = json_schema();
    if env::var_os("REWRITE").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    // Compared as values: the order of fields depends on the features that serde_json is built with.
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert!(
        parse(&fs::read_to_string(&path).unwrap()) == parse(&generated),
        "docs/policy.schema.json is not up to date; run `REWRITE=1 cargo test -p cors-cli --test schema`"
    );
}

#[test]
fn the_command_prints_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_cors")).args(["policy", "--schema"]).output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), json_schema());
}

#[test]
fn the_policy_of_every_scenario_is_valid() {
    let validator = validator();
    let mut validated = 0;
    for scenario in scenario::embedded().unwrap() {
        for server in scenario.servers.values() {
            let policy = server.policy.for_start().unwrap();
            // A policy with a function or a lookup cannot be written into a file.
            let Ok(policy) = serde_json::to_value(&policy) else { continue };
            validated += 1;
            let errors: Vec<_> = validator.iter_errors(&policy).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {policy}: {errors:?}", scenario.id);
        }
    }
    assert!(validated > 300, "{validated}");
}

#[test]
fn it_can_refuse() {
    assert!(!validator().is_valid(&json!({ "allow_origins": "https://a.example/" })));
}
