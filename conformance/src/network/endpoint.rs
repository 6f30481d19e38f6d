//! The sockets that play the servers, and how they are reached.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::{causes, classify};
use cors_browser::{FailureKind, NetworkError};

/// A connection, whatever it runs over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Where a logical origin is played.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) address: SocketAddr,
    /// With TLS: the host that the certificate has to be for, and whom to trust.
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

    pub(super) async fn connect(&self) -> Result<Box<dyn Stream>, NetworkError> {
        let refused = |error: &(dyn std::error::Error + 'static)| {
            let kind = classify(error).unwrap_or(FailureKind::Unreachable);
            NetworkError::of(kind, format!("cannot connect to {}: {}", self.address, causes(error)))
        };
        let stream = TcpStream::connect(self.address).await.map_err(|error| refused(&error))?;
        stream.set_nodelay(true).map_err(|error| refused(&error))?;
        let Some((host, connector)) = &self.tls else { return Ok(Box::new(stream)) };
        let name = ServerName::try_from(host.clone()).map_err(|error| refused(&error))?;
        let stream = connector.connect(name, stream).await.map_err(|error| refused(&error))?;
        Ok(Box::new(stream))
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

/// A client that trusts nobody but the authority whose certificate in DER is `trusted`.
fn connector(trusted: &[u8]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    // What is no certificate vouches for nobody, and every connection tells so.
    let _ = roots.add(CertificateDer::from(trusted.to_vec()));
    // The provider is named, because another crate in the same program may have brought a second one.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(tokio_rustls::rustls::DEFAULT_VERSIONS)
        .expect("ring has cipher suites for the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
