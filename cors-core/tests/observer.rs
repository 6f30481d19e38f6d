//! An observer is told about every decision and every change.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::{Arc, Mutex};

use cors_core::{Event, Policy, PolicyBuilder, PolicyHandle};
use http::{HeaderValue, Request};
use rstest::rstest;

type Log = Arc<Mutex<Vec<String>>>;

fn policy() -> PolicyBuilder {
    Policy::builder().allow_origins("https://app.example").allow_methods("PUT")
}

fn observed() -> (PolicyHandle<HeaderValue>, Log) {
    let log = Log::default();
    let events = Arc::clone(&log);
    let handle = PolicyHandle::with_observer(policy().build().unwrap(), move |event: &Event<'_>| {
        events.lock().unwrap().push(match event {
            Event::PreflightGranted => "granted".to_owned(),
            Event::PreflightDenied(denial) => format!("denied {denial}"),
            Event::OriginNotAllowed(denial) => format!("not allowed {denial}"),
            Event::PolicyReplaced(policy) => format!("replaced {}", policy.allow_methods().join(",")),
            Event::PolicyRefused(error) => format!("refused {}", error.problems().len()),
            other => format!("{other:?}"),
        });
    });
    (handle, log)
}

fn request(method: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method);
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request.body(()).unwrap()
}

const ORIGIN: (&str, &str) = ("origin", "https://app.example");

#[rstest]
#[case("GET", &[], &[])]
#[case("GET", &[ORIGIN], &[])]
#[case("GET", &[("origin", "https://evil.example")], &["not allowed origin-not-allowed: https://evil.example"])]
#[case("GET", &[("origin", "é")], &["not allowed malformed-origin: \\xc3\\xa9"])]
#[case("OPTIONS", &[ORIGIN], &[])]
#[case("OPTIONS", &[ORIGIN, ("access-control-request-method", "PUT")], &["granted"])]
#[case(
    "OPTIONS",
    &[ORIGIN, ("access-control-request-method", "PATCH")],
    &["denied method-not-allowed: PATCH"]
)]
#[case(
    "OPTIONS",
    &[("origin", "null"), ("access-control-request-method", "PUT")],
    &["denied origin-not-allowed: null"]
)]
#[case(
    "OPTIONS",
    &[ORIGIN, ("access-control-request-method", "PUT"), ("access-control-request-headers", "x-a, x-b")],
    &["denied header-not-allowed: x-a"]
)]
#[case(
    "OPTIONS",
    &[ORIGIN, ("access-control-request-method", "PUT"), ("access-control-request-headers", "x a")],
    &["denied malformed-request-headers: x a"]
)]
fn each_decision_is_one_event_or_none(
    #[case] method: &str,
    #[case] headers: &[(&str, &str)],
    #[case] expected: &[&str],
    #[values(false, true)] diagnostics: bool,
) {
    let (handle, log) = observed();
    handle.set_diagnostics(Some(diagnostics));
    log.lock().unwrap().clear();
    let _ = handle.current().decide(&request(method, headers));
    assert_eq!(*log.lock().unwrap(), expected);
}

#[test]
fn changes_are_events_and_the_observer_stays() {
    let (handle, log) = observed();
    handle.replace(policy().allow_methods("DELETE").build().unwrap());
    handle.try_replace(policy().allow_origins("*").allow_methods("get")).unwrap_err();
    handle.switch_off();
    let foreign = request("GET", &[("origin", "https://evil.example")]);
    let _ = handle.current().decide(&foreign);
    handle.switch_on();
    handle.set_diagnostics(Some(true));
    let _ = handle.current().decide(&foreign);
    let expected = [
        "replaced PUT,DELETE",
        "refused 2",
        "SwitchedOff",
        "SwitchedOn",
        "DiagnosticsSet(Some(true))",
        "not allowed origin-not-allowed: https://evil.example",
    ];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[test]
fn a_long_value_is_whole_for_programs_and_cut_in_the_text() {
    let long = "a".repeat(1000);
    let seen = Arc::new(Mutex::new((0, String::new())));
    let values = Arc::clone(&seen);
    let observer = move |event: &Event<'_>| {
        if let Event::OriginNotAllowed(denial) = event {
            *values.lock().unwrap() = (denial.value().len(), denial.to_string());
        }
    };
    let handle = PolicyHandle::<HeaderValue>::with_observer(policy().build().unwrap(), observer);
    let _ = handle.current().decide(&request("GET", &[("origin", &long)]));
    let cut = format!("malformed-origin: {}… (1000 bytes)", "a".repeat(200));
    assert_eq!(*seen.lock().unwrap(), (1000, cut));
}
