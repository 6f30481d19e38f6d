use cors_core::{Danger, Guard, Policy, Rule};
use rstest::rstest;
use std::time::Duration;

use super::*;

fn policy(builder: cors_core::PolicyBuilder) -> Policy {
    builder.build().unwrap()
}

/// A policy as most applications have it.
fn plain() -> Policy {
    policy(
        Policy::builder()
            .allow_origins(["https://app.example.com", "https://admin.example.com"])
            .allow_methods(["PUT", "DELETE"])
            .allow_headers(["authorization", "content-type"])
            .expose_headers("x-request-id")
            .allow_credentials(true)
            .max_age(Duration::from_secs(600)),
    )
}

/// A policy for everybody.
fn public() -> Policy {
    policy(
        Policy::builder()
            .allow_origins("*")
            .allow_methods("*")
            .allow_headers(["*", "authorization"])
            .expose_headers("*"),
    )
}

/// A policy that says everything.
fn full() -> Policy {
    policy(
        Policy::builder()
            .allow_origins([
                "https://app.example.com",
                "https://*.example.org",
                "https://*-team.example.net:8443",
                "http://localhost:*",
                "http://[::1]:8080",
                "moz-extension://*",
                "null",
            ])
            .allow_methods("*")
            .allow_headers("*")
            .expose_headers("x-request-id")
            .max_age(Duration::ZERO)
            .preflight_status(200)
            .diagnostics(true)
            .dangerously_allow([Danger::NullOrigin, Danger::AnyAppOrigin])
            .rule(
                Rule::builder()
                    .allow_origins(["https://partner.example.com", "https://*.partner.example.com"])
                    .allow_methods(["PUT", "PURGE"])
                    .allow_headers("x-token")
                    .allow_credentials(true)
                    .max_age(Duration::from_secs(7200)),
            )
            .guard(Guard::builder().allow_hosts("api.example.com").exempt("POST", "/login/saml")),
    )
}

/// A policy whose names have every character that a name can have.
fn odd() -> Policy {
    policy(
        Policy::builder()
            .allow_origins(["https://xn--bcher-kva.example", "http://[::1]:8080", "https://a_b.example"])
            .allow_methods(["M'$%!", "A`b"])
            .allow_headers(["x-!#$%&'*+.^_`|~", "x-$cors_terms"])
            .expose_headers(["x-'$%`"])
            .allow_credentials(true),
    )
}

#[test]
fn every_stack_has_its_texts() {
    for &stack in Stack::ALL {
        let policies = [("plain", plain()), ("public", public()), ("full", full()), ("odd", odd())];
        let texts = policies.map(|(name, policy)| format!("=== {name} ===\n{}", export(&policy, stack).text));
        insta::assert_snapshot!(stack.as_str(), texts.join("\n"));
    }
}

#[test]
fn a_limit_is_in_the_text_too() {
    for &stack in Stack::ALL {
        let exported = export(&full(), stack);
        assert_eq!(exported.limits.is_empty(), stack.is_adapter(), "{stack:?}");
        for limit in &exported.limits {
            let line = format!("{} - {limit}\n", stack.comment());
            assert!(exported.text.contains(&line), "{stack:?}: {line}");
        }
    }
}

#[test]
fn a_policy_that_allows_nobody_allows_nobody_anywhere() {
    let nobody = policy(Policy::builder().allow_origins([] as [&str; 0]).allow_headers("content-type"));
    for &stack in Stack::ALL {
        let exported = export(&nobody, stack);
        assert_eq!(exported.limits, [], "{stack:?}");
        // The path of Hono's middleware and of the resources of rack-cors.
        let text = exported.text.replace("app.use('*'", "").replace("resource '*'", "");
        assert!(!text.contains("\"*\"") && !text.contains("'*'"), "{text}");
    }
}

#[test]
fn names_are_those_of_the_command_line() {
    use clap::ValueEnum;
    assert_eq!(Stack::value_variants(), Stack::ALL);
    for stack in Stack::ALL {
        let value = stack.to_possible_value().unwrap();
        assert_eq!(value.get_name(), stack.as_str());
        assert_eq!(serde_json::to_value(stack).unwrap(), stack.as_str());
    }
}

#[rstest]
#[case::nginx(Stack::Nginx)]
#[case::apache(Stack::Apache)]
#[case::caddy(Stack::Caddy)]
#[case::haproxy(Stack::HAProxy)]
#[case::express(Stack::Express)]
#[case::django(Stack::Django)]
fn dots_of_origins_are_escaped_in_patterns(#[case] stack: Stack) {
    let subdomains = policy(Policy::builder().allow_origins("https://*.example.org"));
    let text = export(&subdomains, stack).text;
    assert!(text.contains(r"\.example\.org") || text.contains(r"\\.example\\.org"), "{text}");
    assert!(!text.contains(".example.org$"), "{text}");
}

#[test]
fn functions_of_a_program_are_limits() {
    let asks = policy(
        Policy::builder()
            .allow_origins("https://app.example")
            .allow_origin_if(|origin: &cors_core::Origin<'_>| origin.host() == "a.example"),
    );
    for &stack in Stack::ALL {
        let limits = export(&asks, stack).limits;
        assert_eq!(limits.first().map(|limit| limit.field.as_str()), Some("allow_origin_if"), "{stack:?}");
    }
}
