//! The patterns of `allow_origins`: an origin, subdomains of a domain, any port of a host, any host of an application's
//! scheme.

mod fault;
mod hosts;
mod mistakes;
mod regex;
mod schemes;

pub(crate) use self::fault::OriginFault;
use self::fault::{WRITE_AN_ORIGIN, misplaced_wildcard, not_an_origin, suggest};
pub(crate) use self::schemes::intended_scheme;
use super::{default_port, host, serialization};
use crate::policy::{Escaped, ProblemCode};

/// An entry of `allow_origins`, except `*`, `null` and `file://`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OriginPattern<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: HostPattern<'a>,
    pub(crate) port: PatternPort,
}

/// The host of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostPattern<'a> {
    Exact(&'a str),
    /// `*.` before this domain: all of its subdomains at any depth.
    Subdomains(&'a str),
    /// `*` as a part of the leftmost label, for one or more characters of a label. The label contains the `*`.
    PartialLabel {
        label: &'a str,
        /// What follows the label and its dot.
        domain: &'a str,
    },
    /// `*` alone: every host of an application's scheme.
    Any,
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

impl<'a> OriginPattern<'a> {
    /// Parses an origin (HTML standard, "ASCII serialization of an origin"). `*` can be the leftmost label, a part of it, or
    /// the whole port. For an application's scheme it can be the whole host.
    pub(crate) fn parse(text: &'a str) -> Result<Self, OriginFault> {
        if let Some(fault) = mistakes::in_whole_text(text) {
            return Err(fault);
        }
        let Some((scheme, after_scheme)) = text.split_once("://") else {
            return Err(mistakes::without_scheme(text));
        };
        if let Some(fault) = mistakes::in_scheme(scheme, after_scheme) {
            return Err(fault);
        }
        let authority = parse_authority(scheme, after_scheme)?;
        check_characters(scheme, authority)?;
        if !serialization::is_scheme(scheme) {
            let what = format!("`{}` is not a valid scheme", Escaped(scheme));
            return Err(not_an_origin(ProblemCode::OriginScheme, &what, WRITE_AN_ORIGIN));
        }
        let (host, port) = serialization::split_port(authority);
        let port = parse_port(scheme, host, port)?;
        let host = hosts::parse(scheme, host, authority, port)?;
        Ok(Self { scheme, host, port })
    }

    /// Whether it is one host on the default port of the scheme.
    pub(crate) fn is_exact_on_default_port(&self) -> bool {
        matches!((self.host, self.port), (HostPattern::Exact(_), PatternPort::Default))
    }

    /// Whether an attacker on the network can read and change the traffic of these origins: `http:`, except on the same
    /// machine.
    pub(crate) fn is_insecure(&self) -> bool {
        self.scheme == "http" && !self.domain().is_some_and(host::is_loopback)
    }

    /// The domain below which anyone can register a name that the pattern covers.
    pub(crate) fn public_suffix(&self) -> Option<&'a str> {
        match self.host {
            HostPattern::Subdomains(domain) | HostPattern::PartialLabel { domain, .. } => {
                host::is_public_suffix(domain).then_some(domain)
            }
            HostPattern::Exact(_) | HostPattern::Any => None,
        }
    }

    /// The host, or what is written of it after the leftmost label.
    fn domain(&self) -> Option<&'a str> {
        match self.host {
            HostPattern::Exact(host) => Some(host),
            HostPattern::Subdomains(domain) | HostPattern::PartialLabel { domain, .. } => Some(domain),
            HostPattern::Any => None,
        }
    }
}

/// The origin of a URL (URL standard, "origin"), or `None` if it has none, or a `*` in its host or port.
pub(crate) fn origin_of_url(url: &str) -> Option<String> {
    let (scheme, after_scheme) = url.split_once("://")?;
    let text = format!("{scheme}://{}", before_path(after_scheme));
    let origin = match OriginPattern::parse(&text) {
        Ok(_) => text,
        Err(fault) => match fault.code {
            ProblemCode::OriginWithUserInfo
            | ProblemCode::OriginInUpperCase
            | ProblemCode::OriginWithUnicode
            | ProblemCode::OriginWithDefaultPort => fault.suggestion?,
            _ => return None,
        },
    };
    (!origin.contains('*')).then_some(origin)
}

/// The host and port, if nothing else follows the scheme.
fn parse_authority<'a>(scheme: &str, after_scheme: &'a str) -> Result<&'a str, OriginFault> {
    let (authority, rest) = after_scheme.split_at(before_path(after_scheme).len());
    let (code, what) = match rest.bytes().next() {
        Some(b'?') => (ProblemCode::OriginWithQuery, "it ends in a query"),
        Some(b'#') => (ProblemCode::OriginWithFragment, "it ends in a fragment"),
        Some(_) => {
            if let Some(fault) = mistakes::in_path(scheme, authority, rest) {
                return Err(fault);
            }
            (ProblemCode::OriginWithPath, "it ends in a path")
        }
        None => {
            return match authority.rsplit_once('@') {
                Some((_, without)) => {
                    let guess = format!("{scheme}://{without}");
                    let what = "it contains a user name or password";
                    Err(suggest(ProblemCode::OriginWithUserInfo, what, &guess))
                }
                None => Ok(authority),
            };
        }
    };
    Err(suggest(code, what, &format!("{scheme}://{authority}")))
}

/// The characters that end the host and port of a URL.
const PATH_STARTS: [char; 4] = ['/', '?', '#', '\\'];

fn before_path(text: &str) -> &str {
    text.split(PATH_STARTS).next().unwrap_or_default()
}

fn check_characters(scheme: &str, authority: &str) -> Result<(), OriginFault> {
    if !authority.is_ascii() {
        let help =
            "Write the host in Punycode (`xn--…`), as a browser prints it for `new URL(\"…\").origin`.";
        let what = "its host is not ASCII";
        let (host, port) = serialization::split_port(authority);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let guess = host::to_ascii(host).map(|host| format!("{scheme}://{host}{port}"));
        return Err(match guess.filter(|guess| guess.is_ascii()) {
            Some(guess) => suggest(ProblemCode::OriginWithUnicode, what, &guess),
            None => not_an_origin(ProblemCode::OriginWithUnicode, what, help),
        });
    }
    let is_upper = |text: &str| text.bytes().any(|byte| byte.is_ascii_uppercase());
    if is_upper(scheme) || is_upper(authority) {
        let lower = format!("{scheme}://{authority}").to_ascii_lowercase();
        let what = "it contains upper-case letters";
        return Err(suggest(ProblemCode::OriginInUpperCase, what, &lower));
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
            return Err(suggest(ProblemCode::OriginPort, &what, &guess));
        }
        return Err(not_an_origin(ProblemCode::OriginPort, &what, HELP));
    }
    // Cannot fail: `is_port` parsed it.
    let number = text.parse().unwrap_or_default();
    if default_port(scheme) == Some(number) {
        let what = format!("browsers leave out {number}, the default port of {scheme}");
        return Err(suggest(ProblemCode::OriginWithDefaultPort, &what, &format!("{scheme}://{host}")));
    }
    Ok(PatternPort::Exact(number))
}

#[cfg(test)]
mod tests;
