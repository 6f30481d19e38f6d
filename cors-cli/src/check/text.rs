//! A report for people.

use std::fmt::{self, Write};

use super::{Access, Finding, Report, Role, Verdict, role};
use crate::catalogue::{explanation, is_ambient, question};
use cors_browser::{BlockReason, Blocked, Credentials, Engine, Exchange, PageResponse, ResponseType};

/// The report as text; what a server sent cannot steer the terminal.
pub fn to_text(report: &Report) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write_all(&mut text, report);
    text
}

fn write_all(text: &mut String, report: &Report) -> fmt::Result {
    for exchange in &report.fetched.exchanges {
        write_exchange(text, report, exchange)?;
    }
    if let Some(blocked) = report.blocked() {
        write_blocked(text, report, blocked)?;
    }
    if let Some(response) = report.response() {
        write_response(text, report, response)?;
    }
    write_notes(text, report)?;
    match report.findings() {
        Some(findings) => write_audit(text, findings),
        None => Ok(()),
    }
}

fn write_exchange(text: &mut String, report: &Report, exchange: &Exchange) -> fmt::Result {
    let kind = match role(exchange) {
        Role::Preflight => "the preflight",
        Role::Redirect => "the request, redirected",
        Role::Actual => "the request",
    };
    let request = &exchange.request;
    writeln!(text, "* {kind}\n> {} {}", printable(&request.method), printable(request.url.as_str()))?;
    let is_own =
        |name: &str| report.check.request.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    for (name, value) in request.headers.iter().filter(|(name, _)| !is_ambient(name) || is_own(name)) {
        writeln!(text, "> {}: {}", name.to_ascii_lowercase(), printable_bytes(value))?;
    }
    if let Some(body) = &request.body {
        writeln!(text, "> ({} bytes of body)", body.len())?;
    }
    match &exchange.response {
        Ok(response) => {
            let phrase = http::StatusCode::from_u16(response.status)
                .ok()
                .and_then(|status| status.canonical_reason())
                .unwrap_or_default();
            writeln!(text, "< {} {phrase}", response.status)?;
            for (name, value) in &response.headers {
                writeln!(text, "< {}: {}", printable(name), printable_bytes(value))?;
            }
            if !response.body.is_empty() {
                writeln!(text, "< ({} bytes of body)", response.body.len())?;
            }
        }
        Err(error) => writeln!(text, "! {}", printable(&error.detail))?,
    }
    writeln!(text)
}

fn write_blocked(text: &mut String, report: &Report, blocked: &Blocked) -> fmt::Result {
    let about = explanation(blocked.reason);
    writeln!(text, "blocked: {} ({})", blocked.reason, printable(&blocked.detail))?;
    if let Some(console) = report.console() {
        writeln!(text, "\nWhat the console of {} prints:\n  {}", name_of(report), printable(&console))?;
    }
    writeln!(text, "\nWhy:  {}", about.cause)?;
    if let Some(advice) = report.advice() {
        writeln!(text, "Fix:  {}", printable(&advice.help))?;
    }
    writeln!(text, "Rule: {}\n      {}", about.rule.title, about.rule.url)?;
    if let Some(question) = question(about.faq) {
        writeln!(text, "FAQ:  {}\n      {}", question.title, question.slug)?;
    }
    writeln!(text, "More: docs/errors.md#{}", blocked.reason)
}

fn write_response(text: &mut String, report: &Report, response: &PageResponse) -> fmt::Result {
    match response.response_type {
        ResponseType::OpaqueRedirect => {
            writeln!(
                text,
                "opaque: the page sees that there is a redirect, and neither its status nor where it leads"
            )
        }
        ResponseType::Opaque => {
            writeln!(
                text,
                "opaque: the fetch succeeds, and the page sees neither status nor headers nor body"
            )
        }
        ResponseType::Basic | ResponseType::Cors => {
            let kind = if response.response_type == ResponseType::Basic {
                "of the page's own origin"
            } else {
                "shared by CORS"
            };
            writeln!(text, "readable: the page gets status {} and the body ({kind})", response.status)?;
            let names: Vec<_> = response.headers.iter().map(|(name, _)| name.as_str()).collect();
            writeln!(text, "Headers that the page can read: {}", list(&names))?;
            let hidden = report.hidden_headers();
            if hidden.is_empty() {
                return Ok(());
            }
            writeln!(
                text,
                "Headers that are hidden from it: {} (Access-Control-Expose-Headers)",
                list(&hidden)
            )
        }
    }
}

fn write_notes(text: &mut String, report: &Report) -> fmt::Result {
    let check = &report.check;
    for name in check.request.dropped_headers() {
        writeln!(text, "\nNote: a page cannot set `{}` here; the browser left it out.", printable(name))?;
    }
    // Fetch, "normalize" a method: `patch` is not among those that are put in upper case.
    if check.request.method.eq_ignore_ascii_case("patch") && check.request.method != "PATCH" {
        writeln!(
            text,
            "\nNote: browsers send `{}` as it is written; write `PATCH`.",
            printable(&check.request.method)
        )?;
    }
    if stretches_wildcard(report) {
        writeln!(
            text,
            "\nNote: by the standard, `*` in Access-Control-Allow-Headers does not cover `Authorization`; browsers let it pass \
             for now. List `authorization` beside it (docs/errors.md#{}).",
            BlockReason::AuthorizationNotCoveredByWildcard
        )?;
    }
    if check.request.credentials == Credentials::Include && report.verdict() != Verdict::Blocked {
        writeln!(
            text,
            "\nNote: no cookies were sent, because this browser is new. A cookie needs `SameSite=None; Secure` to go with a \
             request of another site."
        )?;
    }
    Ok(())
}

fn write_audit(text: &mut String, findings: &[Finding]) -> fmt::Result {
    writeln!(text, "\nHostile origins, one GET each, with credentials:")?;
    for Finding { name, origin, access, danger, redirected, reason } in findings {
        let (mark, what) = match access {
            Access::WithCookies if *redirected => {
                ("!!", format!("A REDIRECT PASSES WITH COOKIES for {danger}; check where it leads, too"))
            }
            Access::WithCookies => ("!!", format!("READABLE WITH COOKIES by {danger}")),
            Access::WithoutCookies => (" -", "readable without cookies only".to_owned()),
            Access::None => ("ok", format!("blocked: {}", reason.unwrap_or_default())),
            Access::Unknown => ("??", format!("no answer: {}", reason.unwrap_or_default())),
        };
        writeln!(text, "  {mark} {name:<10} {origin}: {what}")?;
    }
    let count = |access| findings.iter().filter(|finding| finding.access == access).count();
    let (readable, unknown) = (count(Access::WithCookies), count(Access::Unknown));
    let answered = findings.len() - unknown;
    let rest = if unknown == 0 { String::new() } else { format!(" {unknown} got no answer.") };
    match (readable, answered) {
        (_, 0) => writeln!(text, "None got an answer: nothing is known of what they could read."),
        (0, _) => {
            writeln!(text, "None of {answered} could read the response with the user's cookies.{rest}")
        }
        _ => writeln!(
            text,
            "{readable} of {answered} could read the response with the user's cookies: unless that is meant, compare the whole \
             `Origin` with a list of exact origins.{rest}"
        ),
    }
}

/// Fetch, "CORS-preflight fetch", step 7.6, which browsers leave out.
fn stretches_wildcard(report: &Report) -> bool {
    let Some(Exchange { request, response: Ok(response), .. }) = report.fetched.exchanges.first() else {
        return false;
    };
    let names = |lines: Vec<&[u8]>| -> Vec<String> {
        let lines = lines.into_iter().map(|line| String::from_utf8_lossy(line).to_ascii_lowercase());
        lines
            .flat_map(|line| line.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>())
            .collect()
    };
    let asked = names(request.header("access-control-request-headers").into_iter().collect());
    let allowed = names(response.lines("access-control-allow-headers").collect());
    let has = |list: &[String], name: &str| list.iter().any(|other| other == name);
    report.verdict() == Verdict::Readable
        && has(&asked, "authorization")
        && has(&allowed, "*")
        && !has(&allowed, "authorization")
}

fn name_of(report: &Report) -> &'static str {
    match report.check.profile.engine() {
        Some(Engine::Chromium) => "Chromium",
        Some(Engine::Firefox) => "Firefox",
        _ => report.check.profile.name(),
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.iter().map(|name| printable(name)).collect::<Vec<_>>().join(", ")
    }
}

/// Text without characters that steer a terminal or turn the direction of writing.
pub(super) fn printable(text: &str) -> String {
    let steers = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if steers(letter) {
            safe.extend(letter.escape_default());
        } else {
            safe.push(letter);
        }
    }
    safe
}

fn printable_bytes(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => printable(text),
        Err(_) => bytes.escape_ascii().to_string(),
    }
}
