//! Faults in choosing a policy by the host of a request.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::header::{HOST, ORIGIN};
use axum::middleware::Next;
use axum::response::Response;

use crate::base::{Cors, is_preflight};

pub(crate) async fn are_ignored(cors: Cors, request: Request, next: Next) -> Response {
    with_host(cors, request, next, |_| String::new()).await
}

pub(crate) async fn are_ignored_for_preflights(cors: Cors, request: Request, next: Next) -> Response {
    if is_preflight(&request) {
        return with_host(cors, request, next, |_| String::new()).await;
    }
    cors.answer(request, next).await
}

pub(crate) async fn are_ignored_for_responses(cors: Cors, request: Request, next: Next) -> Response {
    if is_preflight(&request) {
        return cors.answer(request, next).await;
    }
    with_host(cors, request, next, |_| String::new()).await
}

pub(crate) async fn are_those_of_the_origin(cors: Cors, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok()?.parse::<Uri>().ok());
    let host = origin.and_then(|origin| Some(origin.host()?.to_owned())).unwrap_or_default();
    with_host(cors, request, next, |_| host).await
}

pub(crate) async fn are_compared_by_their_end(cors: Cors, request: Request, next: Next) -> Response {
    with_host(cors, request, next, |host| match host.rsplit_once("admin.example") {
        Some((_, "")) => "admin.example".to_owned(),
        _ => host.to_owned(),
    })
    .await
}

pub(crate) async fn are_compared_by_their_beginning(cors: Cors, request: Request, next: Next) -> Response {
    with_host(cors, request, next, |host| {
        let begins = host.starts_with("admin.example");
        if begins { "admin.example".to_owned() } else { host.to_owned() }
    })
    .await
}

pub(crate) async fn are_compared_with_their_subdomains(cors: Cors, request: Request, next: Next) -> Response {
    with_host(cors, request, next, |host| host.replace(".tenants.example", ".other.invalid")).await
}

pub(crate) async fn are_compared_with_their_port(cors: Cors, request: Request, next: Next) -> Response {
    with_host(cors, request, next, |host| if host.contains(':') { String::new() } else { host.to_owned() })
        .await
}

/// The middleware with the policy for another host.
async fn with_host(
    cors: Cors,
    request: Request,
    next: Next,
    change: impl FnOnce(&str) -> String,
) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let cors = match cors.policy_for_host(&change(host)) {
        Some(policy) => cors.with_policy(policy),
        None => cors,
    };
    cors.answer(request, next).await
}
