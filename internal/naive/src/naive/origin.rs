//! Origins, judged by the `url` crate, which implements the URL standard.

use std::net::Ipv4Addr;

/// Whether a browser can send this as `Origin`.
pub fn is_origin(text: &str) -> bool {
    if ["null", "file://"].contains(&text) {
        return true;
    }
    let Some((scheme, authority)) = text.split_once("://") else {
        return false;
    };
    let is_lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let (host, _) = split_port(authority);
    let name = host.strip_suffix('.').unwrap_or(host);
    // The URL standard leaves these limits to the DNS.
    let is_name = name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| is_lower(c) || c == '-' || c == '_')
        });
    let is_app_root = host == "." && !["http", "https", "ws", "wss", "ftp"].contains(&scheme);
    if !host.starts_with('[') && !is_name && !is_app_root {
        return false;
    }
    let Ok(url) = url::Url::parse(text) else {
        return false;
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let serialized = format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default());
    serialized == text && url.port() != Some(0) && scheme.chars().all(|c| is_lower(c) || "+-.".contains(c))
}

/// Whether an entry of `allow_origins` is accepted alone, without credentials and exceptions.
pub fn is_entry(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let Some((scheme, authority)) = text.split_once("://") else {
        return false;
    };
    let (host, port) = split_port(authority);
    let (label, domain) = split_label(host);
    let any_port = port == Some("*");
    if (label.is_some() || any_port) && !["http", "https"].contains(&scheme) {
        return false;
    }
    if label.is_some() && (domain.starts_with('[') || domain.parse::<Ipv4Addr>().is_ok()) {
        return false;
    }
    if label.is_some_and(|label| !is_label_pattern(label))
        || host.strip_suffix('.').unwrap_or(host).len() > 253
    {
        return false;
    }
    // Any port that is not a default will do, and a host that already has one is refused (`http://a:1:*`).
    let port = if any_port { Some("1") } else { port }.map(|port| format!(":{port}")).unwrap_or_default();
    scheme != "file" && is_origin(&format!("{scheme}://{domain}{port}"))
}

/// Splits the leftmost label from a host if it contains a `*`.
fn split_label(host: &str) -> (Option<&str>, &str) {
    match host.split_once('.') {
        Some((label, domain)) if label.contains('*') => (Some(label), domain),
        _ => (None, host),
    }
}

/// Whether a label with one `*` could be the label of a host if the `*` were a letter.
fn is_label_pattern(label: &str) -> bool {
    let label = label.replacen('*', "a", 1);
    label.len() <= 63
        && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

/// Whether an entry of the policy contains an origin.
pub(super) fn matches_entry(entry: &str, origin: &str) -> bool {
    if !entry.contains('*') {
        return entry == origin;
    }
    if origin == "null" {
        return false;
    }
    let (entry_scheme, entry_host, entry_port) = split(entry);
    let (scheme, host, port) = split(origin);
    let is_app = !["http", "https"].contains(&entry_scheme);
    let host_matches = match split_label(entry_host) {
        (Some("*"), domain) => {
            host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        }
        (Some(pattern), domain) => host
            .strip_suffix(domain)
            .and_then(|rest| rest.strip_suffix('.'))
            .is_some_and(|label| !label.contains('.') && matches_label(pattern, label)),
        (None, "*") if is_app => true,
        (None, _) => entry_host == host,
    };
    let port_matches = entry_port == port || entry_port == Some("*");
    entry_scheme == scheme && host_matches && port_matches
}

/// Tries every position of the label for the end of what comes before the `*`, and for the start of what comes after it.
fn matches_label(pattern: &str, label: &str) -> bool {
    let mut splits =
        (0..label.len()).flat_map(|start| (start + 1..=label.len()).map(move |end| (start, end)));
    splits.any(|(start, end)| format!("{}*{}", &label[..start], &label[end..]) == pattern)
}

/// Whether an entry contains every host of a scheme.
pub(super) fn is_any_app(entry: &str) -> bool {
    entry.ends_with("://*") && !entry.starts_with("http")
}

/// Whether an entry's requests never leave the machine.
pub(super) fn is_loopback(entry: &str) -> bool {
    let (_, host, _) = split(entry);
    let host = host.strip_prefix("*.").unwrap_or(host);
    ["localhost", "[::1]"].contains(&host) || host.ends_with(".localhost") || host.starts_with("127.")
}

/// The domain of an entry that covers names below it.
pub(super) fn wildcard_domain(entry: &str) -> Option<&str> {
    let (label, domain) = split_label(split(entry).1);
    label.map(|_| domain)
}

/// The host of an origin, unless it is `null` or `file://`.
pub(super) fn host_of(origin: &str) -> Option<&str> {
    Some(split(origin).1).filter(|host| !host.is_empty())
}

fn split(text: &str) -> (&str, &str, Option<&str>) {
    let (scheme, authority) = text.split_once("://").unwrap_or_default();
    let (host, port) = split_port(authority);
    (scheme, host, port)
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}
