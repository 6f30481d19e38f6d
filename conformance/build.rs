//! Rebuilds the crate when a scenario file is added, removed or changed: the files are embedded.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=scenarios");
}
