//! Text from servers, programs and files, made safe to print.

use std::fmt::Write as _;

/// The most bytes of a header value or body that a report shows.
pub const SHOWN: usize = 200;

/// Bytes as text for a terminal or a page.
///
/// Control characters, invisible formatting characters and bytes that are not UTF-8 are written as `\xNN`. Text after `limit`
/// bytes is cut, and the full length is added.
pub fn printable(bytes: &[u8], limit: usize) -> String {
    let mut shown = String::new();
    for chunk in bytes[..bytes.len().min(limit)].utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_unsafe(character) {
                escape(character.encode_utf8(&mut [0; 4]).as_bytes(), &mut shown);
            } else {
                shown.push(character);
            }
        }
        escape(chunk.invalid(), &mut shown);
    }
    if bytes.len() > limit {
        // Writing into a string cannot fail.
        let _ = write!(shown, "… ({} bytes)", bytes.len());
    }
    shown
}

/// Whether a character can change how the text around it is displayed, or cannot be seen.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn escape(bytes: &[u8], shown: &mut String) {
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(shown, "\\x{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain(b"a b", "a b")]
    #[case::umlaut("ü".as_bytes(), "ü")]
    #[case::escape_sequence(b"\x1b[31mred", r"\x1b[31mred")]
    #[case::line_feed(b"a\nb", r"a\x0ab")]
    #[case::not_utf8(b"a\xff", r"a\xff")]
    #[case::text_direction("\u{202e}a".as_bytes(), r"\xe2\x80\xaea")]
    #[case::too_long(b"0123456789abcdef", "0123456789… (16 bytes)")]
    fn unsafe_characters_are_escaped(#[case] bytes: &[u8], #[case] expected: &str) {
        assert_eq!(printable(bytes, if bytes.len() == 16 { 10 } else { SHOWN }), expected);
    }
}
