//! `cargo xtask instructions`: whether the core's decisions need more instructions than before.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use comfy_table::{CellAlignment, Table, presets};
use cors_cli::command::CommandResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many times the benchmark runs. The smallest count is used.
const RUNS: usize = 3;

/// How much more of a count is accepted, in percent. Hash tables have random seeds, which differ from build to build: they change some
/// counts by up to 4 %.
const BAND: f64 = 5.0;

/// The arguments of `cargo xtask instructions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Write the counts into the baseline
    #[arg(long)]
    update: bool,
}

/// The counts that were measured before, and with what.
#[derive(Debug, Deserialize, Serialize)]
struct Baseline {
    /// What `rustc --version` prints. Another compiler makes other instructions.
    compiler: String,
    decide: BTreeMap<String, u64>,
}

/// Counts the instructions and compares them with the baseline.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    for program in ["valgrind", "gungraun-runner"] {
        // The runner exits with an error, because only a benchmark may call it. That still shows that it is installed.
        let answer =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if answer.is_err() {
            eprintln!("not checked: counting instructions needs `{program}`, which is not installed");
            return Ok(ExitCode::SUCCESS);
        }
    }
    let compiler = compiler()?;
    let mut counts = BTreeMap::new();
    for run in 1..=RUNS {
        eprintln!("counting instructions, run {run} of {RUNS}");
        for (name, count) in measure()? {
            counts.entry(name).and_modify(|least: &mut u64| *least = count.min(*least)).or_insert(count);
        }
    }
    let path = baseline_path();
    if arguments.update {
        let baseline = Baseline { compiler, decide: counts };
        fs::write(&path, toml::to_string(&baseline)?)?;
        println!("wrote {}", path.display());
        return Ok(ExitCode::SUCCESS);
    }
    let baseline: Baseline = toml::from_str(&fs::read_to_string(&path)?)?;
    let changes = compare(&baseline.decide, &counts);
    println!("{}", table(&changes));
    if baseline.compiler != compiler {
        println!(
            "not judged: the baseline was counted with {}, and this is {compiler}. Run \
             `cargo xtask instructions --update` on the commit before yours to compare.",
            baseline.compiler
        );
        return Ok(ExitCode::SUCCESS);
    }
    if changes.iter().all(Change::is_accepted) {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "A count grew by more than {BAND} %. If that is intended, run `cargo xtask instructions --update` and commit \
         the baseline."
    );
    Ok(ExitCode::FAILURE)
}

fn compiler() -> Result<String, Box<dyn std::error::Error>> {
    let output = Command::new("rustc").arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn baseline_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cors-core/benches/instructions.toml")
}

/// Runs the benchmark once.
fn measure() -> Result<Vec<(String, u64)>, Box<dyn std::error::Error>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["bench", "--locked", "--quiet", "--package", "cors-policy-core", "--bench", "decision"])
        .args(["--", "--output-format=json"])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("the benchmark failed: {}", output.status).into());
    }
    let counts = read(&String::from_utf8(output.stdout)?)?;
    if counts.is_empty() {
        return Err("the benchmark printed no counts".into());
    }
    Ok(counts)
}

/// Reads the report of the benchmark: a JSON object in each line.
fn read(report: &str) -> Result<Vec<(String, u64)>, Box<dyn std::error::Error>> {
    let mut counts = Vec::new();
    for line in report.lines().filter(|line| line.starts_with('{')) {
        let benchmark: Value = serde_json::from_str(line)?;
        let name = benchmark["id"].as_str().ok_or("a benchmark has no id")?;
        let count = &benchmark["profiles"][0]["data"]["total"]["metrics"]["Ir"]["values"]["new"];
        let count =
            count.as_u64().ok_or_else(|| format!("the benchmark `{name}` has no instruction count"))?;
        counts.push((name.to_owned(), count));
    }
    Ok(counts)
}

/// What became of one count.
#[derive(Debug, PartialEq)]
struct Change {
    name: String,
    /// `None` if the benchmark is new.
    before: Option<u64>,
    /// `None` if the benchmark is gone.
    now: Option<u64>,
}

impl Change {
    fn percent(&self) -> Option<f64> {
        let (before, now) = (self.before? as f64, self.now? as f64);
        Some((now - before) / before * 100.0)
    }

    fn is_accepted(&self) -> bool {
        self.percent().is_some_and(|percent| percent <= BAND)
    }
}

fn compare(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> Vec<Change> {
    let mut names: Vec<_> = before.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let change = |name: &String| Change {
        name: name.clone(),
        before: before.get(name).copied(),
        now: now.get(name).copied(),
    };
    names.into_iter().map(change).collect()
}

fn table(changes: &[Change]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["decision", "before", "now", "change", ""]);
    let number = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |count| count.to_string());
    for change in changes {
        let percent = change.percent().map_or_else(|| "–".to_owned(), |percent| format!("{percent:+.1} %"));
        let verdict = if change.is_accepted() { "" } else { "not accepted" };
        table.add_row([&change.name, &number(change.before), &number(change.now), &percent, verdict]);
    }
    for column in table.column_iter_mut().skip(1).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn the_report_of_the_benchmark_is_read() {
        let line = |id: &str, count: u64| {
            let metrics = format!(r#"{{"Ir":{{"values":{{"new":{count}}}}}}}"#);
            format!(r#"{{"id":"{id}","profiles":[{{"data":{{"total":{{"metrics":{metrics}}}}}}}]}}"#)
        };
        let report = format!("some other line\n{}\n{}\n", line("plain", 272), line("preflight", 1262));
        assert_eq!(read(&report).unwrap(), [("plain".to_owned(), 272), ("preflight".to_owned(), 1262)]);
        assert!(read(r#"{"id":"plain"}"#).unwrap_err().to_string().contains("`plain`"));
    }

    #[rstest]
    #[case::same(Some(1000), Some(1000), true)]
    #[case::little_more(Some(1000), Some(1050), true)]
    #[case::more(Some(1000), Some(1051), false)]
    #[case::less(Some(1000), Some(900), true)]
    #[case::new(None, Some(1000), false)]
    #[case::gone(Some(1000), None, false)]
    fn only_small_growth_is_accepted(
        #[case] before: Option<u64>,
        #[case] now: Option<u64>,
        #[case] expected: bool,
    ) {
        let counts =
            |count: Option<u64>| count.map(|count| ("plain".to_owned(), count)).into_iter().collect();
        let changes = compare(&counts(before), &counts(now));
        assert_eq!(changes, [Change { name: "plain".to_owned(), before, now }]);
        assert_eq!(changes[0].is_accepted(), expected);
        assert_eq!(table(&changes).to_string().contains("not accepted"), !expected);
    }

    #[test]
    fn the_baseline_has_every_benchmark() {
        let baseline: Baseline = toml::from_str(&fs::read_to_string(baseline_path()).unwrap()).unwrap();
        let source = include_str!("../../cors-core/benches/decision.rs");
        let names: Vec<_> = source.lines().filter_map(|line| line.trim().strip_prefix("#[bench::")).collect();
        let names: Vec<_> = names.iter().filter_map(|line| Some(line.split_once('(')?.0)).collect();
        assert!(names.len() >= 10);
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(baseline.decide.keys().collect::<Vec<_>>(), sorted);
    }
}
