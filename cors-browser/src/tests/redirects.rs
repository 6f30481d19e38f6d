//! Redirects.

use rstest::rstest;

use super::*;
use crate::{Mode, Redirect, ResponseType};

const ANY: (&str, &str) = ("access-control-allow-origin", "*");

/// Servers that allow every origin, and that redirect the path `/to?URL` to that URL with `status`.
fn redirecting(status: u16) -> Browser {
    browser(move |request| {
        let mut headers = vec![ANY, ("access-control-allow-methods", "*")];
        headers.push(("access-control-allow-headers", "*, authorization"));
        Ok(match request.url.query() {
            Some(location) if request.method != "OPTIONS" => {
                headers.push(("location", location));
                reply(status, &headers)
            }
            _ => reply(200, &headers),
        })
    })
}

#[rstest]
#[case(301, "GET", "GET", false)]
#[case(301, "POST", "GET", false)]
#[case(301, "PUT", "PUT", true)]
#[case(302, "POST", "GET", false)]
#[case(302, "DELETE", "DELETE", true)]
#[case(303, "POST", "GET", false)]
#[case(303, "PUT", "GET", false)]
#[case(303, "HEAD", "HEAD", false)]
#[case(307, "POST", "POST", true)]
#[case(307, "PUT", "PUT", true)]
#[case(308, "POST", "POST", true)]
#[case(308, "GET", "GET", false)]
#[tokio::test]
async fn the_method_and_the_body_after_a_redirect(
    #[case] status: u16,
    #[case] method: &str,
    #[case] then: &str,
    #[case] has_body: bool,
) {
    let body = (!matches!(method, "GET" | "HEAD")).then(|| b"x".to_vec());
    let headers = [("Content-Type", "text/csv"), ("Content-Language", "de"), ("X-A", "1")];
    let request =
        FetchRequest { body, ..with_headers(&headers, with_method(method, "https://app.example/to?/x")) };
    let fetched = redirecting(status).fetch(&page(APP), request).await;
    assert_eq!(
        wire(&fetched),
        [format!("{method} https://app.example/to?/x"), format!("{then} https://app.example/x")]
    );
    let last = &fetched.exchanges[1].request;
    assert_eq!(last.body.is_some(), has_body);
    let keeps_body_headers = has_body || method == then;
    assert_eq!(last.header("content-type").is_some(), keeps_body_headers);
    assert_eq!(last.header("content-language").is_some(), keeps_body_headers);
    assert_eq!(sent(&fetched, 1, "x-a"), Some("1"));
    assert!(response(&fetched).redirected);
    assert_eq!(response(&fetched).url.as_ref().unwrap().path(), "/x");
}

#[rstest]
#[case::same("https://api.example/to?https://api.example/x", APP)]
#[case::from_same_origin("https://app.example/to?https://api.example/x", APP)]
#[case::other("https://api.example/to?https://b.example/x", "null")]
#[case::sibling("https://x.b.example/to?https://y.b.example/x", "null")]
#[case::other_port("https://api.example/to?https://api.example:8443/x", "null")]
#[tokio::test]
async fn the_origin_after_a_redirect(#[case] url: &str, #[case] origin: &str) {
    let fetched = redirecting(302).fetch(&page(APP), get(url)).await;
    assert_eq!(sent(&fetched, 1, "origin"), Some(origin));
    assert_eq!(response(&fetched).response_type, ResponseType::Cors);
}

#[tokio::test]
async fn a_redirect_back_to_the_own_origin_stays_cors() {
    let fetched =
        redirecting(302).fetch(&page(APP), get("https://api.example/to?https://app.example/x")).await;
    assert_eq!(sent(&fetched, 1, "origin"), Some("null"));
    assert_eq!(response(&fetched).response_type, ResponseType::Cors);
}

#[tokio::test]
async fn an_exact_origin_blocks_after_a_cross_origin_redirect() {
    let exact = browser(|request| {
        let allow = ("access-control-allow-origin", APP);
        Ok(match request.url.host_str() {
            Some("api.example") => reply(302, &[allow, ("location", "https://b.example/")]),
            _ => reply(200, &[allow]),
        })
    });
    let fetched = exact.fetch(&page(APP), get(API)).await;
    assert_eq!(blocked(&fetched), BlockReason::AllowOriginMismatch);
    assert_eq!(wire(&fetched), ["GET https://api.example/item", "GET https://b.example/"]);
}

#[tokio::test]
async fn the_cors_check_applies_to_redirects() {
    let fetched =
        answering(reply(204, &[]), reply(302, &[("location", "/x")])).fetch(&page(APP), get(API)).await;
    assert_eq!(blocked(&fetched), BlockReason::MissingAllowOrigin);
    assert_eq!(fetched.exchanges.len(), 1);
}

#[tokio::test]
async fn each_redirect_needs_a_preflight() {
    let request = with_method("PUT", "https://api.example/to?https://b.example/x");
    let fetched = redirecting(307).fetch(&page(APP), request).await;
    assert_eq!(
        wire(&fetched),
        [
            "OPTIONS https://api.example/to?https://b.example/x",
            "PUT https://api.example/to?https://b.example/x",
            "OPTIONS https://b.example/x",
            "PUT https://b.example/x"
        ]
    );
    assert_eq!(sent(&fetched, 2, "origin"), Some("null"));
}

#[tokio::test]
async fn a_redirect_to_another_origin_needs_a_preflight() {
    let fetched = redirecting(307)
        .fetch(&page(APP), with_method("PUT", "https://app.example/to?https://b.example/x"))
        .await;
    assert_eq!(
        wire(&fetched),
        [
            "PUT https://app.example/to?https://b.example/x",
            "OPTIONS https://b.example/x",
            "PUT https://b.example/x"
        ]
    );
}

#[rstest]
#[case("https://api.example/to?https://b.example/x", None)]
#[case("https://api.example/to?http://localhost/x", None)]
#[case("https://api.example/to?/x", Some("Basic x"))]
#[tokio::test]
async fn authorization_is_removed_on_cross_origin_redirects(
    #[case] url: &str,
    #[case] expected: Option<&str>,
) {
    let request = with_headers(&[("Authorization", "Basic x"), ("X-A", "1")], get(url));
    let fetched = redirecting(302).fetch(&page(APP), request).await;
    let last = fetched.exchanges.len() - 1;
    assert_eq!(sent(&fetched, last, "authorization"), expected);
    assert_eq!(sent(&fetched, last, "x-a"), Some("1"));
}

#[rstest]
#[case(20, None)]
#[case(21, Some(BlockReason::TooManyRedirects))]
#[tokio::test]
async fn twenty_redirects_are_followed(#[case] redirects: usize, #[case] reason: Option<BlockReason>) {
    let counting = browser(move |request| {
        let n: usize = request.url.path()[1..].parse().unwrap();
        let location = format!("/{}", n + 1);
        Ok(if n < redirects { reply(302, &[("location", &location)]) } else { reply(200, &[]) })
    });
    let fetched = counting.fetch(&page(APP), get("https://app.example/0")).await;
    assert_eq!(fetched.exchanges.len(), 21);
    match reason {
        None => assert_eq!(response(&fetched).status, 200),
        Some(reason) => assert_eq!(blocked(&fetched), reason),
    }
}

#[rstest]
#[case::scheme("https://api.example/to?data:text/plain,x", BlockReason::RedirectToUnsupportedScheme)]
#[case::not_a_url("https://api.example/to?https://", BlockReason::RedirectLocationInvalid)]
#[case::user("https://api.example/to?https://me@api.example/", BlockReason::RedirectWithCredentialsInUrl)]
#[case::user_to_same_origin(
    "https://api.example/to?https://me:x@app.example/",
    BlockReason::RedirectWithCredentialsInUrl
)]
#[case::user_from_same_origin(
    "https://app.example/to?https://me@api.example/",
    BlockReason::RedirectWithCredentialsInUrl
)]
#[case::downgrade("https://api.example/to?http://api.example/", BlockReason::MixedContent)]
#[tokio::test]
async fn blocked_locations(#[case] url: &str, #[case] reason: BlockReason) {
    let fetched = redirecting(302).fetch(&page(APP), get(url)).await;
    assert_eq!(blocked(&fetched), reason);
    assert_eq!(fetched.exchanges.len(), 1);
}

#[tokio::test]
async fn a_same_origin_redirect_may_have_a_user_name() {
    let fetched =
        redirecting(302).fetch(&page(APP), get("https://app.example/to?https://me@app.example/")).await;
    assert_eq!(response(&fetched).status, 200);
}

#[tokio::test]
async fn two_location_lines_are_invalid() {
    let twice = reply(302, &[ANY, ("location", "/a"), ("location", "/b")]);
    let fetched = answering(reply(204, &[]), twice).fetch(&page(APP), get(API)).await;
    assert_eq!(blocked(&fetched), BlockReason::RedirectLocationInvalid);
}

#[rstest]
#[case(302, &[ANY])]
#[case(304, &[ANY, ("location", "/x")])]
#[case(300, &[ANY, ("location", "/x")])]
#[tokio::test]
async fn some_3xx_statuses_are_not_redirects(#[case] status: u16, #[case] headers: &[(&str, &str)]) {
    let fetched = answering(reply(204, &[]), reply(status, headers)).fetch(&page(APP), get(API)).await;
    assert_eq!(response(&fetched).status, status);
    assert_eq!(fetched.exchanges.len(), 1);
}

#[tokio::test]
async fn the_fragment_is_inherited() {
    let fetched = redirecting(302).fetch(&page(APP), get("https://app.example/to?x#part")).await;
    assert_eq!(response(&fetched).url.as_ref().unwrap().as_str(), "https://app.example/x");
    assert_eq!(fetched.exchanges[1].request.url.as_str(), "https://app.example/x");
}

#[tokio::test]
async fn redirect_mode_error() {
    let request = FetchRequest { redirect: Redirect::Error, ..get("https://api.example/to?/x") };
    let fetched = redirecting(302).fetch(&page(APP), request).await;
    assert_eq!(blocked(&fetched), BlockReason::RedirectModeError);
    assert_eq!(fetched.exchanges.len(), 1);
}

#[rstest]
#[case("https://api.example/to?/x")]
#[case("https://app.example/to?/x")]
#[tokio::test]
async fn redirect_mode_manual(#[case] url: &str) {
    let request = FetchRequest { redirect: Redirect::Manual, ..get(url) };
    let fetched = redirecting(302).fetch(&page(APP), request).await;
    let expected = PageResponse {
        response_type: ResponseType::OpaqueRedirect,
        status: 0,
        url: Some(Url::parse(url).unwrap()),
        redirected: false,
        headers: Vec::new(),
        body: None,
        body_fails: false,
    };
    assert_eq!(response(&fetched), &expected);
    assert_eq!(fetched.exchanges.len(), 1);
}

#[tokio::test]
async fn the_cors_check_applies_in_redirect_mode_manual() {
    let browser = answering(reply(204, &[]), reply(302, &[("location", "/x")]));
    let fetched = browser.fetch(&page(APP), FetchRequest { redirect: Redirect::Manual, ..get(API) }).await;
    assert_eq!(blocked(&fetched), BlockReason::MissingAllowOrigin);
}

#[tokio::test]
async fn same_origin_mode_does_not_follow_to_another_origin() {
    let request =
        FetchRequest { mode: Mode::SameOrigin, ..get("https://app.example/to?https://api.example/") };
    let fetched = redirecting(302).fetch(&page(APP), request).await;
    assert_eq!(blocked(&fetched), BlockReason::ModeSameOriginCrossOrigin);
    assert_eq!(fetched.exchanges.len(), 1);
}

#[tokio::test]
async fn no_cors_follows_and_stays_opaque() {
    let request = FetchRequest { mode: Mode::NoCors, ..get("https://api.example/to?https://app.example/") };
    let fetched = redirecting(302).fetch(&page(APP), request).await;
    assert_eq!(response(&fetched).response_type, ResponseType::Opaque);
    assert_eq!(fetched.exchanges.len(), 2);
}

/// `Referrer-Policy` on a redirect decides about the `Referer` of the next request, and about the `Origin` in mode `no-cors`.
#[rstest]
#[case::none(&[], Some("https://app.example/"), APP)]
#[case::no_referrer(&["no-referrer"], None, "null")]
#[case::same_origin(&["same-origin"], None, "null")]
#[case::origin(&["origin"], Some("https://app.example/"), APP)]
#[case::the_last_known_counts(&["no-referrer, origin, unheard-of"], Some("https://app.example/"), APP)]
#[tokio::test]
async fn the_referrer_policy_of_a_redirect(
    #[case] policy: &'static [&'static str],
    #[case] referrer: Option<&str>,
    #[case] origin: &str,
) {
    let browser = browser(move |request| {
        if request.url.path() == "/end" {
            return Ok(reply(200, &[ANY]));
        }
        let policy = policy.iter().map(|&policy| ("referrer-policy", policy));
        let headers: Vec<_> = policy.chain([("location", "https://api.example/end")]).collect();
        Ok(reply(307, &headers))
    });
    let request = with_method("POST", "https://api.example/").with_mode(Mode::NoCors);
    let fetched = browser.fetch(&page(APP), request).await;
    assert_eq!(sent(&fetched, 0, "referer"), Some("https://app.example/"));
    assert_eq!(sent(&fetched, 0, "origin"), Some(APP));
    assert_eq!(sent(&fetched, 1, "referer"), referrer);
    assert_eq!(sent(&fetched, 1, "origin"), Some(origin));
}

/// The policy `no-referrer` of one redirect stays in force, even if a later redirect has another policy.
#[tokio::test]
async fn a_referrer_that_was_dropped_stays_dropped() {
    let browser = browser(|request| {
        Ok(match request.url.path() {
            "/first" => reply(307, &[ANY, ("referrer-policy", "no-referrer"), ("location", "/second")]),
            "/second" => reply(307, &[ANY, ("referrer-policy", "unsafe-url"), ("location", "/end")]),
            _ => reply(200, &[ANY]),
        })
    });
    let fetched = browser.fetch(&page(APP), get("https://api.example/first")).await;
    let referrers: Vec<_> = (0..3).map(|nth| sent(&fetched, nth, "referer")).collect();
    assert_eq!(referrers, [Some("https://app.example/"), None, None]);
}

/// The outcome of a redirect with these lines of `Location`.
async fn redirected(profile: Profile, mode: Redirect, lines: &'static [&'static str]) -> Fetched {
    let browser = browser_as(profile, move |request| {
        if request.url.path() == "/end" {
            return Ok(reply(200, &[ANY]));
        }
        let lines = lines.iter().map(|&line| ("location", line));
        Ok(reply(302, &[ANY].into_iter().chain(lines).collect::<Vec<_>>()))
    });
    browser.fetch(&page(APP), get(API).with_redirect(mode)).await
}

#[rstest]
#[case::standard(Profile::standard(), false)]
#[case::chromium(Profile::chromium(), true)]
#[case::firefox(Profile::firefox(), true)]
#[tokio::test]
async fn equal_location_lines(#[case] profile: Profile, #[case] is_followed: bool) {
    let fetched = redirected(profile, Redirect::Follow, &["/end", "/end"]).await;
    match is_followed {
        true => assert!(response(&fetched).redirected),
        false => assert_eq!(blocked(&fetched), BlockReason::RedirectLocationInvalid),
    }
}

/// An empty `Location` is the URL of the redirect itself, so that the redirects never end.
#[rstest]
#[case::standard(Profile::standard(), &[""], Some(21))]
#[case::firefox(Profile::firefox(), &[""], Some(21))]
#[case::chromium(Profile::chromium(), &[""], None)]
#[case::standard_without(Profile::standard(), &[], None)]
#[case::chromium_without(Profile::chromium(), &[], None)]
#[tokio::test]
async fn an_empty_location(
    #[case] profile: Profile,
    #[case] lines: &'static [&'static str],
    #[case] requests: Option<usize>,
) {
    let fetched = redirected(profile, Redirect::Follow, lines).await;
    match requests {
        Some(requests) => {
            assert_eq!(blocked(&fetched), BlockReason::TooManyRedirects);
            assert_eq!(fetched.exchanges.len(), requests);
        }
        None => assert_eq!(response(&fetched).status, 302),
    }
}

#[rstest]
#[case::standard_error(Profile::standard(), Redirect::Error, &[], None)]
#[case::chromium_error(Profile::chromium(), Redirect::Error, &[], Some(ResponseType::Cors))]
#[case::firefox_error(Profile::firefox(), Redirect::Error, &[], None)]
#[case::standard_manual(Profile::standard(), Redirect::Manual, &["https://["], Some(ResponseType::OpaqueRedirect))]
#[case::chromium_manual(Profile::chromium(), Redirect::Manual, &["https://["], None)]
#[case::chromium_manual_without(Profile::chromium(), Redirect::Manual, &[], Some(ResponseType::OpaqueRedirect))]
#[case::firefox_manual(Profile::firefox(), Redirect::Manual, &["https://["], Some(ResponseType::OpaqueRedirect))]
#[tokio::test]
async fn redirects_without_a_valid_location(
    #[case] profile: Profile,
    #[case] mode: Redirect,
    #[case] lines: &'static [&'static str],
    #[case] expected: Option<ResponseType>,
) {
    let fetched = redirected(profile, mode, lines).await;
    match expected {
        Some(expected) => assert_eq!(response(&fetched).response_type, expected),
        None => assert!(matches!(fetched.outcome, Outcome::Blocked(_))),
    }
}

#[rstest]
#[case::standard(Profile::standard(), true)]
#[case::chromium(Profile::chromium(), false)]
#[case::firefox(Profile::firefox(), true)]
#[tokio::test]
async fn user_info_in_a_location_within_the_origin(#[case] profile: Profile, #[case] is_followed: bool) {
    for mode in [Mode::Cors, Mode::SameOrigin, Mode::NoCors] {
        let browser = browser_as(profile.clone(), |request| {
            Ok(match request.url.path() {
                "/end" => reply(200, &[]),
                _ => reply(302, &[("location", "https://me:secret@app.example/end")]),
            })
        });
        let fetched = browser.fetch(&page(APP), get("https://app.example/").with_mode(mode)).await;
        match is_followed {
            true => assert!(response(&fetched).redirected),
            false => assert_eq!(blocked(&fetched), BlockReason::RedirectWithCredentialsInUrl),
        }
    }
}

#[rstest]
#[case::standard(Profile::standard(), "https://app.example/", APP)]
#[case::chromium(Profile::chromium(), "https://app.example/", "null")]
#[case::firefox(Profile::firefox(), "https://app.example/", APP)]
#[case::chromium_within_another_server(Profile::chromium(), "https://other.example/", APP)]
#[tokio::test]
async fn the_origin_of_a_redirected_no_cors_post(
    #[case] profile: Profile,
    #[case] first: &str,
    #[case] origin: &str,
) {
    let browser = browser_as(profile, |request| {
        Ok(match request.url.path() {
            "/end" => reply(200, &[]),
            _ => reply(307, &[("location", "https://other.example/end")]),
        })
    });
    let request = with_method("POST", first).with_mode(Mode::NoCors);
    let fetched = browser.fetch(&page(APP), request).await;
    assert_eq!(sent(&fetched, 0, "origin"), Some(APP));
    assert_eq!(sent(&fetched, 1, "origin"), Some(origin));
}

#[tokio::test]
async fn chromium_hides_no_origin_because_of_a_referrer_policy() {
    let browser = browser_as(Profile::chromium(), |request| {
        Ok(match request.url.path() {
            "/end" => reply(200, &[]),
            _ => reply(307, &[("location", "/end"), ("referrer-policy", "no-referrer")]),
        })
    });
    let request = with_method("POST", API).with_mode(Mode::NoCors);
    let fetched = browser.fetch(&page(APP), request).await;
    assert_eq!(sent(&fetched, 1, "origin"), Some(APP));
    assert_eq!(sent(&fetched, 1, "referer"), None);
}
