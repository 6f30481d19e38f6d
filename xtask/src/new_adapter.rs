//! `cargo xtask new-adapter`: a crate for another framework, with a test that runs the conformance suite.
//!
//! The crate is complete in itself: no other file of the workspace changes.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs, io};

use cors_cli::command::CommandResult;
use cors_cli::output::print;
use serde_json::Value;

/// The arguments of `cargo xtask new-adapter`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The name of the framework in lower case, such as `salvo` or `actix-web`
    name: String,
    /// The folder in which `cors-NAME` is created, instead of this workspace
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Creates the crate `cors-NAME`.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let name = AdapterName::parse(&arguments.name)?;
    let workspace = Workspace::around(&env::current_dir()?)?;
    let parent = arguments.out.as_deref().unwrap_or(&workspace.root);
    workspace.check_free(&name, parent)?;

    let folder = parent.join(name.crate_name());
    let manifest = match arguments.out {
        None => include_str!("../templates/adapter/Cargo.toml"),
        Some(_) => include_str!("../templates/adapter/outside.toml"),
    };
    let files = [
        ("Cargo.toml", manifest),
        ("README.md", include_str!("../templates/adapter/README.md")),
        ("src/lib.rs", include_str!("../templates/adapter/lib.rs")),
        ("tests/conformance/main.rs", include_str!("../templates/adapter/conformance.rs")),
        ("tests/conformance/specimen.rs", include_str!("../templates/adapter/specimen.rs")),
    ];
    let mut report = format!("Created {}:\n", name.crate_name());
    for (path, template) in files {
        let path = folder.join(path);
        write(&path, &name.fill(template, &workspace.root))?;
        report += &format!("  {}\n", path.display());
    }
    let next = name.fill(include_str!("../templates/adapter/next.txt"), &workspace.root);
    report += &next.replace("{{folder}}", &folder.display().to_string());
    if arguments.out.is_none() {
        report += include_str!("../templates/adapter/places.txt");
    }
    print(&report)?;
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str) -> Result<(), NewAdapterError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| NewAdapterError::Io { path: path.to_owned(), error })
}

/// Why no adapter was created.
#[derive(Debug, thiserror::Error)]
enum NewAdapterError {
    /// The name is not valid.
    #[error("NAME: `{name}` {problem}; write {instead}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
        /// What to write instead.
        instead: String,
    },
    /// The name is taken.
    #[error("NAME: `{name}` is taken: {what} exists; write another name, or remove what exists")]
    Taken {
        /// The name.
        name: String,
        /// What has the name.
        what: String,
    },
    /// The command does not run in its workspace.
    #[error("{path}: {problem}; run the command in the CORS workspace")]
    Workspace {
        /// The current folder.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file cannot be written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// The name of a framework, from which a crate and a type are named.
#[derive(Clone, Debug, PartialEq, Eq)]
struct AdapterName(String);

impl AdapterName {
    fn parse(name: &str) -> Result<Self, NewAdapterError> {
        let refuse =
            |problem, instead: String| Err(NewAdapterError::Name { name: name.to_owned(), problem, instead });
        if let Some(framework) = name.strip_prefix("cors-") {
            return refuse(
                "is the name of the crate",
                format!("only the name of the framework: `{framework}`"),
            );
        }
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.split('-').all(is_word) {
            return refuse(
                "is not a valid name",
                "lower-case letters and digits, starting with a letter, words joined by `-`: `salvo`, `actix-web`"
                    .to_owned(),
            );
        }
        Ok(Self(name.to_owned()))
    }

    fn crate_name(&self) -> String {
        format!("cors-{}", self.0)
    }

    /// `CorsActixWeb` for `actix-web`.
    fn type_name(&self) -> String {
        let mut name = String::from("Cors");
        for word in self.0.split('-') {
            name.push_str(&word[..1].to_ascii_uppercase());
            name.push_str(&word[1..]);
        }
        name
    }

    fn fill(&self, template: &str, root: &Path) -> String {
        template
            .replace("{{crate}}", &self.crate_name())
            .replace("{{crate_module}}", &self.crate_name().replace('-', "_"))
            .replace("{{type}}", &self.type_name())
            .replace("{{name}}", &self.0)
            // TOML's basic strings treat a backslash as an escape.
            .replace("{{root}}", &root.display().to_string().replace('\\', "/"))
            .replace("{{version}}", env!("CARGO_PKG_VERSION"))
    }
}

/// This workspace, as cargo sees it.
struct Workspace {
    root: PathBuf,
    packages: Vec<String>,
}

impl Workspace {
    fn around(folder: &Path) -> Result<Self, NewAdapterError> {
        let refuse = |problem: String| NewAdapterError::Workspace { path: folder.to_owned(), problem };
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
            .current_dir(folder)
            .output()
            .map_err(|error| refuse(format!("cargo does not run: {error}")))?;
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|_| refuse(String::from_utf8_lossy(&output.stderr).trim().to_owned()))?;
        let names = metadata["packages"].as_array().into_iter().flatten();
        let packages: Vec<_> =
            names.filter_map(|package| package["name"].as_str().map(str::to_owned)).collect();
        match metadata["workspace_root"].as_str() {
            Some(root) if packages.iter().any(|name| name == "cors-policy-core") => {
                Ok(Self { root: root.into(), packages })
            }
            _ => Err(refuse("this is another workspace".to_owned())),
        }
    }

    fn check_free(&self, name: &AdapterName, parent: &Path) -> Result<(), NewAdapterError> {
        let crate_name = name.crate_name();
        let folder = parent.join(&crate_name);
        let what = if self.packages.contains(&crate_name) {
            format!("the package `{crate_name}`")
        } else if folder.exists() {
            folder.display().to_string()
        } else {
            return Ok(());
        };
        Err(NewAdapterError::Taken { name: name.0.clone(), what })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("salvo", "cors-salvo", "CorsSalvo")]
    #[case("actix-web4", "cors-actix-web4", "CorsActixWeb4")]
    fn the_crate_and_the_type_are_named_after_the_framework(
        #[case] text: &str,
        #[case] crate_name: &str,
        #[case] type_name: &str,
    ) {
        let name = AdapterName::parse(text).expect("a valid name");
        assert_eq!((name.crate_name().as_str(), name.type_name().as_str()), (crate_name, type_name));
    }

    #[rstest]
    #[case::empty("", "is not a valid name")]
    #[case::upper_case("Salvo", "is not a valid name")]
    #[case::underscore("actix_web", "is not a valid name")]
    #[case::digit_first("2web", "is not a valid name")]
    #[case::hyphen_last("web-", "is not a valid name")]
    #[case::two_hyphens("a--b", "is not a valid name")]
    #[case::path("../evil", "is not a valid name")]
    #[case::not_ascii("süß", "is not a valid name")]
    #[case::crate_name("cors-salvo", "only the name of the framework: `salvo`")]
    fn an_invalid_name_is_refused(#[case] text: &str, #[case] expected: &str) {
        let error = AdapterName::parse(text).expect_err("an invalid name").to_string();
        assert!(error.starts_with(&format!("NAME: `{text}`")) && error.contains(expected), "{error}");
    }

    fn workspace() -> Workspace {
        Workspace::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the workspace")
    }

    #[rstest]
    #[case::adapter("axum")]
    #[case::package_elsewhere("bench")]
    #[case::package_with_another_library_name("policy-core")]
    fn the_name_of_a_package_is_taken(#[case] text: &str) {
        let (workspace, name) = (workspace(), AdapterName::parse(text).expect("a valid name"));
        let error = workspace.check_free(&name, &workspace.root).expect_err("taken").to_string();
        assert!(
            error.starts_with(&format!("NAME: `{text}` is taken: the package `cors-{text}` exists")),
            "{error}"
        );
    }

    #[test]
    fn the_name_of_a_folder_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("cors-brook")).expect("a folder");
        let name = AdapterName::parse("brook").expect("a valid name");
        workspace().check_free(&name, folder.path()).expect_err("taken");
        let other = AdapterName::parse("stream").expect("a valid name");
        workspace().check_free(&other, folder.path()).expect("a free name");
    }

    /// The files that a finished adapter touches exist, so the list is up to date.
    #[test]
    fn the_listed_places_exist() {
        let root = workspace().root;
        let places = include_str!("../templates/adapter/places.txt");
        let paths: Vec<_> =
            places.lines().filter_map(|line| line.strip_prefix("  - ")?.split(':').next()).collect();
        assert!(paths.len() > 5, "{paths:?}");
        for path in paths {
            assert!(root.join(path).exists(), "{path} does not exist");
        }
    }
}
