//! Statuses that concern the connection: 407 and 421.

use std::sync::atomic::{AtomicU32, Ordering};

use rstest::rstest;

use super::*;
use crate::{Mode, PageAction, WebSocketRequest};

const ANY: (&str, &str) = ("access-control-allow-origin", "*");
const METHODS: (&str, &str) = ("access-control-allow-methods", "PUT");

#[rstest]
#[case::standard(Profile::standard(), false)]
#[case::chromium(Profile::chromium(), false)]
#[case::firefox(Profile::firefox(), true)]
#[tokio::test]
async fn the_challenge_of_a_proxy(#[case] profile: Profile, #[case] is_readable: bool) {
    for request in [get(API), get("https://app.example/"), get(API).with_mode(Mode::NoCors)] {
        let browser = browser_as(profile.clone(), |_| Ok(reply(407, &[ANY])));
        let fetched = browser.fetch(&page(APP), request).await;
        assert_eq!(fetched.exchanges.len(), 1);
        match &fetched.outcome {
            Outcome::Blocked(blocked) => {
                assert!(!is_readable);
                assert_eq!(blocked.failure(), Some(FailureKind::ProxyChallenge));
            }
            _ => assert!(is_readable),
        }
    }
}

/// A server that answers the first `count` requests with the status 421.
fn misdirecting(count: u32) -> Browser {
    let seen = AtomicU32::new(0);
    browser(move |_| {
        let status = if seen.fetch_add(1, Ordering::Relaxed) < count { 421 } else { 200 };
        Ok(reply(status, &[ANY, METHODS]))
    })
}

#[rstest]
#[case::once(1, 200, &["GET"; 2])]
#[case::always(9, 421, &["GET"; 2])]
#[tokio::test]
async fn a_misdirected_request_is_sent_again_once(
    #[case] count: u32,
    #[case] status: u16,
    #[case] methods: &[&str],
) {
    let fetched = misdirecting(count).fetch(&page(APP), get(API)).await;
    assert_eq!(response(&fetched).status, status);
    let sent: Vec<_> = fetched.exchanges.iter().map(|exchange| exchange.request.method.as_str()).collect();
    assert_eq!(sent, methods);
}

#[rstest]
#[case::standard(Profile::standard(), 2)]
#[case::chromium(Profile::chromium(), 1)]
#[case::firefox(Profile::firefox(), 1)]
#[case::webkit(Profile::webkit(), 2)]
#[tokio::test]
async fn a_misdirected_handshake(#[case] profile: Profile, #[case] count: usize) {
    let browser = browser_as(profile, |_| Ok(reply(421, &[])));
    let handshake = WebSocketRequest::new(Url::parse("wss://api.example/chat").unwrap());
    let fetched = browser.act(&page(APP), PageAction::WebSocket(handshake)).await;
    assert_eq!(fetched.exchanges.len(), count);
}

#[rstest]
#[case::standard(Profile::standard(), "http://[::1]:3000", "same-site")]
#[case::firefox(Profile::firefox(), "http://[::1]:3000", "cross-site")]
#[case::own_page(Profile::firefox(), "http://[::1]:8080", "same-origin")]
#[case::localhost(Profile::firefox(), "http://localhost:8080", "cross-site")]
#[tokio::test]
async fn the_site_of_an_ipv6_address(#[case] profile: Profile, #[case] origin: &str, #[case] expected: &str) {
    let browser = browser_as(profile, |_| Ok(reply(200, &[ANY])));
    let fetched = browser.fetch(&page(origin), get("http://[::1]:8080/")).await;
    assert_eq!(sent(&fetched, 0, "sec-fetch-site"), Some(expected));
}

#[tokio::test]
async fn a_misdirected_request_is_sent_again_with_its_body() {
    let request = with_method("POST", API).with_body("x");
    let fetched = misdirecting(1).fetch(&page(APP), request).await;
    let bodies: Vec<_> = fetched.exchanges.iter().map(|exchange| exchange.request.body.clone()).collect();
    assert_eq!(bodies, [Some(b"x".to_vec()), Some(b"x".to_vec())]);
}

#[tokio::test]
async fn a_misdirected_preflight_is_sent_again() {
    let fetched = misdirecting(1).fetch(&page(APP), with_method("PUT", API)).await;
    assert_eq!(wire(&fetched), [format!("OPTIONS {API}"), format!("OPTIONS {API}"), format!("PUT {API}")]);
}
