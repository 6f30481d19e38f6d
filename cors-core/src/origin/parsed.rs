//! An origin taken apart.

use std::borrow::Cow;
use std::fmt;

use super::default_port;
use super::serialization::{FILE, is_serialized_origin, split_port, split_scheme};

/// An origin as a browser sends it, taken apart into scheme, host and port.
///
/// Functions that decide about origins get it; see [`PolicyBuilder::allow_origin_if`](crate::PolicyBuilder::allow_origin_if).
///
/// ```
/// use cors_core::Origin;
///
/// let origin = Origin::parse("https://app.example:8443").unwrap();
/// assert_eq!((origin.scheme(), origin.host(), origin.port()), ("https", "app.example", Some(8443)));
/// assert_eq!(origin.as_str(), "https://app.example:8443");
/// assert!(Origin::parse("https://app.example/").is_none() && Origin::parse("null").is_none());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin<'a> {
    text: Cow<'a, str>,
    /// Where the scheme ends.
    scheme: usize,
    /// Where the host ends. It starts after the scheme and `://`.
    host: usize,
    port: Option<u16>,
}

impl<'a> Origin<'a> {
    /// Takes the value of an `Origin` header apart. Returns `None` if it is malformed, and for `null` and `file://`, which
    /// have no host.
    pub fn parse(text: &'a str) -> Option<Self> {
        if text == FILE || !is_serialized_origin(text.as_bytes()) {
            return None;
        }
        // `null` has no scheme.
        let (scheme, authority) = split_scheme(text)?;
        let (host, port) = split_port(authority);
        let port = match port {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        let (scheme, host) = (scheme.len(), scheme.len() + "://".len() + host.len());
        Some(Self { text: Cow::Borrowed(text), scheme, host, port })
    }

    /// The scheme in lower case, such as `https`.
    pub fn scheme(&self) -> &str {
        &self.text[..self.scheme]
    }

    /// The host in lower case: a name such as `app.example.com`, an IPv4 address, or an IPv6 address in brackets.
    ///
    /// A final dot is a part of the name: `app.example.` and `app.example` are two hosts.
    pub fn host(&self) -> &str {
        &self.text[self.scheme + "://".len()..self.host]
    }

    /// The port, unless it is the default port of the scheme, which browsers never write.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The port, or the default port of the scheme. The schemes of applications have none.
    pub fn port_or_default(&self) -> Option<u16> {
        self.port.or_else(|| default_port(self.scheme()))
    }

    /// The whole origin.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Copies the origin, so that it borrows nothing.
    pub fn into_owned(self) -> Origin<'static> {
        Origin {
            text: Cow::Owned(self.text.into_owned()),
            scheme: self.scheme,
            host: self.host,
            port: self.port,
        }
    }
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Origin<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Origin").field(&self.as_str()).finish()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://app.example", "https", "app.example", None, Some(443))]
    #[case("http://app.example.:8080", "http", "app.example.", Some(8080), Some(8080))]
    #[case("http://[::1]:3000", "http", "[::1]", Some(3000), Some(3000))]
    #[case("chrome-extension://abc", "chrome-extension", "abc", None, None)]
    #[case("app://.", "app", ".", None, None)]
    fn parts(
        #[case] text: &str,
        #[case] scheme: &str,
        #[case] host: &str,
        #[case] port: Option<u16>,
        #[case] port_or_default: Option<u16>,
    ) {
        let origin = Origin::parse(text).unwrap();
        assert_eq!((origin.scheme(), origin.host(), origin.port()), (scheme, host, port));
        assert_eq!(origin.port_or_default(), port_or_default);
        assert_eq!((origin.as_str(), origin.to_string()), (text, text.to_owned()));
        assert_eq!(origin.clone().into_owned(), origin);
    }

    #[rstest]
    #[case("null")]
    #[case("file://")]
    #[case("")]
    #[case("https://app.example:443")]
    #[case("https://App.example")]
    #[case("https://app.example/")]
    #[case("https://user@app.example")]
    #[case("https://a.example https://b.example")]
    fn no_parts(#[case] text: &str) {
        assert_eq!(Origin::parse(text), None);
    }
}
