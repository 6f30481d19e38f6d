//! Text formats within scenario files.

use url::Url;

/// Replaces `\xNN` by the byte NN and `\\` by a backslash. `None` if another character follows a backslash.
pub(super) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match after {
            [b'\\', after @ ..] => {
                bytes.push(b'\\');
                rest = after;
            }
            [b'x', high, low, after @ ..] => {
                let digits = [char::from(*high).to_digit(16)?, char::from(*low).to_digit(16)?];
                bytes.push(u8::try_from(digits[0] * 16 + digits[1]).ok()?);
                rest = after;
            }
            _ => return None,
        }
    }
    Some(bytes)
}

pub(super) fn is_identifier(id: &str) -> bool {
    id.split('/').count() >= 2 && id.split('/').all(is_slug)
}

pub(super) fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

pub(super) fn server_origin(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text).then_some(url)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain", Some("plain".as_bytes()))]
    #[case(r"a\x00b", Some("a\0b".as_bytes()))]
    #[case(r"\xfF", Some([0xff].as_slice()))]
    #[case(r"a\\x00", Some(r"a\x00".as_bytes()))]
    #[case("é", Some("é".as_bytes()))]
    #[case(r"\x0", None)]
    #[case(r"\xg0", None)]
    #[case(r"\n", None)]
    fn escapes_are_replaced(#[case] text: &str, #[case] bytes: Option<&[u8]>) {
        assert_eq!(unescape(text).as_deref(), bytes);
    }

    #[rstest]
    #[case("https://api.example", true)]
    #[case("http://localhost:8080", true)]
    #[case("https://api.example/v1", false)]
    #[case("wss://api.example", false)]
    #[case("null", false)]
    fn only_http_origins_are_server_origins(#[case] text: &str, #[case] is_valid: bool) {
        assert_eq!(server_origin(text).is_some(), is_valid);
    }
}
