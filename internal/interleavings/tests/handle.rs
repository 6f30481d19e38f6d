//! Policies that are replaced while threads use them.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use cors_core::{Decision, Policy, PolicyHandle, PreparedPolicy};
use http::{HeaderMap, HeaderValue, Request};

type Handle = PolicyHandle<HeaderValue>;

/// How often a test is repeated, as the order of the threads differs.
const ROUNDS: usize = 500;

const READERS: usize = 2;

fn origin(number: usize) -> String {
    format!("https://{number}.example")
}

/// A policy that allows one origin, and exposes a header with the same number.
fn policy(number: usize) -> Policy {
    let header = format!("x-{number}");
    Policy::builder().allow_origins([origin(number)]).expose_headers([header]).build().unwrap()
}

/// The exposed headers in a response to the origin of a policy, if it is allowed.
fn exposed(policy: &PreparedPolicy<HeaderValue>, number: usize) -> Option<HeaderValue> {
    let request = Request::get("/").header("origin", origin(number)).body(()).unwrap();
    let Decision::Actual(actual) = policy.decide(&request) else { panic!("not a preflight") };
    let mut headers = HeaderMap::new();
    policy.write_actual(actual, &mut headers);
    assert_eq!(
        headers.contains_key("access-control-allow-origin"),
        headers.contains_key("access-control-expose-headers")
    );
    headers.remove("access-control-expose-headers")
}

#[test]
fn a_request_sees_one_policy_and_a_thread_never_goes_back_to_an_older_one() {
    for _ in 0..ROUNDS {
        let handle = Handle::new(policy(0));
        thread::scope(|scope| {
            for _ in 0..READERS {
                scope.spawn(|| {
                    let mut newest = 0;
                    while newest < 2 {
                        let current = handle.current();
                        let answers: Vec<_> =
                            (0..3).filter_map(|number| Some((number, exposed(&current, number)?))).collect();
                        let [(number, header)] = &answers[..] else { panic!("{answers:?}") };
                        assert_eq!(header, &format!("x-{number}"));
                        assert!(*number >= newest, "{number} after {newest}");
                        newest = *number;
                        thread::yield_now();
                    }
                });
            }
            scope.spawn(|| (1..3).for_each(|number| handle.replace(policy(number))));
        });
        assert!(exposed(&handle.current(), 2).is_some());
    }
}

#[test]
fn no_change_is_lost() {
    for _ in 0..ROUNDS {
        let handle = Handle::new(policy(0));
        let start = Barrier::new(3);
        thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                handle.replace(policy(1));
            });
            scope.spawn(|| {
                start.wait();
                handle.switch_off();
            });
            scope.spawn(|| {
                start.wait();
                handle.set_diagnostics(Some(true));
            });
        });
        assert!(!handle.is_on() && handle.diagnostics());
        assert!(handle.current().policy().allows_origin(origin(1).as_bytes()));
        assert_eq!(exposed(&handle.current(), 1), None);
    }
}

thread_local! {
    static SERVES_REQUESTS: Cell<bool> = const { Cell::new(false) };
}

/// A part of a policy that counts how many of it there are.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn policy(count: &Arc<AtomicUsize>) -> Policy {
        count.fetch_add(1, Ordering::SeqCst);
        let counted = Self(Arc::clone(count));
        let function = move |_: &cors_core::Origin<'_>| counted.0.load(Ordering::SeqCst) > 0;
        Policy::builder().allow_origin_if(function).build().unwrap()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        assert!(!SERVES_REQUESTS.get(), "a request frees a policy");
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn no_request_frees_a_policy_and_all_are_freed_in_the_end() {
    for _ in 0..ROUNDS {
        let count = Arc::new(AtomicUsize::new(0));
        let handle = Handle::new(Counted::policy(&count));
        thread::scope(|scope| {
            for _ in 0..READERS {
                scope.spawn(|| {
                    SERVES_REQUESTS.set(true);
                    for _ in 0..3 {
                        let current = handle.current();
                        assert!(current.policy().allows_origin(b"https://a.example"));
                        drop(current);
                        thread::yield_now();
                    }
                    // What the thread still keeps is dropped when it ends.
                    SERVES_REQUESTS.set(false);
                });
            }
            scope.spawn(|| {
                for _ in 0..2 {
                    handle.replace(Counted::policy(&count));
                }
            });
        });
        // The scope does not wait for the destructors of thread-local values.
        thread::spawn(move || drop(handle)).join().unwrap();
        for _ in 0..10_000 {
            if count.load(Ordering::SeqCst) == 0 {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(count.load(Ordering::SeqCst), 0, "policies stay in memory");
    }
}
