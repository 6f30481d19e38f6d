//! Faults in deciding which origins are allowed, and in the answer.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use crate::base::{Cors, Kind, is_preflight, value};

const OTHER_ORIGIN: HeaderValue = HeaderValue::from_static("https://other.invalid");

pub(crate) async fn reflects_every_origin(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |_, _| true).await
}

pub(crate) async fn compares_the_end(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| is_exact(entry) && origin.ends_with(authority(entry)))
        .await
}

pub(crate) async fn compares_the_beginning(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| is_exact(entry) && origin.starts_with(entry)).await
}

pub(crate) async fn searches_for_the_host_anywhere(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| is_exact(entry) && origin.contains(authority(entry)))
        .await
}

pub(crate) async fn allows_parts_of_origins(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| entry.contains(origin)).await
}

pub(crate) async fn ignores_case(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, str::eq_ignore_ascii_case).await
}

pub(crate) async fn ignores_the_scheme(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        !is_null(origin) && is_exact(entry) && authority(origin) == authority(entry)
    })
    .await
}

pub(crate) async fn ignores_the_port(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        is_exact(entry) && without_port(origin) == without_port(entry)
    })
    .await
}

pub(crate) async fn allows_null(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, _| is_null(origin)).await
}

pub(crate) async fn treats_a_dot_as_any_character(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        origin.len() == entry.len() && origin.bytes().zip(entry.bytes()).all(|(a, b)| a == b || b == b'.')
    })
    .await
}

pub(crate) async fn allows_subdomains_of_exact_origins(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        is_exact(entry) && origin.ends_with(&format!(".{}", authority(entry)))
    })
    .await
}

pub(crate) async fn allows_the_domain_with_its_subdomains(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        entry.contains('*') && entry.replace("*.", "") == origin
    })
    .await
}

pub(crate) async fn ignores_the_boundary_of_labels(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        entry
            .split_once("*.")
            .is_some_and(|(scheme, domain)| origin.starts_with(scheme) && origin.ends_with(domain))
    })
    .await
}

pub(crate) async fn matches_only_the_start_of_patterns(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        entry.split_once('*').is_some_and(|(scheme, domain)| {
            origin.starts_with(scheme) && !domain.is_empty() && origin.contains(domain)
        })
    })
    .await
}

pub(crate) async fn lets_a_part_of_a_label_cross_dots(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        part_of_label(entry, origin).is_some_and(|part| part.split('.').all(|label| !label.is_empty()))
    })
    .await
}

pub(crate) async fn lets_a_part_of_a_label_be_empty(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| part_of_label(entry, origin) == Some("")).await
}

pub(crate) async fn takes_any_character_for_a_part_of_a_label(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        part_of_label(entry, origin).is_some_and(|part| !part.is_empty() && !part.contains('.'))
    })
    .await
}

pub(crate) async fn takes_a_part_of_a_label_for_a_prefix(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        is_partial(entry)
            && entry
                .split_once('*')
                .is_some_and(|(start, end)| origin.strip_prefix(start).is_some_and(|rest| rest.contains(end)))
    })
    .await
}

pub(crate) async fn lets_any_extension_be_any_site(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |_, entry| entry.ends_with("://*")).await
}

pub(crate) async fn treats_null_and_files_as_one(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        matches!((origin, entry), ("null", "file://") | ("file://", "null"))
    })
    .await
}

pub(crate) async fn allows_all_paths_of_files(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| entry == "file://" && origin.starts_with(entry)).await
}

pub(crate) async fn allows_one_label_of_subdomains(cors: Cors, request: Request, next: Next) -> Response {
    let too_deep = origin(&request).is_some_and(|origin| {
        cors.policy().allow_origins().any(|entry| {
            entry.split_once("*.").is_some_and(|(scheme, domain)| {
                origin
                    .strip_prefix(scheme)
                    .and_then(|rest| rest.strip_suffix(domain)?.strip_suffix('.'))
                    .is_some_and(|labels| labels.contains('.'))
            })
        })
    });
    let mut headers = request.headers().clone();
    if too_deep {
        headers.insert(ORIGIN, OTHER_ORIGIN);
    }
    cors.answer_as(headers, request, next, |_, _| {}).await
}

pub(crate) async fn reads_the_first_of_two_origin_lines(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    let mut headers = request.headers().clone();
    if let Some(first) = request.headers().get(ORIGIN) {
        headers.insert(ORIGIN, first.clone());
    }
    cors.answer_as(headers, request, next, |_, _| {}).await
}

pub(crate) async fn reads_the_first_of_a_list(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| {
        origin.split([',', ' ']).next() == Some(entry) && origin != entry
    })
    .await
}

pub(crate) async fn tolerates_a_trailing_slash(cors: Cors, request: Request, next: Next) -> Response {
    also_allowing(cors, request, next, |origin, entry| origin.strip_suffix('/') == Some(entry)).await
}

pub(crate) async fn rejects_malformed_origins(cors: Cors, request: Request, next: Next) -> Response {
    if !is_preflight(&request)
        && request.headers().get_all(ORIGIN).iter().any(|origin| !origin.as_bytes().is_ascii())
    {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return response;
    }
    cors.answer(request, next).await
}

pub(crate) async fn rejects_other_origins(cors: Cors, request: Request, next: Next) -> Response {
    let response = cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::NotAllowed {
            *response.status_mut() = StatusCode::FORBIDDEN;
            *response.body_mut() = Body::empty();
        }
    });
    response.await
}

pub(crate) async fn sends_two_lines(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |_, response| {
        if let Some(origin) = response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).cloned() {
            response.headers_mut().append(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
    })
    .await
}

pub(crate) async fn sends_the_whole_list(cors: Cors, request: Request, next: Next) -> Response {
    let list = cors.policy().allow_origins().collect::<Vec<_>>().join(", ");
    cors.answer_then(request, next, |_, response| {
        if response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, value(&list));
        }
    })
    .await
}

pub(crate) async fn always_sends_the_first_of_the_policy(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    let first = cors.policy().allow_origins().next().expect("a policy has origins").into_owned();
    cors.answer_then(request, next, |_, response| {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, value(&first));
    })
    .await
}

pub(crate) async fn reflects_when_any_is_allowed(cors: Cors, request: Request, next: Next) -> Response {
    let any = cors.policy().allows_any_origin();
    cors.answer_then(request, next, |seen, response| {
        if let Some(origin) = seen.origin().filter(|_| any) {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    })
    .await
}

pub(crate) async fn omits_the_star_without_an_origin(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::Plain {
            response.headers_mut().remove(ACCESS_CONTROL_ALLOW_ORIGIN);
        }
    })
    .await
}

/// The correct middleware, except that it also allows an origin if `matches` says that it matches an entry of the policy.
async fn also_allowing(
    cors: Cors,
    request: Request,
    next: Next,
    matches: impl Fn(&str, &str) -> bool,
) -> Response {
    let arrived = request.headers().get(ORIGIN).cloned();
    let matched = origin(&request).filter(|_| !cors.policy().allows_any_origin()).and_then(|origin| {
        cors.policy().allow_origins().find(|entry| matches(&origin, entry)).map(|entry| member(&entry))
    });
    let mut headers = request.headers().clone();
    if let Some(matched) = &matched {
        headers.insert(ORIGIN, value(matched));
    }
    cors.answer_as(headers, request, next, |_, response| {
        if let Some(origin) = arrived.filter(|_| matched.is_some())
            && response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN)
        {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
    })
    .await
}

fn origin(request: &Request) -> Option<String> {
    let origin = request.headers().get(ORIGIN)?;
    Some(String::from_utf8_lossy(origin.as_bytes()).into_owned())
}

/// An origin that an entry of a policy allows.
fn member(entry: &str) -> String {
    entry.replace(":*", "").replace('*', "a")
}

/// Whether an entry is a pattern for a part of a label.
fn is_partial(entry: &str) -> bool {
    let host = authority(entry).trim_end_matches(":*");
    host.contains('*') && host != "*" && !host.starts_with("*.")
}

/// What stands in an origin where a pattern for a part of a label has its `*`.
fn part_of_label<'a>(entry: &str, origin: &'a str) -> Option<&'a str> {
    let (start, end) = entry.split_once('*').filter(|_| is_partial(entry))?;
    origin.strip_prefix(start)?.strip_suffix(end)
}

fn is_null(origin: &str) -> bool {
    origin == "null"
}

fn is_exact(entry: &str) -> bool {
    !entry.contains('*')
}

fn authority(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, authority)| authority)
}

fn without_port(origin: &str) -> &str {
    let end = origin.trim_end_matches(|byte: char| byte.is_ascii_digit());
    end.strip_suffix(':').unwrap_or(origin)
}
