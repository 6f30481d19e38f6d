// CORS for tower-http, written by `cors policy export`.
// https://docs.rs/tower-http/latest/tower_http/cors/
//
// tower-http cannot say all of the policy:
// - guard: allows more: no request is denied, whichever page sends it.
// - diagnostics: the answer to a denied preflight does not say why.
// - rules: there are no rules by origin, and they are left out. Their origins have the policy's own terms if `allow_origins` contains them, and nothing otherwise.

use std::time::Duration;

use http::HeaderName;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

/// Builds the layer: put it around the whole router, as the outermost one.
pub fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(|origin, _| origin.to_str().is_ok_and(is_allowed)))
        .allow_methods(Any)
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([HeaderName::from_static("x-request-id")])
        .max_age(Duration::from_secs(0))
}

fn is_allowed(origin: &str) -> bool {
    ["https://app.example.com", "http://[::1]:8080", "null"].contains(&origin)
        || without_port(origin) == "http://localhost"
        || between(origin, "https://", ".example.org").is_some_and(|name| name.split('.').all(is_label))
        || between(origin, "https://", "-team.example.net:8443").is_some_and(is_label)
        || between(without_port(origin), "https://pr-", ".example.net").is_some_and(is_label)
        || between(origin, "moz-extension://", "").is_some_and(|name| name.split('.').all(is_label))
}

/// What is between the start and the end of a text.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_suffix(end)
}

/// Whether a text can be a label of a host name, or a part of one.
fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

/// An origin without its port.
fn without_port(origin: &str) -> &str {
    match origin.rsplit_once(':') {
        Some((rest, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => origin,
    }
}
