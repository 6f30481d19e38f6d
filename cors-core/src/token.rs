//! Tokens and lists of RFC 9110, and the names with a special meaning in the Fetch standard.

/// Whether `bytes` is a token (RFC 9110, section 5.6.2): a method or a header name.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    let blocks = bytes.chunks_exact(BLOCK);
    !bytes.is_empty()
        && blocks.remainder().iter().all(|&byte| IS_TOKEN_BYTE[usize::from(byte)])
        && blocks.into_iter().all(|block| all_bytes(block, is_token_byte))
}

/// Removes the optional white space around a value (RFC 9110, section 5.6.3).
pub(crate) fn trim_white_space(bytes: &[u8]) -> &[u8] {
    // Almost always there is none.
    match bytes {
        [only] if !is_white_space(*only) => return bytes,
        [first, .., last] if !is_white_space(*first) && !is_white_space(*last) => return bytes,
        _ => {}
    }
    let bytes = &bytes[count_leading(bytes, is_white_space)..];
    match bytes {
        [.., b' ' | b'\t'] => {
            let blank =
                bytes.rchunks_exact(BLOCK).take_while(|block| all_bytes(block, is_white_space)).count();
            let bytes = &bytes[..bytes.len() - blank * BLOCK];
            let blank = bytes.iter().rev().take_while(|&&byte| is_white_space(byte)).count();
            &bytes[..bytes.len() - blank]
        }
        _ => bytes,
    }
}

/// The elements of a list, with the white space around them (RFC 9110, section 5.6.1).
pub(crate) fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let list = rest?;
        let Some(comma) = memchr::memchr(b',', list) else { return rest.take() };
        rest = Some(&list[comma + 1..]);
        Some(&list[..comma])
    })
}

/// The number of bytes at the start for which `is_kind` is true.
fn count_leading(bytes: &[u8], is_kind: impl Fn(u8) -> bool + Copy) -> usize {
    let blocks = bytes.chunks_exact(BLOCK).take_while(|block| all_bytes(block, is_kind)).count();
    let start = blocks * BLOCK;
    start + bytes[start..].iter().take_while(|&&byte| is_kind(byte)).count()
}

/// The number of bytes that are checked together. A client can send long values, and this is many times faster than
/// checking byte by byte.
const BLOCK: usize = 32;

/// Whether `is_kind` is true for all bytes of a block. It does not stop early, so that the compiler can vectorize it.
fn all_bytes(block: &[u8], is_kind: impl Fn(u8) -> bool) -> bool {
    block.iter().fold(true, |all, &byte| all & is_kind(byte))
}

fn is_white_space(byte: u8) -> bool {
    (byte == b' ') | (byte == b'\t')
}

/// The same as [`IS_TOKEN_BYTE`], in a form that the compiler can vectorize.
const fn is_token_byte(byte: u8) -> bool {
    const fn within(byte: u8, first: u8, last: u8) -> bool {
        byte.wrapping_sub(first) <= last - first
    }
    within(byte, b'^', b'z')
        | within(byte, b'A', b'Z')
        | within(byte, b'0', b'9')
        | within(byte, b'-', b'.')
        | within(byte, b'#', b'\'')
        | within(byte, b'*', b'+')
        | (byte == b'!')
        | (byte == b'|')
        | (byte == b'~')
}

/// Fetch, "CORS-safelisted method".
pub(crate) const SAFELISTED_METHODS: [&str; 3] = ["GET", "HEAD", "POST"];

/// Fetch, "forbidden method". They are case-insensitive.
pub(crate) const FORBIDDEN_METHODS: [&str; 3] = ["CONNECT", "TRACE", "TRACK"];

/// The methods of RFC 9110, section 9.3, and RFC 5789 that a page can use. They are standard only in upper case.
pub(crate) const STANDARD_METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

/// Fetch, "CORS non-wildcard request-header name".
pub(crate) const AUTHORIZATION: &str = "authorization";

/// Fetch, "forbidden response-header name".
pub(crate) const FORBIDDEN_RESPONSE_HEADERS: [&str; 2] = ["set-cookie", "set-cookie2"];

/// The prefix of all headers of the CORS protocol except `Origin`.
pub(crate) const ACCESS_CONTROL: &str = "access-control-";

/// Whether a lower-case name belongs to the CORS protocol.
pub(crate) fn is_cors_header(name: &str) -> bool {
    name == "origin" || name.starts_with(ACCESS_CONTROL)
}

/// Fetch, "forbidden request-header", for those that are forbidden with every value. `name` is in lower case.
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

/// Whether a byte can be part of a token, by its value.
const IS_TOKEN_BYTE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = is_token_byte(byte as u8);
        byte += 1;
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

    #[test]
    fn token_bytes() {
        let others = b"!#$%&'*+-.^_`|~";
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || others.contains(&byte);
            assert_eq!(is_token(&[byte]), expected, "{byte:#04x} alone");
            let mut long = [b'a'; 100];
            for position in [0, 31, 32, 63, 64, 99] {
                long[position] = byte;
                assert_eq!(is_token(&long), expected, "{byte:#04x} at {position}");
                long[position] = b'a';
            }
        }
    }

    #[rstest]
    fn long_white_space(
        #[values(0, 1, 31, 32, 33, 64, 100)] before: usize,
        #[values(0, 1, 31, 32, 33, 64, 100)] after: usize,
        #[values("", "a", "a \tb")] text: &str,
    ) {
        let padded = format!("{}{text}{}", " ".repeat(before), "\t".repeat(after));
        assert_eq!(trim_white_space(padded.as_bytes()), text.as_bytes());
    }

    #[rstest]
    #[case("")]
    #[case(",")]
    #[case("a")]
    #[case("a,")]
    #[case(",a")]
    #[case("a,, b ,c")]
    #[case(
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,"
    )]
    fn lists(#[case] list: &str) {
        let expected: Vec<_> = list.split(',').map(str::as_bytes).collect();
        assert_eq!(elements(list.as_bytes()).collect::<Vec<_>>(), expected);
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
