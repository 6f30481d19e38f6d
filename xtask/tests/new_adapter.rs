//! `cargo xtask new-adapter`, and the example of its guide, as crates outside of the workspace.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The crates of this workspace that an adapter depends on, with their folders.
const CRATES: [(&str, &str); 3] = [
    ("cors-policy-core", "cors-core"),
    ("cors-browser", "cors-browser"),
    ("cors-conformance", "conformance"),
];

#[test]
fn the_example_of_the_guide_conforms() {
    let folder = TempDir::new().expect("a folder");
    copy(&root().join("docs/new-adapter"), folder.path()).expect("a copy");
    fs::copy(root().join("Cargo.lock"), folder.path().join("Cargo.lock")).expect("a copy");
    // The manifest is that of an outsider. The workspace takes the place of the registry.
    let patches = CRATES.map(|(name, path)| {
        format!("patch.crates-io.{name}.path={:?}", root().join(path).display().to_string())
    });
    let options: Vec<_> = patches.iter().flat_map(|patch| ["--config", patch.as_str()]).collect();
    let output = cargo_test(folder.path(), &options);
    let printed = printed(&output);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("test the_adapter_conforms ... ok"), "{printed}");
}

#[test]
fn the_guide_shows_the_code_of_the_example() {
    let guide = fs::read_to_string(root().join("docs/new-adapter.md")).expect("the guide");
    let example = root().join("docs/new-adapter");
    let files = ["Cargo.toml", "src/lib.rs", "tests/own_types.rs", "tests/conformance/main.rs"];
    let code: Vec<_> =
        files.iter().map(|file| fs::read_to_string(example.join(file)).expect("a file")).collect();
    let blocks: Vec<_> = guide
        .split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.strip_prefix("rust\n").or_else(|| block.strip_prefix("toml\n")))
        .collect();
    assert!(blocks.len() > 5, "{blocks:?}");
    for block in blocks {
        assert!(code.iter().any(|file| file.contains(block)), "not in the example:\n{block}");
    }
}

#[test]
fn a_new_adapter_compiles_and_fails_with_one_sentence() {
    let folder = TempDir::new().expect("a folder");
    let created = new_adapter(&root(), &["salvo", "--out", folder.path().to_str().expect("UTF-8")]);
    assert!(created.status.success() && printed(&created).contains("Next steps"), "{}", printed(&created));
    let adapter = folder.path().join("cors-salvo");
    fs::copy(root().join("Cargo.lock"), adapter.join("Cargo.lock")).expect("a copy");

    let formatted = Command::new(env!("CARGO"))
        .args(["fmt", "--check", "--", "--config-path"])
        .arg(root().join("rustfmt.toml"))
        .current_dir(&adapter)
        .output()
        .expect("cargo fmt runs");
    assert!(formatted.status.success(), "{}", printed(&formatted));

    let output = cargo_test(&adapter, &["--no-fail-fast"]);
    let printed = printed(&output);
    assert_eq!(output.status.code(), Some(101), "{printed}");
    for passed in [
        "a_preflight_does_not_reach_the_application ... ok",
        "a_response_of_the_application_gets_the_headers ... ok",
    ] {
        assert!(printed.contains(passed), "no {passed:?} in {printed}");
    }
    let is_doctest = |line: &str| line.contains("README.md - (line ") && line.ends_with("... ok");
    assert!(printed.lines().any(is_doctest), "{printed}");
    assert_eq!(printed.matches("tests/conformance/specimen.rs starts no server yet").count(), 1, "{printed}");
    let report = printed.split("the run is not clean").nth(1).expect("a report");
    let report =
        report.split("stack backtrace").next().expect("a report").split("note:").next().expect("a report");
    assert!(report.lines().count() < 24, "{report}");
}

/// Inside of a workspace, nothing but the new folder changes, and cargo finds it.
#[test]
fn a_new_adapter_is_a_member_of_the_workspace() {
    let copied = TempDir::new().expect("a folder");
    copy(&root(), copied.path()).expect("a copy");
    let created = new_adapter(copied.path(), &["salvo"]);
    assert!(created.status.success(), "{}", printed(&created));
    assert!(printed(&created).contains("internal/subjects/src/registry.rs"), "{}", printed(&created));
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(copied.path())
        .output()
        .expect("cargo runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"cors-salvo\""), "{}", printed(&output));

    let again = new_adapter(copied.path(), &["salvo"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(printed(&again).contains("`salvo` is taken"), "{}", printed(&again));
}

#[test]
fn another_folder_is_not_the_workspace() {
    let folder = TempDir::new().expect("a folder");
    let refused = new_adapter(folder.path(), &["salvo"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(printed(&refused).contains("run the command in the CORS workspace"), "{}", printed(&refused));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn new_adapter(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("new-adapter").args(arguments).current_dir(folder).output().expect("the command runs")
}

/// Runs the tests of a crate outside of the workspace. All such crates share a folder for what is built.
fn cargo_test(folder: &Path, options: &[&str]) -> Output {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Command::new(env!("CARGO"))
        .args(["test", "--offline"])
        .args(options)
        .env("CARGO_TARGET_DIR", target.join("new-adapter"))
        .env_remove("CARGO_BUILD_BUILD_DIR")
        .current_dir(folder)
        .output()
        .expect("cargo runs")
}

fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Copies a folder without what was built and without the history.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let left_out = [".git", ".venv", "node_modules", "target"].map(OsString::from);
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if left_out.contains(&entry.file_name()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
