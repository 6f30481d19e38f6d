//! The headers that the browser adds.

use rstest::rstest;

use super::*;
use crate::{Credentials, Mode};

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

#[rstest]
#[case("GET", None, None)]
#[case("HEAD", None, None)]
#[case("POST", None, Some("0"))]
#[case("PUT", None, Some("0"))]
#[case("PATCH", None, None)]
#[case("DELETE", None, None)]
#[case("POST", Some(""), Some("0"))]
#[case("DELETE", Some("abc"), Some("3"))]
#[tokio::test]
async fn content_length(#[case] method: &str, #[case] body: Option<&str>, #[case] expected: Option<&str>) {
    let request = FetchRequest { body: body.map(Into::into), ..with_method(method, "https://app.example/") };
    let fetched = answering(reply(204, &[]), reply(200, &[])).fetch(&page(APP), request).await;
    assert_eq!(sent(&fetched, 0, "content-length"), expected);
}

const HEADERS: &[(&str, &str)] =
    &[("access-control-allow-origin", "*"), ("access-control-allow-headers", "*")];

/// Whether a header needs a preflight in Chromium. It never does without one in the standard and in Firefox.
#[rstest]
#[case("DPR", "2", false)]
#[case("DPR", "1.5", false)]
#[case("DPR", "1.", true)]
#[case("DPR", ".5", true)]
#[case("DPR", "1.5.2", true)]
#[case("DPR", "", true)]
#[case("Device-Memory", "0.25", false)]
#[case("Downlink", "-1", true)]
#[case("Width", "01", false)]
#[case("Width", "1.5", true)]
#[case("Viewport-Width", "x", true)]
#[case("RTT", "100", false)]
#[case("ECT", "4g", false)]
#[case("ECT", "4G", true)]
#[case("Save-Data", "ON", false)]
#[case("Save-Data", "off", true)]
#[case("Intervention", "a\"b", false)]
#[case("Lang", "de", true)]
#[tokio::test]
async fn client_hints(#[case] name: &str, #[case] value: &str, #[case] needs_preflight: bool) {
    for profile in [Profile::standard(), Profile::chromium(), Profile::firefox()] {
        let expected = needs_preflight || profile.name() != "chromium";
        let browser = browser_as(profile, |_| Ok(reply(200, HEADERS)));
        let fetched = browser.fetch(&page(APP), get(API).with_header(name, value)).await;
        assert_eq!(fetched.exchanges.len(), if expected { 2 } else { 1 }, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_client_hint_of_129_bytes_needs_a_preflight() {
    let browser = browser_as(Profile::chromium(), |_| Ok(reply(200, HEADERS)));
    let fetched = browser.fetch(&page(APP), get(API).with_header("Intervention", "x".repeat(129))).await;
    assert_eq!(fetched.exchanges.len(), 2);
}

#[rstest]
#[case::standard(Profile::standard(), &[("User-Agent", "me")], true)]
#[case::chromium(Profile::chromium(), &[("User-Agent", "me")], false)]
#[case::firefox(Profile::firefox(), &[("User-Agent", "me")], true)]
#[case::standard_type(Profile::standard(), &[("Content-Type", "text/plain"), ("Content-Type", "text/plain")], false)]
#[case::chromium_type(Profile::chromium(), &[("Content-Type", "text/plain"), ("Content-Type", "text/plain")], true)]
#[case::firefox_type(Profile::firefox(), &[("Content-Type", "text/plain"), ("Content-Type", "text/plain")], false)]
#[case::chromium_accept(Profile::chromium(), &[("Accept", "a/b"), ("Accept", "c/d")], false)]
#[case::standard_range(Profile::standard(), &[("Range", "bytes=0-1"), ("Range", "bytes=0-1")], false)]
#[case::chromium_range(Profile::chromium(), &[("Range", "bytes=0-1"), ("Range", "bytes=0-1")], true)]
#[tokio::test]
async fn headers_that_need_a_preflight_in_some_browsers(
    #[case] profile: Profile,
    #[case] headers: &[(&str, &str)],
    #[case] expected: bool,
) {
    let browser = browser_as(profile.clone(), |_| Ok(reply(200, HEADERS)));
    let fetched = browser.fetch(&page(APP), with_headers(headers, get(API))).await;
    assert_eq!(fetched.exchanges.len(), if expected { 2 } else { 1 });
    if profile.name() == "chromium" {
        assert_ne!(sent(&fetched, 0, "user-agent"), Some("me"));
    }
}

#[rstest]
#[case::secure(APP, API, Some("https://app.example/"), "gzip, deflate, br, zstd")]
#[case::secure_to_localhost(APP, "http://localhost/", None, "gzip, deflate, br, zstd")]
#[case::localhost_to_insecure(
    "http://localhost",
    "http://api.example/",
    Some("http://localhost/"),
    "gzip, deflate"
)]
#[tokio::test]
async fn headers_of_the_wire(
    #[case] origin: &str,
    #[case] url: &str,
    #[case] referrer: Option<&str>,
    #[case] encodings: &str,
) {
    for profile in [Profile::chromium(), Profile::firefox()] {
        let browser = browser_as(profile, |_| Ok(reply(200, &[])));
        let fetched = browser.fetch(&page(origin), get(url)).await;
        assert_eq!(sent(&fetched, 0, "referer"), referrer);
        assert_eq!(sent(&fetched, 0, "accept-encoding"), Some(encodings));
    }
}

#[tokio::test]
async fn plain_preflights_of_chromium_have_a_mode() {
    let any = [("access-control-allow-origin", "*"), ("access-control-allow-methods", "*")];
    for (profile, mode) in [(Profile::chromium(), Some("cors")), (Profile::firefox(), None)] {
        let browser = browser_as(profile, move |_| Ok(reply(200, &any)));
        let request = with_method("PUT", "http://api.example/");
        let fetched = browser.fetch(&page("http://app.example"), request).await;
        assert_eq!(sent(&fetched, 0, "sec-fetch-mode"), mode);
        assert_eq!(sent(&fetched, 0, "sec-fetch-site"), None);
        assert_eq!(sent(&fetched, 1, "sec-fetch-mode"), None);
    }
}

#[rstest]
#[case::cross_site(API, Credentials::Include, Some("active"))]
#[case::without_credentials(API, Credentials::Omit, None)]
#[case::same_site("https://x.app.example/", Credentials::Include, None)]
#[case::same_origin("https://app.example/", Credentials::Include, None)]
#[tokio::test]
async fn storage_access(#[case] url: &str, #[case] credentials: Credentials, #[case] expected: Option<&str>) {
    let browser = browser_as(Profile::chromium(), |_| Ok(reply(200, &[])));
    let fetched = browser.fetch(&page(APP), get(url).with_credentials(credentials)).await;
    assert_eq!(sent(&fetched, 0, "sec-fetch-storage-access"), expected);
}

#[rstest]
#[case(Profile::standard(), "https://api.example/a%5Eb|?c^d|")]
#[case(Profile::firefox(), "https://api.example/a%5Eb|?c^d|")]
#[case(Profile::chromium(), "https://api.example/a%5Eb%7C?c^d|")]
#[tokio::test]
async fn characters_that_paths_encode(#[case] profile: Profile, #[case] expected: &str) {
    let any = [("access-control-allow-origin", "*")];
    let fetched = browser_as(profile, move |_| Ok(reply(200, &any)))
        .fetch(&page(APP), get("https://api.example/a^b|?c^d|"))
        .await;
    assert_eq!(fetched.exchanges[0].request.url.as_str(), expected);
    assert_eq!(response(&fetched).url.as_ref().unwrap().as_str(), expected);
}

#[tokio::test]
async fn names_keep_the_casing_of_the_script() {
    let fetched = answering(reply(204, &[]), reply(200, &[]))
        .fetch(&page(APP), get("https://app.example/").with_header("X-rEQUEST-iD", "1"))
        .await;
    assert!(fetched.exchanges[0].request.headers.iter().any(|(name, _)| name == "X-rEQUEST-iD"));
}
