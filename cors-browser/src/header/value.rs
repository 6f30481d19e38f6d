//! Parsing of header values.

use super::list::isomorphic_decode;

/// RFC 9110, section 5.6.2, "token".
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// Fetch, "header value".
pub(crate) fn is_header_value(bytes: &[u8]) -> bool {
    let is_edge = |byte: Option<&u8>| matches!(byte, Some(b'\t' | b' '));
    !is_edge(bytes.first())
        && !is_edge(bytes.last())
        && !bytes.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r'))
}

/// Fetch, header value "normalize": strips HTTP whitespace bytes from both ends.
pub(crate) fn normalize(bytes: &[u8]) -> &[u8] {
    trim_where(bytes, is_whitespace)
}

/// Strips HTTP tab or space bytes from both ends.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    trim_where(bytes, |byte| matches!(byte, b'\t' | b' '))
}

fn trim_where(bytes: &[u8], is_space: impl Fn(&u8) -> bool) -> &[u8] {
    let Some(start) = bytes.iter().position(|byte| !is_space(byte)) else { return &[] };
    let end = bytes.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// Strips HTTP whitespace bytes from the end.
fn trim_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !is_whitespace(byte)).map_or(0, |last| last + 1);
    &bytes[..end]
}

/// Fetch, "HTTP whitespace byte".
fn is_whitespace(byte: &u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' ')
}

/// Fetch, "extract header list values" for a header whose ABNF is a list of tokens (RFC 9110, section 5.6.1).
///
/// Returns `Ok(None)` if the header is missing, and `Err` with the first line that cannot be parsed.
pub(crate) fn extract_list<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
) -> Result<Option<Vec<String>>, Vec<u8>> {
    let mut tokens = None;
    for line in lines {
        let tokens = tokens.get_or_insert_with(Vec::new);
        for member in line.split(|&byte| byte == b',').map(trim) {
            // RFC 9110, section 5.6.1.2: empty elements are ignored.
            if member.is_empty() {
                continue;
            }
            if !is_token(member) {
                return Err(line.to_vec());
            }
            tokens.push(String::from_utf8_lossy(member).into_owned());
        }
    }
    Ok(tokens)
}

/// The parsed value of `Access-Control-Max-Age`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MaxAge {
    /// The header is missing.
    Absent,
    /// A number of seconds.
    Seconds(u64),
    /// Any other value, which the standard does not allow. Several lines are joined.
    Other(String),
}

/// Fetch, "extract header list values" for `Access-Control-Max-Age`: one line of delta-seconds (RFC 9111, section
/// 1.2.2).
pub(crate) fn extract_max_age<'a>(lines: impl Iterator<Item = &'a [u8]>) -> MaxAge {
    let lines: Vec<&[u8]> = lines.map(trim).collect();
    let text = isomorphic_decode(&lines.join(&b", "[..]));
    match lines.as_slice() {
        [] => MaxAge::Absent,
        [digits] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            // RFC 9111, section 1.2.2: a number too large to represent counts as the largest one.
            MaxAge::Seconds(text.parse().unwrap_or(u64::MAX))
        }
        _ => MaxAge::Other(text),
    }
}

/// MIME Sniffing, "parse a MIME type", as far as its essence goes.
pub(crate) fn mime_essence(value: &[u8]) -> Option<String> {
    // Step 1.
    let value = normalize(value);
    let slash = value.iter().position(|&byte| byte == b'/')?;
    let (kind, rest) = (&value[..slash], &value[slash + 1..]);
    // Steps 7 and 8: white space is stripped from the subtype's end only.
    let subtype = trim_end(rest.split(|&byte| byte == b';').next()?);
    if !is_token(kind) || !is_token(subtype) {
        return None;
    }
    Some(String::from_utf8_lossy(&[kind, b"/", subtype].concat()).to_ascii_lowercase())
}

/// Fetch, "parse a single range header value" without white space: start and end.
pub(super) fn single_range(value: &[u8]) -> Option<(Option<u64>, Option<u64>)> {
    let value = std::str::from_utf8(value).ok()?;
    // Steps 2 to 6.
    let range = value.strip_prefix("bytes")?.strip_prefix('=')?;
    // Steps 8 to 16: digits, one hyphen, digits, and nothing else.
    let (start, end) = range.split_once('-')?;
    let number = |digits: &str| match digits {
        "" => Some(None),
        _ if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(Some(digits.parse().unwrap_or(u64::MAX)))
        }
        _ => None,
    };
    let (start, end) = (number(start)?, number(end)?);
    match (start, end) {
        // Step 17.
        (None, None) => None,
        // Step 18.
        (Some(start), Some(end)) if start > end => None,
        range => Some(range),
    }
}

/// A `Range` with one range in its shortest form, as Chromium writes it; `None` if the value is not such a range.
pub(super) fn shortest_range(value: &[u8]) -> Option<String> {
    let value = std::str::from_utf8(value).ok()?;
    let (unit, range) = value.split_once('=')?;
    let (start, end) = range.split_once('-')?;
    let number = |digits: &str| match digits.trim_matches([' ', '\t']) {
        "" => Some(None),
        digits => digits.parse::<u64>().ok().map(Some),
    };
    let (start, end) = (number(start)?, number(end)?);
    if !unit.trim_matches([' ', '\t']).eq_ignore_ascii_case("bytes") {
        return None;
    }
    let text = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    match (start, end) {
        (None, None) => None,
        (Some(start), Some(end)) if start > end => None,
        (start, end) => Some(format!("bytes={}-{}", text(start), text(end))),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn lines<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = &'a [u8]> {
        lines.iter().map(|line| line.as_bytes())
    }

    #[rstest]
    #[case(&["PUT, DELETE"], &["PUT", "DELETE"])]
    #[case(&["PUT,DELETE"], &["PUT", "DELETE"])]
    #[case(&["PUT", "DELETE"], &["PUT", "DELETE"])]
    #[case(&[" PUT\t,,\t, DELETE ,"], &["PUT", "DELETE"])]
    #[case(&["*"], &["*"])]
    #[case(&[""], &[])]
    fn a_list_spans_all_lines(#[case] input: &[&str], #[case] tokens: &[&str]) {
        let expected: Vec<String> = tokens.iter().map(|&token| token.to_owned()).collect();
        assert_eq!(extract_list(lines(input)), Ok(Some(expected)));
    }

    #[rstest]
    #[case("PUT DELETE")]
    #[case("PUT; DELETE")]
    #[case("\"PUT\"")]
    #[case("PUT,\u{e9}")]
    #[case("a:b")]
    fn a_list_with_a_member_that_is_not_a_token_fails(#[case] line: &str) {
        assert_eq!(extract_list(lines(&["GET", line])), Err(line.as_bytes().to_vec()));
    }

    #[test]
    fn a_missing_header_is_not_an_empty_list() {
        assert_eq!(extract_list(lines(&[])), Ok(None));
    }

    #[rstest]
    #[case(&["600"], MaxAge::Seconds(600))]
    #[case(&["0"], MaxAge::Seconds(0))]
    #[case(&[" 7 "], MaxAge::Seconds(7))]
    #[case(&["99999999999999999999999"], MaxAge::Seconds(u64::MAX))]
    #[case(&["-1"], MaxAge::Other("-1".into()))]
    #[case(&["-"], MaxAge::Other("-".into()))]
    #[case(&["1.5"], MaxAge::Other("1.5".into()))]
    #[case(&["+5"], MaxAge::Other("+5".into()))]
    #[case(&["600, 600"], MaxAge::Other("600, 600".into()))]
    #[case(&["600", "600"], MaxAge::Other("600, 600".into()))]
    #[case(&[""], MaxAge::Other(String::new()))]
    #[case(&[], MaxAge::Absent)]
    fn max_age_is_a_single_line_of_digits(#[case] input: &[&str], #[case] max_age: MaxAge) {
        assert_eq!(extract_max_age(lines(input)), max_age);
    }

    #[rstest]
    #[case("text/plain", Some("text/plain"))]
    #[case("Text/PLAIN; charset=utf-8", Some("text/plain"))]
    #[case("text/plain ;a=b;c", Some("text/plain"))]
    #[case("text/plain, text/plain", None)]
    #[case("text", None)]
    #[case("/plain", None)]
    #[case("text/", None)]
    #[case("te xt/plain", None)]
    #[case("text /plain", None)]
    #[case("text/ plain", None)]
    #[case("text/\tplain", None)]
    #[case(" text/plain ", Some("text/plain"))]
    fn the_essence_of_a_mime_type(#[case] value: &str, #[case] essence: Option<&str>) {
        assert_eq!(mime_essence(value.as_bytes()).as_deref(), essence);
    }

    #[rstest]
    #[case("bytes=0-", Some((Some(0), None)))]
    #[case("bytes=2-9", Some((Some(2), Some(9))))]
    #[case("bytes=-500", Some((None, Some(500))))]
    #[case("bytes=-", None)]
    #[case("bytes=9-2", None)]
    #[case("bytes=0-1,3-4", None)]
    #[case("bytes= 0-1", None)]
    #[case("bytes =0-1", None)]
    #[case("items=0-1", None)]
    #[case("bytes=0", None)]
    fn a_single_range(#[case] value: &str, #[case] range: Option<(Option<u64>, Option<u64>)>) {
        assert_eq!(single_range(value.as_bytes()), range);
    }

    #[rstest]
    #[case(b"a b", true)]
    #[case(b"", true)]
    #[case(b" a", false)]
    #[case(b"a\t", false)]
    #[case(b"a\nb", false)]
    #[case(b"a\0b", false)]
    fn header_values(#[case] value: &[u8], #[case] valid: bool) {
        assert_eq!(is_header_value(value), valid);
    }
}
