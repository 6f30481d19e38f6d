//! Scenarios of a folder, alone and beside the embedded ones.

use std::fs;

use tempfile::TempDir;

use super::*;

fn text(id: &str, more: &str) -> String {
    format!(
        "id = \"{id}\"\ntitle = \"My own\"\nkind = \"quality\"\nspec = \"fetch#cors-protocol\"\n{more}\n\
         policy.allow_origins = \"*\"\n[[step]]\nfetch = {{ path = \"/echo\" }}\nactuals = 1\n"
    )
}

fn folder(files: &[(&str, String)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn lines(error: &LoadError, folder: &TempDir) -> Vec<String> {
    let folder = format!("{}/", folder.path().display());
    error.problems().iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
}

#[test]
fn a_folder_is_loaded_by_itself() {
    let folder = folder(&[
        ("own/b.toml", text("own/b", "")),
        ("own/a.toml", text("own/a", "depends_on = \"own/b\"")),
        ("README.md", String::new()),
    ]);
    let scenarios = from_directory(folder.path()).unwrap();
    assert_eq!(scenarios.iter().map(|scenario| scenario.id.as_str()).collect::<Vec<_>>(), ["own/a", "own/b"]);
}

#[test]
fn a_folder_is_added_to_the_embedded_scenarios() {
    let folder = folder(&[("own/a.toml", text("own/a", "depends_on = \"preflight/granted\""))]);
    let scenarios = embedded_with(&[folder.path().to_owned()], false).unwrap();
    assert_eq!(scenarios.len(), embedded().unwrap().len() + 1);
    assert!(scenarios.iter().any(|scenario| scenario.id == "own/a"));
}

#[test]
fn an_embedded_scenario_is_replaced_only_on_request() {
    let folder = folder(&[("preflight/granted.toml", text("preflight/granted", ""))]);
    let folders = [folder.path().to_owned()];
    let error = embedded_with(&folders, false).unwrap_err();
    assert_eq!(
        lines(&error, &folder),
        [
            "preflight/granted.toml: id: an embedded scenario has the same id: rename the file, or ask to replace \
          embedded scenarios"
        ]
    );
    let scenarios = embedded_with(&folders, true).unwrap();
    assert_eq!(scenarios.len(), embedded().unwrap().len());
    let replaced = scenarios.iter().find(|scenario| scenario.id == "preflight/granted").unwrap();
    assert_eq!(replaced.title, "My own");
}

#[test]
fn two_folders_cannot_have_the_same_id() {
    let files = [("own/a.toml", text("own/a", ""))];
    let (one, other) = (folder(&files), folder(&files));
    let error = embedded_with(&[one.path().to_owned(), other.path().to_owned()], true).unwrap_err();
    assert_eq!(lines(&error, &other).len(), 1);
    assert!(error.to_string().contains("own/a.toml has the same id: rename one of them"), "{error}");
}

#[test]
fn the_problems_of_all_files_are_reported_with_file_and_field() {
    let folder = folder(&[
        ("own/a.toml", text("own/b", "").replace("My own", "")),
        ("own/c.toml", text("own/c", "depends_on = \"own/d\"")),
        ("own/e.toml", "id =".to_owned()),
    ]);
    let error = from_directory(folder.path()).unwrap_err();
    let lines = lines(&error, &folder);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(lines[0].starts_with("own/a.toml: id: "), "{lines:#?}");
    assert!(lines[1].starts_with("own/a.toml: title: "), "{lines:#?}");
    assert_eq!(lines[2], "own/c.toml: depends_on: there is no scenario `own/d`");
    assert!(lines[3].starts_with("own/e.toml: the file: "), "{lines:#?}");
}

#[test]
fn scenarios_that_depend_on_each_other_are_refused() {
    let folder = folder(&[
        ("own/a.toml", text("own/a", "depends_on = \"own/b\"")),
        ("own/b.toml", text("own/b", "depends_on = \"own/a\"")),
    ]);
    let error = from_directory(folder.path()).unwrap_err();
    assert_eq!(
        lines(&error, &folder)[0],
        "own/a.toml: depends_on: own/b lead(s) back to the scenario itself"
    );
}

#[test]
fn a_folder_without_scenarios_is_an_error() {
    let empty = TempDir::new().unwrap();
    assert!(from_directory(empty.path()).unwrap_err().to_string().contains("has no scenario files"));
    let missing = empty.path().join("missing");
    assert!(from_directory(&missing).unwrap_err().to_string().contains("cannot be read"));
}
