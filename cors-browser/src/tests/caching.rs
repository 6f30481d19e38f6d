//! The preflight cache.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rstest::rstest;

use super::*;
use crate::{Credentials, Fault, ManualClock};

const ALLOW: (&str, &str) = ("access-control-allow-origin", APP);
const ANY: (&str, &str) = ("access-control-allow-origin", "*");
const CREDENTIALS: (&str, &str) = ("access-control-allow-credentials", "true");
const METHODS: &str = "access-control-allow-methods";
const HEADERS: &str = "access-control-allow-headers";
const MAX_AGE: &str = "access-control-max-age";

/// A browser whose preflights get `answer` and whose other requests are shared with everybody that asks.
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

/// Whether a fetch needed a preflight; it has to succeed.
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
#[case::firefox(Profile::firefox(), Some("1000000"), 86_399, 86_400)]
#[case::firefox_default(Profile::firefox(), None, 4, 5)]
#[tokio::test]
async fn an_answer_lives_so_long(
    #[case] profile: Profile,
    #[case] max_age: Option<&str>,
    #[case] still: u64,
    #[case] no_more: u64,
) {
    let mut answer = vec![ALLOW, (METHODS, "PUT")];
    answer.extend(max_age.map(|seconds| (MAX_AGE, seconds)));
    let (browser, clock) = caching(profile, &answer);
    assert!(preflights(&browser, &page(APP), put()).await);
    clock.advance(Duration::from_secs(still));
    assert!(!preflights(&browser, &page(APP), put()).await);
    clock.advance(Duration::from_secs(no_more - still));
    assert!(preflights(&browser, &page(APP), put()).await);
}

#[rstest]
#[case::zero(Profile::standard(), "0")]
#[case::chromium_negative(Profile::chromium(), "-1")]
#[case::firefox_negative(Profile::firefox(), "-1")]
#[case::firefox_unparsable(Profile::firefox(), "soon")]
#[tokio::test]
async fn an_answer_is_not_kept(#[case] profile: Profile, #[case] max_age: &str) {
    let (browser, _) = caching(profile, &[ALLOW, (METHODS, "PUT"), (MAX_AGE, max_age)]);
    assert!(preflights(&browser, &page(APP), put()).await);
    assert!(preflights(&browser, &page(APP), put()).await);
}

/// After a first fetch that fills the cache, a second: does it need a preflight?
#[rstest]
#[case::same("PUT", &[], "PUT", &[], false)]
#[case::other_listed("PUT", &[], "DELETE", &[], false)]
#[case::fewer("PUT", &["x-a"], "PUT", &[], false)]
#[case::listed_header("PUT", &[], "GET", &["X-A"], false)]
#[case::both("PUT", &["x-a"], "DELETE", &["x-b", "x-a"], false)]
#[tokio::test]
async fn the_whole_answer_is_kept(
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

/// Each part that the cache lacks asks for a preflight of its own.
#[tokio::test]
async fn what_was_not_granted_is_asked_for() {
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
#[case::fragment("https://api.example/item#x", APP, None, false)]
#[case::port("https://api.example:8443/item", APP, None, true)]
#[case::origin(API, "https://app.example:8443", None, true)]
#[case::top_level(API, APP, Some("https://portal.example"), true)]
#[case::same_top_level_site(API, APP, Some("https://x.app.example"), false)]
#[tokio::test]
async fn the_key(
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
async fn credentials_are_part_of_it(
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
async fn wildcards(
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
async fn the_wildcard_covers_authorization_in_browsers(
    #[case] profile: Profile,
    #[case] reason: BlockReason,
) {
    let (browser, _) = caching(profile, &[ALLOW, (HEADERS, "*")]);
    let fetched = browser.fetch(&page(APP), with_headers(&[("Authorization", "x")], get(API))).await;
    match fetched.outcome {
        Outcome::Response(_) => assert_eq!(reason, BlockReason::NetworkError, "covered"),
        Outcome::Blocked(blocked) => assert_eq!(blocked.reason, reason),
    }
}

/// Firefox asks again for HEAD unless the server lists it.
#[rstest]
#[case(Profile::standard(), false)]
#[case(Profile::firefox(), true)]
#[tokio::test]
async fn head(#[case] profile: Profile, #[case] expected: bool) {
    let (browser, _) = caching(profile, &[ALLOW, (HEADERS, "x-a")]);
    let request = || with_headers(&[("x-a", "1")], with_method("HEAD", API));
    assert!(preflights(&browser, &page(APP), request()).await);
    assert_eq!(preflights(&browser, &page(APP), request()).await, expected);
}

/// A request that fails after its preflight was answered from the cache clears the cache.
#[rstest]
#[case(None, true)]
#[case(Some(Fault::KeepsPreflightsAfterFailure), false)]
#[tokio::test]
async fn a_failure_clears_the_cache(#[case] fault: Option<Fault>, #[case] asks_again: bool) {
    let fails = Arc::new(AtomicBool::new(false));
    let failing = fails.clone();
    let mut browser = browser(move |request| {
        if request.method != "OPTIONS" && failing.load(Ordering::SeqCst) {
            return Ok(reply(200, &[]));
        }
        Ok(reply(200, &[ALLOW, (METHODS, "PUT")]))
    });
    if let Some(fault) = fault {
        browser = browser.with_fault(fault);
    }
    let page = page(APP);
    assert!(preflights(&browser, &page, put()).await);
    fails.store(true, Ordering::SeqCst);
    let fetched = browser.fetch(&page, put()).await;
    assert_eq!((blocked(&fetched), fetched.exchanges.len()), (BlockReason::MissingAllowOrigin, 1));
    fails.store(false, Ordering::SeqCst);
    assert_eq!(preflights(&browser, &page, put()).await, asks_again);
}

#[rstest]
#[case::never_caches(Fault::NeverCachesPreflights, APP, API, SAME, 0, false)]
#[case::never_expires(Fault::NeverExpiresPreflights, APP, API, SAME, 10, true)]
#[case::origins(Fault::SharesPreflightsBetweenOrigins, "https://b.example", API, SAME, 0, true)]
#[case::paths(Fault::SharesPreflightsBetweenPaths, APP, "https://api.example/other", SAME, 0, true)]
#[case::credentials(Fault::IgnoresCredentialsOfCachedPreflights, APP, API, Credentials::Include, 0, true)]
#[tokio::test]
async fn faults(
    #[case] fault: Fault,
    #[case] origin: &str,
    #[case] url: &str,
    #[case] credentials: Credentials,
    #[case] seconds: u64,
    #[case] sound: bool,
) {
    for (is_faulty, expected) in [(false, sound), (true, !sound)] {
        let (mut browser, clock) = caching(Profile::standard(), &[(ANY), (METHODS, "PUT")]);
        if is_faulty {
            browser = browser.with_fault(fault);
        }
        assert!(preflights(&browser, &page(APP), put()).await);
        clock.advance(Duration::from_secs(seconds));
        let fetched =
            browser.fetch(&page(origin), FetchRequest { credentials, ..with_method("PUT", url) }).await;
        assert_eq!(fetched.exchanges[0].kind == ExchangeKind::Preflight, expected, "{fault}");
    }
}

const SAME: Credentials = Credentials::SameOrigin;
