//! Requests and responses on the wire, and the network that carries them.

use std::net::SocketAddr;
use std::pin::Pin;

use url::Url;

use crate::{AddressSpace, FailureKind};

/// The future that [`Network::send`] returns. `Box::pin(async move { … })` makes one.
pub type NetworkFuture<'a> = Pin<Box<dyn Future<Output = Result<WireResponse, NetworkError>> + Send + 'a>>;

/// Sends requests to servers.
pub trait Network: Send + Sync {
    /// Makes one exchange. It must not follow redirects, keep cookies, or decode the body.
    ///
    /// Once the head of the response has come, this succeeds, even if the body breaks off.
    fn send(&self, request: WireRequest) -> NetworkFuture<'_>;

    /// The address space of the server for `url`. The default is what the host of the URL shows.
    fn address_space(&self, url: &Url) -> AddressSpace {
        AddressSpace::of(url)
    }

    /// The socket to which a real browser must open its own TLS connection for `url`; `None` for most servers.
    // Only the drivers of real browsers in this repository call it.
    #[doc(hidden)]
    fn tunnel<'a>(&'a self, _url: &'a Url) -> Pin<Box<dyn Future<Output = Option<SocketAddr>> + Send + 'a>> {
        Box::pin(std::future::ready(None))
    }
}

/// A request as the browser writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireRequest {
    /// The normalized method.
    pub method: String,
    /// The URL, without a fragment.
    pub url: Url,
    /// The headers in the order in which they are written. The network adds `Host`, and `Transfer-Encoding` if it needs it.
    /// HTTP/1.1 carries the names in this casing, HTTP/2 in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, if the request has one.
    pub body: Option<Vec<u8>>,
}

impl WireRequest {
    /// The first line of the header `name`, compared case-insensitively.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }
}

/// A response as the server sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireResponse {
    /// The status code of the final response.
    pub status: u16,
    /// The header lines in order, one entry for each line.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// Why the rest of the body did not come; `None` if the body is complete.
    pub body_error: Option<NetworkError>,
}

impl WireResponse {
    /// Creates a response without headers and body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), body_error: None }
    }

    /// Adds a header line.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Breaks the body off.
    #[must_use]
    pub fn with_body_error(self, error: NetworkError) -> Self {
        Self { body_error: Some(error), ..self }
    }

    /// The lines of the header `name`, compared case-insensitively.
    pub fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }
}

/// The error when no response came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
#[non_exhaustive]
pub struct NetworkError {
    /// The kind of failure.
    pub kind: FailureKind,
    /// What went wrong, in words.
    pub detail: String,
}

impl NetworkError {
    /// Creates an error of this kind.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

/// A request and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What the request was for.
    pub kind: ExchangeKind,
    /// The request that the browser wrote.
    pub request: WireRequest,
    /// The response, or why none came.
    pub response: Result<WireResponse, NetworkError>,
}

impl Exchange {
    /// Whether the request left the browser. It may have failed before, for example because of a certificate.
    pub fn was_sent(&self) -> bool {
        !matches!(&self.response, Err(error) if !error.kind.was_sent())
    }

    pub(crate) fn status(&self) -> Option<u16> {
        self.response.as_ref().ok().map(|response| response.status)
    }
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExchangeKind {
    /// A CORS preflight.
    Preflight,
    /// A request of the page, or one that follows a redirect.
    Actual,
}
