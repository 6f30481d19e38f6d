//! The network of a real browser: a proxy that plays every origin of a scenario.
//!
//! A browser that sends everything through a proxy resolves no names and connects to nothing else, so that a page of
//! `https://app.example` really has that origin. TLS ends at the proxy, with certificates of the run's own authority. The proxy
//! forwards requests over the scenario's own network and records each of them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING, UPGRADE};
use http::uri::Authority as HostAndPort;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use url::Url;

use super::casing::{Casing, Remembering};
use super::certificates::Certificates;
use super::raw::{RawOutput, Replaceable};
use super::record::Record;
use cors_browser::{
    EmbedderPolicy, FailureKind, Network, NetworkError, Page, ReferrerPolicy, WireRequest, WireResponse,
};
use cors_conformance::network::http::{from_headers, to_headers};

/// The path of the suite's own pages; the same at every origin.
pub(crate) const PAGES: &str = "/.well-known/cors-conformance/";

/// The path at which browsers look for the icon of a site.
const ICON: &str = "/favicon.ico";

/// The content of the suite's own pages. Without the icon, browsers would request `/favicon.ico`.
pub(super) const PAGE: &str = "<!doctype html><meta charset=utf-8><title>A page of the CORS conformance suite</title>\
                               <link rel=icon href='data:,'>";

/// Headers that end at the proxy (RFC 9110, section 7.6.1).
const CONNECTION_HEADERS: &[&str] =
    &["connection", "host", "keep-alive", "proxy-connection", "transfer-encoding"];

/// The first byte of a TLS connection (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// The pause after an error to accept a connection. Most such errors mean that no file descriptor is left, and they would return
/// at once until another connection ends.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The type of the first record of a TLS connection.
const HANDSHAKE: u8 = 22;

/// The pause before a body breaks off, so that the browser has what came before.
const BREAK_PAUSE: Duration = Duration::from_millis(50);

/// A running proxy; stopped when this value is dropped.
pub(super) struct Proxy {
    address: SocketAddr,
    /// The exchanges that went through the proxy.
    pub(super) record: Arc<Record>,
    _tasks: JoinSet<()>,
}

/// What every connection needs.
pub(super) struct Context {
    network: Arc<dyn Network>,
    certificates: Arc<Certificates>,
    record: Arc<Record>,
}

impl Context {
    pub(super) fn new(
        network: Arc<dyn Network>,
        certificates: Arc<Certificates>,
        record: Arc<Record>,
    ) -> Self {
        Self { network, certificates, record }
    }
}

impl Proxy {
    pub(super) async fn start(
        network: Arc<dyn Network>,
        certificates: Arc<Certificates>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let record = Arc::<Record>::default();
        let context = Arc::new(Context::new(network, certificates, record.clone()));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, context));
        Ok(Self { address, record, _tasks: tasks })
    }

    /// The address on which it listens, as `host:port`.
    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }
}

/// Serves connections that a browser makes to servers themselves, for the current scenario. They end when the future is dropped.
pub(super) async fn accept_direct(listener: TcpListener, current: Arc<Mutex<Option<Arc<Context>>>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = accept(|| listener.accept()) => {
                let context = current.lock().unwrap_or_else(PoisonError::into_inner).clone();
                // Between two scenarios, there are no servers.
                connections.extend(context.map(|context| serve_directly(stream, context)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection of a browser to a server. TLS connections begin with a handshake record (RFC 8446, section 5.1).
async fn serve_directly(stream: TcpStream, context: Arc<Context>) {
    // Ignore: without this option the server is only slower.
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    if !matches!(stream.peek(&mut first).await, Ok(1)) {
        return;
    }
    if first[0] != HANDSHAKE {
        return serve_server("http", stream, &context).await;
    }
    let Ok(handshake) = LazyConfigAcceptor::new(Acceptor::default(), stream).await else { return };
    let host = handshake.client_hello().server_name().unwrap_or_default().to_owned();
    let Some(acceptor) = context.certificates.acceptor(&host) else { return };
    let Ok(stream) = handshake.into_stream(acceptor.config().clone()).await else { return };
    serve_server("https", stream, &context).await;
}

/// Serves what a browser sends to the server that `Host` names.
async fn serve_server(scheme: &str, stream: impl AsyncRead + AsyncWrite + Unpin, context: &Context) {
    let (stream, wire) = watched(stream);
    let service = service_fn(|request: Request<Incoming>| {
        let wire = &wire;
        async move {
            let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
            let origin = host.map(|host| format!("{scheme}://{host}"));
            answer(request, origin.as_deref(), wire, context).await
        }
    });
    // Ignore: the browser has closed the connection.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Serves connections. They end when the future is dropped.
async fn serve(listener: TcpListener, context: Arc<Context>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = accept(|| listener.accept()) => {
                connections.spawn(serve_connection(stream, context.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Accepts the next connection. Errors are not fatal, but a loop without a pause would use a whole processor.
async fn accept<T, F: Future<Output = io::Result<T>>>(mut next: impl FnMut() -> F) -> T {
    loop {
        match next().await {
            Ok(accepted) => return accepted,
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Serves one connection of a browser to its proxy (RFC 9110, section 7.3.2).
async fn serve_connection(stream: TcpStream, context: Arc<Context>) {
    // Ignore: without this option the proxy is only slower.
    let _ = stream.set_nodelay(true);
    // The tunnels of a connection end with it.
    let tunnels = Arc::new(Mutex::new(JoinSet::new()));
    let (stream, wire) = watched(stream);
    let service = service_fn(|request: Request<Incoming>| {
        let (context, tunnels, wire) = (context.clone(), tunnels.clone(), wire.clone());
        async move {
            if request.method() != Method::CONNECT {
                let origin = request.uri().authority().map(|authority| format!("http://{authority}"));
                return answer(request, origin.as_deref(), &wire, &context).await;
            }
            let Some(target) = request.uri().authority().cloned() else {
                return Ok(text(StatusCode::BAD_REQUEST, "CONNECT needs a host and a port"));
            };
            tunnels.lock().unwrap_or_else(PoisonError::into_inner).spawn(async move {
                if let Ok(upgraded) = hyper::upgrade::on(request).await {
                    tunnel(TokioIo::new(upgraded), &target, context).await;
                }
            });
            Ok(text(StatusCode::OK, ""))
        }
    });
    // Ignore: the browser has closed the connection.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
    let mut tunnels = std::mem::take(&mut *tunnels.lock().unwrap_or_else(PoisonError::into_inner));
    while tunnels.join_next().await.is_some() {}
}

/// Serves what a browser sends through a tunnel to `target` (RFC 9110, section 9.3.6): TLS, or the plain HTTP of a WebSocket
/// handshake.
async fn tunnel(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    target: &HostAndPort,
    context: Arc<Context>,
) {
    let mut stream = BufReader::new(stream);
    let Ok(start) = stream.fill_buf().await else { return };
    if start.first() != Some(&TLS_HANDSHAKE) {
        let Ok(origin) = Url::parse(&format!("http://{target}")) else { return };
        return serve_origin(stream, &origin, &context).await;
    }
    let Ok(origin) = Url::parse(&format!("https://{target}")) else { return };
    if let Some(address) = context.network.tunnel(&origin).await {
        if let Ok(mut server) = TcpStream::connect(address).await {
            // Ignore: one of the two has closed the connection.
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
        }
        return;
    }
    let Some(acceptor) = context.certificates.acceptor(origin.host_str().unwrap_or_default()) else { return };
    let Ok(stream) = acceptor.accept(stream).await else { return };
    serve_origin(stream, &origin, &context).await;
}

/// Serves the requests of a connection to one origin.
async fn serve_origin(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    origin: &Url,
    context: &Context,
) {
    let origin = origin.origin().ascii_serialization();
    let (stream, wire) = watched(stream);
    let sockets = Mutex::new(JoinSet::new());
    let service = service_fn(|mut request: Request<Incoming>| {
        let upgrade = hyper::upgrade::on(&mut request);
        let (origin, wire, sockets) = (&origin, &wire, &sockets);
        async move {
            let response = answer(request, Some(origin), wire, context).await?;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                sockets.lock().unwrap_or_else(PoisonError::into_inner).spawn(hold(upgrade));
            }
            Ok::<_, NoResponse>(response)
        }
    });
    // Ignore: the browser has closed the connection.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
    let mut sockets = sockets.into_inner().unwrap_or_else(PoisonError::into_inner);
    while sockets.join_next().await.is_some() {}
}

/// Keeps a WebSocket open until the browser closes it. No messages are passed on.
async fn hold(upgrade: OnUpgrade) {
    if let Ok(upgraded) = upgrade.await {
        // Ignore: the browser has closed the connection.
        let _ = tokio::io::copy(&mut TokioIo::new(upgraded), &mut tokio::io::sink()).await;
    }
}

type Body = BoxBody<Bytes, io::Error>;

/// The reason for which hyper closes a connection without a response.
#[derive(Debug, thiserror::Error)]
#[error("the server sent no response")]
struct NoResponse;

/// What hyper does not show of a connection, and what it does not write.
#[derive(Clone)]
struct Wire {
    casing: Casing,
    raw: RawOutput,
}

fn watched<S>(stream: S) -> (Replaceable<Remembering<S>>, Wire) {
    let (stream, casing) = Remembering::new(stream);
    let (stream, raw) = Replaceable::new(stream);
    (stream, Wire { casing, raw })
}

async fn answer(
    request: Request<Incoming>,
    origin: Option<&str>,
    wire: &Wire,
    context: &Context,
) -> Result<Response<Body>, NoResponse> {
    let names = wire.casing.names();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    if let Some(policies) = target.strip_prefix(PAGES) {
        return Ok(page(policies));
    }
    // Browsers ask for it after a navigation. It has nothing to do with the scenario.
    if target == ICON {
        return Ok(text(StatusCode::NOT_FOUND, ""));
    }
    let url = origin.and_then(|origin| Url::parse(&format!("{origin}{target}")).ok());
    let Some(url) = url else { return Ok(text(StatusCode::BAD_REQUEST, "the request has no valid URL")) };
    let request = wire_request(request, url, &names).await.map_err(|_| NoResponse)?;
    // What was read since then is the body.
    wire.casing.forget();
    let slot = context.record.begin(request.clone());
    let response = context.network.send(request).await;
    context.record.end(slot, response.clone());
    let response = response.map_err(|_| NoResponse)?;
    if to_headers(&response.headers).is_err() {
        wire.raw.replace(&response);
        let mut dropped = text(StatusCode::OK, "");
        dropped.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return Ok(dropped);
    }
    http_response(response).map_err(|_| NoResponse)
}

async fn wire_request(
    request: Request<Incoming>,
    url: Url,
    names: &[String],
) -> Result<WireRequest, hyper::Error> {
    let (head, body) = request.into_parts();
    let mut headers = from_headers(&head.headers);
    // The `Connection` of a WebSocket handshake is part of the handshake.
    let is_upgrade = head.headers.contains_key(UPGRADE);
    headers.retain(|(name, _)| {
        !CONNECTION_HEADERS.contains(&name.as_str()) || (is_upgrade && name == CONNECTION.as_str())
    });
    for (name, value) in &mut headers {
        if name == "referer" {
            *value = without_page_path(&String::from_utf8_lossy(value)).into_bytes();
        }
        if let Some(written) = names.iter().find(|written| written.eq_ignore_ascii_case(name)) {
            name.clone_from(written);
        }
    }
    let has_body = !hyper::body::Body::is_end_stream(&body);
    let body = body.collect().await?.to_bytes();
    Ok(WireRequest {
        method: head.method.as_str().to_owned(),
        url,
        headers,
        body: has_body.then(|| body.to_vec()),
    })
}

fn http_response(response: WireResponse) -> Result<Response<Body>, NetworkError> {
    let mut headers = to_headers(&response.headers)?;
    headers.remove(TRANSFER_ENCODING);
    if response.status != StatusCode::SWITCHING_PROTOCOLS {
        headers.remove(CONNECTION);
    }
    let body = Bytes::from(response.body);
    let has_length =
        headers.contains_key(CONTENT_LENGTH) || response.status == StatusCode::SWITCHING_PROTOCOLS;
    let body = match response.body_error {
        Some(error) => broken_body(body, &error),
        None if has_length => whole_body(body),
        None => body_of_unknown_length(body),
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(response.status).map_err(|_| {
        NetworkError::new(
            FailureKind::Unsendable,
            format!("the status {} is not valid in HTTP", response.status),
        )
    })?;
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// A body for a response without `Content-Length`. hyper would add that header to a body of known length.
fn body_of_unknown_length(body: Bytes) -> Body {
    BodyExt::boxed(StreamBody::new(stream::iter([Ok(Frame::data(body))])))
}

fn whole_body(body: Bytes) -> Body {
    Full::new(body).map_err(|never| match never {}).boxed()
}

/// A body after which hyper closes the connection as if the rest were still to come.
fn broken_body(body: Bytes, error: &NetworkError) -> Body {
    let error = io::Error::other(error.to_string());
    let end = async {
        // hyper writes what it has when the body makes it wait.
        tokio::time::sleep(BREAK_PAUSE).await;
        Err(error)
    };
    let frames = stream::iter([Ok(Frame::data(body))]).chain(stream::once(end));
    BodyExt::boxed(StreamBody::new(frames))
}

/// The path below [`PAGES`] of a page with the policies of `page`.
pub(super) fn page_path(page: &Page) -> String {
    format!("{}/{}/", page.referrer_policy, page.embedder_policy)
}

/// A text about a page, or its URL, as if the page were at the root of its origin, as it is in the model.
pub(super) fn without_page_path(text: &str) -> String {
    let mut rest = text;
    let mut result = String::new();
    while let Some((before, after)) = rest.split_once(PAGES) {
        result.push_str(before);
        result.push('/');
        let is_path = |char: char| char.is_ascii_lowercase() || matches!(char, '-' | '/');
        rest = after.trim_start_matches(is_path);
    }
    result + rest
}

/// A page of the suite. `policies` is what follows [`PAGES`] in its path.
fn page(policies: &str) -> Response<Body> {
    let mut page = text(StatusCode::OK, PAGE);
    let names = ["referrer-policy", "cross-origin-embedder-policy"];
    for (name, value) in names.into_iter().zip(policies.split('/')) {
        // Defaults are left to the browser.
        let defaults = ["", ReferrerPolicy::default().as_str(), EmbedderPolicy::default().as_str()];
        if let (false, Ok(value)) = (defaults.contains(&value), HeaderValue::from_str(value)) {
            page.headers_mut().insert(name, value);
        }
    }
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    page
}

fn text(status: StatusCode, body: &'static str) -> Response<Body> {
    let mut response = Response::new(whole_body(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests;
