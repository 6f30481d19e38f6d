//! Deciding and writing the decision allocate nothing on the heap, whatever the request holds.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::hint::black_box;

use allocation_counter::measure;
use cors_core::{Decision, Policy, PreparedPolicy};
use http::{HeaderMap, HeaderValue, Request};
use rstest::rstest;

fn listed() -> Policy {
    Policy::builder()
        .allow_origins(["https://app.example", "https://*.example.org", "http://localhost:*"])
        .allow_methods(["PUT", "DELETE"])
        .allow_headers(["authorization", "content-type"])
        .expose_headers(["x-request-id"])
        .allow_credentials(true)
        .allow_private_network(true)
        .max_age(7200)
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
            ("access-control-request-private-network", "true".to_owned()),
        ],
    )
}

fn private_network(lines: usize) -> Request<()> {
    let mut request = preflight("https://app.example", "PUT", "");
    for _ in 0..lines {
        let line = HeaderValue::from_static("false");
        request.headers_mut().append("access-control-request-private-network", line);
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
#[case::not_allowed(get(Some("https://evil.example")))]
#[case::not_an_origin(get(Some("https://APP.example/")))]
#[case::long_origin(get(Some(&format!("https://{}", "a.".repeat(32_768)))))]
#[case::not_allowed_address(get(Some("http://[2001:db8::1]:3000")))]
#[case::preflight_from_an_address(preflight("http://[2001:db8::1]:3000", "PUT", ""))]
#[case::shared_suffix(get(Some(&format!("https://{}example.org", "example.".repeat(28)))))]
#[case::preflight(preflight("https://app.example", "PUT", "authorization,content-type"))]
#[case::preflight_origin(preflight("https://evil.example", "PUT", ""))]
#[case::preflight_method(preflight("https://app.example", "PATCH", ""))]
#[case::long_method(preflight("https://app.example", &"A".repeat(1 << 20), ""))]
#[case::private_network_lines(private_network(1000))]
#[case::preflight_header(preflight("https://app.example", "PUT", "x-other"))]
#[case::commas(preflight("https://app.example", "PUT", &",".repeat(1 << 20)))]
#[case::white_space(preflight("https://app.example", "PUT", &" \t".repeat(1 << 19)))]
#[case::long_name(preflight("https://app.example", "PUT", &"a".repeat(1 << 20)))]
fn none(#[case] request: Request<()>, #[values(listed(), echoing(), any_origin())] policy: Policy) {
    let prepared = PreparedPolicy::<HeaderValue>::new(policy);
    // A response of the application: it has a header or two, and room for more, as frameworks give it.
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    headers.insert("access-control-allow-origin", HeaderValue::from_static("https://handler.example"));
    // A value read from a socket shares its buffer; the first clone of one that was made by hand makes it shared.
    drop(request.headers().clone());

    let allocations = measure(|| match prepared.decide(&request) {
        Decision::Preflight(preflight) => prepared.write_preflight(preflight, &request, &mut headers),
        Decision::Pass(pass) => prepared.write(pass, &mut headers),
    });

    black_box(&headers);
    assert_eq!(allocations.count_total, 0);
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(black_box(String::from("x")))).count_total, 1);
}
