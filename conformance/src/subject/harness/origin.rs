//! The entries of `allow_origins` as programs in other languages need them: taken apart, and as regular expressions.

use serde::Serialize;

/// An entry of `allow_origins`.
#[derive(Clone, Debug, Serialize)]
pub struct OriginEntry {
    /// What it is, taken apart.
    #[serde(flatten)]
    pub kind: OriginKind,
    /// The entry as a policy file has it.
    pub pattern: String,
    /// A regular expression for the whole serialized origin, in the syntax that most languages share.
    pub regex: String,
}

/// The kinds of entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "docs/harness.md has a table of the fields")]
pub enum OriginKind {
    Any,
    Exact { origin: String },
    AnyPort { scheme: String, host: String },
    Subdomains { scheme: String, host: String, port: Port },
    PartialLabel { scheme: String, before: String, after: String, host: String, port: Port },
    AnyHost { scheme: String, port: Port },
}

/// The port of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Port {
    /// The default port of the scheme.
    Default(()),
    /// A number.
    Exact(u16),
    /// `*`.
    Any(&'static str),
}

impl OriginEntry {
    /// Takes a pattern of a valid policy apart.
    pub fn new(pattern: &str) -> Self {
        let kind = OriginKind::of(pattern);
        Self { regex: regex(pattern), kind, pattern: pattern.to_owned() }
    }
}

impl OriginKind {
    fn of(pattern: &str) -> Self {
        if pattern == "*" {
            return Self::Any;
        }
        let exact = || Self::Exact { origin: pattern.to_owned() };
        let Some((scheme, host, port)) = split(pattern) else { return exact() };
        let scheme = scheme.to_owned();
        let number = match port {
            None => Port::Default(()),
            Some("*") => Port::Any("*"),
            Some(digits) => digits.parse().map_or(Port::Default(()), Port::Exact),
        };
        if host == "*" {
            return Self::AnyHost { scheme, port: number };
        }
        if let Some(domain) = host.strip_prefix("*.") {
            return Self::Subdomains { scheme, host: domain.to_owned(), port: number };
        }
        if let Some((before, after)) = host.split_once('*') {
            let (after, domain) = after.split_once('.').unwrap_or((after, ""));
            let (before, after) = (before.to_owned(), after.to_owned());
            return Self::PartialLabel { scheme, before, after, host: domain.to_owned(), port: number };
        }
        match number {
            Port::Any(_) => Self::AnyPort { scheme, host: host.to_owned() },
            Port::Default(()) | Port::Exact(_) => exact(),
        }
    }
}

/// The scheme, host and port of a pattern; `None` if it has no host, such as `null`.
fn split(pattern: &str) -> Option<(&str, &str, Option<&str>)> {
    let (scheme, authority) = pattern.split_once("://")?;
    if authority.is_empty() {
        return None;
    }
    // A colon inside of brackets belongs to an IPv6 address.
    Some(match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (scheme, host, Some(port)),
        _ => (scheme, authority, None),
    })
}

/// A regular expression that matches the serialized origins of a pattern, in the syntax that most languages share.
fn regex(pattern: &str) -> String {
    const LABEL: &str = "[a-z0-9_-]+";
    if pattern == "*" {
        return "^.*$".to_owned();
    }
    let Some((scheme, host, port)) = split(pattern) else { return format!("^{}$", escaped(pattern)) };
    let host = match host.split_once('*') {
        None => escaped(host),
        Some(("", "")) => "[a-z0-9._-]+".to_owned(),
        Some(("", domain)) if domain.starts_with('.') => format!(r"({LABEL}\.)*{LABEL}{}", escaped(domain)),
        Some((before, after)) => format!("{}{LABEL}{}", escaped(before), escaped(after)),
    };
    let port = match port {
        None => String::new(),
        Some("*") => "(:[0-9]+)?".to_owned(),
        Some(port) => format!(":{port}"),
    };
    format!("^{}://{host}{port}$", escaped(scheme))
}

/// Text as a part of a regular expression.
fn escaped(text: &str) -> String {
    let mut regex = String::new();
    for character in text.chars() {
        if !character.is_ascii_alphanumeric() && !matches!(character, '-' | '_' | ':' | '/') {
            regex.push('\\');
        }
        regex.push(character);
    }
    regex
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    #[rstest]
    #[case("*", json!({ "kind": "any" }), "^.*$")]
    #[case("null", json!({ "kind": "exact", "origin": "null" }), "^null$")]
    #[case("file://", json!({ "kind": "exact", "origin": "file://" }), "^file://$")]
    #[case("https://app.example", json!({ "kind": "exact", "origin": "https://app.example" }), r"^https://app\.example$")]
    #[case("http://[::1]:8080", json!({ "kind": "exact", "origin": "http://[::1]:8080" }), r"^http://\[::1\]:8080$")]
    #[case("http://[::1]", json!({ "kind": "exact", "origin": "http://[::1]" }), r"^http://\[::1\]$")]
    #[case("http://[::1]:*", json!({ "kind": "any-port", "scheme": "http", "host": "[::1]" }), r"^http://\[::1\](:[0-9]+)?$")]
    #[case("http://localhost:*", json!({ "kind": "any-port", "scheme": "http", "host": "localhost" }), r"^http://localhost(:[0-9]+)?$")]
    #[case(
        "https://*.example.org",
        json!({ "kind": "subdomains", "scheme": "https", "host": "example.org", "port": null }),
        r"^https://([a-z0-9_-]+\.)*[a-z0-9_-]+\.example\.org$"
    )]
    #[case(
        "https://*.example.org:8443",
        json!({ "kind": "subdomains", "scheme": "https", "host": "example.org", "port": 8443 }),
        r"^https://([a-z0-9_-]+\.)*[a-z0-9_-]+\.example\.org:8443$"
    )]
    #[case(
        "https://*-myteam.vercel.app:*",
        json!({
            "kind": "partial-label", "scheme": "https", "before": "", "after": "-myteam", "host": "vercel.app", "port": "*",
        }),
        r"^https://[a-z0-9_-]+-myteam\.vercel\.app(:[0-9]+)?$"
    )]
    #[case(
        "moz-extension://*",
        json!({ "kind": "any-host", "scheme": "moz-extension", "port": null }),
        r"^moz-extension://[a-z0-9._-]+$"
    )]
    fn origins_are_taken_apart(#[case] pattern: &str, #[case] mut expected: Value, #[case] regex: &str) {
        expected["pattern"] = pattern.into();
        expected["regex"] = regex.into();
        assert_eq!(serde_json::to_value(OriginEntry::new(pattern)).ok(), Some(expected));
    }
}
