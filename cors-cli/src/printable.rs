//! Text from servers and files, made safe to print on a terminal.

use cors_conformance::text::printable;

/// Escapes the characters of a text that control a terminal or change the direction of writing.
pub(crate) fn text(text: &str) -> String {
    bytes(text.as_bytes())
}

/// Decodes bytes as UTF-8, and escapes them like [`text`].
pub(crate) fn bytes(bytes: &[u8]) -> String {
    printable(bytes, usize::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_start_and_the_end_of_a_long_text() {
        assert_eq!(shortened("abcdefgh", 4), "ab…gh");
        assert_eq!(shortened("éééé", 4), "éééé");
    }
}
