//! A run as Markdown.

use std::fmt::{Display, Write as _};

use super::counts;
use crate::run::{Run, ScenarioResult};

pub(super) fn render(run: &Run) -> String {
    let mut text = String::new();
    line(&mut text, "# CORS conformance");
    line(&mut text, "");
    line(&mut text, counts::summary(run));
    line(&mut text, "");
    scores(run, &mut text);
    line(&mut text, "");
    for subject in &run.subjects {
        let failures = counts::failures(subject);
        if !failures.is_empty() {
            heading(&mut text, format_args!("`{}` fails {}", subject.name, failures.len()));
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
    }
    for subject in &run.subjects {
        let skips = counts::skips(subject);
        if !skips.is_empty() {
            heading(&mut text, format_args!("`{}` skips", subject.name));
        }
        for (reason, count) in skips {
            line(&mut text, format_args!("- {count} × {}", escaped(reason)));
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
        // Longer than any run of backticks that a value is likely to hold.
        let fence = "`````";
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

/// Text whose `<` and `|` are no markup outside of code.
fn escaped(text: &str) -> String {
    // Between backticks, an entity would be shown as it is written.
    let parts = text.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => part.replace('&', "&amp;").replace('<', "&lt;").replace('*', "\\*").replace('_', "\\_"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}
