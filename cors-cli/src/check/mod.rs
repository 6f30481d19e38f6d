//! What would the browser do? One fetch, played against a real server, and explained.
//!
//! A [`Check`] says which page fetches what; [`run`] plays it over a [`LiveNetwork`] and gives a [`Report`] that
//! [`to_text`] and [`to_json`] write down. [`curl`] says instead how to send the same preflight by hand.

mod advice;
pub mod arguments;
mod audit;
mod curl;
mod failure;
mod json;
mod network;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

pub use self::advice::{Advice, Change};
pub use self::audit::{Access, Finding};
pub use self::curl::curl;
pub use self::failure::Failure;
pub use self::json::to_json;
pub use self::network::{LiveNetwork, SetupError};
pub use self::text::to_text;
pub use cors_browser::FailureKind;
use cors_browser::{
    BlockReason, Blocked, Browser, Exchange, ExchangeKind, FetchRequest, Fetched, Network, Outcome, Page,
    PageResponse, Profile, ResponseType,
};

/// What is to be checked.
#[derive(Clone, Debug)]
pub struct Check {
    /// The page that fetches.
    pub page: Page,
    /// What it fetches.
    pub request: FetchRequest,
    /// Whose behaviour is followed.
    pub profile: Profile,
    /// Whether hostile origins are tried, too.
    pub audit: bool,
}

/// What came of a check.
#[derive(Clone, Debug)]
pub struct Report {
    check: Check,
    fetched: Fetched,
    failure: Option<Failure>,
    findings: Option<Vec<Finding>>,
}

/// What the page gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// A response that it can read.
    Readable,
    /// A response that it cannot look into.
    Opaque,
    /// A `TypeError`.
    Blocked,
}

/// What an exchange was for, and what it led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A CORS-preflight request.
    Preflight,
    /// A request that was answered with a redirect.
    Redirect,
    /// Any other request.
    Actual,
}

/// Plays a check against real servers.
pub async fn run(check: Check, network: Arc<LiveNetwork>) -> Report {
    let fetched = fetch(&check, network.clone()).await;
    let report = Report::new(check, fetched, network.failure());
    // A server that does not answer is not asked nine times more.
    if !report.check.audit || report.failure.is_some() {
        return report;
    }
    let findings = audit::audit(&report.check, network).await;
    Report { findings: Some(findings), ..report }
}

async fn fetch(check: &Check, network: Arc<dyn Network>) -> Fetched {
    Browser::new(network, check.profile.clone()).fetch(&check.page, check.request.clone()).await
}

impl Report {
    fn new(check: Check, fetched: Fetched, failure: Option<Failure>) -> Self {
        let failed = |blocked: &Blocked| blocked.reason == BlockReason::NetworkError;
        let failure = match &fetched.outcome {
            Outcome::Blocked(blocked) if failed(blocked) => failure,
            _ => None,
        };
        Self { check, fetched, failure, findings: None }
    }

    /// What the page gets.
    pub fn verdict(&self) -> Verdict {
        match &self.fetched.outcome {
            Outcome::Blocked(_) => Verdict::Blocked,
            Outcome::Response(response) => match response.response_type {
                ResponseType::Basic | ResponseType::Cors => Verdict::Readable,
                ResponseType::Opaque | ResponseType::OpaqueRedirect => Verdict::Opaque,
            },
        }
    }

    /// Why no response came, if that is why the fetch is blocked.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// The exit code: 0 if the fetch succeeds (an opaque response is what was asked for), 1 if the browser blocks it, 2 if
    /// there is no verdict about CORS because no response came.
    pub fn exit_code(&self) -> u8 {
        match self.verdict() {
            Verdict::Readable | Verdict::Opaque => 0,
            Verdict::Blocked if self.failure.is_some() => 2,
            Verdict::Blocked => 1,
        }
    }

    /// The words that the browser's console prints, if the fetch is blocked.
    pub fn console(&self) -> Option<String> {
        let blocked = self.blocked()?;
        Some(blocked.console(&self.check.profile))
    }

    /// What to do about it, if the fetch is blocked.
    pub fn advice(&self) -> Option<Advice> {
        if let Some(failure) = &self.failure {
            return Some(Advice { help: failure::help(failure.kind).to_owned(), change: None });
        }
        Some(advice::advise(&self.check, self.blocked()?, &self.fetched.exchanges))
    }

    /// What hostile origins could read, if that was tried.
    pub fn findings(&self) -> Option<&[Finding]> {
        self.findings.as_deref()
    }

    fn blocked(&self) -> Option<&Blocked> {
        match &self.fetched.outcome {
            Outcome::Blocked(blocked) => Some(blocked),
            Outcome::Response(_) => None,
        }
    }

    fn response(&self) -> Option<&PageResponse> {
        match &self.fetched.outcome {
            Outcome::Response(response) => Some(response),
            Outcome::Blocked(_) => None,
        }
    }

    /// The names of the headers that the response has and the page cannot read.
    fn hidden_headers(&self) -> Vec<&str> {
        let Some(response) = self.response() else { return Vec::new() };
        let Some(Ok(sent)) = self.fetched.exchanges.last().map(|exchange| &exchange.response) else {
            return Vec::new();
        };
        let hidden = |name: &&str| response.header(name).is_none() && !name.starts_with("access-control-");
        let mut names: Vec<_> = sent.headers.iter().map(|(name, _)| name.as_str()).filter(hidden).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What an exchange was for, and what it led to.
fn role(exchange: &Exchange) -> Role {
    let is_redirect = exchange.response.as_ref().is_ok_and(|response| {
        matches!(response.status, 301 | 302 | 303 | 307 | 308) && response.lines("location").next().is_some()
    });
    match exchange.kind {
        ExchangeKind::Preflight => Role::Preflight,
        ExchangeKind::Actual if is_redirect => Role::Redirect,
        ExchangeKind::Actual => Role::Actual,
    }
}
