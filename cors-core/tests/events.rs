//! Everything that is not allowed is logged with its reason, its value and what to do about it.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use std::time::Duration;

use cors_core::tower::CorsLayer;
use cors_core::{Lookup, Policy, PolicyHandle, PolicySource};
use http::{HeaderValue, Request};
use rstest::rstest;
use tower::Layer;
use tracing::Level;

use self::support::Events;

/// The events of one decision.
fn events(headers: &[(&str, &str)], diagnostics: bool) -> Vec<String> {
    let policy = Policy::builder()
        .allow_origins("https://app.example")
        .allow_headers("x-a")
        .diagnostics(diagnostics)
        .build()
        .unwrap();
    let mut request = Request::options("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(()).unwrap();
    Events::of(Level::DEBUG, || {
        let _ = policy.decide(&request);
    })
}

#[test]
fn the_warnings_about_a_policy_are_logged_once() {
    let policy = Policy::builder()
        .allow_origins("https://app.example")
        .allow_methods(["TRACE", "PUT"])
        .max_age(Duration::from_secs(100_000))
        .build()
        .unwrap();
    let other = policy.to_builder().allow_headers(["*"]).build().unwrap();

    let events = Events::of(Level::WARN, || {
        let source = PolicySource::<HeaderValue>::from(policy.clone());
        source.log_warnings();
        source.log_warnings();
        CorsLayer::new(&policy).layer(());
        let handle = PolicyHandle::new(policy.clone());
        CorsLayer::new(&handle).layer(());
        handle.replace(other);
        let _ = CorsLayer::new(handle);
    });

    let expected = [
        ("forbidden-method", "allow_methods[0]: `TRACE` is a method"),
        ("max-age-over-a-day", "max_age: `100000` is longer than a day"),
        ("authorization-not-covered", "allow_headers[0]: `*` does not cover"),
        ("max-age-over-browser-cap", "max_age: `86400` is longer than 7200 s"),
    ];
    assert_eq!(events.len(), expected.len(), "{events:?}");
    for (event, (code, message)) in events.iter().zip(expected) {
        assert!(event.contains(&format!("code=\"{code}\"")) && event.contains(message), "{event}");
    }
}

#[test]
fn changes_of_a_handle_are_logged_at_info_level() {
    let policy = || Policy::builder().allow_origins("https://app.example");
    let handle = PolicyHandle::<HeaderValue>::new(policy().build().unwrap());
    let events = Events::of(Level::INFO, || {
        handle.replace(policy().build().unwrap());
        handle.try_replace(policy()).unwrap();
        handle.try_replace(policy().allow_origins("*").allow_methods("put")).unwrap_err();
        handle.switch_off();
        handle.switch_off();
        handle.switch_on();
        handle.set_diagnostics(Some(true));
        handle.set_diagnostics(Some(false));
        handle.set_diagnostics(None);
        handle.set_diagnostics(None);
    });

    let refused = "a new CORS policy was refused, and the current one stays in use";
    let expected = [
        "the CORS policy was replaced",
        "the CORS policy was replaced",
        refused,
        "CORS was switched off",
        "CORS was switched on",
        "diagnostic mode of CORS was switched on",
        "diagnostic mode of CORS was switched off",
        "diagnostic mode of CORS is as the policy says",
    ];
    assert_eq!(events.len(), expected.len(), "{events:?}");
    for (event, message) in events.iter().zip(expected) {
        assert!(event.contains(&format!("message={message};")), "{event}");
    }
    assert!(
        events[2].contains("allow_origins[1]: `*`") && events[2].contains("allow_methods: `put`"),
        "{events:?}"
    );
}

#[rstest]
#[case(&[("origin", "https://evil.example")], "origin-not-allowed", "https://evil.example", "allow_origins")]
#[case(&[("origin", "https://app.example/")], "malformed-origin", "https://app.example/", "exactly one origin")]
#[case(
    &[("origin", "https://app.example"), ("access-control-request-method", "PATCH")],
    "method-not-allowed",
    "PATCH",
    "allow_methods"
)]
#[case(
    &[
        ("origin", "https://app.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "x-a,x-b"),
    ],
    "header-not-allowed",
    "x-b",
    "allow_headers"
)]
#[case(
    &[("origin", "https://app.example"), ("access-control-request-method", "PUT, DELETE")],
    "malformed-request-method",
    "PUT, DELETE",
    "exactly one method name in `Access-Control-Request-Method`"
)]
#[case(
    &[
        ("origin", "https://app.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "x-a,x b"),
    ],
    "malformed-request-headers",
    "x b",
    "a list of header names in `Access-Control-Request-Headers`"
)]
fn logs_what_is_not_allowed(
    #[case] headers: &[(&str, &str)],
    #[case] reason: &str,
    #[case] value: &str,
    #[case] help: &str,
    #[values(false, true)] diagnostics: bool,
) {
    let events = events(headers, diagnostics);
    let [event] = events.as_slice() else { panic!("expected one event: {events:?}") };
    for part in [format!("reason=\"{reason}\""), format!("value={value};"), help.to_owned()] {
        assert!(event.contains(&part), "{part} in {event}");
    }
}

#[rstest]
#[case(&[("origin", "https://app.example")])]
#[case(&[("access-control-request-method", "PATCH")])]
#[case(&[
    ("origin", "https://app.example"),
    ("access-control-request-method", "GET"),
    ("access-control-request-headers", "x-a"),
])]
#[case::private_network_access_is_ignored(&[
    ("origin", "https://app.example"),
    ("access-control-request-method", "GET"),
    ("access-control-request-private-network", "true"),
])]
fn logs_nothing_that_is_allowed(#[case] headers: &[(&str, &str)], #[values(false, true)] diagnostics: bool) {
    assert_eq!(events(headers, diagnostics), <[String; 0]>::default());
}

#[test]
fn a_lookup_that_fails_is_logged_once_with_its_error() {
    let policy = Policy::builder()
        .lookup(Lookup::new(|_| async { Err::<bool, _>(std::io::Error::other("no\nroute")) }))
        .build()
        .unwrap();
    let request = Request::get("/").header("origin", "https://tenant.example").body(()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let events = Events::of(Level::WARN, || {
        // Both wait for the same question.
        let (first, second) = (policy.ask(&request), policy.ask(&request));
        runtime.block_on(first);
        runtime.block_on(second);
    });
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert!(
        event.contains("reason=\"lookup-failed\"") && event.contains("https://tenant.example"),
        "{event}"
    );
    assert!(event.contains("no\\nroute"), "{event}");
}
