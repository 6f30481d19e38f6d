//! Loading of scenario files: those that the crate embeds, and those of folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, include_dir};

use super::{Scenario, parse};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// Every scenario that the crate embeds, in the order of their ids.
///
/// # Errors
///
/// An embedded file is wrong. A test of the crate makes sure that none is.
pub fn embedded() -> Result<Vec<Scenario>, LoadError> {
    load(embedded_files(), Vec::new())
}

/// The text of an embedded scenario file, by the scenario's id.
pub fn embedded_text(id: &str) -> Option<&'static str> {
    EMBEDDED.get_file(format!("{id}.toml"))?.contents_utf8()
}

/// Every scenario of the `*.toml` files in a folder and its subfolders, in the order of their ids.
///
/// The id of a scenario is its path in the folder, without `.toml`.
///
/// # Errors
///
/// A file or folder cannot be read, a file is not a scenario, or the folder has no scenarios. All problems are reported at once.
pub fn from_directory(folder: &Path) -> Result<Vec<Scenario>, LoadError> {
    from_directories(&[folder.to_owned()])
}

/// Every scenario of several folders, without the embedded ones.
pub(crate) fn from_directories(folders: &[PathBuf]) -> Result<Vec<Scenario>, LoadError> {
    merge(Vec::new(), folders, false)
}

/// The embedded scenarios, and those of `folders` beside them, in the order of their ids.
///
/// Scenarios of a folder may depend on embedded ones. With `replace`, a scenario of a folder takes the place of an embedded one
/// with the same id.
///
/// # Errors
///
/// As [`from_directory`]; and, without `replace`, a file has the id of an embedded scenario. Two folders must not have a scenario
/// of the same id in either case.
pub fn embedded_with(folders: &[PathBuf], replace: bool) -> Result<Vec<Scenario>, LoadError> {
    merge(embedded_files(), folders, replace)
}

fn merge(embedded: Vec<File>, folders: &[PathBuf], replace: bool) -> Result<Vec<Scenario>, LoadError> {
    let mut problems = Vec::new();
    let mut files: BTreeMap<String, File> =
        embedded.into_iter().map(|file| (file.id.clone(), file)).collect();
    let embedded: BTreeSet<String> = files.keys().cloned().collect();
    let mut own = BTreeMap::<String, String>::new();
    for file in folders.iter().flat_map(|folder| folder_files(folder, &mut problems)).collect::<Vec<_>>() {
        let taken = match own.get(&file.id) {
            Some(path) => Some(format!("{path} has the same id: rename one of them")),
            None if !replace && embedded.contains(&file.id) => Some(
                "an embedded scenario has the same id: rename the file, or ask to replace embedded scenarios"
                    .to_owned(),
            ),
            None => None,
        };
        if let Some(message) = taken {
            problems.push(Problem { file: file.path, field: "id".to_owned(), message });
            continue;
        }
        own.insert(file.id.clone(), file.path.clone());
        files.insert(file.id.clone(), file);
    }
    load(files.into_values().collect(), problems)
}

/// Whether the crate embeds a scenario with this id.
pub(crate) fn is_embedded(id: &str) -> bool {
    EMBEDDED.get_file(format!("{id}.toml")).is_some()
}

/// The problems of scenario files: all of them, not only the first.
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

/// One problem with one field of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file's path: of an embedded one below `scenarios/`, otherwise with the folder that was given.
    pub file: String,
    /// The field, such as `step[0].fetch.path`, or `the file` where it cannot be parsed.
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
    /// The path below the folder, with `/` and without `.toml`.
    id: String,
    /// What messages call it.
    path: String,
    text: String,
}

fn load(files: Vec<File>, mut problems: Vec<Problem>) -> Result<Vec<Scenario>, LoadError> {
    let mut scenarios = Vec::new();
    let paths: BTreeMap<String, String> =
        files.iter().map(|file| (file.id.clone(), file.path.clone())).collect();
    for file in files {
        match parse::scenario(&file.id, &file.text) {
            Ok(scenario) => {
                unknown_dependencies(&scenario, &paths, &mut problems);
                scenarios.push(scenario);
            }
            Err(found) => {
                problems
                    .extend(found.into_iter().map(|problem| Problem { file: file.path.clone(), ..problem }));
            }
        }
    }
    scenarios.sort_by(|one, other| one.id.cmp(&other.id));
    if problems.is_empty() {
        circular_dependencies(&scenarios, &paths, &mut problems);
    }
    if problems.is_empty() { Ok(scenarios) } else { Err(LoadError { problems }) }
}

fn unknown_dependencies(scenario: &Scenario, paths: &BTreeMap<String, String>, problems: &mut Vec<Problem>) {
    for dependency in scenario.depends_on.iter().filter(|dependency| !paths.contains_key(*dependency)) {
        problems.push(dependency_problem(scenario, paths, format!("there is no scenario `{dependency}`")));
    }
}

fn circular_dependencies(
    scenarios: &[Scenario],
    paths: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) {
    // Scenarios that depend on none that is left are removed again and again. What remains is part of a circle, or depends
    // on one.
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
        let message = format!("{} lead(s) back to the scenario itself", scenario.depends_on.join(", "));
        problems.push(dependency_problem(scenario, paths, message));
    }
}

fn dependency_problem(scenario: &Scenario, paths: &BTreeMap<String, String>, message: String) -> Problem {
    let file = paths.get(&scenario.id).cloned().unwrap_or_else(|| scenario.id.clone());
    Problem { file, field: "depends_on".to_owned(), message }
}

fn embedded_files() -> Vec<File> {
    let mut files = Vec::new();
    collect_embedded(&EMBEDDED, &mut files);
    files
}

fn collect_embedded(folder: &Dir<'_>, files: &mut Vec<File>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(folder) => collect_embedded(folder, files),
            DirEntry::File(file) => {
                if let (Some(id), Some(text)) = (identifier(file.path()), file.contents_utf8()) {
                    files.push(File { path: format!("{id}.toml"), id, text: text.to_owned() });
                }
            }
        }
    }
}

fn folder_files(folder: &Path, problems: &mut Vec<Problem>) -> Vec<File> {
    let (mut files, before) = (Vec::new(), problems.len());
    collect_folder(folder, folder, &mut files, problems);
    if files.is_empty() && problems.len() == before {
        problems.push(Problem {
            file: folder.display().to_string(),
            field: "the folder".to_owned(),
            message: "has no scenario files: write one as `<group>/<name>.toml`".to_owned(),
        });
    }
    files
}

fn collect_folder(root: &Path, folder: &Path, files: &mut Vec<File>, problems: &mut Vec<Problem>) {
    let entries = std::fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
    });
    let mut paths = match entries {
        Ok(paths) => paths,
        Err(error) => {
            problems.push(unreadable(folder, &error));
            return;
        }
    };
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
            Ok(text) => files.push(File { id, path: path.display().to_string(), text }),
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

/// The id that a path stands for. `None` if it is not the path of a scenario file.
fn identifier(path: &Path) -> Option<String> {
    if path.extension()? != "toml" {
        return None;
    }
    let parts: Vec<_> =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    Some(parts.join("/"))
}
