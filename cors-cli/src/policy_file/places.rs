//! The lines of the fields of a policy file.

use std::collections::HashMap;

use toml::de::{DeTable, DeValue};

/// The lines of the fields of a TOML text, counted from one. The entries of a list have lines too, such as `allow_origins[2]`.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<String, usize>);

impl Places {
    /// Finds every field. A text that is not TOML has none.
    pub(super) fn of(text: &str) -> Self {
        let mut lines = HashMap::new();
        let Ok(table) = DeTable::parse(text) else {
            return Self(lines);
        };
        let ends: Vec<usize> = text.match_indices('\n').map(|(position, _)| position).collect();
        let line = |position: usize| ends.partition_point(|end| *end < position) + 1;
        for (key, value) in table.get_ref() {
            let name = key.get_ref();
            lines.insert(name.to_string(), line(key.span().start));
            let DeValue::Array(entries) = value.get_ref() else { continue };
            for (position, entry) in entries.iter().enumerate() {
                lines.insert(format!("{name}[{position}]"), line(entry.span().start));
            }
        }
        Self(lines)
    }

    /// The line of `field`, or of the list that it would be in.
    pub(super) fn line_of(&self, field: &str) -> Option<usize> {
        let list = || field.split_once('[').and_then(|(list, _)| self.0.get(list));
        self.0.get(field).or_else(list).copied()
    }
}

/// The line of the byte at `position` of `text`, counted from one.
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
        let text = "# origins that may read\nallow_origins = [\n  \"https://a.example\",\n  \"https://b.example\",\n]\nmax_age = 3\n";
        assert_eq!(Places::of(text).line_of(field), expected);
    }
}
