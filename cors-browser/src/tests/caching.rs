//! The preflight cache.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rstest::rstest;

use super::*;
use crate::{Credentials, ManualClock};

const ALLOW: (&str, &str) = ("access-control-allow-origin", APP);
const ANY: (&str, &str) = ("access-control-allow-origin", "*");
const CREDENTIALS: (&str, &str) = ("access-control-allow-credentials", "true");
const METHODS: &str = "access-control-allow-methods";
const HEADERS: &str = "access-control-allow-headers";
const MAX_AGE: &str = "access-control-max-age";

/// A browser whose servers respond to preflights with `answer`, and allow every origin to read other responses.
fn caching(profile: Profile, answer: &[(&str, &str)]) -> (Browser, Arc<ManualClock>) {
    let answer = reply(204, answer);
    let browser = browser_as(profile, move |request| {
        if request.method == "OPTIONS" {
            return Ok(answer.clone());
        }
        let origin = request.header("origin").map(|origin| String::from_utf8(origin.to_vec()).unwrap());
        Ok(reply(200, &[("access-control-allow-origin", origin.as_deref().unwrap_or("*")), CREDENTIALS]))
    });
    let clock = Arc::new(ManualClock::new());
    (browser.with_clock(clock.clone()), clock)
}

/// Whether a fetch made a preflight. The fetch must succeed.
async fn preflights(browser: &Browser, page: &Page, request: FetchRequest) -> bool {
    let fetched = browser.fetch(page, request).await;
    response(&fetched);
    fetched.exchanges.len() == 2
}

fn put() -> FetchRequest {
    with_method("PUT", API)
}

#[rstest]
#[case::default(Profile::standard(), None, 4, 5)]
#[case::given(Profile::standard(), Some("600"), 599, 600)]
#[case::unlimited(Profile::standard(), Some("1000000"), 999_999, 1_000_000)]
#[case::unparsable(Profile::standard(), Some("soon"), 4, 5)]
#[case::negative(Profile::standard(), Some("-1"), 4, 5)]
#[case::two_values(Profile::standard(), Some("600, 600"), 4, 5)]
#[case::chromium(Profile::chromium(), Some("86400"), 7_199, 7_200)]
#[case::chromium_default(Profile::chromium(), None, 4, 5)]
#[case::chromium_unparsable(Profile::chromium(), Some("soon"), 4, 5)]
#[case::signed(Profile::standard(), Some("+600"), 4, 5)]
#[case::empty(Profile::standard(), Some(""), 4, 5)]
#[case::chromium_signed(Profile::chromium(), Some("+600"), 599, 600)]
#[case::chromium_empty(Profile::chromium(), Some(""), 4, 5)]
#[case::chromium_largest(Profile::chromium(), Some("9223372036854775807"), 7_199, 7_200)]
#[case::chromium_too_large(Profile::chromium(), Some("9223372036854775808"), 4, 5)]
#[case::chromium_too_small(Profile::chromium(), Some("-9223372036854775809"), 4, 5)]
#[case::firefox_empty(Profile::firefox(), Some(""), 4, 5)]
#[case::firefox_huge(Profile::firefox(), Some("9223372036854775808"), 86_399, 86_400)]
#[case::firefox(Profile::firefox(), Some("1000000"), 86_399, 86_400)]
#[case::firefox_default(Profile::firefox(), None, 4, 5)]
#[tokio::test]
async fn a_preflight_is_cached_for(
    #[case] profile: Profile,
    #[case] max_age: Option<&str>,
    #[case] still: u64,
    #[case] expired: u64,
) {
    let mut answer = vec![ALLOW, (METHODS, "PUT")];
    answer.extend(max_age.map(|seconds| (MAX_AGE, seconds)));
    let (browser, clock) = caching(profile, &answer);
    assert!(preflights(&browser, &page(APP), put()).await);
    clock.advance(Duration::from_secs(still));
    assert!(!preflights(&browser, &page(APP), put()).await);
    clock.advance(Duration::from_secs(expired - still));
    assert!(preflights(&browser, &page(APP), put()).await);
}

#[rstest]
#[case::zero(Profile::standard(), "0")]
#[case::chromium_negative(Profile::chromium(), "-1")]
#[case::firefox_negative(Profile::firefox(), "-1")]
#[case::firefox_unparsable(Profile::firefox(), "soon")]
#[case::firefox_signed(Profile::firefox(), "+600")]
#[tokio::test]
async fn a_preflight_is_not_cached(#[case] profile: Profile, #[case] max_age: &str) {
    let (browser, _) = caching(profile, &[ALLOW, (METHODS, "PUT"), (MAX_AGE, max_age)]);
    assert!(preflights(&browser, &page(APP), put()).await);
    assert!(preflights(&browser, &page(APP), put()).await);
}

/// Whether a second fetch makes a preflight after the first has filled the cache.
#[rstest]
#[case::same("PUT", &[], "PUT", &[], false)]
#[case::other_listed("PUT", &[], "DELETE", &[], false)]
#[case::fewer("PUT", &["x-a"], "PUT", &[], false)]
#[case::listed_header("PUT", &[], "GET", &["X-A"], false)]
#[case::both("PUT", &["x-a"], "DELETE", &["x-b", "x-a"], false)]
#[tokio::test]
async fn all_listed_methods_and_headers_are_cached(
    #[case] method: &str,
    #[case] headers: &[&str],
    #[case] then: &str,
    #[case] then_headers: &[&str],
    #[case] expected: bool,
) {
    let (browser, _) =
        caching(Profile::standard(), &[ALLOW, (METHODS, "PUT, DELETE"), (HEADERS, "x-a, X-B")]);
    let request = |method: &str, names: &[&str]| {
        let headers: Vec<(&str, &str)> = names.iter().map(|&name| (name, "1")).collect();
        with_headers(&headers, with_method(method, API))
    };
    assert!(preflights(&browser, &page(APP), request(method, headers)).await);
    assert_eq!(preflights(&browser, &page(APP), request(then, then_headers)).await, expected);
}

/// A fetch makes a preflight if the cache lacks its method or one of its headers.
#[tokio::test]
async fn a_missing_method_or_header_needs_a_preflight() {
    let servers = browser(|request| {
        let asked = |name: &str| request.header(name).map(|value| String::from_utf8(value.to_vec()).unwrap());
        let methods = asked("access-control-request-method").unwrap_or_default();
        let headers = asked("access-control-request-headers").unwrap_or_default();
        Ok(reply(200, &[ALLOW, (METHODS, &methods), (HEADERS, &headers)]))
    });
    let page = page(APP);
    assert!(preflights(&servers, &page, put()).await);
    assert!(preflights(&servers, &page, with_method("DELETE", API)).await);
    assert!(preflights(&servers, &page, with_headers(&[("x-a", "1")], put())).await);
    assert!(preflights(&servers, &page, with_headers(&[("x-a", "1"), ("x-b", "1")], put())).await);
    assert!(!preflights(&servers, &page, with_headers(&[("x-b", "1")], with_method("DELETE", API))).await);
}

#[rstest]
#[case::path("https://api.example/other", APP, None, true)]
#[case::query("https://api.example/item?x", APP, None, true)]
#[case::fragment("https://api.example/item#x", APP, None, true)]
#[case::port("https://api.example:8443/item", APP, None, true)]
#[case::origin(API, "https://app.example:8443", None, true)]
#[case::top_level(API, APP, Some("https://portal.example"), true)]
#[case::same_top_level_site(API, APP, Some("https://x.app.example"), false)]
#[tokio::test]
async fn the_cache_key(
    #[case] url: &str,
    #[case] origin: &str,
    #[case] top_level: Option<&str>,
    #[case] expected: bool,
) {
    let (browser, _) = caching(Profile::standard(), &[ANY, (METHODS, "PUT")]);
    assert!(preflights(&browser, &page(APP), put()).await);
    let other = Page { top_level: top_level.map(|origin| Origin::parse(origin).unwrap()), ..page(origin) };
    assert_eq!(preflights(&browser, &other, with_method("PUT", url)).await, expected);
    assert!(!preflights(&browser, &page(APP), put()).await);
}

#[rstest]
#[case::standard(Profile::standard(), Credentials::Include, Credentials::SameOrigin, false)]
#[case::chromium(Profile::chromium(), Credentials::Include, Credentials::Omit, false)]
#[case::firefox(Profile::firefox(), Credentials::Include, Credentials::SameOrigin, true)]
#[case::without_then_with(Profile::standard(), Credentials::SameOrigin, Credentials::Include, true)]
#[case::omit_then_same(Profile::standard(), Credentials::Omit, Credentials::SameOrigin, false)]
#[tokio::test]
async fn credentials_are_part_of_the_cache_key(
    #[case] profile: Profile,
    #[case] first: Credentials,
    #[case] second: Credentials,
    #[case] expected: bool,
) {
    let (browser, _) = caching(profile, &[ALLOW, CREDENTIALS, (METHODS, "PUT")]);
    assert!(preflights(&browser, &page(APP), FetchRequest { credentials: first, ..put() }).await);
    let again = FetchRequest { credentials: second, ..put() };
    assert_eq!(preflights(&browser, &page(APP), again).await, expected);
}

#[rstest]
#[case::standard(Profile::standard(), "PATCH", &[("x-b", "1")], false)]
#[case::standard_authorization(Profile::standard(), "PATCH", &[("authorization", "1")], true)]
#[case::firefox(Profile::firefox(), "PATCH", &[], true)]
#[tokio::test]
async fn cached_wildcards(
    #[case] profile: Profile,
    #[case] method: &str,
    #[case] headers: &[(&str, &str)],
    #[case] expected: bool,
) {
    let answer = [ALLOW, (METHODS, "*"), (HEADERS, "*")];
    let (browser, _) = caching(profile, &answer);
    assert!(preflights(&browser, &page(APP), put()).await);
    let fetched = browser.fetch(&page(APP), with_headers(headers, with_method(method, API))).await;
    assert_eq!(fetched.exchanges[0].kind == ExchangeKind::Preflight, expected);
}

#[rstest]
#[case(Profile::standard(), BlockReason::AuthorizationNotCoveredByWildcard)]
#[case(Profile::chromium(), BlockReason::NetworkError)]
#[case(Profile::firefox(), BlockReason::NetworkError)]
#[tokio::test]
async fn browsers_let_the_wildcard_cover_authorization(
    #[case] profile: Profile,
    #[case] reason: BlockReason,
) {
    let (browser, _) = caching(profile, &[ALLOW, (HEADERS, "*")]);
    let fetched = browser.fetch(&page(APP), with_headers(&[("Authorization", "x")], get(API))).await;
    match fetched.outcome {
        Outcome::Blocked(blocked) => assert_eq!(blocked.reason, reason),
        _ => assert_eq!(reason, BlockReason::NetworkError, "covered"),
    }
}

/// Firefox makes another preflight for HEAD unless the server lists the method.
#[rstest]
#[case(Profile::standard(), false)]
#[case(Profile::firefox(), true)]
#[tokio::test]
async fn head_needs_a_cached_method_in_firefox(#[case] profile: Profile, #[case] expected: bool) {
    let (browser, _) = caching(profile, &[ALLOW, (HEADERS, "x-a")]);
    let request = || with_headers(&[("x-a", "1")], with_method("HEAD", API));
    assert!(preflights(&browser, &page(APP), request()).await);
    assert_eq!(preflights(&browser, &page(APP), request()).await, expected);
}

/// The request fails after the cache made its preflight unnecessary.
#[tokio::test]
async fn a_network_error_clears_the_cache() {
    let fails = Arc::new(AtomicBool::new(false));
    let failing = fails.clone();
    let browser = browser(move |request| {
        if request.method != "OPTIONS" && failing.load(Ordering::SeqCst) {
            return Ok(reply(200, &[]));
        }
        Ok(reply(200, &[ALLOW, (METHODS, "PUT")]))
    });
    let page = page(APP);
    assert!(preflights(&browser, &page, put()).await);
    fails.store(true, Ordering::SeqCst);
    let fetched = browser.fetch(&page, put()).await;
    assert_eq!((blocked(&fetched), fetched.exchanges.len()), (BlockReason::MissingAllowOrigin, 1));
    fails.store(false, Ordering::SeqCst);
    assert!(preflights(&browser, &page, put()).await);
}

/// Frames in pages of one site, and pages with the origin `null`.
#[rstest]
#[case::standard(Profile::standard(), [false, false, true])]
#[case::chromium(Profile::chromium(), [false, true, true])]
#[case::firefox(Profile::firefox(), [false, false, true])]
#[case::webkit(Profile::webkit(), [true, false, true])]
#[tokio::test]
async fn a_preflight_in_a_frame(#[case] profile: Profile, #[case] expected: [bool; 3]) {
    let (browser, _) = caching(profile, &[ANY, (METHODS, "PUT"), (MAX_AGE, "600")]);
    let frame = |origin: &str, top: &str| page(origin).framed_by(Origin::parse(top).unwrap());
    let site = "https://www.app.example";
    let sandboxed = Page::sandboxed(Origin::parse(APP).unwrap());
    let seen = [
        (frame("https://widget.example", APP), frame("https://widget.example", site)),
        (sandboxed.clone(), sandboxed),
        (frame("https://widget.example", "https://other.example"), page("https://widget.example")),
    ];
    for (index, (first, second)) in seen.into_iter().enumerate() {
        assert!(preflights(&browser, &first, put()).await, "{index}");
        assert_eq!(preflights(&browser, &second, put()).await, expected[index], "{index}");
    }
}

#[rstest]
#[case::standard(Profile::standard(), false)]
#[case::chromium(Profile::chromium(), true)]
#[case::webkit(Profile::webkit(), true)]
#[tokio::test]
async fn a_preflight_of_another_opaque_page(#[case] profile: Profile, #[case] expected: bool) {
    let (browser, _) = caching(profile, &[ANY, (METHODS, "PUT"), (MAX_AGE, "600")]);
    let top_level = || Origin::parse(APP).unwrap();
    assert!(preflights(&browser, &Page::data(top_level()), put()).await);
    assert_eq!(preflights(&browser, &Page::sandboxed(top_level()), put()).await, expected);
}

#[rstest]
#[case::standard(Profile::standard(), 6)]
#[case::chromium(Profile::chromium(), 7)]
#[case::firefox(Profile::firefox(), 6)]
#[case::webkit(Profile::webkit(), 7)]
#[tokio::test]
async fn a_preflight_behind_a_redirect(#[case] profile: Profile, #[case] expected: usize) {
    let browser = browser_as(profile, |request| {
        let origin = request.header("origin").map(|origin| String::from_utf8(origin.to_vec()).unwrap());
        let allow = ("access-control-allow-origin", origin.as_deref().unwrap_or("*"));
        Ok(match (request.method.as_str(), request.url.path()) {
            ("OPTIONS", _) => reply(204, &[allow, (METHODS, "PUT"), (MAX_AGE, "600")]),
            (_, "/first") => reply(307, &[allow, ("location", "https://third.example/")]),
            _ => reply(200, &[allow]),
        })
    });
    let mut count = 0;
    for _ in 0..2 {
        let fetched = browser.fetch(&page(APP), with_method("PUT", "https://api.example/first")).await;
        response(&fetched);
        count += fetched.exchanges.len();
    }
    assert_eq!(count, expected);
}
