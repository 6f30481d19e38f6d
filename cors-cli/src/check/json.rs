//! A report as JSON, for programs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use cors_browser::{Exchange, WireResponse};
use cors_conformance::text::SHOWN;

use super::{Audit, BrowserVerdict, Change, CheckReport, Note, PageResult, Role, body, role};
use crate::catalogue::{Question, explanation, question};

#[derive(Serialize)]
struct JsonReport<'a> {
    verdict: PageResult,
    reason: Option<&'static str>,
    console: Option<String>,
    help: Option<String>,
    readable_headers: Vec<&'a str>,
    status: Option<u16>,
    exchanges: Vec<JsonExchange<'a>>,
    hidden_headers: Vec<&'a str>,
    response_type: Option<&'static str>,
    detail: Option<&'a str>,
    failure: Option<&'static str>,
    change: Option<Change>,
    rule: Option<JsonRule>,
    faq: Option<JsonQuestion>,
    dropped_headers: Vec<&'a str>,
    audit: Option<&'a Audit>,
    browser: &'static str,
    browsers: &'a [BrowserVerdict],
    notes: Vec<Note>,
    extra_requests: Vec<JsonExtra<'a>>,
}

#[derive(Serialize)]
struct JsonReports<'a> {
    fetches: Vec<JsonReport<'a>>,
}

#[derive(Serialize)]
struct JsonExtra<'a> {
    purpose: &'static str,
    #[serde(flatten)]
    exchange: JsonExchange<'a>,
}

#[derive(Serialize)]
struct JsonRule {
    title: &'static str,
    url: &'static str,
}

#[derive(Serialize)]
struct JsonQuestion {
    slug: &'static str,
    question: &'static str,
}

#[derive(Serialize)]
struct JsonExchange<'a> {
    kind: Role,
    request: JsonRequest<'a>,
    response: Option<JsonResponse<'a>>,
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonRequest<'a> {
    method: &'a str,
    url: &'a str,
    headers: Headers<'a>,
    body: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct JsonResponse<'a> {
    status: u16,
    headers: Headers<'a>,
    body_length: usize,
    body_beginning: String,
    body_error: Option<&'a str>,
}

/// The header lines by name; names are in lower case.
type Headers<'a> = BTreeMap<String, Vec<Cow<'a, str>>>;

/// Returns the report as one JSON object; the text ends with a line feed.
///
/// Every field is always present. One that does not apply is `null`:
///
/// | field | `null` |
/// |---|---|
/// | `reason`, `console`, `help`, `detail`, `rule`, `faq` | unless the fetch is blocked; `console` also for `standard` |
/// | `change` | unless the fetch is blocked, and another value of one response header would help |
/// | `failure` | unless no response arrived |
/// | `status`, `response_type` | if the fetch is blocked; an opaque response has status 0 |
/// | `audit` | unless it was requested and a response arrived |
/// | `response` of an exchange | if none arrived |
/// | `error` of an exchange | if a response arrived |
/// | `body` of a request | if it has none |
/// | `body_error` of a response | if the whole body was read |
/// | `reason`, `detail`, `console` of a browser | unless that browser blocks the fetch; `console` also for `standard` |
/// | `reason` of an origin in the audit | if that origin can read the response with cookies |
/// | `failure` of the audit | unless a response failed to arrive only then |
///
/// Lists (`readable_headers`, `hidden_headers`, `dropped_headers`, `exchanges`, `browsers`, `notes`, `extra_requests`) are empty
/// instead. `browser` is the one that everything but `browsers` is about: the first that blocks the fetch, or the first.
/// `body_length` is the number of bytes that were read, and `body_beginning` the first 200 bytes of the body without its content coding.
/// It is empty if the program does not know the coding.
///
/// # Errors
///
/// None in practice: every part of a report can be written as JSON.
pub fn to_json(report: &CheckReport) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&json_report(report))?;
    text.push('\n');
    Ok(text)
}

/// Returns several reports as one JSON object, whose field `fetches` has an object as of [`to_json`] for each; the text ends with a line
/// feed.
///
/// # Errors
///
/// None in practice: every part of a report can be written as JSON.
pub fn to_json_of_all(reports: &[CheckReport]) -> Result<String, serde_json::Error> {
    let object = JsonReports { fetches: reports.iter().map(json_report).collect() };
    let mut text = serde_json::to_string_pretty(&object)?;
    text.push('\n');
    Ok(text)
}

fn json_report(report: &CheckReport) -> JsonReport<'_> {
    let blocked = report.blocked();
    let about = blocked.map(|blocked| explanation(blocked.reason));
    let advice = report.advice();
    let response = report.response();
    JsonReport {
        verdict: report.page_result(),
        reason: blocked.map(|blocked| blocked.reason.as_str()),
        console: report.console(),
        help: advice.as_ref().map(|advice| advice.help.clone()),
        readable_headers: response
            .map(|response| response.headers.iter().map(|(name, _)| name.as_str()).collect())
            .unwrap_or_default(),
        status: response.map(|response| response.status),
        exchanges: report.fetched.exchanges.iter().map(exchange).collect(),
        hidden_headers: report.hidden_headers(),
        response_type: response.map(|response| response.response_type.as_str()),
        detail: blocked.map(|blocked| blocked.detail.as_str()),
        failure: report.failure().map(|failure| failure.kind.as_str()),
        change: advice.and_then(|advice| advice.change),
        rule: about.map(|about| JsonRule { title: about.citation.title, url: about.citation.url }),
        faq: about
            .and_then(|about| question(about.faq))
            .map(|Question { slug, title }| JsonQuestion { slug, question: title }),
        dropped_headers: report.check.request.dropped_headers().collect(),
        audit: report.audit(),
        browser: report.check.profile.name(),
        browsers: report.verdicts(),
        notes: report.notes(),
        extra_requests: report
            .extra_requests()
            .iter()
            .map(|extra| JsonExtra { purpose: extra.purpose, exchange: exchange(&extra.exchange) })
            .collect(),
    }
}

fn exchange(exchange: &Exchange) -> JsonExchange<'_> {
    let request = &exchange.request;
    let response = exchange.response.as_ref();
    JsonExchange {
        kind: role(exchange),
        request: JsonRequest {
            method: &request.method,
            url: request.url.as_str(),
            headers: headers(&request.headers),
            body: request.body.as_deref().map(String::from_utf8_lossy),
        },
        response: response.ok().map(|response| JsonResponse {
            status: response.status,
            headers: headers(&response.headers),
            body_length: response.body.len(),
            body_beginning: beginning(response),
            body_error: response.body_error.as_ref().map(|error| error.detail.as_str()),
        }),
        error: response.err().map(|error| error.detail.as_str()),
    }
}

fn beginning(response: &WireResponse) -> String {
    let body = body::decoded(response).unwrap_or_default();
    String::from_utf8_lossy(&body[..body.len().min(SHOWN)]).into_owned()
}

fn headers(headers: &[(String, Vec<u8>)]) -> Headers<'_> {
    let mut lines = Headers::new();
    for (name, value) in headers {
        lines.entry(name.to_ascii_lowercase()).or_default().push(String::from_utf8_lossy(value));
    }
    lines
}
