//! Everything that is not allowed is logged with its reason, its value and what to do about it.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::fmt;
use std::sync::{Arc, Mutex};

use cors_core::Policy;
use http::Request;
use rstest::rstest;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Records the fields of all events.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<String>>>);

impl Subscriber for Events {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "cors" && *metadata.level() == Level::DEBUG
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!("{field}={value:?};"));
    }
}

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
    let events = Events::default();

    let _ = tracing::subscriber::with_default(events.clone(), || policy.decide(&request));

    events.0.lock().unwrap().clone()
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
