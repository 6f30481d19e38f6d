//! What goes over the wire, and who carries it.

use futures_util::future::BoxFuture;
use url::Url;

/// Carries requests to servers.
pub trait Network: Send + Sync {
    /// Makes one exchange, without following redirects.
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>>;
}

/// A request as the browser writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireRequest {
    /// The method, normalized.
    pub method: String,
    /// The logical URL.
    pub url: Url,
    /// The headers in the order in which they are written. `Host` and the framing headers are the network's.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
}

impl WireRequest {
    /// The first line of header `name`, compared case-insensitively.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }
}

/// A response as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireResponse {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case, one entry a line, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl WireResponse {
    /// The lines of header `name`, compared case-insensitively.
    pub fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }
}

/// No response came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct NetworkError {
    /// What went wrong, in words.
    pub detail: String,
}

impl NetworkError {
    /// An error that says `detail`.
    pub fn new(detail: impl Into<String>) -> Self {
        Self { detail: detail.into() }
    }
}

/// One request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What the request was for.
    pub kind: ExchangeKind,
    /// What the browser sent.
    pub request: WireRequest,
    /// What came back.
    pub response: Result<WireResponse, NetworkError>,
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExchangeKind {
    /// A CORS-preflight request.
    Preflight,
    /// A request that the page asked for, or one that a redirect led to.
    Actual,
}
