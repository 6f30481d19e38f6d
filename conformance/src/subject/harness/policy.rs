//! A policy as a harness gets it: every field is there, lists are lists, and origins are taken apart.

use cors_core::{Danger, Guard, Policy, Rule};
use serde::Serialize;
use serde_json::{Map, Value};

use super::origin::OriginEntry;

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

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

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
