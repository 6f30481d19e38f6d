//! A development proxy in front of one server that one cannot change.
//!
//! A [`Proxy`] either adds the headers of a policy to the server's responses and answers preflights, or puts the server and a
//! page's files under one origin, so that no CORS is needed. Bodies are streamed in both directions, and upgrades such as
//! WebSockets pass.

mod cookies;
mod forward;
mod headers;
mod target;

use std::convert::Infallible;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cors_core::{Decision, Policy, PreparedPolicy};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;
use tower_service::Service;
use url::Url;

use self::forward::{Client, client};
pub use self::target::{Target, TargetError};
use crate::tls::TlsError;

/// The body of a response, streamed.
type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// What a proxy does.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server. Its path is put before the path of every request.
    pub to: Target,
    /// How pages may use it.
    pub mode: Mode,
    /// A PEM file with certificates to trust in addition to the system's.
    pub authorities: Option<PathBuf>,
    /// Whether to remove `Domain` and `Secure` from cookies, so that a browser keeps them for plain HTTP on this machine.
    pub local_cookies: bool,
    /// Whether to send the server's own origin as `Origin` for pages that may use it.
    pub own_origin: bool,
}

/// How pages may use the server behind a proxy.
#[derive(Clone, Debug)]
pub enum Mode {
    /// From other origins, as far as a policy allows.
    Policy(Policy),
    /// From the same origin: the server is below a prefix, and the rest of the origin is something else.
    SameOrigin {
        /// The prefix, such as `/api`. It is removed from the paths that the server gets.
        prefix: String,
        /// What has all other paths.
        rest: Rest,
    },
}

/// What has the paths that are not below the prefix.
#[derive(Clone, Debug)]
pub enum Rest {
    /// The files of a folder.
    Folder(PathBuf),
    /// Another server, such as that of a bundler.
    Server(Target),
}

/// Why a proxy cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The folder of the page does not exist.
    #[error("{0}: not a folder")]
    NoFolder(PathBuf),
    /// The prefix is not a path.
    #[error("`{0}` is not a prefix; write a path such as `/api`")]
    Prefix(String),
}

/// A proxy in front of one server.
#[derive(Clone)]
pub struct Proxy(Arc<Inner>);

struct Inner {
    client: Client,
    to: Target,
    mode: PreparedMode,
    local_cookies: bool,
    own_origin: bool,
    /// The name of this proxy in `Via`, by which it knows its own requests.
    via: String,
}

enum PreparedMode {
    Policy(Box<PreparedPolicy<HeaderValue>>),
    SameOrigin { prefix: String, rest: PreparedRest },
}

enum PreparedRest {
    Folder(ServeDir),
    Server(Target),
}

impl Proxy {
    /// Sets up a proxy.
    ///
    /// # Errors
    ///
    /// A file, folder or prefix is wrong, or TLS cannot be set up.
    pub fn new(options: Options) -> Result<Self, SetupError> {
        let mode = match options.mode {
            Mode::Policy(policy) => PreparedMode::Policy(Box::new(PreparedPolicy::new(policy))),
            Mode::SameOrigin { prefix, rest } => {
                let rest = match rest {
                    Rest::Folder(folder) if !folder.is_dir() => return Err(SetupError::NoFolder(folder)),
                    Rest::Folder(folder) => PreparedRest::Folder(ServeDir::new(folder)),
                    Rest::Server(target) => PreparedRest::Server(target),
                };
                PreparedMode::SameOrigin { prefix: checked_prefix(prefix)?, rest }
            }
        };
        Ok(Self(Arc::new(Inner {
            client: client(options.authorities.as_deref())?,
            to: options.to,
            mode,
            local_cookies: options.local_cookies,
            own_origin: options.own_origin,
            via: format!("cors-proxy-{:016x}", RandomState::new().build_hasher().finish()),
        })))
    }

    /// Serves connections. It does not return unless the listener fails; to stop it, drop the future.
    ///
    /// # Errors
    ///
    /// The address of the listener cannot be read.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        let address = listener.local_addr()?;
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // One connection failed, or there are too many of them.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Small answers are sent at once.
            let _ = stream.set_nodelay(true);
            let proxy = self.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let proxy = proxy.clone();
                    async move { Ok::<_, Infallible>(proxy.0.answer(request, address).await) }
                });
                // Ignore: the client disconnected, or a body broke off.
                let _ = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades()
                    .await;
            });
        }
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Proxy").field("to", &self.0.to).finish_non_exhaustive()
    }
}

impl Inner {
    async fn answer(&self, request: Request<Incoming>, address: SocketAddr) -> Response<Body> {
        if let Some(refused) = self.refuse(&request) {
            return refused;
        }
        match &self.mode {
            PreparedMode::Policy(policy) => match policy.decide(&request) {
                Decision::Preflight(preflight) => empty(policy.answer_preflight(preflight, &request)),
                Decision::Denied(denied) => empty(policy.answer_denied(denied)),
                Decision::Actual(actual) => {
                    let is_own = self.own_origin && actual.is_allowed();
                    let mut response = self.forward(request, &self.to, "", is_own).await;
                    policy.write_actual(actual, response.headers_mut());
                    response
                }
            },
            PreparedMode::SameOrigin { prefix, rest } => {
                if is_below(request.uri().path(), prefix) {
                    let is_own = self.own_origin && is_own_origin(&request, address);
                    let mut response = self.forward(request, &self.to, prefix, is_own).await;
                    // Other origins must not read with the cookies that the browser keeps for this one.
                    headers::remove_cors(response.headers_mut());
                    return response;
                }
                match rest {
                    PreparedRest::Server(target) => self.forward(request, target, "", false).await,
                    PreparedRest::Folder(folder) => {
                        // It answers errors itself: 404 to what does not exist or may not be read.
                        let Ok(response) = folder.clone().call(request).await;
                        response.map(|body| body.map_err(Into::into).boxed_unsync())
                    }
                }
            }
        }
    }

    /// What only an open proxy would do, and what has passed this proxy before.
    fn refuse(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        if request.method() == Method::CONNECT {
            return Some(plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "this proxy is in front of one server, and makes no tunnels",
            ));
        }
        // RFC 9112, section 3.2.2. Only clients that were told to use a proxy send it.
        if request.uri().scheme().is_some() || request.uri().authority().is_some() {
            return Some(plain(
                StatusCode::BAD_REQUEST,
                "this proxy is in front of one server: write its own address into the URL, and do not configure it as a proxy",
            ));
        }
        let has_passed =
            request.headers().get_all(header::VIA).iter().any(|line| {
                line.to_str().is_ok_and(|line| line.split([',', ' ']).any(|word| word == self.via))
            });
        has_passed.then(|| plain(StatusCode::LOOP_DETECTED, "the server behind this proxy is this proxy"))
    }
}

/// Whether a path is the prefix, or below it.
fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether the page of a request has the origin of the proxy.
fn is_own_origin(request: &Request<Incoming>, address: SocketAddr) -> bool {
    let Some(origin) = request.headers().get(header::ORIGIN) else { return false };
    let Some(host) = request.headers().get(header::HOST) else { return false };
    let is_host = origin.as_bytes().strip_prefix(b"http://").is_some_and(|origin| origin == host.as_bytes());
    // A name that leads here by the attacker's DNS is not the proxy's own.
    let is_local = host.to_str().is_ok_and(|host| {
        let name = Url::parse(&format!("http://{host}")).ok();
        match name.as_ref().and_then(Url::host) {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback() || address.ip() == ip,
            Some(url::Host::Ipv6(ip)) => ip.is_loopback() || address.ip() == ip,
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        }
    });
    is_host && is_local
}

fn checked_prefix(prefix: String) -> Result<String, SetupError> {
    let trimmed = prefix.trim_end_matches('/');
    let is_path = trimmed.starts_with('/')
        && !trimmed.starts_with("//")
        && !trimmed.contains(['?', '#', '*'])
        && trimmed.parse::<http::Uri>().is_ok();
    if is_path { Ok(trimmed.to_owned()) } else { Err(SetupError::Prefix(prefix)) }
}

fn empty((status, headers): (StatusCode, http::HeaderMap)) -> Response<Body> {
    let mut response = Response::new(text(Bytes::new()));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// A response of the proxy itself.
fn plain(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(text(Bytes::from(format!("cors proxy: {message}\n"))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn text(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}
