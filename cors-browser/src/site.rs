//! HTML, "site".

use crate::Origin;

/// HTML, "same site": whether scheme and registrable domain are the same.
pub(super) fn is_same_site(a: &Origin, b: &Origin) -> bool {
    match (a, b) {
        (Origin::Tuple { scheme, .. }, Origin::Tuple { scheme: other, .. }) => {
            scheme == other && is_schemelessly_same_site(a, b)
        }
        _ => false,
    }
}

/// HTML, "schemelessly same site".
pub(super) fn is_schemelessly_same_site(a: &Origin, b: &Origin) -> bool {
    match (a, b) {
        (Origin::Tuple { host, .. }, Origin::Tuple { host: other, .. }) => {
            host == other
                || registrable_domain(host).is_some_and(|domain| Some(domain) == registrable_domain(other))
        }
        _ => false,
    }
}

/// HTML, "obtain a site", serialized.
pub(super) fn site(origin: &Origin) -> String {
    match origin {
        Origin::Opaque => origin.to_string(),
        Origin::Tuple { scheme, host, .. } => {
            format!("{scheme}://{}", registrable_domain(host).unwrap_or(host))
        }
    }
}

/// URL, host "registrable domain".
pub(super) fn registrable_domain(host: &str) -> Option<&str> {
    if is_ip_address(host) { None } else { psl::domain_str(host) }
}

/// URL, host "public suffix": whether the whole host is a public suffix.
pub(super) fn is_public_suffix(host: &str) -> bool {
    !is_ip_address(host) && psl::suffix_str(host) == Some(host)
}

/// Whether a serialized host is an IPv4 or IPv6 address.
pub(super) fn is_ip_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://a.example", "https://a.example", true)]
    #[case("https://x.a.example", "https://y.a.example:8443", true)]
    #[case("https://app.example", "https://api.example", false)]
    #[case("https://a.example", "http://a.example", false)]
    #[case("https://a.co.uk", "https://b.co.uk", false)]
    #[case("https://x.a.co.uk", "https://a.co.uk", true)]
    #[case("https://a.github.io", "https://b.github.io", false)]
    #[case("http://127.0.0.1:1", "http://127.0.0.1:2", true)]
    #[case("http://127.0.0.1", "http://1.0.0.1", false)]
    #[case("http://[::1]", "http://[::1]:2", true)]
    #[case("http://localhost:1", "http://localhost:2", true)]
    #[case("null", "null", false)]
    fn same_sites(#[case] a: &str, #[case] b: &str, #[case] same: bool) {
        let (a, b) = (Origin::parse(a).unwrap(), Origin::parse(b).unwrap());
        assert_eq!(is_same_site(&a, &b), same);
        assert_eq!(is_same_site(&b, &a), same);
    }

    #[rstest]
    #[case("co.uk", true)]
    #[case("github.io", true)]
    #[case("example.com", false)]
    #[case("127.0.0.1", false)]
    fn public_suffixes(#[case] host: &str, #[case] expected: bool) {
        assert_eq!(is_public_suffix(host), expected);
    }
}
