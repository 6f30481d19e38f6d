//! The JSON Schema accepts every policy that is accepted, and refuses what it can express.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::LazyLock;

use cors_core::{Danger, Guard, Policy, PolicyBuilder, Rule};
use jsonschema::Validator;
use rstest::rstest;
use serde_json::{Value, json};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Policy).to_value());

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::draft202012::new(&SCHEMA).unwrap());

fn is_accepted(policy: &Value) -> bool {
    serde_json::from_value::<Policy>(policy.clone()).is_ok()
}

fn assert_accepted(policy: &Value) {
    assert!(is_accepted(policy), "{:?}", serde_json::from_value::<Policy>(policy.clone()));
    let errors: Vec<_> = VALIDATOR.iter_errors(policy).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{policy}: {errors:?}");
}

#[rstest]
#[case(json!({ "allow_origins": "*" }))]
#[case(json!({ "allow_origins": [] }))]
#[case(json!({ "allow_origins": ["*", "*"] }))]
#[case(json!({ "$schema": "https://example.com/policy.schema.json", "allow_origins": "*" }))]
#[case(json!({ "allow_origins": "https://a.example", "allow_methods": "*", "allow_headers": "*", "expose_headers": "*" }))]
#[case(json!({ "allow_origins": "https://a.example", "allow_headers": ["Authorization", "*"] }))]
#[case(json!({ "allow_origins": "https://a.example", "allow_methods": ["GET", "PUT", "PURGE", "purge", "trace"] }))]
#[case(json!({ "allow_origins": "https://a.example", "allow_methods": [], "allow_headers": [], "expose_headers": [] }))]
#[case(json!({ "allow_origins": "https://a.example", "max_age": 0, "preflight_status": 200, "diagnostics": true }))]
#[case(json!({ "allow_origins": "https://a.example", "max_age": 10_000_000 }))]
#[case(json!({ "allow_origins": "https://a.example", "allow_credentials": true, "allow_methods": "*" }))]
#[case(json!({
    "allow_origins": "https://a.example", "allow_methods": null, "allow_headers": null, "expose_headers": null,
    "allow_credentials": null, "max_age": null, "preflight_status": null, "diagnostics": null,
    "dangerously_allow": null,
}))]
#[case(json!({ "allow_origins": ["null", "file://"], "dangerously_allow": "null-origin" }))]
#[case(json!({ "allow_origins": "moz-extension://*", "dangerously_allow": ["any-app-origin"] }))]
#[case(json!({
    "allow_origins": ["http://a.example", "https://*.github.io"],
    "allow_credentials": true,
    "dangerously_allow": ["insecure-origins", "public-suffix-wildcards"],
}))]
#[case::rules(json!({
    "allow_origins": "*",
    "rules": [
        { "allow_origins": "https://a.example", "allow_credentials": true, "allow_methods": ["PUT"] },
        { "allow_origins": ["null"], "dangerously_allow": "null-origin", "max_age": null },
        { "allow_origins": "*", "allow_headers": ["*", "authorization"], "expose_headers": "*" },
    ],
}))]
#[case::guard(json!({ "allow_origins": "https://a.example", "guard": {} }))]
#[case::complete_guard(json!({ "allow_origins": "https://a.example", "guard": {
    "cross_site_writes": "deny", "foreign_origins": "allow", "websockets": null,
    "allow_hosts": ["api.example", "localhost:*", "*.a.example:8443", "[::1]:3000", "a-*.example"],
    "own_origins": "https://api.example",
    "exempt": [{ "method": "POST", "path": "/login/saml" }, { "method": "PURGE", "path": "/" }],
    "report_only": true,
} }))]
#[case::one_exemption(json!({ "allow_origins": "https://a.example", "guard": {
    "exempt": { "method": "POST", "path": "/a%20b" },
} }))]
#[case::null_guard(json!({ "allow_origins": "*", "guard": null }))]
#[case::no_rules(json!({ "allow_origins": "*", "rules": [] }))]
#[case::null_rules(json!({ "allow_origins": "*", "rules": null }))]
fn accepts_what_is_accepted(#[case] policy: Value) {
    assert_accepted(&policy);
}

#[rstest]
fn accepts_every_origin_that_is_accepted(
    #[values(
        "https://a.example",
        "https://a.example.:8443",
        "http://localhost:*",
        "http://127.0.0.1:3000",
        "http://[::1]:8080",
        "https://[2001:db8::1]",
        "https://xn--caf-dma.example",
        "https://a_b-c.example",
        "https://*.example.com",
        "https://*.example.com:*",
        "https://*-team.vercel.app",
        "https://app-*.example.com:8443",
        "https://deploy-preview-*--site.netlify.app",
        "capacitor://localhost",
        "chrome-extension://aapocclcgogkmnckokdopfmhonfmgoek",
        "app://obsidian.md",
        "tauri://localhost",
        "web+app://some.host:80",
        "ttp://a.example",
        "wss://a.example",
        "ftp://a.example"
    )]
    origin: &str,
) {
    assert_accepted(&json!({ "allow_origins": origin }));
    assert_accepted(&json!({ "allow_origins": [origin], "dangerously_allow": ["insecure-origins"] }));
}

#[rstest]
#[case::no_origins(json!({ "allow_methods": "*" }))]
#[case::null_origins(json!({ "allow_origins": null }))]
#[case::not_a_table(json!("https://a.example"))]
#[case::unknown_field(json!({ "allow_origins": "*", "max_ages": 1 }))]
#[case::field_of_another_library(json!({ "allow_origins": "*", "supports_credentials": false }))]
#[case::number(json!({ "allow_origins": 3 }))]
#[case::number_in_a_list(json!({ "allow_origins": ["https://a.example", 3] }))]
#[case::trailing_slash(json!({ "allow_origins": "https://a.example/" }))]
#[case::path(json!({ "allow_origins": ["https://a.example/b"] }))]
#[case::query(json!({ "allow_origins": "https://a.example?b" }))]
#[case::fragment(json!({ "allow_origins": "https://a.example#b" }))]
#[case::user_info(json!({ "allow_origins": "https://me@a.example" }))]
#[case::upper_case(json!({ "allow_origins": "https://A.example" }))]
#[case::unicode(json!({ "allow_origins": "https://café.example" }))]
#[case::no_scheme(json!({ "allow_origins": "a.example" }))]
#[case::white_space(json!({ "allow_origins": "https://a.example " }))]
#[case::several(json!({ "allow_origins": "https://a.example,https://b.example" }))]
#[case::quotes(json!({ "allow_origins": "\"https://a.example\"" }))]
#[case::regex(json!({ "allow_origins": "^https://.*\\.example\\.com$" }))]
#[case::port_zero(json!({ "allow_origins": "https://a.example:0" }))]
#[case::empty_port(json!({ "allow_origins": "https://a.example:" }))]
#[case::any_host(json!({ "allow_origins": "https://*" }))]
#[case::wildcard_at_the_end(json!({ "allow_origins": "https://example.*" }))]
#[case::two_wildcards(json!({ "allow_origins": "https://*.*.example.com" }))]
#[case::wildcard_beside_others(json!({ "allow_origins": ["https://a.example", "*"] }))]
#[case::any_origin_with_credentials(json!({ "allow_origins": "*", "allow_credentials": true }))]
#[case::any_origin_in_a_list_with_credentials(json!({ "allow_origins": ["*"], "allow_credentials": true }))]
#[case::null(json!({ "allow_origins": "null" }))]
#[case::file(json!({ "allow_origins": ["file://"], "dangerously_allow": ["insecure-origins"] }))]
#[case::null_with_credentials(json!({
    "allow_origins": "null", "allow_credentials": true, "dangerously_allow": "null-origin",
}))]
#[case::any_app(json!({ "allow_origins": ["moz-extension://*"] }))]
#[case::method_case(json!({ "allow_origins": "*", "allow_methods": ["patch"] }))]
#[case::method_syntax(json!({ "allow_origins": "*", "allow_methods": "P UT" }))]
#[case::all_methods_and_one(json!({ "allow_origins": "*", "allow_methods": ["*", "PUT"] }))]
#[case::empty_header(json!({ "allow_origins": "*", "allow_headers": [""] }))]
#[case::header_syntax(json!({ "allow_origins": "*", "allow_headers": ["x-a: b"] }))]
#[case::all_headers_and_one(json!({ "allow_origins": "*", "allow_headers": ["*", "x-a"] }))]
#[case::all_exposed_and_one(json!({ "allow_origins": "*", "expose_headers": ["*", "x-a"] }))]
#[case::all_exposed_with_credentials(json!({
    "allow_origins": "https://a.example", "allow_credentials": true, "expose_headers": "*",
}))]
#[case::credentials_as_text(json!({ "allow_origins": "*", "allow_credentials": "false" }))]
#[case::max_age_as_text(json!({ "allow_origins": "*", "max_age": "60" }))]
#[case::negative_max_age(json!({ "allow_origins": "*", "max_age": -1 }))]
#[case::fraction(json!({ "allow_origins": "*", "max_age": 1.5 }))]
#[case::status(json!({ "allow_origins": "*", "preflight_status": 304 }))]
#[case::unknown_danger(json!({ "allow_origins": "*", "dangerously_allow": ["everything"] }))]
#[case::rule_without_origins(json!({ "allow_origins": "*", "rules": [{ "allow_methods": "PUT" }] }))]
#[case::rule_with_a_field_of_the_policy(json!({
    "allow_origins": "*", "rules": [{ "allow_origins": "https://a.example", "diagnostics": true }],
}))]
#[case::rule_in_a_rule(json!({
    "allow_origins": "*", "rules": [{ "allow_origins": "https://a.example", "rules": [] }],
}))]
#[case::rule_with_any_origin_and_credentials(json!({
    "allow_origins": [], "rules": [{ "allow_origins": "*", "allow_credentials": true }],
}))]
#[case::rule_with_the_exception_of_the_policy(json!({
    "allow_origins": [], "rules": [{ "allow_origins": "null" }], "dangerously_allow": ["null-origin"],
}))]
#[case::rule_that_is_not_a_table(json!({ "allow_origins": "*", "rules": ["https://a.example"] }))]
#[case::guard_that_is_not_a_table(json!({ "allow_origins": "*", "guard": true }))]
#[case::guard_with_a_host_with_a_scheme(json!({ "allow_origins": "*", "guard": { "allow_hosts": "https://a.example" } }))]
#[case::guard_with_any_host(json!({ "allow_origins": "*", "guard": { "allow_hosts": ["*"] } }))]
#[case::guard_with_an_own_pattern(json!({ "allow_origins": "*", "guard": { "own_origins": "https://*.a.example" } }))]
#[case::guard_with_an_own_null(json!({ "allow_origins": "*", "guard": { "own_origins": ["null"] } }))]
#[case::guard_with_a_relative_path(json!({ "allow_origins": "*", "guard": { "exempt": { "method": "POST", "path": "a" } } }))]
#[case::guard_with_a_query(json!({ "allow_origins": "*", "guard": { "exempt": { "method": "POST", "path": "/a?b" } } }))]
#[case::guard_with_an_incomplete_exemption(json!({ "allow_origins": "*", "guard": { "exempt": [{ "path": "/" }] } }))]
#[case::guard_with_a_method_in_lower_case(json!({ "allow_origins": "*", "guard": { "exempt": { "method": "post", "path": "/" } } }))]
#[case::guard_action(json!({ "allow_origins": "*", "guard": { "websockets": "block" } }))]
#[case::guard_with_an_unknown_field(json!({ "allow_origins": "*", "guard": { "hosts": [] } }))]
#[case::guard_in_a_rule(json!({ "allow_origins": "*", "rules": [{ "allow_origins": "https://a.example", "guard": {} }] }))]
fn refuses_what_is_refused(#[case] policy: Value) {
    assert!(!is_accepted(&policy), "{policy}");
    assert!(!VALIDATOR.is_valid(&policy), "{policy}");
}

/// A policy with a value in every field, as it is written.
fn complete() -> Value {
    let policy = Policy::builder()
        .allow_origins(["https://a.example", "moz-extension://*"])
        .allow_methods(["PUT"])
        .allow_headers(["x-a"])
        .expose_headers(["x-b"])
        .allow_credentials(true)
        .max_age(std::time::Duration::from_secs(60))
        .preflight_status(200)
        .diagnostics(true)
        .rule(Rule::builder().allow_origins("https://b.example"))
        .guard(Guard::builder().allow_hosts("a.example"))
        .dangerously_allow(Danger::ALL.iter().copied());
    serde_json::to_value(policy.build().unwrap()).unwrap()
}

#[test]
fn describes_exactly_the_fields_of_a_policy() {
    let policy = complete();
    assert_accepted(&policy);
    let fields = SCHEMA["properties"].as_object().unwrap();
    let written: Vec<_> = policy.as_object().unwrap().keys().collect();
    let described: Vec<_> = fields.keys().filter(|field| *field != "$schema").collect();
    let sorted = |mut names: Vec<&String>| {
        names.sort();
        names.into_iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(sorted(described), sorted(written));
    for (field, schema) in fields {
        assert!(schema["description"].as_str().is_some_and(|text| text.ends_with('.')), "{field}");
    }
}

#[test]
fn can_be_a_part_of_the_schema_of_settings() {
    let mut generator = schemars::SchemaGenerator::default();
    let policy = generator.subschema_for::<Policy>();
    assert_eq!(policy, generator.subschema_for::<PolicyBuilder>());
    assert_eq!(generator.definitions().len(), 1);
    assert_eq!(*policy.as_value(), json!({ "$ref": "#/$defs/CorsPolicy" }));
}
