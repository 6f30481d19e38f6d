//! A run as text for a terminal.

use std::fmt::{Display, Write as _};

use comfy_table::{CellAlignment, Table, presets};

use super::counts;
use crate::run::{Run, ScenarioResult, SubjectRun};

pub(super) fn render(run: &Run) -> String {
    let mut text = Text(String::new());
    text.line(0, scores(run));
    for subject in &run.subjects {
        text.failures(subject);
    }
    for subject in &run.subjects {
        text.informative(subject);
    }
    for subject in &run.subjects {
        text.skips(subject);
    }
    text.line(0, "");
    text.line(0, counts::summary(run));
    text.0
}

pub(super) fn scores(run: &Run) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let names = run.subjects.iter().map(|subject| subject.name.as_str());
    table.set_header(std::iter::once("group").chain(names));
    let rows = counts::groups(run).into_iter().chain([("all", counts::totals(run))]);
    for (group, scores) in rows {
        let cells = scores.iter().map(ToString::to_string);
        table.add_row(std::iter::once(group.to_owned()).chain(cells));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

struct Text(String);

impl Text {
    fn line(&mut self, indent: usize, line: impl Display) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "{:indent$}{line}", "");
    }

    fn failures(&mut self, subject: &SubjectRun) {
        let failures = counts::failures(subject);
        if failures.is_empty() {
            return;
        }
        self.line(0, "");
        self.line(0, format_args!("{} fails {}", subject.name, failures.len()));
        for result in failures {
            self.failure(result);
        }
    }

    fn failure(&mut self, result: &ScenarioResult) {
        self.line(0, "");
        self.line(2, format_args!("{} ({})", result.scenario, result.kind.as_str()));
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

    fn informative(&mut self, subject: &SubjectRun) {
        let results = counts::informative(subject);
        if results.is_empty() {
            return;
        }
        self.line(0, "");
        self.line(0, format_args!("{}, not judged", subject.name));
        for result in results {
            self.line(2, format_args!("{}: {}", result.scenario, result.title));
            self.line(4, counts::observation(result));
        }
    }

    fn skips(&mut self, subject: &SubjectRun) {
        let skips = counts::skips(subject);
        if skips.is_empty() {
            return;
        }
        self.line(0, "");
        let sum: usize = skips.iter().map(|(_, count)| count).sum();
        self.line(0, format_args!("{} skips {sum}", subject.name));
        for (reason, count) in skips {
            self.line(2, format_args!("{count} x {reason}"));
        }
    }
}
