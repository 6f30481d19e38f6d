//! Open connections, one for each server.
//!
//! These are plain connections and not a client with its own pool and resolver: a request must reach a socket that its
//! authority does not name, and must not carry a header that the browser did not write.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::endpoint::Endpoint;
use super::http::{from_headers, to_request};
use super::{BODY_LIMIT, causes, classify, raw, too_late};
use crate::scenario::{HttpVersion, RawRequest};
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
        let request = Prepared::new(self.version, authority, request)?;
        let mut connection = self.connection(endpoint, time_limit).await?;
        let response = connection.send(&request, time_limit).await?;
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

/// A request in the form in which a connection takes it.
enum Prepared {
    /// The bytes on the wire, and the method.
    Http11(Vec<u8>, String),
    Http2(Box<Request<Full<Bytes>>>),
}

impl Prepared {
    fn new(version: HttpVersion, authority: &str, request: WireRequest) -> Result<Self, NetworkError> {
        let target = match request.url.query() {
            Some(query) => format!("{}?{query}", request.url.path()),
            None => request.url.path().to_owned(),
        };
        match version {
            HttpVersion::Http11 => {
                // The conversion checks that the request is valid.
                to_request(request.clone(), &target)?;
                let WireRequest { method, url, headers, body } = request;
                let raw = RawRequest {
                    origin: url,
                    method: method.clone(),
                    target,
                    is_http10: false,
                    headers,
                    body,
                };
                Ok(Self::Http11(raw::serialize(authority, &raw), method))
            }
            HttpVersion::Http2 => {
                Ok(Self::Http2(Box::new(to_request(request, &format!("http://{authority}{target}"))?)))
            }
        }
    }
}

enum Connection {
    Http11(raw::Connection),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    async fn open(
        version: HttpVersion,
        endpoint: &Endpoint,
        time_limit: Duration,
    ) -> Result<Self, NetworkError> {
        if version == HttpVersion::Http11 {
            return Ok(Self::Http11(raw::Connection::open(endpoint, time_limit).await?));
        }
        let stream = TokioIo::new(endpoint.connect(time_limit).await?);
        // The handshake writes the preface. A request is not sent yet.
        let refused = |error: hyper::Error| {
            let detail = format!("cannot start HTTP/2 with {}: {}", endpoint.address, causes(&error));
            NetworkError::new(FailureKind::Unreachable, detail)
        };
        // The driver task ends when the sender is dropped. The sender reports the errors of the driver.
        let (sender, driver) = http2::handshake(TokioExecutor::new(), stream).await.map_err(refused)?;
        tokio::spawn(driver);
        Ok(Self::Http2(sender))
    }

    async fn is_usable(&mut self) -> bool {
        match self {
            Self::Http11(connection) => connection.is_usable(),
            Self::Http2(sender) => sender.ready().await.is_ok(),
        }
    }

    async fn send(&mut self, request: &Prepared, time_limit: Duration) -> Result<WireResponse, NetworkError> {
        match (self, request) {
            (Self::Http11(connection), Prepared::Http11(bytes, method)) => {
                connection.exchange(bytes, method, time_limit).await
            }
            (Self::Http2(sender), Prepared::Http2(request)) => {
                let deadline = Instant::now() + time_limit;
                match timeout_at(deadline, sender.send_request(Request::clone(request))).await {
                    Ok(Ok(response)) => Ok(from_http(response, deadline, time_limit).await),
                    Ok(Err(error)) => Err(no_response(&error)),
                    Err(_) => Err(too_late(time_limit)),
                }
            }
            _ => {
                Err(NetworkError::new(FailureKind::Unsendable, "the connection has another version of HTTP"))
            }
        }
    }
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

async fn from_http(response: Response<Incoming>, deadline: Instant, time_limit: Duration) -> WireResponse {
    let (head, incoming) = response.into_parts();
    let mut body = Vec::new();
    let reading = timeout_at(deadline, read(Limited::new(incoming, BODY_LIMIT), &mut body)).await;
    let body_error = reading.unwrap_or_else(|_| Err(too_late(time_limit))).err();
    WireResponse { status: head.status.as_u16(), headers: from_headers(&head.headers), body, body_error }
}

/// Reads a body, as far as it comes.
async fn read(mut incoming: Limited<Incoming>, body: &mut Vec<u8>) -> Result<(), NetworkError> {
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| {
            if error.is::<LengthLimitError>() {
                let detail = format!("the body is longer than {BODY_LIMIT} bytes");
                return NetworkError::new(FailureKind::EndlessBody, detail);
            }
            let kind = classify(error.as_ref()).unwrap_or(FailureKind::BrokenOff);
            NetworkError::new(kind, format!("the body is incomplete: {}", causes(error.as_ref())))
        })?;
        if let Some(data) = frame.data_ref() {
            body.extend_from_slice(data);
        }
    }
    Ok(())
}
