//! The types that the builder and the getters of a policy take and return.

use std::time::Duration;

use cors_core::{Policy, ProblemCode, Reason, WarningCode};
use http::{HeaderName, HeaderValue, Method};
use rstest::rstest;

#[rstest]
#[case(Duration::from_millis(1500), "`1.5s` is not a whole number of seconds")]
#[case(Duration::from_nanos(1), "`1ns` is not a whole number of seconds")]
#[case(Duration::MAX, "is not a whole number of seconds")]
fn a_max_age_that_the_header_cannot_express_is_refused(#[case] max_age: Duration, #[case] expected: &str) {
    let error = Policy::builder().allow_origins("*").max_age(max_age).build().unwrap_err();
    assert_eq!(error.problems()[0].code(), ProblemCode::MaxAge);
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a_max_age_is_a_duration_in_code_and_seconds_in_a_file() {
    let policy: Policy = toml::from_str("allow_origins = \"https://app.example\"\nmax_age = 60").unwrap();
    assert_eq!(policy.max_age(), Some(Duration::from_secs(60)));
    assert_eq!(
        policy,
        Policy::builder()
            .allow_origins("https://app.example")
            .max_age(Duration::from_secs(60))
            .build()
            .unwrap()
    );
    assert!(toml::to_string(&policy).unwrap().contains("max_age = 60\n"));
}

#[test]
fn the_types_of_the_http_crate_are_accepted_beside_strings() {
    let strings = Policy::builder()
        .allow_origins(["https://app.example", "https://b.example"])
        .allow_methods(["PUT"])
        .allow_headers(["x-a", "x-b"])
        .expose_headers(["etag"])
        .build()
        .unwrap();
    let origins =
        vec![HeaderValue::from_static("https://app.example"), HeaderValue::from_static("https://b.example")];
    let headers = [HeaderName::from_static("x-a"), HeaderName::from_static("x-b")];
    let typed = Policy::builder()
        .allow_origins(&origins)
        .allow_methods([Method::PUT])
        .allow_headers(&headers)
        .expose_headers(http::header::ETAG)
        .build()
        .unwrap();
    assert_eq!(typed, strings);
}

#[test]
fn a_header_value_that_is_not_ascii_is_refused() {
    let origin = HeaderValue::from_bytes(b"https://b\xfccher.example").unwrap();
    let error = Policy::builder().allow_origins([origin]).build().unwrap_err();
    assert_eq!(error.problems()[0].code(), ProblemCode::OriginWithUnicode);
}

#[rstest]
#[case("https://app.example", "https://app.example", true)]
#[case("https://app.example", "https://APP.example", false)]
#[case("*", "https://app.example", true)]
#[case("*", "file://", true)]
#[case("*", "not an origin", true)]
fn allows_origin(#[case] allowed: &str, #[case] origin: &str, #[case] expected: bool) {
    let policy = Policy::builder().allow_origins(allowed).build().unwrap();
    assert_eq!(policy.allows_origin(origin.as_bytes()), expected);
}

#[test]
fn every_code_links_to_its_entry_in_the_catalogue() {
    let error = Policy::builder().build().unwrap_err();
    let url = "https://github.com/cors-policy/cors/blob/main/docs/errors.md#refused-no-origins";
    assert_eq!(error.problems()[0].url(), url);
    assert_eq!(WarningCode::CoveredOrigin.url().split_once('#').unwrap().1, "warning-covered-origin");
    assert_eq!(Reason::OriginNotAllowed.url().split_once('#').unwrap().1, "denied-origin-not-allowed");
}
