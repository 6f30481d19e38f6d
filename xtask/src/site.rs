//! `cargo xtask site`: the comparison of CORS middlewares as a static website.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use cors_cli::command::CommandResult;
use cors_site::Results;

/// Where results are committed.
const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/results");

/// The arguments of `cargo xtask site`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder to write the pages into; files of the same names are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write one file with everything that matters, DIR/index.html, in place of many pages
    #[arg(long)]
    single: bool,
    /// JSON reports of `cargo xtask compare`, the one to show first; of the others, the site lists the dates [default:
    /// docs/results/*.json, the newest first]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    results: Vec<PathBuf>,
    /// A JSON report of `cargo xtask compare --unsafe-configurations`
    #[arg(long, value_name = "FILE")]
    unsafe_configurations: Option<PathBuf>,
}

/// Writes the site.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let files = match &arguments.results[..] {
        [] => committed(Path::new(RESULTS)).map_err(|error| format!("{RESULTS}: {error}"))?,
        files => files.to_vec(),
    };
    let Some((shown, earlier)) = files.split_first() else {
        return Err(format!("{RESULTS} has no results: run `cargo xtask compare --format json --out FILE`, and give the file as `--results FILE`").into());
    };
    let mut results = read(shown)?;
    for file in earlier {
        results.earlier.push(read(file)?.date.unwrap_or_else(|| stem(file)));
    }
    if let Some(file) = &arguments.unsafe_configurations {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let runs = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        results.add_unsafe(runs);
    }
    if arguments.single {
        fs::create_dir_all(&arguments.out)?;
        fs::write(arguments.out.join("index.html"), cors_site::single_page(&results))?;
    } else {
        cors_site::write(&results, &arguments.out)?;
    }
    println!("{}", arguments.out.join("index.html").display());
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<Results, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Results::read(&stem(file), &text)?)
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The results in a folder. Their names are dates, so that the newest comes first.
fn committed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files.reverse();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_results_come_first_and_other_files_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["2026-01-02.json", "2025-12-31.json", "2026-01-10.json", "README.md"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let files = committed(folder.path()).unwrap();
        let names: Vec<_> = files.iter().map(|file| stem(file)).collect();
        assert_eq!(names, ["2026-01-10", "2026-01-02", "2025-12-31"]);
        assert!(committed(&folder.path().join("missing")).unwrap().is_empty());
    }

    #[test]
    fn the_comparison_in_words_has_the_counts_of_the_newest_results() {
        let files = committed(Path::new(RESULTS)).unwrap();
        let results = read(files.first().expect("results are committed")).unwrap();
        let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/comparison.md")).unwrap();
        assert!(page.contains(&format!("with {} scenarios", results.run.scenarios)));
        for subject in &results.run.subjects {
            let count = |number: usize| if number == 0 { String::new() } else { number.to_string() };
            let judged = subject.passed + subject.failed + subject.limits + subject.disputed;
            let counts = [
                judged.to_string(),
                subject.failed.to_string(),
                count(subject.limits),
                count(subject.disputed),
                subject.cannot_express.to_string(),
                subject.not_asked.to_string(),
            ];
            let begin = format!("| `{}` | ", subject.name);
            let end = format!(" | {} |", counts.join(" | "));
            assert!(
                page.lines().any(|line| line.starts_with(&begin) && line.ends_with(&end)),
                "the row of {} does not end with `{end}`",
                subject.name
            );
        }
    }
}
