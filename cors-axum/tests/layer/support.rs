//! Requests, policies and an application for all tests.

use std::time::Duration;

use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get, options, post, put};
use axum::{Json, Router};
use cors_axum::Policy;
use http::{HeaderMap, Request, StatusCode, header};
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) const PAGE: &str = "https://app.example";
pub(crate) const OTHER: &str = "https://evil.example";

/// Allows [`PAGE`] to `PUT` and to read `x-request-id`, with credentials.
pub(crate) fn policy() -> Policy {
    Policy::builder()
        .allow_origins([PAGE])
        .allow_methods(["PUT"])
        .allow_headers(["x-a"])
        .expose_headers(["x-request-id"])
        .allow_credentials(true)
        .max_age(Duration::from_secs(600))
        .build()
        .expect("a valid policy")
}

/// Allows one origin and nothing else.
pub(crate) fn policy_for(origin: &str) -> Policy {
    Policy::builder().allow_origins([origin]).build().expect("a valid policy")
}

/// A CORS-preflight request for `PUT`.
pub(crate) fn preflight<B: Default>(path: &str, origin: &str) -> Request<B> {
    Request::options(path)
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
        .body(B::default())
        .expect("a valid request")
}

/// A CORS request that is not a preflight.
pub(crate) fn actual<B: Default>(method: &str, path: &str, origin: &str) -> Request<B> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::ORIGIN, origin)
        .body(B::default())
        .expect("a valid request")
}

/// Returns all lines of a header.
pub(crate) fn lines<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|line| line.to_str().expect("visible ASCII")).collect()
}

/// An application in which different parts of axum make the response.
pub(crate) fn application() -> Router {
    let authenticate = middleware::from_fn(async |request: axum::extract::Request, next: Next| {
        if request.headers().contains_key(header::AUTHORIZATION) {
            return next.run(request).await;
        }
        StatusCode::UNAUTHORIZED.into_response()
    });
    Router::new()
        .route("/", get(async || "hello"))
        .route("/private", put(async || "private").layer(authenticate))
        .route("/json", post(async |Json(number): Json<u8>| Json(number)))
        .route("/error", get(async || Err::<(), _>(StatusCode::SERVICE_UNAVAILABLE)))
        .route("/panic", get(async || -> () { std::panic::resume_unwind(Box::new("on purpose")) }))
        .route("/old", any(async || Redirect::permanent("/")))
        .route("/options", options(async || "options"))
        .layer(CatchPanicLayer::new())
}
