//! Headers that a script cannot set or cannot read.

use super::list::isomorphic_decode;
use super::value::trim;
use crate::method;

/// Fetch, "forbidden request-header", step 1.
const FORBIDDEN_REQUEST_HEADERS: &[&str] = &[
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Fetch, "forbidden request-header", step 3.
const METHOD_OVERRIDES: &[&str] = &["x-http-method", "x-http-method-override", "x-method-override"];

/// Fetch, "forbidden request-header".
pub(crate) fn is_forbidden_request_header(name: &str, value: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    // Step 1.
    if FORBIDDEN_REQUEST_HEADERS.contains(&name.as_str()) {
        return true;
    }
    // Step 2.
    if name.starts_with("proxy-") || name.starts_with("sec-") {
        return true;
    }
    // Step 3.
    METHOD_OVERRIDES.contains(&name.as_str())
        && split(value).iter().any(|method| method::is_forbidden(method))
}

/// Whether a method override has a forbidden method between two commas, with or without quotes around them.
pub(crate) fn overrides_method_in_quotes(name: &str, value: &[u8]) -> bool {
    METHOD_OVERRIDES.contains(&name.to_ascii_lowercase().as_str())
        && value
            .split(|&byte| byte == b',')
            .any(|method| method::is_forbidden(&isomorphic_decode(trim(method))))
}

/// Fetch, "forbidden response-header name".
pub(crate) fn is_forbidden_response_header_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("set-cookie") || name.eq_ignore_ascii_case("set-cookie2")
}

/// Fetch, header value "get, decode, and split": splits at commas outside of quoted strings.
fn split(value: &[u8]) -> Vec<String> {
    let mut members = vec![Vec::new()];
    let (mut quoted, mut escaped) = (false, false);
    for &byte in value {
        if byte == b',' && !quoted {
            members.push(Vec::new());
            continue;
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        if let Some(member) = members.last_mut() {
            member.push(byte);
        }
    }
    members.iter().map(|member| isomorphic_decode(trim(member))).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Origin", true)]
    #[case("HOST", true)]
    #[case("cookie", true)]
    #[case("Access-Control-Request-Method", true)]
    #[case("access-control-request-headers", true)]
    #[case("Proxy-Whatever", true)]
    #[case("Sec-Fetch-Site", true)]
    #[case("Content-Length", true)]
    #[case("Set-Cookie", true)]
    #[case("Authorization", false)]
    #[case("User-Agent", false)]
    #[case("X-Origin", false)]
    #[case("Proxy", false)]
    #[case("Second", false)]
    #[case("Access-Control-Allow-Origin", false)]
    #[case("Access-Control-Request-Private-Network", false)]
    fn request_headers_forbidden_by_name(#[case] name: &str, #[case] forbidden: bool) {
        assert_eq!(is_forbidden_request_header(name, b"x"), forbidden);
    }

    #[rstest]
    #[case("X-HTTP-Method-Override", "TRACE", true)]
    #[case("x-http-method", "GET, track", true)]
    #[case("X-Method-Override", " connect ", true)]
    #[case("X-Method-Override", "PUT", false)]
    #[case("X-Method-Override", "\"TRACE, x\"", false)]
    #[case("X-Method-Overrides", "TRACE", false)]
    fn method_overrides_forbidden_by_value(#[case] name: &str, #[case] value: &str, #[case] forbidden: bool) {
        assert_eq!(is_forbidden_request_header(name, value.as_bytes()), forbidden);
    }

    /// The examples of Fetch, header list "get, decode, and split".
    #[rstest]
    #[case("nosniff,", &["nosniff", ""])]
    #[case("text/html;\", x/x", &["text/html;\", x/x"])]
    #[case("x/x;test=\"hi\",y/y", &["x/x;test=\"hi\"", "y/y"])]
    #[case("x / x,,,1", &["x / x", "", "", "1"])]
    #[case("\"1,2\", 3", &["\"1,2\"", "3"])]
    fn splits_at_commas(#[case] value: &str, #[case] members: &[&str]) {
        assert_eq!(split(value.as_bytes()), members);
    }
}
