//! Origin patterns, for middleware that takes a predicate instead.

use url::Url;

use super::written::ToCode;

/// A pattern of `allow_origins`, as a careful user would implement it in a predicate:
/// `scheme://host`, where the host may begin with `*.`, have a `*` in its leftmost label or be `*`, and the port may be `*`.
#[derive(Clone, Debug)]
pub(super) struct OriginPattern {
    pattern: String,
    scheme: String,
    host: Host,
    port: Port,
}

#[derive(Clone, Debug)]
enum Host {
    Is(String),
    /// `*`: any host.
    Any,
    /// `*.example.org`: any depth of subdomains. The suffix has its leading dot.
    SubdomainsOf(String),
    /// `*-team.example.org`: the `*` stands for a part of one label.
    PartOfLabel {
        prefix: String,
        suffix: String,
    },
}

impl Host {
    fn parse(pattern: &str) -> Self {
        match pattern.split_once('*') {
            None => Self::Is(pattern.to_owned()),
            Some(("", "")) => Self::Any,
            Some(("", suffix)) if suffix.starts_with('.') => Self::SubdomainsOf(suffix.to_owned()),
            Some((prefix, suffix)) => {
                Self::PartOfLabel { prefix: prefix.to_owned(), suffix: suffix.to_owned() }
            }
        }
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Is(expected) => host == expected,
            Self::Any => !host.is_empty(),
            Self::SubdomainsOf(suffix) => host
                .strip_suffix(suffix.as_str())
                .is_some_and(|subdomain| !subdomain.is_empty() && !subdomain.contains('*')),
            Self::PartOfLabel { prefix, suffix } => host
                .strip_prefix(prefix.as_str())
                .and_then(|rest| rest.strip_suffix(suffix.as_str()))
                .is_some_and(|part| !part.is_empty() && part.bytes().all(is_of_label)),
        }
    }
}

fn is_of_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[derive(Clone, Copy, Debug)]
enum Port {
    Any,
    Is(Option<u16>),
}

impl OriginPattern {
    pub(super) fn parse(pattern: &str) -> Option<Self> {
        let (scheme, rest) = pattern.split_once("://")?;
        let (rest, any_port) = rest.strip_suffix(":*").map_or((rest, false), |rest| (rest, true));
        let (host, port) = match rest.rsplit_once(':') {
            // The colons of an IPv6 address are before its closing bracket.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (rest, None),
        };
        let port = if any_port { Port::Any } else { Port::Is(port) };
        Some(Self { pattern: pattern.to_owned(), scheme: scheme.to_owned(), host: Host::parse(host), port })
    }

    pub(super) fn matches(&self, origin: &[u8]) -> bool {
        let Some((text, url)) =
            str::from_utf8(origin).ok().and_then(|text| Some((text, Url::parse(text).ok()?)))
        else {
            return false;
        };
        // Browsers send an origin in its canonical form; anything else is not from a browser. The URL standard gives other
        // schemes an opaque origin, but applications send theirs as `scheme://host`.
        let is_canonical = match url.origin() {
            origin @ url::Origin::Tuple(..) => origin.ascii_serialization() == text,
            url::Origin::Opaque(_) => url.as_str() == text && matches!(url.path(), "") && url.has_host(),
        };
        if !is_canonical {
            return false;
        }
        let host_matches = self.host.matches(url.host_str().unwrap_or_default());
        let port_matches = match self.port {
            Port::Any => true,
            Port::Is(port) => url.port() == port,
        };
        url.scheme() == self.scheme && host_matches && port_matches
    }
}

impl ToCode for OriginPattern {
    fn to_code(&self) -> String {
        format!("OriginPattern::parse({:?})", self.pattern)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://*.example.org", "https://a.example.org", true)]
    #[case("https://*.example.org", "https://a.b.example.org", true)]
    #[case("https://*.example.org", "https://example.org", false)]
    #[case("https://*.example.org", "https://.example.org", false)]
    #[case("https://*.example.org", "https://evilexample.org", false)]
    #[case("https://*.example.org", "https://a.example.org.evil.example", false)]
    #[case("https://*.example.org", "https://*.example.org", false)]
    #[case("https://*.example.org", "http://a.example.org", false)]
    #[case("https://*.example.org", "https://a.example.org:8443", false)]
    #[case("https://*.example.org", "https://A.example.org", false)]
    #[case("https://*.example.org", "https://a.example.org/", false)]
    #[case("https://*.example.org", "https://user@a.example.org", false)]
    #[case("https://*.example.org:8443", "https://a.example.org:8443", true)]
    #[case("https://*.example.org:8443", "https://a.example.org", false)]
    #[case("http://localhost:*", "http://localhost", true)]
    #[case("http://localhost:*", "http://localhost:3000", true)]
    #[case("http://localhost:*", "http://localhost.evil.example:3000", false)]
    #[case("http://[::1]:*", "http://[::1]:3000", true)]
    #[case("https://*.example.org:*", "https://a.example.org:1", true)]
    #[case("https://*.example.org:*", "null", false)]
    #[case("https://*-team.example.org", "https://a-team.example.org", true)]
    #[case("https://*-team.example.org", "https://-team.example.org", false)]
    #[case("https://*-team.example.org", "https://a.b-team.example.org", false)]
    #[case("https://*-team.example.org", "https://ab-team.example.org.evil.example", false)]
    #[case("https://pr-*--site.example.org", "https://pr-7--site.example.org", true)]
    #[case("https://pr-*--site.example.org", "https://pr---site.example.org", false)]
    #[case("https://pr-*--site.example.org:8443", "https://pr-7--site.example.org:8443", true)]
    #[case("app-extension://*", "app-extension://0b1c", true)]
    #[case("app-extension://*", "app-extension://", false)]
    #[case("app-extension://*", "app-extension://0b1c/page", false)]
    #[case("app-extension://*", "https://0b1c", false)]
    fn a_pattern_matches_origins(#[case] pattern: &str, #[case] origin: &str, #[case] expected: bool) {
        let pattern = OriginPattern::parse(pattern).expect("a pattern");
        assert_eq!(pattern.matches(origin.as_bytes()), expected);
    }
}
