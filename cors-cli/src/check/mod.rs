//! What would a browser do? One fetch against a real server, with an explanation.
//!
//! A [`Check`] says which page fetches what. [`run`] sends it over a [`LiveNetwork`] and returns a [`CheckReport`], which
//! [`to_text`] and [`to_json`] print; [`run_in`] does the same in several browsers, and [`run_all_in`] with several fetches. [`curl`], [`snippet`], [`postman`] and [`har`]
//! print the same requests for other tools.

mod action;
mod advice;
mod answers;
pub mod arguments;
pub mod audit;
mod body;
mod cache;
mod curl;
mod failure;
mod har;
mod inquiry;
mod json;
mod lists;
mod network;
mod note;
mod pace;
mod postman;
mod recorder;
mod resolve;
mod snippet;
mod status;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

use std::sync::Arc;

pub use self::action::{Setup, Via};
pub use self::advice::{Advice, Change};
pub use self::audit::Audit;
pub use self::curl::curl;
pub use self::failure::failure_message;
pub use self::har::har;
pub use self::inquiry::Extra;
use self::inquiry::Inquiry;
pub use self::json::{to_json, to_json_of_all};
pub use self::network::{Connecting, HttpVersion, LiveNetwork};
pub use self::note::{Note, Severity};
pub use self::pace::Paced;
pub use self::postman::postman;
pub use self::resolve::Resolve;
pub use self::snippet::snippet;
pub use self::text::{to_text, to_text_of_all};
pub use self::verdict::BrowserVerdict;
use cors_browser::{
    AddressSpace, BlockReason, Blocked, Browser, Exchange, ExchangeKind, FetchRequest, Fetched, Network,
    NetworkError, Outcome, Page, PageResponse, Profile, ResponseType,
};
use url::Url;

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
    /// What makes the request, and what the browser has before.
    pub setup: Setup,
}

impl Check {
    /// Creates a check without an audit.
    pub fn new(page: Page, request: FetchRequest, profile: Profile) -> Self {
        Self { page, request, profile, audit: false, setup: Setup::default() }
    }
}

/// The result of a [`Check`].
#[derive(Clone, Debug)]
pub struct CheckReport {
    check: Check,
    fetched: Fetched,
    audit: Option<Audit>,
    verdicts: Vec<BrowserVerdict>,
    inquiry: Inquiry,
    /// For how many seconds the browser remembers the preflight before this fetch, which therefore had none.
    remembered: Option<u64>,
    /// What there is to say about the connections.
    connection_notes: Vec<Note>,
}

/// What the page gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PageResult {
    /// A response that it can read.
    Readable,
    /// A response that it cannot read.
    Opaque,
    /// An open connection: a WebSocket or an event stream.
    Open,
    /// Nothing: the user sees another document instead of the page.
    Shown,
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

impl Role {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Redirect => "redirect",
            Self::Actual => "actual",
        }
    }
}

/// Runs a check in the browser that it names. The network is a [`LiveNetwork`], or another one such as recorded responses.
pub async fn run(check: Check, network: Arc<dyn Network>) -> CheckReport {
    let profile = check.profile.clone();
    run_in(&[profile], check, network).await
}

/// Runs a check in several browsers, instead of the one that it names. The report is about the first of them that blocks the fetch, or
/// about the first.
pub async fn run_in(browsers: &[Profile], check: Check, network: Arc<dyn Network>) -> CheckReport {
    let report = match play(browsers, vec![check.clone()], network.clone()).await.pop() {
        Some(report) => report,
        // Without a browser to follow.
        None => {
            let fetched = fetch(&check, network.clone()).await;
            CheckReport::new(check, fetched)
        }
    };
    // Nine more requests to a server that does not respond would only cost time.
    if !report.check.audit || report.failure().is_some() {
        return report;
    }
    let audit = audit::audit(&report.check, network).await;
    CheckReport { audit: Some(audit), ..report }
}

/// Runs checks one after the other in several browsers, each of which keeps its cookies and its preflight cache. Without an audit.
pub async fn run_all_in(
    browsers: &[Profile],
    checks: Vec<Check>,
    network: Arc<dyn Network>,
) -> Vec<CheckReport> {
    play(browsers, checks, network).await
}

/// Finds out whether the server and the page are in the local network, which their names do not show.
pub async fn look_up(check: &Check, network: &LiveNetwork) {
    let url = action::http_url(&check.request.url);
    network.look_up(&url).await;
    let space = network.address_space(&url);
    let page = check.page.top_level.as_ref().unwrap_or(&check.page.origin);
    let page = url::Url::parse(&page.to_string());
    let Some(page) = page.ok().filter(|_| space != AddressSpace::Public) else { return };
    // A page over plain HTTP whose name has no address is one of a developer, such as `http://app.test`.
    if !network.look_up(&page).await && page.scheme() == "http" {
        network.place(&page, space);
    }
}

/// The reports of [`run_all_in`], one for each check, over any network.
async fn play(browsers: &[Profile], checks: Vec<Check>, network: Arc<dyn Network>) -> Vec<CheckReport> {
    let answers = answers::Answers::new(network.clone());
    let mut columns: Vec<Vec<CheckReport>> = checks.iter().map(|_| Vec::new()).collect();
    for profile in browsers {
        let turn = Arc::new(answers.turn());
        let browser = Browser::new(turn.clone(), profile.clone());
        if let Some(first) = checks.first() {
            action::prepare(&browser, first).await;
        }
        let mut before: Vec<Exchange> = Vec::new();
        for (check, column) in checks.iter().zip(&mut columns) {
            let mut check = Check { profile: profile.clone(), ..check.clone() };
            check.setup.has_earlier_cookies = sets_cookies(&before, &check.request.url);
            let mut fetched = browser.act(&check.page, action::action(&check)).await;
            turn.restore_ends(&mut fetched.exchanges);
            let remembered = remembered(&check, &fetched, &before).await;
            before.extend(fetched.exchanges.iter().cloned());
            column.push(CheckReport { remembered, ..CheckReport::new(check, fetched) });
        }
    }
    let mut reports = Vec::new();
    for column in columns {
        let verdicts: Vec<_> = column.iter().map(BrowserVerdict::of).collect();
        let main = verdicts.iter().position(BrowserVerdict::is_a_problem).unwrap_or_default();
        let Some(report) = column.into_iter().nth(main) else { continue };
        let report = CheckReport { verdicts, ..report };
        let inquiry = match report.check.setup.only || report.failure().is_some() {
            true => Inquiry::default(),
            false => inquiry::inquire(&report, &*network).await,
        };
        reports.push(CheckReport { inquiry, ..report });
    }
    reports
}

/// Whether an earlier response of the same host has set cookies.
fn sets_cookies(before: &[Exchange], url: &Url) -> bool {
    // Browsers ignore the cookies of responses to preflights.
    let actual = before.iter().filter(|exchange| exchange.kind == ExchangeKind::Actual);
    actual.filter(|exchange| exchange.request.url.host() == url.host()).any(|exchange| {
        exchange.response.as_ref().is_ok_and(|response| response.lines("set-cookie").next().is_some())
    })
}

/// For how many seconds the browser remembers an earlier preflight, if it therefore sent none for this fetch.
async fn remembered(check: &Check, fetched: &Fetched, before: &[Exchange]) -> Option<u64> {
    let is_preflight = |exchange: &&Exchange| exchange.kind == ExchangeKind::Preflight;
    let has_preflight = fetched.exchanges.iter().any(|exchange| is_preflight(&exchange));
    if has_preflight || fetched.exchanges.is_empty() || !action::needs_preflight(check).await {
        return None;
    }
    let url = &fetched.exchanges.first()?.request.url;
    let earlier = before.iter().filter(is_preflight).rfind(|exchange| exchange.request.url == *url)?;
    let response = earlier.response.as_ref().ok()?;
    // Fetch, "CORS-preflight fetch", step 7.9: five seconds without a valid header.
    let age = lists::value(response, "access-control-max-age").and_then(|age| age.parse().ok());
    Some(age.unwrap_or(5))
}

async fn fetch(check: &Check, network: Arc<dyn Network>) -> Fetched {
    let browser = Browser::new(network, check.profile.clone());
    action::prepare(&browser, check).await;
    browser.act(&check.page, action::action(check)).await
}

impl CheckReport {
    /// Creates the report about a fetch in one browser that was made in another way than by [`run`].
    pub(crate) fn new(check: Check, fetched: Fetched) -> Self {
        Self {
            check,
            fetched,
            audit: None,
            verdicts: Vec::new(),
            inquiry: Inquiry::default(),
            remembered: None,
            connection_notes: Vec::new(),
        }
    }

    /// Adds what there is to say about the connections.
    #[must_use]
    pub fn with_connection_notes(self, connection_notes: Vec<Note>) -> Self {
        Self { connection_notes, ..self }
    }

    /// What the page gets.
    pub fn page_result(&self) -> PageResult {
        match &self.fetched.outcome {
            Outcome::Blocked(_) => PageResult::Blocked,
            Outcome::Response(response) => match response.response_type {
                ResponseType::Basic | ResponseType::Cors => PageResult::Readable,
                ResponseType::Opaque | ResponseType::OpaqueRedirect => PageResult::Opaque,
            },
            Outcome::Loaded(loaded) if loaded.is_readable => PageResult::Readable,
            Outcome::Opened(_) => PageResult::Open,
            Outcome::Navigated(_) => PageResult::Shown,
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

    /// The exit code of the command: 0 if the fetch succeeds (also with an opaque response), 1 if a browser blocks it or an audit
    /// found something to change, 2 if no response arrived, which says nothing about CORS.
    pub fn exit_code(&self) -> u8 {
        match self.page_result() {
            _ if self.audit.as_ref().is_some_and(Audit::is_dangerous) => 1,
            PageResult::Blocked if self.failure().is_some() => 2,
            PageResult::Blocked => 1,
            PageResult::Readable | PageResult::Opaque | PageResult::Open | PageResult::Shown => 0,
        }
    }

    /// What the browser prints to its console, if the fetch is blocked. The standards print nothing.
    pub fn console(&self) -> Option<String> {
        let blocked = self.blocked()?;
        let profile = &self.check.profile;
        profile.engine().map(|_| blocked.console(profile))
    }

    /// What to do about it, if the fetch is blocked.
    pub fn advice(&self) -> Option<Advice> {
        if let Some(failure) = self.failure() {
            return Some(Advice { help: failure::help(failure.kind).to_owned(), change: None });
        }
        let blocked = self.blocked()?;
        // The network stack of the browser refuses the response, or the request.
        if let Some(kind) = blocked.failure() {
            return Some(Advice { help: failure::help(kind).to_owned(), change: None });
        }
        Some(advice::advise(&self.check, blocked, &self.fetched.exchanges, &self.inquiry))
    }

    /// The requests that were sent, and what came back.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.fetched.exchanges
    }

    /// What hostile origins can read, if they were tried.
    pub fn audit(&self) -> Option<&Audit> {
        self.audit.as_ref()
    }

    /// What each browser does, if the check ran in several.
    pub fn verdicts(&self) -> &[BrowserVerdict] {
        &self.verdicts
    }

    /// The requests that the page does not make, and their responses.
    pub fn extra_requests(&self) -> &[Extra] {
        &self.inquiry.extras
    }

    /// What else there is to say: what the browser left out, what users will meet, mistakes that a cache would show.
    pub fn notes(&self) -> Vec<Note> {
        note::notes(self)
    }

    /// Why the browser blocks the fetch, if it does.
    pub fn blocked(&self) -> Option<&Blocked> {
        match &self.fetched.outcome {
            Outcome::Blocked(blocked) => Some(blocked),
            _ => None,
        }
    }

    pub(crate) fn response(&self) -> Option<&PageResponse> {
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
