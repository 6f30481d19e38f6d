//! TLS between the suite and a server.

use std::sync::Arc;

use cors_browser::{
    BlockReason, Browser, FetchRequest, Network, Origin, Outcome, Page, Profile, WireRequest,
};
use cors_conformance::network::LoopbackNetwork;
use cors_conformance::scenario::{HttpVersion, RawRequest};
use cors_conformance::subject::front::{Authority, Front, Security};
use rstest::rstest;

use cors_subjects::subject::axum::serve;
use url::Url;

fn api() -> Url {
    Url::parse("https://api.example/").unwrap()
}

/// A server behind a certificate for `host`, which `issuer` has issued.
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
