//! HAR files: every cross-origin request of a recorded session, judged by the browser model.

mod file;
mod judge;
mod session;
#[cfg(test)]
mod tests;
mod text;

use serde::Serialize;

use crate::catalogue::{explanation, url};
use crate::check::{Change, CheckReport};

pub use self::judge::judge_har;
pub use self::text::har_text;

/// What the model says about a recorded session.
#[derive(Debug)]
#[non_exhaustive]
pub struct HarReport {
    /// The program that recorded the session; empty if it is not known.
    pub creator: String,
    /// The cross-origin requests, in the order of the file.
    pub requests: Vec<HarRequest>,
    /// How many requests of a page to its own origin there are.
    pub same_origin: usize,
    /// How many navigations of tabs and frames there are.
    pub navigations: usize,
    /// How many handshakes of WebSockets there are.
    pub web_sockets: usize,
    /// How many other requests there are that are not judged: those without a known page or cause, and those that are not HTTP.
    pub others: usize,
    /// The entries that cannot be read, with what is wrong with each. Entries are counted from one.
    pub unreadable: Vec<(usize, String)>,
}

/// A cross-origin request of a recorded session.
#[derive(Debug)]
#[non_exhaustive]
pub struct HarRequest {
    /// The number of its entry, counted from one.
    pub entry: usize,
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The origin of the page.
    pub page: String,
    /// What made the request, such as `fetch()`.
    pub initiator: &'static str,
    /// What the page gets.
    pub verdict: HarVerdict,
    /// The browser's own words for a failure, if the recording has any.
    pub error: Option<String>,
    /// What to know about the verdict, in sentences.
    pub notes: Vec<String>,
    /// The details; `None` if the verdict is unknown.
    pub report: Option<CheckReport>,
}

/// What a page gets according to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HarVerdict {
    /// A response that it can read.
    Readable,
    /// A response that it can use and not read.
    Opaque,
    /// Nothing.
    Blocked,
    /// The recording does not say enough.
    Unknown,
}

impl HarReport {
    /// The exit code of the command: 1 if a request is blocked, and 0 otherwise.
    pub fn exit_code(&self) -> u8 {
        self.count(HarVerdict::Blocked).min(1) as u8
    }

    /// How many requests have this verdict.
    pub fn count(&self, verdict: HarVerdict) -> usize {
        self.requests.iter().filter(|request| request.verdict == verdict).count()
    }
}

#[derive(Serialize)]
struct JsonReport<'a> {
    creator: &'a str,
    requests: Vec<JsonRequest<'a>>,
    same_origin: usize,
    navigations: usize,
    web_sockets: usize,
    others: usize,
    unreadable: Vec<JsonUnreadable<'a>>,
}

#[derive(Serialize)]
struct JsonUnreadable<'a> {
    entry: usize,
    problem: &'a str,
}

#[derive(Serialize)]
struct JsonRequest<'a> {
    entry: usize,
    method: &'a str,
    url: &'a str,
    page: &'a str,
    initiator: &'static str,
    verdict: HarVerdict,
    reason: Option<&'static str>,
    detail: Option<&'a str>,
    console: Option<String>,
    help: Option<String>,
    change: Option<Change>,
    rule: Option<&'static str>,
    more: Option<String>,
    error: Option<&'a str>,
    notes: &'a [String],
}

/// Returns the report as one JSON object; the text ends with a line feed. Every field is always present, and null if it does not apply.
///
/// # Errors
///
/// None in practice: every part of a report can be written as JSON.
pub fn har_json(report: &HarReport) -> Result<String, serde_json::Error> {
    let requests = report.requests.iter().map(|request| {
        let details = request.report.as_ref();
        let blocked = details.and_then(CheckReport::blocked);
        let advice = details.and_then(CheckReport::advice);
        JsonRequest {
            entry: request.entry,
            method: &request.method,
            url: &request.url,
            page: &request.page,
            initiator: request.initiator,
            verdict: request.verdict,
            reason: blocked.map(|blocked| blocked.reason.as_str()),
            detail: blocked.map(|blocked| blocked.detail.as_str()),
            console: details.and_then(CheckReport::console),
            help: advice.as_ref().map(|advice| advice.help.clone()),
            change: advice.and_then(|advice| advice.change),
            rule: blocked.map(|blocked| explanation(blocked.reason).citation.url),
            more: blocked.map(|blocked| url(blocked.reason.as_str())),
            error: request.error.as_deref(),
            notes: &request.notes,
        }
    });
    let object = JsonReport {
        creator: &report.creator,
        requests: requests.collect(),
        same_origin: report.same_origin,
        navigations: report.navigations,
        web_sockets: report.web_sockets,
        others: report.others,
        unreadable: report
            .unreadable
            .iter()
            .map(|(entry, problem)| JsonUnreadable { entry: *entry, problem })
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&object)?;
    text.push('\n');
    Ok(text)
}
