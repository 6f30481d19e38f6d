//! Text from servers, made safe to print.
//!
//! A server under test chooses its header values, and they end up on a terminal. Everything that comes from a server goes
//! through this module first.

use std::fmt::Write;

/// Escapes the characters that control a terminal or change the direction of the text around them.
pub(crate) fn text(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    push(text, &mut printable);
    printable
}

/// Decodes bytes as UTF-8 and escapes them like [`text`]; bytes that are not UTF-8 become `\xNN`.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    let mut printable = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        push(chunk.valid(), &mut printable);
        for byte in chunk.invalid() {
            // Writing into a string cannot fail.
            let _ = write!(printable, "\\x{byte:02x}");
        }
    }
    printable
}

/// Removes the middle of a text that is longer than `limit` characters. The start and the end usually say what it is.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    let count = text.chars().count();
    if count <= limit {
        return text.to_owned();
    }
    let half = limit / 2;
    let start: String = text.chars().take(half).collect();
    let end: String = text.chars().skip(count - half).collect();
    format!("{start}…{end}")
}

fn push(text: &str, printable: &mut String) {
    for character in text.chars() {
        if is_unprintable(character) {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
}

/// Control characters, and the invisible ones that change the direction of writing or have no width.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_controls_a_terminal() {
        assert_eq!(text("a\u{1b}[2J\u{202e}é"), "a\\u{1b}[2J\\u{202e}é");
        assert_eq!(bytes(b"\x07a\xff\xc3\xa9"), "\\u{7}a\\xffé");
    }

    #[test]
    fn keeps_the_start_and_the_end_of_a_long_text() {
        assert_eq!(shortened("abcdefgh", 4), "ab…gh");
        assert_eq!(shortened("éééé", 4), "éééé");
    }
}
