//! The network of a scenario: sends requests for logical origins to loopback sockets.
//!
//! No name is resolved and nothing leaves the machine. A request to `https://api.example` goes to the socket that stands
//! for that origin, with the `Host` of the logical origin. It goes in plain text, as behind a load balancer that terminates
//! TLS, unless the route uses TLS. The network does not follow redirects, keep cookies or decompress: the browser does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use url::Url;

use crate::scenario::{HttpVersion, RawRequest};
use cors_browser::{AddressSpace, FailureKind, Network, NetworkError, WireRequest, WireResponse};

use endpoint::Endpoint;
use pool::Pool;

pub use classify::classify;

mod classify;
mod endpoint;
pub mod http;
mod pool;
mod raw;

/// The longest response body that is read, in bytes.
pub const BODY_LIMIT: usize = 4 << 20;

/// The domain whose names have addresses of the local network.
pub const LAN: &str = "lan.example";

/// The default limit for connecting, and for the exchange after that.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// A network that maps logical origins to loopback sockets.
///
/// Connections are kept open and reused until this value is dropped.
#[derive(Debug)]
pub struct LoopbackNetwork {
    routes: BTreeMap<String, Endpoint>,
    version: HttpVersion,
    time_limit: Duration,
    pool: Pool,
}

impl LoopbackNetwork {
    /// Creates a network that has no servers yet and uses this version of HTTP.
    pub fn new(version: HttpVersion) -> Self {
        Self { routes: BTreeMap::new(), version, time_limit: TIME_LIMIT, pool: Pool::new(version) }
    }

    /// Sends requests for the origin of `url` to the server at `address`, in plain text.
    #[must_use]
    pub fn with_route(mut self, url: &Url, address: SocketAddr) -> Self {
        self.routes.insert(url.origin().ascii_serialization(), Endpoint::plain(address));
        self
    }

    /// Sends requests for the origin of `url` to the server at `address`, over TLS.
    ///
    /// The server's certificate must be issued by the CA whose own certificate, in DER, is `trusted`.
    #[must_use]
    pub fn with_tls_route(mut self, url: &Url, address: SocketAddr, trusted: &[u8]) -> Self {
        self.routes.insert(url.origin().ascii_serialization(), Endpoint::tls(address, url, trusted));
        self
    }

    /// Sets how long connecting may take, and how long the exchange after that may take. The default is 10 s.
    #[must_use]
    pub fn with_time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// The logical origins and the sockets that stand for them.
    pub fn routes(&self) -> impl Iterator<Item = (&str, SocketAddr)> {
        self.routes.iter().map(|(origin, endpoint)| (origin.as_str(), endpoint.address))
    }

    /// Sends a request exactly as it is written. Over HTTP/1.1 it may break the rules of the protocol.
    ///
    /// # Errors
    ///
    /// If no response came; the error's [`FailureKind`] says why.
    pub async fn send_raw(&self, request: &RawRequest) -> Result<WireResponse, NetworkError> {
        let endpoint = self.endpoint(&request.origin)?;
        let authority = authority(&request.origin);
        match self.version {
            _ if request.is_http10 => raw::exchange(endpoint, &authority, request, self.time_limit).await,
            HttpVersion::Http11 => raw::exchange(endpoint, &authority, request, self.time_limit).await,
            HttpVersion::Http2 => {
                let url = request.origin.join(&request.target).map_err(|error| {
                    let detail = format!("`{}` is not a request target over HTTP/2: {error}", request.target);
                    NetworkError::new(FailureKind::Unsendable, detail)
                })?;
                let request = WireRequest {
                    method: request.method.clone(),
                    url,
                    headers: request.headers.clone(),
                    body: request.body.clone(),
                };
                self.pool.exchange(endpoint, &authority, request, self.time_limit).await
            }
        }
    }

    /// Sends a request for another authority than that of its URL to the server that stands for its URL.
    pub(crate) async fn send_for(
        &self,
        authority: &str,
        request: WireRequest,
    ) -> Result<WireResponse, NetworkError> {
        let endpoint = self.endpoint(&request.url)?;
        self.pool.exchange(endpoint, authority, request, self.time_limit).await
    }

    fn endpoint(&self, url: &Url) -> Result<&Endpoint, NetworkError> {
        let origin = url.origin().ascii_serialization();
        self.routes.get(&origin).ok_or_else(|| {
            let known: Vec<_> = self.routes.keys().map(String::as_str).collect();
            let detail = format!("no server stands for {origin}; there are {}", known.join(", "));
            NetworkError::new(FailureKind::Unresolved, detail)
        })
    }
}

fn too_late(time_limit: Duration) -> NetworkError {
    NetworkError::new(FailureKind::Timeout, format!("no complete response within {time_limit:?}"))
}

impl Network for LoopbackNetwork {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>> {
        Box::pin(async move {
            let authority = authority(&request.url);
            self.send_for(&authority, request).await
        })
    }

    /// Names below `lan.example` have addresses of the local network, as a company's DNS server may give them.
    fn address_space(&self, url: &Url) -> AddressSpace {
        match url.host_str() {
            Some(host) if host == LAN || host.strip_suffix(LAN).is_some_and(|rest| rest.ends_with('.')) => {
                AddressSpace::Local
            }
            _ => AddressSpace::of(url),
        }
    }

    /// The address of a TLS server whose certificate this network rejects.
    fn tunnel<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Option<SocketAddr>> {
        Box::pin(async move {
            let endpoint = self.endpoint(url).ok()?;
            let rejects = endpoint.is_tls() && endpoint.connect(self.time_limit).await.is_err();
            rejects.then_some(endpoint.address)
        })
    }
}

/// The value of `Host` for a URL: the host, and the port unless it is the scheme's default.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// An error and all of its sources, in one line.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        text = format!("{text}: {cause}");
        below = cause.source();
    }
    text
}
