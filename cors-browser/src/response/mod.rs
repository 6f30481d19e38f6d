//! The result of a fetch, as the page sees it.

mod element;
mod filter;
mod mime_check;
mod opaque_blocking;
mod resource_policy;
mod sniff;

use url::Url;

pub(crate) use self::element::{is_cors_same_origin, load};
pub(crate) use self::filter::{exposed_header_names, filtered, opaque_redirect};
pub(crate) use self::mime_check::mime_type_check;
pub(crate) use self::opaque_blocking::{is_embeddable, opaque_response_check};
pub(crate) use self::resource_policy::{embedder_allows_credentials, resource_policy_check};
use crate::{Blocked, Exchange};

/// The result of [`Browser::fetch`](crate::Browser::fetch) and [`Browser::act`](crate::Browser::act).
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

/// What comes of what a page does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The promise of a `fetch()` resolves with a response, or an `XMLHttpRequest` gets its `load` event.
    Response(PageResponse),
    /// An element gets its `load` event.
    Loaded(Loaded),
    /// A navigation leads to a document.
    Navigated(Navigated),
    /// A WebSocket or an `EventSource` gets its `open` event.
    Opened(Opened),
    /// A promise rejects with a `TypeError`, or there is an `error` event, or no document. A script cannot read the reason,
    /// but the model knows it.
    Blocked(Blocked),
}

/// A resource that an element has loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// Whether scripts can read the resource: the pixels of an image, the errors of a script, the rules of a stylesheet.
    pub is_readable: bool,
}

/// A document that the user sees after a navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Navigated {
    /// The document's URL, without a fragment.
    pub url: Url,
    /// The status of its response.
    pub status: u16,
    /// The text of the response.
    pub body: Vec<u8>,
}

/// A WebSocket or an `EventSource` that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// The subprotocol that the server chose; empty without one, and for an `EventSource`.
    pub protocol: String,
}

impl Loaded {
    /// Creates the result that a driver of a real browser observed.
    pub fn new(is_readable: bool) -> Self {
        Self { is_readable }
    }
}

impl Navigated {
    /// Creates the result that a driver of a real browser observed.
    pub fn new(url: Url, status: u16, body: Vec<u8>) -> Self {
        Self { url, status, body }
    }
}

impl Opened {
    /// Creates the result that a driver of a real browser observed.
    pub fn new(protocol: impl Into<String>) -> Self {
        Self { protocol: protocol.into() }
    }
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
    /// The body, as far as it came; `None` if it is hidden.
    pub body: Option<Vec<u8>>,
    /// Whether reading the body fails, because the connection broke off.
    pub body_fails: bool,
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
