//! The form in which browsers send an origin (HTML standard, "ASCII serialization of an origin").

use super::{default_port, host};

/// The longest value that can be an origin: a scheme of 64 bytes, `://`, the longest name, a final dot and a port.
pub(super) const LONGEST_ORIGIN: usize = 64 + 3 + host::LONGEST_NAME + 1 + 6;

/// The origin that some applications send for pages from local files.
pub(crate) const FILE: &str = "file://";

/// Whether a browser can send this as `Origin`. `null` and `file://` are included. Punycode is not decoded.
pub(crate) fn is_serialized_origin(bytes: &[u8]) -> bool {
    if bytes == b"null" || bytes == FILE.as_bytes() {
        return true;
    }
    if bytes.len() > LONGEST_ORIGIN {
        return false;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let Some((scheme, authority)) = split_scheme(text) else {
        return false;
    };
    if !is_scheme(scheme) {
        return false;
    }
    let (host, port) = split_port(authority);
    port.is_none_or(|port| is_port_of(port, scheme)) && is_host(host, scheme)
}

/// Splits an origin at `://`.
pub(super) fn split_scheme(origin: &str) -> Option<(&str, &str)> {
    let colon = origin.bytes().position(|byte| byte == b':')?;
    Some((&origin[..colon], origin[colon..].strip_prefix("://")?))
}

/// Splits the host, with its brackets, from the text after its colon.
pub(super) fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_brackets = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[after_brackets..].find(':') {
        Some(colon) => {
            let colon = after_brackets + colon;
            (&authority[..colon], Some(&authority[colon + 1..]))
        }
        None => (authority, None),
    }
}

/// Whether `text` is a port as browsers write it in an origin: without leading zeros, and not the default port of the
/// scheme.
pub(super) fn is_port_of(text: &str, scheme: &str) -> bool {
    is_port(text) && text.parse().ok() != default_port(scheme)
}

/// Whether `text` is a decimal number from 1 to 65535 without leading zeros.
pub(super) fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && text.parse::<u16>().is_ok()
}

/// URL standard, "URL-scheme string", in lower case as it is serialized.
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'))
}

/// Whether `host` is a serialized host (URL standard, "host serializing").
pub(super) fn is_host(host: &str, scheme: &str) -> bool {
    if let Some(bracketed) = host.strip_prefix('[') {
        return bracketed.strip_suffix(']').is_some_and(host::is_ipv6);
    }
    // URL standard, "host parser": only special schemes have domains and IPv4 addresses. Those are the schemes with a
    // default port.
    if default_port(scheme).is_none() {
        // Electron's pages have the origin `app://.`.
        if host == "." {
            return true;
        }
    } else if host::ends_in_a_number(host) {
        return host::is_ipv4(host);
    }
    host::are_labels(host.strip_suffix('.').unwrap_or(host).as_bytes())
}

/// Whether pages of this scheme come from hosts of the DNS, so that they can have subdomains and ports.
pub(super) fn is_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("null")]
    #[case("https://example.com")]
    #[case("http://example.com:8080")]
    #[case("https://example.com.")]
    #[case("http://127.0.0.1:3000")]
    #[case("http://[::1]:3000")]
    #[case("https://[2001:db8::1]")]
    #[case("chrome-extension://abcdefghijklmnop")]
    #[case("moz-extension://0a1b2c3d-0000-4000-8000-000000000000")]
    #[case("https://xn--bcher-kva.example")]
    #[case("file://")]
    #[case("app://.")]
    fn serialized(#[case] text: &str) {
        assert!(is_serialized_origin(text.as_bytes()));
    }

    #[rstest]
    #[case("")]
    #[case("NULL")]
    #[case("example.com")]
    #[case("https://")]
    #[case("https://example.com/")]
    #[case("https://example.com/path")]
    #[case("https://example.com?query")]
    #[case("https://user@example.com")]
    #[case("https://Example.com")]
    #[case("HTTPS://example.com")]
    #[case("https://example.com:443")]
    #[case("https://example.com:0443")]
    #[case("https://example.com:")]
    #[case("https://example.com:0")]
    #[case("https://example.com:65536")]
    #[case("https://example.com:+80")]
    #[case("https://a.example https://b.example")]
    #[case("https://a.example,https://b.example")]
    #[case(" https://example.com")]
    #[case("https://b\u{fc}cher.example")]
    #[case("https://127.1")]
    #[case("https://0x7f.0.0.1")]
    #[case("https://[::0001]")]
    #[case("https://[::1")]
    #[case("https://[]")]
    #[case("https://a..example")]
    #[case("https://exa\0mple.com")]
    #[case("https://*.example.com")]
    #[case("https://.")]
    #[case("file:///")]
    #[case("file://host/")]
    fn not_serialized(#[case] text: &str) {
        assert!(!is_serialized_origin(text.as_bytes()));
    }

    #[test]
    fn a_long_value_is_not_read() {
        assert!(!is_serialized_origin(format!("https://{}", "a.".repeat(40_000)).as_bytes()));
    }
}
