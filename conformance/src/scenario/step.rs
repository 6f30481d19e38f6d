//! The steps of a scenario: fetches of a page, and raw requests.

use std::time::Duration;

use url::Url;

use super::{PageExpectation, WireExpectation};
use cors_browser::{Origin, PageAction};

/// One step, and what must happen.
#[derive(Clone, Debug)]
pub struct Step {
    /// How much time passes before it.
    pub wait: Duration,
    /// What is done.
    pub action: Action,
    /// The origin of the page, if it is not the scenario's.
    pub from: Option<Origin>,
    /// What the page must get. Not of a raw request.
    pub page: Option<PageExpectation>,
    /// What must be on the wire.
    pub wire: Vec<WireExpectation>,
    /// How many preflights are sent.
    pub preflights: Option<usize>,
    /// How many requests other than preflights are sent.
    pub actuals: Option<usize>,
    /// How many handlers run, over all servers.
    pub handlers_run: Option<u64>,
    /// What `document.cookie` is in the page afterwards. Not of a raw request.
    pub document_cookie: Option<String>,
}

impl Step {
    /// Whether it can fail.
    pub fn expects_something(&self) -> bool {
        self.page.is_some()
            || !self.wire.is_empty()
            || self.preflights.is_some()
            || self.actuals.is_some()
            || self.handlers_run.is_some()
            || self.document_cookie.is_some()
    }
}

/// What is done in a step.
#[derive(Clone, Debug)]
pub enum Action {
    /// The page does something that makes requests.
    Page(PageAction),
    /// A client that is not a browser sends a request.
    Request(RawRequest),
}

/// A request that is sent byte for byte as it is written here.
#[derive(Clone, Debug)]
pub struct RawRequest {
    /// The logical origin that it goes to, as a URL with the path `/`.
    pub origin: Url,
    /// The method.
    pub method: String,
    /// The request target.
    pub target: String,
    /// Whether it is sent with HTTP/1.0, which knows no `Host`, and not with the scenario's version of HTTP.
    pub is_http10: bool,
    /// Header lines in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}
