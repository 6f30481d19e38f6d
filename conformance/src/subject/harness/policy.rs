//! A policy as a harness gets it: every field is there, lists are lists, and origins are taken apart.

use cors_core::{Danger, Guard, Policy, Rule};
use serde::Serialize;
use serde_json::{Map, Value};

/// A policy in the form of the protocol.
#[derive(Debug, Serialize)]
pub(super) struct PolicyMessage<'a> {
    #[serde(flatten)]
    terms: Terms<'a>,
    preflight_status: u16,
    diagnostics: bool,
    rules: Vec<Terms<'a>>,
    guard: Option<&'a Guard>,
}

/// The policy in a request.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn policy_of(mut message: Value) -> Result<Policy, String> {
    let Some(fields) = message.as_object_mut() else { return Err("the policy is not an object".to_owned()) };
    as_in_a_file(fields);
    for rule in fields.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten() {
        rule.as_object_mut().map(as_in_a_file);
    }
    serde_json::from_value(message).map_err(|error| error.to_string())
}

/// Puts the patterns in the place of their entries, and leaves out what is `null`.
fn as_in_a_file(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
    for entry in fields.get_mut("allow_origins").and_then(Value::as_array_mut).into_iter().flatten() {
        *entry = entry["pattern"].take();
    }
}

/// What a policy and its rules both have.
#[derive(Debug, Serialize)]
struct Terms<'a> {
    allow_origins: Vec<OriginEntry>,
    allow_methods: &'a [String],
    allow_headers: &'a [String],
    expose_headers: &'a [String],
    allow_credentials: bool,
    max_age: Option<u64>,
    dangerously_allow: Vec<&'static str>,
}

impl<'a> PolicyMessage<'a> {
    /// `rules` are those of the policy.
    pub(super) fn new(policy: &'a Policy, rules: &'a [Rule<'a>]) -> Self {
        let rules = rules.iter().map(|rule| Terms {
            allow_origins: rule.allow_origins().map(OriginEntry::new).collect(),
            allow_methods: rule.allow_methods(),
            allow_headers: rule.allow_headers(),
            expose_headers: rule.expose_headers(),
            allow_credentials: rule.allow_credentials(),
            max_age: rule.max_age().map(|age| age.as_secs()),
            dangerously_allow: names(rule.dangerously_allow()),
        });
        Self {
            terms: Terms {
                allow_origins: policy.allow_origins().map(|pattern| OriginEntry::new(&pattern)).collect(),
                allow_methods: policy.allow_methods(),
                allow_headers: policy.allow_headers(),
                expose_headers: policy.expose_headers(),
                allow_credentials: policy.allow_credentials(),
                max_age: policy.max_age().map(|age| age.as_secs()),
                dangerously_allow: names(policy.dangerously_allow()),
            },
            preflight_status: policy.preflight_status(),
            diagnostics: policy.diagnostics(),
            rules: rules.collect(),
            guard: policy.guard(),
        }
    }
}

fn names(dangers: &[Danger]) -> Vec<&'static str> {
    dangers.iter().map(|danger| danger.as_str()).collect()
}

/// An entry of `allow_origins`.
#[derive(Debug, Serialize)]
struct OriginEntry {
    #[serde(flatten)]
    kind: OriginKind,
    /// The entry as a policy file has it.
    pattern: String,
    /// A regular expression for the whole serialized origin.
    regex: String,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum OriginKind {
    Any,
    Exact { origin: String },
    AnyPort { scheme: String, host: String },
    Subdomains { scheme: String, host: String, port: Port },
    PartialLabel { scheme: String, before: String, after: String, host: String, port: Port },
    AnyHost { scheme: String, port: Port },
}

/// The port of a pattern.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
enum Port {
    /// The default port of the scheme.
    Default(()),
    Exact(u16),
    /// `*`.
    Any(&'static str),
}

impl OriginEntry {
    /// Takes a pattern of a valid policy apart.
    fn new(pattern: &str) -> Self {
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
    use serde_json::json;

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

    #[test]
    fn every_field_is_there() {
        let policy = Policy::builder().allow_origins("https://app.example").build().ok();
        let policy = policy.as_ref().map(|policy| serde_json::to_value(PolicyMessage::new(policy, &[])).ok());
        let expected = json!({
            "allow_origins": [{
                "kind": "exact", "origin": "https://app.example",
                "pattern": "https://app.example", "regex": r"^https://app\.example$",
            }],
            "allow_methods": [],
            "allow_headers": [],
            "expose_headers": [],
            "allow_credentials": false,
            "max_age": null,
            "preflight_status": 204,
            "diagnostics": false,
            "dangerously_allow": [],
            "rules": [],
            "guard": null,
        });
        assert_eq!(policy.flatten(), Some(expected));
    }

    #[rstest]
    #[case::plain(json!({ "allow_origins": ["https://app.example", "http://localhost:*"], "max_age": 0 }))]
    #[case::any(json!({ "allow_origins": "*", "allow_headers": ["*", "authorization"], "expose_headers": "*" }))]
    #[case::rules(json!({
        "allow_origins": "*",
        "rules": [{ "allow_origins": "https://*.partner.example", "allow_credentials": true, "allow_methods": ["PUT"] }],
    }))]
    #[case::guard(json!({ "allow_origins": [], "guard": { "allow_hosts": ["api.example"], "report_only": true } }))]
    fn a_harness_reads_the_same_policy(#[case] file: Value) {
        let policy: Policy = serde_json::from_value(file).expect("a policy");
        let rules: Vec<_> = policy.rules().collect();
        let message = serde_json::to_value(PolicyMessage::new(&policy, &rules)).expect("JSON");
        assert_eq!(policy_of(message), Ok(policy.clone()));
    }
}
