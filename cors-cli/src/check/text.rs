//! A report as text, for people.

use std::fmt::{self, Write};

use crate::printable;
use cors_browser::{BlockReason, Blocked, Credentials, Engine, Exchange, PageResponse, ResponseType};

use super::audit::audit_text;
use super::{CheckReport, PageResult, Role, role};
use crate::catalogue::{explanation, is_ambient, question, url};

/// Returns the report as text. What the server sent is safe to print on a terminal.
pub fn to_text(report: &CheckReport) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write_all(&mut text, report);
    text
}

fn write_all(text: &mut String, report: &CheckReport) -> fmt::Result {
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
    match report.audit() {
        Some(audit) => write!(text, "\n{}", audit_text(audit)),
        None => Ok(()),
    }
}

fn write_exchange(text: &mut String, report: &CheckReport, exchange: &Exchange) -> fmt::Result {
    let kind = match role(exchange) {
        Role::Preflight => "the preflight",
        Role::Redirect => "the request, answered with a redirect",
        Role::Actual => "the request",
    };
    let request = &exchange.request;
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
            if !response.body.is_empty() {
                writeln!(text, "< (body of {} bytes)", response.body.len())?;
            }
            if let Some(error) = &response.body_error {
                writeln!(text, "< ({})", printable::text(&error.detail))?;
            }
        }
        Err(error) => writeln!(text, "! {}", printable::text(&error.detail))?,
    }
    writeln!(text)
}

fn write_blocked(text: &mut String, report: &CheckReport, blocked: &Blocked) -> fmt::Result {
    let about = explanation(blocked.reason);
    writeln!(text, "blocked: {} ({})", blocked.reason, printable::text(&blocked.detail))?;
    if let Some(console) = report.console() {
        writeln!(text, "\nThe console of {} prints:\n  {}", name_of(report), printable::text(&console))?;
    }
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

fn write_notes(text: &mut String, report: &CheckReport) -> fmt::Result {
    let check = &report.check;
    for name in check.request.dropped_headers() {
        writeln!(
            text,
            "\nNote: a page cannot set `{}` here, so the browser left it out.",
            printable::text(name)
        )?;
    }
    // Fetch, "normalize a method": `patch` is not one of the methods that become upper case.
    if check.request.method.eq_ignore_ascii_case("patch") && check.request.method != "PATCH" {
        writeln!(
            text,
            "\nNote: browsers do not change `{}` to upper case. Write `PATCH`.",
            printable::text(&check.request.method)
        )?;
    }
    if covers_authorization(report) {
        writeln!(
            text,
            "\nNote: in the Fetch standard, `*` in Access-Control-Allow-Headers does not cover `Authorization`. Browsers accept \
             it for now. List `authorization` as well ({}).",
            url(BlockReason::AuthorizationNotCoveredByWildcard.as_str())
        )?;
    }
    if check.request.credentials == Credentials::Include && report.page_result() != PageResult::Blocked {
        writeln!(
            text,
            "\nNote: no cookies were sent, because this browser has none. Browsers send a cookie to another site only if it has \
             `SameSite=None; Secure`."
        )?;
    }
    Ok(())
}

/// Whether `*` was taken to cover `Authorization`: browsers skip step 7.6 of Fetch, "CORS-preflight fetch".
fn covers_authorization(report: &CheckReport) -> bool {
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
    report.page_result() == PageResult::Readable
        && has(&asked, "authorization")
        && has(&allowed, "*")
        && !has(&allowed, "authorization")
}

fn name_of(report: &CheckReport) -> &'static str {
    match report.check.profile.engine() {
        Some(Engine::Chromium) => "Chromium",
        Some(Engine::Firefox) => "Firefox",
        Some(Engine::WebKit) => "WebKit",
        _ => report.check.profile.name(),
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.iter().map(|name| printable::text(name)).collect::<Vec<_>>().join(", ")
    }
}
