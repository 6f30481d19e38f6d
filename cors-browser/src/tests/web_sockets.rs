//! WebSocket handshakes.

use rstest::rstest;

use super::*;
use crate::{PageAction, WebSocketRequest};

const UPGRADE: (&str, &str) = ("upgrade", "WebSocket");
const CONNECTION: (&str, &str) = ("connection", "keep-alive, Upgrade");
// RFC 6455, section 1.3, for the key of the example there.
const ACCEPT: (&str, &str) = ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

fn open(url: &str, protocols: &[&str]) -> PageAction {
    let protocols = protocols.iter().map(|&protocol| protocol.to_owned()).collect();
    PageAction::WebSocket(WebSocketRequest { protocols, ..WebSocketRequest::new(Url::parse(url).unwrap()) })
}

const WSS: &str = "wss://api.example/chat";

#[tokio::test]
async fn a_handshake_needs_no_permission() {
    let browser = browser(|_| Ok(reply(101, &[UPGRADE, CONNECTION, ACCEPT])));
    browser.store_cookie(&Url::parse(API).unwrap(), "none=1; SameSite=None; Secure; Path=/");
    let fetched = browser.act(&page(APP), open(WSS, &[])).await;
    assert!(matches!(&fetched.outcome, Outcome::Opened(opened) if opened.protocol.is_empty()));
    assert_eq!(wire(&fetched), ["GET https://api.example/chat"]);
    let headers = [
        ("origin", Some(APP)),
        ("upgrade", Some("websocket")),
        ("connection", Some("Upgrade")),
        ("sec-websocket-version", Some("13")),
        ("sec-websocket-key", Some("dGhlIHNhbXBsZSBub25jZQ==")),
        ("sec-websocket-protocol", None),
        ("sec-fetch-mode", Some("websocket")),
        ("cookie", Some("none=1")),
        ("cache-control", Some("no-cache")),
        ("referer", None),
    ];
    for (name, value) in headers {
        assert_eq!(sent(&fetched, 0, name), value, "{name}");
    }
}

#[rstest]
#[case::chosen(&["b", "a"], Some("a"), Ok("a"))]
#[case::not_asked(&[], Some("a"), Err(BlockReason::WebSocketResponseInvalid))]
#[case::not_answered(&["a"], None, Err(BlockReason::WebSocketResponseInvalid))]
#[case::other(&["a"], Some("b"), Err(BlockReason::WebSocketResponseInvalid))]
#[case::case(&["a"], Some("A"), Err(BlockReason::WebSocketResponseInvalid))]
#[case::two(&["a", "b"], Some("a, b"), Err(BlockReason::WebSocketResponseInvalid))]
#[case::repeated(&["a", "a"], Some("a"), Err(BlockReason::InvalidRequest))]
#[case::not_a_token(&["a b"], None, Err(BlockReason::InvalidRequest))]
#[tokio::test]
async fn subprotocols(
    #[case] asked: &[&str],
    #[case] answered: Option<&'static str>,
    #[case] expected: Result<&str, BlockReason>,
) {
    let browser = browser(move |_| {
        let answered = answered.map(|protocol| ("sec-websocket-protocol", protocol));
        let headers: Vec<_> = [UPGRADE, CONNECTION, ACCEPT].into_iter().chain(answered).collect();
        Ok(reply(101, &headers))
    });
    let fetched = browser.act(&page(APP), open(WSS, asked)).await;
    match (&fetched.outcome, expected) {
        (Outcome::Opened(opened), Ok(protocol)) => {
            assert_eq!(opened.protocol, protocol);
            assert_eq!(sent(&fetched, 0, "sec-websocket-protocol"), Some(asked.join(", ").as_str()));
        }
        (_, expected) => assert_eq!(Err(blocked(&fetched)), expected.map(str::to_owned)),
    }
}

#[rstest]
#[case::ok(200, &[UPGRADE, CONNECTION, ACCEPT], BlockReason::WebSocketHandshakeFailed)]
#[case::forbidden(403, &[], BlockReason::WebSocketHandshakeFailed)]
#[case::redirect(307, &[("location", "/other")], BlockReason::WebSocketHandshakeFailed)]
#[case::no_upgrade(101, &[CONNECTION, ACCEPT], BlockReason::WebSocketResponseInvalid)]
#[case::other_upgrade(101, &[("upgrade", "h2c"), CONNECTION, ACCEPT], BlockReason::WebSocketResponseInvalid)]
#[case::no_connection(101, &[UPGRADE, ACCEPT], BlockReason::WebSocketResponseInvalid)]
#[case::no_accept(101, &[UPGRADE, CONNECTION], BlockReason::WebSocketResponseInvalid)]
#[case::other_accept(101, &[UPGRADE, CONNECTION, ("sec-websocket-accept", "x")], BlockReason::WebSocketResponseInvalid)]
#[case::extension(101, &[UPGRADE, CONNECTION, ACCEPT, ("sec-websocket-extensions", "x-other")], BlockReason::WebSocketResponseInvalid)]
#[tokio::test]
async fn failed_handshakes(
    #[case] status: u16,
    #[case] headers: &'static [(&str, &str)],
    #[case] reason: BlockReason,
) {
    let fetched = browser(move |_| Ok(reply(status, headers))).act(&page(APP), open(WSS, &[])).await;
    assert_eq!(blocked(&fetched), reason);
    assert_eq!(fetched.exchanges.len(), 1);
}

#[rstest]
#[case::insecure("ws://api.example/", BlockReason::MixedContent)]
#[case::port("wss://api.example:6000/", BlockReason::BadPort)]
#[case::fragment("wss://api.example/#x", BlockReason::InvalidRequest)]
#[case::scheme("ftp://api.example/", BlockReason::UnsupportedScheme)]
#[tokio::test]
async fn handshakes_that_are_not_made(#[case] url: &str, #[case] reason: BlockReason) {
    let fetched = browser(|_| Ok(reply(101, &[]))).act(&page(APP), open(url, &[])).await;
    assert_eq!(blocked(&fetched), reason);
    assert!(fetched.exchanges.is_empty());
}

#[tokio::test]
async fn an_interim_status_is_no_response_to_a_fetch() {
    let fetched = browser(|_| Ok(reply(101, &[]))).fetch(&page(APP), get(API)).await;
    assert_eq!(blocked(&fetched), BlockReason::NetworkError);
}
