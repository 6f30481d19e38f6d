//! `XMLHttpRequest`, elements, and the policies of pages.

use rstest::rstest;

use super::*;
use crate::{CrossOrigin, Element, ElementRequest, EmbedderPolicy, Mode, PageAction, XhrRequest};

const ALLOW: (&str, &str) = ("access-control-allow-origin", APP);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JSON: &[u8] = b"{\"n\":1}";
const ANONYMOUS: Option<CrossOrigin> = Some(CrossOrigin::Anonymous);

fn serving(profile: Profile, status: u16, headers: &[(&str, &str)], body: &[u8]) -> Browser {
    let response = reply(status, headers).with_body(body);
    browser_as(profile, move |_| Ok(response.clone()))
}

fn element(element: Element, cross_origin: Option<CrossOrigin>, url: &str) -> PageAction {
    let url = Url::parse(url).unwrap();
    PageAction::Element(ElementRequest { cross_origin, ..ElementRequest::new(element, url) })
}

fn xhr(method: &str, headers: &[(&str, &str)], body: Option<&str>) -> XhrRequest {
    XhrRequest {
        method: method.to_owned(),
        headers: headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: body.map(Into::into),
        ..XhrRequest::new(Url::parse(API).unwrap())
    }
}

/// `Ok` says whether scripts can read the resource.
fn outcome(fetched: &Fetched) -> Result<bool, BlockReason> {
    match &fetched.outcome {
        Outcome::Loaded(loaded) => Ok(loaded.is_readable),
        Outcome::Blocked(blocked) => Err(blocked.reason),
        outcome => panic!("not of an element: {outcome:?}"),
    }
}

/// The results in Chromium and Firefox for a response of another origin without CORS. Both were observed.
#[rstest]
#[case::image(Element::Image, "image/png", PNG, false, Ok(false), Ok(false))]
#[case::mislabelled_image(Element::Image, "application/json", PNG, false, Ok(false), Ok(false))]
#[case::nosniff_image(
    Element::Image,
    "text/html",
    PNG,
    true,
    Err(BlockReason::OpaqueResponseBlocked),
    Err(BlockReason::OpaqueResponseBlocked)
)]
#[case::plain_nosniff_image(
    Element::Image,
    "text/plain",
    PNG,
    true,
    Err(BlockReason::OpaqueResponseBlocked),
    Ok(false)
)]
#[case::json(
    Element::Script,
    "application/json",
    JSON,
    false,
    Err(BlockReason::OpaqueResponseBlocked),
    Err(BlockReason::OpaqueResponseBlocked)
)]
#[case::json_as_text(
    Element::Script,
    "text/plain",
    JSON,
    false,
    Err(BlockReason::OpaqueResponseBlocked),
    Err(BlockReason::OpaqueResponseBlocked)
)]
#[case::json_as_javascript(
    Element::Script,
    "text/javascript",
    JSON,
    false,
    Err(BlockReason::OpaqueResponseBlocked),
    Ok(false)
)]
#[case::list(
    Element::Script,
    "application/json",
    b"[1]",
    false,
    Ok(false),
    Err(BlockReason::OpaqueResponseBlocked)
)]
#[case::no_javascript(
    Element::Script,
    "text/plain",
    b"status 200",
    false,
    Ok(false),
    Err(BlockReason::OpaqueResponseBlocked)
)]
#[case::javascript(Element::Script, "text/javascript", b"x", true, Ok(false), Ok(false))]
#[case::html(
    Element::Script,
    "text/html",
    b"<p>hi",
    false,
    Err(BlockReason::OpaqueResponseBlocked),
    Err(BlockReason::OpaqueResponseBlocked)
)]
#[case::css(Element::Stylesheet, "text/css", b"<html>", true, Ok(false), Ok(false))]
#[case::pdf(
    Element::Script,
    "application/pdf",
    b"x",
    false,
    Err(BlockReason::OpaqueResponseBlocked),
    Err(BlockReason::OpaqueResponseBlocked)
)]
#[case::breaker(
    Element::Script,
    "text/javascript",
    b")]}'\n{}",
    false,
    Err(BlockReason::OpaqueResponseBlocked),
    Ok(false)
)]
#[tokio::test]
async fn opaque_response_blocking(
    #[case] kind: Element,
    #[case] content_type: &str,
    #[case] body: &[u8],
    #[case] is_nosniff: bool,
    #[case] chromium: Result<bool, BlockReason>,
    #[case] firefox: Result<bool, BlockReason>,
) {
    let mut headers = vec![("content-type", content_type)];
    headers.extend(is_nosniff.then_some(("x-content-type-options", "nosniff")));
    for (profile, expected) in [(Profile::chromium(), chromium), (Profile::firefox(), firefox)] {
        let name = profile.name();
        let browser = serving(profile, 200, &headers, body);
        let fetched = browser.act(&page(APP), element(kind, None, API)).await;
        assert_eq!(outcome(&fetched), expected, "{name}");
    }
}

#[rstest]
#[case::image(Element::Image, "text/plain", PNG, Ok(true))]
#[case::svg(Element::Image, "image/svg+xml", b"<svg>", Ok(true))]
#[case::no_image(Element::Image, "image/png", JSON, Err(BlockReason::ResourceType))]
#[case::script(Element::Script, "application/json", JSON, Ok(true))]
#[case::image_as_script(Element::Script, "image/png", b"x", Err(BlockReason::ResourceType))]
#[case::table_as_script(Element::Script, "text/csv", b"x", Err(BlockReason::ResourceType))]
#[case::stylesheet(Element::Stylesheet, "text/css;charset=utf-8", b"", Ok(true))]
#[case::no_stylesheet(Element::Stylesheet, "text/plain", b"", Err(BlockReason::ResourceType))]
#[case::font(Element::Font, "application/octet-stream", b"wOF2", Ok(true))]
#[case::no_font(Element::Font, "font/woff2", JSON, Err(BlockReason::ResourceType))]
#[tokio::test]
async fn a_shared_response(
    #[case] kind: Element,
    #[case] content_type: &str,
    #[case] body: &[u8],
    #[case] expected: Result<bool, BlockReason>,
) {
    let browser = serving(Profile::standard(), 200, &[ALLOW, ("content-type", content_type)], body);
    let fetched = browser.act(&page(APP), element(kind, ANONYMOUS, API)).await;
    assert_eq!(outcome(&fetched), expected);
    assert_eq!(sent(&fetched, 0, "origin"), Some(APP));
}

#[rstest]
#[case(Element::Script, "text/javascript", Ok(true))]
#[case(Element::Script, "text/plain", Err(BlockReason::ResourceType))]
#[case(Element::Stylesheet, "text/css", Ok(true))]
#[case(Element::Stylesheet, "text/javascript", Err(BlockReason::ResourceType))]
#[case(Element::Image, "text/plain", Ok(true))]
#[tokio::test]
async fn nosniff(
    #[case] kind: Element,
    #[case] content_type: &str,
    #[case] expected: Result<bool, BlockReason>,
) {
    let headers = [ALLOW, ("content-type", content_type), ("x-content-type-options", "nosniff")];
    let fetched =
        serving(Profile::chromium(), 200, &headers, PNG).act(&page(APP), element(kind, ANONYMOUS, API)).await;
    assert_eq!(outcome(&fetched), expected);
}

#[rstest]
#[case::image(Element::Image, Ok(false))]
#[case::script(Element::Script, Err(BlockReason::ResourceStatusNotOk))]
#[case::stylesheet(Element::Stylesheet, Err(BlockReason::ResourceStatusNotOk))]
#[tokio::test]
async fn an_error_status(#[case] kind: Element, #[case] expected: Result<bool, BlockReason>) {
    let fetched = serving(Profile::standard(), 404, &[], PNG).act(&page(APP), element(kind, None, API)).await;
    assert_eq!(outcome(&fetched), expected);
}

#[rstest]
#[case("http://api.example/", Some("https://api.example/"))]
#[case("http://api.example:8080/", Some("https://api.example:8080/"))]
#[case("http://localhost/", Some("http://localhost/"))]
#[case("http://192.0.2.1/", None)]
#[tokio::test]
async fn insecure_images_are_upgraded(#[case] url: &str, #[case] requested: Option<&str>) {
    let browser = serving(Profile::standard(), 200, &[], PNG);
    let fetched = browser.act(&page(APP), element(Element::Image, None, url)).await;
    let seen = fetched.exchanges.first().map(|exchange| exchange.request.url.as_str());
    assert_eq!(seen, requested);
}

#[rstest]
#[case(EmbedderPolicy::UnsafeNone, &[], None)]
#[case(EmbedderPolicy::RequireCorp, &[], Some(BlockReason::EmbedderPolicy))]
#[case(EmbedderPolicy::RequireCorp, &["cross-origin"], None)]
#[case(EmbedderPolicy::RequireCorp, &["same-origin"], Some(BlockReason::ResourcePolicy))]
#[case(EmbedderPolicy::RequireCorp, &["cross-origin", "cross-origin"], Some(BlockReason::EmbedderPolicy))]
#[case(EmbedderPolicy::Credentialless, &[], None)]
#[case(EmbedderPolicy::Credentialless, &["same-site"], Some(BlockReason::ResourcePolicy))]
#[tokio::test]
async fn embedder_policies(
    #[case] policy: EmbedderPolicy,
    #[case] lines: &[&str],
    #[case] expected: Option<BlockReason>,
) {
    let headers: Vec<_> = lines.iter().map(|&line| ("cross-origin-resource-policy", line)).collect();
    let page = page(APP).with_embedder_policy(policy);
    let request = get(API).with_mode(Mode::NoCors);
    let fetched = serving(Profile::standard(), 200, &headers, b"").fetch(&page, request).await;
    let reason = match &fetched.outcome {
        Outcome::Blocked(blocked) => Some(blocked.reason),
        _ => None,
    };
    assert_eq!(reason, expected);
}

#[rstest]
#[case::text("POST", &[], Some("a"), Some("text/plain;charset=UTF-8"), Some("a"))]
#[case::own_type("POST", &[("Content-Type", "text/css")], Some("a"), Some("text/css"), Some("a"))]
#[case::same_charset("POST", &[("Content-Type", "text/plain; charset=utf-8")], Some("a"), Some("text/plain; charset=utf-8"), Some("a"))]
#[case::other_charset("POST", &[("Content-Type", "text/plain; charset=latin1")], Some("a"), Some("text/plain;charset=UTF-8"), Some("a"))]
#[case::get("GET", &[], Some("a"), None, None)]
#[case::head("head", &[], Some("a"), None, None)]
#[case::nothing("POST", &[], None, None, None)]
#[tokio::test]
async fn the_body_of_an_xhr(
    #[case] method: &str,
    #[case] headers: &[(&str, &str)],
    #[case] body: Option<&str>,
    #[case] content_type: Option<&str>,
    #[case] written: Option<&str>,
) {
    let allow = [ALLOW, ("access-control-allow-headers", "*")];
    let browser = answering(reply(204, &allow), reply(200, &allow));
    let fetched = browser.act(&page(APP), PageAction::Xhr(xhr(method, headers, body))).await;
    let last = fetched.exchanges.len() - 1;
    assert_eq!(sent(&fetched, last, "content-type"), content_type);
    let seen = fetched.exchanges[last].request.body.as_deref();
    assert_eq!(seen, written.map(str::as_bytes));
}

#[rstest]
#[case::method("A B", &[], BlockReason::InvalidRequest)]
#[case::forbidden("trace", &[], BlockReason::ForbiddenMethod)]
#[case::name("GET", &[("x y", "1")], BlockReason::InvalidRequest)]
#[case::value("GET", &[("x", "1\n2")], BlockReason::InvalidRequest)]
#[tokio::test]
async fn an_xhr_that_throws(
    #[case] method: &str,
    #[case] headers: &[(&str, &str)],
    #[case] reason: BlockReason,
) {
    let browser = answering(reply(204, &[ALLOW]), reply(200, &[ALLOW]));
    let fetched = browser.act(&page(APP), PageAction::Xhr(xhr(method, headers, None))).await;
    assert_eq!(blocked(&fetched), reason);
    assert!(fetched.exchanges.is_empty());
}

#[rstest]
#[case::standard(Profile::standard(), None, true)]
#[case::chromium(Profile::chromium(), None, false)]
#[case::chromium_with_a_body(Profile::chromium(), Some("a"), true)]
#[case::firefox(Profile::firefox(), None, true)]
#[tokio::test]
async fn upload_listeners(
    #[case] profile: Profile,
    #[case] body: Option<&str>,
    #[case] is_preflighted: bool,
) {
    let browser = browser_as(profile, |_| Ok(reply(200, &[ALLOW])));
    let request = XhrRequest { has_upload_listener: true, ..xhr("POST", &[], body) };
    let fetched = browser.act(&page(APP), PageAction::Xhr(request)).await;
    assert_eq!(wire(&fetched).len(), if is_preflighted { 2 } else { 1 });
}
