//! The network of a real browser: a proxy that plays every origin of a scenario.
//!
//! A browser that is told to reach everything through it resolves no names and sends nothing elsewhere, so that a page of
//! `https://app.example` is a page of `https://app.example`. TLS ends here, with certificates of the run's own authority;
//! requests go on over the scenario's own network, and each is recorded.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::uri::Authority as HostAndPort;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

use super::certificates::Certificates;
use super::record::Record;
use cors_browser::{FailureKind, Network, NetworkError, WireRequest, WireResponse};

/// The path, on every origin, of the pages that the suite itself serves.
pub(super) const PAGES: &str = "/.well-known/cors-conformance/";

/// What a page of the suite consists of; the icon keeps browsers from asking for one.
pub(super) const PAGE: &str = "<!doctype html><meta charset=utf-8><title>A page of the CORS conformance suite</title>\
                               <link rel=icon href='data:,'>";

/// Headers that end with a connection (RFC 9110, section 7.6.1), or that frame a message.
const CONNECTION_HEADERS: &[&str] =
    &["connection", "content-length", "host", "keep-alive", "proxy-connection", "transfer-encoding"];

/// A running proxy, gone when it is dropped.
pub(super) struct Proxy {
    address: SocketAddr,
    /// What was on the wire.
    pub(super) record: Arc<Record>,
    _serving: JoinSet<()>,
}

/// What every connection needs.
struct Context {
    network: Arc<dyn Network>,
    certificates: Arc<Certificates>,
    record: Arc<Record>,
}

impl Proxy {
    pub(super) async fn start(
        network: Arc<dyn Network>,
        certificates: Arc<Certificates>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let record = Arc::<Record>::default();
        let context = Arc::new(Context { network, certificates, record: record.clone() });
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, context));
        Ok(Self { address, record, _serving: serving })
    }

    /// Where it listens, as `host:port`.
    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }
}

/// Serves until it is dropped, and every connection with it.
async fn accept(listener: TcpListener, context: Arc<Context>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that is gone before it was accepted concerns nobody.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(proxy_connection(stream, context.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// RFC 9110, section 7.3.2: a connection on which a browser asks its proxy.
async fn proxy_connection(stream: TcpStream, context: Arc<Context>) {
    // A browser gathers small writes itself.
    let _ = stream.set_nodelay(true);
    // What a tunnel carries ends with the connection that asked for it.
    let tunnels = Arc::new(std::sync::Mutex::new(JoinSet::new()));
    let service = service_fn(|request: Request<Incoming>| {
        let (context, tunnels) = (context.clone(), tunnels.clone());
        async move {
            if request.method() != Method::CONNECT {
                let origin = request.uri().authority().map(|authority| format!("http://{authority}"));
                return answer(request, origin.as_deref(), &context).await;
            }
            let Some(target) = request.uri().authority().cloned() else {
                return Ok(plain(StatusCode::BAD_REQUEST, "CONNECT needs a host and a port"));
            };
            tunnels.lock().unwrap_or_else(std::sync::PoisonError::into_inner).spawn(async move {
                if let Ok(upgraded) = hyper::upgrade::on(request).await {
                    tunnel(TokioIo::new(upgraded), &target, context).await;
                }
            });
            Ok(plain(StatusCode::OK, ""))
        }
    });
    // Whoever breaks off a connection knows it.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
    let mut tunnels = std::mem::take(&mut *tunnels.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    while tunnels.join_next().await.is_some() {}
}

/// RFC 9110, section 9.3.6: what a browser sends through a tunnel to `target`.
async fn tunnel(
    mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    target: &HostAndPort,
    context: Arc<Context>,
) {
    let Ok(origin) = Url::parse(&format!("https://{target}")) else { return };
    if let Some(address) = context.network.tunnel(&origin).await {
        if let Ok(mut server) = TcpStream::connect(address).await {
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
        }
        return;
    }
    let Some(acceptor) = context.certificates.acceptor(origin.host_str().unwrap_or_default()) else { return };
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let origin = origin.origin().ascii_serialization();
    let service = service_fn(|request| answer(request, Some(&origin), &context));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

type Body = BoxBody<Bytes, Infallible>;

/// Why a connection is broken off instead of answered.
#[derive(Debug, thiserror::Error)]
#[error("no response came")]
struct NoResponse;

async fn answer(
    request: Request<Incoming>,
    origin: Option<&str>,
    context: &Context,
) -> Result<Response<Body>, NoResponse> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    if target.starts_with(PAGES) {
        return Ok(page());
    }
    let url = origin.and_then(|origin| Url::parse(&format!("{origin}{target}")).ok());
    let Some(url) = url else { return Ok(plain(StatusCode::BAD_REQUEST, "no URL")) };
    let request = wire_request(request, url).await.map_err(|_| NoResponse)?;
    let slot = context.record.begin(request.clone());
    let response = context.network.send(request).await;
    context.record.end(slot, response.clone());
    response.and_then(http_response).map_err(|_| NoResponse)
}

async fn wire_request(request: Request<Incoming>, url: Url) -> Result<WireRequest, hyper::Error> {
    let (head, body) = request.into_parts();
    let headers = head
        .headers
        .iter()
        .filter(|(name, _)| !CONNECTION_HEADERS.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
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
    let unsendable =
        |what: String| NetworkError::new(FailureKind::Malformed, format!("no server could send {what}"));
    let has_length = response.headers.iter().any(|(name, _)| name == CONTENT_LENGTH.as_str());
    let body = Bytes::from(response.body);
    let body = if has_length { Full::new(body).boxed() } else { of_unknown_length(body) };
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(response.status)
        .map_err(|_| unsendable(format!("the status {}", response.status)))?;
    for (name, value) in response.headers {
        let refused = || unsendable(format!("the header `{name}`"));
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        if parsed == TRANSFER_ENCODING || parsed == CONNECTION {
            continue;
        }
        answer.headers_mut().append(parsed, HeaderValue::from_bytes(&value).map_err(|_| refused())?);
    }
    Ok(answer)
}

/// A body for a response that does not tell its length, so that the proxy does not tell it either.
fn of_unknown_length(body: Bytes) -> Body {
    StreamBody::new(futures_util::stream::iter([Ok(Frame::data(body))])).boxed()
}

fn page() -> Response<Body> {
    let mut page = plain(StatusCode::OK, PAGE);
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    page
}

fn plain(status: StatusCode, body: &'static str) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())).boxed());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests;
