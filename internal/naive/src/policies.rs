//! Random policies.

use std::time::Duration;

use cors_core::{Danger, Policy, PolicyBuilder, Rule, RuleBuilder};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::naive::{BAD_ORIGINS, NaivePolicy};

pub(crate) const ORIGINS: [&str; 25] = [
    "https://app.example",
    "https://app.example:8443",
    "http://app.example",
    "https://*.app.example",
    "https://*.app.example:8443",
    "https://*.app.example:*",
    "https://*.b.app.example",
    "https://*.example",
    "https://*.github.io",
    "https://app-*.example",
    "https://*-b.app.example:*",
    "https://a*a.app.example:8443",
    "http://*b.a.app.example",
    "https://pr-*.github.io",
    "http://pr-*.localhost",
    "http://localhost:*",
    "http://*.localhost",
    "http://127.0.0.1:*",
    "http://[::1]:3000",
    "https://app.example.",
    "chrome-extension://app",
    "chrome-extension://*",
    "app://.",
    "file://",
    "null",
];

pub(crate) const METHODS: [&str; 7] = ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "x-own", LONG_METHOD];

const BAD_METHODS: [&str; 4] = ["patch", "Get", "P UT", ""];

/// Names that are left out with a warning.
const IGNORED_METHODS: [&str; 3] = ["TRACE", "connect", "Track"];

const IGNORED_HEADERS: [&str; 10] = [
    "cookie",
    "Sec-Fetch-Mode",
    "proxy-x",
    "Origin",
    "access-control-max-age",
    "DNT",
    "accept-encoding",
    "content-length",
    "te",
    "set-cookie",
];

const IGNORED_EXPOSED: [&str; 3] = ["Set-Cookie", "set-cookie2", "access-control-allow-origin"];

/// Longer than the bound for methods that are not listed.
pub(crate) const LONG_METHOD: &str = match std::str::from_utf8(&[b'A'; 300]) {
    Ok(method) => method,
    Err(_) => "",
};

pub(crate) const HEADERS: [&str; 6] =
    ["authorization", "content-type", "x-a", "X-B", "accept", "x!#$%&'*+-.^_`|~"];

const BAD_HEADERS: [&str; 4] = ["x a", "", "x-a,x-b", "\"x-a\""];

const EXPOSED: [&str; 2] = ["x-request-id", "etag"];

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn exceptions() -> impl Strategy<Value = Vec<&'static str>> {
    let all: Vec<_> = Danger::ALL.iter().map(|danger| danger.as_str()).collect();
    prop_oneof![3 => Just(all.clone()), 1 => subsequence(all, 0..=Danger::ALL.len())]
}

/// Policies that are refused only for what they combine.
pub fn policies() -> impl Strategy<Value = NaivePolicy> {
    let rules = prop_oneof![2 => Just(Vec::new()), 1 => vec(policies_without_rules(), 1..4)];
    let function = prop_oneof![
        3 => Just(None),
        1 => select(vec!["a.app.example", "evilapp.example", "localhost", "app", "127.0.0.1", "[::1]", "."]).prop_map(Some),
    ];
    (policies_without_rules(), rules, function).prop_map(|(policy, rules, function)| NaivePolicy {
        function: function.map(str::to_owned),
        ..with_rules(policy, rules)
    })
}

/// Policies with any kind of fault, or several.
pub fn faulty_policies() -> impl Strategy<Value = NaivePolicy> {
    let rules = prop_oneof![2 => Just(Vec::new()), 1 => vec(faulty_policies_without_rules(), 1..3)];
    (faulty_policies_without_rules(), rules).prop_map(|(policy, rules)| with_rules(policy, rules))
}

fn with_rules(policy: NaivePolicy, mut rules: Vec<NaivePolicy>) -> NaivePolicy {
    // Rules do not have these fields.
    rules.iter_mut().for_each(|rule| (rule.status, rule.diagnostics) = (204, false));
    NaivePolicy { rules, ..policy }
}

fn policies_without_rules() -> impl Strategy<Value = NaivePolicy> {
    let names = |names: &'static [&'static str],
                 ignored: &'static [&'static str],
                 wildcards: &'static [&'static [&'static str]]| {
        let all = [names, ignored].concat();
        prop_oneof![
            3 => subsequence(names, 0..names.len()).prop_map(|names| strings(&names)),
            1 => subsequence(all.clone(), 0..all.len()).prop_shuffle().prop_map(|names| strings(&names)),
            1 => select(wildcards).prop_map(strings),
        ]
    };
    let origins = prop_oneof![
        5 => subsequence(&ORIGINS[..], 1..ORIGINS.len()).prop_map(|origins| strings(&origins)),
        // Without `file://` and `null`, so that policies with credentials are not refused for them.
        2 => subsequence(&ORIGINS[..ORIGINS.len() - 2], 1..4).prop_map(|origins| strings(&origins)),
        1 => Just(strings(&["*"])),
        1 => Just(Vec::new()),
    ];
    (
        origins,
        names(&METHODS, &IGNORED_METHODS, &[&["*"]]),
        names(&HEADERS, &IGNORED_HEADERS, &[&["*"], &["*", "authorization"]]),
        names(&EXPOSED, &IGNORED_EXPOSED, &[&["*"]]),
        any::<bool>(),
        option::of((0..100_000_u64).prop_map(Duration::from_secs)),
        any::<bool>(),
        select(vec![200_u16, 204, 299]),
        exceptions(),
    )
        .prop_map(
            |(origins, methods, headers, expose, credentials, max_age, diagnostics, status, dangers)| {
                NaivePolicy {
                    origins,
                    methods,
                    headers,
                    expose,
                    credentials,
                    max_age,
                    diagnostics,
                    status,
                    dangers,
                    function: None,
                    rules: Vec::new(),
                }
            },
        )
}

fn faulty_policies_without_rules() -> impl Strategy<Value = NaivePolicy> {
    let bad_origins: Vec<_> = BAD_ORIGINS.iter().map(|(entry, _)| *entry).collect();
    let origin = prop_oneof![
        6 => select(&ORIGINS[..]),
        2 => select(bad_origins),
        1 => Just("*"),
    ];
    let names = |good: &'static [&'static str], bad: &'static [&'static str]| {
        let name = prop_oneof![
            8 => select(good).prop_map(str::to_owned),
            2 => select([&IGNORED_METHODS[..], &IGNORED_HEADERS, &IGNORED_EXPOSED].concat()).prop_map(str::to_owned),
            2 => select(bad).prop_map(str::to_owned),
            1 => Just("*".to_owned()),
            1 => "(?s).{0,8}",
        ];
        vec(name, 0..4)
    };
    let max_age = prop_oneof![
        (0..100_000_u64).prop_map(Duration::from_secs),
        (0..100_000_u64).prop_map(Duration::from_millis),
        any::<u64>().prop_map(Duration::from_secs),
    ];
    (
        vec(origin.prop_map(str::to_owned), 0..4),
        names(&METHODS, &BAD_METHODS),
        names(&HEADERS, &BAD_HEADERS),
        names(&EXPOSED, &BAD_HEADERS),
        any::<bool>(),
        option::of(max_age),
        prop_oneof![3 => Just(204_u16), 1 => any::<u16>(), 1 => 190..310_u16],
        exceptions(),
    )
        .prop_map(|(origins, methods, headers, expose, credentials, max_age, status, dangers)| {
            NaivePolicy {
                origins,
                methods,
                headers,
                expose,
                credentials,
                max_age,
                diagnostics: false,
                status,
                dangers,
                function: None,
                rules: Vec::new(),
            }
        })
}

/// The same policy for the crate.
pub fn builder(policy: &NaivePolicy) -> PolicyBuilder {
    let builder = Policy::builder()
        .allow_origins(&policy.origins)
        .allow_methods(&policy.methods)
        .allow_headers(&policy.headers)
        .expose_headers(&policy.expose)
        .allow_credentials(policy.credentials)
        .diagnostics(policy.diagnostics)
        .preflight_status(policy.status)
        .dangerously_allow(dangers(policy))
        .rules(policy.rules.iter().map(rule));
    let builder = match policy.max_age {
        Some(max_age) => builder.max_age(max_age),
        None => builder,
    };
    match policy.function.clone() {
        Some(host) => builder.allow_origin_if(move |origin| origin.host() == host),
        None => builder,
    }
}

fn rule(policy: &NaivePolicy) -> RuleBuilder {
    let builder = Rule::builder()
        .allow_origins(&policy.origins)
        .allow_methods(&policy.methods)
        .allow_headers(&policy.headers)
        .expose_headers(&policy.expose)
        .allow_credentials(policy.credentials)
        .dangerously_allow(dangers(policy));
    match policy.max_age {
        Some(max_age) => builder.max_age(max_age),
        None => builder,
    }
}

fn dangers(policy: &NaivePolicy) -> impl Iterator<Item = Danger> {
    Danger::ALL.iter().copied().filter(|danger| policy.dangers.contains(&danger.as_str()))
}
