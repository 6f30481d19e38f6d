//! Lists of methods and header names.

use crate::table::TextTable;
use crate::token::AUTHORIZATION;

/// The names of a list field, as they are written and as they are looked up.
#[derive(Clone, Default)]
pub(crate) struct NameList {
    any: bool,
    /// `authorization` is covered: listed, beside `*` or among names.
    authorization: bool,
    entries: Vec<String>,
    /// The entries in the order of their bytes, if they are few.
    sorted: Vec<Box<[u8]>>,
    table: TextTable,
}

/// How many names are looked for one after another; more are found faster in the table.
const FEW: usize = 16;

impl NameList {
    /// `entries` are checked: `*` alone, `*` with `authorization`, or names, each once.
    pub(super) fn new(entries: Vec<String>) -> Self {
        let mut table = TextTable::default();
        for name in &entries {
            // A list that overflows 32 bits has no place in a header; the names beyond are not allowed.
            let _ = table.insert(name, table.hash_ignoring_case(name.as_bytes()));
        }
        let mut sorted = Vec::new();
        if entries.len() <= FEW {
            sorted.extend(entries.iter().map(|name| Box::from(name.as_bytes())));
            sorted.sort_unstable();
        }
        Self {
            any: entries.iter().any(|name| name == "*"),
            authorization: entries.iter().any(|name| name == AUTHORIZATION),
            entries,
            sorted,
            table,
        }
    }

    /// Whether `*` is among them.
    pub(crate) fn is_any(&self) -> bool {
        self.any
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Whether a method is listed, by its exact case (RFC 9110, section 9.1).
    pub(crate) fn lists_method(&self, method: &[u8]) -> bool {
        self.find(method, |name| name.as_bytes() == method)
    }

    /// Whether a header name is listed, in any case (RFC 9110, section 5.1).
    pub(crate) fn lists_header(&self, header: &[u8]) -> bool {
        self.find(header, |name| name.as_bytes() == header || name.as_bytes().eq_ignore_ascii_case(header))
    }

    /// Whether this is a list, as browsers write it, of names that are listed; `false` does not say that it is none.
    ///
    /// Browsers send names in lower case, each once, sorted, with nothing but a comma between them (Fetch, "CORS-preflight
    /// fetch", step 5), so that one pass over the sorted entries is enough.
    pub(crate) fn covers_sorted_list(&self, list: &[u8]) -> bool {
        let mut rest = list;
        for name in &self.sorted {
            match rest.strip_prefix(&**name) {
                Some([]) => return !self.any,
                Some([b',', after @ ..]) => rest = after,
                _ => {}
            }
        }
        false
    }

    /// Whether `*` stands for this header name, which is a token: for every one but `authorization`, which has to be listed
    /// (Fetch, "CORS non-wildcard request-header name").
    pub(crate) fn wildcard_covers_header(&self, header: &[u8]) -> bool {
        self.any && (self.authorization || !header.eq_ignore_ascii_case(AUTHORIZATION.as_bytes()))
    }

    /// The value of the response header that carries the whole list.
    pub(crate) fn to_header(&self) -> String {
        self.entries.join(", ")
    }

    fn find(&self, name: &[u8], is_wanted: impl Fn(&str) -> bool) -> bool {
        name.len() <= self.table.longest()
            && self.table.find(self.table.hash_ignoring_case(name), is_wanted).is_some()
    }
}

impl PartialEq for NameList {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}
