//! Shared caches in front of applications.

use cors_test::{Page, Request, SharedCache, WireRequest, WireResponse};

use crate::checks::{API, APP, message};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

#[tokio::test]
async fn vary_only_with_an_origin_is_a_mistake() {
    let app = async |request: WireRequest| match request.header("origin") {
        Some(b"https://app.example") => {
            WireResponse::new(200).with_header(ALLOW_ORIGIN, APP).with_header("vary", "Origin")
        }
        Some(_) => WireResponse::new(200).with_header("vary", "Origin"),
        None => WireResponse::new(200),
    };
    let report = cors_test::caches(&app, API, [APP, "https://evil.example"]).await;
    insta::assert_snapshot!(message(|| report.assert_safe()));
}

#[tokio::test]
async fn a_public_response_is_safe() {
    let app = async |_: WireRequest| WireResponse::new(200).with_header(ALLOW_ORIGIN, "*");
    let report = cors_test::caches(&app, API, [APP, "https://evil.example", "null"]).await;
    report.assert_safe();
    assert_eq!(report.to_string(), "every page sees through a shared cache what it sees without\n");
}

#[tokio::test]
async fn what_is_not_stored_is_safe() {
    let app = async |request: WireRequest| {
        let origin = request.header("origin").unwrap_or_default();
        WireResponse::new(200).with_header(ALLOW_ORIGIN, origin).with_header("cache-control", "private")
    };
    cors_test::caches(&app, API, [APP, "https://evil.example"]).await.assert_safe();
}

#[tokio::test]
async fn a_cache_says_where_a_response_comes_from() {
    let app = async |_: WireRequest| WireResponse::new(200).with_header(ALLOW_ORIGIN, "*").with_body("x");
    let cache = SharedCache::before(&app);
    Page::at(APP).fetch(&cache, API).await.assert_readable();
    let answer = Page::at("https://evil.example").fetch(&cache, API).await;
    assert_eq!(answer.text().as_deref(), Some("x"));
    let text = answer.to_string();
    assert!(text.contains("detail=\"stored for a request with Origin: https://app.example\""), "{text}");
}

#[test]
fn only_get_is_cached() {
    let app = async |_: WireRequest| WireResponse::new(200);
    let text = message(|| drop(cors_test::caches(&app, Request::post(API), [APP])));
    assert_eq!(text, "caches store responses to GET, and not to POST");
}
