//! Preflights: when they are made, what they contain, and what their responses allow.

use rstest::rstest;

use super::*;
use crate::Credentials;

const ALLOW: (&str, &str) = ("access-control-allow-origin", APP);
const ANY: (&str, &str) = ("access-control-allow-origin", "*");
const CREDENTIALS: (&str, &str) = ("access-control-allow-credentials", "true");
const METHODS: &str = "access-control-allow-methods";
const HEADERS: &str = "access-control-allow-headers";

fn fetch_request(method: &str, headers: &[(&str, &str)], credentials: Credentials) -> FetchRequest {
    FetchRequest { credentials, ..with_headers(headers, with_method(method, API)) }
}

#[rstest]
#[case::get("GET", &[], false)]
#[case::head("HEAD", &[], false)]
#[case::post("post", &[], false)]
#[case::put("PUT", &[], true)]
#[case::delete("delete", &[], true)]
#[case::patch("PATCH", &[], true)]
#[case::lower_patch("patch", &[], true)]
#[case::options("OPTIONS", &[], true)]
#[case::custom_method("CHICKEN", &[], true)]
#[case::custom_header("GET", &[("x-a", "1")], true)]
#[case::authorization("GET", &[("Authorization", "Bearer x")], true)]
#[case::json("POST", &[("Content-Type", "application/json")], true)]
#[case::form("POST", &[("Content-Type", "application/x-www-form-urlencoded")], false)]
#[case::text("POST", &[("Content-Type", "text/plain;charset=UTF-8")], false)]
#[case::accept("GET", &[("Accept", "application/json")], false)]
#[case::odd_accept("GET", &[("Accept", "\"application/json\"")], true)]
#[case::range("GET", &[("Range", "bytes=0-99")], false)]
#[case::suffix_range("GET", &[("Range", "bytes=-99")], true)]
#[case::forbidden("GET", &[("Cookie", "a=1"), ("Host", "x"), ("Sec-A", "1")], false)]
#[case::cache_control("GET", &[("Cache-Control", "no-cache")], true)]
#[tokio::test]
async fn only_unsafe_requests_need_a_preflight(
    #[case] method: &str,
    #[case] headers: &[(&str, &str)],
    #[case] expected: bool,
) {
    let granted = reply(204, &[ANY, (METHODS, "*"), (HEADERS, "*, authorization")]);
    // The method does not tell a preflight from an OPTIONS request of a script.
    let browser = answering(granted, reply(200, &[ANY]));
    let fetched = browser.fetch(&page(APP), fetch_request(method, headers, Credentials::SameOrigin)).await;
    let kinds: Vec<ExchangeKind> = fetched.exchanges.iter().map(|exchange| exchange.kind).collect();
    let preflight =
        if expected { &[ExchangeKind::Preflight, ExchangeKind::Actual][..] } else { &[ExchangeKind::Actual] };
    assert_eq!(kinds, preflight, "{:?}", fetched.outcome);
    assert!(matches!(fetched.outcome, Outcome::Response(_)));
}

#[tokio::test]
async fn the_content_of_a_preflight() {
    let browser = answering(reply(403, &[]), reply(200, &[]));
    let headers =
        [("X-B", "1"), ("authorization", "Basic x"), ("Content-Type", "application/json"), ("x-A", "2")];
    let request =
        FetchRequest { body: Some(b"{}".to_vec()), ..fetch_request("put", &headers, Credentials::Include) };
    let fetched = browser.fetch(&page(APP), request).await;

    assert_eq!(wire(&fetched), ["OPTIONS https://api.example/item"]);
    assert_eq!(sent(&fetched, 0, "origin"), Some(APP));
    assert_eq!(sent(&fetched, 0, "access-control-request-method"), Some("PUT"));
    assert_eq!(
        sent(&fetched, 0, "access-control-request-headers"),
        Some("authorization,content-type,x-a,x-b")
    );
    assert_eq!(sent(&fetched, 0, "accept"), Some("*/*"));
    assert_eq!(sent(&fetched, 0, "sec-fetch-mode"), Some("cors"));
    for absent in ["authorization", "cookie", "content-type", "x-b", "access-control-request-private-network"]
    {
        assert_eq!(sent(&fetched, 0, absent), None, "{absent}");
    }
    assert_eq!(fetched.exchanges[0].request.body, None);
    assert_eq!(blocked(&fetched), BlockReason::PreflightMissingAllowOrigin);
}

#[tokio::test]
async fn without_unsafe_headers_a_preflight_lists_none() {
    let browser = answering(reply(204, &[ALLOW, (METHODS, "PUT")]), reply(200, &[ALLOW]));
    let fetched =
        browser.fetch(&page(APP), with_headers(&[("Accept", "*/*")], with_method("PUT", API))).await;
    assert_eq!(sent(&fetched, 0, "access-control-request-headers"), None);
    assert_eq!(wire(&fetched), ["OPTIONS https://api.example/item", "PUT https://api.example/item"]);
}

const OMIT: Credentials = Credentials::Omit;
const SAME: Credentials = Credentials::SameOrigin;
const INCLUDE: Credentials = Credentials::Include;

#[rstest]
#[case::listed("PUT", &[], SAME, &[ALLOW, (METHODS, "GET, PUT")])]
#[case::listed_on_two_lines("PUT", &[], SAME, &[ALLOW, (METHODS, "GET"), (METHODS, "PUT")])]
#[case::any_origin("PUT", &[], SAME, &[ANY, (METHODS, "PUT")])]
#[case::any_method("PUT", &[], OMIT, &[ALLOW, (METHODS, "*")])]
#[case::safelisted_method_is_not_listed("POST", &[("x-a", "1")], SAME, &[ALLOW, (HEADERS, "x-a")])]
#[case::header_in_any_case("GET", &[("x-a", "1")], SAME, &[ALLOW, (HEADERS, "X-A")])]
#[case::any_header("GET", &[("x-a", "1"), ("x-b", "1")], SAME, &[ALLOW, (HEADERS, "*")])]
#[case::authorization("GET", &[("authorization", "1"), ("x-b", "1")], SAME, &[ALLOW, (HEADERS, "*, Authorization")])]
#[case::credentials("PUT", &[("x-a", "1")], INCLUDE, &[ALLOW, CREDENTIALS, (METHODS, "PUT"), (HEADERS, "x-a")])]
#[tokio::test]
async fn a_preflight_is_granted(
    #[case] method: &str,
    #[case] headers: &[(&str, &str)],
    #[case] credentials: Credentials,
    #[case] answer: &[(&str, &str)],
) {
    let browser = answering(reply(200, answer), reply(200, &[ALLOW, CREDENTIALS]));
    let fetched = browser.fetch(&page(APP), fetch_request(method, headers, credentials)).await;
    assert_eq!(response(&fetched).status, 200);
    assert_eq!(fetched.exchanges.len(), 2);
}

const X: (&str, &str) = ("x-a", "1");
const AUTH: (&str, &str) = ("Authorization", "x");

#[rstest]
#[case::origin_missing("PUT", &[], SAME, &[(METHODS, "PUT")], BlockReason::PreflightMissingAllowOrigin)]
#[case::origin_other("PUT", &[], SAME, &[("access-control-allow-origin", "https://b.example"), (METHODS, "PUT")], BlockReason::PreflightAllowOriginMismatch)]
#[case::origin_twice("PUT", &[], SAME, &[ALLOW, ALLOW, (METHODS, "PUT")], BlockReason::PreflightMultipleAllowOrigin)]
#[case::origin_any("PUT", &[], INCLUDE, &[ANY, CREDENTIALS, (METHODS, "PUT")], BlockReason::PreflightWildcardWithCredentials)]
#[case::no_credentials("PUT", &[], INCLUDE, &[ALLOW, (METHODS, "PUT")], BlockReason::PreflightCredentialsNotAllowed)]
#[case::method("DELETE", &[], SAME, &[ALLOW, (METHODS, "PUT")], BlockReason::MethodNotAllowed)]
#[case::no_methods("PUT", &[], SAME, &[ALLOW], BlockReason::MethodNotAllowed)]
#[case::method_case("patch", &[], SAME, &[ALLOW, (METHODS, "PATCH")], BlockReason::MethodNotAllowed)]
#[case::method_any("PUT", &[], INCLUDE, &[ALLOW, CREDENTIALS, (METHODS, "*")], BlockReason::MethodWildcardWithCredentials)]
#[case::header("GET", &[X, ("x-b", "1")], SAME, &[ALLOW, (HEADERS, "x-a")], BlockReason::HeaderNotAllowed)]
#[case::no_headers("GET", &[X], SAME, &[ALLOW], BlockReason::HeaderNotAllowed)]
#[case::header_any("GET", &[X], INCLUDE, &[ALLOW, CREDENTIALS, (HEADERS, "*")], BlockReason::HeaderWildcardWithCredentials)]
#[case::authorization("GET", &[AUTH], SAME, &[ALLOW, (HEADERS, "*")], BlockReason::AuthorizationNotCoveredByWildcard)]
#[case::authorization_missing("GET", &[AUTH], SAME, &[ALLOW, (HEADERS, "x-a")], BlockReason::HeaderNotAllowed)]
#[case::methods_syntax("PUT", &[], SAME, &[ALLOW, (METHODS, "PUT DELETE")], BlockReason::InvalidAllowMethods)]
#[case::headers_syntax("PUT", &[], SAME, &[ALLOW, (METHODS, "PUT"), (HEADERS, "x a")], BlockReason::InvalidAllowHeaders)]
#[case::origin_before_method("PUT", &[], SAME, &[], BlockReason::PreflightMissingAllowOrigin)]
#[case::method_before_header("PUT", &[X], SAME, &[ALLOW], BlockReason::MethodNotAllowed)]
#[tokio::test]
async fn a_preflight_is_denied(
    #[case] method: &str,
    #[case] headers: &[(&str, &str)],
    #[case] credentials: Credentials,
    #[case] answer: &[(&str, &str)],
    #[case] reason: BlockReason,
) {
    let browser = answering(reply(204, answer), reply(200, &[ALLOW, CREDENTIALS]));
    let fetched = browser.fetch(&page(APP), fetch_request(method, headers, credentials)).await;
    assert_eq!(blocked(&fetched), reason);
    assert_eq!(wire(&fetched), ["OPTIONS https://api.example/item"]);
}

#[rstest]
#[case(200, None)]
#[case(204, None)]
#[case(299, None)]
#[case(300, Some(BlockReason::PreflightStatusNotOk))]
#[case(302, Some(BlockReason::PreflightRedirected))]
#[case(307, Some(BlockReason::PreflightRedirected))]
#[case(401, Some(BlockReason::PreflightStatusNotOk))]
#[case(403, Some(BlockReason::PreflightStatusNotOk))]
#[case(404, Some(BlockReason::PreflightStatusNotOk))]
#[case(500, Some(BlockReason::PreflightStatusNotOk))]
#[tokio::test]
async fn a_preflight_needs_an_ok_status(#[case] status: u16, #[case] reason: Option<BlockReason>) {
    let answer = reply(status, &[ALLOW, (METHODS, "PUT"), ("location", "/elsewhere")]);
    let fetched = answering(answer, reply(200, &[ALLOW])).fetch(&page(APP), with_method("PUT", API)).await;
    match reason {
        None => assert_eq!(response(&fetched).status, 200),
        Some(reason) => assert_eq!(blocked(&fetched), reason),
    }
}

#[tokio::test]
async fn a_preflight_without_a_response_fails() {
    let error = || NetworkError::new(FailureKind::Refused, "refused");
    let fetched = browser(move |_| Err(error())).fetch(&page(APP), with_method("PUT", API)).await;
    assert_eq!(blocked(&fetched), BlockReason::NetworkError);
    assert_eq!(fetched.exchanges[0].response, Err(error()));
    assert!(!fetched.exchanges[0].was_sent());
}
