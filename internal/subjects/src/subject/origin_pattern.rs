//! Origin patterns, for middleware that takes a predicate instead.

use url::Url;

/// A pattern of `allow_origins`, as a careful user would implement it in a predicate:
/// `scheme://host`, where the host may begin with `*.` and the port may be `*`.
#[derive(Clone, Debug)]
pub(super) struct OriginPattern {
    scheme: String,
    /// With a leading dot if it stands for subdomains.
    host: String,
    subdomains: bool,
    port: Port,
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
        let (host, subdomains) = rest.strip_prefix('*').map_or((rest, false), |suffix| (suffix, true));
        let (host, port) = match host.rsplit_once(':') {
            // The colons of an IPv6 address are before its closing bracket.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (host, None),
        };
        let port = if any_port { Port::Any } else { Port::Is(port) };
        Some(Self { scheme: scheme.to_owned(), host: host.to_owned(), subdomains, port })
    }

    pub(super) fn matches(&self, origin: &[u8]) -> bool {
        let Some((origin, url)) =
            str::from_utf8(origin).ok().and_then(|text| Some((text, Url::parse(text).ok()?)))
        else {
            return false;
        };
        // Browsers send an origin in its canonical form; anything else is not from a browser.
        if url.origin().ascii_serialization() != origin {
            return false;
        }
        let host = url.host_str().unwrap_or_default();
        let host_matches = if self.subdomains {
            host.strip_suffix(&self.host)
                .is_some_and(|subdomain| !subdomain.is_empty() && !subdomain.contains('*'))
        } else {
            host == self.host
        };
        let port_matches = match self.port {
            Port::Any => true,
            Port::Is(port) => url.port() == port,
        };
        url.scheme() == self.scheme && host_matches && port_matches
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
    fn a_pattern_matches_origins(#[case] pattern: &str, #[case] origin: &str, #[case] expected: bool) {
        let pattern = OriginPattern::parse(pattern).expect("a pattern");
        assert_eq!(pattern.matches(origin.as_bytes()), expected);
    }
}
