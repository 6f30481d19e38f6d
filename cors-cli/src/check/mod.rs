//! What would a browser do? One fetch against a real server, with an explanation.
//!
//! A [`Check`] says which page fetches what. [`run`] sends it over a [`LiveNetwork`] and returns a [`CheckReport`], which
//! [`to_text`] and [`to_json`] print. [`curl`] prints the command that sends the same preflight by hand.

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
pub use self::audit::{Access, Probe};
pub use self::curl::curl;
pub use self::failure::failure_message;
pub use self::json::to_json;
pub use self::network::{LiveNetwork, SetupError};
pub use self::text::to_text;
use cors_browser::{
    BlockReason, Blocked, Browser, Exchange, ExchangeKind, FetchRequest, Fetched, Network, NetworkError,
    Outcome, Page, PageResponse, Profile, ResponseType,
};

/// One fetch to check.
#[derive(Clone, Debug)]
pub struct Check {
    /// The page that fetches.
    pub page: Page,
    /// What it fetches.
    pub request: FetchRequest,
    /// The browser to follow.
    pub profile: Profile,
    /// Whether to try hostile origins as well.
    pub audit: bool,
}

/// The result of a [`Check`].
#[derive(Clone, Debug)]
pub struct CheckReport {
    check: Check,
    fetched: Fetched,
    probes: Option<Vec<Probe>>,
}

/// What the page gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PageResult {
    /// A response that it can read.
    Readable,
    /// A response that it cannot read.
    Opaque,
    /// A `TypeError`.
    Blocked,
}

/// The purpose of a request, and what its response was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A CORS-preflight request.
    Preflight,
    /// A request whose response is a redirect.
    Redirect,
    /// Any other request.
    Actual,
}

/// Runs a check against real servers.
pub async fn run(check: Check, network: Arc<LiveNetwork>) -> CheckReport {
    let fetched = fetch(&check, network.clone()).await;
    let report = CheckReport { check, fetched, probes: None };
    // Nine more requests to a server that does not respond would only cost time.
    if !report.check.audit || report.failure().is_some() {
        return report;
    }
    let probes = audit::audit(&report.check, network).await;
    CheckReport { probes: Some(probes), ..report }
}

async fn fetch(check: &Check, network: Arc<dyn Network>) -> Fetched {
    Browser::new(network, check.profile.clone()).fetch(&check.page, check.request.clone()).await
}

impl CheckReport {
    /// What the page gets.
    pub fn page_result(&self) -> PageResult {
        match &self.fetched.outcome {
            Outcome::Blocked(_) => PageResult::Blocked,
            Outcome::Response(response) => match response.response_type {
                ResponseType::Basic | ResponseType::Cors => PageResult::Readable,
                ResponseType::Opaque | ResponseType::OpaqueRedirect => PageResult::Opaque,
            },
            // A `fetch()` has no other outcomes.
            _ => PageResult::Opaque,
        }
    }

    /// Why no response arrived, if the fetch is blocked for that reason.
    pub fn failure(&self) -> Option<&NetworkError> {
        if self.blocked()?.reason != BlockReason::NetworkError {
            return None;
        }
        self.fetched.exchanges.last()?.response.as_ref().err()
    }

    /// The exit code of the command: 0 if the fetch succeeds (also with an opaque response), 1 if the browser blocks it, 2 if
    /// no response arrived, which says nothing about CORS.
    pub fn exit_code(&self) -> u8 {
        match self.page_result() {
            PageResult::Readable | PageResult::Opaque => 0,
            PageResult::Blocked if self.failure().is_some() => 2,
            PageResult::Blocked => 1,
        }
    }

    /// What the browser prints to its console, if the fetch is blocked.
    pub fn console(&self) -> Option<String> {
        let blocked = self.blocked()?;
        Some(blocked.console(&self.check.profile))
    }

    /// What to do about it, if the fetch is blocked.
    pub fn advice(&self) -> Option<Advice> {
        if let Some(failure) = self.failure() {
            return Some(Advice { help: failure::help(failure.kind).to_owned(), change: None });
        }
        Some(advice::advise(&self.check, self.blocked()?, &self.fetched.exchanges))
    }

    /// The requests that were sent, and what came back.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.fetched.exchanges
    }

    /// What hostile origins can read, if they were tried.
    pub fn probes(&self) -> Option<&[Probe]> {
        self.probes.as_deref()
    }

    fn blocked(&self) -> Option<&Blocked> {
        match &self.fetched.outcome {
            Outcome::Blocked(blocked) => Some(blocked),
            _ => None,
        }
    }

    fn response(&self) -> Option<&PageResponse> {
        match &self.fetched.outcome {
            Outcome::Response(response) => Some(response),
            _ => None,
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

/// The purpose of an exchange's request, and what its response was.
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
