//! Requests and policies that the tests share.

use cors_axum::Policy;
use http::{HeaderMap, Request, header};

pub(crate) const PAGE: &str = "https://app.example";
pub(crate) const STRANGER: &str = "https://evil.example";

/// Allows [`PAGE`] to `PUT` and to read `x-request-id`, with credentials.
pub(crate) fn policy() -> Policy {
    Policy::builder()
        .allow_origins([PAGE])
        .allow_methods(["PUT"])
        .allow_headers(["x-a"])
        .expose_headers(["x-request-id"])
        .allow_credentials(true)
        .max_age(std::time::Duration::from_secs(600))
        .build()
        .expect("a safe policy")
}

/// Allows one origin, and nothing else.
pub(crate) fn policy_for(origin: &str) -> Policy {
    Policy::builder().allow_origins([origin]).build().expect("a safe policy")
}

/// A CORS-preflight request for `PUT`.
pub(crate) fn preflight<B: Default>(path: &str, origin: &str) -> Request<B> {
    Request::options(path)
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
        .body(B::default())
        .expect("a request")
}

/// A CORS request that is no preflight.
pub(crate) fn actual<B: Default>(method: &str, path: &str, origin: &str) -> Request<B> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::ORIGIN, origin)
        .body(B::default())
        .expect("a request")
}

/// The lines of one header.
pub(crate) fn lines<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|line| line.to_str().expect("text")).collect()
}
