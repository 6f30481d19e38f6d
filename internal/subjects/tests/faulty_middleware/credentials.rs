//! Faults in allowing credentials.

use axum::extract::Request;
use axum::http::header::{ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN};
use axum::middleware::Next;
use axum::response::Response;

use crate::base::{Cors, Kind, value};

pub(crate) async fn allows_them_to_other_origins(cors: Cors, request: Request, next: Next) -> Response {
    let allowed = cors.policy().allow_credentials();
    cors.answer_then(request, next, |seen, response| {
        if allowed && matches!(seen.kind, Kind::NotAllowed | Kind::DeniedPreflight) {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, value("true"));
        }
    })
    .await
}

pub(crate) async fn allows_them_with_any_origin(cors: Cors, request: Request, next: Next) -> Response {
    let any = cors.policy().allows_any_origin();
    cors.answer_then(request, next, |seen, response| {
        if let Some(origin) = seen.origin().filter(|_| any) {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, value("true"));
        }
    })
    .await
}

pub(crate) async fn always_allows_them(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if matches!(seen.kind, Kind::Allowed | Kind::GrantedPreflight) {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, value("true"));
        }
    })
    .await
}

pub(crate) async fn sends_a_star_with_them(cors: Cors, request: Request, next: Next) -> Response {
    let allowed = cors.policy().allow_credentials();
    cors.answer_then(request, next, |_, response| {
        if allowed && response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, value("*"));
        }
    })
    .await
}

pub(crate) async fn spells_true_with_a_capital(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |_, response| {
        if let Some(allowed) = response.headers_mut().get_mut(ACCESS_CONTROL_ALLOW_CREDENTIALS) {
            *allowed = value("True");
        }
    })
    .await
}

pub(crate) async fn sends_false(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::Allowed && !response.headers().contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS) {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, value("false"));
        }
    })
    .await
}

pub(crate) async fn omits_them_on_preflights(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.is_preflight() {
            response.headers_mut().remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        }
    })
    .await
}

pub(crate) async fn omits_them_on_responses(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if !seen.is_preflight() {
            response.headers_mut().remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        }
    })
    .await
}
