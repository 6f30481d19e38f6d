//! Faults in adding CORS headers to responses, and in leaving the other headers alone.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_EXPOSE_HEADERS, ORIGIN, SET_COOKIE};
use axum::http::{Method, StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;

use crate::base::{Cors, Kind, Seen, cors_names, remove_cors, value};

pub(crate) async fn leaves_out_not_found(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |_, response| response.status() == StatusCode::NOT_FOUND).await
}

pub(crate) async fn leaves_out_method_not_allowed(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |_, response| response.status() == StatusCode::METHOD_NOT_ALLOWED).await
}

pub(crate) async fn leaves_out_unauthorized(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |_, response| response.status() == StatusCode::UNAUTHORIZED).await
}

pub(crate) async fn leaves_out_errors(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |seen, _| seen.path == "/error").await
}

pub(crate) async fn leaves_out_panics(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |seen, _| seen.path == "/panic").await
}

pub(crate) async fn leaves_out_extractor_failures(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |seen, response| {
        seen.path == "/json" && response.status().is_client_error()
    })
    .await
}

pub(crate) async fn leaves_out_redirects(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |_, response| response.headers().contains_key("location")).await
}

pub(crate) async fn leaves_out_not_modified(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |_, response| response.status() == StatusCode::NOT_MODIFIED).await
}

pub(crate) async fn leaves_out_no_content(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |_, response| response.status() == StatusCode::NO_CONTENT).await
}

pub(crate) async fn leaves_out_head(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |seen, _| seen.method == Method::HEAD).await
}

pub(crate) async fn leaves_out_streams(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |seen, _| seen.path == "/stream").await
}

pub(crate) async fn leaves_out_http_2(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |seen, _| seen.version == Version::HTTP_2).await
}

pub(crate) async fn leaves_out_own_options(cors: Cors, request: Request, next: Next) -> Response {
    leaving_out(cors, request, next, |seen, _| seen.method == Method::OPTIONS).await
}

pub(crate) async fn keeps_the_applications_headers(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        for name in cors_names(&seen.own) {
            if !response.headers().contains_key(&name) {
                response.headers_mut().insert(name.clone(), seen.own[name].clone());
            }
        }
    })
    .await
}

pub(crate) async fn adds_to_the_applications_headers(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        for name in cors_names(&seen.own) {
            response.headers_mut().append(name.clone(), seen.own[name].clone());
        }
    })
    .await
}

pub(crate) async fn omits_exposed_headers(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |_, response| {
        response.headers_mut().remove(ACCESS_CONTROL_EXPOSE_HEADERS);
    })
    .await
}

pub(crate) async fn exposes_on_successes_only(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |_, response| {
        if !response.status().is_success() {
            response.headers_mut().remove(ACCESS_CONTROL_EXPOSE_HEADERS);
        }
    })
    .await
}

pub(crate) async fn exposes_headers_to_other_origins(cors: Cors, request: Request, next: Next) -> Response {
    let names = cors.policy().expose_headers().join(", ");
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::NotAllowed && !names.is_empty() {
            response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, value(&names));
        }
    })
    .await
}

pub(crate) async fn sends_headers_of_preflights(cors: Cors, request: Request, next: Next) -> Response {
    let methods = cors.policy().allow_methods().join(", ");
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::Allowed && !methods.is_empty() {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_METHODS, value(&methods));
        }
    })
    .await
}

pub(crate) async fn folds_cookies(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |_, response| {
        let lines: Vec<_> =
            response.headers().get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()).collect();
        if !lines.is_empty() {
            let folded = value(&lines.join(", "));
            response.headers_mut().insert(SET_COOKIE, folded);
        }
    })
    .await
}

pub(crate) async fn keeps_one_cookie(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |_, response| {
        if let Some(first) = response.headers().get(SET_COOKIE).cloned() {
            response.headers_mut().insert(SET_COOKIE, first);
        }
    })
    .await
}

pub(crate) async fn drops_other_headers(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |_, response| {
        response.headers_mut().remove("x-request-id");
    })
    .await
}

pub(crate) async fn drops_the_body(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.path == "/stream" {
            *response.body_mut() = Body::empty();
        }
    })
    .await
}

pub(crate) async fn hides_the_origin_from_the_handler(
    cors: Cors,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers().clone();
    request.headers_mut().remove(ORIGIN);
    cors.answer_as(headers, request, next, |_, _| {}).await
}

pub(crate) async fn runs_no_handler_for_other_origins(cors: Cors, request: Request, next: Next) -> Response {
    if cors.is_from_another_origin(&request) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::FORBIDDEN;
        return response;
    }
    cors.answer(request, next).await
}

async fn leaving_out(
    cors: Cors,
    request: Request,
    next: Next,
    leaves_out: impl FnOnce(&Seen, &Response) -> bool,
) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if !seen.is_preflight() && leaves_out(seen, response) {
            remove_cors(response.headers_mut());
        }
    })
    .await
}
