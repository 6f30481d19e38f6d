//! The counters of the feature `metrics`.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::BTreeMap;

use cors_core::{Policy, PreparedPolicy};
use http::{HeaderValue, Request};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

fn preflight(origin: &str, method: &str, headers: &str) -> Request<()> {
    let request = Request::options("/")
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers);
    request.body(()).unwrap()
}

fn get(origin: &str) -> Request<()> {
    Request::get("/").header("origin", origin).body(()).unwrap()
}

#[test]
fn decisions_are_counted_without_what_the_client_sent() {
    let app = "https://app.example";
    let policy = Policy::builder().allow_origins(app).allow_methods("PUT").allow_headers("x-a").build();
    let policy = PreparedPolicy::<HeaderValue>::new(policy.unwrap());
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        for number in 0..3 {
            let _ = policy.decide(&preflight(app, "PUT", "x-a"));
            let _ = policy.decide(&preflight(app, &format!("METHOD{number}"), ""));
            let _ = policy.decide(&preflight(app, "PUT", &format!("x-{number}")));
            let _ = policy.decide(&get(&format!("https://{number}.example")));
        }
        let _ = policy.decide(&preflight("https://evil.example", "PUT", ""));
        let _ = policy.decide(&get("https://app.example/"));
        let _ = policy.decide(&get(app));
        let _ = policy.decide(&Request::get("/").body(()).unwrap());
    });

    let counters: BTreeMap<String, u64> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, _, _, value)| {
            let labels = key.key().labels().map(|label| format!(" {}={}", label.key(), label.value()));
            let DebugValue::Counter(count) = value else { panic!("not a counter: {value:?}") };
            (format!("{}{}", key.key().name(), labels.collect::<String>()), count)
        })
        .collect();
    let expected = [
        ("cors_preflights_denied_total reason=header-not-allowed", 3),
        ("cors_preflights_denied_total reason=method-not-allowed", 3),
        ("cors_preflights_denied_total reason=origin-not-allowed", 1),
        ("cors_preflights_granted_total", 3),
        ("cors_requests_not_allowed_total reason=malformed-origin", 1),
        ("cors_requests_not_allowed_total reason=origin-not-allowed", 3),
    ];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(counters, BTreeMap::from(expected));
}
