//! `cargo xtask new-adapter`: a crate for another framework that compiles and is in the matrix.

mod edit;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fmt, fs, io};

use toml_edit::{DocumentMut, Item, Value};

use self::edit::{add_dependency, add_member, add_module, add_subject, add_test};
use cors_cli::output::print;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The framework's name in lower case, as its crate is called, such as `salvo` or `actix-web`.
    name: String,
}

/// Makes the crate `cors-NAME`, an empty specimen and a subject, in the workspace around the current directory.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let name = AdapterName::parse(&arguments.name)?;
    let workspace = Workspace::around(&env::current_dir()?)?;
    workspace.check_free(&name)?;

    // Everything is worked out before anything is written.
    let changes = workspace.changes(&name)?;
    let mut said = format!("made {}:\n", name.crate_name());
    for (path, text) in changes {
        workspace.write(&path, &text)?;
        said += &format!("  {}\n", path.display());
    }
    said += &format!("see what is left to do: cargo xtask conformance --subject {}\n", name.crate_name());
    print(&said)?;
    Ok(ExitCode::SUCCESS)
}

/// Why no adapter was made.
#[derive(Debug, thiserror::Error)]
enum NewAdapterError {
    /// The name cannot be a crate's or a module's.
    #[error("NAME: `{name}` {problem}; write {instead}")]
    Name {
        /// The name as it was given.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
        /// What to write instead.
        instead: String,
    },
    /// Something of that name is there.
    #[error("NAME: `{name}` is taken, {what} exists; write another name, or remove what is there")]
    Taken {
        /// The name as it was given.
        name: String,
        /// What is in the way.
        what: String,
    },
    /// A file of the workspace is not as it was when this command was written.
    #[error("{path}: {problem}")]
    Workspace {
        /// The file.
        path: String,
        /// What is missing in it.
        problem: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}

impl NewAdapterError {
    fn io(path: impl fmt::Display, error: io::Error) -> Self {
        Self::Io { path: path.to_string(), error }
    }

    fn workspace(path: impl AsRef<Path>, problem: impl fmt::Display) -> Self {
        Self::Workspace { path: path.as_ref().display().to_string(), problem: problem.to_string() }
    }
}

/// A framework's name that makes a crate's and a module's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct AdapterName(String);

impl AdapterName {
    fn parse(name: &str) -> Result<Self, NewAdapterError> {
        let refuse = |problem, instead: &str| {
            Err(NewAdapterError::Name { name: name.to_owned(), problem, instead: instead.to_owned() })
        };
        if let Some(framework) = name.strip_prefix("cors-") {
            return refuse("is the crate's name", &format!("the framework's alone: `{framework}`"));
        }
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.split('-').all(is_word) {
            return refuse(
                "is not a lower-case crate name",
                "lower-case letters and digits, a letter first, words joined by `-`: `salvo`, `actix-web`",
            );
        }
        if RESERVED.contains(&name) {
            return refuse("is a word of Rust's own", &format!("for example `{name}-web`"));
        }
        Ok(Self(name.to_owned()))
    }

    fn crate_name(&self) -> String {
        format!("cors-{}", self.0)
    }

    fn module(&self) -> String {
        self.0.replace('-', "_")
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

    fn fill(&self, template: &str) -> String {
        template
            .replace("{{crate}}", &self.crate_name())
            .replace("{{crate_module}}", &self.crate_name().replace('-', "_"))
            .replace("{{module}}", &self.module())
            .replace("{{type}}", &self.type_name())
            .replace("{{name}}", &self.0)
    }
}

/// Keywords and crates that a module of the same name would hide.
const RESERVED: &[&str] = &[
    "abstract", "alloc", "as", "async", "await", "become", "box", "break", "const", "continue", "core",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in",
    "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "self", "static", "std", "struct", "super", "test", "trait", "true", "try", "type", "typeof", "unsafe",
    "unsized", "use", "virtual", "where", "while", "yield",
];

const SPECIMENS: &str = "internal/subjects/src/specimen/mod.rs";
const SUBJECTS: &str = "internal/subjects/src/subject/mod.rs";
const REGISTRY: &str = "internal/subjects/src/registry.rs";
const TESTS: &str = "internal/subjects/tests/adapters.rs";

/// The workspace that the adapter becomes a part of.
struct Workspace {
    root: PathBuf,
}

impl Workspace {
    fn around(folder: &Path) -> Result<Self, NewAdapterError> {
        let root = folder.ancestors().find(|folder| folder.join(SUBJECTS).is_file());
        let problem = "not within the workspace; change to its folder";
        root.map(|root| Self { root: root.to_owned() })
            .ok_or_else(|| NewAdapterError::workspace(folder, problem))
    }

    fn check_free(&self, name: &AdapterName) -> Result<(), NewAdapterError> {
        let module = name.module();
        let paths = [
            name.crate_name(),
            format!("internal/subjects/src/specimen/{module}.rs"),
            format!("internal/subjects/src/specimen/{module}"),
            format!("internal/subjects/src/subject/{module}.rs"),
            format!("internal/subjects/src/subject/{module}"),
        ];
        let taken = match paths.into_iter().find(|path| self.root.join(path).exists()) {
            Some(path) => Some(path),
            None => self.crate_of_that_name(name)?,
        };
        match taken {
            Some(what) => Err(NewAdapterError::Taken { name: name.0.clone(), what }),
            None => Ok(()),
        }
    }

    /// A crate that is called as the adapter would be, wherever it lies.
    fn crate_of_that_name(&self, name: &AdapterName) -> Result<Option<String>, NewAdapterError> {
        let crate_name = name.crate_name();
        let manifest = self.manifest("Cargo.toml")?;
        let workspace = manifest.get("workspace").and_then(Item::as_table_like);
        let dependencies = workspace.and_then(|workspace| workspace.get("dependencies")?.as_table_like());
        if dependencies.is_some_and(|dependencies| dependencies.contains_key(&crate_name)) {
            return Ok(Some(format!("the dependency `{crate_name}` of the workspace")));
        }
        let members = workspace.and_then(|workspace| workspace.get("members")?.as_array());
        for member in members.into_iter().flatten().filter_map(Value::as_str) {
            let path = format!("{member}/Cargo.toml");
            let manifest = self.manifest(&path)?;
            let package = manifest.get("package").and_then(|package| package.get("name")?.as_str());
            if package == Some(&crate_name) {
                return Ok(Some(format!("`{crate_name}` in {path}")));
            }
        }
        Ok(None)
    }

    fn manifest(&self, path: &str) -> Result<DocumentMut, NewAdapterError> {
        let text =
            fs::read_to_string(self.root.join(path)).map_err(|error| NewAdapterError::io(path, error))?;
        text.parse().map_err(|error| NewAdapterError::workspace(path, format!("no TOML: {error}")))
    }

    /// Every file that is made or changed, with its new text.
    fn changes(&self, name: &AdapterName) -> Result<Vec<(PathBuf, String)>, NewAdapterError> {
        let folder = PathBuf::from(name.crate_name());
        let module = name.module();
        Ok(vec![
            (folder.join("Cargo.toml"), name.fill(include_str!("../templates/adapter/Cargo.toml"))),
            (folder.join("README.md"), name.fill(include_str!("../templates/adapter/README.md"))),
            (folder.join("src/lib.rs"), name.fill(include_str!("../templates/adapter/lib.rs"))),
            (
                format!("internal/subjects/src/specimen/{module}.rs").into(),
                name.fill(include_str!("../templates/adapter/specimen.rs")),
            ),
            (
                format!("internal/subjects/src/subject/{module}.rs").into(),
                name.fill(include_str!("../templates/adapter/subject.rs")),
            ),
            self.edit("Cargo.toml", |text| add_member(text, name))?,
            self.edit("internal/subjects/Cargo.toml", |text| add_dependency(text, name))?,
            self.edit(SPECIMENS, |text| add_module(text, &module))?,
            self.edit(SUBJECTS, |text| add_module(text, &module))?,
            self.edit(REGISTRY, |text| add_subject(text, name))?,
            self.edit(TESTS, |text| add_test(text, name))?,
        ])
    }

    fn edit(
        &self,
        path: &str,
        edit: impl FnOnce(&str) -> Result<String, String>,
    ) -> Result<(PathBuf, String), NewAdapterError> {
        let text =
            fs::read_to_string(self.root.join(path)).map_err(|error| NewAdapterError::io(path, error))?;
        let edited = edit(&text).map_err(|problem| NewAdapterError::workspace(path, problem))?;
        Ok((path.into(), edited))
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), NewAdapterError> {
        let target = self.root.join(path);
        let folder = target.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&target, text))
            .map_err(|error| NewAdapterError::io(path.display(), error))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("salvo", "cors-salvo", "salvo", "CorsSalvo")]
    #[case("actix-web4", "cors-actix-web4", "actix_web4", "CorsActixWeb4")]
    fn a_name_makes_the_others(
        #[case] text: &str,
        #[case] crate_name: &str,
        #[case] module: &str,
        #[case] type_name: &str,
    ) {
        let name = AdapterName::parse(text).expect("a name");
        assert_eq!((name.crate_name(), name.module(), name.type_name()), {
            (crate_name.to_owned(), module.to_owned(), type_name.to_owned())
        });
    }

    #[rstest]
    #[case::empty("", "not a lower-case crate name")]
    #[case::upper_case("Salvo", "not a lower-case crate name")]
    #[case::underscore("actix_web", "not a lower-case crate name")]
    #[case::digit_first("2web", "not a lower-case crate name")]
    #[case::hyphen_last("web-", "not a lower-case crate name")]
    #[case::two_hyphens("a--b", "not a lower-case crate name")]
    #[case::path("../evil", "not a lower-case crate name")]
    #[case::not_ascii("süß", "not a lower-case crate name")]
    #[case::keyword("async", "write for example `async-web`")]
    #[case::crate_name("cors-salvo", "the framework's alone: `salvo`")]
    fn a_name_that_cannot_be_is_refused(#[case] text: &str, #[case] expected: &str) {
        let error = AdapterName::parse(text).expect_err("no name").to_string();
        assert!(error.starts_with(&format!("NAME: `{text}`")) && error.contains(expected), "{error}");
    }

    fn check_free(name: &str) -> Result<(), NewAdapterError> {
        let workspace = Workspace::around(Path::new(env!("CARGO_MANIFEST_DIR")))?;
        workspace.check_free(&AdapterName::parse(name)?)
    }

    #[rstest]
    #[case::folder("axum", "cors-axum exists")]
    #[case::dependency("conformance", "the dependency `cors-conformance` of the workspace exists")]
    #[case::package("bench", "`cors-bench` in internal/bench/Cargo.toml exists")]
    #[case::package_of_another_library("policy-core", "`cors-policy-core` in cors-core/Cargo.toml exists")]
    fn a_name_that_is_there_is_taken(#[case] name: &str, #[case] expected: &str) {
        let error = check_free(name).expect_err("taken").to_string();
        assert!(error.starts_with(&format!("NAME: `{name}` is taken, {expected};")), "{error}");
    }

    #[test]
    fn another_name_is_free() {
        check_free("salvo").expect("a free name");
    }
}
