//! The comparison of CORS middlewares as a static website.
//!
//! [`write()`] writes the pages of [`Results`] into a folder. They need no server and no network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

pub use results::{Answer, Question, ReadError, Report, Results, ScenarioText};

mod about;
mod badge;
mod browsers;
mod causes;
mod faq;
mod findings;
#[cfg(test)]
mod fixture;
mod marks;
mod matrix;
mod middleware;
mod page;
mod results;
mod scenario_page;
mod score;
mod single;
mod standards;
mod start;
#[cfg(test)]
mod tests;
mod unsafe_page;

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {error}")]
pub struct WriteError {
    /// The file or its folder.
    pub path: PathBuf,
    /// What is wrong.
    pub error: io::Error,
}

/// Writes the site into a folder, which is created if it does not exist.
///
/// # Errors
///
/// A file cannot be written.
pub fn write(results: &Results, folder: &Path) -> Result<(), WriteError> {
    for (path, text) in files(results) {
        let path = folder.join(path);
        let written = match path.parent() {
            Some(parent) => fs::create_dir_all(parent).and_then(|()| fs::write(&path, text)),
            None => fs::write(&path, text),
        };
        written.map_err(|error| WriteError { path, error })?;
    }
    Ok(())
}

/// The findings, the table of all results and the scenarios that fail, as one page in one file.
pub fn single_page(results: &Results) -> String {
    single::page(&page::Site::new(results))
}

/// The files of the site: paths in its folder, with `/`, and their text.
pub fn files(results: &Results) -> BTreeMap<String, String> {
    let site = page::Site::new(results);
    let mut files = BTreeMap::from([
        ("about.html".to_owned(), about::page(&site)),
        ("browsers.html".to_owned(), browsers::page(&site)),
        ("faq.html".to_owned(), faq::page(&site)),
        ("index.html".to_owned(), start::page(&site)),
        ("matrix.html".to_owned(), matrix::page(&site)),
        ("script.js".to_owned(), page::SCRIPT.to_owned()),
        ("style.css".to_owned(), page::STYLE.to_owned()),
    ]);
    for scenario in results.scenarios.values() {
        files.insert(page::scenario_path(&scenario.id), scenario_page::page(&site, scenario));
    }
    for subject in &results.run.subjects {
        files.insert(site.subject_path(&subject.name), middleware::page(&site, subject));
        files.insert(site.badge_path(&subject.name, "svg"), badge::svg(subject));
        files.insert(site.badge_path(&subject.name, "json"), badge::endpoint(subject));
    }
    if !results.unsafe_configurations.is_empty() {
        files.insert("unsafe.html".to_owned(), unsafe_page::page(&site));
    }
    files
}
