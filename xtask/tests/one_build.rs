//! No dependency is built twice because the commands and the tests need it with different features.

use std::collections::BTreeSet;
use std::process::Command;

/// The crates that cargo builds for a selection of packages, with their features.
fn builds(selection: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--format", "{p} [{f}]"])
        .args(selection)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn the_commands_use_only_what_the_tests_build() {
    let tests = builds(&["--workspace", "--edges", "normal,build,dev"]);
    let commands = builds(&["--package", "xtask", "--edges", "normal,build"]);
    assert!(commands.len() > 100, "{commands:#?}");
    let twice: Vec<_> = commands.difference(&tests).collect();
    assert!(twice.is_empty(), "cargo builds these a second time, with other features: {twice:#?}");
}
