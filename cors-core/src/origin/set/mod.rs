//! The origins that a policy allows.

mod labels;
mod owner;
mod ports;
mod subdomains;

use std::borrow::Cow;

use self::labels::PartialLabels;
use self::owner::TextMap;
pub(crate) use self::owner::{Added, Owner};
use self::subdomains::Subdomains;
use super::serialization::{FILE, LONGEST_ORIGIN, is_host, is_port_of, split_port, split_scheme};
use super::{HostPattern, OriginPattern, PatternPort};
use crate::table::Full;

/// The origins of a policy without rules: they all have the same owner.
pub(crate) type OriginSet = OriginMap<()>;

/// Exact origins and patterns, each with its owner.
///
/// The cost of a look-up depends on the length of the origin, not on the number of entries or owners.
#[derive(Clone)]
pub(crate) struct OriginMap<O> {
    null: Option<O>,
    exact: TextMap<O>,
    /// `scheme://host` of each pattern for all ports of a host.
    any_port: TextMap<O>,
    subdomains: Subdomains<O>,
    /// Absent from most policies, so that their requests pay nothing for it.
    rare: Option<Box<RarePatterns<O>>>,
    /// The first owner of an entry that is not exact, if there is one.
    first_with_pattern: Option<O>,
}

#[derive(Clone)]
struct RarePatterns<O> {
    labels: PartialLabels<O>,
    /// The schemes of which every host is allowed.
    app_schemes: TextMap<O>,
}

impl<O: Owner> OriginMap<O> {
    /// Adds `null`. The first owner of an entry keeps it.
    pub(crate) fn add_null(&mut self, owner: O) -> Added<O> {
        match self.null {
            Some(first) => Added::Twice(first),
            None => {
                self.null = Some(owner);
                Added::New
            }
        }
    }

    /// Adds `file://`.
    pub(crate) fn add_file(&mut self, owner: O) -> Result<Added<O>, Full> {
        self.exact.insert(FILE, owner)
    }

    /// Adds a pattern. `text` is what it was parsed from.
    pub(crate) fn add(
        &mut self,
        pattern: &OriginPattern<'_>,
        text: &str,
        owner: O,
    ) -> Result<Added<O>, Full> {
        let OriginPattern { scheme, host, port } = *pattern;
        let is_exact =
            matches!((host, port), (HostPattern::Exact(_), PatternPort::Default | PatternPort::Exact(_)));
        if !is_exact {
            self.first_with_pattern = O::first_of(Some(owner), || self.first_with_pattern);
        }
        match (host, port) {
            (HostPattern::Exact(_), PatternPort::Any) => {
                self.any_port.insert(&text[..text.len() - ":*".len()], owner)
            }
            (HostPattern::Exact(_), _) => self.exact.insert(text, owner),
            (HostPattern::Subdomains(domain), _) => self.subdomains.add(scheme, domain, port, owner),
            (HostPattern::PartialLabel { label, domain }, _) => {
                self.rare.get_or_insert_default().labels.add(scheme, label, domain, port, owner)
            }
            (HostPattern::Any, _) => self.rare.get_or_insert_default().app_schemes.insert(scheme, owner),
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.exact.shrink();
    }

    pub(crate) fn has_patterns(&self) -> bool {
        self.first_with_pattern.is_some()
    }

    /// The first owner of an entry that contains the value of an `Origin` header. Everything is compared byte for byte, except
    /// what a `*` covers.
    pub(crate) fn find(&self, origin: &[u8]) -> Option<O> {
        let exact = self.exact.find(origin);
        if let Some(owner) = exact {
            if self.first_with_pattern.is_none_or(|first| owner <= first) {
                return exact;
            }
        }
        if origin == b"null" {
            return self.null;
        }
        if !self.has_patterns() {
            return None;
        }
        O::first_of(exact, || self.find_pattern(origin))
    }

    /// The first owner of another pattern that contains everything that `pattern` contains.
    pub(crate) fn covering(&self, pattern: &OriginPattern<'_>) -> Option<O> {
        let OriginPattern { scheme, host, port } = *pattern;
        let rare = self.rare.as_deref();
        let others = match host {
            HostPattern::Exact(host) => {
                let without_port = format!("{scheme}://{host}");
                let any_port =
                    self.any_port.find(without_port.as_bytes()).filter(|_| port != PatternPort::Any);
                let label = rare.and_then(|rare| {
                    let (label, domain) = host.split_once('.')?;
                    rare.labels.covering(scheme, label, domain, port)
                });
                let app = rare.and_then(|rare| rare.app_schemes.find(scheme.as_bytes()));
                [any_port, label, app.filter(|_| port == PatternPort::Default)]
            }
            HostPattern::PartialLabel { label, domain } => {
                [rare.and_then(|rare| rare.labels.covering(scheme, label, domain, port)), None, None]
            }
            HostPattern::Subdomains(_) | HostPattern::Any => [None; 3],
        };
        O::first(self.subdomains.covering(pattern).into_iter().chain(others.into_iter().flatten()))
    }

    /// The entries as a policy writes them, with their owners: exact origins, then patterns for all ports, for subdomains,
    /// for partial labels and for schemes, then `null`.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, O)> {
        let any_port = self.any_port.iter().map(|(text, owner)| (format!("{text}:*").into(), owner));
        let exact = self.exact.iter().map(|(text, owner)| (text.into(), owner));
        let rare = self.rare.iter().flat_map(|rare| {
            let schemes = rare.app_schemes.iter();
            rare.labels.iter().chain(schemes.map(|(scheme, owner)| (format!("{scheme}://*").into(), owner)))
        });
        let null = self.null.map(|owner| ("null".into(), owner));
        exact.chain(any_port).chain(self.subdomains.iter()).chain(rare).chain(null)
    }

    fn find_pattern(&self, origin: &[u8]) -> Option<O> {
        if origin.len() > LONGEST_ORIGIN {
            return None;
        }
        let origin = std::str::from_utf8(origin).ok()?;
        let (scheme, authority) = split_scheme(origin)?;
        let (host, port) = split_port(authority);
        let port = match port {
            Some(port) if !is_port_of(port, scheme) => return None,
            // A valid port always has a number.
            Some(port) => port.parse().map_or(PatternPort::Any, PatternPort::Exact),
            None => PatternPort::Default,
        };
        let without_port = &origin[..scheme.len() + "://".len() + host.len()];
        let any_port = self.any_port.find(without_port.as_bytes());
        let common = O::first_of(any_port, || self.subdomains.find(scheme, host, port));
        O::first_of(common, || self.rare.as_ref()?.find(scheme, host, port))
    }
}

impl OriginSet {
    /// Whether the value of an `Origin` header is in the set.
    pub(crate) fn contains(&self, origin: &[u8]) -> bool {
        self.find(origin).is_some()
    }
}

impl<O> Default for OriginMap<O> {
    fn default() -> Self {
        Self {
            null: None,
            exact: TextMap::default(),
            any_port: TextMap::default(),
            subdomains: Subdomains::default(),
            rare: None,
            first_with_pattern: None,
        }
    }
}

impl<O: Owner> RarePatterns<O> {
    fn find(&self, scheme: &str, host: &str, port: PatternPort) -> Option<O> {
        let app = || self.app_schemes.find(scheme.as_bytes()).filter(|_| is_host(host, scheme));
        let label = self.labels.find(scheme, host, port);
        O::first_of(label, || if port == PatternPort::Default { app() } else { None })
    }
}

impl<O> Default for RarePatterns<O> {
    fn default() -> Self {
        Self { labels: PartialLabels::default(), app_schemes: TextMap::default() }
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
                set.add_null(());
            } else {
                set.add(&OriginPattern::parse(entry).unwrap(), entry, ()).unwrap();
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
        assert_eq!(set(entries).covering(&OriginPattern::parse(pattern).unwrap()).is_some(), expected);
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
        assert_eq!(set(&entries).iter().map(|(entry, ())| entry).collect::<Vec<_>>(), entries);
    }

    #[test]
    fn the_first_owner_is_found() {
        let entries = [
            ("https://*.example.org", 3),
            ("https://a.example.org", 4),
            ("https://a-*.example.org", 2),
            ("https://*.b.example.org", 1),
            ("http://localhost:3000", 1),
            ("http://localhost:*", 0),
            ("https://c.example.org", 2),
            ("moz-extension://*", 2),
            ("moz-extension://a", 1),
        ];
        let mut map = OriginMap::<u32>::default();
        for (entry, owner) in entries {
            assert_eq!(map.add(&OriginPattern::parse(entry).unwrap(), entry, owner).unwrap(), Added::New);
        }
        assert_eq!(map.add_null(5), Added::New);
        for (origin, owner) in [
            ("https://a.example.org", Some(3)),
            ("https://a-1.example.org", Some(2)),
            ("https://c.example.org", Some(2)),
            ("https://x.b.example.org", Some(1)),
            ("https://b.example.org", Some(3)),
            ("http://localhost:3000", Some(0)),
            ("moz-extension://a", Some(1)),
            ("moz-extension://b", Some(2)),
            ("null", Some(5)),
            ("https://example.org", None),
        ] {
            assert_eq!(map.find(origin.as_bytes()), owner, "{origin}");
        }
        assert_eq!(map.add_null(6), Added::Twice(5));
        let entry = "https://*.example.org";
        assert_eq!(map.add(&OriginPattern::parse(entry).unwrap(), entry, 6).unwrap(), Added::Twice(3));
    }
}
