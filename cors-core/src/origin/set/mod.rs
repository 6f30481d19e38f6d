//! The origins that a policy allows.

mod labels;
mod ports;
mod subdomains;

use std::borrow::Cow;
use std::mem;

use self::labels::PartialLabels;
use self::subdomains::Subdomains;
use super::serialization::{FILE, LONGEST_ORIGIN, is_host, is_port_of, split_port, split_scheme};
use super::{HostPattern, OriginPattern, PatternPort};
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
    /// Absent from most policies, so that their requests pay nothing for it.
    rare: Option<Box<RarePatterns>>,
    /// There are other entries than exact ones.
    has_patterns: bool,
}

#[derive(Clone, Default)]
struct RarePatterns {
    labels: PartialLabels,
    /// The schemes of which every host is allowed.
    app_schemes: TextTable,
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

    /// Adds `file://`.
    pub(crate) fn add_file(&mut self) -> Result<Added, Full> {
        self.exact.insert(FILE).map(Added::from)
    }

    /// Adds a pattern. `text` is what it was parsed from.
    pub(crate) fn add(&mut self, pattern: &OriginPattern<'_>, text: &str) -> Result<Added, Full> {
        let OriginPattern { scheme, host, port } = *pattern;
        self.has_patterns |=
            !matches!((host, port), (HostPattern::Exact(_), PatternPort::Default | PatternPort::Exact(_)));
        match (host, port) {
            (HostPattern::Exact(_), PatternPort::Any) => {
                self.any_port.insert(&text[..text.len() - ":*".len()]).map(Added::from)
            }
            (HostPattern::Exact(_), _) => self.exact.insert(text).map(Added::from),
            (HostPattern::Subdomains(domain), _) => self.subdomains.add(scheme, domain, port),
            (HostPattern::PartialLabel { label, domain }, _) => {
                self.rare.get_or_insert_default().labels.add(scheme, label, domain, port)
            }
            (HostPattern::Any, _) => {
                self.rare.get_or_insert_default().app_schemes.insert(scheme).map(Added::from)
            }
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.exact.shrink();
    }

    pub(crate) fn has_patterns(&self) -> bool {
        self.has_patterns
    }

    /// Whether the value of an `Origin` header is in the set. Everything is compared byte for byte, except what a `*` covers.
    pub(crate) fn contains(&self, origin: &[u8]) -> bool {
        if self.exact.contains(origin) {
            return true;
        }
        if origin == b"null" {
            return self.null;
        }
        self.has_patterns && self.patterns_contain(origin)
    }

    /// Whether another pattern contains everything that `pattern` contains.
    pub(crate) fn covers(&self, pattern: &OriginPattern<'_>) -> bool {
        if self.subdomains.covers(pattern) {
            return true;
        }
        let OriginPattern { scheme, host, port } = *pattern;
        let rare = self.rare.as_deref();
        match host {
            HostPattern::Exact(host) => {
                let without_port = format!("{scheme}://{host}");
                let label_covers = |rare: &RarePatterns| {
                    let split = host.split_once('.');
                    split.is_some_and(|(label, domain)| rare.labels.cover(scheme, label, domain, port))
                };
                let scheme_covers = |rare: &RarePatterns| {
                    port == PatternPort::Default && rare.app_schemes.contains(scheme.as_bytes())
                };
                port != PatternPort::Any && self.any_port.contains(without_port.as_bytes())
                    || rare.is_some_and(|rare| label_covers(rare) || scheme_covers(rare))
            }
            HostPattern::PartialLabel { label, domain } => {
                rare.is_some_and(|rare| rare.labels.cover(scheme, label, domain, port))
            }
            HostPattern::Subdomains(_) | HostPattern::Any => false,
        }
    }

    /// The entries as a policy writes them: exact origins, then patterns for all ports, for subdomains, for partial labels
    /// and for schemes, then `null`.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let any_port = self.any_port.iter().map(|text| format!("{text}:*").into());
        let exact = self.exact.iter().map(Into::into);
        let rare = self.rare.iter().flat_map(|rare| {
            let schemes = rare.app_schemes.iter().map(|scheme| format!("{scheme}://*").into());
            rare.labels.iter().chain(schemes)
        });
        let null = self.null.then_some("null".into());
        exact.chain(any_port).chain(self.subdomains.iter()).chain(rare).chain(null)
    }

    fn patterns_contain(&self, origin: &[u8]) -> bool {
        if origin.len() > LONGEST_ORIGIN {
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
        self.any_port.contains(without_port.as_bytes())
            || self.subdomains.contains(scheme, host, port)
            || self.rare.as_deref().is_some_and(|rare| rare.contain(scheme, host, port))
    }
}

impl RarePatterns {
    fn contain(&self, scheme: &str, host: &str, port: PatternPort) -> bool {
        let is_app = || port == PatternPort::Default && self.app_schemes.contains(scheme.as_bytes());
        self.labels.contains(scheme, host, port) || is_app() && is_host(host, scheme)
    }
}

impl From<Inserted> for Added {
    fn from(inserted: Inserted) -> Self {
        match inserted {
            Inserted::New(_) => Self::New,
            Inserted::Known(_) => Self::Twice,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::host::LONGEST_NAME;
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
    #[case("https://a-*.example", "https://a-b.example", true)]
    #[case("https://a-*.example", "https://a-b-c_1.example", true)]
    #[case("https://a-*.example", "https://a-.example", false)]
    #[case("https://a-*.example", "https://a-b.c.example", false)]
    #[case("https://a-*.example", "https://x.a-b.example", false)]
    #[case("https://a-*.example", "https://xa-b.example", false)]
    #[case("https://a-*.example", "https://a-*.example", false)]
    #[case("https://a-*.example", "https://a-B.example", false)]
    #[case("https://a-*.example", "https://a-b.example.", false)]
    #[case("https://a-*.example", "https://a-b.example:8443", false)]
    #[case("https://a-*.example", "http://a-b.example", false)]
    #[case("https://a-*.example", "https://a-b/.example", false)]
    #[case("https://a-*.example", "https://a-b@.example", false)]
    #[case("https://a-*.example:*", "https://a-b.example:8443", true)]
    #[case("https://a-*.example:8443", "https://a-b.example:8443", true)]
    #[case("https://*-b.example", "https://a-b.example", true)]
    #[case("https://*-b.example", "https://-b.example", false)]
    #[case("https://*-b.example", "https://a-b.evil.example", false)]
    #[case("https://ab*ba.example", "https://abcba.example", true)]
    #[case("https://ab*ba.example", "https://abba.example", false)]
    #[case("https://ab*ba.example", "https://aba.example", false)]
    #[case("moz-extension://*", "moz-extension://0a1b2c3d-0000-4000-8000-000000000000", true)]
    #[case("moz-extension://*", "moz-extension://", false)]
    #[case("moz-extension://*", "moz-extension://*", false)]
    #[case("moz-extension://*", "moz-extension://a/b", false)]
    #[case("moz-extension://*", "moz-extension://a:8080", false)]
    #[case("moz-extension://*", "moz-extension:a", false)]
    #[case("moz-extension://*", "chrome-extension://a", false)]
    #[case("moz-extension://*", "moz-extensions://a", false)]
    #[case("moz-extension://*", "null", false)]
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
    fn a_partial_label_has_the_length_of_a_label_at_most() {
        let set = set(&["https://a*.example.org"]);
        assert!(set.contains(format!("https://{}.example.org", "a".repeat(63)).as_bytes()));
        assert!(!set.contains(format!("https://{}.example.org", "a".repeat(64)).as_bytes()));
    }

    #[test]
    fn all_partial_labels_of_a_domain_are_found() {
        let entries: Vec<_> = (0..1000)
            .flat_map(|team| {
                [format!("https://*-{team}.example.org"), format!("https://pr-*-{team}.example.org")]
            })
            .collect();
        let entries: Vec<_> = entries.iter().map(String::as_str).collect();
        let set = set(&entries);
        for team in 0..1000 {
            assert!(set.contains(format!("https://a-{team}.example.org").as_bytes()));
        }
        assert!(!set.contains(b"https://a-1000.example.org"));
        assert!(set.contains(b"https://a1-1.example.org") && !set.contains(b"https://1.example.org"));
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
    #[case(&["https://*.example.org"], "https://a-*.example.org", true)]
    #[case(&["https://*.example.org"], "https://a-*.b.example.org", true)]
    #[case(&["https://a-*.example.org"], "https://a-b.example.org", true)]
    #[case(&["https://a-*.example.org"], "https://a-b-*.example.org", true)]
    #[case(&["https://a-b-*.example.org"], "https://a-*.example.org", false)]
    #[case(&["https://a-*.example.org"], "https://a-*.example.org", false)]
    #[case(&["https://a-*.example.org:*"], "https://a-*.example.org:8443", true)]
    #[case(&["https://a-*.example.org"], "https://*.a-b.example.org", false)]
    #[case(&["moz-extension://*"], "moz-extension://a", true)]
    #[case(&["moz-extension://*"], "moz-extension://*", false)]
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
            "https://a-*.c.example",
            "https://a-*.c.example:*",
            "moz-extension://*",
            "null",
        ];
        assert_eq!(set(&entries).iter().collect::<Vec<_>>(), entries);
    }
}
