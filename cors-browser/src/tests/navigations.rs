//! Links and forms.

use rstest::rstest;

use super::*;
use crate::{Enctype, Form, FormMethod, ManualClock, Navigation, PageAction};

fn link(url: &str) -> PageAction {
    PageAction::Navigate(Navigation::link(Url::parse(url).unwrap()))
}

fn post(url: &str) -> PageAction {
    let fields = vec![("a".to_owned(), "1".to_owned())];
    let form = Form { method: FormMethod::Post, enctype: Enctype::UrlEncoded, fields };
    PageAction::Navigate(Navigation::form(Url::parse(url).unwrap(), form))
}

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

/// Servers that never mention CORS. A query is the location of a redirect.
fn servers(profile: Profile, status: u16) -> Browser {
    browser_as(profile, move |request| {
        Ok(match request.url.query() {
            Some(location) => reply(status, &[("location", location)]),
            None => reply(200, &[]),
        })
    })
}

fn navigated(fetched: &Fetched) -> (&str, u16) {
    match &fetched.outcome {
        Outcome::Navigated(navigated) => (navigated.url.as_str(), navigated.status),
        outcome => panic!("no document: {outcome:?}"),
    }
}

#[tokio::test]
async fn a_link_needs_no_permission() {
    let fetched =
        servers(Profile::standard(), 302).act(&page(APP), link("https://api.example/item#top")).await;
    assert_eq!(navigated(&fetched), ("https://api.example/item", 200));
    assert_eq!(wire(&fetched), ["GET https://api.example/item"]);
    let headers = [
        ("sec-fetch-dest", Some("document")),
        ("sec-fetch-mode", Some("navigate")),
        ("sec-fetch-site", Some("cross-site")),
        ("sec-fetch-user", Some("?1")),
        ("upgrade-insecure-requests", Some("1")),
        ("referer", Some("https://app.example/")),
        ("origin", None),
        ("content-type", None),
    ];
    for (name, value) in headers {
        assert_eq!(sent(&fetched, 0, name), value, "{name}");
    }
}

#[rstest]
#[case::top_level(page(APP), "https://api.example/", APP, "cross-site", "document")]
#[case::same_origin(page(APP), "https://app.example/", APP, "same-origin", "document")]
#[case::same_site(
    page("https://x.a.example"),
    "https://y.a.example/",
    "https://x.a.example",
    "same-site",
    "document"
)]
#[case::frame(page(APP).framed_by(origin("https://b.example")), "https://app.example/", APP, "same-origin", "iframe")]
#[case::sandboxed(Page::sandboxed(origin(APP)), "https://app.example/", "null", "cross-site", "iframe")]
#[case::data(Page::data(origin(APP)), "https://app.example/", "null", "cross-site", "iframe")]
#[case::file(Page::file(), "https://api.example/", "null", "cross-site", "document")]
#[tokio::test]
async fn a_form_says_where_it_comes_from(
    #[case] page: Page,
    #[case] url: &str,
    #[case] origin: &str,
    #[case] site: &str,
    #[case] destination: &str,
) {
    let fetched = servers(Profile::standard(), 302).act(&page, post(url)).await;
    assert_eq!(wire(&fetched), [format!("POST {url}")]);
    assert_eq!(sent(&fetched, 0, "origin"), Some(origin));
    assert_eq!(sent(&fetched, 0, "sec-fetch-site"), Some(site));
    assert_eq!(sent(&fetched, 0, "sec-fetch-dest"), Some(destination));
    assert_eq!(sent(&fetched, 0, "content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(fetched.exchanges[0].request.body.as_deref(), Some(&b"a=1"[..]));
}

#[rstest]
#[case::temporary(307, "POST", Some("null"), true)]
#[case::permanent(308, "POST", Some("null"), true)]
#[case::found(302, "GET", None, false)]
#[case::see_other(303, "GET", None, false)]
#[tokio::test]
async fn a_form_is_redirected(
    #[case] status: u16,
    #[case] method: &str,
    #[case] origin: Option<&str>,
    #[case] keeps_body: bool,
) {
    let action = post("https://api.example/?https://other.example/");
    let fetched = servers(Profile::standard(), status).act(&page(APP), action).await;
    assert_eq!(navigated(&fetched), ("https://other.example/", 200));
    assert_eq!(fetched.exchanges[1].request.method, method);
    assert_eq!(sent(&fetched, 0, "origin"), Some(APP));
    assert_eq!(sent(&fetched, 1, "origin"), origin);
    assert_eq!(sent(&fetched, 1, "content-type").is_some(), keeps_body);
    assert_eq!(fetched.exchanges[1].request.body.is_some(), keeps_body);
}

#[rstest]
#[case::tab(page(APP), link("http://api.example/"), None)]
#[case::frame(page(APP).framed_by(origin(APP)), link("http://api.example/"), Some(BlockReason::MixedContent))]
#[case::port(page(APP), link("https://api.example:6000/"), Some(BlockReason::BadPort))]
#[case::scheme(page(APP), link("ftp://api.example/"), Some(BlockReason::UnsupportedScheme))]
#[case::data(
    page(APP),
    link("https://api.example/?data:text/html,x"),
    Some(BlockReason::RedirectToUnsupportedScheme)
)]
#[case::location(
    page(APP),
    link("https://api.example/?https://["),
    Some(BlockReason::RedirectLocationInvalid)
)]
#[tokio::test]
async fn some_links_lead_nowhere(
    #[case] page: Page,
    #[case] action: PageAction,
    #[case] reason: Option<BlockReason>,
) {
    let fetched = servers(Profile::standard(), 302).act(&page, action).await;
    match reason {
        Some(reason) => assert_eq!(blocked(&fetched), reason),
        None => assert_eq!(navigated(&fetched).1, 200),
    }
}

#[rstest]
#[case::ok(200, &[], true)]
#[case::error(500, &[], true)]
#[case::redirect_without_location(302, &[], true)]
#[case::inline(200, &[("content-disposition", "inline")], true)]
#[case::no_content(204, &[], false)]
#[case::reset_content(205, &[], false)]
#[case::download(200, &[("content-disposition", "Attachment ; filename=x")], false)]
#[tokio::test]
async fn documents(#[case] status: u16, #[case] headers: &'static [(&str, &str)], #[case] is_shown: bool) {
    let fetched =
        browser(move |_| Ok(reply(status, headers))).act(&page(APP), link("https://api.example/")).await;
    if is_shown {
        assert_eq!(navigated(&fetched), ("https://api.example/", status));
    } else {
        assert_eq!(blocked(&fetched), BlockReason::NoDocument);
    }
}

/// What a request of the page carries of a `Strict` cookie, a `Lax` one and one without `SameSite`.
#[rstest]
#[case::link(page(APP), link(API), "lax=1; none=1; old=1")]
#[case::post(page(APP), post(API), "none=1")]
#[case::own_post(page("https://api.example"), post(API), "strict=1; lax=1; none=1; old=1")]
#[case::frame(page(APP).framed_by(origin(APP)), link(API), "none=1")]
#[case::sandboxed(Page::sandboxed(origin("https://api.example")), link(API), "none=1")]
#[tokio::test]
async fn same_site_cookies(#[case] page: Page, #[case] action: PageAction, #[case] cookies: &str) {
    let browser = servers(Profile::standard(), 302);
    let url = Url::parse(API).unwrap();
    for cookie in
        ["strict=1; SameSite=Strict", "lax=1; SameSite=Lax", "none=1; SameSite=None; Secure", "old=1"]
    {
        browser.store_cookie(&url, cookie);
    }
    let fetched = browser.act(&page, action).await;
    assert_eq!(sent(&fetched, 0, "cookie"), Some(cookies));
}

#[tokio::test]
async fn chromium_lets_forms_carry_young_cookies() {
    let clock = Arc::new(ManualClock::new());
    let browser = servers(Profile::chromium(), 302).with_clock(clock.clone());
    let url = Url::parse(API).unwrap();
    browser.store_cookie(&url, "old=1");
    browser.store_cookie(&url, "lax=1; SameSite=Lax");
    clock.advance(std::time::Duration::from_secs(119));
    // A cookie that replaces another one is as old as the other one.
    browser.store_cookie(&url, "old=2");
    let fetched = browser.act(&page(APP), post(API)).await;
    assert_eq!(sent(&fetched, 0, "cookie"), Some("old=2"));
    clock.advance(std::time::Duration::from_secs(1));
    let fetched = browser.act(&page(APP), post(API)).await;
    assert_eq!(sent(&fetched, 0, "cookie"), None);
}

#[tokio::test]
async fn a_document_sets_cookies_of_its_own_site() {
    let browser = browser_as(Profile::firefox(), |_| {
        Ok(reply(
            200,
            &[("set-cookie", "strict=1; SameSite=Strict; Path=/"), ("set-cookie", "none=1; Path=/")],
        ))
    });
    browser.act(&page(APP), post(API)).await;
    assert_eq!(browser.cookies(&Url::parse(API).unwrap()), "strict=1; none=1");
}

#[tokio::test]
async fn the_user_logs_in() {
    let browser = browser(|request| {
        Ok(match request.header("authorization") {
            Some(b"Basic bWU6c2VjcmV0") => reply(200, &[]),
            _ => reply(401, &[("www-authenticate", "Basic realm=\"x\"")]),
        })
    });
    let page = page(APP).with_user("me", "secret");
    let fetched = browser.act(&page, link(API)).await;
    assert_eq!((navigated(&fetched), fetched.exchanges.len()), ((API, 200), 2));
}
