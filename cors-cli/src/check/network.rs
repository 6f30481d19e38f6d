//! The network of real servers: names are resolved, TLS is spoken, and whatever a server does ends in time.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{HeaderName, HeaderValue};
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::failure::Failure;
use cors_browser::{FailureKind, Network, NetworkError, WireRequest, WireResponse};

/// The longest body that is read.
const BODY_LIMIT: usize = 16 << 20;

/// The longest response head that is read, as in Chromium (net/http/http_stream_parser.h, `kMaxHeaderBufSize`).
const HEAD_LIMIT: usize = 256 << 10;

/// The most header lines of a response.
const LINE_LIMIT: usize = 1000;

/// Real servers, reached directly.
///
/// It follows no redirects, keeps no cookies, decodes no bodies and uses no proxy: what it reports is what the server said.
pub struct LiveNetwork {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    time_limit: Duration,
    failure: Mutex<Option<Failure>>,
}

/// A network that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The file of certificates cannot be read.
    #[error("--cacert {path}: {reason}; write the path of a PEM file with at least one certificate")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The TLS library refuses its configuration.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl LiveNetwork {
    /// A network whose exchanges may take `time_limit` each, and that trusts the certificates in `authorities`, a PEM file,
    /// beside those that the system trusts.
    pub fn new(authorities: Option<&Path>, time_limit: Duration) -> Result<Self, SetupError> {
        let mut roots = RootCertStore::empty();
        // A system without certificates, or with a broken one among them, can still reach servers without TLS.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = authorities {
            add_certificates(&mut roots, path)
                .map_err(|reason| SetupError::Certificates { path: path.to_owned(), reason })?;
        }
        // The provider is named, because another crate in the same program may have brought a second one.
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .build();
        let client = Client::builder(TokioExecutor::new())
            // Over HTTP/1.1 the client reads somewhat more than it is told.
            .http1_max_buf_size(HEAD_LIMIT)
            .http1_max_headers(LINE_LIMIT)
            .http2_max_header_list_size(u32::try_from(HEAD_LIMIT).unwrap_or(u32::MAX))
            // RFC 9112, sections 5.1 and 5.2: no server may send these two any more. Chromium reads both; Firefox reads folded
            // lines, and leaves out a header with a space before its colon, which the client cannot tell from one without.
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .build(connector);
        Ok(Self { client, time_limit, failure: Mutex::default() })
    }

    /// Why the last exchange that failed did.
    pub fn failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn exchange(&self, request: WireRequest) -> Result<WireResponse, Failure> {
        let request = to_http(request)?;
        let deadline = Instant::now() + self.time_limit;
        let response = timeout_at(deadline, self.client.request(request))
            .await
            .map_err(|_| self.late("no response came"))?
            .map_err(|error| {
                let otherwise =
                    if error.is_connect() { FailureKind::Unreachable } else { FailureKind::BrokenOff };
                // The client's own words are about itself.
                Failure::from_error(error.source().unwrap_or(&error), otherwise)
            })?;
        let status = response.status();
        timeout_at(deadline, from_http(response)).await.unwrap_or_else(|_| {
            Err(self.late(&format!("a response came (status {status}), but its body did not end")))
        })
    }

    fn late(&self, what: &str) -> Failure {
        let seconds = self.time_limit.as_secs_f64();
        Failure::new(FailureKind::Timeout, format!("{what} within {seconds} s"))
    }
}

impl Network for LiveNetwork {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>> {
        Box::pin(async move {
            self.exchange(request).await.map_err(|failure| {
                let error = NetworkError::new(failure.kind, failure.to_string());
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                error
            })
        })
    }
}

impl fmt::Debug for LiveNetwork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LiveNetwork").field("time_limit", &self.time_limit).finish_non_exhaustive()
    }
}

fn add_certificates(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let mut count = 0;
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())? {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
        count += 1;
    }
    if count == 0 { Err("it holds no certificate".to_owned()) } else { Ok(()) }
}

fn to_http(request: WireRequest) -> Result<Request<Full<Bytes>>, Failure> {
    let unsendable =
        |what: String| Failure::new(FailureKind::Unsendable, format!("{what} cannot be sent by this client"));
    let mut sent = Request::new(Full::new(Bytes::from(request.body.unwrap_or_default())));
    *sent.method_mut() = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| unsendable(format!("the method `{}`", request.method)))?;
    *sent.uri_mut() =
        Uri::try_from(request.url.as_str()).map_err(|_| unsendable(format!("the URL `{}`", request.url)))?;
    for (name, value) in request.headers {
        let refused = || unsendable(format!("the header `{name}: {}`", value.escape_ascii()));
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        sent.headers_mut().append(parsed, HeaderValue::from_bytes(&value).map_err(|_| refused())?);
    }
    Ok(sent)
}

async fn from_http(response: Response<Incoming>) -> Result<WireResponse, Failure> {
    let (head, mut incoming) = response.into_parts();
    if head.status.is_informational() {
        let detail = format!("the server switched protocols unasked (status {})", head.status);
        return Err(Failure::new(FailureKind::BrokenOff, detail));
    }
    let lines = || head.headers.iter();
    let length: usize = lines().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum();
    if length > HEAD_LIMIT {
        let detail = format!("the response's head is longer than {} KiB", HEAD_LIMIT >> 10);
        return Err(Failure::new(FailureKind::EndlessHead, detail));
    }
    let headers =
        lines().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| Failure::from_error(&error, FailureKind::BrokenOff))?;
        if let Some(data) = frame.data_ref() {
            body.extend_from_slice(data);
        }
        if body.len() > BODY_LIMIT {
            let status = head.status;
            let detail = format!(
                "a response came (status {status}), but its body did not end after {} MiB",
                BODY_LIMIT >> 20
            );
            return Err(Failure::new(FailureKind::EndlessBody, detail));
        }
    }
    Ok(WireResponse { status: head.status.as_u16(), headers, body })
}
