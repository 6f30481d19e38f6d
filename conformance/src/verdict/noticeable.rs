//! What others are judged by: only what a browser, a cache or a user can notice.
//!
//! A scenario describes an answer to the byte, because the adapters of this project promise it. Another middleware may answer in other
//! words. What it does is wrong only if it makes a difference.

use crate::scenario::{MessageExpectation, PageExpectation, Step, WireExpectation};
use cors_browser::{Exchange, WireRequest, WireResponse};

use super::{Observation, wire};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

/// Lists whose order, spelling and additional members make no difference to a page that asks for one of them.
const LISTS: [&str; 3] =
    ["access-control-allow-headers", "access-control-allow-methods", "access-control-expose-headers"];

/// The statuses that a cache may store without being told (RFC 9110, section 15.1).
const CACHEABLE: [u16; 12] = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];

/// The step with those of its expectations that matter, in view of what was seen.
pub(super) fn noticeable(step: &Step, seen: &Observation) -> Step {
    let mut step = step.clone();
    let is_blocked = match &mut step.page {
        Some(PageExpectation::Blocked { reasons }) => {
            // A page cannot see why.
            reasons.clear();
            true
        }
        Some(PageExpectation::Opaque) => true,
        _ => false,
    };
    for expected in &mut step.wire {
        let exchange = wire::of_kind(&seen.exchanges, expected.on).nth(expected.nth);
        if let Some((request, response)) = exchange.and_then(answered) {
            relax(expected, request, response, is_blocked);
        }
    }
    let ran_less = |expected: u64| matches!(seen.handlers_run, Some(Ok(count)) if count < expected);
    // A middleware may turn a stranger away before the application runs.
    if is_blocked && step.handlers_run.is_some_and(ran_less) {
        step.handlers_run = None;
    }
    step
}

fn answered(exchange: &Exchange) -> Option<(&WireRequest, &WireResponse)> {
    Some((&exchange.request, exchange.response.as_ref().ok()?))
}

fn relax(expected: &mut WireExpectation, request: &WireRequest, response: &WireResponse, is_blocked: bool) {
    let is_preflight =
        request.method == "OPTIONS" && request.header("access-control-request-method").is_some();
    let is_success = (200..=299).contains(&response.status);
    let wants_success = |expected: &WireExpectation| {
        expected.status.as_ref().is_some_and(|status| (200..=299).any(|code| status.accepts(code)))
    };
    // Fetch, "CORS-preflight fetch", asks for an ok status. A page that is blocked does not see any.
    if is_blocked || (is_preflight && is_success && wants_success(expected)) {
        expected.status = None;
    }
    let opens = opens(request, response);
    let message = &mut expected.response;
    // Without its origin or `*` in Access-Control-Allow-Origin, the other headers do nothing for a page.
    message.absent.retain(|pattern| opens || !pattern.as_str().starts_with("access-control-"));
    // A cache does not use a response without `*` for a page if that response varies by Origin and the request had none.
    let is_apart = request.header("origin").is_none() && varies_by_origin(response);
    if (opens || is_apart) && message.headers.get(ALLOW_ORIGIN).is_some_and(|value| value == "*") {
        message.headers.remove(ALLOW_ORIGIN);
    }
    relax_lists(message);
    let is_same_type = |expected: &String| {
        let seen = first(response, "content-type").map(String::from_utf8_lossy).unwrap_or_default();
        essence(&seen).eq_ignore_ascii_case(essence(expected))
    };
    if message.headers.get("content-type").is_some_and(is_same_type) {
        message.headers.remove("content-type");
    }
    if !may_be_stored(request, response) {
        message.tokens.remove("vary");
    } else if is_fixed(request, response)
        && let Some(vary) = message.tokens.get_mut("vary")
    {
        vary.retain(|name| !name.eq_ignore_ascii_case("origin"));
    }
}

/// The first line of a header.
fn first<'a>(response: &'a WireResponse, name: &'a str) -> Option<&'a [u8]> {
    response.lines(name).next()
}

/// Whether Access-Control-Allow-Origin lets the page of the request read the response.
fn opens(request: &WireRequest, response: &WireResponse) -> bool {
    let lines: Vec<_> = response.lines(ALLOW_ORIGIN).collect();
    matches!(&lines[..], [value] if *value == b"*" || request.header("origin") == Some(*value))
}

/// Whether a cache uses the response only for requests with the same Origin, or for none.
fn varies_by_origin(response: &WireResponse) -> bool {
    let is_origin = |name: &String| name == "*" || name.eq_ignore_ascii_case("origin");
    response.lines("vary").any(|line| split(&String::from_utf8_lossy(line)).iter().any(is_origin))
}

/// Whether the response names an origin that is not the request's: the middleware sends the same to everybody, so that nothing depends
/// on the origin.
fn is_fixed(request: &WireRequest, response: &WireResponse) -> bool {
    first(response, ALLOW_ORIGIN)
        .is_some_and(|value| value != b"*" && request.header("origin") != Some(value))
}

/// Whether a cache may store the response and use it for another request.
fn may_be_stored(request: &WireRequest, response: &WireResponse) -> bool {
    let is_explicit = first(response, "cache-control").is_some() || first(response, "expires").is_some();
    matches!(request.method.as_str(), "GET" | "HEAD") && (is_explicit || CACHEABLE.contains(&response.status))
}

/// Asks for the members of a list only.
fn relax_lists(message: &mut MessageExpectation) {
    for name in LISTS {
        let whole = message.headers.remove(name).map(|value| split(&value));
        for members in whole.into_iter().chain(message.only_tokens.remove(name)) {
            // In the place of `*`, what was asked for will do; whether it does, the page finds out.
            if !members.iter().any(|member| member == "*") {
                message.tokens.entry(name.to_owned()).or_default().extend(members);
            }
        }
    }
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(|member| member.trim().to_owned()).collect()
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}
