//! `cargo xtask harnesses`: installs and lists the harnesses in `harnesses/`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use cors_cli::command::CommandResult;
use cors_conformance::pattern::Pattern;
use cors_conformance::subject::harness::Harness;
use cors_conformance::subject::{Subject, SubjectKind};
use serde::Deserialize;

use crate::install::{can_run, install_packages, succeed};

/// The folder of the harnesses.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../harnesses");

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Install what harnesses need: Debian packages, and pinned packages from the registries of their languages
    ///
    /// Installs only what is missing. Debian packages need Debian or a distribution based on it, and root or `sudo`.
    Install {
        /// A harness, or a glob over their names; repeat it for more [default: all]
        #[arg(value_name = "GLOB", value_parser = Pattern::parse)]
        harnesses: Vec<Pattern>,
    },
    /// List the harnesses, and what is missing for each
    ///
    /// Exits with 1 if something is missing.
    List,
}

pub(crate) fn run(action: &Action) -> CommandResult {
    let file = File::read()?;
    match action {
        Action::List => {
            for harness in &file.harnesses {
                let state = match harness.runtime(&file)?.lack() {
                    None => "installed".to_owned(),
                    Some(lack) => format!("not installed: {lack}"),
                };
                println!("{}: {state}", harness.name);
            }
            let is_complete = file.runtimes.iter().all(|runtime| runtime.lack().is_none());
            Ok(if is_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Action::Install { harnesses } => {
            for runtime in &file.runtimes_of(harnesses)? {
                runtime.install()?;
                if let Some(lack) = runtime.lack() {
                    return Err(format!("installed {}, but {lack}", runtime.name).into());
                }
            }
            println!("The harnesses are installed. `cargo xtask compare --harnesses` runs them.");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The harnesses whose names match one of `patterns`, as subjects. For each whose runtime is missing, a line on standard error says
/// what to do.
pub(crate) fn subjects(patterns: &[Pattern]) -> Result<Vec<Arc<dyn Subject>>, Box<dyn Error>> {
    let file = File::read()?;
    let mut subjects: Vec<Arc<dyn Subject>> = Vec::new();
    for harness in file.select(patterns)? {
        if let Some(lack) = harness.runtime(&file)?.lack() {
            eprintln!(
                "{} is left out: {lack}. Run `cargo xtask harnesses install {}`.",
                harness.name, harness.name
            );
            continue;
        }
        let command = format!("cd '{FOLDER}' && exec {}", harness.command);
        subjects.push(Arc::new(Harness::new(&harness.name, command).of_kind(SubjectKind::Middleware)));
    }
    Ok(subjects)
}

/// `harnesses/harnesses.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "harness")]
    harnesses: Vec<Entry>,
    #[serde(rename = "runtime")]
    runtimes: Vec<Runtime>,
}

/// A harness.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    command: String,
    runtime: String,
    /// The name for `cors policy export`, if the harness can serve exported policies.
    #[serde(default)]
    #[expect(dead_code, reason = "the tests of cors-cli read it")]
    stack: Option<String>,
}

/// What harnesses need.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Runtime {
    name: String,
    programs: Vec<String>,
    packages: Vec<String>,
    #[serde(default)]
    setup: Vec<String>,
    test: String,
}

impl File {
    fn read() -> Result<Self, Box<dyn Error>> {
        let path = Path::new(FOLDER).join("harnesses.toml");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?)
    }

    /// The harnesses whose names match one of `patterns`; without patterns, all.
    fn select(&self, patterns: &[Pattern]) -> Result<Vec<&Entry>, String> {
        let names: Vec<_> = self.harnesses.iter().map(|harness| harness.name.as_str()).collect();
        if let Some(unknown) = patterns.iter().find(|pattern| !names.iter().any(|name| pattern.matches(name)))
        {
            let names = names.join(", ");
            return Err(format!("no harness is called `{}`: write one of {names}", unknown.as_str()));
        }
        let is_wanted = |harness: &&Entry| {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(&harness.name))
        };
        Ok(self.harnesses.iter().filter(is_wanted).collect())
    }

    /// The runtimes of the selected harnesses, each once.
    fn runtimes_of(&self, patterns: &[Pattern]) -> Result<Vec<&Runtime>, String> {
        let selected = self.select(patterns)?;
        let is_needed = |runtime: &&Runtime| selected.iter().any(|harness| harness.runtime == runtime.name);
        Ok(self.runtimes.iter().filter(is_needed).collect())
    }
}

impl Entry {
    fn runtime<'a>(&self, file: &'a File) -> Result<&'a Runtime, String> {
        let runtime = file.runtimes.iter().find(|runtime| runtime.name == self.runtime);
        runtime.ok_or_else(|| format!("harnesses.toml: {} needs an unknown runtime", self.name))
    }
}

impl Runtime {
    /// What is missing, if something is.
    fn lack(&self) -> Option<String> {
        let missing: Vec<_> = self.missing_programs();
        if !missing.is_empty() {
            return Some(format!("{} is missing", missing.join(" and ")));
        }
        let mut test = in_folder(&self.test);
        let works = test.stdout(Stdio::null()).stderr(Stdio::null()).status();
        (!works.is_ok_and(|status| status.success()))
            .then(|| format!("the packages for {} are missing", self.name))
    }

    fn missing_programs(&self) -> Vec<&str> {
        self.programs.iter().map(String::as_str).filter(|program| !can_run(program)).collect()
    }

    fn install(&self) -> Result<(), Box<dyn Error>> {
        if self.lack().is_none() {
            return Ok(());
        }
        // Without commands of its own, everything that a runtime needs is in its packages.
        if self.setup.is_empty() || !self.missing_programs().is_empty() {
            let packages: Vec<_> = self.packages.iter().map(String::as_str).collect();
            install_packages(&packages, &self.programs.join(", "))?;
        }
        self.setup.iter().try_for_each(|command| succeed(in_folder(command)))
    }
}

/// A shell command in the folder of the harnesses.
fn in_folder(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(PathBuf::from(FOLDER)).stdin(Stdio::null());
    shell
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_harness_has_its_file_and_its_runtime() {
        let file = File::read().unwrap();
        let names: BTreeSet<_> = file.harnesses.iter().map(|harness| &harness.name).collect();
        assert_eq!(names.len(), file.harnesses.len());
        for harness in &file.harnesses {
            harness.runtime(&file).unwrap();
            let program = harness.command.split(' ').next_back().unwrap();
            assert!(Path::new(FOLDER).join(program).is_file(), "{program}");
        }
    }

    #[test]
    fn harnesses_are_selected_by_glob() {
        let file = File::read().unwrap();
        let select = |glob: &str| file.select(&[Pattern::parse(glob).unwrap()]);
        assert_eq!(select("nginx-*").unwrap().len(), 1);
        assert_eq!(file.runtimes_of(&[Pattern::parse("*-recipe").unwrap()]).unwrap().len(), 4);
        let error = select("no-such").unwrap_err();
        assert!(error.starts_with("no harness is called `no-such`: write one of express-cors, "), "{error}");
    }

    #[test]
    fn a_lack_is_told() {
        let runtime = |programs: &[&str], test: &str| Runtime {
            name: "none".to_owned(),
            programs: programs.iter().map(|name| (*name).to_owned()).collect(),
            packages: Vec::new(),
            setup: Vec::new(),
            test: test.to_owned(),
        };
        let lack = |programs: &[&str], test: &str| runtime(programs, test).lack();
        assert_eq!(lack(&["sh"], "true"), None);
        assert_eq!(lack(&["sh", "no-such-program"], "true").as_deref(), Some("no-such-program is missing"));
        assert_eq!(lack(&["sh"], "false").as_deref(), Some("the packages for none are missing"));
    }
}
