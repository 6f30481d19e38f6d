//! `cargo xtask new-adapter` in a copy of the workspace: what it makes compiles, and is in the matrix.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What a copy leaves out: what was built, and the history.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

#[test]
fn a_new_adapter_compiles_and_is_in_the_matrix() {
    let copy = Copy::new().expect("a copy of the workspace");

    let made = copy.run(Command::new(env!("CARGO_BIN_EXE_xtask")).args(["new-adapter", "brook-web"]));
    assert!(made.contains("cors-brook-web/src/lib.rs"), "{made}");

    copy.cargo(&["fmt", "--package", "cors-brook-web", "--check"]);
    let tested = copy.cargo(&["test", "--package", "cors-brook-web"]);
    assert!(tested.contains("2 passed"), "{tested}");

    copy.cargo(&["build", "--package", "xtask"]);
    let xtask = copy.0.join("target/debug/xtask").with_extension(env::consts::EXE_EXTENSION);
    let matrix = ["conformance", "--subject", "cors-brook-web", "--scenario", "preflight/granted"];
    let listed = copy.run(Command::new(&xtask).args(matrix).arg("--list"));
    assert!(listed.contains("cors-brook-web"), "{listed}");

    let played = Command::new(&xtask).args(matrix).args(["--format", "json"]).output().expect("an answer");
    let report = String::from_utf8_lossy(&played.stdout);
    assert_eq!(played.status.code(), Some(1), "{report}");
    assert!(report.contains("conformance/src/specimen/brook_web.rs has no routes yet"), "{report}");
}

#[test]
fn a_name_that_is_taken_changes_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let refused = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["new-adapter", "axum"])
        .current_dir(root)
        .output()
        .expect("an answer");
    assert_eq!(refused.status.code(), Some(2));
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(error.contains("`axum` is taken, cors-axum exists"), "{error}");
}

/// A copy of the workspace, gone when it is dropped.
struct Copy(PathBuf);

impl Copy {
    fn new() -> io::Result<Self> {
        let copy = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-adapter"));
        if copy.0.exists() {
            fs::remove_dir_all(&copy.0)?;
        }
        copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &copy.0)?;
        Ok(copy)
    }

    /// Cargo in the copy. It shares the dependencies that were built for the workspace, and nothing else: the programs have a
    /// folder of their own, and the crates another profile, or cargo would take the copy's for those of the workspace.
    fn cargo(&self, arguments: &[&str]) -> String {
        let shared = env::var_os("CARGO_BUILD_BUILD_DIR").unwrap_or_else(|| {
            Path::new(env!("CARGO_TARGET_TMPDIR")).parent().map_or_else(OsString::new, Into::into)
        });
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["--config", "profile.dev.package.cors-policy-core.codegen-units=255"])
            .args(arguments)
            .env("CARGO_BUILD_BUILD_DIR", shared)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            // Every dependency is there already.
            .env("CARGO_NET_OFFLINE", "true");
        self.run(&mut cargo)
    }

    /// What a command says that must succeed.
    fn run(&self, command: &mut Command) -> String {
        let output = command.current_dir(&self.0).output().expect("an answer");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{command:?}:\n{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What cannot be removed is removed the next time.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
