//! Answers to single requests, for the rules that are easy to miss.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use cors_core::{Decision, Policy, PolicyBuilder, PreparedPolicy, Reason};
use http::{HeaderMap, HeaderValue, Request};
use rstest::rstest;

const APP: &str = "https://app.example";

type Lines<'a> = &'a [(&'static str, &'a str)];

fn request(method: &str, lines: Lines<'_>) -> Request<()> {
    let mut request = Request::builder().method(method).body(()).unwrap();
    for (name, value) in lines {
        request.headers_mut().append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request
}

/// The reason and the headers of the answer to a preflight, for a response that has `headers` already.
fn preflight(policy: PolicyBuilder, lines: Lines<'_>, mut headers: HeaderMap) -> (Option<Reason>, HeaderMap) {
    let policy = PreparedPolicy::<HeaderValue>::new(policy.build().unwrap());
    let request = request("OPTIONS", lines);
    let Decision::Preflight(preflight) = policy.decide(&request) else { panic!("not a preflight") };
    assert_eq!(preflight.is_granted(), preflight.reason().is_none());
    policy.write_preflight(preflight, &request, &mut headers);
    (preflight.reason(), headers)
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

#[rstest]
#[case::file(&["file://"])]
#[case::malformed(&["https://APP.example/ and more"])]
#[case::not_ascii(&["\u{fc}"])]
#[case::empty(&[""])]
#[case::two_lines(&["https://a.example", "https://b.example"])]
fn any_origin_is_allowed_whatever_it_is(#[case] origins: &[&str]) {
    let builder = || Policy::builder().allow_origins("*").allow_methods("PUT");
    let mut lines = vec![("access-control-request-method", "PUT")];
    lines.extend(origins.iter().map(|origin| ("origin", *origin)));
    let (reason, headers) = preflight(builder(), &lines, HeaderMap::new());
    assert_eq!(reason, None);
    assert_eq!(values(&headers, "access-control-allow-origin"), ["*"]);

    let policy = PreparedPolicy::<HeaderValue>::new(builder().build().unwrap());
    let request = request("GET", &lines);
    let Decision::Actual(actual) = policy.decide(&request) else { panic!("a preflight") };
    assert!(actual.is_allowed());
    assert_eq!(policy.policy().origin_reason(&request), None);
    let mut headers = HeaderMap::new();
    policy.write_actual(actual, &mut headers);
    assert_eq!(values(&headers, "access-control-allow-origin"), ["*"]);
}

#[rstest]
#[case::allowed(&[("origin", APP)], true)]
#[case::not_allowed(&[("origin", "https://other.example")], false)]
#[case::plain(&[], false)]
fn an_actual_request_is_allowed_if_a_page_can_read_the_response(
    #[case] lines: Lines<'_>,
    #[case] expected: bool,
) {
    let policy = Policy::builder().allow_origins(APP).build().unwrap();
    let Decision::Actual(actual) = policy.decide(&request("GET", lines)) else { panic!("a preflight") };
    assert_eq!(actual.is_allowed(), expected);
}

/// White space around a value makes an HTTP/2 response malformed.
#[rstest]
#[case(&[" x-a , x-b\t"], &["x-a , x-b"])]
#[case(&["x-a", "\tx-b"], &["x-a", "x-b"])]
#[case(&[" ", "", "x-a"], &["x-a"])]
fn echoed_names_have_no_white_space_around_them(#[case] asked: &[&str], #[case] expected: &[&str]) {
    let policy =
        Policy::builder().allow_origins(APP).allow_methods("*").allow_headers("*").allow_credentials(true);
    let mut lines = vec![("origin", APP), ("access-control-request-method", "PATCH")];
    lines.extend(asked.iter().map(|line| ("access-control-request-headers", *line)));
    let (reason, headers) = preflight(policy, &lines, HeaderMap::new());
    assert_eq!(reason, None);
    assert_eq!(values(&headers, "access-control-allow-headers"), expected);
    assert_eq!(values(&headers, "access-control-allow-methods"), ["PATCH"]);
}

#[rstest]
#[case::new(&[], &["Origin, Access-Control-Request-Method, Access-Control-Request-Headers"])]
#[case::other(
    &["Accept-Encoding"],
    &["Accept-Encoding", "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]
)]
#[case::partly(
    &["accept, ORIGIN", "access-control-request-headers"],
    &["accept, ORIGIN", "access-control-request-headers", "Access-Control-Request-Method"]
)]
#[case::everything(&["*"], &["*"])]
fn the_answer_to_a_preflight_keeps_vary(#[case] before: &[&'static str], #[case] expected: &[&str]) {
    let mut headers = HeaderMap::new();
    for line in before {
        headers.append("vary", HeaderValue::from_static(line));
    }
    headers.insert("access-control-allow-origin", HeaderValue::from_static("https://other.example"));
    let lines = [("origin", APP), ("access-control-request-method", "GET")];
    let (_, headers) = preflight(Policy::builder().allow_origins(APP), &lines, headers);
    assert_eq!(values(&headers, "vary"), expected);
    assert_eq!(values(&headers, "access-control-allow-origin"), [APP]);
}

/// Private Network Access was abandoned.
#[test]
fn a_request_for_private_network_access_is_answered_like_any_other() {
    let mut lines = vec![("origin", APP), ("access-control-request-method", "GET")];
    let builder = || Policy::builder().allow_origins(APP);
    let without = preflight(builder(), &lines, HeaderMap::new());
    lines.push(("access-control-request-private-network", "true"));
    assert_eq!(preflight(builder(), &lines, HeaderMap::new()), without);
}

#[rstest]
#[case::listed(256, Some(Reason::MethodNotAllowed))]
#[case::too_long(257, Some(Reason::MalformedRequestMethod))]
fn a_method_has_at_most_256_bytes(#[case] length: usize, #[case] expected: Option<Reason>) {
    let method = "A".repeat(length);
    let lines = [("origin", APP), ("access-control-request-method", method.as_str())];
    let (reason, _) = preflight(Policy::builder().allow_origins(APP), &lines, HeaderMap::new());
    assert_eq!(reason, expected);
    // A listed method has no bound of its own.
    let policy = Policy::builder().allow_origins(APP).allow_methods(method.as_str());
    assert_eq!(preflight(policy, &lines, HeaderMap::new()).0, None);
}

#[rstest]
#[case::name_first(&["x-other", LONG], Reason::HeaderNotAllowed)]
#[case::bound_first(&[LONG, "x-other"], Reason::MalformedRequestHeaders)]
fn the_first_line_with_a_fault_gives_the_reason(#[case] asked: &[&str], #[case] expected: Reason) {
    let mut lines = vec![("origin", APP), ("access-control-request-method", "GET")];
    lines.extend(asked.iter().map(|line| ("access-control-request-headers", *line)));
    let policy = Policy::builder().allow_origins(APP).allow_headers("x-a").diagnostics(true);
    assert_eq!(preflight(policy, &lines, HeaderMap::new()).0, Some(expected));
}

/// More than the 4096 bytes that are read.
const LONG: &str = match std::str::from_utf8(&[b' '; 4097]) {
    Ok(text) => text,
    Err(_) => "",
};
