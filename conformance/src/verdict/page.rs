//! What the page got.

use super::render::text;
use super::{Mismatches, message};
use crate::scenario::{NavigatedTo, PageExpectation, Readable};
use cors_browser::{Navigated, Outcome, PageResponse, ResponseType};

pub(super) fn check(expected: &PageExpectation, outcome: &Outcome, mismatches: &mut Mismatches) {
    match (expected, outcome) {
        (PageExpectation::Readable(readable), Outcome::Response(response))
            if matches!(response.response_type, ResponseType::Basic | ResponseType::Cors) =>
        {
            check_readable(readable, response, mismatches);
        }
        (PageExpectation::Opaque, Outcome::Response(response))
            if response.response_type == ResponseType::Opaque => {}
        (PageExpectation::OpaqueRedirect, Outcome::Response(response))
            if response.response_type == ResponseType::OpaqueRedirect => {}
        (PageExpectation::Loaded { is_readable }, Outcome::Loaded(loaded))
            if is_readable.is_none_or(|is_readable| is_readable == loaded.is_readable) => {}
        (PageExpectation::Navigated(expected), Outcome::Navigated(navigated)) => {
            check_document(expected, navigated, mismatches);
        }
        (PageExpectation::Opened { protocol }, Outcome::Opened(opened))
            if protocol.as_ref().is_none_or(|protocol| *protocol == opened.protocol) => {}
        (PageExpectation::Blocked { reasons }, Outcome::Blocked(blocked))
            if reasons.is_empty()
                || !blocked.has_reason()
                || reasons.iter().any(|reason| reason == blocked.reason.as_str()) => {}
        _ => mismatches.add(describe_expectation(expected), describe_outcome(outcome)),
    }
}

fn check_readable(readable: &Readable, response: &PageResponse, mismatches: &mut Mismatches) {
    let seen = response.response_type.as_str();
    if let Some(expected) = readable.response_type.filter(|expected| expected.as_str() != seen) {
        mismatches.add(format!("type {}", expected.as_str()), format!("type {seen}"));
    }
    if let Some(expected) = readable.status.as_ref().filter(|expected| !expected.accepts(response.status)) {
        mismatches.add(format!("status {expected}"), format!("status {}", response.status));
    }
    for (name, expected) in &readable.headers {
        match response.header(name) {
            Some(value) if value == expected => {}
            Some(value) => {
                let value = text(value.as_bytes());
                mismatches.add(format!("`{name}: {expected}` readable"), format!("`{name}: {value}`"));
            }
            None => mismatches.add(format!("`{name}: {expected}` readable"), "no such header"),
        }
    }
    for pattern in &readable.hidden {
        for (name, value) in response.headers.iter().filter(|(name, _)| pattern.matches(name)) {
            let (name, value) = (text(name.as_bytes()), text(value.as_bytes()));
            mismatches.add(format!("`{pattern}` hidden"), format!("`{name}: {value}` readable"));
        }
    }
    if let Some(expected) = &readable.response_url {
        let url = response.url.as_ref().map_or("none", |url| url.as_str());
        if url != expected {
            mismatches.add(format!("response URL {expected}"), format!("response URL {url}"));
        }
    }
    if let Some(expected) = readable.redirected.filter(|expected| *expected != response.redirected) {
        mismatches.add(format!("redirected = {expected}"), format!("redirected = {}", response.redirected));
    }
    let body_outcome = |fails| if fails { "a body that breaks off" } else { "a complete body" };
    if readable.body_fails != response.body_fails {
        mismatches.add(body_outcome(readable.body_fails), body_outcome(response.body_fails));
    }
    let body = response.body.as_deref().unwrap_or_default();
    message::check_body(
        readable.body.as_deref(),
        &readable.body_contains,
        &readable.body_json,
        body,
        mismatches,
    );
}

fn check_document(expected: &NavigatedTo, seen: &Navigated, mismatches: &mut Mismatches) {
    if let Some(url) = expected.url.as_ref().filter(|url| *url != seen.url.as_str()) {
        mismatches.add(format!("document URL {url}"), format!("document URL {}", seen.url));
    }
    if let Some(expected) = expected.status.as_ref().filter(|expected| !expected.accepts(seen.status)) {
        mismatches.add(format!("status {expected}"), format!("status {}", seen.status));
    }
    message::check_body(
        expected.body.as_deref(),
        &expected.body_contains,
        &expected.body_json,
        &seen.body,
        mismatches,
    );
}

fn describe_expectation(expected: &PageExpectation) -> String {
    match expected {
        PageExpectation::Readable(_) => "a readable response".to_owned(),
        PageExpectation::Opaque => "an opaque response".to_owned(),
        PageExpectation::OpaqueRedirect => "an opaque redirect".to_owned(),
        PageExpectation::Loaded { is_readable: None } => "a loaded element".to_owned(),
        PageExpectation::Loaded { is_readable: Some(is_readable) } => {
            describe_loaded(*is_readable).to_owned()
        }
        PageExpectation::Navigated(_) => "a document".to_owned(),
        PageExpectation::Opened { protocol: None } => "an open connection".to_owned(),
        PageExpectation::Opened { protocol: Some(protocol) } => describe_opened(protocol),
        PageExpectation::Blocked { reasons } if reasons.is_empty() => "blocked".to_owned(),
        PageExpectation::Blocked { reasons } => format!("blocked ({})", reasons.join(" or ")),
    }
}

fn describe_loaded(is_readable: bool) -> &'static str {
    match is_readable {
        true => "a loaded element that scripts can read",
        false => "a loaded element that scripts cannot read",
    }
}

fn describe_opened(protocol: &str) -> String {
    match protocol {
        "" => "an open connection without a subprotocol".to_owned(),
        protocol => format!("an open connection with the subprotocol `{protocol}`"),
    }
}

fn describe_outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Blocked(blocked) if !blocked.has_reason() => format!("blocked ({blocked})"),
        Outcome::Blocked(blocked) if blocked.detail.is_empty() => format!("blocked ({})", blocked.reason),
        Outcome::Blocked(blocked) => format!("blocked ({}: {})", blocked.reason, blocked.detail),
        Outcome::Response(response) => match response.response_type {
            ResponseType::Opaque => "an opaque response".to_owned(),
            ResponseType::OpaqueRedirect => "an opaque redirect".to_owned(),
            ResponseType::Basic | ResponseType::Cors => {
                format!("a readable response ({}, {})", response.response_type.as_str(), response.status)
            }
        },
        Outcome::Loaded(loaded) => describe_loaded(loaded.is_readable).to_owned(),
        Outcome::Navigated(navigated) => format!("the document {} ({})", navigated.url, navigated.status),
        Outcome::Opened(opened) => describe_opened(&opened.protocol),
        outcome => format!("{outcome:?}"),
    }
}
