//! Loopback sockets that stand for servers, and how to connect to them.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::{causes, classify};
use cors_browser::{FailureKind, NetworkError};

/// A TCP or TLS connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The socket that stands for a logical origin.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) address: SocketAddr,
    /// With TLS: the host name that the certificate must be valid for, and the client configuration.
    tls: Option<(String, TlsConnector)>,
}

impl Endpoint {
    pub(super) fn plain(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }

    pub(super) fn tls(address: SocketAddr, url: &Url, trusted: &[u8]) -> Self {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        Self { address, tls: Some((host, connector(trusted))) }
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Opens a connection, including the TLS handshake, within `time_limit`.
    pub(super) async fn connect(&self, time_limit: Duration) -> Result<Box<dyn Stream>, NetworkError> {
        timeout(time_limit, self.open()).await.unwrap_or_else(|_| {
            let detail = format!("no connection to {} within {time_limit:?}", self.address);
            Err(NetworkError::new(FailureKind::Unreachable, detail))
        })
    }

    async fn open(&self) -> Result<Box<dyn Stream>, NetworkError> {
        let unreachable = |error: io::Error| self.failed(&error, FailureKind::Unreachable);
        let stream = TcpStream::connect(self.address).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let Some((host, connector)) = &self.tls else { return Ok(Box::new(stream)) };
        let name =
            ServerName::try_from(host.clone()).map_err(|error| self.failed(&error, FailureKind::Tls))?;
        let stream = connector.connect(name, stream).await;
        Ok(Box::new(stream.map_err(|error| self.failed(&error, FailureKind::Tls))?))
    }

    /// An error of kind `otherwise`, unless its cause has a kind of its own.
    fn failed(&self, error: &(dyn Error + 'static), otherwise: FailureKind) -> NetworkError {
        // While connecting, no request was sent. A connection that is reset now is not a response that broke off.
        let kind = classify(error).filter(|kind| !kind.was_sent()).unwrap_or(otherwise);
        NetworkError::new(kind, format!("cannot connect to {}: {}", self.address, causes(error)))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Endpoint")
            .field("address", &self.address)
            .field("tls", &self.tls.is_some())
            .finish()
    }
}

/// A TLS client that trusts only the CA whose certificate, in DER, is `trusted`.
fn connector(trusted: &[u8]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    // If `trusted` is not a certificate, the store stays empty and every handshake fails with an unknown issuer.
    let _ = roots.add(CertificateDer::from(trusted.to_vec()));
    // Named explicitly because another crate in the same program may enable a second provider.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(tokio_rustls::rustls::DEFAULT_VERSIONS)
        .expect("ring has cipher suites for the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
