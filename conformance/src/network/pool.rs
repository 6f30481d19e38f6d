//! Open connections, one for each server.
//!
//! These are hyper's plain connections and not a client with its own pool and resolver: a request must reach a socket that
//! its authority does not name, and must not carry a header that the browser did not write.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::Mutex;

use super::endpoint::Endpoint;
use super::http::{from_headers, to_headers, to_request};
use super::{BODY_LIMIT, causes, classify, in_time};
use crate::scenario::HttpVersion;
use cors_browser::{FailureKind, NetworkError, WireRequest, WireResponse};

pub(super) struct Pool {
    version: HttpVersion,
    idle: Mutex<HashMap<SocketAddr, Connection>>,
}

impl Pool {
    pub(super) fn new(version: HttpVersion) -> Self {
        Self { version, idle: Mutex::default() }
    }

    pub(super) async fn exchange(
        &self,
        endpoint: &Endpoint,
        authority: &str,
        request: WireRequest,
        time_limit: Duration,
    ) -> Result<WireResponse, NetworkError> {
        let request = to_http(self.version, authority, request)?;
        let mut connection = self.connection(endpoint, time_limit).await?;
        let exchange = async {
            let mut response = connection.send(request.clone()).await;
            // A server may close an idle connection just when it is reused. If nothing was sent yet, hyper says so.
            if matches!(&response, Err(error) if error.is_canceled()) {
                connection = Connection::open(self.version, endpoint, time_limit).await?;
                response = connection.send(request).await;
            }
            let response = from_http(response.map_err(|error| no_response(&error))?).await?;
            Ok((response, connection))
        };
        let (response, connection) = in_time(time_limit, exchange).await?;
        self.idle.lock().await.insert(endpoint.address, connection);
        Ok(response)
    }

    async fn connection(
        &self,
        endpoint: &Endpoint,
        time_limit: Duration,
    ) -> Result<Connection, NetworkError> {
        let idle = self.idle.lock().await.remove(&endpoint.address);
        let usable = match idle {
            Some(mut connection) => connection.is_usable().await.then_some(connection),
            None => None,
        };
        match usable {
            Some(connection) => Ok(connection),
            None => Connection::open(self.version, endpoint, time_limit).await,
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("version", &self.version).finish_non_exhaustive()
    }
}

enum Connection {
    Http11(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    async fn open(
        version: HttpVersion,
        endpoint: &Endpoint,
        time_limit: Duration,
    ) -> Result<Self, NetworkError> {
        let stream = TokioIo::new(endpoint.connect(time_limit).await?);
        // The handshake of HTTP/2 writes the preface. A request is not sent yet.
        let refused = |error: hyper::Error| {
            let detail = format!("cannot start HTTP with {}: {}", endpoint.address, causes(&error));
            NetworkError::new(FailureKind::Unreachable, detail)
        };
        // The driver tasks end when the senders are dropped. The senders report the errors of the drivers.
        match version {
            HttpVersion::Http11 => {
                let (sender, driver) = http1::handshake(stream).await.map_err(refused)?;
                tokio::spawn(driver);
                Ok(Self::Http11(sender))
            }
            HttpVersion::Http2 => {
                let (sender, driver) =
                    http2::handshake(TokioExecutor::new(), stream).await.map_err(refused)?;
                tokio::spawn(driver);
                Ok(Self::Http2(sender))
            }
        }
    }

    async fn is_usable(&mut self) -> bool {
        match self {
            Self::Http11(sender) => sender.ready().await.is_ok(),
            Self::Http2(sender) => sender.ready().await.is_ok(),
        }
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        match self {
            Self::Http11(sender) => sender.send_request(request).await,
            Self::Http2(sender) => sender.send_request(request).await,
        }
    }
}

fn to_http(
    version: HttpVersion,
    authority: &str,
    request: WireRequest,
) -> Result<Request<Full<Bytes>>, NetworkError> {
    let target = match request.url.query() {
        Some(query) => format!("{}?{query}", request.url.path()),
        None => request.url.path().to_owned(),
    };
    let uri = match version {
        HttpVersion::Http11 => target,
        HttpVersion::Http2 => format!("http://{authority}{target}"),
    };
    let mut converted = to_request(request, &uri)?;
    if version == HttpVersion::Http11 {
        let host = to_headers(&[("host".to_owned(), authority.as_bytes().to_vec())])?;
        converted.headers_mut().extend(host);
    }
    Ok(converted)
}

fn no_response(error: &hyper::Error) -> NetworkError {
    // A canceled request was never written to the connection.
    let kind = if error.is_canceled() {
        FailureKind::Unreachable
    } else {
        classify(error).unwrap_or(FailureKind::BrokenOff)
    };
    NetworkError::new(kind, format!("no response: {}", causes(error)))
}

async fn from_http(response: Response<Incoming>) -> Result<WireResponse, NetworkError> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let detail = format!("the body is longer than {BODY_LIMIT} bytes");
            return NetworkError::new(FailureKind::EndlessBody, detail);
        }
        let kind = classify(error.as_ref()).unwrap_or(FailureKind::BrokenOff);
        NetworkError::new(kind, format!("the body is incomplete: {}", causes(error.as_ref())))
    })?;
    Ok(WireResponse { status: head.status.as_u16(), headers: from_headers(&head.headers), body: body.to_bytes().to_vec() })
}
