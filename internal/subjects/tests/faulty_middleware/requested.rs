//! Faults in checking the method and headers that a preflight requests.

use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::base::{Cors, Kind, Seen, value};

const NEVER_LISTED: HeaderValue = HeaderValue::from_static("x-never-listed");

pub(crate) async fn ignores_the_case_of_methods(cors: Cors, request: Request, next: Next) -> Response {
    judging(cors, request, next, |_, headers| {
        if let Some(method) = headers.get_mut(ACCESS_CONTROL_REQUEST_METHOD) {
            *method = value(&method.to_str().unwrap_or_default().to_ascii_uppercase());
        }
    })
    .await
}

pub(crate) async fn compares_the_beginning_of_methods(cors: Cors, request: Request, next: Next) -> Response {
    let mut headers = request.headers().clone();
    let listed = cors.policy().allow_methods().iter().find(|listed| {
        headers
            .get(ACCESS_CONTROL_REQUEST_METHOD)
            .is_some_and(|method| method.as_bytes().starts_with(listed.as_bytes()))
    });
    if let Some(listed) = listed {
        headers.insert(ACCESS_CONTROL_REQUEST_METHOD, value(listed));
    }
    let granted = listed.is_some();
    cors.answer_as(headers, request, next, |seen, response| {
        if granted {
            echo_method(seen, response);
        }
    })
    .await
}

pub(crate) async fn requires_safelisted_methods_to_be_listed(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    judging(cors, request, next, |cors, headers| {
        let listed = cors.policy().allow_methods();
        if let Some(method) = headers.get_mut(ACCESS_CONTROL_REQUEST_METHOD)
            && !listed.iter().any(|entry| entry == "*" || *entry == *method)
        {
            *method = NEVER_LISTED;
        }
    })
    .await
}

pub(crate) async fn grants_any_method(cors: Cors, request: Request, next: Next) -> Response {
    let mut headers = request.headers().clone();
    if headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        headers.insert(ACCESS_CONTROL_REQUEST_METHOD, value("GET"));
    }
    cors.answer_as(headers, request, next, echo_method).await
}

pub(crate) async fn reads_the_first_of_two_methods(cors: Cors, request: Request, next: Next) -> Response {
    judging(cors, request, next, |_, headers| {
        if let Some(first) = headers.get(ACCESS_CONTROL_REQUEST_METHOD).cloned() {
            let text = String::from_utf8_lossy(first.as_bytes()).into_owned();
            let first = text.split([',', ' ']).next().unwrap_or_default();
            headers.insert(ACCESS_CONTROL_REQUEST_METHOD, value(first));
        }
    })
    .await
}

pub(crate) async fn sends_stars_with_credentials(cors: Cors, request: Request, next: Next) -> Response {
    let star = |entries: &[String]| entries.iter().any(|entry| entry == "*");
    let (methods, headers) = (star(cors.policy().allow_methods()), star(cors.policy().allow_headers()));
    cors.answer_then(request, next, |seen, response| {
        if methods && seen.kind == Kind::GrantedPreflight {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_METHODS, value("*"));
        }
        if headers && seen.kind == Kind::GrantedPreflight {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_HEADERS, value("*"));
        }
    })
    .await
}

pub(crate) async fn grants_any_header(cors: Cors, request: Request, next: Next) -> Response {
    granting(cors, request, next, |_, _| true).await
}

pub(crate) async fn lets_a_star_cover_authorization(cors: Cors, request: Request, next: Next) -> Response {
    granting(cors, request, next, |cors, _| cors.policy().allow_headers().iter().any(|entry| entry == "*"))
        .await
}

pub(crate) async fn skips_invalid_names(cors: Cors, request: Request, next: Next) -> Response {
    judging(cors, request, next, |_, headers| {
        let token = |name: &&str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let names = names(headers);
        replace_names(headers, names.iter().map(|name| name.trim()).filter(token));
    })
    .await
}

pub(crate) async fn reads_without_bounds(cors: Cors, request: Request, next: Next) -> Response {
    granting(cors, request, next, |cors, headers| {
        let listed = cors.policy().allow_headers();
        names(headers)
            .iter()
            .map(|name| name.trim().to_ascii_lowercase())
            .all(|name| name.is_empty() || listed.iter().any(|entry| *entry == name || entry == "*"))
    })
    .await
}

pub(crate) async fn requires_lower_case_names(cors: Cors, request: Request, next: Next) -> Response {
    denying(cors, request, next, |names| {
        names.iter().any(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()))
    })
    .await
}

pub(crate) async fn requires_sorted_names(cors: Cors, request: Request, next: Next) -> Response {
    denying(cors, request, next, |names| {
        !names.iter().map(|name| name.trim().to_ascii_lowercase()).is_sorted()
    })
    .await
}

pub(crate) async fn rejects_white_space(cors: Cors, request: Request, next: Next) -> Response {
    denying(cors, request, next, |names| names.iter().any(|name| name.contains([' ', '\t']))).await
}

pub(crate) async fn rejects_empty_elements(cors: Cors, request: Request, next: Next) -> Response {
    denying(cors, request, next, |names| names.iter().any(|name| name.trim().is_empty())).await
}

/// A second line, which may contain names that are not allowed, is ignored.
pub(crate) async fn reads_the_first_line_only(cors: Cors, request: Request, next: Next) -> Response {
    judging(cors, request, next, |_, headers| {
        if let Some(first) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned() {
            headers.insert(ACCESS_CONTROL_REQUEST_HEADERS, first);
        }
    })
    .await
}

/// Only the last line is read, so that names in the first are not allowed.
pub(crate) async fn rejects_a_second_line(cors: Cors, request: Request, next: Next) -> Response {
    judging(cors, request, next, |_, headers| {
        if headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter().count() > 1 {
            headers.insert(ACCESS_CONTROL_REQUEST_HEADERS, NEVER_LISTED);
        }
    })
    .await
}

/// The correct middleware for a request with other headers.
async fn judging(
    cors: Cors,
    request: Request,
    next: Next,
    change: impl FnOnce(&Cors, &mut HeaderMap),
) -> Response {
    let mut headers = request.headers().clone();
    change(&cors, &mut headers);
    cors.answer_as(headers, request, next, |_, _| {}).await
}

/// The correct middleware, except that it grants the requested headers if `grants` says so.
async fn granting(
    cors: Cors,
    request: Request,
    next: Next,
    grants: impl FnOnce(&Cors, &HeaderMap) -> bool,
) -> Response {
    let mut headers = request.headers().clone();
    let granted = grants(&cors, &headers);
    if granted {
        headers.remove(ACCESS_CONTROL_REQUEST_HEADERS);
    }
    cors.answer_as(headers, request, next, |seen, response| {
        if let Some(asked) = seen.request.get(ACCESS_CONTROL_REQUEST_HEADERS)
            && granted
            && seen.kind == Kind::GrantedPreflight
        {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
    })
    .await
}

/// The correct middleware, except that it denies some ways to write an allowed list.
async fn denying(
    cors: Cors,
    request: Request,
    next: Next,
    denies: impl FnOnce(&[String]) -> bool,
) -> Response {
    judging(cors, request, next, |_, headers| {
        if denies(&names(headers)) {
            headers.append(ACCESS_CONTROL_REQUEST_HEADERS, NEVER_LISTED);
        }
    })
    .await
}

/// Sends back the requested method.
fn echo_method(seen: &Seen, response: &mut Response) {
    if let Some(asked) = seen.request.get(ACCESS_CONTROL_REQUEST_METHOD)
        && seen.kind == Kind::GrantedPreflight
    {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_METHODS, asked.clone());
    }
}

fn names(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(ACCESS_CONTROL_REQUEST_HEADERS)
        .iter()
        .flat_map(|line| {
            String::from_utf8_lossy(line.as_bytes()).split(',').map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

fn replace_names<'a>(headers: &mut HeaderMap, names: impl Iterator<Item = &'a str>) {
    if headers.remove(ACCESS_CONTROL_REQUEST_HEADERS).is_some() {
        headers.insert(ACCESS_CONTROL_REQUEST_HEADERS, value(&names.collect::<Vec<_>>().join(",")));
    }
}
