//! The network of a scenario: logical origins, carried to loopback sockets.
//!
//! Nothing is resolved and nothing leaves the machine. A request to `https://api.example` goes, in plain text, to the socket
//! of the server that plays `https://api.example`, with the `Host` of the logical origin, as behind a load balancer that
//! terminates TLS; or over TLS where the server says so. Redirects, cookies and decompression are a browser's business, not the network's.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::timeout;
use url::Url;

use crate::scenario::{HttpVersion, RawRequest};
use cors_browser::{FailureKind, Network, NetworkError, WireRequest, WireResponse};

use endpoint::Endpoint;
use pool::Pool;

pub use classify::classify;

mod classify;
mod endpoint;
pub mod http;
mod pool;
mod raw;

/// The longest body that is read.
pub const BODY_LIMIT: usize = 4 << 20;

/// How long one exchange may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Logical origins on loopback sockets.
///
/// Connections live as long as this value does, and are used again.
#[derive(Debug)]
pub struct LoopbackNetwork {
    routes: BTreeMap<String, Endpoint>,
    version: HttpVersion,
    time_limit: Duration,
    pool: Pool,
}

impl LoopbackNetwork {
    /// A network without servers that speaks one version of HTTP.
    pub fn new(version: HttpVersion) -> Self {
        Self { routes: BTreeMap::new(), version, time_limit: TIME_LIMIT, pool: Pool::new(version) }
    }

    /// The same network where the server at `address` plays the origin of `url`.
    pub fn with_route(mut self, url: &Url, address: SocketAddr) -> Self {
        self.routes.insert(url.origin().ascii_serialization(), Endpoint::plain(address));
        self
    }

    /// The same network where the server at `address` plays the origin of `url` over TLS.
    ///
    /// Its certificate has to be issued by the authority whose own certificate, in DER, is `trusted`.
    pub fn with_tls_route(mut self, url: &Url, address: SocketAddr, trusted: &[u8]) -> Self {
        self.routes.insert(url.origin().ascii_serialization(), Endpoint::tls(address, url, trusted));
        self
    }

    /// The same network where an exchange may take `time_limit`; 10 s if not told.
    pub fn with_time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// The logical origins and who plays them.
    pub fn routes(&self) -> impl Iterator<Item = (&str, SocketAddr)> {
        self.routes.iter().map(|(origin, endpoint)| (origin.as_str(), endpoint.address))
    }

    /// Sends a request byte for byte as it is written, which over HTTP/1.1 may be one that breaks the protocol's rules.
    pub async fn send_raw(&self, request: &RawRequest) -> Result<WireResponse, NetworkError> {
        let endpoint = self.endpoint(&request.origin)?;
        let authority = authority(&request.origin);
        self.in_time(async {
            match self.version {
                HttpVersion::Http11 => raw::exchange(endpoint, &authority, request).await,
                HttpVersion::Http2 => {
                    let url = request.origin.join(&request.target).map_err(|error| {
                        NetworkError::new(format!("`{}` is no target over HTTP/2: {error}", request.target))
                    })?;
                    let request = WireRequest {
                        method: request.method.clone(),
                        url,
                        headers: request.headers.clone(),
                        body: request.body.clone(),
                    };
                    self.pool.exchange(endpoint, &authority, request).await
                }
            }
        })
        .await
    }

    fn endpoint(&self, url: &Url) -> Result<&Endpoint, NetworkError> {
        let origin = url.origin().ascii_serialization();
        self.routes.get(&origin).ok_or_else(|| {
            let known: Vec<_> = self.routes.keys().map(String::as_str).collect();
            NetworkError::of(
                FailureKind::Unresolved,
                format!("no server plays {origin}; there are {}", known.join(", ")),
            )
        })
    }

    async fn in_time<T>(
        &self,
        exchange: impl Future<Output = Result<T, NetworkError>>,
    ) -> Result<T, NetworkError> {
        timeout(self.time_limit, exchange).await.unwrap_or_else(|_| {
            Err(NetworkError::new(format!("no whole response within {:?}", self.time_limit)))
        })
    }
}

impl Network for LoopbackNetwork {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>> {
        Box::pin(async move {
            let endpoint = self.endpoint(&request.url)?;
            let authority = authority(&request.url);
            self.in_time(self.pool.exchange(endpoint, &authority, request)).await
        })
    }

    /// Servers over TLS whose certificate this network does not accept.
    fn tunnel<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Option<SocketAddr>> {
        Box::pin(async move {
            let endpoint = self.endpoint(url).ok()?;
            let refuses = endpoint.is_tls() && self.in_time(endpoint.connect()).await.is_err();
            refuses.then_some(endpoint.address)
        })
    }
}

/// What `Host` says of a URL: host, and port unless it is the scheme's default.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// An error with all that lies below it, in one line.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        text = format!("{text}: {cause}");
        below = cause.source();
    }
    text
}
