//! TLS between the loopback network and a server.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;
use std::time::Duration;

use cors_browser::{
    BlockReason, Browser, FailureKind, FetchRequest, Network, Origin, Outcome, Page, Profile, WireRequest,
};
use cors_conformance::network::LoopbackNetwork;
use cors_conformance::scenario::{HttpVersion, RawRequest};
use cors_conformance::subject::front::{Authority, Front, Security};
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use cors_subjects::subject::axum::serve;
use url::Url;

fn api() -> Url {
    Url::parse("https://api.example/").unwrap()
}

/// A server with a certificate for `host` that `issuer` has issued.
async fn server(issuer: &Authority, host: &str) -> Front {
    let application = axum::Router::new().route("/", axum::routing::get(|| async { "hello over TLS" }));
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
async fn a_valid_certificate_is_accepted(#[case] version: HttpVersion) {
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
        is_http10: false,
        headers: Vec::new(),
        body: None,
    };
    assert_eq!(network.send_raw(&raw).await.unwrap().body, b"hello over TLS");
}

#[rstest]
#[case::unknown_issuer("api.example", false, FailureKind::Certificate, "UnknownIssuer")]
#[case::another_host("other.example", true, FailureKind::CertificateName, "not valid for name")]
#[tokio::test]
async fn an_invalid_certificate_is_a_network_error_that_does_not_mention_cors(
    #[case] host: &str,
    #[case] is_trusted: bool,
    #[case] kind: FailureKind,
    #[case] detail: &str,
) {
    let authority = Authority::new().unwrap();
    let front = server(&authority, host).await;
    let trusted = if is_trusted { authority } else { Authority::new().unwrap() };
    let network =
        LoopbackNetwork::new(HttpVersion::Http11).with_tls_route(&api(), front.address(), trusted.der());
    let error = network.send(get()).await.unwrap_err();
    assert!(error.detail.contains(detail), "{error}");
    assert_eq!(error.kind, kind);
    assert!(!error.kind.was_sent());

    let network = Arc::new(network);
    // Firefox mentions CORS whenever a cross-origin request fails.
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

/// A connection that fails before the end of the TLS handshake: the request was not sent.
#[rstest]
#[case::silent(None, FailureKind::Unreachable)]
#[case::closed(Some(""), FailureKind::Tls)]
#[case::plain_http(Some("HTTP/1.1 400 Bad Request\r\n\r\n"), FailureKind::Tls)]
#[tokio::test]
async fn a_failed_handshake_sends_nothing(#[case] response: Option<&'static str>, #[case] kind: FailureKind) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            match response {
                None => open.push(stream),
                Some(response) => {
                    let _ = stream.read(&mut [0; 1024]).await;
                    let _ = stream.write_all(response.as_bytes()).await;
                }
            }
        }
    });
    let network = LoopbackNetwork::new(HttpVersion::Http11)
        .with_tls_route(&api(), address, Authority::new().unwrap().der())
        .with_time_limit(Duration::from_millis(500));
    let raw = RawRequest {
        origin: api(),
        method: "GET".to_owned(),
        target: "/".to_owned(),
        is_http10: false,
        headers: Vec::new(),
        body: None,
    };
    for error in [network.send(get()).await, network.send_raw(&raw).await].map(Result::unwrap_err) {
        assert_eq!(error.kind, kind, "{error}");
        assert!(!error.kind.was_sent());
    }
}
