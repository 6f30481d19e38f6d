//! Tokens and lists of RFC 9110, and the names that the Fetch standard sets apart.

/// Whether `bytes` is a token (RFC 9110, section 5.6.2): a method or a header name.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| IS_TOKEN_BYTE[usize::from(byte)])
}

/// Without the optional white space around it (RFC 9110, section 5.6.3).
pub(crate) fn trim_white_space(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Fetch, "CORS-safelisted method".
pub(crate) const SAFELISTED_METHODS: [&str; 3] = ["GET", "HEAD", "POST"];

/// Fetch, "forbidden method"; compared without regard to case.
pub(crate) const FORBIDDEN_METHODS: [&str; 3] = ["CONNECT", "TRACE", "TRACK"];

/// The methods of RFC 9110, section 9.3, and RFC 5789 that a page can use, in the only case in which they are standard.
pub(crate) const STANDARD_METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

/// Fetch, "CORS non-wildcard request-header name".
pub(crate) const AUTHORIZATION: &str = "authorization";

/// The names of Fetch, "CORS-safelisted request-header", that are safelisted with every ordinary value. `content-type` and
/// `range` are not among them: they are safelisted with few values only, and have to be listed for all others.
pub(crate) const SAFELISTED_REQUEST_HEADERS: [&str; 3] = ["accept", "accept-language", "content-language"];

/// Fetch, "CORS-safelisted response-header name".
pub(crate) const SAFELISTED_RESPONSE_HEADERS: [&str; 7] = [
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];

/// Fetch, "forbidden response-header name".
pub(crate) const FORBIDDEN_RESPONSE_HEADERS: [&str; 2] = ["set-cookie", "set-cookie2"];

/// The prefix of every header of the CORS protocol but `Origin`.
pub(crate) const ACCESS_CONTROL: &str = "access-control-";

/// Whether a name in lower case is one that the CORS protocol itself reads or writes.
pub(crate) fn is_cors_header(name: &str) -> bool {
    name == "origin" || name.starts_with(ACCESS_CONTROL)
}

/// Fetch, "forbidden request-header", as far as the name alone decides; `name` is in lower case.
pub(crate) fn is_forbidden_request_header(name: &str) -> bool {
    const NAMES: [&str; 19] = [
        "accept-charset",
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "origin",
    ];
    NAMES.contains(&name) || name.starts_with("proxy-") || name.starts_with("sec-")
}

const IS_TOKEN_BYTE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = *b"!#$%&'*+-.^_`|~";
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"PUT", true)]
    #[case(b"x-request-id", true)]
    #[case(b"!#$%&'*+-.^_`|~09azAZ", true)]
    #[case(b"", false)]
    #[case(b"a b", false)]
    #[case(b"a,b", false)]
    #[case(b"a:b", false)]
    #[case(b"(a)", false)]
    #[case(b"a\0", false)]
    #[case(b"caf\xc3\xa9", false)]
    fn tokens(#[case] bytes: &[u8], #[case] expected: bool) {
        assert_eq!(is_token(bytes), expected);
    }

    #[rstest]
    #[case(b" \t a b\t", b"a b")]
    #[case(b"a", b"a")]
    #[case(b" \t ", b"")]
    #[case(b"\na", b"\na")]
    fn white_space(#[case] bytes: &[u8], #[case] expected: &[u8]) {
        assert_eq!(trim_white_space(bytes), expected);
    }

    #[rstest]
    #[case("cookie", true)]
    #[case("sec-fetch-mode", true)]
    #[case("proxy-authorization", true)]
    #[case("authorization", false)]
    #[case("secret", false)]
    fn forbidden_request_headers(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_forbidden_request_header(name), expected);
    }
}
