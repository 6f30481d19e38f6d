//! The result of a fetch, as the page sees it.

mod filter;
mod resource_policy;

use url::Url;

pub(crate) use self::filter::{exposed_header_names, filtered, opaque_redirect};
pub(crate) use self::resource_policy::resource_policy_check;
use crate::{Blocked, Exchange};

/// The result of [`Browser::fetch`](crate::Browser::fetch).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// What the page sees.
    pub outcome: Outcome,
    /// What was on the wire, in order.
    pub exchanges: Vec<Exchange>,
    /// The lines that the browser's console printed. The standard profile prints nothing.
    pub console: Vec<String>,
}

impl Fetched {
    /// Creates the result that a driver of a real browser observed.
    pub fn new(outcome: Outcome, exchanges: Vec<Exchange>, console: Vec<String>) -> Self {
        Self { outcome, exchanges, console }
    }
}

/// How the promise of a `fetch()` settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The promise resolves with a response.
    Response(PageResponse),
    /// The promise rejects with a `TypeError`. A script cannot read the reason, but the model knows it.
    Blocked(Blocked),
}

/// The `Response` that a script receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageResponse {
    /// `response.type`.
    pub response_type: ResponseType,
    /// `response.status`; 0 if it is hidden.
    pub status: u16,
    /// `response.url`, the URL of the last exchange; `None` if it is hidden.
    pub url: Option<Url>,
    /// `response.redirected`, whether a redirect was followed.
    pub redirected: bool,
    /// The visible headers in the order of iteration: sorted by name, in lower case, lines combined.
    pub headers: Vec<(String, String)>,
    /// The body; `None` if it is hidden.
    pub body: Option<Vec<u8>>,
}

impl PageResponse {
    /// The value of `response.headers.get(name)`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Fetch, "response type": the types that a `fetch()` can return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseType {
    /// A response from the page's own origin.
    Basic,
    /// A response from another origin that shares it with the page.
    Cors,
    /// A response from another origin that the page cannot read.
    Opaque,
    /// A redirect that was not followed, in redirect mode `manual`.
    OpaqueRedirect,
}

impl ResponseType {
    /// The value of `response.type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Cors => "cors",
            Self::Opaque => "opaque",
            Self::OpaqueRedirect => "opaqueredirect",
        }
    }
}
