//! The patterns of `allow_origins`: an origin, any subdomain of a domain, any port of a host.

use super::{default_port, host, serialization};
use crate::policy::ProblemCode;

/// An entry of `allow_origins` other than `*` and `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OriginPattern<'a> {
    pub(crate) scheme: &'a str,
    /// The host; the domain behind `*.` where `subdomains` is set.
    pub(crate) host: &'a str,
    pub(crate) subdomains: bool,
    pub(crate) port: PatternPort,
}

/// The port of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatternPort {
    /// None written: the default port of the scheme.
    Default,
    Exact(u16),
    /// `*`: any, the default port included.
    Any,
}

/// Why a text is no pattern.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OriginFault {
    pub(crate) code: ProblemCode,
    /// What is wrong, to be read after the value.
    pub(crate) what: String,
    /// What to write instead, as a sentence.
    pub(crate) help: String,
    /// The pattern that was probably meant.
    meant: Option<String>,
}

impl<'a> OriginPattern<'a> {
    /// Parses an origin (HTML standard, "ASCII serialization of an origin"), with `*` allowed as the whole leftmost label
    /// and as the whole port.
    pub(crate) fn parse(text: &'a str) -> Result<Self, OriginFault> {
        if text.is_empty() {
            return Err(OriginFault {
                code: ProblemCode::OriginWithoutScheme,
                what: "an origin is empty".to_owned(),
                help: WRITE_AN_ORIGIN.to_owned(),
                meant: None,
            });
        }
        if is_list(text) {
            let help =
                "Write each origin in an entry of its own: `[\"https://a.example\", \"https://b.example\"]`.";
            return Err(not_an_origin(ProblemCode::OriginList, "it is a list", help));
        }
        if text.contains(is_blank) {
            let what = "it contains white space or a control character";
            let trimmed = text.trim_matches(is_blank);
            // Two pieces put together would be the name of somebody else.
            if trimmed.contains(is_blank) {
                return Err(not_an_origin(ProblemCode::OriginWithWhiteSpace, what, WRITE_AN_ORIGIN));
            }
            return Err(suggest(ProblemCode::OriginWithWhiteSpace, what, trimmed, WRITE_AN_ORIGIN));
        }
        let Some((scheme, after_scheme)) = text.split_once("://") else {
            let help = "Write the scheme, too, such as `https://example.com`.";
            // A server on this machine hardly ever has a certificate.
            let scheme = if host::is_loopback(host_of(text)) { "http" } else { "https" };
            let guess = format!("{scheme}://{text}");
            return Err(suggest(ProblemCode::OriginWithoutScheme, "it has no scheme", &guess, help));
        };
        if scheme.contains('*') {
            return Err(misplaced_wildcard("List each scheme in an entry of its own."));
        }
        if scheme == "file" {
            let help = "Pages from files have the origin `null`; serve the page over http instead.";
            return Err(not_an_origin(ProblemCode::OriginScheme, "pages from files have none", help));
        }
        let authority = whole_authority(scheme, after_scheme)?;
        in_lower_case(scheme, authority)?;
        if !serialization::is_scheme(scheme) {
            let what = format!("`{scheme}` is no scheme");
            return Err(not_an_origin(ProblemCode::OriginScheme, &what, WRITE_AN_ORIGIN));
        }
        let (host, port) = serialization::split_port(authority);
        let port = parse_port(scheme, host, port)?;
        let (host, subdomains) = parse_host(scheme, host, authority)?;
        if !serialization::is_web(scheme) && (subdomains || port == PatternPort::Any) {
            return Err(misplaced_wildcard(
                "Patterns are for http and https; list every other origin exactly.",
            ));
        }
        Ok(Self { scheme, host, subdomains, port })
    }

    /// Whether requests from these origins can be read and changed on the way: `http:`, but for this machine itself.
    pub(crate) fn is_insecure(&self) -> bool {
        self.scheme == "http" && !host::is_loopback(self.host)
    }

    /// Whether the pattern covers domains of different owners.
    pub(crate) fn covers_public_suffix(&self) -> bool {
        self.subdomains && host::is_public_suffix(self.host)
    }
}

const WRITE_AN_ORIGIN: &str = "Write an origin such as `https://example.com`.";

fn is_blank(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

/// Whether the text is several origins: more than one scheme, or a comma in the place of the host.
fn is_list(text: &str) -> bool {
    let after_scheme = text.split_once("://").map_or(text, |(_, after_scheme)| after_scheme);
    let pieces = text.split(|character| matches!(character, ',' | ';') || is_blank(character));
    before_path(after_scheme).contains(',') || pieces.filter(|piece| piece.contains("://")).count() > 1
}

/// The host of an origin that lacks its scheme.
fn host_of(text: &str) -> &str {
    serialization::split_port(before_path(text)).0
}

fn before_path(text: &str) -> &str {
    text.split(PATH_STARTS).next().unwrap_or_default()
}

/// What ends the host and the port in a URL.
const PATH_STARTS: [char; 4] = ['/', '?', '#', '\\'];

/// What stands between `://` and the end, if nothing follows that an origin does not have.
fn whole_authority<'a>(scheme: &str, after_scheme: &'a str) -> Result<&'a str, OriginFault> {
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

fn in_lower_case(scheme: &str, authority: &str) -> Result<(), OriginFault> {
    let text = format!("{scheme}://{authority}");
    if !authority.is_ascii() {
        let help = "Write the host in Punycode (`xn--…`), as `new URL(\"…\").origin` prints it in a browser.";
        return Err(not_an_origin(ProblemCode::OriginWithUnicode, "its host is not in ASCII", help));
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let lower = text.to_ascii_lowercase();
        let what = "it contains upper-case letters";
        return Err(suggest(ProblemCode::OriginInUpperCase, what, &lower, "Write it in lower case."));
    }
    Ok(())
}

fn parse_port(scheme: &str, host: &str, port: Option<&str>) -> Result<PatternPort, OriginFault> {
    const HELP: &str = "Write a port from 1 to 65535, `*` for any port, or leave it out with its colon.";
    let Some(text) = port else {
        return Ok(PatternPort::Default);
    };
    if text == "*" {
        return Ok(PatternPort::Any);
    }
    if text.contains('*') {
        return Err(misplaced_wildcard("Write `*` for the whole port, or the port."));
    }
    if text.contains(':') {
        let help = "Write an IPv6 address in brackets, such as `http://[::1]:8080`.";
        return Err(not_an_origin(ProblemCode::OriginHost, "its host contains a colon", help));
    }
    if !serialization::is_port(text) {
        let what = format!("`{text}` is no port");
        let digits = text.trim_start_matches('0');
        if serialization::is_port(digits) {
            let guess = format!("{scheme}://{host}:{digits}");
            return Err(suggest(ProblemCode::OriginPort, &what, &guess, HELP));
        }
        return Err(not_an_origin(ProblemCode::OriginPort, &what, HELP));
    }
    // Checked just above.
    let number = text.parse().unwrap_or_default();
    if default_port(scheme) == Some(number) {
        let what = format!("browsers leave out {number}, the default port of {scheme}");
        return Err(suggest(ProblemCode::OriginWithDefaultPort, &what, &format!("{scheme}://{host}"), HELP));
    }
    Ok(PatternPort::Exact(number))
}

/// The host, or the domain behind `*.`.
fn parse_host<'a>(scheme: &str, host: &'a str, authority: &str) -> Result<(&'a str, bool), OriginFault> {
    if host.is_empty() {
        return Err(not_an_origin(ProblemCode::OriginHost, "it has no host", WRITE_AN_ORIGIN));
    }
    if host == "*" {
        return Err(misplaced_wildcard(
            "Write a domain behind it, such as `https://*.example.com`, or `*` alone for any origin.",
        ));
    }
    let (domain, subdomains) = match host.strip_prefix("*.") {
        Some(domain) => (domain, true),
        None => (host, false),
    };
    if domain.contains('*') {
        return Err(misplaced_wildcard(
            "Write `*` for the whole leftmost label only, such as `https://*.example.com`.",
        ));
    }
    let is_address = domain.starts_with('[') || host::ends_in_a_number(domain);
    if subdomains && is_address {
        return Err(misplaced_wildcard("An address has no subdomains; list each address."));
    }
    if serialization::is_host(domain, scheme) {
        return Ok((domain, subdomains));
    }
    let bracketed = domain.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Some(canonical) = bracketed.and_then(host::serialize_ipv6) {
        let guess = format!("{scheme}://{}", authority.replacen(domain, &format!("[{canonical}]"), 1));
        let what = "browsers write its IPv6 address in another form";
        return Err(suggest(ProblemCode::OriginHost, what, &guess, WRITE_AN_ORIGIN));
    }
    let help = if is_address {
        "Write an address in its usual form, such as `http://127.0.0.1:8080` or `http://[::1]:8080`."
    } else {
        "Write labels of letters, digits, `-` and `_`, joined by single dots."
    };
    Err(not_an_origin(ProblemCode::OriginHost, &format!("`{domain}` is no host"), help))
}

fn misplaced_wildcard(help: &str) -> OriginFault {
    OriginFault {
        code: ProblemCode::MisplacedWildcard,
        what: "has a `*` where none can stand".to_owned(),
        help: help.to_owned(),
        meant: None,
    }
}

fn not_an_origin(code: ProblemCode, what: &str, help: &str) -> OriginFault {
    OriginFault { code, what: format!("is not an origin: {what}"), help: help.to_owned(), meant: None }
}

/// Names `guess` as what to write, if that is an origin. A guess must have one fault less than what it is made from.
fn suggest(code: ProblemCode, what: &str, guess: &str, otherwise: &str) -> OriginFault {
    // One fault at a time is explained; a guess that still has another one gets repaired, too.
    let meant = match OriginPattern::parse(guess) {
        Ok(_) => Some(guess.to_owned()),
        Err(fault) => fault.meant,
    };
    let help = meant.as_ref().map_or_else(|| otherwise.to_owned(), |meant| format!("Write `{meant}`."));
    OriginFault { meant, ..not_an_origin(code, what, &help) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://example.com", "https", "example.com", false, PatternPort::Default)]
    #[case("https://*.example.org", "https", "example.org", true, PatternPort::Default)]
    #[case("http://localhost:*", "http", "localhost", false, PatternPort::Any)]
    #[case("https://*.example.org:*", "https", "example.org", true, PatternPort::Any)]
    #[case("https://*.example.org:8443", "https", "example.org", true, PatternPort::Exact(8443))]
    #[case("http://127.0.0.1:3000", "http", "127.0.0.1", false, PatternPort::Exact(3000))]
    #[case("http://[::1]:3000", "http", "[::1]", false, PatternPort::Exact(3000))]
    #[case("http://[2001:db8::1]", "http", "[2001:db8::1]", false, PatternPort::Default)]
    #[case(
        "chrome-extension://abcdefghijklmnop",
        "chrome-extension",
        "abcdefghijklmnop",
        false,
        PatternPort::Default
    )]
    #[case("https://example.com.", "https", "example.com.", false, PatternPort::Default)]
    fn patterns(
        #[case] text: &str,
        #[case] scheme: &str,
        #[case] host: &str,
        #[case] subdomains: bool,
        #[case] port: PatternPort,
    ) {
        assert_eq!(OriginPattern::parse(text), Ok(OriginPattern { scheme, host, subdomains, port }));
    }

    #[rstest]
    #[case("", ProblemCode::OriginWithoutScheme, "Write an origin such as `https://example.com`.")]
    #[case("example.com", ProblemCode::OriginWithoutScheme, "Write `https://example.com`.")]
    #[case("://example.com", ProblemCode::OriginScheme, "Write an origin such as `https://example.com`.")]
    #[case(
        "1http://example.com",
        ProblemCode::OriginScheme,
        "Write an origin such as `https://example.com`."
    )]
    #[case(
        "file:///home",
        ProblemCode::OriginScheme,
        "Pages from files have the origin `null`; serve the page over http instead."
    )]
    #[case("https://example.com/", ProblemCode::OriginWithPath, "Write `https://example.com`.")]
    #[case("https://example.com/a,b", ProblemCode::OriginWithPath, "Write `https://example.com`.")]
    #[case(
        "https://example.com?u=https://a.example",
        ProblemCode::OriginWithQuery,
        "Write `https://example.com`."
    )]
    #[case("https://example.com/a/b", ProblemCode::OriginWithPath, "Write `https://example.com`.")]
    #[case("https://Example.com:443/", ProblemCode::OriginWithPath, "Write `https://example.com`.")]
    #[case("https://example.com?q", ProblemCode::OriginWithQuery, "Write `https://example.com`.")]
    #[case("https://example.com#f", ProblemCode::OriginWithFragment, "Write `https://example.com`.")]
    #[case("https://me:secret@example.com", ProblemCode::OriginWithUserInfo, "Write `https://example.com`.")]
    #[case("https://example.com:443", ProblemCode::OriginWithDefaultPort, "Write `https://example.com`.")]
    #[case("http://example.com:80", ProblemCode::OriginWithDefaultPort, "Write `http://example.com`.")]
    #[case("https://Example.com", ProblemCode::OriginInUpperCase, "Write `https://example.com`.")]
    #[case("HTTPS://example.com", ProblemCode::OriginInUpperCase, "Write `https://example.com`.")]
    #[case(" https://example.com", ProblemCode::OriginWithWhiteSpace, "Write `https://example.com`.")]
    #[case(
        "\u{a0} https://Example.com/\n",
        ProblemCode::OriginWithWhiteSpace,
        "Write `https://example.com`."
    )]
    #[case(
        "https://a.example\nb",
        ProblemCode::OriginWithWhiteSpace,
        "Write an origin such as `https://example.com`."
    )]
    #[case(" ", ProblemCode::OriginWithWhiteSpace, "Write an origin such as `https://example.com`.")]
    #[case("localhost:3000", ProblemCode::OriginWithoutScheme, "Write `http://localhost:3000`.")]
    #[case("127.0.0.1:80/app", ProblemCode::OriginWithoutScheme, "Write `http://127.0.0.1`.")]
    #[case("[::1]", ProblemCode::OriginWithoutScheme, "Write `http://[::1]`.")]
    #[case(
        "localhost.example.com",
        ProblemCode::OriginWithoutScheme,
        "Write `https://localhost.example.com`."
    )]
    #[case("https://example.com:08080", ProblemCode::OriginPort, "Write `https://example.com:8080`.")]
    #[case("https://[0:0::1]:8443", ProblemCode::OriginHost, "Write `https://[::1]:8443`.")]
    fn faults(#[case] text: &str, #[case] code: ProblemCode, #[case] help: &str) {
        let fault = OriginPattern::parse(text).unwrap_err();
        assert_eq!((fault.code, fault.help.as_str()), (code, help));
    }

    #[rstest]
    #[case("https://a.example,https://b.example")]
    #[case("https://a.example, https://b.example")]
    #[case("https://a.example https://b.example")]
    #[case("https://a.example/;https://b.example/")]
    #[case("https://a.example,b.example")]
    #[case("a.example,b.example")]
    #[case(",")]
    fn a_list_is_told_to_be_one(#[case] text: &str) {
        let fault = OriginPattern::parse(text).unwrap_err();
        assert_eq!(
            (fault.code, fault.what.as_str()),
            (ProblemCode::OriginList, "is not an origin: it is a list")
        );
        assert!(fault.help.starts_with("Write each origin in an entry of its own"), "{}", fault.help);
    }

    #[rstest]
    #[case("https://b\u{fc}cher.example", ProblemCode::OriginWithUnicode)]
    #[case("https://example.com:", ProblemCode::OriginPort)]
    #[case("https://example.com:0", ProblemCode::OriginPort)]
    #[case("https://example.com:65536", ProblemCode::OriginPort)]
    #[case("https://example.com:http", ProblemCode::OriginPort)]
    #[case("http://::1", ProblemCode::OriginHost)]
    #[case("http://[::1", ProblemCode::OriginHost)]
    #[case("http://127.1", ProblemCode::OriginHost)]
    #[case("http://256.0.0.1", ProblemCode::OriginHost)]
    #[case("https://", ProblemCode::OriginHost)]
    #[case("https://.example.com", ProblemCode::OriginHost)]
    #[case("https://a..example.com", ProblemCode::OriginHost)]
    #[case("https://exa$mple.com", ProblemCode::OriginHost)]
    #[case("https://*", ProblemCode::MisplacedWildcard)]
    #[case("*://example.com", ProblemCode::MisplacedWildcard)]
    #[case("https://*example.com", ProblemCode::MisplacedWildcard)]
    #[case("https://a.*.example.com", ProblemCode::MisplacedWildcard)]
    #[case("https://*.*.example.com", ProblemCode::MisplacedWildcard)]
    #[case("https://example.*", ProblemCode::MisplacedWildcard)]
    #[case("https://example.com:80*", ProblemCode::MisplacedWildcard)]
    #[case("https://*.127.0.0.1", ProblemCode::MisplacedWildcard)]
    #[case("https://*.[::1]", ProblemCode::MisplacedWildcard)]
    #[case("chrome-extension://*", ProblemCode::MisplacedWildcard)]
    #[case("chrome-extension://*.abc", ProblemCode::MisplacedWildcard)]
    #[case("chrome-extension://abc:*", ProblemCode::MisplacedWildcard)]
    fn faults_by_code(#[case] text: &str, #[case] code: ProblemCode) {
        assert_eq!(OriginPattern::parse(text).unwrap_err().code, code);
    }

    #[rstest]
    #[case("http://example.com", true)]
    #[case("http://*.example.com:*", true)]
    #[case("https://example.com", false)]
    #[case("http://localhost:3000", false)]
    #[case("http://*.localhost", false)]
    #[case("http://127.0.0.1:*", false)]
    #[case("http://[::1]", false)]
    #[case("chrome-extension://abc", false)]
    fn insecure(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(OriginPattern::parse(text).unwrap().is_insecure(), expected);
    }
}
