//! A run as Markdown.

use std::fmt::{Display, Write as _};

use super::counts;
use crate::run::{Run, ScenarioResult, Verdict};

pub(super) fn render(run: &Run) -> String {
    let mut text = String::new();
    line(&mut text, "# CORS conformance");
    line(&mut text, "");
    line(&mut text, counts::summary(run));
    line(&mut text, "");
    scores(run, &mut text);
    line(&mut text, "");
    notes(run, &mut text);
    for subject in &run.subjects {
        let failures = counts::failures(subject);
        if !failures.is_empty() {
            heading(&mut text, format_args!("`{}` {}", subject.name, counts::failing(run, subject)));
        }
        for result in failures {
            failure(result, &mut text);
        }
    }
    for subject in &run.subjects {
        let results = counts::informative(subject);
        if !results.is_empty() {
            heading(&mut text, format_args!("`{}`, not judged", subject.name));
        }
        for result in results {
            let (title, seen) = (escaped(&result.title), escaped(&counts::observation(result)));
            line(&mut text, format_args!("- `{}`: {title} ({seen})", result.scenario));
        }
        line(&mut text, "");
    }
    for subject in &run.subjects {
        for verdict in [Verdict::CannotExpress, Verdict::NotAsked] {
            let reasons = counts::reasons(subject, verdict);
            if !reasons.is_empty() {
                heading(&mut text, format_args!("`{}`, {}", subject.name, verdict.as_str()));
            }
            for (reason, count) in reasons {
                line(&mut text, format_args!("- {count} × {}", escaped(reason)));
            }
            line(&mut text, "");
        }
    }
    text
}

fn scores(run: &Run, text: &mut String) {
    let names: Vec<_> = run.subjects.iter().map(|subject| format!("`{}`", subject.name)).collect();
    line(text, format_args!("| group | {} |", names.join(" | ")));
    line(text, format_args!("|---|{}", "---:|".repeat(names.len())));
    for (group, scores) in counts::groups(run).into_iter().chain([("**all**", counts::totals(run))]) {
        let cells: Vec<_> = scores.iter().map(ToString::to_string).collect();
        line(text, format_args!("| {group} | {} |", cells.join(" | ")));
    }
    for (outcome, numbers) in counts::outcomes(run) {
        let cells: Vec<_> = numbers.iter().map(ToString::to_string).collect();
        line(text, format_args!("| {outcome} | {} |", cells.join(" | ")));
    }
}

/// The problems, known limits and known deviations of a run, which every report in Markdown shows.
pub(super) fn notes(run: &Run, text: &mut String) {
    let problems = run.all_problems();
    if !problems.is_empty() {
        list(text, "The run has problems", problems.iter().map(|problem| escaped(problem)));
    }
    for subject in &run.subjects {
        let name = format!("`{}`", subject.name);
        list(text, &format!("{name} has problems"), subject.problems.iter().map(|problem| escaped(problem)));
        let limits = counts::limits(subject).into_iter().map(|result| {
            let limit = result.limit.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("`{}`: {}: {}", result.scenario, escaped(&result.title), escaped(&limit))
        });
        list(text, &format!("{name}, known limits"), limits);
        let disputes = counts::disputes(subject).into_iter().map(|result| {
            let dispute = result.dispute.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("`{}`: {}: {}", result.scenario, escaped(&result.title), escaped(&dispute))
        });
        list(text, &format!("{name}, disputed"), disputes);
        let deviations = subject.deviations.iter().map(|deviation| escaped(deviation));
        list(text, &format!("{name}, known deviations of its specimen"), deviations);
    }
}

/// A heading with a list, unless the list is empty.
fn list(text: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<_> = items.map(|item| format!("- {}", item.replace('\n', " "))).collect();
    if !items.is_empty() {
        heading(text, title);
        line(text, items.join("\n"));
        line(text, "");
    }
}

fn failure(result: &ScenarioResult, text: &mut String) {
    line(text, format_args!("### `{}` ({})", result.scenario, result.kind.as_str()));
    line(text, "");
    line(text, escaped(&result.title));
    line(text, "");
    if let Some(harm) = &result.harm {
        line(text, format_args!("**Harm:** {}", escaped(harm)));
        line(text, "");
    }
    if result.mismatches.is_empty() {
        line(text, format_args!("- {}", escaped(&result.detail)));
    }
    for mismatch in &result.mismatches {
        let (expected, seen) = (escaped(&mismatch.expected), escaped(&mismatch.seen));
        line(
            text,
            format_args!("- step {}, {}: expected {expected}, seen {seen}", mismatch.step, mismatch.about),
        );
    }
    line(text, "");
    if !result.exchanges.is_empty() {
        let fence = fence(&result.exchanges);
        line(text, format_args!("<details><summary>On the wire</summary>\n\n{fence}text"));
        for exchange in &result.exchanges {
            line(text, exchange);
        }
        line(text, format_args!("{fence}\n\n</details>\n"));
    }
}

fn heading(text: &mut String, heading: impl Display) {
    line(text, format_args!("## {heading}\n"));
}

fn line(text: &mut String, line: impl Display) {
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{line}");
}

/// A fence that is longer than any run of backticks in `lines`.
fn fence(lines: &[String]) -> String {
    let runs = lines.iter().flat_map(|line| line.split(|character| character != '`')).map(str::len);
    "`".repeat(runs.max().unwrap_or_default().max(2) + 1)
}

/// Escapes the characters that are markup outside of code.
fn escaped(text: &str) -> String {
    // Between backticks, entities and backslashes would be shown as they are.
    let parts = text.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => part.replace('&', "&amp;").replace('<', "&lt;").replace('*', "\\*").replace('_', "\\_"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}
