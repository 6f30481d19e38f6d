//! The network of real servers.
//!
//! Names are resolved, TLS is spoken, and every exchange ends in time, whatever the server does.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use cors_browser::{AddressSpace, FailureKind, Network, NetworkError, WireRequest, WireResponse};
use cors_conformance::network::http::{from_headers, to_request};
use cors_conformance::network::{causes, classify};
use futures_util::future::BoxFuture;
use http::Response;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use super::note::{Note, Severity};
use super::resolve::{Resolve, ResolvingConnector, addresses_of};
use crate::tls::{self, IgnoredCertificates, TlsError};

/// The most bytes of a body that are read. Browsers look at the first 1,445 at most to tell the type of a response.
const BODY_LIMIT: usize = 64 << 10;

/// How long a body is read after the head has come. The verdict does not depend on the rest.
const BODY_TIME: Duration = Duration::from_secs(1);

/// The same for the body of a preflight, which no browser reads. It often says why the server refuses.
const PREFLIGHT_BODY_TIME: Duration = Duration::from_millis(100);

/// How long a name lookup may take that only tells whether a page is in the local network.
const LOOKUP_TIME: Duration = Duration::from_secs(1);

/// The longest response head that is read, in bytes: Chromium's limit (net/http/http_stream_parser.h, `kMaxHeaderBufSize`).
const HEAD_LIMIT: usize = 256 << 10;

/// The most header lines of a response.
const LINE_LIMIT: usize = 1000;

/// Sends requests to real servers, directly.
///
/// It follows no redirects, keeps no cookies, decodes no bodies and uses no proxy, so a report shows what the server sent.
///
/// Every exchange has a connection of its own. A server that sends a body where none belongs, such as after a 204, would spoil the
/// next response on the same connection.
pub struct LiveNetwork {
    client: Client<HttpsConnector<ResolvingConnector>, Full<Bytes>>,
    /// For WebSocket handshakes, and for requests without TLS: browsers use HTTP/1.1 for both.
    plain: Client<HttpsConnector<ResolvingConnector>, Full<Bytes>>,
    addresses: Arc<[Resolve]>,
    ignored: Arc<IgnoredCertificates>,
    time_limit: Duration,
    /// When all exchanges must have ended, if they share the time limit.
    deadline: Option<OnceLock<Instant>>,
    spaces: Mutex<HashMap<String, AddressSpace>>,
}

/// How servers are reached.
#[derive(Clone, Debug, Default)]
pub struct Connecting {
    /// A PEM file with certificates to trust in addition to the system's.
    pub authorities: Option<PathBuf>,
    /// The addresses of hosts, instead of those that a name lookup finds.
    pub addresses: Vec<Resolve>,
    /// Whether certificates that are not trusted are accepted.
    pub accepts_every_certificate: bool,
    /// The version of HTTP over TLS; `None` for the newest that the server speaks.
    pub version: Option<HttpVersion>,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

impl LiveNetwork {
    /// Creates a network whose exchanges may take `time_limit` each. It trusts the system's certificates and those in
    /// `authorities`, a PEM file.
    ///
    /// # Errors
    ///
    /// The file cannot be read or has no certificate, or TLS cannot be set up.
    pub fn new(authorities: Option<&Path>, time_limit: Duration) -> Result<Self, TlsError> {
        let authorities = authorities.map(Path::to_owned);
        Self::connecting(Connecting { authorities, ..Connecting::default() }, time_limit)
    }

    /// The same, with everything that can be chosen.
    ///
    /// # Errors
    ///
    /// The file cannot be read or has no certificate, or TLS cannot be set up.
    pub fn connecting(connecting: Connecting, time_limit: Duration) -> Result<Self, TlsError> {
        let Connecting { authorities, addresses, accepts_every_certificate, version } = connecting;
        let addresses: Arc<[Resolve]> = addresses.into();
        let ignored = Arc::new(IgnoredCertificates::default());
        let config = match accepts_every_certificate {
            true => tls::config_without_verification(authorities.as_deref(), ignored.clone())?,
            false => tls::config(authorities.as_deref())?,
        };
        let connector = |version: Option<HttpVersion>| {
            let mut config = config.clone();
            let protocols: &[&str] = match version {
                None => &["h2", "http/1.1"],
                Some(HttpVersion::Http1) => &["http/1.1"],
                Some(HttpVersion::Http2) => &["h2"],
            };
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
            HttpsConnector::from((ResolvingConnector::new(addresses.clone()), config))
        };
        let client = |version| {
            Client::builder(TokioExecutor::new())
                .pool_max_idle_per_host(0)
                .http2_only(version == Some(HttpVersion::Http2))
                // Over HTTP/1.1 the client reads slightly more than this.
                .http1_max_buf_size(HEAD_LIMIT)
                .http1_max_headers(LINE_LIMIT)
                .http2_max_header_list_size(u32::try_from(HEAD_LIMIT).unwrap_or(u32::MAX))
                // RFC 9112, sections 5.1 and 5.2 forbid servers both. Chromium reads both. Firefox reads folded lines, and
                // ignores a header with a space before its colon, which the client cannot tell from one without.
                .http1_allow_spaces_after_header_name_in_responses(true)
                .http1_allow_obsolete_multiline_headers_in_responses(true)
                // Browsers ignore lines that are not headers. They accept control bytes in values; the client ignores such
                // lines.
                .http1_ignore_invalid_headers_in_responses(true)
                .build(connector(version))
        };
        Ok(Self {
            client: client(version),
            plain: client(Some(HttpVersion::Http1)),
            addresses,
            ignored,
            time_limit,
            deadline: None,
            spaces: Mutex::default(),
        })
    }

    /// Lets all exchanges together take no longer than the time limit, from the first one on.
    #[must_use]
    pub fn with_shared_limit(self) -> Self {
        Self { deadline: Some(OnceLock::new()), ..self }
    }

    /// Looks up in which address space the server for `url` is, as a name does not show it.
    ///
    /// A lookup that fails or takes long changes nothing. Returns whether the address space is known.
    pub(super) async fn look_up(&self, url: &Url) -> bool {
        let (Some(Host::Domain(name)), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return true;
        };
        if AddressSpace::of(url) != AddressSpace::Public {
            return true;
        }
        let addresses: Vec<IpAddr> = match addresses_of(&self.addresses, name, port) {
            Some(addresses) => addresses.to_vec(),
            None => {
                let limit = self.deadline().min(Instant::now() + LOOKUP_TIME);
                let Ok(Ok(found)) = timeout_at(limit, tokio::net::lookup_host((name, port))).await else {
                    return false;
                };
                found.map(|address| address.ip()).collect()
            }
        };
        let spaces: Vec<_> = addresses.into_iter().filter_map(space_of).collect();
        // A name with a public address is public, whatever its other addresses are.
        let is_local = !spaces.is_empty() && !spaces.contains(&AddressSpace::Public);
        if let Some(&space) = spaces.first().filter(|_| is_local) {
            self.place(url, space);
        }
        !spaces.is_empty()
    }

    /// Puts the host of `url` into an address space.
    pub(super) fn place(&self, url: &Url, space: AddressSpace) {
        let Some(host) = url.host_str() else { return };
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned(), space);
    }

    /// When an exchange that begins now must have ended.
    fn deadline(&self) -> Instant {
        let own = Instant::now() + self.time_limit;
        self.deadline.as_ref().map_or(own, |shared| *shared.get_or_init(|| own))
    }

    /// What the verdicts rest on that a browser would not accept.
    pub fn notes(&self) -> Vec<Note> {
        let note = |(host, problem): (String, String)| {
            let text = format!(
                "the certificate of {host} {problem}, and `--insecure` ignores that. Every browser blocks this request until its \
                 user trusts the certificate, and then shows no CORS error at all. The verdict is about what happens afterwards."
            );
            Note::new("certificate-ignored", Severity::Error, text)
        };
        self.ignored.problems().into_iter().map(note).collect()
    }

    async fn exchange(&self, request: WireRequest) -> Result<WireResponse, NetworkError> {
        let url = request.url.clone();
        let is_handshake = request.header("upgrade").is_some();
        let is_preflight = request.header("access-control-request-method").is_some();
        let request = to_request(request, url.as_str())?;
        let deadline = self.deadline();
        let is_plain = is_handshake || url.scheme() == "http";
        let client = if is_plain { &self.plain } else { &self.client };
        let response = timeout_at(deadline, client.request(request))
            .await
            .map_err(|_| self.timeout("no response arrived"))?
            .map_err(|error| {
                let fallback =
                    if error.is_connect() { FailureKind::Unreachable } else { FailureKind::BrokenOff };
                // The outermost message is about the client itself.
                network_error(error.source().unwrap_or(&error), fallback)
            })?;
        let (mut response, body) = head(response, is_handshake)?;
        // A page judges the head, even if the body breaks off.
        let time = if is_preflight { PREFLIGHT_BODY_TIME } else { BODY_TIME };
        let reading = timeout_at(deadline.min(Instant::now() + time), read(body, &mut response.body)).await;
        response.body_error = reading
            .unwrap_or_else(|_| {
                let detail = "the rest of the body was not read, because it took long";
                Err(NetworkError::new(FailureKind::EndlessBody, detail))
            })
            .err();
        Ok(response)
    }

    fn timeout(&self, what: &str) -> NetworkError {
        let seconds = self.time_limit.as_secs_f64();
        NetworkError::new(FailureKind::Timeout, format!("{what} within {seconds} s"))
    }
}

impl Network for LiveNetwork {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>> {
        Box::pin(self.exchange(request))
    }

    fn address_space(&self, url: &Url) -> AddressSpace {
        let spaces = self.spaces.lock().unwrap_or_else(PoisonError::into_inner);
        let known = url.host_str().and_then(|host| spaces.get(host)).copied();
        known.unwrap_or_else(|| AddressSpace::of(url))
    }
}

impl fmt::Debug for LiveNetwork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LiveNetwork").field("time_limit", &self.time_limit).finish_non_exhaustive()
    }
}

/// Classifies an error of the HTTP client; `fallback` is used if the error does not say what kind it is.
fn network_error(error: &(dyn Error + 'static), fallback: FailureKind) -> NetworkError {
    NetworkError::new(classify(error).unwrap_or(fallback), causes(error))
}

/// The head of a response, and its body to read.
fn head(response: Response<Incoming>, is_handshake: bool) -> Result<(WireResponse, Incoming), NetworkError> {
    let (head, incoming) = response.into_parts();
    if head.status.is_informational() && !is_handshake {
        let detail =
            format!("the server switched protocols without a request to do so (status {})", head.status);
        return Err(NetworkError::new(FailureKind::BrokenOff, detail));
    }
    let lines = head.headers.iter();
    let length: usize = lines.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum();
    if length > HEAD_LIMIT {
        let detail = format!("the head of the response is longer than {} KiB", HEAD_LIMIT >> 10);
        return Err(NetworkError::new(FailureKind::EndlessHead, detail));
    }
    let headers = from_headers(&head.headers);
    Ok((WireResponse { headers, ..WireResponse::new(head.status.as_u16()) }, incoming))
}

/// The address space of an address.
fn space_of(address: IpAddr) -> Option<AddressSpace> {
    let host = match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    Url::parse(&format!("http://{host}/")).ok().map(|url| AddressSpace::of(&url))
}

/// Reads the beginning of a body, as far as it comes.
async fn read(mut incoming: Incoming, body: &mut Vec<u8>) -> Result<(), NetworkError> {
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| network_error(&error, FailureKind::BrokenOff))?;
        if let Some(data) = frame.data_ref() {
            body.extend_from_slice(data);
        }
        if body.len() > BODY_LIMIT {
            body.truncate(BODY_LIMIT);
            let detail = format!("only the first {} KiB of the body were read", BODY_LIMIT >> 10);
            return Err(NetworkError::new(FailureKind::EndlessBody, detail));
        }
    }
    Ok(())
}
