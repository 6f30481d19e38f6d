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
        add_table(table.get_ref(), "", &line, &mut lines);
        Self(lines)
    }

    /// The line of `field`, or of the list or table that it would be in.
    pub(super) fn line_of(&self, field: &str) -> Option<usize> {
        let ends = field.rmatch_indices(['[', '.']).map(|(end, _)| &field[..end]);
        std::iter::once(field).chain(ends).find_map(|place| self.0.get(place)).copied()
    }
}

/// Adds the fields of a table, whose names start with `prefix`, and the tables in its lists.
fn add_table(
    table: &DeTable<'_>,
    prefix: &str,
    line: &dyn Fn(usize) -> usize,
    lines: &mut HashMap<String, usize>,
) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        lines.insert(name.clone(), line(key.span().start));
        let DeValue::Array(entries) = value.get_ref() else { continue };
        for (position, entry) in entries.iter().enumerate() {
            let place = format!("{name}[{position}]");
            lines.insert(place.clone(), line(entry.span().start));
            if let DeValue::Table(inner) = entry.get_ref() {
                add_table(inner, &format!("{place}."), line, lines);
            }
        }
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
    #[case("rules", Some(7))]
    #[case("rules[0].allow_origins[0]", Some(8))]
    #[case("rules[0].allow_origins[9]", Some(8))]
    #[case("rules[0].max_age", Some(7))]
    #[case("rules[1].max_age", Some(10))]
    #[case("rules[1].allow_origins", Some(9))]
    fn lines(#[case] field: &str, #[case] expected: Option<usize>) {
        let text = "# origins that may read\nallow_origins = [\n  \"https://a.example\",\n  \"https://b.example\",\n]\nmax_age = 3\n[[rules]]\nallow_origins = [\"https://c.example\"]\n[[rules]]\nmax_age = 1\n";
        assert_eq!(Places::of(text).line_of(field), expected);
    }
}
