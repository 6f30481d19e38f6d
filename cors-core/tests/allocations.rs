//! Deciding and writing a decision do not allocate, whatever the request contains.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::hint::black_box;
use std::time::Duration;

use allocation_counter::measure;
use cors_core::{Danger, Decision, Policy, PreparedPolicy};
use http::{HeaderMap, HeaderValue, Request};
use rstest::rstest;

fn listed() -> Policy {
    Policy::builder()
        .allow_origins(["https://app.example", "https://*.example.org", "http://localhost:*"])
        .allow_methods(["PUT", "DELETE"])
        .allow_headers(["authorization", "content-type"])
        .expose_headers(["x-request-id"])
        .allow_credentials(true)
        .max_age(Duration::from_secs(7200))
        .build()
        .unwrap()
}

fn echoing() -> Policy {
    Policy::builder()
        .allow_origins("https://app.example")
        .allow_methods("*")
        .allow_headers(["*", "authorization"])
        .allow_credentials(true)
        .build()
        .unwrap()
}

fn rare_patterns() -> Policy {
    let teams = (0..100).map(|team| format!("https://pr-*-{team}.example.org"));
    let others = ["https://app-*.example", "https://app-*.example:*", "moz-extension://*", "file://"];
    Policy::builder()
        .allow_origins(teams.chain(others.map(str::to_owned)).collect::<Vec<_>>())
        .allow_methods(["PUT"])
        .dangerously_allow([Danger::AnyAppOrigin, Danger::NullOrigin])
        .build()
        .unwrap()
}

fn any_origin() -> Policy {
    Policy::builder().allow_origins("*").allow_methods("*").expose_headers("*").build().unwrap()
}

fn request(method: &str, headers: &[(&'static str, String)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri("/");
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_str(value).unwrap());
    }
    request.body(()).unwrap()
}

fn preflight(origin: &str, method: &str, headers: &str) -> Request<()> {
    request(
        "OPTIONS",
        &[
            ("origin", origin.to_owned()),
            ("access-control-request-method", method.to_owned()),
            ("access-control-request-headers", headers.to_owned()),
        ],
    )
}

fn many_lines() -> Request<()> {
    let mut request = preflight("https://app.example", "PUT", "x-a");
    for _ in 0..1000 {
        for name in ["origin", "access-control-request-method", "access-control-request-headers"] {
            request.headers_mut().append(name, HeaderValue::from_static("x-b"));
        }
    }
    request
}

fn get(origin: Option<&str>) -> Request<()> {
    let headers: Vec<_> = origin.map(|origin| ("origin", origin.to_owned())).into_iter().collect();
    request("GET", &headers)
}

#[rstest]
#[case::plain(get(None))]
#[case::exact(get(Some("https://app.example")))]
#[case::subdomain(get(Some("https://a.b.example.org")))]
#[case::any_port(get(Some("http://localhost:3000")))]
#[case::partial_label(get(Some("https://app-1.example:8443")))]
#[case::many_partial_labels(get(Some("https://pr-1-99.example.org")))]
#[case::no_partial_label(get(Some("https://pr-1-100.example.org")))]
#[case::long_label(get(Some(&format!("https://{}.example.org", "a".repeat(63)))))]
#[case::any_app(get(Some("moz-extension://0a1b2c3d-0000-4000-8000-000000000000")))]
#[case::not_allowed(get(Some("https://evil.example")))]
#[case::not_an_origin(get(Some("https://APP.example/")))]
#[case::long_origin(get(Some(&format!("https://{}", "a.".repeat(32_768)))))]
#[case::address_not_allowed(get(Some("http://[2001:db8::1]:3000")))]
#[case::shared_suffix(get(Some(&format!("https://{}example.org", "example.".repeat(28)))))]
#[case::preflight(preflight("https://app.example", "PUT", "authorization,content-type"))]
#[case::preflight_in_another_order(preflight("https://app.example", "PUT", "content-type, authorization"))]
#[case::preflight_from_an_address(preflight("http://[2001:db8::1]:3000", "PUT", ""))]
#[case::preflight_from_a_file(preflight("file://", "PUT", ""))]
#[case::preflight_from_a_foreign_origin(preflight("https://evil.example", "PUT", ""))]
#[case::preflight_with_another_method(preflight("https://app.example", "PATCH", ""))]
#[case::preflight_with_another_header(preflight("https://app.example", "PUT", "x-other"))]
#[case::many_lines(many_lines())]
#[case::long_method(preflight("https://app.example", &"A".repeat(1 << 20), ""))]
#[case::commas(preflight("https://app.example", "PUT", &",".repeat(1 << 20)))]
#[case::white_space(preflight("https://app.example", "PUT", &" \t".repeat(1 << 19)))]
#[case::long_name(preflight("https://app.example", "PUT", &"a".repeat(1 << 20)))]
fn allocates_nothing(
    #[case] request: Request<()>,
    #[values(listed(), echoing(), rare_patterns(), any_origin())] policy: Policy,
) {
    let prepared = PreparedPolicy::<HeaderValue>::new(policy);
    // A response of an application has some headers and room for more.
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    headers.insert("access-control-allow-origin", HeaderValue::from_static("https://handler.example"));
    // Values that a server reads share one buffer. The first clone of a value that was made from a string allocates.
    drop(request.headers().clone());

    let allocations = measure(|| match prepared.decide(&request) {
        Decision::Preflight(preflight) => prepared.write_preflight(preflight, &request, &mut headers),
        Decision::Actual(actual) => prepared.write_actual(actual, &mut headers),
        Decision::Denied(denied) => prepared.write_denied(denied, &mut headers),
    });

    black_box(&headers);
    assert_eq!(allocations.count_total, 0);
}

#[test]
fn counts_an_allocation() {
    assert_eq!(measure(|| drop(black_box(String::from("x")))).count_total, 1);
}
