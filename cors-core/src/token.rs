//! Tokens and lists of RFC 9110, and the names that the Fetch standard sets apart.

/// Whether `bytes` is a token (RFC 9110, section 5.6.2): a method or a header name.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    !bytes.is_empty()
        && blocks.iter().all(|block| every(block, is_token_byte))
        && rest.iter().all(|&byte| IS_TOKEN_BYTE[usize::from(byte)])
}

/// Without the optional white space around it (RFC 9110, section 5.6.3).
pub(crate) fn trim_white_space(bytes: &[u8]) -> &[u8] {
    let bytes = &bytes[leading(bytes, is_white_space)..];
    match bytes {
        [.., b' ' | b'\t'] => {
            let (_, blocks) = bytes.as_rchunks::<BLOCK>();
            let blank = blocks.iter().rev().take_while(|block| every(block, is_white_space)).count();
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
        let (element, after) = list.split_at(leading(list, |byte| byte != b','));
        rest = after.get(1..);
        Some(element)
    })
}

/// How many bytes at the start are of a kind.
fn leading(bytes: &[u8], is_kind: impl Fn(u8) -> bool + Copy) -> usize {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let start = blocks.iter().take_while(|block| every(block, is_kind)).count() * BLOCK;
    start + bytes[start..].iter().take_while(|&&byte| is_kind(byte)).count()
}

/// How many bytes are looked at together. Values from strangers may be long, and this is many times faster than one by one.
const BLOCK: usize = 32;

/// Whether every byte is of a kind; it does not stop at the first that is not, so that the compiler can do without branches.
fn every(block: &[u8; BLOCK], is_kind: impl Fn(u8) -> bool) -> bool {
    block.iter().fold(true, |every, &byte| every & is_kind(byte))
}

fn is_white_space(byte: u8) -> bool {
    (byte == b' ') | (byte == b'\t')
}

/// What [`IS_TOKEN_BYTE`] says, as comparisons.
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
