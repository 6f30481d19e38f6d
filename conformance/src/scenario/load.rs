//! Scenario files: those that the crate carries, or those of a folder.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use include_dir::{Dir, DirEntry, include_dir};

use super::{Scenario, parse};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// Every scenario that the crate carries, in the order of their ids.
pub fn embedded() -> Result<Vec<Scenario>, LoadError> {
    let mut files = Vec::new();
    collect_embedded(&EMBEDDED, &mut files);
    load(files)
}

/// Every scenario in a folder, in the order of their ids.
pub fn from_directory(folder: &Path) -> Result<Vec<Scenario>, LoadError> {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    collect_folder(folder, folder, &mut files, &mut problems);
    if !problems.is_empty() {
        return Err(LoadError { problems });
    }
    load(files)
}

/// What is wrong with the scenario files: all of it, not only the first.
#[derive(Debug)]
pub struct LoadError {
    problems: Vec<Problem>,
}

impl LoadError {
    /// The problems, in the order of the files.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl From<Vec<Problem>> for LoadError {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} problem(s) in the scenario files", self.problems.len())?;
        for problem in &self.problems {
            write!(formatter, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// One thing that is wrong with one field of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file's path under the scenarios' folder.
    pub file: String,
    /// The field.
    pub field: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.file, self.field, self.message)
    }
}

struct File {
    /// The path under the folder, with `/` and without `.toml`.
    id: String,
    text: String,
}

fn load(files: Vec<File>) -> Result<Vec<Scenario>, LoadError> {
    let mut scenarios = Vec::new();
    let mut problems = Vec::new();
    let known: BTreeSet<String> = files.iter().map(|file| file.id.clone()).collect();
    for file in files {
        match parse::scenario(&file.id, &file.text) {
            Ok(scenario) => {
                unknown_dependencies(&scenario, &known, &mut problems);
                scenarios.push(scenario);
            }
            Err(found) => problems.extend(found),
        }
    }
    scenarios.sort_by(|one, other| one.id.cmp(&other.id));
    if problems.is_empty() {
        circular_dependencies(&scenarios, &mut problems);
    }
    if problems.is_empty() { Ok(scenarios) } else { Err(LoadError { problems }) }
}

fn unknown_dependencies(scenario: &Scenario, known: &BTreeSet<String>, problems: &mut Vec<Problem>) {
    for dependency in &scenario.depends_on {
        if !known.contains(dependency) {
            problems.push(Problem {
                file: format!("{}.toml", scenario.id),
                field: "depends_on".to_owned(),
                message: format!("there is no scenario `{dependency}`"),
            });
        }
    }
}

fn circular_dependencies(scenarios: &[Scenario], problems: &mut Vec<Problem>) {
    // Whatever cannot be put into an order by taking away, again and again, what depends on nothing that is left,
    // depends on itself.
    let mut left: Vec<&Scenario> = scenarios.iter().collect();
    loop {
        let names: BTreeSet<&str> = left.iter().map(|scenario| scenario.id.as_str()).collect();
        let before = left.len();
        left.retain(|scenario| {
            scenario.depends_on.iter().any(|dependency| names.contains(dependency.as_str()))
        });
        if left.len() == before {
            break;
        }
    }
    for scenario in left {
        problems.push(Problem {
            file: format!("{}.toml", scenario.id),
            field: "depends_on".to_owned(),
            message: format!("{} lead(s) back to the scenario itself", scenario.depends_on.join(", ")),
        });
    }
}

fn collect_embedded(folder: &Dir<'_>, files: &mut Vec<File>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(folder) => collect_embedded(folder, files),
            DirEntry::File(file) => {
                if let (Some(id), Some(text)) = (identifier(file.path()), file.contents_utf8()) {
                    files.push(File { id, text: text.to_owned() });
                }
            }
        }
    }
}

fn collect_folder(root: &Path, folder: &Path, files: &mut Vec<File>, problems: &mut Vec<Problem>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(unreadable(folder, &error));
            return;
        }
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect_folder(root, &path, files, problems);
            continue;
        }
        let Some(id) = path.strip_prefix(root).ok().and_then(identifier) else {
            continue;
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => files.push(File { id, text }),
            Err(error) => problems.push(unreadable(&path, &error)),
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem {
        file: path.display().to_string(),
        field: "the file".to_owned(),
        message: format!("cannot be read: {error}"),
    }
}

/// The id that a path stands for; `None` if it is no scenario file.
fn identifier(path: &Path) -> Option<String> {
    if path.extension()? != "toml" {
        return None;
    }
    let parts: Vec<_> =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    Some(parts.join("/"))
}
