//! What goes over the wire, and who carries it.

use std::net::SocketAddr;

use futures_util::future::{BoxFuture, FutureExt, ready};
use url::Url;

use super::FailureKind;

/// Carries requests to servers.
pub trait Network: Send + Sync {
    /// Makes one exchange, without following redirects.
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>>;

    /// The socket to which a real browser's bytes for `url` have to go as they are, because it has to see for itself whom it
    /// speaks to over TLS; none for most.
    fn tunnel<'a>(&'a self, _url: &'a Url) -> BoxFuture<'a, Option<SocketAddr>> {
        ready(None).boxed()
    }
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
    /// What sort of failure it is.
    pub kind: FailureKind,
}

impl NetworkError {
    /// A connection that broke off, with what `detail` says.
    pub fn new(detail: impl Into<String>) -> Self {
        Self::of(FailureKind::BrokenOff, detail)
    }

    /// A failure of this kind, with what `detail` says.
    pub fn of(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
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

impl Exchange {
    /// Whether a server ever saw the request.
    pub fn was_sent(&self) -> bool {
        !matches!(&self.response, Err(error) if !error.kind.was_sent())
    }
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExchangeKind {
    /// A CORS-preflight request.
    Preflight,
    /// A request that the page asked for, or one that a redirect led to.
    Actual,
}
