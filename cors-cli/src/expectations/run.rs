//! Tries what a file expects.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cors_browser::{Browser, FetchRequest, Network, Page};
use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::{Case, Expectations, Expected, Step};
use crate::check::{Check, CheckReport, PageResult, failure_message};

/// How many cases are tried at the same time.
const AT_ONCE: usize = 8;

/// What came of a file.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Verified {
    /// The results, in the order of the file.
    pub cases: Vec<CaseResult>,
}

/// What came of a case.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CaseResult {
    /// The name of the check in the file.
    pub name: String,
    /// The line of the check in the file.
    pub line: usize,
    /// The page.
    pub page: String,
    /// The browser.
    pub browser: &'static str,
    /// The worst outcome of its steps.
    pub outcome: Outcome,
    /// The fetches, in order.
    pub steps: Vec<StepResult>,
    /// How long it took.
    #[serde(skip)]
    pub duration: Duration,
}

/// What came of a fetch.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StepResult {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// What the page has to get.
    pub expected: String,
    /// What it got; `None` if it could not be tried.
    pub actual: Option<String>,
    /// The comparison of both.
    pub outcome: Outcome,
    /// What to know about a difference, in sentences.
    pub message: Option<String>,
}

/// Whether an expectation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds.
    Holds,
    /// The page got something else.
    Differs,
    /// No response arrived, so nothing is known.
    NotTried,
}

impl Verified {
    /// The exit code of the command: 0 if all expectations hold, 2 if one could not be tried, and 1 if one does not hold.
    pub fn exit_code(&self) -> u8 {
        match self.cases.iter().map(|case| case.outcome).max() {
            None | Some(Outcome::Holds) => 0,
            Some(Outcome::Differs) => 1,
            Some(Outcome::NotTried) => 2,
        }
    }

    /// How many fetches have this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        let steps = self.cases.iter().flat_map(|case| &case.steps);
        steps.filter(|step| step.outcome == outcome).count()
    }
}

/// Tries every case over a network.
pub async fn verify(expectations: &Expectations, network: &Arc<dyn Network>) -> Verified {
    let cases = expectations.cases.iter().map(|case| verify_case(case, network.clone()));
    Verified { cases: stream::iter(cases).buffered(AT_ONCE).collect().await }
}

async fn verify_case(case: &Case, network: Arc<dyn Network>) -> CaseResult {
    let begun = Instant::now();
    let browser = Browser::new(network, case.browser.clone());
    let page = case.page.clone();
    let mut steps: Vec<StepResult> = Vec::new();
    for step in &case.steps {
        match step {
            Step::Cookie { url, cookie } => browser.store_cookie(url, cookie),
            Step::Fetch { request, expected } => {
                let is_lost = steps.iter().any(|step| step.outcome == Outcome::NotTried);
                steps.push(if is_lost {
                    not_tried(request, expected, "A step before this one got no response.")
                } else {
                    let fetched = browser.fetch(&page, (**request).clone()).await;
                    let check = Check::new(page.clone(), (**request).clone(), case.browser.clone());
                    compare(request, expected, &CheckReport::new(check, fetched))
                });
            }
        }
    }
    CaseResult {
        name: case.name.clone(),
        line: case.line,
        page: page_name(&case.page),
        browser: case.browser.name(),
        outcome: steps.iter().map(|step| step.outcome).max().unwrap_or(Outcome::Holds),
        steps,
        duration: begun.elapsed(),
    }
}

/// The origin of a page, and what it is a frame of.
fn page_name(page: &Page) -> String {
    match &page.top_level {
        Some(top_level) => format!("{} in a frame of {top_level}", page.origin),
        None => page.origin.to_string(),
    }
}

fn not_tried(request: &FetchRequest, expected: &Expected, message: impl Into<String>) -> StepResult {
    StepResult {
        method: request.method.clone(),
        url: request.url.to_string(),
        expected: expected.to_string(),
        actual: None,
        outcome: Outcome::NotTried,
        message: Some(message.into()),
    }
}

fn compare(request: &FetchRequest, expected: &Expected, report: &CheckReport) -> StepResult {
    if let Some(failure) = report.failure() {
        return not_tried(request, expected, failure_message(failure));
    }
    let result = report.page_result();
    let reason = report.blocked().map(|blocked| blocked.reason);
    let status = report.response().map(|response| response.status);
    let hidden: Vec<_> = expected
        .readable_headers
        .iter()
        .filter(|name| report.response().is_none_or(|response| response.header(name).is_none()))
        .map(String::as_str)
        .collect();
    let has_status = expected.status.is_none() || expected.status == status;
    let holds = result == expected.result
        && (expected.reason.is_none() || expected.reason == reason)
        && has_status
        && hidden.is_empty();
    let mut actual = word(result).to_owned();
    if let Some(reason) = reason {
        actual.push_str(&format!(", {reason}"));
    }
    if let (PageResult::Readable, Some(status)) = (result, status.filter(|_| expected.status.is_some())) {
        actual.push_str(&format!(", status {status}"));
    }
    if result == PageResult::Readable && !hidden.is_empty() {
        actual.push_str(&format!(", not readable: {}", hidden.join(", ")));
    }
    StepResult {
        method: request.method.clone(),
        url: request.url.to_string(),
        expected: expected.to_string(),
        actual: Some(actual),
        outcome: if holds { Outcome::Holds } else { Outcome::Differs },
        message: (!holds).then(|| explanation(report)).flatten(),
    }
}

/// What explains a result that was not expected.
fn explanation(report: &CheckReport) -> Option<String> {
    let blocked = report.blocked()?;
    let fix = report.advice().map(|advice| format!(" {}", advice.help)).unwrap_or_default();
    Some(format!("{}.{fix}", blocked.detail))
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(word(self.result))?;
        if let Some(reason) = self.reason {
            write!(f, ", {reason}")?;
        }
        if let Some(status) = self.status {
            write!(f, ", status {status}")?;
        }
        if !self.readable_headers.is_empty() {
            write!(f, ", with {}", self.readable_headers.join(", "))?;
        }
        Ok(())
    }
}

fn word(result: PageResult) -> &'static str {
    match result {
        PageResult::Readable => "readable",
        PageResult::Opaque => "opaque",
        PageResult::Blocked => "blocked",
        PageResult::Open => "open",
        PageResult::Shown => "shown",
    }
}
