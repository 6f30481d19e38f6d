//! A run as text for a terminal.

use std::fmt::{Display, Write as _};

use comfy_table::{CellAlignment, Table, presets};

use super::counts::{self, Alike};
use crate::run::{Run, ScenarioResult, SubjectRun, Verdict};

/// The widest line of a list of ids.
const WIDTH: usize = 100;

pub(super) fn render(run: &Run) -> String {
    let mut text = Text(String::new());
    // What keeps a run from being played matters more than a table of zeros.
    text.problems(run);
    text.line(0, scores(run));
    text.limits(run);
    for subject in &run.subjects {
        text.failures(run, subject);
    }
    text.sections(run, "shown and not judged", informative);
    text.sections(run, "cannot express", |subject| reasons(subject, Verdict::CannotExpress));
    text.sections(run, "not asked", |subject| reasons(subject, Verdict::NotAsked));
    text.line(0, "");
    text.line(0, counts::summary(run));
    text.0
}

/// The problems, known limits and known deviations of a run, which every report of text for a terminal shows.
pub(super) fn notes(run: &Run) -> String {
    let mut text = Text(String::new());
    text.problems(run);
    text.limits(run);
    text.0
}

pub(super) fn scores(run: &Run) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let names = run.subjects.iter().map(|subject| subject.name.as_str());
    table.set_header(std::iter::once("group").chain(names));
    let groups = counts::groups(run).into_iter().chain([("all", counts::totals(run))]);
    let scores = groups.map(|(group, scores)| row(group, scores));
    let outcomes = counts::outcomes(run).into_iter().map(|(outcome, numbers)| row(outcome, numbers));
    for row in scores.chain(outcomes) {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row(name: &str, cells: impl IntoIterator<Item = impl Display>) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(cells.into_iter().map(|cell| cell.to_string())).collect()
}

struct Text(String);

impl Text {
    fn line(&mut self, indent: usize, line: impl Display) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "{:indent$}{line}", "");
    }

    fn problems(&mut self, run: &Run) {
        let problems = run.all_problems();
        if !problems.is_empty() {
            self.line(0, "");
            self.line(0, "The run has problems");
        }
        for problem in problems {
            for line in problem.lines() {
                self.line(2, line);
            }
        }
        for subject in run.subjects.iter().filter(|subject| !subject.problems.is_empty()) {
            self.line(0, "");
            self.line(0, format_args!("{} has problems", subject.name));
            for problem in &subject.problems {
                self.line(2, problem);
            }
        }
    }

    fn limits(&mut self, run: &Run) {
        for subject in &run.subjects {
            self.limits_of(subject);
        }
    }

    fn limits_of(&mut self, subject: &SubjectRun) {
        let limits = counts::limits(subject);
        if !limits.is_empty() {
            self.line(0, "");
            self.line(0, format_args!("{}, {}", subject.name, counts::plural(limits.len(), "known limit")));
        }
        for result in limits {
            self.line(2, format_args!("{}: {}", result.scenario, result.title));
            if let Some(limit) = &result.limit {
                self.line(4, limit);
            }
        }
        let disputes = counts::disputes(subject);
        if !disputes.is_empty() {
            self.line(0, "");
            self.line(0, format_args!("{}, {} disputed", subject.name, disputes.len()));
        }
        for result in disputes {
            self.line(2, format_args!("{}: {}", result.scenario, result.title));
            if let Some(dispute) = &result.dispute {
                self.line(4, dispute);
            }
        }
        if !subject.deviations.is_empty() {
            self.line(0, "");
            let count = counts::plural(subject.deviations.len(), "known deviation");
            self.line(0, format_args!("{}, {count} of its specimen", subject.name));
        }
        for deviation in &subject.deviations {
            self.line(2, deviation);
        }
    }

    fn failures(&mut self, run: &Run, subject: &SubjectRun) {
        let failures = counts::failures(subject);
        if failures.is_empty() {
            return;
        }
        self.line(0, "");
        self.line(0, format_args!("{} {}", subject.name, counts::failing(run, subject)));
        let (groups, single) = counts::by_cause(&failures);
        for group in groups {
            self.group(&group, failures.len());
        }
        for result in single {
            self.failure(result);
        }
    }

    fn group(&mut self, group: &Alike<'_>, failures: usize) {
        self.line(0, "");
        self.line(2, format_args!("{} of {failures}: {}", group.results.len(), group.cause));
        let mut line = String::new();
        for result in &group.results {
            if !line.is_empty() && line.len() + result.scenario.len() > WIDTH {
                self.line(4, format_args!("{line},"));
                line.clear();
            }
            if !line.is_empty() {
                line.push_str(", ");
            }
            line.push_str(&result.scenario);
        }
        self.line(4, &line);
        if let Some(example) = group.results.first().filter(|result| !result.mismatches.is_empty()) {
            self.line(2, "the first of them:");
            self.failure(example);
        }
    }

    fn failure(&mut self, result: &ScenarioResult) {
        self.line(0, "");
        let error = if result.verdict == Verdict::Error { ", error" } else { "" };
        self.line(2, format_args!("{} ({}{error})", result.scenario, result.kind.as_str()));
        self.line(4, &result.title);
        if let Some(harm) = &result.harm {
            self.line(4, format_args!("harm: {harm}"));
        }
        if result.mismatches.is_empty() {
            self.line(4, &result.detail);
        }
        for mismatch in &result.mismatches {
            self.line(4, format_args!("step {}, {}", mismatch.step, mismatch.about));
            self.line(6, format_args!("expected  {}", mismatch.expected));
            self.line(6, format_args!("seen      {}", mismatch.seen));
        }
        if !result.exchanges.is_empty() {
            self.line(4, "on the wire");
        }
        for line in &result.exchanges {
            self.line(6, line);
        }
    }

    /// Writes the lines of every subject, once for subjects with the same lines.
    fn sections(&mut self, run: &Run, heading: &str, lines: impl Fn(&SubjectRun) -> Vec<String>) {
        let mut sections: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
        for subject in &run.subjects {
            let lines = lines(subject);
            match sections.iter_mut().find(|(_, known)| *known == lines) {
                Some((names, _)) => names.push(&subject.name),
                None => sections.push((vec![&subject.name], lines)),
            }
        }
        for (names, lines) in sections.into_iter().filter(|(_, lines)| !lines.is_empty()) {
            self.line(0, "");
            self.line(0, format_args!("{}, {heading}", names.join(", ")));
            for line in lines {
                self.line(2, line);
            }
        }
    }
}

fn informative(subject: &SubjectRun) -> Vec<String> {
    let lines = |result: &ScenarioResult| {
        [format!("{}: {}", result.scenario, result.title), format!("  {}", counts::observation(result))]
    };
    counts::informative(subject).into_iter().flat_map(lines).collect()
}

fn reasons(subject: &SubjectRun, verdict: Verdict) -> Vec<String> {
    counts::reasons(subject, verdict)
        .into_iter()
        .map(|(reason, count)| format!("{count} x {reason}"))
        .collect()
}
