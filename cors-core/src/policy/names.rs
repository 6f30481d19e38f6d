//! Lists of methods and header names.

use crate::token::AUTHORIZATION;

/// The checked entries of a list field.
#[derive(Clone, Default)]
pub(crate) struct NameList {
    /// `*` is listed.
    any: bool,
    /// `authorization` is listed, beside `*` or other names.
    authorization: bool,
    entries: Vec<String>,
    /// The positions of the entries, sorted by the bytes of the entries.
    sorted: Vec<usize>,
    /// The positions of the entries after their keys, sorted.
    by_key: Vec<(Key, usize)>,
}

/// What is compared before a name is: its length and its last four bytes. It is the same for all spellings of a header name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u64);

impl Key {
    #[inline]
    fn new(name: &[u8]) -> Self {
        let end = match name.last_chunk() {
            Some(end) => u32::from_be_bytes(*end),
            None => name.iter().fold(0, |end, &byte| end << 8 | u32::from(byte)),
        };
        // This bit makes letters lower case. Other bytes lose one bit of difference. Names of more than 4 GiB do not exist.
        Self((name.len() as u64) << 32 | u64::from(end | 0x2020_2020))
    }
}

/// The most names that are compared one after another. In a longer list a name is searched for by halving.
const MAX_SCANNED: usize = 16;

impl NameList {
    /// `entries` must be checked: `*` alone, `*` with `authorization`, or methods or lower-case header names without
    /// repetition.
    pub(super) fn new(entries: Vec<String>) -> Self {
        let mut sorted: Vec<_> = (0..entries.len()).collect();
        sorted.sort_unstable_by(|&left, &right| entries[left].cmp(&entries[right]));
        let mut by_key: Vec<_> = entries.iter().map(|name| Key::new(name.as_bytes())).zip(0..).collect();
        by_key.sort_unstable();
        Self {
            any: entries.iter().any(|name| name == "*"),
            authorization: entries.iter().any(|name| name == AUTHORIZATION),
            entries,
            sorted,
            by_key,
        }
    }

    /// Whether `*` is listed.
    pub(crate) fn is_any(&self) -> bool {
        self.any
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Whether a method is listed. Methods are case-sensitive (RFC 9110, section 9.1).
    pub(crate) fn lists_method(&self, method: &[u8]) -> bool {
        self.find(method, |name| name == method)
    }

    /// Whether a header name is listed. Header names are case-insensitive (RFC 9110, section 5.1).
    pub(crate) fn lists_header(&self, header: &[u8]) -> bool {
        self.find(header, |name| name == header || name.eq_ignore_ascii_case(header))
    }

    /// Whether this is a list of names that are listed, in the form in which browsers write it. `false` means that the list
    /// needs a closer look.
    ///
    /// Browsers send names in lower case, each once, sorted, and separated by single commas (Fetch, "CORS-preflight fetch",
    /// step 5), so one pass over the sorted entries is enough.
    pub(crate) fn covers_sorted_list(&self, list: &[u8]) -> bool {
        if self.any || self.sorted.len() > MAX_SCANNED {
            return false;
        }
        let mut rest = list;
        for &position in &self.sorted {
            match rest.strip_prefix(self.entries[position].as_bytes()) {
                Some([]) => return true,
                Some([b',', after @ ..]) => rest = after,
                _ => {}
            }
        }
        false
    }

    /// Whether `*` covers this header name, which must be a token. It covers all names except `authorization` (Fetch, "CORS
    /// non-wildcard request-header name").
    pub(crate) fn wildcard_covers_header(&self, header: &[u8]) -> bool {
        self.any && (self.authorization || !header.eq_ignore_ascii_case(AUTHORIZATION.as_bytes()))
    }

    /// The value of the response header with the whole list.
    pub(crate) fn to_header(&self) -> String {
        self.entries.join(", ")
    }

    #[inline]
    fn find(&self, name: &[u8], is_same: impl Fn(&[u8]) -> bool) -> bool {
        let key = Key::new(name);
        let start = match self.by_key.len() {
            ..=MAX_SCANNED => self.by_key.iter().position(|(other, _)| *other == key),
            _ => Some(self.by_key.partition_point(|(other, _)| *other < key)),
        };
        let from_start = start.and_then(|start| self.by_key.get(start..)).unwrap_or_default();
        let same_key = from_start.iter().take_while(|(other, _)| *other == key);
        same_key.into_iter().any(|&(_, position)| is_same(self.entries[position].as_bytes()))
    }
}

impl PartialEq for NameList {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn list(names: &[&str]) -> NameList {
        NameList::new(names.iter().map(ToString::to_string).collect())
    }

    #[rstest]
    #[case("PUT", true)]
    #[case("PATCH", true)]
    #[case("put", false)]
    #[case("PUTT", false)]
    #[case("PU", false)]
    #[case("", false)]
    fn methods(#[case] method: &str, #[case] expected: bool) {
        assert_eq!(list(&["PUT", "DELETE", "PATCH"]).lists_method(method.as_bytes()), expected);
    }

    #[rstest]
    #[case("x-request-id", true)]
    #[case("X-Request-ID", true)]
    #[case("authorization", true)]
    #[case("x-request", false)]
    #[case("x-request-ids", false)]
    #[case("x_request-id", false)]
    #[case("\u{58}\r", false)]
    fn headers(#[case] header: &str, #[case] expected: bool) {
        let names = list(&["x-request-id", "authorization", "content-type"]);
        assert_eq!(names.lists_header(header.as_bytes()), expected);
    }

    #[rstest]
    #[case("authorization", true)]
    #[case("authorization,content-type", true)]
    #[case("content-type,x-a", true)]
    #[case("content-type,authorization", false)]
    #[case("authorization, content-type", false)]
    #[case("authorization,", false)]
    #[case("authorization,authorization", false)]
    #[case("authorizations", false)]
    #[case("x-b", false)]
    #[case("", false)]
    fn lists_as_browsers_send_them(#[case] header: &str, #[case] expected: bool) {
        let names = list(&["x-a", "content-type", "authorization"]);
        assert_eq!(names.covers_sorted_list(header.as_bytes()), expected);
    }

    #[test]
    fn a_wildcard_is_not_the_name_of_a_header() {
        assert!(!list(&["*"]).covers_sorted_list(b"*"));
    }

    #[test]
    fn a_long_list_is_searched() {
        let names: Vec<_> = (0..100).map(|number| format!("x-{number}")).collect();
        let list = NameList::new(names.clone());
        assert!(names.iter().all(|name| list.lists_header(name.as_bytes())));
        assert!(!list.lists_header(b"x-100") && !list.covers_sorted_list(b"x-1"));
    }
}
