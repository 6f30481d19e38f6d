//! Replays the corpora of all fuzz targets.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cors_fuzz_targets::TARGETS;

/// The folder with a folder for each target.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_target_has_a_corpus_and_a_program() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names_in(Path::new(CORPUS)), targets);
    let programs = names_in(&Path::new(CORPUS).join("../fuzz_targets"));
    assert_eq!(programs, targets.iter().map(|name| format!("{name}.rs")).collect());
}

#[test]
fn the_corpora_hold() {
    for (name, target) in TARGETS {
        let folder = PathBuf::from(CORPUS).join(name);
        let files = names_in(&folder);
        assert!(!files.is_empty(), "{name} has no corpus");
        for file in files {
            println!("fuzz/corpus/{name}/{file}");
            target(&fs::read(folder.join(file)).unwrap());
        }
    }
}
