//! The authority of a request: the host and the port that it is for (RFC 3986, section 3.2).

use super::host::are_labels;
use super::serialization::{LONGEST_ORIGIN, is_port, is_serialized_origin, is_web, split_port, split_scheme};
use super::{Added, OriginFault, OriginPattern, OriginSet, default_port};
use crate::table::Full;

/// The hosts that a server answers to.
///
/// They are kept as origins of this scheme, so that all patterns of origins work.
#[derive(Clone, Default)]
pub(crate) struct HostSet {
    origins: OriginSet,
    /// The entries without a `*` and without a port, as most requests have them: comparing a few of them is faster than a look-up.
    plain: Vec<String>,
}

/// The most plain entries that are compared one by one.
const MAX_PLAIN: usize = 8;

const PREFIX: &str = "https://";

/// The ports that are not written, as a request does not tell its scheme.
const DEFAULT_PORTS: [&str; 2] = ["80", "443"];

impl HostSet {
    /// The origin that stands for an entry. An entry with a default port is the same as one without.
    pub(crate) fn origin_of(entry: &str) -> String {
        let host = match split_port(entry) {
            (host, Some(port)) if DEFAULT_PORTS.contains(&port) => host,
            _ => entry,
        };
        format!("{PREFIX}{host}")
    }

    /// The entry that an origin stands for.
    pub(crate) fn entry_of(origin: &str) -> Option<&str> {
        origin.strip_prefix(PREFIX)
    }

    /// Parses what [`origin_of`](Self::origin_of) returns.
    pub(crate) fn parse(origin: &str) -> Result<OriginPattern<'_>, OriginFault> {
        OriginPattern::parse(origin)
    }

    /// Adds a host. `origin` is the text from which the pattern was parsed.
    pub(crate) fn add(&mut self, pattern: &OriginPattern<'_>, origin: &str) -> Result<Added<()>, Full> {
        if self.plain.len() < MAX_PLAIN && pattern.is_exact_on_default_port() {
            self.plain.extend(Self::entry_of(origin).map(str::to_owned));
        }
        self.origins.add(pattern, origin, ())
    }

    pub(crate) fn shrink(&mut self) {
        self.origins.shrink();
    }

    /// Whether requests for this authority are answered. Case does not count, and default ports are equal.
    pub(crate) fn contains(&self, authority: &str) -> bool {
        if self.plain.iter().any(|host| host == authority) {
            return true;
        }
        if authority.len() > LONGEST_ORIGIN {
            return false;
        }
        let authority = match split_port(authority) {
            // RFC 3986, section 3.2.3: an empty port is the default port.
            (host, Some(port)) if port.is_empty() || DEFAULT_PORTS.contains(&port) => host,
            _ => authority,
        };
        let mut buffer = [0; LONGEST_ORIGIN];
        let length = PREFIX.len() + authority.len();
        let Some(origin) = buffer.get_mut(..length) else { return false };
        let (prefix, rest) = origin.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX.as_bytes());
        rest.copy_from_slice(authority.as_bytes());
        rest.make_ascii_lowercase();
        self.origins.contains(origin)
    }
}

/// The value of a `Host` header as text, for [`RequestInfo::host`](crate::RequestInfo::host). It is `None` if the value is not ASCII.
///
/// Of a value that is longer than any host, it returns only the start, which is also longer than any host. So the work does not depend on
/// what a client sends.
///
/// ```
/// assert_eq!(cors_core::host_text(b"api.example:8443"), Some("api.example:8443"));
/// assert_eq!(cors_core::host_text(b"caf\xc3\xa9.example"), None);
/// ```
pub fn host_text(value: &[u8]) -> Option<&str> {
    let value = &value[..value.len().min(LONGEST_ORIGIN)];
    if value.is_ascii() { std::str::from_utf8(value).ok() } else { None }
}

/// Whether the host and the port of an origin are those of a request. Case does not count. An authority without a port has the
/// default port of the origin's scheme, because a server behind a proxy does not know the scheme that the browser used.
pub(crate) fn is_origin_of(origin: &[u8], authority: &str) -> bool {
    if origin.len() > LONGEST_ORIGIN {
        return false;
    }
    // Most own requests have a name without a port in both.
    let own = origin.strip_prefix(PREFIX.as_bytes()).or_else(|| origin.strip_prefix(b"http://"));
    if own == Some(authority.as_bytes()) && is_plain_name(authority.as_bytes()) {
        return true;
    }
    // Hosts without ports are equal or not, whatever the scheme. Most foreign origins are told apart here.
    if own.is_some_and(|own| !own.contains(&b':') && !own.eq_ignore_ascii_case(authority.as_bytes()))
        && !authority.contains(':')
    {
        return false;
    }
    let Some((scheme, own)) = std::str::from_utf8(origin).ok().and_then(split_scheme) else { return false };
    let (own_host, own_port) = split_port(own);
    let (host, port) = split_port(authority);
    let is_same_port = match (own_port, port) {
        (own, None | Some("")) => own.is_none(),
        (own, Some(port)) => {
            is_port(port)
                && own.and_then(|own| own.parse().ok()).or(default_port(scheme)) == port.parse().ok()
        }
    };
    // The scheme of an application, as in `capacitor://localhost`, is never that of a server.
    is_same_port && own_host.eq_ignore_ascii_case(host) && is_web(scheme) && is_serialized_origin(origin)
}

/// Whether this is a name of the DNS without a final dot, whose last label starts with a letter, as browsers serialize it. Other hosts
/// are serialized hosts too; this check is faster than the one for all.
fn is_plain_name(name: &[u8]) -> bool {
    let last = name.iter().rposition(|&byte| byte == b'.').map_or(0, |dot| dot + 1);
    // A label that starts with a letter is not a number (URL standard, "ends in a number checker").
    name.get(last).is_some_and(u8::is_ascii_lowercase) && are_labels(name)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn hosts(entries: &[&str]) -> HostSet {
        let mut set = HostSet::default();
        for entry in entries {
            let origin = HostSet::origin_of(entry);
            set.add(&HostSet::parse(&origin).unwrap(), &origin).unwrap();
        }
        set
    }

    #[rstest]
    #[case("api.example", "api.example", true)]
    #[case("api.example", "API.Example", true)]
    #[case("api.example", "api.example:443", true)]
    #[case("api.example", "api.example:80", true)]
    #[case("api.example", "api.example:", true)]
    #[case("api.example:443", "api.example", true)]
    #[case("api.example", "api.example:8080", false)]
    #[case("api.example", "api.example:0443", false)]
    #[case("api.example", "user@api.example", false)]
    #[case("api.example", "api.example.", false)]
    #[case("api.example", "api.example.evil.example", false)]
    #[case("api.example", "evil.example", false)]
    #[case("api.example", "", false)]
    #[case("api.example:8080", "api.example:8080", true)]
    #[case("api.example:8080", "api.example", false)]
    #[case("localhost:*", "localhost", true)]
    #[case("localhost:*", "localhost:3000", true)]
    #[case("localhost:*", "localhost:", true)]
    #[case("localhost:*", "localhost:x", false)]
    #[case("localhost:*", "localhost.evil.example:3000", false)]
    #[case("[::1]:*", "[::1]:3000", true)]
    #[case("[::1]:*", "[::1]", true)]
    #[case("[::1]", "[::1]:3000", false)]
    #[case("127.0.0.1:*", "127.0.0.1:1", true)]
    #[case("*.example", "a.b.example", true)]
    #[case("*.example", "example", false)]
    #[case("*.example:*", "a.example:81", true)]
    fn a_host_is_compared_with_the_entry(
        #[case] entry: &str,
        #[case] authority: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(hosts(&[entry]).contains(authority), expected);
    }

    #[test]
    fn a_long_authority_is_not_read() {
        assert!(!hosts(&["*.example"]).contains(&format!("{}example", "a.".repeat(10_000))));
    }

    #[rstest]
    #[case("https://api.example", "api.example", true)]
    #[case("http://api.example", "api.example", true)]
    #[case("https://api.example", "API.EXAMPLE", true)]
    #[case("http://localhost", "localhost", true)]
    #[case("https://127.0.0.1", "127.0.0.1", true)]
    #[case("https://a.0xg", "a.0xg", true)]
    #[case("https://a.0x1", "a.0x1", false)]
    #[case("https://a..example", "a..example", false)]
    #[case("https://a/b", "a/b", false)]
    #[case("https://api.example.", "api.example.", true)]
    #[case("ftp://api.example", "api.example", false)]
    #[case("https://api.example", "api.example:443", true)]
    #[case("https://api.example", "api.example:", true)]
    #[case("http://api.example", "api.example:80", true)]
    #[case("http://api.example:8080", "api.example:8080", true)]
    #[case("http://[::1]:8080", "[::1]:8080", true)]
    #[case("http://api.example", "api.example:443", false)]
    #[case("https://api.example", "api.example:80", false)]
    #[case("https://api.example:8443", "api.example", false)]
    #[case("https://api.example:8443", "api.example:8444", false)]
    #[case("https://api.example", "api.example:+443", false)]
    #[case("https://user@api.example", "user@api.example", false)]
    #[case("https://api.example", "user@api.example", false)]
    #[case("https://api.example:443", "api.example:443", false)]
    #[case("https://API.example", "api.example", false)]
    #[case("https://api.example/", "api.example/", false)]
    #[case("capacitor://localhost", "localhost", false)]
    #[case("null", "null", false)]
    #[case("", "", false)]
    #[case("https://", "", false)]
    #[case("https://api.example.", "api.example", false)]
    #[case("https://a.example https://b.example", "a.example https://b.example", false)]
    fn an_origin_is_compared_with_the_authority(
        #[case] origin: &str,
        #[case] authority: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(is_origin_of(origin.as_bytes(), authority), expected);
    }
}
