//! Server-sent events.

use rstest::rstest;

use super::*;
use crate::{EventSourceRequest, PageAction};

const ALLOW: (&str, &str) = ("access-control-allow-origin", APP);
const STREAM: (&str, &str) = ("content-type", "text/event-stream");

fn open(url: &str, with_credentials: bool) -> PageAction {
    let request = EventSourceRequest::new(Url::parse(url).unwrap());
    PageAction::EventSource(EventSourceRequest { with_credentials, ..request })
}

#[rstest]
#[case::without(false, None)]
#[case::with(true, Some("none=1"))]
#[tokio::test]
async fn an_event_source_opens(#[case] with_credentials: bool, #[case] cookie: Option<&str>) {
    let allow = ("access-control-allow-credentials", "true");
    let browser = browser(move |_| Ok(reply(200, &[ALLOW, allow, STREAM])));
    browser.store_cookie(&Url::parse(API).unwrap(), "none=1; SameSite=None; Secure; Path=/");
    let fetched = browser.act(&page(APP), open(API, with_credentials)).await;
    assert!(matches!(&fetched.outcome, Outcome::Opened(_)), "{:?}", fetched.outcome);
    assert_eq!(wire(&fetched), [format!("GET {API}")]);
    let headers = [
        ("accept", Some("text/event-stream")),
        ("cache-control", Some("no-cache")),
        ("origin", Some(APP)),
        ("sec-fetch-mode", Some("cors")),
        ("cookie", cookie),
    ];
    for (name, value) in headers {
        assert_eq!(sent(&fetched, 0, name), value, "{name}");
    }
}

#[rstest]
#[case::any_case(200, &[ALLOW, ("content-type", "Text/Event-Stream; charset=utf-8")], None)]
#[case::last_type(200, &[ALLOW, ("content-type", "text/html"), STREAM], None)]
#[case::other_type(200, &[ALLOW, ("content-type", "application/json")], Some(BlockReason::EventStreamType))]
#[case::no_type(200, &[ALLOW], Some(BlockReason::EventStreamType))]
#[case::no_content(204, &[ALLOW, STREAM], Some(BlockReason::EventStreamStatus))]
#[case::error(500, &[ALLOW, STREAM], Some(BlockReason::EventStreamStatus))]
#[case::created(201, &[ALLOW, STREAM], Some(BlockReason::EventStreamStatus))]
#[case::not_shared(200, &[STREAM], Some(BlockReason::MissingAllowOrigin))]
#[tokio::test]
async fn what_an_event_stream_is(
    #[case] status: u16,
    #[case] headers: &'static [(&str, &str)],
    #[case] reason: Option<BlockReason>,
) {
    let fetched = browser(move |_| Ok(reply(status, headers))).act(&page(APP), open(API, false)).await;
    match reason {
        Some(reason) => assert_eq!(blocked(&fetched), reason),
        None => assert!(matches!(&fetched.outcome, Outcome::Opened(_)), "{:?}", fetched.outcome),
    }
}

#[tokio::test]
async fn credentials_need_permission() {
    let fetched = browser(|_| Ok(reply(200, &[ALLOW, STREAM]))).act(&page(APP), open(API, true)).await;
    assert_eq!(blocked(&fetched), BlockReason::CredentialsNotAllowed);
}

#[tokio::test]
async fn redirects_are_followed() {
    let browser = browser(|request| {
        Ok(match request.url.query() {
            Some(location) => reply(302, &[ALLOW, ("location", location)]),
            None => reply(200, &[("access-control-allow-origin", "null"), STREAM]),
        })
    });
    let fetched = browser.act(&page(APP), open("https://api.example/?https://other.example/", false)).await;
    assert!(matches!(&fetched.outcome, Outcome::Opened(_)), "{:?}", fetched.outcome);
    assert_eq!(sent(&fetched, 1, "origin"), Some("null"));
}
