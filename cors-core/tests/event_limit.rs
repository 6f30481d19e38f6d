//! Events that a client can cause are limited in rate. The limit is the process's, so this test is alone in its own.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use std::thread;
use std::time::Duration;

use cors_core::Policy;
use http::Request;
use tracing::Level;

use self::support::Events;

#[test]
fn a_flood_of_one_reason_is_cut_and_counted_and_hides_no_other_reason() {
    let policy = Policy::builder().allow_origins("https://app.example").build().unwrap();
    let get = |origin: &str| Request::get("/").header("origin", origin).body(()).unwrap();
    let decide = |origin: &str| {
        let _ = policy.decide(&get(origin));
    };

    let flood = Events::of(Level::DEBUG, || {
        (0..1000).for_each(|number| decide(&format!("https://{number}.example")));
        decide("not an origin");
    });
    let (foreign, malformed): (Vec<_>, Vec<_>) =
        flood.iter().partition(|event| event.contains("reason=\"origin-not-allowed\""));
    // A second may end during the flood on a busy machine, which admits ten more.
    assert!((10..=100).contains(&foreign.len()), "{} events", foreign.len());
    assert!(!foreign[0].contains("left_out"), "{}", foreign[0]);
    assert_eq!(malformed.len(), 1);

    // Without a subscriber nothing is counted.
    (0..1000).for_each(|_| decide("https://unheard.example"));
    thread::sleep(Duration::from_millis(1100));
    let after = Events::of(Level::DEBUG, || {
        decide("https://after.example");
        decide("https://again.example");
    });
    let told = |events: &[String]| -> usize {
        let counts = events.iter().filter_map(|event| event.split_once("left_out=")?.1.split(';').next());
        counts.map(|count| count.parse::<usize>().unwrap()).sum()
    };
    assert_eq!(told(&flood) + told(&after), 1000 - foreign.len(), "{after:?}");
    assert!(after[0].contains("value=https://after.example;") && !after[1].contains("left_out"), "{after:?}");
}
