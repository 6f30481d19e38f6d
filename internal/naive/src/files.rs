//! Random policy files.

use cors_core::{Policy, PolicyBuilder};
use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::policies::{HEADERS, METHODS, ORIGINS};

const FIELDS: [&str; 11] = [
    "allow_origins",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "allow_credentials",
    "max_age",
    "allow_private_network",
    "preflight_status",
    "diagnostics",
    "dangerously_allow",
    "rules",
];

/// Names of fields in other libraries, and of tables around a policy.
const OTHER_FIELDS: [&str; 6] = [
    "origins",
    "allowedHeaders",
    "supports_credentials",
    "allow_origin_regex",
    "CORS_ALLOW_ALL_ORIGINS",
    "cors",
];

/// A field of a policy, or sometimes of another library, or any text.
pub fn fields() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(&FIELDS[..]).prop_map(str::to_owned),
        1 => select(&OTHER_FIELDS[..]).prop_map(str::to_owned),
        1 => "(?s).{0,20}",
    ]
}

/// A JSON object whose fields are mostly those of a policy, with values of any type.
pub fn tables() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        3 => select([&ORIGINS[..], &METHODS, &HEADERS, &["*", "null-origin", "insecure-origins"]].concat()).prop_map(str::to_owned),
        1 => "(?s).{0,20}",
    ];
    let leaf = prop_oneof![
        6 => text.clone().prop_map(Value::from),
        1 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        2 => (-10..100_000).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            4 => vec(text.clone().prop_map(Value::from), 0..5).prop_map(Value::from),
            2 => vec(inner.clone(), 0..5).prop_map(Value::from),
            1 => hash_map("(?s).{0,8}", inner, 0..4).prop_map(|table| table.into_iter().collect::<Value>()),
        ]
    });
    let rule = hash_map(fields(), value.clone(), 0..6).prop_map(|rule| rule.into_iter().collect::<Value>());
    let rules = prop_oneof![3 => vec(rule, 0..3).prop_map(Value::from), 1 => value.clone()];
    (hash_map(fields(), value, 0..8), option::of(rules)).prop_map(|(mut table, rules)| {
        table.extend(rules.map(|rules| ("rules".to_owned(), rules)));
        table.into_iter().collect::<Value>()
    })
}

/// The builders that these bytes are in each format.
pub fn read(bytes: &[u8]) -> impl Iterator<Item = PolicyBuilder> {
    let builders = [
        serde_json::from_slice::<PolicyBuilder>(bytes).ok(),
        toml::from_slice::<PolicyBuilder>(bytes).ok(),
        toml::from_str::<PolicyBuilder>(&String::from_utf8_lossy(bytes)).ok(),
    ];
    builders.into_iter().flatten()
}

/// Whether a policy reads back as it was written, or the message about a refused one is readable.
#[expect(clippy::unwrap_used, reason = "a panic fails the test")]
pub fn check(builder: PolicyBuilder) -> Result<(), TestCaseError> {
    let policy = match builder.build() {
        Ok(policy) => policy,
        Err(error) => {
            let lines = error.problems().len() + usize::from(error.problems().len() > 1);
            let message = error.to_string();
            prop_assert_eq!(message.split('\n').count(), lines, "{:?}", message);
            prop_assert!(!message.contains(|c: char| c.is_control() && c != '\n'), "{:?}", message);
            for problem in error.problems() {
                prop_assert!(!problem.help().is_empty() && message.contains(&problem.to_string()));
            }
            return Ok(());
        }
    };
    let toml: Policy = toml::from_str(&toml::to_string(&policy).unwrap()).unwrap();
    let json: Policy = serde_json::from_str(&serde_json::to_string(&policy).unwrap()).unwrap();
    prop_assert_eq!(&toml, &policy);
    prop_assert_eq!(&json, &policy);
    Ok(())
}
