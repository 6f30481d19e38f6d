//! Records the versions of the frameworks and middleware that the lockfile names.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::Deserialize;

fn main() -> io::Result<()> {
    let variable = |name| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(name));
    let lockfile = variable("CARGO_MANIFEST_DIR")?.join("../../Cargo.lock");
    if lockfile.exists() {
        println!("cargo::rerun-if-changed={}", lockfile.display());
    }
    println!("cargo::rerun-if-changed=build.rs");

    let lines: String = locked_dependencies(&lockfile)
        .unwrap_or_default()
        .iter()
        .map(|(name, version)| format!("{name} {version}\n"))
        .collect();
    fs::write(variable("OUT_DIR")?.join("versions.txt"), lines)
}

/// The dependencies of this package with their versions in the lockfile. `None` without a lockfile.
fn locked_dependencies(lockfile: &Path) -> Option<Vec<(String, String)>> {
    let lock: Lockfile = toml::from_str(&fs::read_to_string(lockfile).ok()?).ok()?;
    let named = |name: &str| lock.package.iter().find(|package| package.name == name);

    let this = named(&env::var("CARGO_PKG_NAME").ok()?)?;
    let locked = this.dependencies.iter().filter_map(|dependency| {
        // "name", or "name version" where several versions are locked.
        let mut words = dependency.split(' ');
        let name = words.next()?;
        let version = words.next().or_else(|| Some(&named(name)?.version))?;
        Some((name.to_owned(), version.to_owned()))
    });
    Some(locked.collect())
}

/// The part of `Cargo.lock` that is read.
#[derive(Deserialize)]
struct Lockfile {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    dependencies: Vec<String>,
}
