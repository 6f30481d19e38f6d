//! Fetch, "header list".

use std::collections::BTreeSet;

use super::value::shortest_range;

/// An ordered list of names and values. Names are compared byte-case-insensitively.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeaderList(Vec<(String, Vec<u8>)>);

impl HeaderList {
    /// Fetch, "contains".
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The values of the headers with this name, in order.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// Fetch, header list "get": the values joined by 0x2C 0x20, or `None`.
    pub(crate) fn combined(&self, name: &str) -> Option<Vec<u8>> {
        let values: Vec<&[u8]> = self.values(name).collect();
        (!values.is_empty()).then(|| values.join(&b", "[..]))
    }

    /// Fetch, header list "append".
    pub(crate) fn append(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        // Step 1: a repeated name takes the casing of the first.
        let known = self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        let name = known.map_or(name, |(other, _)| other.as_str()).to_owned();
        self.0.push((name, value.into()));
    }

    /// Fetch, header list "combine": joins the value to the first header with this name.
    pub(crate) fn combine(&mut self, name: &str, value: &[u8]) {
        match self.0.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            Some((_, combined)) => {
                combined.extend_from_slice(b", ");
                combined.extend_from_slice(value);
            }
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Replaces the value of the headers with this name.
    pub(crate) fn replace(&mut self, name: &str, value: &str) {
        for (_, old) in self.0.iter_mut().filter(|(other, _)| other.eq_ignore_ascii_case(name)) {
            *old = value.as_bytes().to_vec();
        }
    }

    /// Changes the casing of this name.
    pub(crate) fn rename(&mut self, name: &str) {
        for (other, _) in self.0.iter_mut().filter(|(other, _)| other.eq_ignore_ascii_case(name)) {
            name.clone_into(other);
        }
    }

    /// Writes the names that `spelling` knows as it spells them.
    pub(crate) fn respell(&mut self, spelling: impl Fn(&str) -> Option<&'static str>) {
        for (name, _) in &mut self.0 {
            if let Some(known) = spelling(name) {
                known.clone_into(name);
            }
        }
    }

    /// Removes all headers with this name but the last.
    pub(crate) fn keep_last(&mut self, name: &str) {
        let last = self.0.iter().rposition(|(other, _)| other.eq_ignore_ascii_case(name));
        let mut position = 0;
        self.0.retain(|(other, _)| {
            position += 1;
            Some(position - 1) == last || !other.eq_ignore_ascii_case(name)
        });
    }

    /// Keeps only the headers whose names fulfil `is_kept`.
    pub(crate) fn retain(&mut self, mut is_kept: impl FnMut(&str) -> bool) {
        self.0.retain(|(name, _)| is_kept(name));
    }

    /// Writes a `Range` with one range in its shortest form.
    pub(crate) fn rewrite_range(&mut self) {
        for (_, value) in self.0.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("range")) {
            if let Some(short) = shortest_range(value) {
                *value = short.into_bytes();
            }
        }
    }

    /// Replaces each byte of the values beyond ASCII by the UTF-8 of the character that it stands for.
    pub(crate) fn encode_as_utf8(&mut self) {
        for (_, value) in &mut self.0 {
            *value = isomorphic_decode(value).into_bytes();
        }
    }

    /// The names and values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// The names and values as lines, one for each value.
    pub(crate) fn lines(&self) -> Vec<(String, Vec<u8>)> {
        self.0.clone()
    }

    /// The header lines as browsers write them: one line for each name, with the values joined at the first position.
    pub(crate) fn into_lines(self) -> Vec<(String, Vec<u8>)> {
        let mut lines: Vec<(String, Vec<u8>)> = Vec::with_capacity(self.0.len());
        for (name, value) in self.0 {
            match lines.iter_mut().find(|(other, _)| *other == name) {
                Some((_, line)) => {
                    line.extend_from_slice(b", ");
                    line.extend_from_slice(&value);
                }
                None => lines.push((name, value)),
            }
        }
        lines
    }

    /// Fetch, "convert header names to a sorted-lowercase set".
    pub(crate) fn sorted_names(&self) -> BTreeSet<String> {
        self.0.iter().map(|(name, _)| name.to_ascii_lowercase()).collect()
    }

    /// Fetch, header list "sort and combine", decoded as a script reads it.
    pub(crate) fn sort_and_combine(&self) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for name in self.sorted_names() {
            // Step 3.1: `Set-Cookie` lines are never combined.
            if name == "set-cookie" {
                headers.extend(self.values(&name).map(|value| (name.clone(), isomorphic_decode(value))));
            } else if let Some(value) = self.combined(&name) {
                headers.push((name, isomorphic_decode(&value)));
            }
        }
        headers
    }
}

impl From<&[(String, Vec<u8>)]> for HeaderList {
    fn from(lines: &[(String, Vec<u8>)]) -> Self {
        Self(lines.to_vec())
    }
}

/// Infra, "isomorphic decode": each byte becomes one code point.
pub(crate) fn isomorphic_decode(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[(&str, &str)]) -> HeaderList {
        let mut list = HeaderList::default();
        for (name, value) in lines {
            list.append(name, *value);
        }
        list
    }

    #[test]
    fn combined_joins_the_values_of_a_name_in_any_case() {
        let list = list(&[("A", "1"), ("b", "x"), ("a", "2")]);
        assert_eq!(list.combined("a").as_deref(), Some(&b"1, 2"[..]));
        assert_eq!(list.combined("c"), None);
    }

    #[test]
    fn an_appended_name_takes_the_casing_of_the_first() {
        let list = list(&[("X-Tag", "1"), ("x-tag", "2")]);
        assert_eq!(list.into_lines(), [("X-Tag".to_owned(), b"1, 2".to_vec())]);
    }

    #[test]
    fn sort_and_combine_lowercases_names_and_keeps_set_cookie_lines() {
        let list = list(&[("X-B", "1"), ("Set-Cookie", "a"), ("A", "2"), ("x-b", "3"), ("set-cookie", "b")]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            list.sort_and_combine(),
            [pair("a", "2"), pair("set-cookie", "a"), pair("set-cookie", "b"), pair("x-b", "1, 3")]
        );
    }
}
