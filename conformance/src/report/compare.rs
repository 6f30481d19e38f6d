//! Subjects side by side: where they differ.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use super::{Format, ReportError, counts, markdown, table};
use crate::run::{Run, ScenarioResult, SubjectRun, Verdict};

/// The report of a run as a comparison of its subjects. JSON and JUnit are as those of [`render`](super::render). The text ends with a line feed.
///
/// # Errors
///
/// The run cannot be serialized.
pub fn compare(run: &Run, format: Format) -> Result<String, ReportError> {
    match format {
        Format::Table => Ok(as_table(run)),
        Format::Markdown => Ok(as_markdown(run)),
        Format::Json | Format::Junit => super::render(run, format),
    }
}

/// Orders the subjects by framework, each adapter before the other middleware of its framework.
pub fn side_by_side(run: &mut Run) {
    run.subjects.sort_by(|one, other| {
        let key =
            |subject: &SubjectRun| (subject.framework.clone(), subject.kind as u8, subject.name.clone());
        key(one).cmp(&key(other))
    });
}

fn as_table(run: &Run) -> String {
    let mut text = format!("{}\n{}", table::scores(run), table::notes(run));
    let differences = differences(run);
    if !differences.is_empty() {
        let mut matrix = Table::new();
        matrix.load_style(presets::UTF8_FULL_CONDENSED);
        matrix.set_header(["scenario", "kind"].into_iter().chain(names(run)));
        for difference in &differences {
            let marks = difference.verdicts.iter().map(|verdict| mark(*verdict));
            let described = [difference.result.scenario.as_str(), difference.result.kind.as_str()];
            matrix.add_row(described.into_iter().chain(marks));
        }
        for column in matrix.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Center);
        }
        // Writing into a string cannot fail.
        let _ = writeln!(text, "\nWhere they differ ({LEGEND})\n{matrix}");
        let _ = writeln!(text, "\nWhat the scenarios say");
        for difference in &differences {
            let _ = writeln!(text, "  {}\n    {}", difference.result.scenario, difference.result.title);
            if let Some(harm) = &difference.result.harm {
                let _ = writeln!(text, "    harm: {harm}");
            }
        }
    }
    for subject in &run.subjects {
        for verdict in [Verdict::CannotExpress, Verdict::NotAsked] {
            let reasons = counts::reasons(subject, verdict);
            if !reasons.is_empty() {
                let _ = writeln!(text, "\n{} {}: {}", subject.name, subject.version, verdict.as_str());
            }
            for (reason, count) in reasons {
                let _ = writeln!(text, "  {count} x {reason}");
            }
        }
    }
    let _ = writeln!(text, "\n{}", counts::summary(run));
    text
}

fn as_markdown(run: &Run) -> String {
    let mut text = String::from("# CORS middleware compared\n\n");
    let versions: Vec<String> =
        run.subjects.iter().map(|subject| format!("{} {}", subject.name, subject.version)).collect();
    let row = |text: &mut String, cells: Vec<String>| {
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    };
    let header = |text: &mut String, first: &[&str]| {
        row(text, first.iter().map(ToString::to_string).chain(versions.clone()).collect());
        let columns = first.len() + versions.len();
        let _ = writeln!(text, "|{}", "---|".repeat(columns));
    };
    header(&mut text, &["group"]);
    for (group, scores) in counts::groups(run).into_iter().chain([("all", counts::totals(run))]) {
        let cells = std::iter::once(group.to_owned()).chain(scores.iter().map(ToString::to_string));
        row(&mut text, cells.collect());
    }
    for (outcome, numbers) in counts::outcomes(run) {
        let cells = std::iter::once(outcome.to_owned()).chain(numbers.iter().map(ToString::to_string));
        row(&mut text, cells.collect());
    }
    let mut notes = String::new();
    markdown::notes(run, &mut notes);
    if !notes.is_empty() {
        let _ = write!(text, "\n{}\n", notes.trim_end());
    }
    let differences = differences(run);
    if !differences.is_empty() {
        text.push_str("\n## Where they differ\n\n");
        let _ = writeln!(text, "{LEGEND}\n");
        header(&mut text, &["scenario", "kind", "what it says"]);
        for difference in &differences {
            let result = difference.result;
            let harm = result.harm.as_ref().map(|harm| format!(". {harm}.")).unwrap_or_default();
            let described = [
                format!("`{}`", result.scenario),
                result.kind.as_str().to_owned(),
                format!("{}{harm}", result.title).replace('|', "\\|"),
            ];
            let marks = difference.verdicts.iter().map(|verdict| mark(*verdict).to_owned());
            row(&mut text, described.into_iter().chain(marks).collect());
        }
    }
    let _ = writeln!(text, "\n{}", counts::summary(run));
    text
}

/// A scenario that a subject does not pass although it was judged, with the verdict for each subject.
struct Difference<'a> {
    result: &'a ScenarioResult,
    verdicts: Vec<Verdict>,
}

fn differences(run: &Run) -> Vec<Difference<'_>> {
    let mut scenarios = BTreeMap::<&str, Difference<'_>>::new();
    for (position, subject) in run.subjects.iter().enumerate() {
        for result in &subject.results {
            let difference = scenarios.entry(&result.scenario).or_insert_with(|| Difference {
                result,
                verdicts: vec![Verdict::NotAsked; run.subjects.len()],
            });
            difference.verdicts[position] = result.verdict;
        }
    }
    let is_shown = |verdict: &Verdict| {
        matches!(verdict, Verdict::Fail | Verdict::Limit | Verdict::Disputed | Verdict::Error)
    };
    scenarios.into_values().filter(|difference| difference.verdicts.iter().any(is_shown)).collect()
}

fn names(run: &Run) -> impl Iterator<Item = &str> {
    run.subjects.iter().map(|subject| subject.name.as_str())
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Fail => "✗",
        Verdict::Limit => "L",
        Verdict::Disputed => "D",
        Verdict::CannotExpress => "·",
        Verdict::NotAsked => "–",
        Verdict::Error => "!",
    }
}

/// What the marks of [`mark`] mean.
const LEGEND: &str = "✓ holds, ✗ fails, L known limit, D disputed, · cannot express, – not asked, ! error";
