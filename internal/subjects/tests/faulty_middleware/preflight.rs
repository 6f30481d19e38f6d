//! Faults in recognizing preflights, and in answering them.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use crate::base::{Cors, Kind, is_preflight, remove_cors, value};

pub(crate) async fn answers_every_options(cors: Cors, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS && !is_preflight(&request) {
        return empty(StatusCode::NO_CONTENT);
    }
    cors.answer(request, next).await
}

pub(crate) async fn answers_every_options_with_an_origin(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    if request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && !is_preflight(&request)
    {
        return empty(StatusCode::NO_CONTENT);
    }
    cors.answer(request, next).await
}

pub(crate) async fn answers_every_request_that_names_a_method(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    if request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD) && !is_preflight(&request) {
        return empty(StatusCode::NO_CONTENT);
    }
    cors.answer(request, next).await
}

pub(crate) async fn passes_them_to_the_application(cors: Cors, request: Request, next: Next) -> Response {
    if is_preflight(&request) {
        return next.run(request).await;
    }
    cors.answer(request, next).await
}

/// The application runs, although its response is not used.
pub(crate) async fn runs_the_application_for_preflights(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    if is_preflight(&request) {
        let _ = next.clone().run(head_of(&request)).await;
    }
    cors.answer(request, next).await
}

/// The application's own response gets the headers of the answer.
pub(crate) async fn adds_headers_to_the_applications_answer(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    if !is_preflight(&request) {
        return cors.answer(request, next).await;
    }
    let mut own = next.clone().run(head_of(&request)).await;
    let answer = cors.answer(request, next).await;
    own.headers_mut().extend(answer.headers().clone());
    own
}

pub(crate) async fn is_inside_the_authentication(cors: Cors, request: Request, next: Next) -> Response {
    if is_preflight(&request) && request.uri().path() == "/private" {
        return next.run(request).await;
    }
    cors.answer(request, next).await
}

pub(crate) async fn is_inside_the_redirect(cors: Cors, request: Request, next: Next) -> Response {
    if is_preflight(&request) && request.uri().path() == "/slash" {
        return next.run(request).await;
    }
    cors.answer(request, next).await
}

pub(crate) async fn answers_with_a_body(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::GrantedPreflight {
            *response.status_mut() = StatusCode::OK;
            *response.body_mut() = Body::from("OK");
        }
    })
    .await
}

pub(crate) async fn ignores_the_configured_status(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::GrantedPreflight {
            *response.status_mut() = StatusCode::NO_CONTENT;
        }
    })
    .await
}

pub(crate) async fn denies_with_a_success(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::DeniedPreflight {
            *response.status_mut() = StatusCode::OK;
        }
    })
    .await
}

pub(crate) async fn allows_the_origin_of_what_it_denies(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if let Some(origin) = seen.origin().filter(|_| seen.kind == Kind::DeniedPreflight) {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    })
    .await
}

pub(crate) async fn grants_everything(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::DeniedPreflight {
            *response.status_mut() = StatusCode::NO_CONTENT;
            let headers = response.headers_mut();
            remove_cors(headers);
            for (asked, answer) in [
                ("origin", "access-control-allow-origin"),
                ("access-control-request-method", "access-control-allow-methods"),
                ("access-control-request-headers", "access-control-allow-headers"),
            ] {
                if let Some(asked) = seen.request.get(asked) {
                    headers.insert(answer, asked.clone());
                }
            }
        }
    })
    .await
}

pub(crate) async fn exposes_headers(cors: Cors, request: Request, next: Next) -> Response {
    let names = cors.policy().expose_headers().join(", ");
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::GrantedPreflight && !names.is_empty() {
            response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, value(&names));
        }
    })
    .await
}

pub(crate) async fn omits_the_max_age(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |_, response| {
        response.headers_mut().remove(ACCESS_CONTROL_MAX_AGE);
    })
    .await
}

pub(crate) async fn adds_a_max_age(cors: Cors, request: Request, next: Next) -> Response {
    let unset = cors.policy().max_age().is_none();
    cors.answer_then(request, next, |seen, response| {
        if unset && seen.kind == Kind::GrantedPreflight {
            response.headers_mut().insert(ACCESS_CONTROL_MAX_AGE, value("86400"));
        }
    })
    .await
}

pub(crate) async fn names_the_requested_method_only(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if let Some(requested) = seen.request.get(ACCESS_CONTROL_REQUEST_METHOD)
            && seen.kind == Kind::GrantedPreflight
            && response.headers().contains_key(ACCESS_CONTROL_ALLOW_METHODS)
        {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_METHODS, requested.clone());
        }
    })
    .await
}

pub(crate) async fn shows_the_policy_to_other_origins(cors: Cors, request: Request, next: Next) -> Response {
    let methods = cors.policy().allow_methods().join(", ");
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::DeniedPreflight && !methods.is_empty() {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_METHODS, value(&methods));
        }
    })
    .await
}

/// As in diagnostic mode, although the policy does not ask for it.
pub(crate) async fn always_sends_diagnostics(cors: Cors, request: Request, next: Next) -> Response {
    let methods = cors.policy().allow_methods().join(", ");
    let allowed: Vec<_> = cors.policy().allow_origins().map(Cow::into_owned).collect();
    cors.answer_then(request, next, |seen, response| {
        let origin = seen.origin().filter(|origin| allowed.iter().any(|entry| *origin == entry));
        if let (Kind::DeniedPreflight, Some(origin)) = (seen.kind, origin) {
            *response.status_mut() = StatusCode::NO_CONTENT;
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_METHODS, value(&methods));
        }
    })
    .await
}

pub(crate) async fn never_sends_diagnostics(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::DeniedPreflight {
            *response.status_mut() = StatusCode::FORBIDDEN;
            remove_cors(response.headers_mut());
        }
    })
    .await
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The request without its body.
fn head_of(request: &Request) -> Request {
    let mut head = Request::new(Body::empty());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.headers_mut() = request.headers().clone();
    *head.extensions_mut() = request.extensions().clone();
    head
}
