//! What a page gets to see.

mod filter;
mod resource_policy;

use url::Url;

pub(super) use self::filter::{filtered, opaque_redirect};
pub(super) use self::resource_policy::resource_policy_check;
use super::{Blocked, Exchange};

/// What came of a `fetch()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// What the page sees.
    pub outcome: Outcome,
    /// What was on the wire, in order.
    pub exchanges: Vec<Exchange>,
    /// What the browser's console printed about it, line by line.
    pub console: Vec<String>,
}

/// How the promise of a `fetch()` settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It resolves with a response.
    Response(PageResponse),
    /// It rejects with a `TypeError`, for a reason that a script is never told.
    Blocked(Blocked),
}

/// A response as the page reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageResponse {
    /// The response's type.
    pub response_type: ResponseType,
    /// The status; 0 where it is hidden.
    pub status: u16,
    /// The URL of the last exchange; `None` where it is hidden.
    pub url: Option<Url>,
    /// Whether a redirect was followed.
    pub redirected: bool,
    /// The headers as iterating over them shows them: names in lower case and sorted, lines combined.
    pub headers: Vec<(String, String)>,
    /// The body; `None` where it is hidden.
    pub body: Option<Vec<u8>>,
}

impl PageResponse {
    /// What `response.headers.get(name)` returns.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Fetch, "response type".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseType {
    /// From the page's own origin.
    Basic,
    /// From another origin that shared it.
    Cors,
    /// From another origin, unreadable.
    Opaque,
    /// A redirect that was not followed.
    OpaqueRedirect,
}

impl ResponseType {
    /// As `response.type` says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Cors => "cors",
            Self::Opaque => "opaque",
            Self::OpaqueRedirect => "opaqueredirect",
        }
    }
}
