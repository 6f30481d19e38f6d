//! The report about a recorded session as text, for people.

use std::fmt::{self, Write};

use super::{HarReport, HarRequest, HarVerdict};
use crate::catalogue::{explanation, url};
use crate::check::CheckReport;
use crate::printable;

/// The longest URL that a line shows, in characters.
const URL_LIMIT: usize = 120;

/// Returns the report as text. What the recording contains is safe to print on a terminal.
pub fn har_text(report: &HarReport) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write_all(&mut text, report);
    text
}

fn write_all(text: &mut String, report: &HarReport) -> fmt::Result {
    for verdict in [HarVerdict::Blocked, HarVerdict::Unknown, HarVerdict::Opaque, HarVerdict::Readable] {
        for request in report.requests.iter().filter(|request| request.verdict == verdict) {
            write_request(text, request)?;
        }
    }
    for (entry, problem) in &report.unreadable {
        writeln!(text, "entry {entry} cannot be read: {}", printable::text(problem))?;
    }
    let count = |verdict| report.count(verdict);
    writeln!(
        text,
        "{} cross-origin requests: {} blocked, {} readable, {} opaque, {} unknown",
        report.requests.len(),
        count(HarVerdict::Blocked),
        count(HarVerdict::Readable),
        count(HarVerdict::Opaque),
        count(HarVerdict::Unknown)
    )?;
    let HarReport { same_origin, navigations, web_sockets, others, .. } = report;
    writeln!(
        text,
        "CORS does not apply to {} more: {same_origin} of a page to its own origin, {navigations} navigations, {web_sockets} WebSockets",
        same_origin + navigations + web_sockets
    )?;
    if *web_sockets > 0 {
        writeln!(
            text,
            "  Any page can open a WebSocket. Only the server can refuse, by the `Origin` of the handshake; `cors check wss://…` tries that."
        )?;
    }
    if *others > 0 {
        writeln!(
            text,
            "{others} more were not judged: the recording does not say which page made them, or why"
        )?;
    }
    Ok(())
}

fn write_request(text: &mut String, request: &HarRequest) -> fmt::Result {
    let verdict = match request.verdict {
        HarVerdict::Readable => "readable",
        HarVerdict::Opaque => "opaque",
        HarVerdict::Blocked => "blocked",
        HarVerdict::Unknown => "unknown",
    };
    let address = printable::text(&printable::shortened(&request.url, URL_LIMIT));
    writeln!(
        text,
        "{verdict}: {} {address} ({} of {}, entry {})",
        printable::text(&request.method),
        request.initiator,
        printable::text(&request.page),
        request.entry
    )?;
    let blocked = request.report.as_ref().and_then(|report| Some((report, report.blocked()?)));
    if let Some((report, blocked)) = blocked {
        let about = explanation(blocked.reason);
        writeln!(text, "  {}: {}", blocked.reason, printable::text(&blocked.detail))?;
        if let Some(console) = report.console().filter(|console| !console.is_empty()) {
            writeln!(text, "  The console prints: {}", printable::text(console.trim_end()))?;
        }
        writeln!(text, "  Why:  {}", about.cause)?;
        if let Some(advice) = CheckReport::advice(report) {
            writeln!(text, "  Fix:  {}", printable::text(&advice.help))?;
        }
        writeln!(text, "  Rule: {}", about.citation.url)?;
        writeln!(text, "  More: {}", url(blocked.reason.as_str()))?;
    }
    if let Some(error) = &request.error {
        writeln!(text, "  The browser recorded: {}", printable::text(error))?;
    }
    for note in &request.notes {
        writeln!(text, "  Note: {}", printable::text(note))?;
    }
    if blocked.is_some() || !request.notes.is_empty() { writeln!(text) } else { Ok(()) }
}
