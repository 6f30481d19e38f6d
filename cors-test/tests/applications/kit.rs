//! What does not depend on the framework.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cors_test::{
    App, BlockReason, Credentials, FailureKind, Mode, NetworkError, Page, Profile, Request, Servers,
    ThirdPartyCookies, WireRequest, WireResponse,
};
use rstest::rstest;

use crate::checks::{API, APP, message, url};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

/// Allows every origin to do everything.
async fn open(request: WireRequest) -> WireResponse {
    let origin = request.header("origin").unwrap_or_default();
    WireResponse::new(200)
        .with_header(ALLOW_ORIGIN, origin)
        .with_header("access-control-allow-credentials", "true")
        .with_header("access-control-allow-methods", "PUT, DELETE")
        .with_header("access-control-max-age", "60")
}

#[rstest]
#[case(
    "https://app.example/",
    "`https://app.example/` is not an origin: it ends in a path. Write `https://app.example`."
)]
#[case("app.example", "`app.example` is not an origin: it has no scheme. Write `https://app.example`.")]
fn an_invalid_origin_says_what_to_write(#[case] origin: &str, #[case] expected: &str) {
    assert_eq!(message(|| Page::at(origin)), expected);
    assert_eq!(message(|| Servers::new().at(origin, &open)), expected);
    assert_eq!(Page::try_at(origin).unwrap_err().to_string(), expected);
}

#[test]
fn an_invalid_url_says_what_to_write() {
    let page = Page::at(APP);
    let message = message(|| drop(page.fetch(&open, "/items")));
    assert!(message.starts_with("`/items` is not an absolute URL."), "{message}");
    assert!(message.contains("such as `https://api.example.com/items`"), "{message}");
}

#[tokio::test]
async fn the_browsers_share_a_request() {
    let count = AtomicUsize::new(0);
    let app = async |request: WireRequest| {
        count.fetch_add(1, Ordering::Relaxed);
        open(request).await
    };
    let page = Page::at(APP);
    page.fetch(&app, Request::put(API)).await.assert_readable().assert_preflighted();
    assert_eq!(count.load(Ordering::Relaxed), 2, "a preflight and a request");
    page.fetch(&app, Request::put(API)).await.assert_readable().assert_not_preflighted();
    assert_eq!(count.load(Ordering::Relaxed), 3, "the preflight is cached");
    page.wait(Duration::from_secs(61));
    page.fetch(&app, Request::put(API)).await.assert_preflighted();
    assert_eq!(count.load(Ordering::Relaxed), 5);
}

/// Chromium and Firefox let a page over HTTPS fetch from loopback over HTTP. WebKit does not.
#[tokio::test]
async fn browsers_that_differ_are_told_apart() {
    let app = async |_: WireRequest| WireResponse::new(200).with_header(ALLOW_ORIGIN, "*");
    let answer = Page::at(APP).fetch(&app, "http://localhost:8080/").await;
    assert!(!answer.is_readable() && !answer.is_blocked(), "{answer}");
    assert_eq!((answer.status(), answer.reason()), (None, None));
    assert!(answer.reached().is_none() && answer.readable_headers().is_empty());
    assert!(message(|| answer.assert_blocked()).contains("every browser should block the page"));
    insta::assert_snapshot!(message(|| answer.assert_readable()));

    let names: Vec<_> = ["chromium", "firefox", "webkit", "standard"]
        .into_iter()
        .filter(|name| answer.in_browser(name).is_some())
        .collect();
    assert_eq!(names, ["chromium", "firefox", "webkit"]);
    let page = Page::at(APP).in_browsers([Profile::webkit()]);
    page.fetch(&app, "http://localhost:8080/").await.assert_blocked_by(BlockReason::MixedContent);
}

#[tokio::test]
async fn a_login_sets_a_cookie() {
    let app = async |request: WireRequest| {
        let cookie = request.header("cookie").unwrap_or_default().to_vec();
        let response = open(request).await.with_body(cookie);
        response.with_header("set-cookie", "session=2; Secure; SameSite=None")
    };
    let page = Page::at(APP);
    let me = || Request::get(API).with_credentials(Credentials::Include);
    assert_eq!(page.fetch(&app, me()).await.text().as_deref(), Some(""));
    assert_eq!(page.fetch(&app, me()).await.text().as_deref(), Some("session=2"));
    // The server replaces the cookie of the test.
    let page = Page::at(APP).with_cookies("session=1");
    assert_eq!(page.fetch(&app, me()).await.text().as_deref(), Some("session=1"));
    assert_eq!(page.fetch(&app, me()).await.text().as_deref(), Some("session=2"));
    // Another site, whose cookies the user has blocked.
    let page = Page::at(APP).with_cookies("session=1").with_third_party_cookies(ThirdPartyCookies::Blocked);
    assert_eq!(page.fetch(&app, me()).await.text().as_deref(), Some(""));
}

#[tokio::test]
async fn a_server_over_http_has_cookies() {
    let app = async |request: WireRequest| {
        let cookie = request.header("cookie").unwrap_or_default().to_vec();
        open(request).await.with_body(cookie)
    };
    let page = Page::at("http://app.localhost:3000").with_cookies("session=1");
    let request = Request::get("http://app.localhost:8080/").with_credentials(Credentials::Include);
    assert_eq!(page.fetch(&app, request).await.text().as_deref(), Some("session=1"));
}

#[tokio::test]
async fn an_opaque_response_is_neither_readable_nor_blocked() {
    let answer = Page::at(APP).fetch(&open, Request::get(API).with_mode(Mode::NoCors)).await;
    assert!(!answer.is_readable() && !answer.is_blocked());
    answer.assert_reached();
    let message = message(|| answer.assert_readable());
    assert!(message.contains("in mode no-cors the response is opaque"), "{message}");
}

#[tokio::test]
async fn redirects_lead_to_other_applications() {
    let redirecting =
        async |request: WireRequest| open(request).await.with_header("location", "https://other.example/");
    let redirecting = async |request: WireRequest| WireResponse { status: 302, ..redirecting(request).await };
    let other = async |request: WireRequest| {
        let origin = request.header("origin").unwrap_or_default().to_vec();
        open(request).await.with_body(origin)
    };
    let servers = Servers::new().at(API, &redirecting).at("https://other.example", &other);
    let answer = Page::at(APP).fetch(&servers, API).await;
    answer.assert_readable();
    assert_eq!(answer.text().as_deref(), Some("null"), "the origin after a redirect to another origin");

    let answer = Page::at(APP).fetch(&redirecting, API).await;
    answer.assert_blocked_by(BlockReason::NetworkError);
    let message = answer.to_string();
    assert!(message.contains("no application of this test is at https://other.example"), "{message}");
    let answer = Page::at(APP).fetch(&Servers::new(), API).await;
    assert!(answer.to_string().contains("no application of this test is at https://api.example"));
}

#[tokio::test]
async fn other_causes_than_cors_do_not_count_as_blocked_by_cors() {
    let answer = Page::at(APP).fetch(&open, "http://api.example/").await;
    answer.assert_blocked_by(BlockReason::MixedContent).assert_not_reached();
    let text = message(|| answer.assert_blocked());
    assert!(text.contains("`mixed-content`; `assert_blocked_by` can demand it"), "{text}");
    assert!(message(|| answer.assert_blocked_by(BlockReason::BadPort)).contains("by `bad-port`"));
}

/// An application of one's own kind.
struct Broken;

impl App for Broken {
    async fn respond(&self, _: WireRequest) -> Result<WireResponse, NetworkError> {
        Err(NetworkError::new(FailureKind::BrokenOff, "the database is gone"))
    }
}

#[tokio::test]
async fn an_error_is_a_network_error() {
    let answer = Page::at(APP).fetch(&Broken, url("/items")).await;
    answer.assert_blocked_by(BlockReason::NetworkError);
    assert!(answer.to_string().contains("no response: the database is gone"), "{answer}");
}

#[tokio::test]
async fn a_page_of_the_server_itself_needs_no_cors() {
    let app = async |_: WireRequest| WireResponse::new(200);
    let answer = Page::at(API).fetch(&app, url("/items")).await;
    answer.assert_readable();
    assert!(answer.to_string().contains("the server has the page's own origin"), "{answer}");
}

#[tokio::test]
async fn a_fetch_that_was_dropped_does_not_disturb_the_next() {
    let hanging = async |_: WireRequest| std::future::pending().await;
    let page = Page::at(APP);
    tokio::time::timeout(Duration::from_millis(50), page.fetch(&hanging, API)).await.unwrap_err();
    page.fetch(&open, API).await.assert_readable();
}

#[tokio::test]
async fn responses_to_head_have_no_body() {
    let app = async |request: WireRequest| open(request).await.with_body("x");
    let answer = Page::at(APP).fetch(&app, Request::head(API)).await;
    assert_eq!(answer.body(), Some(&b""[..]));
}
