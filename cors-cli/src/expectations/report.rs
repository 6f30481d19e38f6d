//! The report about a file of expected results.

use std::fmt::Write;

use comfy_table::{Table, presets};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::{CaseResult, Outcome, StepResult, Verified};
use crate::printable;

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Text for a terminal.
    Table,
    /// Everything, for programs.
    Json,
    /// XML for continuous integration.
    Junit,
    /// Text for a summary or a pull request.
    Markdown,
}

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// As JSON.
    #[error("cannot write the results as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// As JUnit's XML.
    #[error("cannot write the results as JUnit XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}

/// Returns the report. The text ends with a line feed. `file` is the name of the file.
///
/// # Errors
///
/// The results cannot be serialized.
pub fn render(verified: &Verified, file: &str, format: Format) -> Result<String, RenderError> {
    let mut text = match format {
        Format::Table => table(verified),
        Format::Json => json(verified, file)?,
        Format::Junit => junit(verified, file)?,
        Format::Markdown => markdown(verified),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// Every fetch with its case.
fn steps(verified: &Verified) -> impl Iterator<Item = (&CaseResult, &StepResult)> {
    verified.cases.iter().flat_map(|case| case.steps.iter().map(move |step| (case, step)))
}

fn summary(verified: &Verified) -> String {
    let [holds, differs, lost] =
        [Outcome::Holds, Outcome::Differs, Outcome::NotTried].map(|it| verified.count(it));
    let total = holds + differs + lost;
    format!("{total} expectations: {holds} hold, {differs} do not hold, {lost} could not be tried")
}

fn cells(case: &CaseResult, step: &StepResult) -> [String; 6] {
    let outcome = match step.outcome {
        Outcome::Holds => "ok",
        Outcome::Differs => "DIFFERS",
        Outcome::NotTried => "NOT TRIED",
    };
    let fetch = format!("{} {}", step.method, step.url);
    let actual = step.actual.as_deref().unwrap_or("no response");
    let page = format!("{} ({})", case.page, case.browser);
    [outcome, &case.name, &page, &fetch, &step.expected, actual].map(printable::text)
}

const HEADINGS: [&str; 6] = ["result", "check", "page", "fetch", "expected", "got"];

fn table(verified: &Verified) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(HEADINGS);
    for (case, step) in steps(verified) {
        table.add_row(cells(case, step));
    }
    let mut text = format!("{table}\n");
    for (case, step) in steps(verified).filter(|(_, step)| step.outcome != Outcome::Holds) {
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "\n{} (line {}): {} {}",
            printable::text(&case.name),
            case.line,
            step.method,
            step.url
        );
        let _ = writeln!(
            text,
            "  expected {}, got {}",
            step.expected,
            step.actual.as_deref().unwrap_or("no response")
        );
        if let Some(message) = &step.message {
            let _ = writeln!(text, "  {}", printable::text(message));
        }
    }
    let _ = writeln!(text, "\n{}", summary(verified));
    text
}

fn json(verified: &Verified, file: &str) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Json<'a> {
        file: &'a str,
        holds: usize,
        differs: usize,
        not_tried: usize,
        cases: &'a [CaseResult],
    }
    serde_json::to_string_pretty(&Json {
        file,
        holds: verified.count(Outcome::Holds),
        differs: verified.count(Outcome::Differs),
        not_tried: verified.count(Outcome::NotTried),
        cases: &verified.cases,
    })
}

fn junit(verified: &Verified, file: &str) -> Result<String, quick_junit::SerializeError> {
    let mut suite = TestSuite::new(file);
    for result in &verified.cases {
        let mut status = match result.outcome {
            Outcome::Holds => TestCaseStatus::success(),
            Outcome::Differs => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Outcome::NotTried => TestCaseStatus::non_success(NonSuccessKind::Error),
        };
        let worst = result.steps.iter().find(|step| step.outcome == result.outcome);
        if let Some(step) = worst.filter(|step| step.outcome != Outcome::Holds) {
            let got = step.actual.as_deref().unwrap_or("no response");
            status
                .set_message(format!("{} {}: expected {}, got {got}", step.method, step.url, step.expected));
            status.set_type(if step.outcome == Outcome::Differs { "differs" } else { "not-tried" });
            if let Some(message) = &step.message {
                status.set_description(format!("{file}:{}: {}", result.line, printable::text(message)));
            }
        }
        let fetches: Vec<_> =
            result.steps.iter().map(|step| format!("{} {}", step.method, step.url)).collect();
        let name =
            format!("{}: {} fetches {} ({})", result.name, result.page, fetches.join(", "), result.browser);
        let mut case = TestCase::new(name, status);
        case.set_classname(format!("cors.{}", result.name));
        case.set_time(result.duration);
        suite.add_test_case(case);
    }
    let mut report = Report::new("cors check");
    report.add_test_suite(suite);
    report.to_string()
}

fn markdown(verified: &Verified) -> String {
    let mut text = format!("### CORS\n\n{}\n\n", summary(verified));
    let row = |cells: [String; 6]| format!("| {} |\n", cells.join(" | "));
    text.push_str(&row(HEADINGS.map(str::to_owned)));
    text.push_str(&row([const { String::new() }; 6].map(|_| "---".to_owned())));
    for (case, step) in steps(verified) {
        text.push_str(&row(cells(case, step).map(|cell| escaped(&cell))));
    }
    for (case, step) in steps(verified).filter(|(_, step)| step.outcome != Outcome::Holds) {
        if let Some(message) = &step.message {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "\n- **{}**: {}", escaped(&case.name), escaped(&printable::text(message)));
        }
    }
    text
}

/// Escapes what Markdown would take for formatting, a link or the end of a cell.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '!' | '#' | '~' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}
