//! CORS-safelisted headers: those that do not need the server's permission.

use std::collections::BTreeSet;

use super::list::HeaderList;
use super::value::{mime_essence, single_range};
use crate::profile::Profile;
use crate::steps::Steps;

/// Fetch, "CORS-safelisted response-header name".
const SAFELISTED_RESPONSE_HEADERS: &[&str] = &[
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];

/// Fetch, "CORS-safelisted request-header".
fn is_cors_safelisted_request_header(name: &str, value: &[u8], steps: &(impl Steps + ?Sized)) -> bool {
    // Step 1.
    if value.len() > steps.max_safelisted_value() {
        return false;
    }
    // Step 2.
    match name.to_ascii_lowercase().as_str() {
        "accept" => !value.iter().any(is_unsafe_byte),
        "accept-language" | "content-language" => value.iter().all(is_language_byte),
        "content-type" => steps.is_safelisted_content_type(value),
        "range" => matches!(single_range(value), Some((Some(_), _))),
        _ => false,
    }
}

/// Whether a browser finds a value unsafe that the standard finds safe.
fn is_unsafe_in_browser(name: &str, value: &[u8], profile: &Profile) -> bool {
    let is_content_type = name.eq_ignore_ascii_case("content-type");
    let parameters = value.iter().position(|&byte| byte == b';').map_or(&[][..], |start| &value[start + 1..]);
    let is_beyond_ascii = profile.bytes_beyond_ascii_are_unsafe
        && (is_content_type || name.eq_ignore_ascii_case("accept"))
        && !value.is_ascii();
    let is_strange = profile.strict_content_types
        && is_content_type
        && (parameters.contains(&b',') || parameters.ends_with(b";"));
    is_beyond_ascii || is_strange
}

/// `Range` as WebKit reads it.
fn is_lenient_range(value: &[u8]) -> bool {
    let range = match value.split_first_chunk::<6>() {
        Some((unit, range)) if unit.eq_ignore_ascii_case(b"bytes=") => range,
        _ => return false,
    };
    let Some((start, end)) = std::str::from_utf8(range).ok().and_then(|range| range.split_once('-')) else {
        return false;
    };
    // `parse` accepts a plus sign.
    match (start.parse::<u64>(), end.parse::<u64>()) {
        (Ok(start), Ok(end)) => start <= end,
        (Ok(_), Err(_)) => end.is_empty(),
        (Err(_), _) => false,
    }
}

/// Client hints that Chromium safelists, with the values that it checks for: services/network/public/cpp/cors/cors.cc,
/// `IsCorsSafelistedHeader`.
fn is_safelisted_client_hint(name: &str, value: &[u8]) -> bool {
    let is_integer = |value: &[u8]| !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let is_decimal = |value: &[u8]| match value.iter().position(|&byte| byte == b'.') {
        Some(point) => is_integer(&value[..point]) && is_integer(&value[point + 1..]),
        None => is_integer(value),
    };
    match name.to_ascii_lowercase().as_str() {
        "device-memory" | "dpr" | "downlink" => is_decimal(value),
        "width" | "viewport-width" | "rtt" => is_integer(value),
        "ect" => matches!(value, b"slow-2g" | b"2g" | b"3g" | b"4g"),
        "save-data" => value.eq_ignore_ascii_case(b"on"),
        "intervention" => true,
        _ => false,
    }
}

/// Fetch, "CORS-safelisted request-header", step 2, `content-type`.
pub(crate) fn is_safelisted_content_type(value: &[u8]) -> bool {
    const TYPES: &[&str] = &["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
    !value.iter().any(is_unsafe_byte)
        && mime_essence(value).is_some_and(|essence| TYPES.contains(&essence.as_str()))
}

/// Fetch, "CORS-unsafe request-header byte".
fn is_unsafe_byte(&byte: &u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f || b"\"():<>?@[\\]{}".contains(&byte)
}

/// Fetch, "CORS-safelisted request-header", step 2, `accept-language` and `content-language`.
fn is_language_byte(&byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b" *,-.;=".contains(&byte)
}

/// Fetch, "CORS-unsafe request-header names", in lower case and sorted.
pub(crate) fn unsafe_names(
    headers: &HeaderList,
    profile: &Profile,
    steps: &(impl Steps + ?Sized),
) -> Vec<String> {
    let mut names = BTreeSet::new();
    let mut potentially_unsafe = BTreeSet::new();
    let mut size = 0;
    let lines =
        if steps.joins_before_safelisting(profile) { headers.clone().into_lines() } else { headers.lines() };
    let is_hint = |name: &str, value: &[u8]| {
        profile.safelists_client_hints
            && value.len() <= steps.max_safelisted_value()
            && is_safelisted_client_hint(name, value)
    };
    // Step 4.
    for (name, value) in &lines {
        let is_safelisted = match name.to_ascii_lowercase().as_str() {
            "range" if profile.reads_ranges_leniently => is_lenient_range(value),
            name => is_cors_safelisted_request_header(name, value, steps),
        };
        if (is_safelisted && !is_unsafe_in_browser(name, value, profile)) || is_hint(name, value) {
            potentially_unsafe.insert(name.to_ascii_lowercase());
            size += value.len();
        } else {
            names.insert(name.to_ascii_lowercase());
        }
    }
    // Step 5.
    if size > steps.max_safelisted_sum() {
        names.append(&mut potentially_unsafe);
    }
    names.into_iter().collect()
}

/// Fetch, "CORS non-wildcard request-header name".
pub(crate) fn is_non_wildcard_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

/// Fetch, "privileged no-CORS request-header name".
pub(crate) fn is_privileged_no_cors_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("range")
}

/// Fetch, "no-CORS-safelisted request-header".
pub(crate) fn is_no_cors_safelisted_request_header(name: &str, value: &[u8], steps: &dyn Steps) -> bool {
    ["accept", "accept-language", "content-language", "content-type"]
        .iter()
        .any(|safelisted| name.eq_ignore_ascii_case(safelisted))
        && is_cors_safelisted_request_header(name, value, steps)
}

/// Fetch, "request-body-header name".
pub(crate) fn is_request_body_header_name(name: &str) -> bool {
    ["content-encoding", "content-language", "content-location", "content-type"]
        .iter()
        .any(|body_header| name.eq_ignore_ascii_case(body_header))
}

/// Fetch, "CORS-safelisted response-header name", for the names that the server exposes.
pub(crate) fn is_cors_safelisted_response_header_name(
    name: &str,
    exposed: &[String],
    steps: &dyn Steps,
) -> bool {
    SAFELISTED_RESPONSE_HEADERS.iter().any(|safelisted| name.eq_ignore_ascii_case(safelisted))
        || exposed.iter().any(|exposed| name.eq_ignore_ascii_case(exposed))
            && !steps.is_forbidden_response_header(name)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::steps::Standard;

    #[rstest]
    #[case("Accept", "text/html;q=0.9, */*", true)]
    #[case("accept", "text/html\tx", true)]
    #[case("accept", "a\"b", false)]
    #[case("accept", "a(b", false)]
    #[case("accept", "a)b", false)]
    #[case("accept", "a:b", false)]
    #[case("accept", "a<b", false)]
    #[case("accept", "a>b", false)]
    #[case("accept", "a?b", false)]
    #[case("accept", "a@b", false)]
    #[case("accept", "a[b", false)]
    #[case("accept", "a\\b", false)]
    #[case("accept", "a]b", false)]
    #[case("accept", "a{b", false)]
    #[case("accept", "a}b", false)]
    #[case("accept", "a\x7fb", false)]
    #[case("accept", "a\x01b", false)]
    #[case("accept", "a\u{e9}b", true)]
    #[case("Accept-Language", "en-US, de;q=0.5, *.x", true)]
    #[case("Accept-Language", "en_US", false)]
    #[case("Content-Language", "de-DE", true)]
    #[case("Content-Language", "de/DE", false)]
    #[case("Content-Language", "de\tDE", false)]
    #[case("Content-Type", "text/plain", true)]
    #[case("content-type", "TEXT/plain;charset=UTF-8", true)]
    #[case("content-type", "application/x-www-form-urlencoded", true)]
    #[case("content-type", "multipart/form-data; boundary=abc", true)]
    #[case("content-type", "multipart/form-data; boundary=\"abc\"", false)]
    #[case("content-type", "application/json", false)]
    #[case("content-type", "application/json, text/plain", false)]
    #[case("content-type", "text/plain, application/json", false)]
    #[case("content-type", "text/plain; application/json", true)]
    #[case("content-type", "text/html", false)]
    #[case("content-type", "text/ plain", false)]
    #[case("content-type", "text/plain ;charset=utf-8", true)]
    #[case("content-type", "plain", false)]
    #[case("content-type", "", false)]
    #[case("Range", "bytes=0-99", true)]
    #[case("Range", "bytes=5-", true)]
    #[case("Range", "bytes=-5", false)]
    #[case("Range", "bytes=0-1,4-5", false)]
    #[case("Authorization", "Bearer x", false)]
    #[case("X-Requested-With", "XMLHttpRequest", false)]
    #[case("DPR", "2", false)]
    fn safelisted_request_headers(#[case] name: &str, #[case] value: &str, #[case] safelisted: bool) {
        let value: Vec<u8> = value.chars().map(|char| u8::try_from(char).unwrap()).collect();
        assert_eq!(is_cors_safelisted_request_header(name, &value, &Standard), safelisted);
    }

    #[rstest]
    #[case("accept", 128, true)]
    #[case("accept", 129, false)]
    #[case("accept-language", 128, true)]
    #[case("accept-language", 129, false)]
    fn a_safelisted_value_has_at_most_128_bytes(
        #[case] name: &str,
        #[case] length: usize,
        #[case] safe: bool,
    ) {
        let value = vec![b'a'; length];
        assert_eq!(is_cors_safelisted_request_header(name, &value, &Standard), safe);
    }

    /// Eight values of 128 bytes are exactly 1024 bytes. With one byte more, all of the names are unsafe.
    #[rstest]
    #[case(0, &["x-a"])]
    #[case(1, &["accept", "accept-language", "x-a"])]
    fn safelisted_values_have_at_most_1024_bytes_together(#[case] more: usize, #[case] names: &[&str]) {
        let mut headers = HeaderList::default();
        headers.append("X-A", "1");
        for _ in 0..8 {
            headers.append("Accept", [b'a'; 128]);
        }
        headers.append("Accept-Language", vec![b'a'; more]);
        assert_eq!(unsafe_names(&headers, &Profile::standard(), &Standard), names);
    }

    #[test]
    fn unsafe_names_are_sorted_lower_case_and_unique() {
        let mut headers = HeaderList::default();
        for (name, value) in
            [("X-B", "1"), ("authorization", "x"), ("X-A", "1"), ("x-b", "2"), ("Accept", "*/*")]
        {
            headers.append(name, value);
        }
        assert_eq!(unsafe_names(&headers, &Profile::standard(), &Standard), ["authorization", "x-a", "x-b"]);
    }

    /// Each line of a repeated name is checked separately, as in the `victim.example` example of the standard.
    #[test]
    fn one_unsafe_line_makes_a_repeated_name_unsafe() {
        let mut headers = HeaderList::default();
        headers.append("Content-Type", "application/json");
        headers.append("Content-Type", "text/plain");
        assert_eq!(unsafe_names(&headers, &Profile::standard(), &Standard), ["content-type"]);
    }

    #[rstest]
    #[case("Cache-Control", true)]
    #[case("content-language", true)]
    #[case("Content-Length", true)]
    #[case("Content-Type", true)]
    #[case("Expires", true)]
    #[case("Last-Modified", true)]
    #[case("Pragma", true)]
    #[case("X-Request-Id", true)]
    #[case("Set-Cookie", false)]
    #[case("ETag", false)]
    #[case("Date", false)]
    fn safelisted_response_headers(#[case] name: &str, #[case] safelisted: bool) {
        let exposed = ["x-request-id".to_owned(), "set-cookie".to_owned()];
        assert_eq!(is_cors_safelisted_response_header_name(name, &exposed, &Standard), safelisted);
    }
}
