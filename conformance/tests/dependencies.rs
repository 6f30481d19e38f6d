//! The suite compiles no web framework, so that an adapter of any framework can use it.

use std::process::Command;

#[test]
fn no_web_framework_is_a_dependency() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let arguments = ["tree", "--manifest-path", manifest, "--package", "cors-conformance"];
    let format = ["--edges", "normal,build,dev", "--target", "all", "--prefix", "none", "--format", "{p}"];
    let output = Command::new(env!("CARGO")).args(arguments).args(format).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"hyper") && names.contains(&"cors-browser"), "{names:?}");
    let frameworks =
        ["actix-http", "actix-web", "axum", "poem", "rocket", "salvo_core", "tower-http", "warp"];
    let found: Vec<_> = names.iter().filter(|name| frameworks.contains(name)).collect();
    assert!(found.is_empty(), "{found:?}");
}
