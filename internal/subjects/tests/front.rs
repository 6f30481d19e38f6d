//! The front that puts a server behind TLS or a chosen port.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use cors_conformance::subject::Server;
use cors_conformance::subject::front::*;
use cors_subjects::subject::axum::serve;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

async fn server() -> Server {
    serve(axum::Router::new().route("/", axum::routing::get(|| async { "hello" }))).await.unwrap()
}

async fn get(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin) -> io::Result<String> {
    stream.write_all(REQUEST).await?;
    let mut answer = String::new();
    // A server may close the connection without a TLS close_notify.
    match stream.read_to_string(&mut answer).await {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(answer),
    }
}

#[tokio::test]
async fn without_a_port_and_tls_the_server_has_no_front() {
    let server = server().await;
    let address = server.address();
    let front = Front::start(0, Security::Plain, server).await.unwrap();
    assert_eq!(front.url(), format!("http://{address}"));
    front.stop().await;
}

#[tokio::test]
async fn a_chosen_port_leads_to_the_server() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let front = Front::start(free.port(), Security::Plain, server().await).await.unwrap();
    assert_eq!(front.url(), format!("http://{free}"));
    assert!(get(TcpStream::connect(free).await.unwrap()).await.unwrap().ends_with("hello"));
    let _idle = TcpStream::connect(free).await.unwrap();
    front.stop().await;
    assert!(TcpStream::connect(free).await.is_err());
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let Err(error) = Front::start(port, Security::Plain, server().await).await else { panic!("it started") };
    assert!(error.to_string().starts_with(&format!("port {port}: ")), "{error}");
}

#[tokio::test]
async fn tls_is_terminated_at_the_front() {
    let certificate = Certificate::self_signed().unwrap();
    let trusted = CertificateDer::from(certificate.der().to_vec());
    let front = Front::start(0, Security::Tls(certificate), server().await).await.unwrap();
    assert!(front.url().starts_with("https://127.0.0.1:"));
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    for name in ["localhost", "127.0.0.1"] {
        let stream = TcpStream::connect(front.address()).await.unwrap();
        let stream = connector.connect(ServerName::try_from(name).unwrap(), stream).await.unwrap();
        assert!(get(stream).await.unwrap().ends_with("hello"));
    }
    front.stop().await;
}
