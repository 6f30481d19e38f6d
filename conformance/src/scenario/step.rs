//! What happens in a scenario: fetches, as a page would write them, and raw requests.

use serde::Deserialize;
use url::Url;

use super::{PageExpectation, WireExpectation};

/// One step, with what must come of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happens.
    pub action: Action,
    /// What the page must get; of a fetch only.
    pub page: Option<PageExpectation>,
    /// What must be on the wire.
    pub wire: Vec<WireExpectation>,
    /// How many preflights are sent.
    pub preflights: Option<usize>,
    /// How many requests other than preflights are sent.
    pub actuals: Option<usize>,
    /// How many handlers run, over all servers.
    pub handlers_run: Option<u64>,
}

impl Step {
    /// Whether anything could be wrong with it.
    pub fn expects_something(&self) -> bool {
        self.page.is_some()
            || !self.wire.is_empty()
            || self.preflights.is_some()
            || self.actuals.is_some()
            || self.handlers_run.is_some()
    }
}

/// What happens in a step.
#[derive(Clone, Debug)]
pub enum Action {
    /// The page calls `fetch()`.
    Fetch(Fetch),
    /// Something that is no browser sends a request.
    Request(RawRequest),
}

/// A call of `fetch()`.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The logical URL.
    pub url: Url,
    /// The method as the page writes it.
    pub method: String,
    /// The headers as the page writes them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
    /// The request's mode.
    pub mode: Mode,
    /// The request's credentials mode.
    pub credentials: Credentials,
    /// The request's redirect mode.
    pub redirect: Redirect,
}

/// A request that is sent byte for byte as it stands here.
#[derive(Clone, Debug)]
pub struct RawRequest {
    /// The logical origin that it goes to, as a URL with the path `/`.
    pub origin: Url,
    /// The method.
    pub method: String,
    /// The request target.
    pub target: String,
    /// Header lines in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

/// Fetch, "request mode", as far as a page can choose it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// `cors`
    #[default]
    Cors,
    /// `no-cors`
    NoCors,
    /// `same-origin`
    SameOrigin,
}

/// Fetch, "request credentials mode".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credentials {
    /// `omit`
    Omit,
    /// `same-origin`
    #[default]
    SameOrigin,
    /// `include`
    Include,
}

/// Fetch, "request redirect mode".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Redirect {
    /// `follow`
    #[default]
    Follow,
    /// `error`
    Error,
    /// `manual`
    Manual,
}
