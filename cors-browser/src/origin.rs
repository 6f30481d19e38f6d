//! HTML, "origin".

use std::fmt;

use url::{Host, Url};

use crate::site::is_same_site;

/// The origin of a page or a URL.
///
/// ```
/// use cors_browser::Origin;
///
/// let origin = Origin::parse("https://app.example:8443").ok_or("not an origin")?;
/// assert_eq!(origin.to_string(), "https://app.example:8443");
/// assert_eq!(Origin::parse("https://app.example/"), None, "an origin has no path");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// An origin that consists of scheme, host and port.
    Tuple {
        /// The scheme, without the colon.
        scheme: String,
        /// The host in its ASCII form.
        host: String,
        /// The port, unless it is the default port of the scheme.
        port: Option<u16>,
    },
    /// An origin that equals no other origin, such as that of a sandboxed frame. It is serialized as `null`.
    Opaque,
}

impl Origin {
    /// The origin of a URL (URL, "origin"). Schemes other than those of web pages and extensions have opaque origins.
    pub fn of(url: &Url) -> Self {
        match (url.scheme(), url.host()) {
            ("http" | "https" | "ws" | "wss" | "ftp" | "chrome-extension" | "moz-extension", Some(host)) => {
                Self::Tuple { scheme: url.scheme().to_owned(), host: host.to_string(), port: url.port() }
            }
            _ => Self::Opaque,
        }
    }

    /// Parses the serialization of an origin, such as `https://app.example` or `null`.
    ///
    /// Returns `None` if `text` is not exactly the serialization of an origin.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "null" {
            return Some(Self::Opaque);
        }
        let origin = Self::of(&Url::parse(text).ok()?);
        (origin.to_string() == text).then_some(origin)
    }

    /// HTML, "same origin". An opaque origin is never the same origin as that of a server.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        *self != Self::Opaque && self == other
    }

    /// HTML, "same site": whether scheme and registrable domain are the same. An opaque origin is same-site with no other.
    pub fn is_same_site(&self, other: &Self) -> bool {
        is_same_site(self, other)
    }

    /// The host in its ASCII form; `None` if the origin is opaque.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Tuple { host, .. } => Some(host),
            Self::Opaque => None,
        }
    }

    /// Secure Contexts, "Is origin potentially trustworthy?"
    pub fn is_potentially_trustworthy(&self) -> bool {
        let Self::Tuple { scheme, host, .. } = self else { return false };
        matches!(scheme.as_str(), "https" | "wss" | "chrome-extension" | "moz-extension") || is_loopback(host)
    }

    pub(crate) fn is_https(&self) -> bool {
        matches!(self, Self::Tuple { scheme, .. } if scheme == "https")
    }
}

impl fmt::Display for Origin {
    /// HTML, "ASCII serialization of an origin".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opaque => f.write_str("null"),
            Self::Tuple { scheme, host, port: None } => write!(f, "{scheme}://{host}"),
            Self::Tuple { scheme, host, port: Some(port) } => write!(f, "{scheme}://{host}:{port}"),
        }
    }
}

/// Secure Contexts, "Is origin potentially trustworthy?", steps 4 and 5: 127.0.0.0/8, ::1, `localhost` and its subdomains.
fn is_loopback(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Ok(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(&name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://app.example", Some("https://app.example"))]
    #[case("https://app.example:8443", Some("https://app.example:8443"))]
    #[case("http://[::1]:3000", Some("http://[::1]:3000"))]
    #[case("chrome-extension://abcdefghijklmnop", Some("chrome-extension://abcdefghijklmnop"))]
    #[case("null", Some("null"))]
    #[case("https://app.example/", None)]
    #[case("https://app.example:443", None)]
    #[case("https://APP.example", None)]
    #[case("file:///x", None)]
    #[case("app.example", None)]
    fn parses_serialized_origins(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(Origin::parse(text).map(|origin| origin.to_string()).as_deref(), expected);
    }

    #[rstest]
    #[case("https://app.example/x?y#z", "https://app.example")]
    #[case("https://app.example:443/", "https://app.example")]
    #[case("http://EXAMPLE.com:8080/", "http://example.com:8080")]
    #[case("https://bücher.example/", "https://xn--bcher-kva.example")]
    #[case("data:text/plain,x", "null")]
    #[case("file:///etc/hosts", "null")]
    fn the_origin_of_a_url(#[case] url: &str, #[case] expected: &str) {
        assert_eq!(Origin::of(&Url::parse(url).unwrap()).to_string(), expected);
    }

    #[rstest]
    #[case("https://app.example", true)]
    #[case("http://app.example", false)]
    #[case("http://localhost:3000", true)]
    #[case("http://x.localhost", true)]
    #[case("http://notlocalhost", false)]
    #[case("http://localhost.example", false)]
    #[case("http://127.0.0.1:80", true)]
    #[case("http://127.255.0.9", true)]
    #[case("http://128.0.0.1", false)]
    #[case("http://[::1]", true)]
    #[case("http://[::2]", false)]
    #[case("null", false)]
    fn potentially_trustworthy_origins(#[case] origin: &str, #[case] expected: bool) {
        let origin = Origin::of(&Url::parse(origin).unwrap_or_else(|_| Url::parse("data:,").unwrap()));
        assert_eq!(origin.is_potentially_trustworthy(), expected);
    }

    #[test]
    fn an_opaque_origin_is_never_the_same_origin() {
        assert!(!Origin::Opaque.is_same_origin(&Origin::Opaque));
    }
}
