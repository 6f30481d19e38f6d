//! WebSockets and event sources that open, in real browsers and in the model of each, with servers in memory.
//!
//! If a browser is not installed, its test is skipped. With `CORS_BROWSERS=required` it fails instead.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::env;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cors_browser::{
    EventSourceRequest, Network, NetworkFuture, Origin, Outcome, Page, PageAction, Profile, WebSocketRequest,
    WireRequest, WireResponse,
};
use cors_conformance::user_agent::{Model, UserAgent};
use cors_real_browsers::real::{Kind, LaunchError, RealBrowser};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rstest::rstest;

/// A server for WebSockets and event streams. The path says what it gets wrong.
struct Server;

impl Network for Server {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        Box::pin(async move { Ok(answer(&request)) })
    }
}

fn answer(request: &WireRequest) -> WireResponse {
    if request.header("upgrade").is_none() {
        let kind = if request.url.path() == "/page" { "text/html" } else { "text/event-stream" };
        return WireResponse::new(200)
            .with_header("access-control-allow-origin", "*")
            .with_header("content-type", kind)
            .with_body("data: 1\n\n");
    }
    let key = request.header("sec-websocket-key").unwrap_or_default();
    let accept = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"].concat());
    let response =
        WireResponse::new(101).with_header("upgrade", "websocket").with_header("connection", "Upgrade");
    match request.url.path() {
        "/no-accept" => response,
        "/wrong-accept" => response.with_header("sec-websocket-accept", STANDARD.encode([0; 20])),
        "/chat" => response
            .with_header("sec-websocket-accept", STANDARD.encode(accept))
            .with_header("sec-websocket-protocol", "chat.v1"),
        _ => response.with_header("sec-websocket-accept", STANDARD.encode(accept)),
    }
}

fn socket(url: &str, protocols: &[&str]) -> PageAction {
    let mut request = WebSocketRequest::new(url.parse().unwrap());
    request.protocols = protocols.iter().map(|&protocol| protocol.to_owned()).collect();
    PageAction::WebSocket(request)
}

fn stream(url: &str) -> PageAction {
    PageAction::EventSource(EventSourceRequest::new(url.parse().unwrap()))
}

/// The subprotocol of each WebSocket or event source; `None` if it does not open.
async fn opened(user_agent: &dyn UserAgent) -> Vec<(String, Option<String>)> {
    let secure = Page::new(Origin::parse("https://app.example").unwrap());
    let insecure = Page::new(Origin::parse("http://app.example").unwrap());
    let hosts = ["app.example", "api.example"].map(str::to_owned);
    let mut session = user_agent.open(&secure, Arc::new(Server), &hosts).await.unwrap();
    let mut seen = Vec::new();
    for (page, action) in [
        (&secure, socket("wss://api.example/", &[])),
        (&secure, socket("wss://api.example/chat", &["chat.v2", "chat.v1"])),
        (&secure, socket("wss://api.example/chat", &[])),
        (&secure, socket("wss://api.example/", &["chat.v1"])),
        (&secure, socket("wss://api.example/no-accept", &[])),
        (&secure, socket("wss://api.example/wrong-accept", &[])),
        (&insecure, socket("ws://api.example/", &[])),
        (&insecure, socket("ws://localhost:3000/", &[])),
        (&secure, stream("https://api.example/")),
        (&secure, stream("https://api.example/page")),
        (&insecure, stream("http://api.example/")),
    ] {
        let name = format!("{action:?}");
        let fetched = session.act(page, action).await.unwrap();
        assert_eq!(fetched.exchanges.len(), 1, "{name}");
        let protocol = match fetched.outcome {
            Outcome::Opened(opened) => Some(opened.protocol),
            Outcome::Blocked(_) => None,
            outcome => panic!("{name}: {outcome:?}"),
        };
        seen.push((name, protocol));
    }
    seen
}

#[rstest]
#[case::chromium(Kind::Chromium)]
#[case::firefox(Kind::Firefox)]
#[case::webkit(Kind::WebKit)]
#[tokio::test(flavor = "multi_thread")]
async fn sockets_open_as_in_the_model(#[case] kind: Kind) {
    let browser = match RealBrowser::launch(kind).await {
        Ok(browser) => browser,
        Err(error @ LaunchError::Missing(_)) if env::var_os("CORS_BROWSERS").is_none() => {
            eprintln!("skipped: {error}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(opened(&browser).await, opened(&Model::new(kind.profile())).await);
}

#[tokio::test]
async fn the_model_opens_what_is_valid() {
    let seen = opened(&Model::new(Profile::standard())).await;
    let protocols: Vec<_> = seen.iter().map(|(_, protocol)| protocol.as_deref()).collect();
    let expected =
        [Some(""), Some("chat.v1"), None, None, None, None, Some(""), Some(""), Some(""), None, Some("")];
    assert_eq!(protocols, expected);
}
