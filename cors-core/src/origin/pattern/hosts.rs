//! The host of a pattern.

use super::fault::{misplaced_wildcard, not_an_origin, suggest, suggest_for_wildcard};
use super::{HostPattern, OriginFault, PatternPort, WRITE_AN_ORIGIN};
use crate::origin::{default_port, host, serialization};
use crate::policy::ProblemCode;

pub(super) const LIST_EACH_ADDRESS: &str = "List each address, or decide in code with `allow_origin_if`: a pattern cannot cover a range of addresses.";

/// Parses the host of `scheme://authority`.
pub(super) fn parse<'a>(
    scheme: &str,
    text: &'a str,
    authority: &str,
    port: PatternPort,
) -> Result<HostPattern<'a>, OriginFault> {
    if text.is_empty() {
        return Err(not_an_origin(ProblemCode::OriginHost, "it has no host", WRITE_AN_ORIGIN));
    }
    let is_web = serialization::is_web(scheme);
    if text == "*" && port == PatternPort::Default && is_app_scheme(scheme) {
        return Ok(HostPattern::Any);
    }
    if !is_web && (text.contains('*') || port == PatternPort::Any) {
        return Err(misplaced_wildcard(
            "Patterns for subdomains and ports work for http and https only. List other origins exactly, or write `*` as the whole host.",
        ));
    }
    let (pattern, domain) = match text.strip_prefix("*.") {
        Some(domain) if !domain.contains('*') => (HostPattern::Subdomains(domain), domain),
        None if !text.contains('*') => (HostPattern::Exact(text), text),
        _ => {
            let (label, domain) = split_partial_label(text).ok_or_else(|| misplaced(scheme, text, port))?;
            (HostPattern::PartialLabel { label, domain }, domain)
        }
    };
    let is_address = domain.starts_with('[') || host::ends_in_a_number(domain);
    if is_address && !matches!(pattern, HostPattern::Exact(_)) {
        return Err(misplaced_wildcard("List each address: an address has no subdomains."));
    }
    check(scheme, domain, authority)?;
    // One character for the `*` is the shortest name that the pattern can cover.
    if text.strip_suffix('.').unwrap_or(text).len() > host::LONGEST_NAME {
        return Err(too_long(text));
    }
    if let HostPattern::PartialLabel { label, .. } = pattern {
        if !host::are_labels(label.replace('*', "a").as_bytes()) {
            return Err(invalid(label));
        }
    }
    Ok(pattern)
}

/// Whether an application can have this scheme: a scheme that is not special (URL standard, "special scheme").
fn is_app_scheme(scheme: &str) -> bool {
    default_port(scheme).is_none() && scheme != "file"
}

/// The leftmost label with its `*` and the domain after it.
fn split_partial_label(host: &str) -> Option<(&str, &str)> {
    let (label, domain) = host.split_once('.')?;
    let is_partial = label.len() > 1 && label.bytes().filter(|&byte| byte == b'*').count() == 1;
    // A domain that is empty, or only a final dot, leaves nothing that an owner has.
    let has_domain = !domain.trim_end_matches('.').is_empty();
    (is_partial && has_domain && !domain.contains('*')).then_some((label, domain))
}

/// What to write for a host with a `*` in the wrong place.
fn misplaced(scheme: &str, host: &str, port: PatternPort) -> OriginFault {
    const HELP: &str = "Write `*` as the leftmost label or as a part of it, such as `https://*.example.com` or `https://app-*.example.com`.";
    if host == "*" {
        return misplaced_wildcard(
            "Write a domain after it, such as `https://*.example.com`, or `*` alone for any origin.",
        );
    }
    let written_port = match port {
        PatternPort::Default => String::new(),
        PatternPort::Exact(port) => format!(":{port}"),
        PatternPort::Any => ":*".to_owned(),
    };
    // In other languages of patterns, this matches all ports.
    if let Some(name) = host.strip_suffix('*').filter(|name| host::is_loopback(name)) {
        let port = if port == PatternPort::Default { ":*" } else { &written_port };
        return suggest_for_wildcard(&format!("{scheme}://{name}{port}"));
    }
    if is_range_of_addresses(host) {
        return misplaced_wildcard(LIST_EACH_ADDRESS);
    }
    let stars_together = host.trim_start_matches(['*', '.']);
    if host.starts_with('*') && !stars_together.contains('*') {
        return suggest_for_wildcard(&format!("{scheme}://*.{stars_together}{written_port}"));
    }
    match host.strip_suffix('*') {
        Some(name) if name.ends_with('.') => misplaced_wildcard(
            "List each domain: a `*` cannot stand for the end of a domain, because others own the other names.",
        ),
        // `https://example.com*` matches paths in other languages of patterns.
        Some(name) if name.contains('.') => suggest_for_wildcard(&format!("{scheme}://{name}{written_port}")),
        _ => misplaced_wildcard(HELP),
    }
}

/// Whether a host is an IPv4 address in which `*` stands for numbers or digits.
fn is_range_of_addresses(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'*'))
        && host.bytes().any(|byte| byte.is_ascii_digit())
}

/// Checks a host without `*`, or the domain after the label with the `*`.
fn check(scheme: &str, domain: &str, authority: &str) -> Result<(), OriginFault> {
    if serialization::is_host(domain, scheme) {
        return check_punycode(scheme, domain, authority);
    }
    let is_address = domain.starts_with('[') || host::ends_in_a_number(domain);
    let bracketed = domain.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Some(canonical) = bracketed.and_then(host::serialize_ipv6) {
        let guess = format!("{scheme}://{}", authority.replacen(domain, &format!("[{canonical}]"), 1));
        let what = "browsers write its IPv6 address in a different form";
        return Err(suggest(ProblemCode::OriginHost, what, &guess));
    }
    if is_address {
        let what = format!("`{domain}` is not a valid host");
        let help =
            "Write an address in its usual form, such as `http://127.0.0.1:8080` or `http://[::1]:8080`.";
        return Err(not_an_origin(ProblemCode::OriginHost, &what, help));
    }
    // Cookies and some frameworks write all subdomains in this way.
    if let Some(name) = authority.strip_prefix('.') {
        let guess = format!("{scheme}://*.{name}");
        return Err(suggest(ProblemCode::OriginHost, "its host starts with a dot", &guess));
    }
    Err(if domain.len() > host::LONGEST_NAME { too_long(domain) } else { invalid(domain) })
}

/// URL standard, "domain to ASCII": it can fail for a label that starts with `xn--`, and only then does it do anything else
/// than to convert to lower case. Hosts of other schemes are not domains.
fn check_punycode(scheme: &str, domain: &str, authority: &str) -> Result<(), OriginFault> {
    if default_port(scheme).is_none() || !domain.split('.').any(|label| label.starts_with("xn--")) {
        return Ok(());
    }
    let help = "Copy the host from a browser, which prints it for `new URL(\"…\").origin`.";
    match host::to_ascii(domain) {
        Some(same) if *same == *domain => Ok(()),
        Some(other) => {
            let guess = format!("{scheme}://{}", authority.replacen(domain, &other, 1));
            Err(suggest(ProblemCode::OriginHost, "browsers write its host in a different form", &guess))
        }
        None => {
            let what = format!("`{domain}` is not valid Punycode");
            Err(not_an_origin(ProblemCode::OriginHost, &what, help))
        }
    }
}

fn invalid(name: &str) -> OriginFault {
    let help = "Write labels of 1 to 63 letters, digits, `-` and `_`, separated by single dots.";
    not_an_origin(ProblemCode::OriginHost, &format!("`{name}` is not a valid host"), help)
}

fn too_long(host: &str) -> OriginFault {
    let what = format!(
        "its host has {} bytes, and a name of the DNS has {} at most",
        host.len(),
        host::LONGEST_NAME
    );
    not_an_origin(ProblemCode::OriginHost, &what, WRITE_AN_ORIGIN)
}
