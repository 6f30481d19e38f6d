//! Where a field stands in a file.

use toml::de::{DeTable, DeValue};

/// The line on which `field` stands in a TOML text, counted from one; `field` may name an entry of a list, such as
/// `allow_origins[2]`.
pub(super) fn line_of(text: &str, field: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let (name, entry) = match field.split_once('[') {
        Some((name, entry)) => (name, entry.trim_end_matches(']').parse::<usize>().ok()),
        None => (field, None),
    };
    let (key, value) = table.get_ref().iter().find(|(key, _)| key.get_ref() == name)?;
    let entry = match (entry, value.get_ref()) {
        (Some(position), DeValue::Array(entries)) => entries.get(position),
        _ => None,
    };
    let start = entry.map_or_else(|| key.span().start, |entry| entry.span().start);
    Some(line_at(text, start))
}

/// The line of a byte of `text`, counted from one.
pub(super) fn line_at(text: &str, position: usize) -> usize {
    text.bytes().take(position).filter(|&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("allow_origins", Some(2))]
    #[case("allow_origins[0]", Some(3))]
    #[case("allow_origins[1]", Some(4))]
    #[case("allow_origins[9]", Some(2))]
    #[case("max_age", Some(6))]
    #[case("diagnostics", None)]
    fn lines(#[case] field: &str, #[case] expected: Option<usize>) {
        let text = "# who may read\nallow_origins = [\n  \"https://a.example\",\n  \"https://b.example\",\n]\nmax_age = 3\n";
        assert_eq!(line_of(text, field), expected);
    }
}
