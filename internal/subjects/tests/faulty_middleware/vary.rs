//! Faults in `Vary`.

use axum::extract::Request;
use axum::http::header::VARY;
use axum::middleware::Next;
use axum::response::Response;

use crate::base::{Cors, Kind, value};

pub(crate) async fn omits_it_for_allowed_origins(cors: Cors, request: Request, next: Next) -> Response {
    omitting_it(cors, request, next, &[Kind::Allowed]).await
}

pub(crate) async fn omits_it_for_other_origins(cors: Cors, request: Request, next: Next) -> Response {
    omitting_it(cors, request, next, &[Kind::NotAllowed]).await
}

pub(crate) async fn omits_it_without_an_origin(cors: Cors, request: Request, next: Next) -> Response {
    omitting_it(cors, request, next, &[Kind::Plain]).await
}

pub(crate) async fn omits_it_on_granted_preflights(cors: Cors, request: Request, next: Next) -> Response {
    omitting_it(cors, request, next, &[Kind::GrantedPreflight]).await
}

pub(crate) async fn omits_it_on_denied_preflights(cors: Cors, request: Request, next: Next) -> Response {
    omitting_it(cors, request, next, &[Kind::DeniedPreflight]).await
}

pub(crate) async fn omits_it_on_errors(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if response.status().is_client_error() && !seen.is_preflight() {
            seen.restore_vary(response.headers_mut());
        }
    })
    .await
}

pub(crate) async fn overwrites_that_of_the_application(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if !seen.is_preflight() && response.headers().contains_key(VARY) {
            response.headers_mut().insert(VARY, value("Origin"));
        }
    })
    .await
}

pub(crate) async fn keeps_one_line_of_the_application(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if let Some(first) = seen.own.get(VARY) {
            response.headers_mut().insert(VARY, first.clone());
            response.headers_mut().append(VARY, value("Origin"));
        }
    })
    .await
}

pub(crate) async fn repeats_origin(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if !seen.is_preflight() && seen.own.contains_key(VARY) {
            seen.restore_vary(response.headers_mut());
            response.headers_mut().append(VARY, value("Origin"));
        }
    })
    .await
}

pub(crate) async fn adds_to_a_star(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.own.get(VARY).is_some_and(|own| own == "*") {
            response.headers_mut().append(VARY, value("Origin"));
        }
    })
    .await
}

pub(crate) async fn varies_when_any_origin_is_allowed(cors: Cors, request: Request, next: Next) -> Response {
    let any = cors.policy().allows_any_origin();
    cors.answer_then(request, next, |_, response| {
        if any {
            response.headers_mut().append(VARY, value("Origin"));
        }
    })
    .await
}

async fn omitting_it(cors: Cors, request: Request, next: Next, kinds: &[Kind]) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if kinds.contains(&seen.kind) {
            seen.restore_vary(response.headers_mut());
        }
    })
    .await
}
