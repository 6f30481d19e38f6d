//! The patterns of `allow_origins`: an origin, any subdomain of a domain, any port of a host.

use super::{default_port, host, serialization};
use crate::policy::ProblemCode;

/// An entry of `allow_origins`, except `*` and `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OriginPattern<'a> {
    pub(crate) scheme: &'a str,
    /// The host. If `subdomains` is set, the domain after `*.`.
    pub(crate) host: &'a str,
    pub(crate) subdomains: bool,
    pub(crate) port: PatternPort,
}

/// The port of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatternPort {
    /// The default port of the scheme, which is not written.
    Default,
    Exact(u16),
    /// `*`: every port, including the default port.
    Any,
}

/// Why a text is not a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OriginFault {
    pub(crate) code: ProblemCode,
    /// What is wrong; it follows the value in a sentence.
    pub(crate) what: String,
    /// What to write instead, as a sentence.
    pub(crate) help: String,
    /// The pattern that was probably intended.
    suggestion: Option<String>,
}

impl<'a> OriginPattern<'a> {
    /// Parses an origin (HTML standard, "ASCII serialization of an origin"). `*` can be the whole leftmost label and the
    /// whole port.
    pub(crate) fn parse(text: &'a str) -> Result<Self, OriginFault> {
        if text.is_empty() {
            return Err(OriginFault {
                code: ProblemCode::OriginWithoutScheme,
                what: "an origin is empty".to_owned(),
                help: WRITE_AN_ORIGIN.to_owned(),
                suggestion: None,
            });
        }
        if is_list(text) {
            let help = "Write one origin per entry: `[\"https://a.example\", \"https://b.example\"]`.";
            return Err(not_an_origin(ProblemCode::OriginList, "it is a list", help));
        }
        if text.contains(is_blank) {
            let what = "it contains white space or a control character";
            let trimmed = text.trim_matches(is_blank);
            // Joining the parts would suggest a name that belongs to another site.
            if trimmed.contains(is_blank) {
                return Err(not_an_origin(ProblemCode::OriginWithWhiteSpace, what, WRITE_AN_ORIGIN));
            }
            return Err(suggest(ProblemCode::OriginWithWhiteSpace, what, trimmed, WRITE_AN_ORIGIN));
        }
        let Some((scheme, after_scheme)) = text.split_once("://") else {
            let help = "Write it with a scheme, such as `https://example.com`.";
            // A server on the same machine rarely has a certificate.
            let scheme = if host::is_loopback(host_of(text)) { "http" } else { "https" };
            let guess = format!("{scheme}://{text}");
            return Err(suggest(ProblemCode::OriginWithoutScheme, "it has no scheme", &guess, help));
        };
        if scheme.contains('*') {
            return Err(misplaced_wildcard("Write one entry per scheme."));
        }
        if scheme == "file" {
            let help = "Serve the page over http instead: pages from local files have the origin `null`.";
            return Err(not_an_origin(
                ProblemCode::OriginScheme,
                "pages from local files have an opaque origin",
                help,
            ));
        }
        let authority = parse_authority(scheme, after_scheme)?;
        check_characters(scheme, authority)?;
        if !serialization::is_scheme(scheme) {
            let what = format!("`{}` is not a valid scheme", scheme.escape_debug());
            return Err(not_an_origin(ProblemCode::OriginScheme, &what, WRITE_AN_ORIGIN));
        }
        let (host, port) = serialization::split_port(authority);
        let port = parse_port(scheme, host, port)?;
        let (host, subdomains) = parse_host(scheme, host, authority)?;
        if !serialization::is_web(scheme) && (subdomains || port == PatternPort::Any) {
            return Err(misplaced_wildcard(
                "Patterns work for http and https only. List other origins exactly.",
            ));
        }
        Ok(Self { scheme, host, subdomains, port })
    }

    /// Whether an attacker on the network can read and change the traffic of these origins: `http:`, except on the same
    /// machine.
    pub(crate) fn is_insecure(&self) -> bool {
        self.scheme == "http" && !host::is_loopback(self.host)
    }

    /// Whether the pattern covers domains with different owners.
    pub(crate) fn covers_public_suffix(&self) -> bool {
        self.subdomains && host::is_public_suffix(self.host)
    }
}

const WRITE_AN_ORIGIN: &str = "Write an origin such as `https://example.com`.";

fn is_blank(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

/// Whether the text contains several origins: more than one scheme, or a comma in the host.
fn is_list(text: &str) -> bool {
    let after_scheme = text.split_once("://").map_or(text, |(_, after_scheme)| after_scheme);
    let pieces = text.split(|character| matches!(character, ',' | ';') || is_blank(character));
    before_path(after_scheme).contains(',') || pieces.filter(|piece| piece.contains("://")).count() > 1
}

/// The host of an origin without a scheme.
fn host_of(text: &str) -> &str {
    serialization::split_port(before_path(text)).0
}

fn before_path(text: &str) -> &str {
    text.split(PATH_STARTS).next().unwrap_or_default()
}

/// The characters that end the host and port of a URL.
const PATH_STARTS: [char; 4] = ['/', '?', '#', '\\'];

/// The host and port, if nothing else follows the scheme.
fn parse_authority<'a>(scheme: &str, after_scheme: &'a str) -> Result<&'a str, OriginFault> {
    let (authority, rest) = after_scheme.split_at(before_path(after_scheme).len());
    let (code, what) = match rest.bytes().next() {
        Some(b'?') => (ProblemCode::OriginWithQuery, "it ends in a query"),
        Some(b'#') => (ProblemCode::OriginWithFragment, "it ends in a fragment"),
        Some(_) => (ProblemCode::OriginWithPath, "it ends in a path"),
        None => {
            return match authority.rsplit_once('@') {
                Some((_, without)) => {
                    let guess = format!("{scheme}://{without}");
                    let what = "it contains a user name or password";
                    Err(suggest(ProblemCode::OriginWithUserInfo, what, &guess, WRITE_AN_ORIGIN))
                }
                None => Ok(authority),
            };
        }
    };
    Err(suggest(code, what, &format!("{scheme}://{authority}"), WRITE_AN_ORIGIN))
}

fn check_characters(scheme: &str, authority: &str) -> Result<(), OriginFault> {
    let text = format!("{scheme}://{authority}");
    if !authority.is_ascii() {
        let help =
            "Write the host in Punycode (`xn--…`), as a browser prints it for `new URL(\"…\").origin`.";
        return Err(not_an_origin(ProblemCode::OriginWithUnicode, "its host is not ASCII", help));
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let lower = text.to_ascii_lowercase();
        let what = "it contains upper-case letters";
        return Err(suggest(ProblemCode::OriginInUpperCase, what, &lower, "Write it in lower case."));
    }
    Ok(())
}

fn parse_port(scheme: &str, host: &str, port: Option<&str>) -> Result<PatternPort, OriginFault> {
    const HELP: &str =
        "Write a port from 1 to 65535, or `*` for any port, or leave out the port and its colon.";
    let Some(text) = port else {
        return Ok(PatternPort::Default);
    };
    if text == "*" {
        return Ok(PatternPort::Any);
    }
    if text.contains('*') {
        return Err(misplaced_wildcard("Write a port number, or `*` alone for any port."));
    }
    if text.contains(':') {
        let help = "Write an IPv6 address in brackets, such as `http://[::1]:8080`.";
        return Err(not_an_origin(ProblemCode::OriginHost, "its host contains a colon", help));
    }
    if !serialization::is_port(text) {
        let what = format!("`{text}` is not a valid port");
        let digits = text.trim_start_matches('0');
        if serialization::is_port(digits) {
            let guess = format!("{scheme}://{host}:{digits}");
            return Err(suggest(ProblemCode::OriginPort, &what, &guess, HELP));
        }
        return Err(not_an_origin(ProblemCode::OriginPort, &what, HELP));
    }
    // Cannot fail: `is_port` parsed it.
    let number = text.parse().unwrap_or_default();
    if default_port(scheme) == Some(number) {
        let what = format!("browsers leave out {number}, the default port of {scheme}");
        return Err(suggest(ProblemCode::OriginWithDefaultPort, &what, &format!("{scheme}://{host}"), HELP));
    }
    Ok(PatternPort::Exact(number))
}

/// The host, or the domain after `*.` and `true`.
fn parse_host<'a>(scheme: &str, host: &'a str, authority: &str) -> Result<(&'a str, bool), OriginFault> {
    if host.is_empty() {
        return Err(not_an_origin(ProblemCode::OriginHost, "it has no host", WRITE_AN_ORIGIN));
    }
    if host == "*" {
        return Err(misplaced_wildcard(
            "Write a domain after it, such as `https://*.example.com`, or `*` alone for any origin.",
        ));
    }
    let (domain, subdomains) = match host.strip_prefix("*.") {
        Some(domain) => (domain, true),
        None => (host, false),
    };
    if domain.contains('*') {
        return Err(misplaced_wildcard(
            "Write `*` as the whole leftmost label, such as `https://*.example.com`.",
        ));
    }
    let is_address = domain.starts_with('[') || host::ends_in_a_number(domain);
    if subdomains && is_address {
        return Err(misplaced_wildcard("List each address: an address has no subdomains."));
    }
    if serialization::is_host(domain, scheme) {
        return Ok((domain, subdomains));
    }
    let bracketed = domain.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Some(canonical) = bracketed.and_then(host::serialize_ipv6) {
        let guess = format!("{scheme}://{}", authority.replacen(domain, &format!("[{canonical}]"), 1));
        let what = "browsers write its IPv6 address in a different form";
        return Err(suggest(ProblemCode::OriginHost, what, &guess, WRITE_AN_ORIGIN));
    }
    let help = if is_address {
        "Write an address in its usual form, such as `http://127.0.0.1:8080` or `http://[::1]:8080`."
    } else {
        "Write labels of letters, digits, `-` and `_`, separated by single dots."
    };
    Err(not_an_origin(ProblemCode::OriginHost, &format!("`{domain}` is not a valid host"), help))
}

fn misplaced_wildcard(help: &str) -> OriginFault {
    OriginFault {
        code: ProblemCode::MisplacedWildcard,
        what: "has a `*` in the wrong place".to_owned(),
        help: help.to_owned(),
        suggestion: None,
    }
}

fn not_an_origin(code: ProblemCode, what: &str, help: &str) -> OriginFault {
    OriginFault { code, what: format!("is not an origin: {what}"), help: help.to_owned(), suggestion: None }
}

/// Suggests `guess` if it is a pattern. It must have one fault less than the text that it is made from.
fn suggest(code: ProblemCode, what: &str, guess: &str, otherwise: &str) -> OriginFault {
    // Only the first fault is explained, but the suggestion is free of all of them.
    let suggestion = match OriginPattern::parse(guess) {
        Ok(_) => Some(guess.to_owned()),
        Err(fault) => fault.suggestion,
    };
    let help = suggestion.as_ref().map_or_else(|| otherwise.to_owned(), |text| format!("Write `{text}`."));
    OriginFault { suggestion, ..not_an_origin(code, what, &help) }
}

#[cfg(test)]
mod tests;
