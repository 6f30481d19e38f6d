//! Faults in choosing a policy by the host of a request.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::header::{HOST, ORIGIN};
use axum::middleware::Next;
use axum::response::Response;

use crate::base::{Concerned, Cors};

pub(crate) async fn are_ignored(cors: Cors, request: Request, next: Next) -> Response {
    ignored(cors, request, next, Concerned::All).await
}

pub(crate) async fn are_ignored_for_preflights(cors: Cors, request: Request, next: Next) -> Response {
    ignored(cors, request, next, Concerned::Preflights).await
}

pub(crate) async fn are_ignored_for_responses(cors: Cors, request: Request, next: Next) -> Response {
    ignored(cors, request, next, Concerned::Others).await
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

async fn ignored(cors: Cors, request: Request, next: Next, concerned: Concerned) -> Response {
    let is_ignored = concerned.contains(&request);
    with_host(cors, request, next, |host| if is_ignored { String::new() } else { host.to_owned() }).await
}

/// The middleware with the policy for another host.
async fn with_host(
    cors: Cors,
    request: Request,
    next: Next,
    change: impl FnOnce(&str) -> String,
) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let other = cors.policy_for_host(&change(host));
    cors.answer_under(other.map(|policy| policy.to_builder()), request, next).await
}
