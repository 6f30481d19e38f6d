//! What the registry and the READMEs say about the published crates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

/// The packages of the workspace, as `cargo metadata` describes them.
static PACKAGES: LazyLock<BTreeMap<String, Package>> = LazyLock::new(|| {
    let output = cargo(&["metadata", "--no-deps", "--locked", "--format-version", "1"]);
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages.iter().map(|package| (text(&package["name"]).to_owned(), Package(package.clone()))).collect()
});

#[test]
fn the_list_of_a_release_has_every_published_crate() {
    let listed: BTreeSet<_> = published_names().into_iter().collect();
    let expected: BTreeSet<_> = PACKAGES
        .values()
        .filter(|package| package.is_published())
        .map(|package| package.name().to_owned())
        .collect();
    assert_eq!(listed, expected);
    assert_eq!(published_names().len(), listed.len(), "a crate is listed twice");
}

/// The registry refuses a crate whose dependencies it does not have.
#[test]
fn the_list_of_a_release_has_dependencies_before_the_crates_that_need_them() {
    let names = published_names();
    for (index, name) in names.iter().enumerate() {
        let needed = PACKAGES[name].dependencies().filter(Dependency::is_in_registry);
        for dependency in needed.filter(|dependency| PACKAGES.contains_key(dependency.name())) {
            assert!(
                names[..index].iter().any(|earlier| earlier == dependency.name()),
                "{name} needs {}, which comes later",
                dependency.name()
            );
        }
    }
}

#[test]
fn every_published_crate_describes_itself() {
    let mut problems = Vec::new();
    for package in published() {
        let mut demand = |holds: bool, what: &str| {
            if !holds {
                problems.push(format!("{}: {what}", package.name()));
            }
        };
        let value = |field: &str| package.0[field].as_str().unwrap_or_default();
        demand(value("description").len() > 30, "a description of a sentence");
        demand(
            !value("description").ends_with('.'),
            "a description without a full stop, as in lists of crates",
        );
        demand(value("license") == "MIT OR Apache-2.0", "the licence");
        demand(value("repository") == "https://github.com/cors-policy/cors", "the repository");
        demand(
            value("documentation") == format!("https://docs.rs/{}", package.name()),
            "the address of the documentation",
        );
        demand(value("readme") == "README.md", "a README of its own");
        demand(
            ["1.85", "1.89"].contains(&value("rust_version")),
            "an oldest compiler that the project checks",
        );

        let keywords = package.list("keywords");
        demand((3..=5).contains(&keywords.len()), "three to five keywords");
        demand(keywords.iter().all(|keyword| keyword.len() <= 20), "keywords of at most 20 letters");
        demand(keywords.iter().any(|keyword| keyword == "cors"), "the keyword cors");
        demand((1..=5).contains(&package.list("categories").len()), "one to five categories");

        let docs_rs = &package.0["metadata"]["docs"]["rs"];
        demand(docs_rs["all-features"] == Value::Bool(true), "all-features in package.metadata.docs.rs");
        let root = fs::read_to_string(package.folder().join("src/lib.rs")).expect("src/lib.rs");
        let badges = docs_rs["rustdoc-args"] == serde_json::json!(["--cfg", "docsrs"]);
        demand(badges == root.contains("cfg_attr(docsrs"), "the same `docsrs` in src/lib.rs and for docs.rs");
    }
    assert!(problems.is_empty(), "these are missing or wrong: {problems:#?}");
}

#[test]
fn every_package_contains_its_licences_and_readme() {
    for package in published() {
        let listed = cargo(&["package", "--list", "--allow-dirty", "--package", package.name()]).stdout;
        let listed = String::from_utf8(listed).expect("UTF-8");
        for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
            assert!(listed.lines().any(|line| line == file), "{} without {file}", package.name());
        }
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let own = fs::read_to_string(package.folder().join(licence)).expect("a licence");
            assert_eq!(
                own,
                fs::read_to_string(root().join(licence)).expect("a licence"),
                "{}",
                package.name()
            );
        }
    }
}

#[test]
fn every_readme_lists_the_dependencies_of_its_crate() {
    let mut problems = Vec::new();
    for package in published() {
        let rows = dependency_table(package);
        let shown: BTreeSet<_> = rows.iter().map(|row| (row.name.clone(), row.features.clone())).collect();
        let expected: BTreeSet<_> = package
            .dependencies()
            .filter(Dependency::is_normal)
            .map(|dependency| (dependency.name().to_owned(), package.features_that_enable(&dependency)))
            .collect();
        let name = package.name();
        problems
            .extend(expected.difference(&shown).map(|missing| format!("{name}: not listed: {missing:?}")));
        problems.extend(
            shown.difference(&expected).map(|wrong| format!("{name}: not in the manifest: {wrong:?}")),
        );
        problems.extend(
            rows.iter()
                .filter(|row| row.reason.split_whitespace().count() < 2)
                .map(|row| format!("{name}: no reason for {}", row.name)),
        );
    }
    assert!(problems.is_empty(), "the READMEs and the manifests differ: {problems:#?}");
}

/// A new major version of these crates breaks the code of our users.
#[test]
fn every_readme_names_the_crates_whose_types_are_in_its_api() {
    for package in published() {
        let readme = fs::read_to_string(package.folder().join("README.md")).expect("a README");
        let sentence = readme.lines().find_map(|line| line.strip_prefix("In the public API are types of "));
        let named = sentence.map_or_else(BTreeSet::new, code_words);
        assert_eq!(named, foreign_crates(package), "{}", package.name());
    }
}

/// The crates of `docs/api/README.md`, by the names that the manifest has for their packages.
fn foreign_crates(package: &Package) -> BTreeSet<String> {
    let table = fs::read_to_string(root().join("docs/api/README.md")).expect("docs/api");
    let rows = table.lines().filter(|line| line.starts_with("| `")).map(cells);
    let names = rows
        .filter(|row| row[0].trim_matches('`') == package.name())
        .map(|row| row[1].trim_matches('`').to_owned());
    let is_of = |dependency: &Dependency<'_>, library: &str| dependency.key().replace('-', "_") == library;
    names
        .map(|library| {
            let dependency = package
                .dependencies()
                .filter(Dependency::is_normal)
                .find(|dependency| is_of(dependency, &library));
            dependency.map_or(library, |dependency| dependency.name().to_owned())
        })
        .collect()
}

struct Package(Value);

impl Package {
    fn name(&self) -> &str {
        text(&self.0["name"])
    }

    fn folder(&self) -> PathBuf {
        Path::new(text(&self.0["manifest_path"])).parent().expect("a folder").to_owned()
    }

    /// Whether the manifest lacks `publish = false`.
    fn is_published(&self) -> bool {
        self.0["publish"].is_null()
    }

    fn list(&self, field: &str) -> Vec<String> {
        let values = self.0[field].as_array().into_iter().flatten();
        values.map(|value| text(value).to_owned()).collect()
    }

    fn dependencies(&self) -> impl Iterator<Item = Dependency<'_>> {
        self.0["dependencies"].as_array().into_iter().flatten().map(Dependency)
    }

    /// The features with `dep:NAME`, for an optional dependency.
    fn features_that_enable(&self, dependency: &Dependency<'_>) -> BTreeSet<String> {
        let enabling = format!("dep:{}", dependency.key());
        let features = self.0["features"].as_object().into_iter().flatten();
        features
            .filter(|(_, enabled)| enabled.as_array().into_iter().flatten().any(|value| *value == enabling))
            .map(|(feature, _)| feature.clone())
            .collect()
    }
}

struct Dependency<'a>(&'a Value);

impl Dependency<'_> {
    fn name(&self) -> &str {
        text(&self.0["name"])
    }

    /// The name in the manifest.
    fn key(&self) -> &str {
        self.0["rename"].as_str().unwrap_or_else(|| self.name())
    }

    fn is_normal(&self) -> bool {
        self.0["kind"].is_null()
    }

    /// Whether the published manifest has it: cargo leaves out development dependencies without a version.
    fn is_in_registry(&self) -> bool {
        self.is_normal() || self.0["kind"] == "build" || self.0["req"] != "*"
    }
}

/// A row of the table below the heading "Dependencies" of a README.
struct Row {
    name: String,
    features: BTreeSet<String>,
    reason: String,
}

fn dependency_table(package: &Package) -> Vec<Row> {
    let readme = fs::read_to_string(package.folder().join("README.md")).expect("a README");
    let section = readme
        .lines()
        .skip_while(|line| line.trim_start_matches('#') != " Dependencies")
        .skip(1)
        .take_while(|line| !line.starts_with('#'));
    let mut rows = section.filter(|line| line.starts_with('|')).map(cells);
    let Some(titles) = rows.next() else {
        panic!("{}: no table of dependencies in README.md", package.name());
    };
    let column = |title: &str| titles.iter().position(|cell| cell == title);
    let (name, reason) = (column("crate").expect("crate"), column("why").expect("why"));
    let features = column("feature");
    rows.skip(1)
        .map(|cells| Row {
            name: cells[name].trim_matches('`').to_owned(),
            features: features.map_or_else(BTreeSet::new, |index| code_words(&cells[index])),
            reason: cells[reason].clone(),
        })
        .collect()
}

fn cells(row: &str) -> Vec<String> {
    row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// The words between backticks.
fn code_words(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn published() -> impl Iterator<Item = &'static Package> {
    PACKAGES.values().filter(|package| package.is_published())
}

/// `.ci/published`, in the order of a release.
fn published_names() -> Vec<String> {
    let list = fs::read_to_string(root().join(".ci/published")).expect("the list");
    list.lines().map(str::to_owned).collect()
}

fn cargo(arguments: &[&str]) -> Output {
    let output =
        Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}
