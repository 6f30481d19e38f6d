//! The network of real servers.
//!
//! Names are resolved, TLS is spoken, and every exchange ends in time, whatever the server does.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cors_browser::{FailureKind, Network, NetworkError, WireRequest, WireResponse};
use cors_conformance::network::http::{from_headers, to_request};
use cors_conformance::network::{causes, classify};
use futures_util::future::BoxFuture;
use http::Response;
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

/// The longest body that is read, in bytes.
const BODY_LIMIT: usize = 16 << 20;

/// The longest response head that is read, in bytes: Chromium's limit (net/http/http_stream_parser.h, `kMaxHeaderBufSize`).
const HEAD_LIMIT: usize = 256 << 10;

/// The most header lines of a response.
const LINE_LIMIT: usize = 1000;

/// Sends requests to real servers, directly.
///
/// It follows no redirects, keeps no cookies, decodes no bodies and uses no proxy, so a report shows what the server sent.
pub struct LiveNetwork {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    time_limit: Duration,
}

/// Why a [`LiveNetwork`] cannot be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The file with certificates cannot be read.
    #[error("{path}: {reason}; write the path of a PEM file with at least one certificate")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The TLS library rejects its configuration.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl LiveNetwork {
    /// Creates a network whose exchanges may take `time_limit` each. It trusts the system's certificates and those in
    /// `authorities`, a PEM file.
    ///
    /// # Errors
    ///
    /// The file cannot be read or has no certificate, or TLS cannot be set up.
    pub fn new(authorities: Option<&Path>, time_limit: Duration) -> Result<Self, SetupError> {
        let mut roots = RootCertStore::empty();
        // A system without certificates, or with an invalid one among them, can still reach servers without TLS.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = authorities {
            add_certificates(&mut roots, path)
                .map_err(|reason| SetupError::Certificates { path: path.to_owned(), reason })?;
        }
        // The provider is named because another crate in the same program may bring a second one.
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
            // Over HTTP/1.1 the client reads slightly more than this.
            .http1_max_buf_size(HEAD_LIMIT)
            .http1_max_headers(LINE_LIMIT)
            .http2_max_header_list_size(u32::try_from(HEAD_LIMIT).unwrap_or(u32::MAX))
            // RFC 9112, sections 5.1 and 5.2 forbid servers both. Chromium reads both. Firefox reads folded lines, and ignores
            // a header with a space before its colon, which the client cannot tell from one without.
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            // Browsers ignore lines that are not headers. They accept control bytes in values; the client ignores such lines.
            .http1_ignore_invalid_headers_in_responses(true)
            .build(connector);
        Ok(Self { client, time_limit })
    }

    async fn exchange(&self, request: WireRequest) -> Result<WireResponse, NetworkError> {
        let url = request.url.clone();
        let request = to_request(request, url.as_str())?;
        let deadline = Instant::now() + self.time_limit;
        let response = timeout_at(deadline, self.client.request(request))
            .await
            .map_err(|_| self.timeout("no response arrived"))?
            .map_err(|error| {
                let fallback =
                    if error.is_connect() { FailureKind::Unreachable } else { FailureKind::BrokenOff };
                // The outermost message is about the client itself.
                network_error(error.source().unwrap_or(&error), fallback)
            })?;
        let (mut response, body) = head(response)?;
        // A page judges the head, even if the body breaks off.
        let reading = timeout_at(deadline, read(body, &mut response.body)).await;
        response.body_error = reading.unwrap_or_else(|_| Err(self.timeout("the body did not end"))).err();
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
    if count == 0 { Err("the file has no certificate".to_owned()) } else { Ok(()) }
}

/// Classifies an error of the HTTP client; `fallback` is used if the error does not say what kind it is.
fn network_error(error: &(dyn Error + 'static), fallback: FailureKind) -> NetworkError {
    NetworkError::new(classify(error).unwrap_or(fallback), causes(error))
}

/// The head of a response, and its body to read.
fn head(response: Response<Incoming>) -> Result<(WireResponse, Incoming), NetworkError> {
    let (head, incoming) = response.into_parts();
    if head.status.is_informational() {
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

/// Reads a body, as far as it comes.
async fn read(mut incoming: Incoming, body: &mut Vec<u8>) -> Result<(), NetworkError> {
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| network_error(&error, FailureKind::BrokenOff))?;
        if let Some(data) = frame.data_ref() {
            body.extend_from_slice(data);
        }
        if body.len() > BODY_LIMIT {
            let detail = format!("the body did not end after {} MiB", BODY_LIMIT >> 20);
            return Err(NetworkError::new(FailureKind::EndlessBody, detail));
        }
    }
    Ok(())
}
