//! Installing the program compiles no web framework.

use std::process::Command;

#[test]
fn no_web_framework_is_compiled() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", "cors-cli", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && tree.contains("cors-conformance "), "{output:?}");
    let frameworks = ["actix-web", "axum", "poem", "rocket", "salvo", "warp"];
    let crates: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    let found: Vec<_> = frameworks.iter().filter(|framework| crates.contains(framework)).collect();
    assert!(found.is_empty(), "{found:?}");
}
