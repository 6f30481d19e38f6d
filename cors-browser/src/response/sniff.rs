//! What the first bytes of a body say about its type.

/// MIME Sniffing, "matching an image type pattern".
pub(super) fn is_image(body: &[u8]) -> bool {
    let starts_with = |pattern: &[u8]| body.starts_with(pattern);
    starts_with(b"\0\0\x01\0")
        || starts_with(b"\0\0\x02\0")
        || starts_with(b"BM")
        || starts_with(b"GIF87a")
        || starts_with(b"GIF89a")
        || (starts_with(b"RIFF") && body.get(8..14) == Some(b"WEBPVP"))
        || starts_with(b"\x89PNG\r\n\x1a\n")
        || starts_with(b"\xff\xd8\xff")
}

/// MIME Sniffing, "matching an audio or video type pattern", as far as a fixed pattern goes.
pub(super) fn is_media(body: &[u8]) -> bool {
    let starts_with = |pattern: &[u8]| body.starts_with(pattern);
    starts_with(b"ID3")
        || starts_with(b"OggS\0")
        || starts_with(b"MThd\0\0\0\x06")
        || starts_with(b"\x1a\x45\xdf\xa3")
        || body.get(4..8) == Some(b"ftyp")
        || (starts_with(b"FORM") && body.get(8..12) == Some(b"AIFF"))
        || (starts_with(b"RIFF") && matches!(body.get(8..12), Some(b"AVI " | b"WAVE")))
}

/// MIME Sniffing, "matching a font type pattern".
pub(super) fn is_font(body: &[u8]) -> bool {
    [&b"\0\x01\0\0"[..], b"OTTO", b"ttcf", b"wOFF", b"wOF2"].iter().any(|pattern| body.starts_with(pattern))
}

/// The text without a byte order mark and white space in front.
fn trim_start(mut body: &[u8]) -> &[u8] {
    body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let start = body.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(body.len());
    &body[start..]
}

fn starts_with_any_case(body: &[u8], pattern: &str) -> bool {
    body.get(..pattern.len()).is_some_and(|start| start.eq_ignore_ascii_case(pattern.as_bytes()))
}

/// Whether the body looks like HTML (services/network/orb/orb_sniffers.cc, `SniffForHTML`): a tag after any comments.
pub(super) fn looks_like_html(body: &[u8]) -> bool {
    const TAGS: &[&str] = &[
        "<!doctype html",
        "<script",
        "<html",
        "<head",
        "<iframe",
        "<h1",
        "<div",
        "<font",
        "<table",
        "<a",
        "<style",
        "<title",
        "<b",
        "<body",
        "<br",
        "<p",
    ];
    let mut rest = trim_start(body);
    while let Some(comment) = rest.strip_prefix(b"<!--") {
        let Some(end) = comment.windows(3).position(|bytes| bytes == b"-->") else { return false };
        rest = trim_start(&comment[end + 3..]);
    }
    TAGS.iter().any(|tag| starts_with_any_case(rest, tag))
}

/// Whether the body looks like XML (the same file, `SniffForXML`).
pub(super) fn looks_like_xml(body: &[u8]) -> bool {
    trim_start(body).starts_with(b"<?xml")
}

/// Whether the body looks like JSON that is not JavaScript (the same file, `SniffForJSON`): an object with a member. Lists and
/// an empty object are JavaScript, too.
pub(super) fn looks_like_json(body: &[u8]) -> bool {
    let Some(object) = trim_start(body).strip_prefix(b"{") else { return false };
    let Some(name) = trim_start(object).strip_prefix(b"\"") else { return false };
    let mut bytes = name.iter().enumerate();
    while let Some((index, &byte)) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' => return trim_start(&name[index + 1..]).starts_with(b":"),
            0..0x20 => return false,
            _ => {}
        }
    }
    false
}

/// Whether the body begins so that it cannot run as a script (the same file, `SniffForFetchOnlyResource`).
pub(super) fn has_parser_breaker(body: &[u8]) -> bool {
    let body = trim_start(body);
    if [&b")]}'"[..], b"{}&&"].iter().any(|breaker| body.starts_with(breaker)) {
        return true;
    }
    // `for(;;);` and `while(1);`, with white space between the tokens.
    let compact: Vec<u8> = body.iter().take(64).copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    ["for(;;);", "while(1);", "while(true);"].iter().any(|loop_| compact.starts_with(loop_.as_bytes()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // Each body was also the response to a script of another origin in Chromium.
    #[rstest]
    #[case(r#"{"a":1}"#, true)]
    #[case(r#"{"a":"#, true)]
    #[case("\n { \"a\" : 1 }", true)]
    #[case(r#"{"a\"b":1}"#, true)]
    #[case("\u{feff}{\"a\":1}", true)]
    #[case("{}", false)]
    #[case("[1]", false)]
    #[case(r#"{"a""#, false)]
    #[case("{'a':1}", false)]
    #[case("null", false)]
    fn json(#[case] body: &str, #[case] expected: bool) {
        assert_eq!(looks_like_json(body.as_bytes()), expected);
    }

    #[rstest]
    #[case("<!DOCTYPE html>", true)]
    #[case("<p>hi", true)]
    #[case("<bx", true)]
    #[case("<svg>", false)]
    #[case("<!doctype foo>", false)]
    #[case("<!--c-->\nx", false)]
    #[case("<!--c-->\n<html>", true)]
    #[case("<!--c", false)]
    #[case("a<p>", false)]
    fn html(#[case] body: &str, #[case] expected: bool) {
        assert_eq!(looks_like_html(body.as_bytes()), expected);
    }

    #[rstest]
    #[case(")]}',\n{}", true)]
    #[case("{}&&x", true)]
    #[case("while(1);x", true)]
    #[case("for (;;) ;x", true)]
    #[case("while(x);", false)]
    #[case("x", false)]
    fn parser_breakers(#[case] body: &str, #[case] expected: bool) {
        assert_eq!(has_parser_breaker(body.as_bytes()), expected);
    }

    #[test]
    fn signatures() {
        assert!(is_image(b"\x89PNG\r\n\x1a\n...") && is_image(b"RIFF....WEBPVP8 ") && !is_image(b"PNG"));
        assert!(is_font(b"wOF2....") && !is_font(b"{}"));
        assert!(is_media(b"....ftypmp42") && !is_media(b"{}"));
        assert!(looks_like_xml(b"\n<?xml version=\"1.0\"?>") && !looks_like_xml(b"<xml>"));
    }
}
