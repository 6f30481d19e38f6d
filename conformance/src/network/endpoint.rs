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
use crate::browser::{FailureKind, NetworkError};

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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::browser::{
        BlockReason, Browser, FetchRequest, Network, Origin, Outcome, Page, Profile, WireRequest,
    };
    use crate::network::LoopbackNetwork;
    use crate::scenario::{HttpVersion, RawRequest};
    use crate::subject::axum::serve;
    use crate::subject::front::{Authority, Front, Security};

    fn api() -> Url {
        Url::parse("https://api.example/").unwrap()
    }

    /// A server behind a certificate for `host`, which `issuer` has issued.
    async fn server(issuer: &Authority, host: &str) -> Front {
        let application =
            ::axum::Router::new().route("/", ::axum::routing::get(|| async { "hello over TLS" }));
        let security = Security::Tls(issuer.issue(host).unwrap());
        Front::start(0, security, serve(application).await.unwrap()).await.unwrap()
    }

    fn get() -> WireRequest {
        WireRequest { method: "GET".to_owned(), url: api(), headers: Vec::new(), body: None }
    }

    #[rstest]
    #[case(HttpVersion::Http11)]
    #[case(HttpVersion::Http2)]
    #[tokio::test]
    async fn a_server_with_a_valid_certificate_is_reached(#[case] version: HttpVersion) {
        let authority = Authority::new().unwrap();
        let front = server(&authority, "api.example").await;
        let network = LoopbackNetwork::new(version).with_tls_route(&api(), front.address(), authority.der());
        for _ in 0..2 {
            assert_eq!(network.send(get()).await.unwrap().body, b"hello over TLS");
        }
        let raw = RawRequest {
            origin: api(),
            method: "GET".to_owned(),
            target: "/".to_owned(),
            headers: Vec::new(),
            body: None,
        };
        assert_eq!(network.send_raw(&raw).await.unwrap().body, b"hello over TLS");
    }

    #[rstest]
    #[case::unknown_issuer("api.example", false, "UnknownIssuer")]
    #[case::another_host("other.example", true, "not valid for name")]
    #[tokio::test]
    async fn any_other_is_a_network_error_that_does_not_speak_of_cors(
        #[case] host: &str,
        #[case] is_trusted: bool,
        #[case] detail: &str,
    ) {
        let authority = Authority::new().unwrap();
        let front = server(&authority, host).await;
        let trusted = if is_trusted { authority } else { Authority::new().unwrap() };
        let network =
            LoopbackNetwork::new(HttpVersion::Http11).with_tls_route(&api(), front.address(), trusted.der());
        let error = network.send(get()).await.unwrap_err();
        assert!(error.detail.contains(detail), "{error}");

        let network = Arc::new(network);
        // Firefox says of every request to another origin that breaks down that it was a CORS request.
        for profile in [Profile::standard(), Profile::chromium()] {
            let browser = Browser::new(network.clone(), profile.clone());
            let page = Page::new(Origin::parse("https://app.example").unwrap());
            let fetched = browser.fetch(&page, FetchRequest::new(api())).await;
            let Outcome::Blocked(blocked) = fetched.outcome else { panic!("{:?}", fetched.outcome) };
            assert_eq!(blocked.reason, BlockReason::NetworkError);
            let console = blocked.console(&profile).to_ascii_lowercase();
            assert!(!console.contains("cors") && !console.contains("access-control"), "{console}");
        }
    }
}
