//! What WebKit writes on the wire.

use rstest::rstest;

use super::*;
use crate::{Credentials, Form, FormMethod, Mode, Navigation, PageAction, ReferrerPolicy, WebSocketRequest};

fn names(fetched: &Fetched, nth: usize) -> Vec<&str> {
    fetched.exchanges[nth].request.headers.iter().map(|(name, _)| name.as_str()).collect()
}

/// A form that posts to a URL.
fn post(url: &str) -> PageAction {
    let form = Form { method: FormMethod::Post, ..Form::default() };
    PageAction::Navigate(Navigation::form(Url::parse(url).unwrap(), form))
}

/// A browser whose servers allow everything and answer every request.
fn webkit() -> Browser {
    browser_as(Profile::webkit(), |_| {
        let any = ("access-control-allow-origin", "*");
        Ok(reply(200, &[any, ("access-control-allow-headers", "*")]))
    })
}

#[tokio::test]
async fn known_headers_have_their_own_spelling() {
    let headers = [("content-TYPE", "text/plain"), ("x-Own", "1"), ("if-none-match", "\"1\"")];
    let fetched = webkit().fetch(&page(APP), with_headers(&headers, get(API))).await;
    let names = names(&fetched, 1);
    assert!(["Content-Type", "x-Own", "If-None-Match"].iter().all(|name| names.contains(name)), "{names:?}");
}

#[tokio::test]
async fn a_preflight_has_the_user_agent_of_the_script() {
    let headers = [("User-Agent", "me"), ("X-Own", "1")];
    let request = with_headers(&headers, get(API));
    let fetched = webkit().fetch(&page(APP), request.clone()).await;
    assert_eq!([0, 1].map(|nth| sent(&fetched, nth, "user-agent")), [Some("me"); 2]);

    let standard = answering(
        reply(200, &[("access-control-allow-origin", "*"), ("access-control-allow-headers", "*")]),
        reply(200, &[("access-control-allow-origin", "*")]),
    );
    let fetched = standard.fetch(&page(APP), request).await;
    assert!(sent(&fetched, 0, "user-agent").unwrap().starts_with("Mozilla/5.0 "));
}

#[tokio::test]
async fn a_handshake_names_its_destination_and_accepts_nothing() {
    let request = WebSocketRequest::new(Url::parse("wss://api.example/chat").unwrap());
    let fetched = webkit().act(&page(APP), PageAction::WebSocket(request)).await;
    assert_eq!(sent(&fetched, 0, "sec-fetch-dest"), Some("websocket"));
    assert_eq!(sent(&fetched, 0, "accept"), None);
}

#[rstest]
#[case::standard(Profile::standard(), &["/first"])]
#[case::webkit(Profile::webkit(), &["/first", "/second"])]
#[tokio::test]
async fn a_handshake_follows_redirects(#[case] profile: Profile, #[case] paths: &[&str]) {
    let browser = browser_as(profile, |request| {
        Ok(match request.url.path() {
            "/first" => reply(307, &[("location", "/second")]),
            _ => reply(200, &[]),
        })
    });
    let request = WebSocketRequest::new(Url::parse("wss://api.example/first").unwrap());
    let fetched = browser.act(&page(APP), PageAction::WebSocket(request)).await;
    let sent: Vec<_> = fetched.exchanges.iter().map(|exchange| exchange.request.url.path()).collect();
    assert_eq!(sent, paths);
    let Outcome::Blocked(blocked) = &fetched.outcome else { panic!("{:?}", fetched.outcome) };
    assert_eq!(blocked.reason, BlockReason::WebSocketHandshakeFailed);
}

#[rstest]
#[case::secure(API, None)]
#[case::insecure("http://api.example/", Some("1"))]
#[tokio::test]
async fn a_navigation_asks_for_upgrades_over_http(#[case] url: &str, #[case] upgrade: Option<&str>) {
    let link = PageAction::Navigate(Navigation::link(Url::parse(url).unwrap()));
    let fetched = webkit().act(&page("http://app.example"), link).await;
    assert_eq!(sent(&fetched, 0, "upgrade-insecure-requests"), upgrade);
    assert_eq!(sent(&fetched, 0, "sec-fetch-user"), None);
}

#[rstest]
#[case::standard(Profile::standard(), None)]
#[case::firefox(Profile::firefox(), None)]
#[case::webkit(Profile::webkit(), Some("https://app.example/"))]
#[tokio::test]
async fn a_sandboxed_frame_has_a_referrer(#[case] profile: Profile, #[case] referrer: Option<&str>) {
    let browser = browser_as(profile, |_| Ok(reply(200, &[("access-control-allow-origin", "*")])));
    let fetched = browser.fetch(&Page::sandboxed(Origin::parse(APP).unwrap()), get(API)).await;
    assert_eq!(sent(&fetched, 0, "referer"), referrer);
    assert_eq!(sent(&fetched, 0, "origin"), Some("null"));
}

#[tokio::test]
async fn a_sandboxed_frame_is_named_by_its_url_in_the_console() {
    let page = Page::sandboxed(Origin::parse(APP).unwrap());
    let fetched = webkit().fetch(&page, get("http://api.example/")).await;
    let start =
        "[blocked] The page at https://app.example/ requested insecure content from http://api.example/.";
    assert!(fetched.console[0].starts_with(start), "{:?}", fetched.console);
}

#[rstest]
#[case::standard(Profile::standard(), "null")]
#[case::webkit(Profile::webkit(), APP)]
#[tokio::test]
async fn a_form_with_the_default_policy_has_its_origin(#[case] profile: Profile, #[case] origin: &str) {
    let browser = browser_as(profile, |_| Ok(reply(200, &[])));
    let post = post("http://api.example/");
    assert_eq!(sent(&browser.act(&page(APP), post.clone()).await, 0, "origin"), Some(origin));
    let chosen = page(APP).with_referrer_policy(ReferrerPolicy::StrictOrigin);
    assert_eq!(sent(&browser.act(&chosen, post).await, 0, "origin"), Some("null"));
}

#[tokio::test]
async fn a_form_loses_its_origin_when_it_becomes_get() {
    let browser = browser_as(Profile::webkit(), |request| {
        Ok(match request.url.path() {
            "/first" => reply(303, &[("location", "/second")]),
            _ => reply(200, &[]),
        })
    });
    let fetched = browser.act(&page(APP), post("https://api.example/first")).await;
    assert_eq!([0, 1].map(|nth| sent(&fetched, nth, "origin")), [Some(APP), None]);
}

#[rstest]
#[case::standard(Profile::standard(), None, "gzip, deflate, br, zstd")]
#[case::webkit(Profile::webkit(), Some("http://localhost:3000/"), "gzip, deflate")]
#[tokio::test]
async fn a_server_on_loopback(
    #[case] profile: Profile,
    #[case] referrer: Option<&str>,
    #[case] codings: &str,
) {
    let browser = browser_as(profile, |_| Ok(reply(200, &[("access-control-allow-origin", "*")])));
    let fetched = browser.fetch(&page("http://app.example"), get("http://localhost:3000/")).await;
    assert_eq!(sent(&fetched, 0, "accept-encoding"), Some(codings));
    let action = PageAction::Navigate(Navigation::link(Url::parse("http://api.example/").unwrap()));
    let fetched = browser.act(&page("http://localhost:3000"), action).await;
    assert_eq!(sent(&fetched, 0, "referer"), referrer);
}

#[tokio::test]
async fn partitioned_means_nothing() {
    let browser = webkit();
    browser.store_cookie(&Url::parse(API).unwrap(), "a=1; Partitioned; Path=/");
    assert_eq!(browser.cookies(&Url::parse(API).unwrap()), "a=1");
}

#[rstest]
#[case::same_origin("/item", Some("cors"))]
#[case::other_origin("https://other.example/", None)]
#[tokio::test]
async fn a_redirect_to_another_origin_drops_metadata(
    #[case] location: &'static str,
    #[case] mode: Option<&str>,
) {
    let browser = browser_as(Profile::webkit(), move |request| {
        let any = ("access-control-allow-origin", "*");
        Ok(match request.url.path() {
            "/first" => reply(302, &[any, ("location", location)]),
            _ => reply(200, &[any]),
        })
    });
    let fetched = browser.fetch(&page(APP), get("https://api.example/first")).await;
    assert_eq!([0, 1].map(|nth| sent(&fetched, nth, "sec-fetch-mode")), [Some("cors"), mode]);
}

#[rstest]
#[case::standard(Profile::standard(), None)]
#[case::webkit(Profile::webkit(), Some("a=1"))]
#[tokio::test]
async fn a_no_cors_redirect_keeps_cookies(#[case] profile: Profile, #[case] cookies: Option<&str>) {
    let browser = browser_as(profile, |request| {
        Ok(match request.url.path() {
            "/first" => reply(302, &[("location", API)]),
            _ => reply(200, &[]),
        })
    });
    browser.store_cookie(&Url::parse(API).unwrap(), "a=1; SameSite=None; Secure; Path=/");
    let request = FetchRequest { mode: Mode::NoCors, ..get("https://app.example/first") };
    let fetched = browser.fetch(&page(APP), request).await;
    assert_eq!(sent(&fetched, 1, "cookie"), cookies);
    // A request for another server never had credentials.
    let fetched = browser.fetch(&page(APP), FetchRequest { mode: Mode::NoCors, ..get(API) }).await;
    assert_eq!(sent(&fetched, 0, "cookie"), None);
}

#[rstest]
#[case::strict_first("SameSite=Strict; SameSite=None", None)]
#[case::strict_last("SameSite=None; SameSite=Strict", None)]
#[case::none("SameSite=None", Some("a=1"))]
#[tokio::test]
async fn same_site_none_replaces_nothing(#[case] attributes: &str, #[case] cookies: Option<&str>) {
    let browser = webkit();
    browser.store_cookie(&Url::parse(API).unwrap(), &format!("a=1; Secure; Path=/; {attributes}"));
    let request = FetchRequest { credentials: Credentials::Include, ..get(API) };
    assert_eq!(sent(&browser.fetch(&page(APP), request).await, 0, "cookie"), cookies);
}

#[rstest]
#[case::standard(Profile::standard(), "null")]
#[case::webkit(Profile::webkit(), APP)]
#[tokio::test]
async fn the_policy_of_a_redirect_does_not_hide_the_origin(#[case] profile: Profile, #[case] origin: &str) {
    let browser = browser_as(profile, |request| {
        Ok(match request.url.path() {
            "/first" => reply(307, &[("location", "/second"), ("referrer-policy", "no-referrer")]),
            _ => reply(200, &[]),
        })
    });
    let request = with_method("POST", "https://api.example/first").with_mode(Mode::NoCors);
    let fetched = browser.fetch(&page(APP), request).await;
    assert_eq!([0, 1].map(|nth| sent(&fetched, nth, "origin")), [Some(APP), Some(origin)]);
    assert_eq!(sent(&fetched, 1, "referer"), None);
}
