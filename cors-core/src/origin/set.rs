//! The origins that a policy allows.

use std::sync::LazyLock;

use super::host::{self, LONGEST_NAME};
use super::serialization::{is_port_of, split_port, split_scheme};
use super::{OriginPattern, PatternPort};
use crate::table::{self, Full, TextTable};

/// Exact origins and patterns; the cost of a look-up depends on the length of the origin, not on how many there are.
#[derive(Clone, Default)]
pub(crate) struct OriginSet {
    null: bool,
    exact: TextTable,
    /// `scheme://host` of every pattern with any port but without subdomains.
    any_port: TextTable,
    subdomains: Subdomains,
}

/// What adding an entry did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Added {
    New,
    /// The very same entry was there before.
    Twice,
}

impl OriginSet {
    pub(crate) fn add_null(&mut self) -> Added {
        if std::mem::replace(&mut self.null, true) { Added::Twice } else { Added::New }
    }

    /// Adds a pattern; `text` is what it was parsed from.
    pub(crate) fn add(&mut self, pattern: &OriginPattern<'_>, text: &str) -> Result<Added, Full> {
        if pattern.subdomains {
            return self.subdomains.add(pattern);
        }
        let inserted = match pattern.port {
            PatternPort::Any => {
                let without_port = &text[..text.len() - ":*".len()];
                self.any_port.insert(without_port, self.any_port.hash(without_port.as_bytes()))?
            }
            PatternPort::Default | PatternPort::Exact(_) => {
                self.exact.insert(text, self.exact.hash(text.as_bytes()))?
            }
        };
        Ok(if inserted.is_ok() { Added::New } else { Added::Twice })
    }

    pub(crate) fn shrink(&mut self) {
        self.exact.shrink();
    }

    pub(crate) fn has_patterns(&self) -> bool {
        !self.any_port.is_empty() || !self.subdomains.bases.is_empty()
    }

    /// Whether a request's `Origin` is in the set: compared byte for byte, but for what a `*` stands for.
    pub(crate) fn contains(&self, origin: &[u8]) -> bool {
        if origin.len() <= self.exact.longest() && contains_text(&self.exact, origin) {
            return true;
        }
        if origin == b"null" {
            return self.null;
        }
        self.has_patterns() && self.patterns_contain(origin)
    }

    /// Whether a pattern other than `pattern` itself contains all that it contains.
    pub(crate) fn covers(&self, pattern: &OriginPattern<'_>) -> bool {
        if self.subdomains.covers(pattern) {
            return true;
        }
        let without_port = format!("{}://{}", pattern.scheme, pattern.host);
        !pattern.subdomains
            && pattern.port != PatternPort::Any
            && contains_text(&self.any_port, without_port.as_bytes())
    }

    /// The entries as a policy writes them: exact ones, any port, any subdomain, `null`, each in the order of addition.
    pub(crate) fn iter(&self) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
        let any_port = self.any_port.iter().map(|text| format!("{text}:*").into());
        let exact = self.exact.iter().map(Into::into);
        exact.chain(any_port).chain(self.subdomains.iter()).chain(self.null.then_some("null".into()))
    }

    fn patterns_contain(&self, origin: &[u8]) -> bool {
        if origin.len() > "https://".len() + LONGEST_NAME + ":65535".len() {
            return false;
        }
        let Ok(origin) = str::from_utf8(origin) else {
            return false;
        };
        let Some((scheme, authority)) = split_scheme(origin) else {
            return false;
        };
        let (host, port) = split_port(authority);
        let port_number = match port {
            Some(port) if !is_port_of(port, scheme) => return false,
            // It is a port, so that it has a number.
            Some(port) => port.parse().map_or(PatternPort::Any, PatternPort::Exact),
            None => PatternPort::Default,
        };
        let without_port = &origin[..scheme.len() + "://".len() + host.len()];
        contains_text(&self.any_port, without_port.as_bytes())
            || self.subdomains.contains(scheme, host, port_number)
    }
}

fn contains_text(table: &TextTable, bytes: &[u8]) -> bool {
    !table.is_empty() && table.find(table.hash(bytes), |text| text.as_bytes() == bytes).is_some()
}

/// Domains of which every subdomain is allowed.
#[derive(Clone, Default)]
struct Subdomains {
    /// `https://` or `http://`, then the domain.
    bases: TextTable,
    /// The ports of each base, by its entry.
    ports: Vec<Ports>,
    /// The ports of all bases together, so that most other ports need no look-up at all.
    all_ports: AllPorts,
    /// Which lengths the domains have, so that most suffixes of a host need no look-up.
    lengths: [u64; 4],
}

#[derive(Clone, Default)]
struct AllPorts {
    any: bool,
    default: bool,
    /// One bit for every port whose number ends with the same six bits.
    exact: u64,
}

#[derive(Clone, Default)]
struct Ports {
    any: bool,
    default: bool,
    /// In ascending order.
    exact: Vec<u16>,
}

impl Subdomains {
    fn add(&mut self, pattern: &OriginPattern<'_>) -> Result<Added, Full> {
        let key = format!("{}://{}", pattern.scheme, pattern.host);
        let hash = table::mix(suffix_hash(pattern.scheme, pattern.host));
        let entry = match self.bases.insert(&key, hash)? {
            Ok(new) => {
                self.ports.push(Ports::default());
                self.lengths[pattern.host.len() / 64 % 4] |= 1 << (pattern.host.len() % 64);
                new
            }
            Err(known) => known,
        };
        self.all_ports.add(pattern.port);
        let ports = &mut self.ports[entry];
        let was_there = match pattern.port {
            PatternPort::Default => std::mem::replace(&mut ports.default, true),
            PatternPort::Any => std::mem::replace(&mut ports.any, true),
            PatternPort::Exact(port) => match ports.exact.binary_search(&port) {
                Ok(_) => true,
                Err(position) => {
                    ports.exact.insert(position, port);
                    false
                }
            },
        };
        Ok(if was_there { Added::Twice } else { Added::New })
    }

    fn contains(&self, scheme: &str, host: &str, port: PatternPort) -> bool {
        if !self.all_ports.may_cover(port) {
            return false;
        }
        self.find(scheme, host, |ports| ports.cover(port)).is_some_and(|base| {
            let labels = &host[..host.len() - base - ".".len()];
            host.len() <= LONGEST_NAME && host::are_labels(labels.as_bytes())
        })
    }

    fn covers(&self, pattern: &OriginPattern<'_>) -> bool {
        let below = self.find(pattern.scheme, pattern.host, |ports| ports.cover(pattern.port));
        // `*.a.example:*` covers `*.a.example:8443`.
        let beside = || {
            let hash = suffix_hash(pattern.scheme, pattern.host);
            self.entry(pattern.scheme, pattern.host, hash, |ports| ports.any).is_some()
                && pattern.port != PatternPort::Any
        };
        below.is_some() || (pattern.subdomains && beside())
    }

    /// The length of a domain that `host` lies below and whose ports `are_wanted`, looked for label by label from the right.
    ///
    /// The hash runs from the right, too, so that no byte is read twice however many labels there are.
    fn find(&self, scheme: &str, host: &str, are_wanted: impl Fn(&Ports) -> bool) -> Option<usize> {
        let longest = self.bases.longest().saturating_sub(scheme.len() + "://".len());
        let bytes = host.as_bytes();
        let mut hash = scheme_hash(scheme);
        for ((length, position), factor) in (0..bytes.len()).rev().enumerate().zip(FACTORS.iter()) {
            if length > longest {
                break;
            }
            let byte = bytes[position];
            if byte == b'.'
                && self.lengths[length / 64 % 4] >> (length % 64) & 1 == 1
                && self.entry(scheme, &host[position + 1..], hash, &are_wanted).is_some()
            {
                return Some(length);
            }
            hash = hash.wrapping_add(u64::from(byte).wrapping_mul(*factor));
        }
        None
    }

    /// The entry of a base whose ports `are_wanted`; they are looked at first, because that is less work than comparing the
    /// texts.
    fn entry(
        &self,
        scheme: &str,
        domain: &str,
        hash: u64,
        are_wanted: impl Fn(&Ports) -> bool,
    ) -> Option<table::Entry> {
        self.bases.find_entry(table::mix(hash), |entry| {
            are_wanted(&self.ports[entry])
                && self.bases.text(entry).strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"))
                    == Some(domain)
        })
    }

    fn iter(&self) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
        self.bases.iter().zip(&self.ports).flat_map(|(key, ports)| {
            let (scheme, domain) = key.split_once("://").unwrap_or_default();
            let default = ports.default.then(|| format!("{scheme}://*.{domain}"));
            let exact = ports.exact.iter().map(move |port| format!("{scheme}://*.{domain}:{port}"));
            let any = ports.any.then(|| format!("{scheme}://*.{domain}:*"));
            default.into_iter().chain(exact).chain(any).map(Into::into)
        })
    }
}

impl AllPorts {
    fn add(&mut self, port: PatternPort) {
        match port {
            PatternPort::Any => self.any = true,
            PatternPort::Default => self.default = true,
            PatternPort::Exact(port) => self.exact |= 1 << (port % 64),
        }
    }

    fn may_cover(&self, port: PatternPort) -> bool {
        self.any
            || match port {
                PatternPort::Default => self.default,
                PatternPort::Exact(port) => self.exact >> (port % 64) & 1 == 1,
                PatternPort::Any => false,
            }
    }
}

impl Ports {
    fn cover(&self, port: PatternPort) -> bool {
        self.any
            || match port {
                PatternPort::Default => self.default,
                PatternPort::Exact(port) => self.exact.binary_search(&port).is_ok(),
                PatternPort::Any => false,
            }
    }
}

fn scheme_hash(scheme: &str) -> u64 {
    scheme.len() as u64
}

fn suffix_hash(scheme: &str, domain: &str) -> u64 {
    let factors = FACTORS.iter();
    let terms = domain.bytes().rev().zip(factors).map(|(byte, factor)| u64::from(byte).wrapping_mul(*factor));
    terms.fold(scheme_hash(scheme), u64::wrapping_add)
}

/// What the bytes of a domain count in its hash, from the right. A sum of products lets the processor work on several bytes
/// at a time, where each step of a chain of products would wait for the one before. Made anew by every process, so that
/// nobody knows which domains have the same sum.
static FACTORS: LazyLock<[u64; LONGEST_NAME + 1]> = LazyLock::new(|| {
    let seed = table::random_seed();
    std::array::from_fn(|index| table::mix(seed.wrapping_add(index as u64)) | 1)
});

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
    fn the_nearest_domain_does_not_hide_a_farther_one() {
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
    fn bytes_that_are_no_text_are_not_contained() {
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
    fn prints_what_was_added() {
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
