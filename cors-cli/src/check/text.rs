//! A report as text, for people.

use std::fmt::{self, Write};

use crate::printable;
use cors_browser::{Blocked, Exchange, Outcome, PageResponse, ResponseType, WireRequest, WireResponse};
use cors_conformance::text::SHOWN;

use super::audit::audit_text;
use super::body;
use super::verdict::name_of;
use super::{BrowserVerdict, CheckReport, Extra, PageResult, Role, Via, lists, role};
use crate::catalogue::{explanation, is_ambient, question, url};

/// Returns the report as text. What the server sent is safe to print on a terminal.
pub fn to_text(report: &CheckReport) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write_all(&mut text, report);
    text
}

/// Returns several reports as text, each under a line that says what it is about.
pub fn to_text_of_all(reports: &[CheckReport]) -> String {
    let mut text = String::new();
    for (number, report) in (1..).zip(reports) {
        let request = &report.check.request;
        let (method, url) = (printable::text(&request.method), printable::text(request.url.as_str()));
        let before = if number == 1 { "" } else { "\n" };
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{before}=== {number} of {}: {method} {url}\n", reports.len());
        let _ = write_all(&mut text, report);
    }
    text
}

fn write_all(text: &mut String, report: &CheckReport) -> fmt::Result {
    for exchange in &report.fetched.exchanges {
        write_exchange(text, report, exchange)?;
    }
    // A verdict that a browser does not reach needs its condition first.
    for note in &report.connection_notes {
        writeln!(text, "NOT A BROWSER'S VERDICT: {}\n", printable::text(&note.text))?;
    }
    if let Some(blocked) = report.blocked() {
        write_blocked(text, report, blocked)?;
    }
    if let Some(response) = report.response() {
        write_response(text, report, response)?;
    } else {
        write_other(text, report)?;
    }
    write_differences(text, report)?;
    for note in report.notes().iter().filter(|note| !report.connection_notes.contains(note)) {
        writeln!(text, "\n{}: {}", note.severity.label(), printable::text(&note.text))?;
    }
    write_extras(text, report.extra_requests())?;
    match report.audit() {
        Some(audit) => write!(text, "\n{}", audit_text(audit)),
        None => Ok(()),
    }
}

fn write_exchange(text: &mut String, report: &CheckReport, exchange: &Exchange) -> fmt::Result {
    let request = &exchange.request;
    let kind = match role(exchange) {
        Role::Preflight => {
            format!("the preflight, because of {}", printable::text(&preflight_cause(report, request)))
        }
        Role::Redirect => "the request, answered with a redirect".to_owned(),
        Role::Actual => "the request".to_owned(),
    };
    writeln!(
        text,
        "* {kind}\n> {} {}",
        printable::text(&request.method),
        printable::text(request.url.as_str())
    )?;
    let is_own =
        |name: &str| report.check.request.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    for (name, value) in request.headers.iter().filter(|(name, _)| !is_ambient(name) || is_own(name)) {
        writeln!(text, "> {}: {}", name.to_ascii_lowercase(), printable::bytes(value))?;
    }
    if let Some(body) = &request.body {
        writeln!(text, "> (body of {} bytes)", body.len())?;
    }
    match &exchange.response {
        Ok(response) => {
            let phrase = http::StatusCode::from_u16(response.status)
                .ok()
                .and_then(|status| status.canonical_reason())
                .unwrap_or_default();
            writeln!(text, "< {} {phrase}", response.status)?;
            for (name, value) in &response.headers {
                writeln!(text, "< {}: {}", printable::text(name), printable::bytes(value))?;
            }
            write_body(text, report, response)?;
            if let Some(error) = &response.body_error {
                writeln!(text, "< ({})", printable::text(&error.detail))?;
            }
        }
        Err(error) => writeln!(text, "! {}", printable::text(&error.detail))?,
    }
    writeln!(text)
}

/// What makes a preflight necessary.
fn preflight_cause(report: &CheckReport, preflight: &WireRequest) -> String {
    let value = |name: &str| preflight.header(name).map(String::from_utf8_lossy).unwrap_or_default();
    let method = value("access-control-request-method");
    let mut causes = Vec::new();
    if !matches!(&*method, "GET" | "HEAD" | "POST") {
        causes.push(format!("the method {method}"));
    }
    let names = value("access-control-request-headers");
    match names.split(',').filter(|name| !name.is_empty()).count() {
        0 => {}
        1 => causes.push(format!("the header {names}")),
        _ => causes.push(format!("the headers {}", names.replace(',', ", "))),
    }
    match causes.is_empty() {
        true if report.check.setup.has_upload_listener => "the listener on `xhr.upload`".to_owned(),
        // Some browsers send one after a redirect as well, if there was one before it.
        true => "the preflight before the redirect".to_owned(),
        false => causes.join(" and "),
    }
}

fn write_blocked(text: &mut String, report: &CheckReport, blocked: &Blocked) -> fmt::Result {
    let about = explanation(blocked.reason);
    writeln!(text, "blocked: {} ({})", blocked.reason, printable::text(&blocked.detail))?;
    write_consoles(text, report)?;
    writeln!(text, "\nWhy:  {}", about.cause)?;
    if let Some(advice) = report.advice() {
        writeln!(text, "Fix:  {}", printable::text(&advice.help))?;
    }
    writeln!(text, "Rule: {}\n      {}", about.citation.title, about.citation.url)?;
    if let Some(question) = question(about.faq) {
        writeln!(text, "FAQ:  {}\n      {}", question.title, question.slug)?;
    }
    writeln!(text, "More: {}", url(blocked.reason.as_str()))
}

/// What the browsers that block the fetch print.
fn write_consoles(text: &mut String, report: &CheckReport) -> fmt::Result {
    let reason = report.blocked().map(|blocked| blocked.reason.as_str());
    let verdicts = report.verdicts().iter().filter(|verdict| verdict.reason == reason);
    let mut lines: Vec<_> =
        verdicts.filter_map(|verdict| Some((verdict.label(), verdict.console.clone()?))).collect();
    if lines.is_empty() {
        lines.extend(report.console().map(|line| (name_of(&report.check.profile), line)));
    }
    for (name, line) in lines.iter().filter(|(_, line)| !line.is_empty()) {
        writeln!(text, "\nThe console of {name} prints:\n  {}", printable::text(line.trim_end()))?;
    }
    Ok(())
}

fn write_response(text: &mut String, report: &CheckReport, response: &PageResponse) -> fmt::Result {
    match response.response_type {
        ResponseType::OpaqueRedirect => {
            writeln!(
                text,
                "opaque: the page learns that the response is a redirect, but neither its status nor its target"
            )
        }
        ResponseType::Opaque => {
            writeln!(
                text,
                "opaque: the fetch succeeds, but the page cannot read the status, the headers or the body"
            )
        }
        ResponseType::Basic | ResponseType::Cors => {
            let kind =
                if response.response_type == ResponseType::Basic { "same origin" } else { "allowed by CORS" };
            if response.body_fails {
                writeln!(
                    text,
                    "readable: the page can read status {}, but reading the body fails ({kind})",
                    response.status
                )?;
            } else {
                writeln!(
                    text,
                    "readable: the page can read status {} and the body ({kind})",
                    response.status
                )?;
            }
            let names: Vec<_> = response.headers.iter().map(|(name, _)| name.as_str()).collect();
            writeln!(text, "Headers that the page can read: {}", list(&names))?;
            let hidden = report.hidden_headers();
            if hidden.is_empty() {
                return Ok(());
            }
            writeln!(
                text,
                "Headers that it cannot read: {} (they are not in Access-Control-Expose-Headers)",
                list(&hidden)
            )
        }
    }
}

/// What comes of anything but a `fetch()` or an `XMLHttpRequest`.
fn write_other(text: &mut String, report: &CheckReport) -> fmt::Result {
    match &report.fetched.outcome {
        Outcome::Loaded(loaded) if loaded.is_readable => {
            writeln!(text, "readable: the element loads, and scripts can read what it loaded")
        }
        Outcome::Loaded(_) => writeln!(
            text,
            "opaque: the element loads, but scripts cannot read its pixels, errors or rules (without CORS)"
        ),
        Outcome::Navigated(document) => writeln!(
            text,
            "shown: the user sees the document {} (status {}); the page that led there cannot read it",
            printable::text(document.url.as_str()),
            document.status
        ),
        Outcome::Opened(_) if report.check.setup.via == Via::WebSocket => {
            writeln!(text, "open: the page can send and receive messages over the WebSocket")
        }
        Outcome::Opened(_) => writeln!(text, "open: the page receives the events of the stream"),
        _ => Ok(()),
    }
}

/// Where the browsers differ, one line for each.
fn write_differences(text: &mut String, report: &CheckReport) -> fmt::Result {
    let verdicts = report.verdicts();
    let Some((first, rest)) = verdicts.split_first() else { return Ok(()) };
    if rest.is_empty() {
        return Ok(());
    }
    if rest.iter().all(|other| other.agrees(first)) {
        return writeln!(text, "\nBrowsers: the same in {}.", names(verdicts));
    }
    writeln!(text, "\nBrowsers: they differ.")?;
    for verdict in verdicts {
        let what = match (verdict.verdict, verdict.reason) {
            (PageResult::Blocked, Some(reason)) => {
                let detail = verdict.detail.as_deref().unwrap_or_default();
                format!("blocked: {reason} ({})", printable::text(detail))
            }
            (PageResult::Blocked, None) => "blocked".to_owned(),
            (PageResult::Readable, _) => "readable".to_owned(),
            (PageResult::Opaque, _) => "opaque".to_owned(),
            (PageResult::Open, _) => "open".to_owned(),
            (PageResult::Shown, _) => "shown".to_owned(),
        };
        writeln!(text, "  {:<13} {what}", format!("{}:", verdict.label()))?;
    }
    Ok(())
}

fn names(verdicts: &[BrowserVerdict]) -> String {
    let names: Vec<_> = verdicts.iter().map(BrowserVerdict::label).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// The requests that the page does not make, a line for each.
fn write_extras(text: &mut String, extras: &[Extra]) -> fmt::Result {
    if extras.is_empty() {
        return Ok(());
    }
    writeln!(text, "\nTo find out more, these were sent as well (`--only` sends none):")?;
    for Extra { purpose, exchange } in extras {
        let answer = match &exchange.response {
            Ok(response) => {
                let allows = lists::value(response, "access-control-allow-origin");
                let allows = allows.map_or_else(
                    || "no Access-Control-Allow-Origin".to_owned(),
                    |allows| format!("Access-Control-Allow-Origin: {}", printable::text(&allows)),
                );
                format!("{}, {allows}", response.status)
            }
            Err(error) => printable::text(&error.detail),
        };
        writeln!(text, "  {} ({purpose}): {answer}", printable::text(&exchange.request.method))?;
    }
    Ok(())
}

/// The length of a body, and its beginning if the fetch is blocked or the status is that of an error: it often says why.
fn write_body(text: &mut String, report: &CheckReport, response: &WireResponse) -> fmt::Result {
    if response.body.is_empty() {
        return Ok(());
    }
    let more = if response.body_error.is_some() { "at least " } else { "" };
    write!(text, "< (body of {more}{} bytes", response.body.len())?;
    let is_telling = report.page_result() == PageResult::Blocked || response.status >= 400;
    match body::decoded(response) {
        _ if !is_telling => writeln!(text, ")"),
        None => writeln!(text, ", compressed)"),
        Some(body) => {
            let beginning = cors_conformance::text::printable(&body, SHOWN);
            writeln!(text, ": {})", beginning.replace("\\x0d", "").replace("\\x0a", " ").trim())
        }
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.iter().map(|name| printable::text(name)).collect::<Vec<_>>().join(", ")
    }
}
