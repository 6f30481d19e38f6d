//! Real files that change in every way in which files change.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use cors_core::ProblemCode;
use cors_watch::{FileError, PolicyFile, Problem, WatchOptions};
use rstest::rstest;
use tempfile::TempDir;

/// Long enough for a change to be seen on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longer than any test takes, so that what is seen was reported.
const NEVER: Duration = Duration::from_secs(3600);

const SETTLE: Duration = Duration::from_millis(50);

fn options() -> WatchOptions {
    WatchOptions::new().settle(SETTLE).interval(NEVER)
}

fn toml(origin: &str) -> String {
    format!("allow_origins = [\"{origin}\"]\n")
}

struct Watched {
    path: PathBuf,
    file: PolicyFile<String>,
    folder: TempDir,
}

impl Watched {
    /// A file with the origin `https://0.example`.
    fn new(options: WatchOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cors.toml");
        fs::write(&path, toml("https://0.example")).unwrap();
        let file = options.open(&path).unwrap();
        Self { path, file, folder }
    }

    fn write(&self, content: &str) {
        fs::write(&self.path, content).unwrap();
    }

    /// Writes a new file and renames it, as most editors do.
    fn rename_over(&self, content: &str) {
        let new = self.folder.path().join(".cors.toml.new");
        fs::write(&new, content).unwrap();
        fs::rename(new, &self.path).unwrap();
    }

    fn origins(&self) -> Vec<String> {
        origins(&self.file)
    }

    fn wait_for_origin(&self, origin: &str) {
        wait_until(&format!("the origin {origin}"), || self.origins() == [origin]);
    }

    fn wait_for_error(&self) -> Arc<FileError> {
        wait_until("an error", || self.file.last_error().is_some());
        self.file.last_error().unwrap()
    }

    fn wait_for_recovery(&self) {
        wait_until("no error", || self.file.last_error().is_none());
    }
}

fn origins(file: &PolicyFile<String>) -> Vec<String> {
    file.handle().current().policy().allow_origins().map(Cow::into_owned).collect()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[rstest]
#[case::written_in_place(Watched::write)]
#[case::renamed_over(Watched::rename_over)]
#[case::removed_and_created(|watched: &Watched, content: &str| {
    fs::remove_file(&watched.path).unwrap();
    fs::write(&watched.path, content).unwrap();
})]
#[case::truncated_then_written(|watched: &Watched, content: &str| {
    fs::File::create(&watched.path).unwrap();
    thread::sleep(SETTLE / 5);
    fs::write(&watched.path, content).unwrap();
})]
fn a_changed_file_replaces_the_policy(#[case] change: fn(&Watched, &str)) {
    let watched = Watched::new(options());
    for number in 1..4 {
        let origin = format!("https://{number}.example");
        change(&watched, &toml(&origin));
        watched.wait_for_origin(&origin);
        watched.wait_for_recovery();
    }
}

#[test]
fn a_refused_policy_leaves_the_old_one_in_use_until_it_is_mended() {
    let watched = Watched::new(options());
    watched.write("allow_origins = [\"https://1.example/\"]\nmax_ages = 1");
    let error = watched.wait_for_error();
    let problems = error.policy_error().unwrap().problems();
    let codes: Vec<_> = problems.iter().map(Problem::code).collect();
    assert_eq!(codes, [ProblemCode::OriginWithPath, ProblemCode::UnknownField]);
    assert!(
        error.to_string().contains("cors.toml: the CORS policy is refused, it has 2 problems"),
        "{error}"
    );
    assert_eq!(watched.origins(), ["https://0.example"]);

    watched.write(&toml("https://1.example"));
    watched.wait_for_origin("https://1.example");
    watched.wait_for_recovery();
}

#[rstest]
#[case::half_written("allow_origins = [\"https://1.exam", "cors.toml: TOML parse error")]
#[case::empty("", "allow_origins: ")]
fn a_file_that_is_half_written_leaves_the_old_policy_in_use(#[case] content: &str, #[case] message: &str) {
    let watched = Watched::new(options());
    watched.write(content);
    let error = watched.wait_for_error().to_string();
    assert!(error.contains(message), "{error}");
    assert_eq!(watched.origins(), ["https://0.example"]);

    watched.write(&toml("https://1.example"));
    watched.wait_for_origin("https://1.example");
    watched.wait_for_recovery();
}

#[test]
fn bytes_that_are_not_text_leave_the_old_policy_in_use() {
    let watched = Watched::new(options());
    fs::write(&watched.path, b"allow_origins = \"https://\xff.example\"").unwrap();
    assert!(watched.wait_for_error().to_string().ends_with("the file is not UTF-8 text"));
    assert_eq!(watched.origins(), ["https://0.example"]);
}

#[rstest]
#[case::with_another_policy("https://1.example")]
#[case::as_it_was("https://0.example")]
fn a_file_that_is_deleted_is_used_again_when_it_is_back(#[case] origin: &str) {
    let watched = Watched::new(options());
    fs::remove_file(&watched.path).unwrap();
    let error = watched.wait_for_error();
    assert_eq!(error.io_error().unwrap().kind(), io::ErrorKind::NotFound);
    assert_eq!(watched.origins(), ["https://0.example"]);

    watched.write(&toml(origin));
    watched.wait_for_recovery();
    watched.wait_for_origin(origin);
}

#[test]
fn of_many_changes_at_once_the_last_one_counts() {
    let watched = Watched::new(options());
    for number in 1..=300 {
        let content = toml(&format!("https://{number}.example"));
        if number % 2 == 0 { watched.write(&content) } else { watched.rename_over(&content) }
    }
    watched.wait_for_origin("https://300.example");
    watched.wait_for_recovery();
}

#[test]
fn changes_that_do_not_end_are_read_all_the_same() {
    let watched = Watched::new(options());
    let start = Instant::now();
    let mut number = 0;
    while watched.origins() == ["https://0.example"] {
        assert!(start.elapsed() < PATIENCE, "the file was not read");
        number += 1;
        watched.rename_over(&toml(&format!("https://{number}.example")));
        thread::sleep(SETTLE / 5);
    }
    assert!(start.elapsed() >= SETTLE * 5, "read before it settled");
}

#[test]
fn what_changes_beside_the_file_does_not_matter() {
    let watched = Watched::new(options());
    let before = watched.file.handle().current();
    fs::write(watched.folder.path().join("other.toml"), toml("https://1.example")).unwrap();
    thread::sleep(SETTLE * 5);
    // The file is read, but its content is known.
    assert_eq!(watched.origins(), ["https://0.example"]);
    assert!(std::ptr::eq(before.policy(), watched.file.handle().current().policy()), "replaced without need");
}

#[test]
fn dropping_it_ends_the_watching_and_keeps_the_policy() {
    let watched = Watched::new(options());
    let handle = watched.file.handle().clone();
    drop(watched.file);
    fs::write(&watched.path, toml("https://1.example")).unwrap();
    thread::sleep(SETTLE * 5);
    assert!(handle.current().policy().allows_origin(b"https://0.example"));
}

#[test]
fn json_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cors.json");
    fs::write(&path, "\u{feff}{\"allow_origins\": \"https://0.example\"}").unwrap();
    let file = options().open(&path).unwrap();
    assert_eq!(origins(&file), ["https://0.example"]);
    fs::write(&path, "{\"allow_origins\": \"https://1.example\"}").unwrap();
    wait_until("the new origin", || origins(&file) == ["https://1.example"]);
}

#[rstest]
#[case::missing("cors.toml", None, "cors.toml: cannot be read: ")]
#[case::refused("cors.toml", Some("allow_origins = \"*\"\nallow_credentials = true"), "allow_origins: `*` ")]
#[case::syntax("cors.json", Some("{"), "cors.json: EOF while parsing an object")]
#[case::format(
    "cors.yaml",
    Some("allow_origins: \"*\""),
    "cors.yaml: the format is not known. Use a file whose name ends in"
)]
fn the_first_policy_must_be_good(#[case] name: &str, #[case] content: Option<&str>, #[case] message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    if let Some(content) = content {
        fs::write(&path, content).unwrap();
    }
    let error = PolicyFile::<String>::open(&path).unwrap_err();
    assert!(error.to_string().contains(message), "{error}");
    assert_eq!(error.path(), path);
    let kind = io::Error::from(error).kind();
    assert_eq!(kind == io::ErrorKind::NotFound, content.is_none());
}

#[test]
fn a_change_that_nothing_reports_is_found_after_the_interval() {
    let watched = Watched::new(options().interval(Duration::from_millis(50)));
    let folder = watched.folder.path();
    // The folder is removed with its watch, and a new one has its name.
    for number in 1..3 {
        fs::remove_dir_all(folder).unwrap();
        watched.wait_for_error();
        fs::create_dir(folder).unwrap();
        watched.write(&toml(&format!("https://{number}.example")));
        watched.wait_for_origin(&format!("https://{number}.example"));
        watched.wait_for_recovery();
    }
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A new folder with a file, as Kubernetes makes one for each version of a `ConfigMap`.
    fn version(volume: &Path, name: &str, origin: &str) {
        fs::create_dir(volume.join(name)).unwrap();
        fs::write(volume.join(name).join("cors.toml"), toml(origin)).unwrap();
    }

    /// Swaps the link `..data` to another version by renaming a new link over it.
    fn swap(volume: &Path, name: &str) {
        symlink(name, volume.join("..data_tmp")).unwrap();
        fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    }

    #[test]
    fn links_that_kubernetes_swaps_are_followed() {
        let volume = tempfile::tempdir().unwrap();
        let volume = volume.path();
        version(volume, "..2026_0", "https://0.example");
        symlink("..2026_0", volume.join("..data")).unwrap();
        symlink("..data/cors.toml", volume.join("cors.toml")).unwrap();
        let file = options().open(volume.join("cors.toml")).unwrap();

        for number in 1..4 {
            let origin = format!("https://{number}.example");
            version(volume, &format!("..2026_{number}"), &origin);
            swap(volume, &format!("..2026_{number}"));
            fs::remove_dir_all(volume.join(format!("..2026_{}", number - 1))).unwrap();
            wait_until(&origin, || origins(&file) == [origin.as_str()] && file.last_error().is_none());
        }
    }

    #[test]
    fn a_file_behind_links_is_watched_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::create_dir_all(folder.join("real/inner")).unwrap();
        fs::create_dir(folder.join("etc")).unwrap();
        fs::write(folder.join("real/inner/policy.toml"), toml("https://0.example")).unwrap();
        // A link to a folder on the way, and a link to the file, one of them relative to its own folder.
        symlink("../real", folder.join("etc/service")).unwrap();
        symlink(folder.join("etc/service/inner/policy.toml"), folder.join("cors.toml")).unwrap();
        let file = options().open(folder.join("cors.toml")).unwrap();

        fs::write(folder.join("real/inner/policy.toml"), toml("https://1.example")).unwrap();
        wait_until("the changed file", || origins(&file) == ["https://1.example"]);

        // The link on the way leads to another folder.
        fs::create_dir_all(folder.join("other/inner")).unwrap();
        fs::write(folder.join("other/inner/policy.toml"), toml("https://2.example")).unwrap();
        symlink("../other", folder.join("etc/new")).unwrap();
        fs::rename(folder.join("etc/new"), folder.join("etc/service")).unwrap();
        wait_until("the other folder", || origins(&file) == ["https://2.example"]);

        // And from now on that folder is watched.
        fs::write(folder.join("other/inner/policy.toml"), toml("https://3.example")).unwrap();
        wait_until("the changed other file", || origins(&file) == ["https://3.example"]);
    }

    #[test]
    fn links_in_a_circle_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        symlink("b.toml", folder.path().join("a.toml")).unwrap();
        symlink("a.toml", folder.path().join("b.toml")).unwrap();
        let error = PolicyFile::<String>::open(folder.path().join("a.toml")).unwrap_err();
        assert!(error.io_error().is_some(), "{error}");
    }
}
