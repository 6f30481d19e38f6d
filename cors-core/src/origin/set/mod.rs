//! The origins that a policy allows.

mod subdomains;

use std::borrow::Cow;
use std::mem;

use self::subdomains::Subdomains;
use super::host::LONGEST_NAME;
use super::serialization::{is_port_of, split_port, split_scheme};
use super::{OriginPattern, PatternPort};
use crate::table::{Full, Inserted, TextTable};

/// Exact origins and patterns.
///
/// The cost of a look-up depends on the length of the origin, not on the number of entries.
#[derive(Clone, Default)]
pub(crate) struct OriginSet {
    null: bool,
    exact: TextTable,
    /// `scheme://host` of each pattern for all ports of a host.
    any_port: TextTable,
    subdomains: Subdomains,
}

/// Whether an entry was added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Added {
    New,
    /// The same entry was added before.
    Twice,
}

impl OriginSet {
    pub(crate) fn add_null(&mut self) -> Added {
        if mem::replace(&mut self.null, true) { Added::Twice } else { Added::New }
    }

    /// Adds a pattern. `text` is what it was parsed from.
    pub(crate) fn add(&mut self, pattern: &OriginPattern<'_>, text: &str) -> Result<Added, Full> {
        if pattern.subdomains {
            return self.subdomains.add(pattern);
        }
        let inserted = match pattern.port {
            PatternPort::Any => self.any_port.insert(&text[..text.len() - ":*".len()])?,
            PatternPort::Default | PatternPort::Exact(_) => self.exact.insert(text)?,
        };
        Ok(match inserted {
            Inserted::New(_) => Added::New,
            Inserted::Known(_) => Added::Twice,
        })
    }

    pub(crate) fn shrink(&mut self) {
        self.exact.shrink();
    }

    pub(crate) fn has_patterns(&self) -> bool {
        !self.any_port.is_empty() || !self.subdomains.is_empty()
    }

    /// Whether the value of an `Origin` header is in the set. Everything is compared byte for byte, except what a `*` covers.
    pub(crate) fn contains(&self, origin: &[u8]) -> bool {
        if self.exact.contains(origin) {
            return true;
        }
        if origin == b"null" {
            return self.null;
        }
        self.has_patterns() && self.patterns_contain(origin)
    }

    /// Whether another pattern contains everything that `pattern` contains.
    pub(crate) fn covers(&self, pattern: &OriginPattern<'_>) -> bool {
        if self.subdomains.covers(pattern) {
            return true;
        }
        let without_port = format!("{}://{}", pattern.scheme, pattern.host);
        !pattern.subdomains
            && pattern.port != PatternPort::Any
            && self.any_port.contains(without_port.as_bytes())
    }

    /// The entries as a policy writes them: exact origins, then patterns for all ports, then patterns for all subdomains,
    /// then `null`.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let any_port = self.any_port.iter().map(|text| format!("{text}:*").into());
        let exact = self.exact.iter().map(Into::into);
        exact.chain(any_port).chain(self.subdomains.iter()).chain(self.null.then_some("null".into()))
    }

    fn patterns_contain(&self, origin: &[u8]) -> bool {
        if origin.len() > "https://".len() + LONGEST_NAME + ":65535".len() {
            return false;
        }
        let Ok(origin) = std::str::from_utf8(origin) else {
            return false;
        };
        let Some((scheme, authority)) = split_scheme(origin) else {
            return false;
        };
        let (host, port) = split_port(authority);
        let port = match port {
            Some(port) if !is_port_of(port, scheme) => return false,
            // A valid port always has a number.
            Some(port) => port.parse().map_or(PatternPort::Any, PatternPort::Exact),
            None => PatternPort::Default,
        };
        let without_port = &origin[..scheme.len() + "://".len() + host.len()];
        self.any_port.contains(without_port.as_bytes()) || self.subdomains.contains(scheme, host, port)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn set(entries: &[&str]) -> OriginSet {
        let mut set = OriginSet::default();
        for entry in entries {
            if *entry == "null" {
                set.add_null();
            } else {
                set.add(&OriginPattern::parse(entry).unwrap(), entry).unwrap();
            }
        }
        set
    }

    #[rstest]
    #[case("https://app.example", "https://app.example", true)]
    #[case("https://app.example", "https://app.example.evil.example", false)]
    #[case("https://app.example", "https://app.exampl", false)]
    #[case("https://app.example", "http://app.example", false)]
    #[case("https://app.example", "https://app.example:8443", false)]
    #[case("https://app.example", "https://APP.example", false)]
    #[case("https://app.example", "https://app.example.", false)]
    #[case("https://app.example", "null", false)]
    #[case("https://app.example", "", false)]
    #[case("http://localhost:*", "http://localhost", true)]
    #[case("http://localhost:*", "http://localhost:3000", true)]
    #[case("http://localhost:*", "http://localhost:80", false)]
    #[case("http://localhost:*", "http://localhost:", false)]
    #[case("http://localhost:*", "http://localhost:03000", false)]
    #[case("http://localhost:*", "http://localhost:99999", false)]
    #[case("http://localhost:*", "http://localhost:30 00", false)]
    #[case("http://localhost:*", "http://localhost:3000:4000", false)]
    #[case("http://localhost:*", "http://localhost:*", false)]
    #[case("http://localhost:*", "https://localhost:3000", false)]
    #[case("http://localhost:*", "http://localhost.evil.example:3000", false)]
    #[case("http://[::1]:*", "http://[::1]:3000", true)]
    #[case("https://*.example.org", "https://a.example.org", true)]
    #[case("https://*.example.org", "https://a.b.c.example.org", true)]
    #[case("https://*.example.org", "https://example.org", false)]
    #[case("https://*.example.org", "https://.example.org", false)]
    #[case("https://*.example.org", "https://a..example.org", false)]
    #[case("https://*.example.org", "https://notexample.org", false)]
    #[case("https://*.example.org", "https://a.example.org.evil.example", false)]
    #[case("https://*.example.org", "https://a.example.org:8443", false)]
    #[case("https://*.example.org", "http://a.example.org", false)]
    #[case("https://*.example.org", "https://A.example.org", false)]
    #[case("https://*.example.org", "https://*.example.org", false)]
    #[case("https://*.example.org", "https://evil.example/.example.org", false)]
    #[case("https://*.example.org", "https://evil.example?.example.org", false)]
    #[case("https://*.example.org", "https://user@a.example.org", false)]
    #[case("https://*.example.org", "https://a\0.example.org", false)]
    #[case("https://*.example.org", "https://a.example.org https://b.example.org", false)]
    #[case("https://*.example.org:8443", "https://a.example.org:8443", true)]
    #[case("https://*.example.org:8443", "https://a.example.org", false)]
    #[case("https://*.example.org:*", "https://a.example.org", true)]
    #[case("https://*.example.org:*", "https://a.example.org:8443", true)]
    #[case("https://*.example.org:*", "https://a.example.org:443", false)]
    #[case("https://*.example.org:*", "https://a.example.org:1x", false)]
    #[case("null", "null", true)]
    #[case("null", "NULL", false)]
    #[case("chrome-extension://abc", "chrome-extension://abc", true)]
    #[case("chrome-extension://abc", "chrome-extension://abcd", false)]
    fn membership(#[case] entry: &str, #[case] origin: &str, #[case] expected: bool) {
        assert_eq!(set(&[entry]).contains(origin.as_bytes()), expected);
    }

    #[test]
    fn a_longer_domain_does_not_hide_a_shorter_one() {
        let set = set(&["https://*.a.example.org:8443", "https://*.example.org"]);
        assert!(set.contains(b"https://x.a.example.org"));
        assert!(set.contains(b"https://x.a.example.org:8443"));
        assert!(!set.contains(b"https://x.b.example.org:8443"));
    }

    #[test]
    fn the_longest_name_is_allowed_and_a_longer_one_is_not() {
        let set = set(&["https://*.example.org"]);
        let host = |labels: usize| format!("https://{}b.example.org", "a.".repeat(labels));
        assert!(set.contains(host((LONGEST_NAME - "b.example.org".len()) / 2).as_bytes()));
        assert!(!set.contains(host((LONGEST_NAME - "b.example.org".len()) / 2 + 1).as_bytes()));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_not_contained() {
        assert!(!set(&["https://*.example.org"]).contains(b"https://\xff.example.org"));
    }

    #[rstest]
    #[case(&["https://*.example.org"], "https://a.example.org", true)]
    #[case(&["https://*.example.org"], "https://*.a.example.org", true)]
    #[case(&["https://*.example.org"], "https://a.example.org:*", false)]
    #[case(&["https://*.example.org:*"], "https://a.example.org:*", true)]
    #[case(&["https://*.example.org:*"], "https://*.example.org:8443", true)]
    #[case(&["https://*.example.org"], "https://*.example.org", false)]
    #[case(&["http://localhost:*"], "http://localhost:3000", true)]
    #[case(&["http://localhost:*"], "http://localhost:*", false)]
    #[case(&["https://a.example"], "https://a.example", false)]
    fn covering(#[case] entries: &[&str], #[case] pattern: &str, #[case] expected: bool) {
        assert_eq!(set(entries).covers(&OriginPattern::parse(pattern).unwrap()), expected);
    }

    #[test]
    fn lists_what_was_added() {
        let entries = [
            "https://a.example",
            "http://b.example:8080",
            "http://localhost:*",
            "https://*.c.example",
            "https://*.c.example:8443",
            "http://*.c.example:*",
            "null",
        ];
        assert_eq!(set(&entries).iter().collect::<Vec<_>>(), entries);
    }
}
