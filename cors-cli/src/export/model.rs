//! A policy in the form in which stacks are configured.

use cors_conformance::subject::harness::origin::{OriginEntry, OriginKind};
use cors_core::Policy;

/// The methods that always pass (Fetch, "CORS-safelisted method").
const SAFELISTED_METHODS: [&str; 3] = ["GET", "HEAD", "POST"];

/// A policy.
pub(super) struct Model {
    /// The terms for the policy's own origins.
    pub(super) own: Terms,
    /// The terms of its rules, in order.
    pub(super) rules: Vec<Terms>,
    pub(super) preflight_status: u16,
}

/// What pages of some origins may do.
pub(super) struct Terms {
    /// `own`, `rule0`, `rule1` and so on.
    pub(super) name: String,
    prefix: String,
    /// Every origin is allowed, and `origins` is empty.
    pub(super) any: bool,
    pub(super) origins: Vec<OriginEntry>,
    /// All methods are allowed. `methods` has those that need no permission.
    pub(super) all_methods: bool,
    /// The methods, with those that need no permission first.
    pub(super) methods: Vec<String>,
    pub(super) headers: Headers,
    /// `*` alone for all.
    pub(super) expose: Vec<String>,
    pub(super) credentials: bool,
    pub(super) max_age: Option<u64>,
}

/// The allowed request headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Headers {
    Listed(Vec<String>),
    AllButAuthorization,
    All,
}

impl Model {
    pub(super) fn of(policy: &Policy) -> Self {
        let own = Terms {
            name: "own".to_owned(),
            prefix: String::new(),
            any: policy.allows_any_origin(),
            origins: entries(policy.allow_origins()),
            all_methods: is_all(policy.allow_methods()),
            methods: methods(policy.allow_methods()),
            headers: Headers::of(policy.allow_headers()),
            expose: policy.expose_headers().to_vec(),
            credentials: policy.allow_credentials(),
            max_age: policy.max_age().map(|age| age.as_secs()),
        };
        let rules = policy.rules().enumerate().map(|(number, rule)| Terms {
            name: format!("rule{number}"),
            prefix: format!("rules[{number}]."),
            any: rule.allows_any_origin(),
            origins: entries(rule.allow_origins()),
            all_methods: is_all(rule.allow_methods()),
            methods: methods(rule.allow_methods()),
            headers: Headers::of(rule.allow_headers()),
            expose: rule.expose_headers().to_vec(),
            credentials: rule.allow_credentials(),
            max_age: rule.max_age().map(|age| age.as_secs()),
        });
        Self { own, rules: rules.collect(), preflight_status: policy.preflight_status() }
    }

    /// The terms in the order in which they are asked: those of the rules, then the policy's own.
    pub(super) fn in_order(&self) -> impl DoubleEndedIterator<Item = &Terms> {
        self.rules.iter().chain([&self.own])
    }

    /// Whether a response depends on the origin.
    pub(super) fn depends_on_origin(&self) -> bool {
        !self.own.any || !self.rules.is_empty()
    }
}

impl Terms {
    /// The full name of a field, such as `rules[0].allow_methods`.
    pub(super) fn field(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Whether all origins are exact, so that there are no patterns.
    pub(super) fn is_exact(&self) -> bool {
        self.origins.iter().all(is_exact)
    }

    /// The origins that are no patterns.
    pub(super) fn exact(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().filter(|entry| is_exact(entry)).map(|entry| entry.pattern.as_str())
    }

    /// Regular expressions of the patterns.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().filter(|entry| !is_exact(entry)).map(|entry| entry.regex.as_str())
    }

    /// Regular expressions of all origins.
    pub(super) fn regexes(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().map(|entry| entry.regex.as_str())
    }

    /// The methods as the value of a header, or `None` for all.
    pub(super) fn method_list(&self) -> Option<String> {
        (!self.all_methods).then(|| self.methods.join(", "))
    }
}

impl Headers {
    fn of(entries: &[String]) -> Self {
        match entries {
            [star] if star == "*" => Self::AllButAuthorization,
            [star, ..] if star == "*" => Self::All,
            names => Self::Listed(names.to_vec()),
        }
    }
}

fn entries(origins: impl Iterator<Item = impl AsRef<str>>) -> Vec<OriginEntry> {
    let entries = origins.map(|origin| OriginEntry::new(origin.as_ref()));
    entries.filter(|entry| entry.kind != OriginKind::Any).collect()
}

fn is_exact(entry: &OriginEntry) -> bool {
    matches!(entry.kind, OriginKind::Exact { .. })
}

fn is_all(methods: &[String]) -> bool {
    methods.iter().any(|method| method == "*")
}

/// The methods with those that need no permission first.
fn methods(listed: &[String]) -> Vec<String> {
    let others = listed.iter().map(String::as_str).filter(|name| !SAFELISTED_METHODS.contains(name));
    SAFELISTED_METHODS.into_iter().chain(others.filter(|name| *name != "*")).map(str::to_owned).collect()
}
