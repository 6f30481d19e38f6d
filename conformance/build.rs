//! Builds the crate anew when a scenario file comes, goes or changes: they are carried inside it.

fn main() {
    println!("cargo::rerun-if-changed=scenarios");
}
