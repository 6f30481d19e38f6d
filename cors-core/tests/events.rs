//! Whatever is not allowed is told to the developer.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fmt;
use std::sync::{Arc, Mutex};

use cors_core::Policy;
use http::Request;
use rstest::rstest;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Keeps the fields of every event.
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
        self.0.lock().expect("no test panics here").push(fields.0);
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

/// What is told about a request.
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
    let events = Events::default();

    tracing::subscriber::with_default(events.clone(), || policy.decide(&request.body(()).unwrap()));

    events.0.lock().unwrap().clone()
}

#[rstest]
#[case(&[("origin", "https://evil.example")], "origin-not-allowed", "https://evil.example", "allow_origins")]
#[case(&[("origin", "https://app.example/")], "malformed-origin", "https://app.example/", "no ASCII-serialized origin")]
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
    &[
        ("origin", "https://app.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-private-network", "true"),
    ],
    "private-network-not-allowed",
    "true",
    "allow_private_network"
)]
#[case(
    &[("origin", "https://app.example"), ("access-control-request-method", "PUT, DELETE")],
    "malformed-request-method",
    "PUT, DELETE",
    "No browser sends such an `Access-Control-Request-Method`"
)]
#[case(
    &[
        ("origin", "https://app.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "x-a,x b"),
    ],
    "malformed-request-headers",
    "x b",
    "No browser sends such `Access-Control-Request-Headers`"
)]
fn told(
    #[case] headers: &[(&str, &str)],
    #[case] reason: &str,
    #[case] value: &str,
    #[case] help: &str,
    #[values(false, true)] diagnostics: bool,
) {
    let events = events(headers, diagnostics);
    let [event] = events.as_slice() else { panic!("one event, not {events:?}") };
    for part in [format!("reason=\"{reason}\""), format!("value={value};"), help.to_owned()] {
        assert!(event.contains(&part), "{part} in {event}");
    }
}

#[rstest]
#[case(&[("origin", "https://app.example")])]
#[case(&[("access-control-request-method", "PATCH")])]
#[case(&[("origin", "https://app.example"), ("access-control-request-method", "GET"), ("access-control-request-headers", "x-a")])]
fn what_is_allowed_is_not_told(#[case] headers: &[(&str, &str)], #[values(false, true)] diagnostics: bool) {
    assert_eq!(events(headers, diagnostics), <[String; 0]>::default());
}
