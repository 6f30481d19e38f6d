//! Agreement, written down for people and for programs.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::{Agreement, Class, HARNESS_LIMIT_PERCENT, Request, Row, Seen, Side};

/// How wide a table is where no terminal says so.
const WIDTH: u16 = 160;

/// How agreement is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Text for a terminal.
    #[default]
    Table,
    /// Everything, for programs.
    Json,
    /// Text for a page.
    Markdown,
}

/// Writes agreement down; the text ends with a line feed. Steps that plainly agree, or that were not played, are shown only
/// if `all` are; JSON has always all.
///
/// # Errors
///
/// Of JSON.
pub fn render(agreement: &Agreement, format: Format, all: bool) -> Result<String, serde_json::Error> {
    Ok(match format {
        Format::Table => table(agreement, all),
        Format::Markdown => markdown(agreement, all),
        Format::Json => serde_json::to_string_pretty(agreement)? + "\n",
    })
}

/// One line for each browser.
pub fn summary(agreement: &Agreement) -> String {
    let mut text = String::new();
    for (browser, counts) in &agreement.browsers {
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{browser} {}: {} scenarios, {} agreed, {} explained, {} unexplained, {} skipped, {} failed",
            counts.version,
            agreement.scenarios,
            counts.agreed,
            counts.explained,
            counts.unexplained,
            counts.skipped,
            agreement
                .failed(browser)
                .map(|(row, _)| &row.scenario)
                .collect::<std::collections::BTreeSet<_>>()
                .len(),
        );
        let limits = agreement.harness_limits(browser);
        if limits * 100 > agreement.scenarios * HARNESS_LIMIT_PERCENT {
            let _ = writeln!(
                text,
                "{browser}: {limits} scenarios skipped by limits of the harness are more than {HARNESS_LIMIT_PERCENT} %"
            );
        }
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
        for line in remarks(row) {
            let _ = writeln!(text, "  {line}");
        }
        text.push('\n');
    }
    for line in skips(agreement) {
        let _ = writeln!(text, "{line}");
    }
    if agreement.without_page > 0 {
        let _ =
            writeln!(text, "{} scenarios have no page, and ask nothing of a browser", agreement.without_page);
    }
    text.push_str(&summary(agreement));
    text
}

fn markdown(agreement: &Agreement, all: bool) -> String {
    let mut text = String::from("# The model and real browsers\n\n");
    text.push_str("| browser | version | scenarios | agreed | explained | unexplained | skipped |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for (browser, counts) in &agreement.browsers {
        let _ = writeln!(
            text,
            "| {browser} | {} | {} | {} | {} | {} | {} |",
            counts.version,
            agreement.scenarios,
            counts.agreed,
            counts.explained,
            counts.unexplained,
            counts.skipped
        );
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
        for line in remarks(row) {
            let _ = writeln!(text, "- {line}");
        }
    }
    let _ = writeln!(text, "\n## Skipped\n");
    for line in skips(agreement) {
        let _ = writeln!(text, "- {line}");
    }
    text
}

/// The rows that are worth a look.
fn shown(agreement: &Agreement, all: bool) -> impl Iterator<Item = &Row> {
    agreement.rows.iter().filter(move |row| {
        all || row.browsers.values().any(|side| side.class > Class::Agreed || !side.mismatches.is_empty())
    })
}

fn header(row: &Row) -> Vec<String> {
    let names = row.browsers.keys().flat_map(|browser| [format!("model of {browser}"), browser.clone()]);
    std::iter::once(String::new()).chain(names).collect()
}

/// The lines of the table: what is looked at, and how each user agent sees it.
fn aspects(row: &Row) -> Vec<(&'static str, Vec<String>)> {
    let aspect = |name, show: fn(&Seen) -> String| {
        let cells = row.browsers.values().flat_map(|side| [&side.model, &side.browser]);
        (name, cells.map(|seen| seen.as_ref().map_or_else(|| "–".to_owned(), show)).collect())
    };
    let mut aspects = vec![
        aspect("page", |seen| seen.page.first().cloned().unwrap_or_default()),
        aspect("preflight", |seen| {
            let preflights = seen.requests.iter().filter(|request| request.preflight).count();
            if preflights == 0 { "no".to_owned() } else { format!("yes, {preflights}") }
        }),
        aspect("Origin", |seen| each(seen, |request| request.origin.as_deref())),
        aspect("cookies", |seen| each(seen, |request| request.cookie.as_deref())),
        aspect("console", |seen| seen.console.join("\n")),
    ];
    let sides = || row.browsers.values().flat_map(|side| [&side.model, &side.browser]).flatten();
    if sides().any(|seen| seen.document_cookie.is_some()) {
        aspects.push(aspect("document.cookie", |seen| seen.document_cookie.clone().unwrap_or_default()));
    }
    aspects
}

/// A header of every request, a line each.
fn each(seen: &Seen, value: fn(&Request) -> Option<&str>) -> String {
    seen.requests.iter().map(|request| value(request).unwrap_or("none")).collect::<Vec<_>>().join("\n")
}

fn remarks(row: &Row) -> Vec<String> {
    let remark = |(browser, side): (&String, &Side)| {
        let mut lines = Vec::new();
        if !side.why.is_empty() {
            lines.push(format!("{browser}, {}: {}", side.class.as_str(), side.why));
        }
        lines.extend(side.mismatches.iter().map(|mismatch| format!("{browser} fails: {mismatch}")));
        lines
    };
    row.browsers.iter().flat_map(remark).collect()
}

/// How many scenarios each browser skips, and why.
fn skips(agreement: &Agreement) -> Vec<String> {
    let mut lines = Vec::new();
    for browser in agreement.browsers.keys() {
        let mut reasons = std::collections::BTreeMap::<&str, Vec<&str>>::new();
        for (row, side) in
            agreement.sides(browser).filter(|(row, side)| row.step == 1 && side.class == Class::Skipped)
        {
            reasons.entry(&side.why).or_default().push(&row.scenario);
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
