//! Connections that are kept open, one for each server.
//!
//! These are hyper's bare connections and not a client with a pool and a resolver of its own, because a request has to
//! arrive at a socket that its authority does not name, and without a header that the browser did not write.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::Mutex;

use super::endpoint::Endpoint;
use super::http::{from_headers, to_headers, to_request};
use super::{BODY_LIMIT, causes};
use crate::scenario::HttpVersion;
use cors_browser::{NetworkError, WireRequest, WireResponse};

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
    ) -> Result<WireResponse, NetworkError> {
        let request = to_http(self.version, authority, request)?;
        let mut connection = self.connection(endpoint).await?;
        let mut answer = connection.send(request.clone()).await;
        // A server may close an idle connection just when it is used again. hyper says so if nothing was sent yet.
        if matches!(&answer, Err(error) if error.is_canceled()) {
            connection = Connection::open(self.version, endpoint).await?;
            answer = connection.send(request).await;
        }
        let response =
            answer.map_err(|error| NetworkError::new(format!("no response: {}", causes(&error))))?;
        let response = from_http(response).await?;
        self.idle.lock().await.insert(endpoint.address, connection);
        Ok(response)
    }

    async fn connection(&self, endpoint: &Endpoint) -> Result<Connection, NetworkError> {
        if let Some(mut idle) = self.idle.lock().await.remove(&endpoint.address)
            && idle.is_usable().await
        {
            return Ok(idle);
        }
        Connection::open(self.version, endpoint).await
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
    async fn open(version: HttpVersion, endpoint: &Endpoint) -> Result<Self, NetworkError> {
        let stream = TokioIo::new(endpoint.connect().await?);
        let refused = |error: hyper::Error| {
            NetworkError::new(format!("cannot speak to {}: {}", endpoint.address, causes(&error)))
        };
        // The driving tasks end when the senders are dropped; what they fail with, the senders tell.
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

async fn from_http(response: Response<Incoming>) -> Result<WireResponse, NetworkError> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return NetworkError::new(format!("the body is longer than {BODY_LIMIT} bytes"));
        }
        NetworkError::new(format!("the body broke off: {}", causes(error.as_ref())))
    })?;
    Ok(WireResponse {
        status: head.status.as_u16(),
        headers: from_headers(&head.headers),
        body: body.to_bytes().to_vec(),
    })
}
