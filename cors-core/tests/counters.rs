//! The counters of the feature `metrics`.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::BTreeMap;

use cors_core::{Lookup, LookupOptions, Origin, Policy, PreparedPolicy};
use http::{HeaderValue, Request};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

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

/// The counters of a recorder, with their labels.
fn counters(snapshotter: &Snapshotter) -> BTreeMap<String, u64> {
    let counters = snapshotter.snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
        let labels = key.key().labels().map(|label| format!(" {}={}", label.key(), label.value()));
        let DebugValue::Counter(count) = value else { panic!("not a counter: {value:?}") };
        (format!("{}{}", key.key().name(), labels.collect::<String>()), count)
    });
    counters.collect()
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

    let expected = [
        ("cors_preflights_denied_total reason=header-not-allowed", 3),
        ("cors_preflights_denied_total reason=method-not-allowed", 3),
        ("cors_preflights_denied_total reason=origin-not-allowed", 1),
        ("cors_preflights_granted_total", 3),
        ("cors_requests_not_allowed_total reason=malformed-origin", 1),
        ("cors_requests_not_allowed_total reason=origin-not-allowed", 3),
    ];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(counters(&snapshotter), BTreeMap::from(expected));
}

#[test]
fn questions_to_a_lookup_are_counted_by_outcome() {
    let question = async |origin: Origin<'static>| match origin.host() {
        "good.example" => Ok(true),
        "bad.example" => Ok(false),
        _ => Err("the database is away"),
    };
    let lookup = Lookup::with_options(LookupOptions::default().max_questions(1), question);
    let policy = Policy::builder().lookup(lookup).build().unwrap();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        for host in ["good", "good", "bad", "failing", "failing"] {
            let _ = runtime.block_on(policy.ask(&get(&format!("https://{host}.example"))));
        }
        let waiting = policy.ask(&get("https://waiting.example"));
        let _ = runtime.block_on(policy.ask(&get("https://too-many.example")));
        drop(waiting);
    });
    // The second answer of `good` comes from the cache. Failures are not cached.
    let expected = [("allowed", 1), ("denied", 1), ("failed", 2), ("overloaded", 1)];
    let expected = expected.map(|(outcome, count)| (format!("cors_lookups_total outcome={outcome}"), count));
    assert_eq!(counters(&snapshotter), BTreeMap::from(expected));
}
