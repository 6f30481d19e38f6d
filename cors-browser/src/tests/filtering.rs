//! The part of a response that a page may see.

use rstest::rstest;

use super::*;
use crate::{Credentials, Mode, Redirect, ResponseType};

const ALLOW: (&str, &str) = ("access-control-allow-origin", APP);
const CREDENTIALS: (&str, &str) = ("access-control-allow-credentials", "true");

async fn fetch(headers: &[(&str, &str)], request: FetchRequest) -> Fetched {
    answering(reply(204, &[]), reply(200, headers)).fetch(&page(APP), request).await
}

fn names(response: &PageResponse) -> Vec<&str> {
    response.headers.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn a_same_origin_response_is_readable() {
    let headers = [("x-b", "1"), ("set-cookie", "a=1"), ("etag", "x"), ("x-b", "2")];
    let fetched = fetch(&headers, get("https://app.example/x#there")).await;
    let response = response(&fetched);
    assert_eq!(response.response_type, ResponseType::Basic);
    assert_eq!(names(response), ["etag", "x-b"]);
    assert_eq!(response.header("X-B"), Some("1, 2"));
    assert_eq!(response.body.as_deref(), Some(&b"body"[..]));
    assert_eq!(response.url.as_ref().unwrap().as_str(), "https://app.example/x");
    assert_eq!(fetched.exchanges[0].request.url.as_str(), "https://app.example/x");
}

#[rstest]
#[case::none(&[], Credentials::SameOrigin, &["cache-control", "content-type"])]
#[case::one(&["x-a"], Credentials::SameOrigin, &["cache-control", "content-type", "x-a"])]
#[case::any_case(&["X-B , etag"], Credentials::Include, &["cache-control", "content-type", "etag", "x-b"])]
#[case::two_lines(&["x-a", "x-b"], Credentials::Omit, &["cache-control", "content-type", "x-a", "x-b"])]
#[case::any(&["*"], Credentials::SameOrigin, &["access-control-allow-credentials", "access-control-allow-origin", "access-control-expose-headers", "cache-control", "content-type", "etag", "x-a", "x-b"])]
#[case::any_with_credentials(&["*"], Credentials::Include, &["cache-control", "content-type"])]
#[case::any_and_name_with_credentials(&["*, x-a"], Credentials::Include, &["cache-control", "content-type", "x-a"])]
#[case::cookie(&["set-cookie"], Credentials::Include, &["cache-control", "content-type"])]
#[case::unparsable(&["x-a x-b"], Credentials::SameOrigin, &["cache-control", "content-type"])]
#[tokio::test]
async fn a_cross_origin_response_exposes_headers(
    #[case] expose: &[&str],
    #[case] credentials: Credentials,
    #[case] visible: &[&str],
) {
    let mut headers = vec![ALLOW, CREDENTIALS, ("content-type", "text/plain"), ("cache-control", "no-store")];
    headers.extend([("x-a", "1"), ("x-b", "2"), ("etag", "x"), ("set-cookie", "a=1")]);
    headers.extend(expose.iter().map(|&line| ("access-control-expose-headers", line)));
    let fetched = fetch(&headers, FetchRequest { credentials, ..get(API) }).await;
    let response = response(&fetched);
    assert_eq!(response.response_type, ResponseType::Cors);
    assert_eq!(names(response), visible);
}

#[rstest]
#[case::missing(&[], Credentials::SameOrigin, BlockReason::MissingAllowOrigin)]
#[case::mismatch(&[("access-control-allow-origin", "https://b.example")], Credentials::Omit, BlockReason::AllowOriginMismatch)]
#[case::twice(&[ALLOW, ("access-control-allow-origin", "*")], Credentials::SameOrigin, BlockReason::MultipleAllowOrigin)]
#[case::any(&[("access-control-allow-origin", "*"), CREDENTIALS], Credentials::Include, BlockReason::WildcardOriginWithCredentials)]
#[case::no_credentials(&[ALLOW], Credentials::Include, BlockReason::CredentialsNotAllowed)]
#[tokio::test]
async fn another_origin_that_does_not_share_is_not_read(
    #[case] headers: &[(&str, &str)],
    #[case] credentials: Credentials,
    #[case] reason: BlockReason,
) {
    let fetched = fetch(headers, FetchRequest { credentials, ..get(API) }).await;
    assert_eq!(blocked(&fetched), reason);
    assert_eq!(wire(&fetched), ["GET https://api.example/item"]);
}

#[rstest]
#[case(403)]
#[case(404)]
#[case(500)]
#[tokio::test]
async fn error_statuses_are_readable(#[case] status: u16) {
    let fetched = answering(reply(204, &[]), reply(status, &[ALLOW])).fetch(&page(APP), get(API)).await;
    assert_eq!(response(&fetched).status, status);
}

#[rstest]
#[case("HEAD", 200)]
#[case("GET", 204)]
#[case("GET", 304)]
#[tokio::test]
async fn some_responses_have_no_body(#[case] method: &str, #[case] status: u16) {
    let browser = answering(reply(204, &[]), reply(status, &[ALLOW]));
    let fetched = browser.fetch(&page(APP), with_method(method, API)).await;
    assert_eq!(response(&fetched).body, Some(Vec::new()));
}

#[tokio::test]
async fn a_no_cors_response_is_opaque() {
    let headers = [ALLOW, ("content-type", "text/plain")];
    let fetched = fetch(&headers, FetchRequest { mode: Mode::NoCors, ..get(API) }).await;
    let expected = PageResponse {
        response_type: ResponseType::Opaque,
        status: 0,
        url: None,
        redirected: false,
        headers: Vec::new(),
        body: None,
        body_fails: false,
    };
    assert_eq!(response(&fetched), &expected);
}

#[tokio::test]
async fn a_same_origin_no_cors_response_is_basic() {
    let fetched = fetch(&[], FetchRequest { mode: Mode::NoCors, ..get("https://app.example/") }).await;
    assert_eq!(response(&fetched).response_type, ResponseType::Basic);
}

#[rstest]
#[case("same-origin", API, Some(BlockReason::ResourcePolicy))]
#[case("same-site", API, Some(BlockReason::ResourcePolicy))]
#[case("cross-origin", API, None)]
#[case("nonsense", API, None)]
#[case("same-origin", "https://x.app.example/", Some(BlockReason::ResourcePolicy))]
#[case("same-site", "https://x.app.example/", None)]
#[tokio::test]
async fn a_resource_policy_blocks_opaque_responses(
    #[case] value: &str,
    #[case] url: &str,
    #[case] reason: Option<BlockReason>,
) {
    let headers = [("cross-origin-resource-policy", value)];
    let fetched = fetch(&headers, FetchRequest { mode: Mode::NoCors, ..get(url) }).await;
    match reason {
        None => assert_eq!(response(&fetched).response_type, ResponseType::Opaque),
        Some(reason) => assert_eq!(blocked(&fetched), reason),
    }
}

#[rstest]
#[case(Redirect::Error)]
#[case(Redirect::Manual)]
#[tokio::test]
async fn no_cors_cannot_refuse_redirects(#[case] redirect: Redirect) {
    let fetched = fetch(&[], FetchRequest { mode: Mode::NoCors, redirect, ..get(API) }).await;
    assert_eq!(blocked(&fetched), BlockReason::InvalidRequest);
    assert!(fetched.exchanges.is_empty());
}

#[rstest]
#[case(API)]
#[case("https://app.example:8443/")]
#[case("http://app.example/")]
#[tokio::test]
async fn same_origin_mode_sends_nothing_elsewhere(#[case] url: &str) {
    let page = page(if url.starts_with("http:") { "http://app.example:81" } else { APP });
    let browser = answering(reply(204, &[]), reply(200, &[]));
    let fetched = browser.fetch(&page, FetchRequest { mode: Mode::SameOrigin, ..get(url) }).await;
    assert_eq!(blocked(&fetched), BlockReason::ModeSameOriginCrossOrigin);
    assert!(fetched.exchanges.is_empty());
}

#[rstest]
#[case("localhost:8080/api", BlockReason::UnsupportedScheme)]
#[case("ftp://api.example/", BlockReason::UnsupportedScheme)]
#[case("https://api.example:22/", BlockReason::BadPort)]
#[case("http://api.example/", BlockReason::MixedContent)]
#[tokio::test]
async fn urls_that_are_never_fetched(#[case] url: &str, #[case] reason: BlockReason) {
    let page = if reason == BlockReason::MixedContent { page(APP) } else { page("http://app.example") };
    let fetched = answering(reply(204, &[]), reply(200, &[ALLOW])).fetch(&page, get(url)).await;
    assert_eq!(blocked(&fetched), reason);
    assert!(fetched.exchanges.is_empty());
}

#[tokio::test]
async fn pages_with_an_opaque_origin_are_always_cross_origin() {
    let any = [("access-control-allow-origin", "*")];
    let fetched = answering(reply(204, &[]), reply(200, &any)).fetch(&page("null"), get(API)).await;
    assert_eq!(response(&fetched).response_type, ResponseType::Cors);
    let fetched = fetch(&any, FetchRequest { mode: Mode::SameOrigin, ..get(API) }).await;
    assert_eq!(blocked(&fetched), BlockReason::ModeSameOriginCrossOrigin);
}

#[rstest]
#[case::interim(100)]
#[case::other_protocol(101)]
#[case::early_hints(103)]
#[tokio::test]
async fn an_interim_response_is_a_network_error(#[case] status: u16) {
    let allowed = [("access-control-allow-origin", "*")];
    let fetched =
        answering(reply(status, &allowed), reply(status, &allowed)).fetch(&page(APP), get(API)).await;
    assert_eq!(blocked(&fetched), BlockReason::NetworkError);
}
