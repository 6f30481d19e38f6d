//! Cookies.

use std::time::Duration;

use rstest::rstest;

use super::*;
use crate::{Credentials, Engine, ManualClock, Mode, SecurityError};

const ALLOW: (&str, &str) = ("access-control-allow-origin", APP);
const CREDENTIALS: (&str, &str) = ("access-control-allow-credentials", "true");

/// Servers that allow `https://app.example`, and that set a cookie on every response.
fn setting(profile: Profile, set_cookie: &'static str) -> Browser {
    browser_as(profile, move |request| {
        let headers = [
            ALLOW,
            CREDENTIALS,
            ("access-control-allow-methods", "PUT"),
            ("set-cookie", set_cookie),
            ("access-control-max-age", "0"),
        ];
        Ok(reply(if request.method == "OPTIONS" { 204 } else { 200 }, &headers))
    })
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn include(request: FetchRequest) -> FetchRequest {
    FetchRequest { credentials: Credentials::Include, ..request }
}

const NONE: &str = "c=1; SameSite=None; Secure; Path=/";

#[rstest]
#[case::include(Credentials::Include, API, true)]
#[case::same_origin_cross_site(Credentials::SameOrigin, API, false)]
#[case::omit_cross_site(Credentials::Omit, API, false)]
#[case::include_same_origin(Credentials::Include, "https://app.example/", true)]
#[case::same_origin_same_origin(Credentials::SameOrigin, "https://app.example/", true)]
#[case::omit_same_origin(Credentials::Omit, "https://app.example/", false)]
#[case::sibling(Credentials::SameOrigin, "https://x.app.example/", false)]
#[tokio::test]
async fn the_credentials_mode_decides_about_cookies(
    #[case] credentials: Credentials,
    #[case] to: &str,
    #[case] expected: bool,
) {
    // Storing.
    let browser = setting(Profile::standard(), NONE);
    browser.fetch(&page(APP), FetchRequest { credentials, ..get(to) }).await;
    assert_eq!(browser.cookies(&url(to)), if expected { "c=1" } else { "" });
    // Sending.
    let browser = setting(Profile::standard(), "");
    browser.store_cookie(&url(to), "d=2; SameSite=None; Secure");
    let fetched = browser.fetch(&page(APP), FetchRequest { credentials, ..get(to) }).await;
    assert_eq!(sent(&fetched, 0, "cookie"), expected.then_some("d=2"));
}

#[tokio::test]
async fn preflights_neither_send_nor_store_cookies() {
    let browser = browser(|request| {
        Ok(if request.method == "OPTIONS" { reply(403, &[("set-cookie", NONE)]) } else { reply(200, &[]) })
    });
    browser.store_cookie(&url(API), "d=2; SameSite=None; Secure; Path=/");
    let fetched = browser.fetch(&page(APP), include(with_method("PUT", API))).await;
    assert_eq!(sent(&fetched, 0, "cookie"), None);
    assert_eq!(browser.cookies(&url(API)), "d=2");
}

#[tokio::test]
async fn a_cookie_is_stored_from_a_blocked_response() {
    let browser = answering(reply(204, &[]), reply(200, &[("set-cookie", NONE)]));
    let fetched = browser.fetch(&page(APP), include(get(API))).await;
    assert_eq!(blocked(&fetched), BlockReason::MissingAllowOrigin);
    assert_eq!(browser.cookies(&url(API)), "c=1");
}

#[tokio::test]
async fn redirects_set_cookies_that_pages_cannot_read() {
    let browser = browser(|request| {
        Ok(match request.url.path() {
            "/a" => reply(302, &[ALLOW, CREDENTIALS, ("location", "/b"), ("set-cookie", NONE)]),
            _ => reply(200, &[ALLOW, CREDENTIALS, ("set-cookie", NONE)]),
        })
    });
    let fetched = browser.fetch(&page(APP), include(get("https://api.example/a"))).await;
    assert_eq!(sent(&fetched, 1, "cookie"), Some("c=1"));
    assert_eq!(response(&fetched).header("set-cookie"), None);
}

#[tokio::test]
async fn several_set_cookie_lines_are_several_cookies() {
    let lines = [("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Path=/")];
    let browser = answering(reply(204, &[]), reply(200, &lines));
    browser.fetch(&page(APP), get("https://app.example/")).await;
    assert_eq!(browser.cookies(&url("https://app.example/")), "a=1; b=2");
}

const SIBLING: &str = "https://x.app.example/";

#[rstest]
#[case::strict_same_site(Profile::standard(), APP, None, SIBLING, "SameSite=Strict", true)]
#[case::lax_same_site(Profile::standard(), APP, None, SIBLING, "SameSite=Lax", true)]
#[case::unset_same_site(Profile::standard(), APP, None, SIBLING, "Path=/", true)]
#[case::strict_cross_site(Profile::standard(), APP, None, API, "SameSite=Strict", false)]
#[case::lax_cross_site(Profile::standard(), APP, None, API, "SameSite=Lax", false)]
#[case::none_cross_site(Profile::standard(), APP, None, API, "SameSite=None; Secure", true)]
#[case::unset_cross_site(Profile::standard(), APP, None, API, "Path=/", false)]
#[case::unset_cross_site_chromium(Profile::chromium(), APP, None, API, "Path=/", false)]
#[case::unset_cross_site_firefox(Profile::firefox(), APP, None, API, "Path=/", true)]
#[case::scheme(Profile::standard(), "http://app.example", None, SIBLING, "SameSite=Lax; Secure", false)]
#[case::framed_by_another_site(
    Profile::standard(),
    APP,
    Some("https://portal.example"),
    SIBLING,
    "SameSite=Lax",
    false
)]
#[case::framed_by_sibling(
    Profile::standard(),
    APP,
    Some("https://y.app.example"),
    SIBLING,
    "SameSite=Lax",
    true
)]
#[case::framed_at_target(Profile::standard(), APP, Some("https://api.example"), API, "SameSite=Lax", false)]
#[case::opaque(Profile::standard(), "null", Some(APP), SIBLING, "SameSite=Lax", false)]
#[case::opaque_none(Profile::standard(), "null", Some(APP), SIBLING, "SameSite=None; Secure", true)]
#[tokio::test]
async fn same_site(
    #[case] profile: Profile,
    #[case] origin: &str,
    #[case] top_level: Option<&str>,
    #[case] to: &str,
    #[case] attributes: &str,
    #[case] expected: bool,
) {
    let page = Page { top_level: top_level.map(|origin| Origin::parse(origin).unwrap()), ..page(origin) };
    // Firefox partitions cookies by top-level site, so a fetch must set the cookie there.
    let partitions = profile.engine() == Some(Engine::Firefox);
    let line: &'static str = Box::leak(format!("c=1; {attributes}").into_boxed_str());
    let browser = setting(profile, if partitions { line } else { "" });
    if partitions {
        browser.fetch(&page, include(get(to))).await;
    } else {
        browser.store_cookie(&url(to), line);
    }
    let fetched = browser.fetch(&page, include(get(to))).await;
    assert_eq!(sent(&fetched, 0, "cookie"), expected.then_some("c=1"));
}

#[rstest]
#[case("SameSite=Strict", "")]
#[case("SameSite=Lax", "")]
#[case("Path=/", "")]
#[case("SameSite=None; Secure", "c=1")]
#[tokio::test]
async fn a_cross_site_response_sets_only_same_site_none_cookies(
    #[case] attributes: &str,
    #[case] stored: &str,
) {
    let line: &'static str = Box::leak(format!("c=1; {attributes}").into_boxed_str());
    let browser = setting(Profile::chromium(), line);
    browser.fetch(&page(APP), include(get(API))).await;
    assert_eq!(browser.cookies(&url(API)), stored);
}

/// A redirect through another site and back makes the request cross-site in Fetch and Firefox, but not in Chromium.
#[rstest]
#[case(Profile::standard(), None)]
#[case(Profile::firefox(), None)]
#[case(Profile::chromium(), Some("c=1"))]
#[tokio::test]
async fn same_site_after_a_redirect_through_another_site(
    #[case] profile: Profile,
    #[case] expected: Option<&str>,
) {
    let browser = browser_as(profile, |request| {
        let location = match request.url.path() {
            "/1" => "https://api.example/2",
            "/2" => "https://app.example/3",
            _ => return Ok(reply(200, &[("access-control-allow-origin", "null"), CREDENTIALS])),
        };
        Ok(reply(302, &[ALLOW, CREDENTIALS, ("location", location)]))
    });
    browser.store_cookie(&url(APP), "c=1; SameSite=Strict; Path=/");
    let fetched = browser.fetch(&page(APP), include(get("https://app.example/1"))).await;
    assert_eq!(response(&fetched).status, 200);
    assert_eq!(sent(&fetched, 0, "cookie"), Some("c=1"));
    assert_eq!(sent(&fetched, 2, "cookie"), expected);
}

#[rstest]
#[case(Profile::firefox(), None)]
#[case(Profile::chromium(), Some("c=1"))]
#[tokio::test]
async fn firefox_partitions_cookies_by_top_level_site(
    #[case] profile: Profile,
    #[case] expected: Option<&str>,
) {
    let browser = setting(profile, NONE);
    browser.fetch(&page(APP), include(get(API))).await;
    let elsewhere = page(APP).framed_by(Origin::parse("https://portal.example").unwrap());
    let fetched = browser.fetch(&elsewhere, include(get(API))).await;
    assert_eq!(sent(&fetched, 0, "cookie"), expected);
    let fetched = browser.fetch(&page(APP), include(get(API))).await;
    assert_eq!(sent(&fetched, 0, "cookie"), Some("c=1"));
}

#[tokio::test]
async fn cookies_expire() {
    let clock = Arc::new(ManualClock::new());
    let browser = setting(Profile::standard(), "c=1; Max-Age=60; Path=/").with_clock(clock.clone());
    browser.fetch(&page(APP), get("https://app.example/")).await;
    clock.advance(Duration::from_secs(59));
    assert_eq!(browser.cookies(&url(APP)), "c=1");
    clock.advance(Duration::from_secs(1));
    assert_eq!(browser.cookies(&url(APP)), "");
}

#[tokio::test]
async fn no_cors_requests_carry_cookies() {
    let browser = setting(Profile::standard(), NONE);
    let request = || FetchRequest { mode: Mode::NoCors, ..include(get(API)) };
    browser.fetch(&page(APP), request()).await;
    let fetched = browser.fetch(&page(APP), request()).await;
    assert_eq!(sent(&fetched, 0, "cookie"), Some("c=1"));
}

/// `document.cookie` in a script of a page, with cookies that `https://app.example` has set.
#[rstest]
#[case::own(page(APP), Ok("plain=1; none=1"))]
#[case::plain_http(page("http://app.example"), Ok("plain=1"))]
#[case::other_port(page("https://app.example:8443"), Ok("plain=1; none=1"))]
#[case::other_host(page("https://www.app.example"), Ok(""))]
#[case::framed_by_same_site(page(APP).framed_by(Origin::parse("https://www.app.example").unwrap()), Ok("plain=1; none=1"))]
#[case::framed_by_cross_site(page(APP).framed_by(Origin::parse("https://other.example").unwrap()), Ok("none=1"))]
#[case::sandboxed(Page::sandboxed(Origin::parse(APP).unwrap()), Err(SecurityError))]
#[case::data(Page::data(Origin::parse(APP).unwrap()), Ok(""))]
#[case::file(Page::file(), Ok(""))]
#[case::extension(page("moz-extension://app.example"), Ok(""))]
fn document_cookie(#[case] page: Page, #[case] expected: Result<&str, SecurityError>) {
    let browser = answering(reply(204, &[]), reply(200, &[]));
    for line in ["plain=1", "hidden=1; HttpOnly", "none=1; SameSite=None; Secure", "deep=1; Path=/x"] {
        browser.store_cookie(&url(APP), line);
    }
    assert_eq!(browser.document_cookies(&page).as_deref(), expected.as_ref().map(|it| *it));
}
