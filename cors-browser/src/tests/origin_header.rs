//! The headers that the browser adds.

use rstest::rstest;

use super::*;
use crate::Mode;

#[rstest]
#[case::cors_get(APP, Mode::Cors, "GET", API, Some(APP))]
#[case::cors_head(APP, Mode::Cors, "HEAD", API, Some(APP))]
#[case::cors_post(APP, Mode::Cors, "POST", API, Some(APP))]
#[case::no_cors_get(APP, Mode::NoCors, "GET", API, None)]
#[case::no_cors_post(APP, Mode::NoCors, "POST", API, Some(APP))]
#[case::same_origin_cors_get(APP, Mode::Cors, "GET", "https://app.example/x", None)]
#[case::same_origin_cors_head(APP, Mode::Cors, "HEAD", "https://app.example/x", None)]
#[case::same_origin_cors_post(APP, Mode::Cors, "POST", "https://app.example/x", Some(APP))]
#[case::same_origin_cors_put(APP, Mode::Cors, "PUT", "https://app.example/x", Some(APP))]
#[case::same_origin_delete(APP, Mode::SameOrigin, "DELETE", "https://app.example/x", Some(APP))]
#[case::same_origin_get(APP, Mode::SameOrigin, "GET", "https://app.example/x", None)]
#[case::opaque_get("null", Mode::Cors, "GET", API, Some("null"))]
#[case::opaque_no_cors_get("null", Mode::NoCors, "GET", API, None)]
#[case::opaque_no_cors_post("null", Mode::NoCors, "POST", API, Some("null"))]
#[case::downgrade_no_cors(APP, Mode::NoCors, "POST", "http://localhost/x", Some("null"))]
#[case::downgrade_cors(APP, Mode::Cors, "POST", "http://localhost/x", Some(APP))]
#[case::port(
    "http://localhost:3000",
    Mode::Cors,
    "GET",
    "http://localhost:8080/",
    Some("http://localhost:3000")
)]
#[case::default_port("https://app.example", Mode::Cors, "GET", "https://app.example:444/", Some(APP))]
#[case::extension(
    "chrome-extension://abcdefghijklmnop",
    Mode::Cors,
    "GET",
    API,
    Some("chrome-extension://abcdefghijklmnop")
)]
#[tokio::test]
async fn the_origin_header(
    #[case] origin: &str,
    #[case] mode: Mode,
    #[case] method: &str,
    #[case] url: &str,
    #[case] expected: Option<&str>,
) {
    let any = [("access-control-allow-origin", "*"), ("access-control-allow-methods", "*")];
    let request = FetchRequest { mode, ..with_method(method, url) };
    let fetched = answering(reply(204, &any), reply(200, &any)).fetch(&page(origin), request).await;
    let last = fetched.exchanges.len() - 1;
    assert_eq!(sent(&fetched, last, "origin"), expected);
    response(&fetched);
}

#[rstest]
#[case(APP, API, Some("https://app.example/"))]
#[case(APP, "http://localhost/", Some("https://app.example/"))]
#[case("http://app.example", "http://api.example/", Some("http://app.example/"))]
#[case("null", API, None)]
#[tokio::test]
async fn the_referrer(#[case] origin: &str, #[case] url: &str, #[case] expected: Option<&str>) {
    let fetched = answering(reply(204, &[]), reply(200, &[])).fetch(&page(origin), get(url)).await;
    assert_eq!(sent(&fetched, 0, "referer"), expected);
}

#[rstest]
#[case("https://app.example/", "same-origin")]
#[case("https://x.app.example/", "same-site")]
#[case("https://api.example/", "cross-site")]
#[tokio::test]
async fn default_headers(#[case] url: &str, #[case] site: &str) {
    let fetched = answering(reply(204, &[]), reply(200, &[])).fetch(&page(APP), get(url)).await;
    assert_eq!(sent(&fetched, 0, "sec-fetch-site"), Some(site));
    assert_eq!(sent(&fetched, 0, "accept"), Some("*/*"));
    assert_eq!(sent(&fetched, 0, "accept-language"), Some("en-US,en;q=0.9"));
    assert!(sent(&fetched, 0, "user-agent").is_some());
}

#[tokio::test]
async fn a_script_can_set_accept_and_user_agent() {
    let own = [("Accept", "text/csv"), ("Accept-Language", "de"), ("User-Agent", "me")];
    let fetched = answering(reply(204, &[]), reply(200, &[]))
        .fetch(&page(APP), with_headers(&own, get("https://app.example/")))
        .await;
    for (name, value) in own {
        assert_eq!(sent(&fetched, 0, name), Some(value));
    }
}

#[tokio::test]
async fn a_sandboxed_page_does_not_send_the_top_level_origin() {
    let page = Page::sandboxed(Origin::parse(APP).unwrap());
    let fetched = answering(reply(204, &[]), reply(200, &[])).fetch(&page, get(API)).await;
    assert_eq!(sent(&fetched, 0, "origin"), Some("null"));
}
