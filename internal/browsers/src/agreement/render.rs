//! Writes the result of a comparison, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use serde_json::Value;

use super::{Agreement, Class, Compared, Comparison, Row, SentRequest, StepView};

/// The width of a table that is not written to a terminal.
const WIDTH: u16 = 160;

/// How the result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Text for a terminal.
    #[default]
    Table,
    /// Everything, for programs.
    Json,
    /// Text for a web page.
    Markdown,
}

/// Writes the result as text that ends with a line feed. Steps that agree, and steps that were skipped, are left out unless `all`
/// is set; JSON always contains them.
///
/// # Errors
///
/// If the result cannot be written as JSON.
pub fn render(agreement: &Agreement, format: Format, all: bool) -> Result<String, serde_json::Error> {
    Ok(match format {
        Format::Table => table(agreement, all),
        Format::Markdown => markdown(agreement, all),
        Format::Json => serde_json::to_string_pretty(&json(agreement)?)? + "\n",
    })
}

/// The result as JSON. In a comparison of rows, the keys that are named after scenarios have other names.
fn json(agreement: &Agreement) -> Result<Value, serde_json::Error> {
    let mut json = serde_json::to_value(agreement)?;
    if agreement.subject == Compared::Rows {
        rename(&mut json, &[("scenarios", "selected")]);
        for row in json["rows"].as_array_mut().into_iter().flatten() {
            rename(row, &[("scenario", "row"), ("step", "fetch")]);
        }
    }
    Ok(json)
}

fn rename(json: &mut Value, names: &[(&str, &str)]) {
    let Some(object) = json.as_object_mut() else { return };
    for (from, to) in names {
        if let Some(value) = object.remove(*from) {
            object.insert((*to).to_owned(), value);
        }
    }
}

/// One line for each browser, and one for each problem.
pub fn summary(agreement: &Agreement) -> String {
    let mut text = String::new();
    for (browser, counts) in &agreement.browsers {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{browser} {}: {} {} = {} agreed + {} explained + {} unexplained + {} skipped + {} failed; \
             {} do not meet their expectations",
            counts.version,
            agreement.selected.len(),
            agreement.subject.as_str(),
            counts.agreed,
            counts.explained,
            counts.unexplained,
            counts.skipped,
            counts.failed,
            counts.mismatched,
        );
    }
    for problem in agreement.problems() {
        let _ = writeln!(text, "not clean: {problem}");
    }
    text
}

fn table(agreement: &Agreement, all: bool) -> String {
    let mut text = String::new();
    for row in shown(agreement, all) {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if table.width().is_none() {
            table.set_width(WIDTH);
        }
        table.set_header(header(row));
        for (aspect, cells) in aspects(row) {
            table.add_row(std::iter::once(aspect.to_owned()).chain(cells));
        }
        let _ = writeln!(text, "{}, step {}\n{table}", row.scenario, row.step);
        for line in notes(row) {
            let _ = writeln!(text, "  {line}");
        }
        text.push('\n');
    }
    for line in skipped(agreement) {
        let _ = writeln!(text, "{line}");
    }
    if agreement.without_page > 0 {
        let _ = writeln!(text, "{} scenarios have no page and need no browser", agreement.without_page);
    }
    text.push_str(&summary(agreement));
    text
}

fn markdown(agreement: &Agreement, all: bool) -> String {
    let mut text = String::from("# The model and real browsers\n\n");
    let _ = writeln!(
        text,
        "| browser | version | {} | agreed | explained | unexplained | skipped | failed | expectations not met |",
        agreement.subject.as_str()
    );
    text.push_str("|---|---|---|---|---|---|---|---|---|\n");
    for (browser, counts) in &agreement.browsers {
        let _ = writeln!(
            text,
            "| {browser} | {} | {} | {} | {} | {} | {} | {} | {} |",
            counts.version,
            agreement.selected.len(),
            counts.agreed,
            counts.explained,
            counts.unexplained,
            counts.skipped,
            counts.failed,
            counts.mismatched,
        );
    }
    for problem in agreement.problems() {
        let _ = writeln!(text, "\nNot clean: {problem}.");
    }
    for row in shown(agreement, all) {
        let _ = writeln!(text, "\n## {}, step {}\n", row.scenario, row.step);
        let header = header(row);
        let _ = writeln!(text, "| {} |\n|{}", header.join(" | "), "---|".repeat(header.len()));
        for (aspect, cells) in aspects(row) {
            let cells: Vec<_> =
                cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', "<br>")).collect();
            let _ = writeln!(text, "| {aspect} | {} |", cells.join(" | "));
        }
        text.push('\n');
        for line in notes(row) {
            let _ = writeln!(text, "- {line}");
        }
    }
    let _ = writeln!(text, "\n## Skipped\n");
    for line in skipped(agreement) {
        let _ = writeln!(text, "- {line}");
    }
    text
}

/// The rows that a report for people contains.
fn shown(agreement: &Agreement, all: bool) -> impl Iterator<Item = &Row> {
    agreement.rows.iter().filter(move |row| {
        all || row.browsers.values().any(|step| step.class > Class::Agreed || !step.mismatches.is_empty())
    })
}

fn header(row: &Row) -> Vec<String> {
    let names = row.browsers.keys().flat_map(|browser| [format!("model of {browser}"), browser.clone()]);
    std::iter::once(String::new()).chain(names).collect()
}

/// The lines of a step's table: the name of each, and a cell for each column after it.
fn aspects(row: &Row) -> Vec<(&'static str, Vec<String>)> {
    let aspect = |name, show: fn(&StepView) -> String| {
        let cells = row.browsers.values().flat_map(|step| [&step.model, &step.browser]);
        (name, cells.map(|view| view.as_ref().map_or_else(|| "–".to_owned(), show)).collect())
    };
    let mut aspects = vec![
        aspect("page", |view| view.page.first().cloned().unwrap_or_default()),
        aspect("preflight", |view| {
            let preflights = view.requests.iter().filter(|request| request.preflight).count();
            if preflights == 0 { "no".to_owned() } else { format!("yes, {preflights}") }
        }),
        aspect("Origin", |view| each_request(view, |request| request.origin.as_deref())),
        aspect("cookies", |view| each_request(view, |request| request.cookie.as_deref())),
        aspect("console", |view| view.console.join("\n")),
    ];
    let mut views = row.browsers.values().flat_map(|step| [&step.model, &step.browser]).flatten();
    if views.any(|view| view.document_cookie.is_some()) {
        aspects.push(aspect("document.cookie", |view| view.document_cookie.clone().unwrap_or_default()));
    }
    aspects
}

/// The value of a header in every request, one line each.
fn each_request(view: &StepView, value: fn(&SentRequest) -> Option<&str>) -> String {
    view.requests.iter().map(|request| value(request).unwrap_or("none")).collect::<Vec<_>>().join("\n")
}

fn notes(row: &Row) -> Vec<String> {
    let note = |(browser, step): (&String, &Comparison)| {
        let mut lines = Vec::new();
        if !step.why.is_empty() {
            lines.push(format!("{browser}, {}: {}", step.class.as_str(), step.why));
        }
        let mismatches = step.mismatches.iter();
        lines.extend(
            mismatches.map(|mismatch| format!("{browser} does not meet the expectation: {mismatch}")),
        );
        lines
    };
    row.browsers.iter().flat_map(note).collect()
}

/// How many scenarios each browser skips, one line for each reason.
fn skipped(agreement: &Agreement) -> Vec<String> {
    let mut lines = Vec::new();
    for browser in agreement.browsers.keys() {
        let mut reasons = BTreeMap::<&str, Vec<&str>>::new();
        // A scenario is skipped as a whole.
        for (row, step) in
            agreement.of(browser).filter(|(row, step)| row.step == 1 && step.class == Class::Skipped)
        {
            reasons.entry(&step.why).or_default().push(&row.scenario);
        }
        for (reason, scenarios) in reasons {
            let which = match scenarios.as_slice() {
                few @ ([_] | [_, _] | [_, _, _]) => format!(" ({})", few.join(", ")),
                _ => String::new(),
            };
            lines.push(format!("{browser} skips {} x {reason}{which}", scenarios.len()));
        }
    }
    lines
}
