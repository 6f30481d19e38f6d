//! Hosts as the URL standard serializes them.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

use idna::AsciiDenyList;

/// The length of the longest name that the DNS can resolve, in bytes (RFC 1035, section 2.3.4).
pub(crate) const LONGEST_NAME: usize = 253;

/// The length of the longest label of a name, in bytes.
pub(crate) const LONGEST_LABEL: usize = 63;

/// Whether `bytes` is one or more labels of a domain as browsers send them: lower-case ASCII, and no empty label.
///
/// RFC 952 does not allow underscores in host names, but browsers accept them.
pub(crate) fn are_labels(bytes: &[u8]) -> bool {
    if bytes.len() > LONGEST_NAME {
        return false;
    }
    // A client can send long names, so this loop has no branches and the compiler can vectorize it.
    let is_name = bytes.iter().fold(true, |all, &byte| {
        all & (byte.is_ascii_lowercase() | byte.is_ascii_digit() | matches!(byte, b'-' | b'_' | b'.'))
    });
    is_name
        && bytes.split(|&byte| byte == b'.').all(|label| !label.is_empty() && label.len() <= LONGEST_LABEL)
}

/// URL standard, "ends in a number checker". Such a host must be an IPv4 address.
pub(crate) fn ends_in_a_number(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Whether `host` is an IPv4 address as the URL standard serializes it: four decimal numbers without leading zeros.
pub(crate) fn is_ipv4(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok()
}

/// Serializes the text between brackets as the URL standard does. Returns `None` if it is not an IPv6 address.
pub(crate) fn serialize_ipv6(text: &str) -> Option<String> {
    let mut serialized = String::new();
    write_ipv6(text.parse().ok()?, &mut serialized).ok()?;
    Some(serialized)
}

/// Whether the text between brackets is an IPv6 address as the URL standard serializes it. It does not allocate.
pub(crate) fn is_ipv6(text: &str) -> bool {
    let mut rest = Rest(text);
    text.parse().is_ok_and(|address| write_ipv6(address, &mut rest).is_ok()) && rest.0.is_empty()
}

/// URL standard, "IPv6 serializer".
fn write_ipv6(address: Ipv6Addr, text: &mut impl Write) -> fmt::Result {
    let pieces = address.segments();
    let (start, end) = longest_run_of_zeros(&pieces).unwrap_or((pieces.len(), pieces.len()));
    for (position, piece) in pieces.iter().enumerate() {
        if position == start {
            text.write_str("::")?;
        }
        if (start..end).contains(&position) {
            continue;
        }
        if position > 0 && position != end {
            text.write_char(':')?;
        }
        write!(text, "{piece:x}")?;
    }
    Ok(())
}

/// The rest of a text with which the written text is compared.
struct Rest<'a>(&'a str);

impl Write for Rest<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(written).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// URL standard, "domain to ASCII". Returns `None` if the host is not a domain, or its Punycode is not valid.
pub(crate) fn to_ascii(host: &str) -> Option<Cow<'_, str>> {
    idna::domain_to_ascii_cow(host.as_bytes(), AsciiDenyList::URL).ok()
}

/// Whether requests to `host` stay on the same machine (Secure Contexts, "potentially trustworthy origin").
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    name == "localhost"
        || name.ends_with(".localhost")
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Whether anyone can register a name directly below `domain`, so that `*.domain` has no single owner.
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    // Names below it cannot be registered: they all mean the same machine (RFC 6761, section 6.3).
    if domain == "localhost" {
        return false;
    }
    // The algorithm of the public suffix list: a name of one label that is not listed is a suffix.
    if !domain.contains('.') {
        return true;
    }
    is_listed(domain)
}

/// Whether the public suffix list contains `domain` itself, or all names directly below it (`*.ck`).
#[cfg(feature = "public-suffix")]
fn is_listed(domain: &str) -> bool {
    // No exception in the list has this label.
    let below = format!("_.{domain}");
    psl::suffix_str(domain) == Some(domain) || psl::suffix_str(&below) == Some(&below)
}

#[cfg(not(feature = "public-suffix"))]
fn is_listed(_: &str) -> bool {
    false
}

/// The start and end of the first of the longest runs of at least two zeros.
fn longest_run_of_zeros(pieces: &[u16; 8]) -> Option<(usize, usize)> {
    let mut longest = None;
    let mut start = 0;
    while start < pieces.len() {
        let length = pieces[start..].iter().take_while(|&&piece| piece == 0).count();
        let record = longest.map_or(1, |(start, end)| end - start);
        if length > record {
            longest = Some((start, start + length));
        }
        start += length.max(1);
    }
    longest
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("example.com", true)]
    #[case("xn--bcher-kva.example", true)]
    #[case("a_b.example", true)]
    #[case("", false)]
    #[case(".example", false)]
    #[case("a..example", false)]
    #[case("example.", false)]
    #[case("Example.com", false)]
    #[case("b\u{fc}cher.example", false)]
    #[case("a b", false)]
    fn labels(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(are_labels(text.as_bytes()), expected);
    }

    #[test]
    fn labels_and_names_have_a_maximum_length() {
        assert!(are_labels("a".repeat(63).as_bytes()));
        assert!(!are_labels("a".repeat(64).as_bytes()));
        assert!(are_labels("a.".repeat(126).as_bytes().split_last().unwrap().1));
        assert!(!are_labels(format!("{}a", "a.".repeat(127)).as_bytes()));
    }

    #[rstest]
    #[case("127.0.0.1", true)]
    #[case("1", true)]
    #[case("a.0x7f", true)]
    #[case("a.1.", true)]
    #[case("1.a", false)]
    #[case("a.", false)]
    fn numbers_at_the_end(#[case] host: &str, #[case] expected: bool) {
        assert_eq!(ends_in_a_number(host), expected);
    }

    #[rstest]
    #[case("::1", Some("::1"))]
    #[case("0:0:0:0:0:0:0:1", Some("::1"))]
    #[case("2001:DB8::1", Some("2001:db8::1"))]
    #[case("2001:db8:0:0:1:0:0:1", Some("2001:db8::1:0:0:1"))]
    #[case("1:0:2:3:4:5:6:7", Some("1:0:2:3:4:5:6:7"))]
    #[case("1::", Some("1::"))]
    #[case("::", Some("::"))]
    #[case("::ffff:192.0.2.1", Some("::ffff:c000:201"))]
    #[case("1:2", None)]
    #[case("fe80::1%eth0", None)]
    fn ipv6(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(serialize_ipv6(text).as_deref(), expected);
        assert_eq!(is_ipv6(text), expected == Some(text));
        assert!(expected.is_none_or(is_ipv6));
    }

    #[rstest]
    #[case("com", true)]
    #[case("unlisted", true)]
    #[case("localhost", false)]
    #[case("example.com", false)]
    #[cfg_attr(feature = "public-suffix", case("co.uk", true))]
    #[cfg_attr(feature = "public-suffix", case("github.io", true))]
    #[cfg_attr(feature = "public-suffix", case("github.io.", true))]
    #[cfg_attr(feature = "public-suffix", case("compute.amazonaws.com", true))]
    #[cfg_attr(feature = "public-suffix", case("kawasaki.jp", true))]
    #[cfg_attr(feature = "public-suffix", case("foo.kawasaki.jp", true))]
    #[cfg_attr(feature = "public-suffix", case("city.kawasaki.jp", false))]
    #[cfg_attr(feature = "public-suffix", case("www.city.kawasaki.jp", false))]
    fn public_suffixes(#[case] domain: &str, #[case] expected: bool) {
        assert_eq!(is_public_suffix(domain), expected);
    }

    #[rstest]
    #[case("localhost", true)]
    #[case("app.localhost", true)]
    #[case("127.8.9.1", true)]
    #[case("[::1]", true)]
    #[case("notlocalhost", false)]
    #[case("128.0.0.1", false)]
    #[case("localhost.example", false)]
    fn loopback(#[case] host: &str, #[case] expected: bool) {
        assert_eq!(is_loopback(host), expected);
    }
}
