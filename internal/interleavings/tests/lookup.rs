//! Questions about the same origin from several threads.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use cors_core::{Lookup, LookupAnswer, LookupOptions, Policy};
use http::Request;
use tokio::task::yield_now;

const ORIGIN: &str = "https://tenant.example";

const ROUNDS: usize = 300;

fn policy(lookup: &Lookup) -> Policy {
    Policy::builder().allow_origins("https://app.example").lookup(lookup).build().unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

async fn ask(policy: &Policy, origin: &str) -> LookupAnswer {
    let request = Request::get("/").header("origin", origin).body(()).unwrap();
    policy.ask(&request).await
}

/// A lookup that allows every origin, and how often it was asked.
fn counted_lookup() -> (Lookup, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let lookup = Lookup::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async {
            yield_now().await;
            Ok::<_, io::Error>(true)
        }
    });
    (lookup, asked)
}

#[test]
fn threads_that_ask_at_the_same_time_share_one_question() {
    for _ in 0..ROUNDS {
        let (lookup, asked) = counted_lookup();
        let policy = policy(&lookup);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| assert_eq!(run(ask(&policy, ORIGIN)), LookupAnswer::Allowed));
            }
        });
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn an_answer_from_before_a_change_is_not_used_after_forget() {
    for _ in 0..ROUNDS {
        let is_tenant = Arc::new(AtomicBool::new(true));
        let has_read = Arc::new(AtomicBool::new(false));
        let (database, reads) = (Arc::clone(&is_tenant), Arc::clone(&has_read));
        let lookup = Lookup::new(move |_| {
            let (database, reads) = (Arc::clone(&database), Arc::clone(&reads));
            async move {
                let is_tenant = database.load(Ordering::SeqCst);
                reads.store(true, Ordering::SeqCst);
                for _ in 0..20 {
                    yield_now().await;
                }
                Ok::<_, io::Error>(is_tenant)
            }
        });
        let policy = policy(&lookup);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| run(ask(&policy, ORIGIN)));
            }
            scope.spawn(|| {
                while !has_read.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                is_tenant.store(false, Ordering::SeqCst);
                lookup.forget(ORIGIN);
                // The old answer must not come back, whatever the other threads do now.
                assert_eq!(run(ask(&policy, ORIGIN)), LookupAnswer::Denied);
                assert_eq!(run(ask(&policy, ORIGIN)), LookupAnswer::Denied);
            });
        });
        assert_eq!(run(ask(&policy, ORIGIN)), LookupAnswer::Denied);
    }
}

#[test]
fn no_more_questions_than_allowed_wait_and_none_is_counted_for_ever() {
    for _ in 0..ROUNDS {
        let waiting = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&waiting);
        let lookup = Lookup::with_options(LookupOptions::default().max_questions(1), move |_| {
            let count = Arc::clone(&count);
            async move {
                assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0, "two questions wait");
                yield_now().await;
                count.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, io::Error>(true)
            }
        });
        let policy = policy(&lookup);
        let start = Barrier::new(2);
        thread::scope(|scope| {
            for origin in ["https://a.example", "https://b.example"] {
                let (policy, start) = (&policy, &start);
                scope.spawn(move || {
                    start.wait();
                    let answer = run(ask(policy, origin));
                    assert!(matches!(answer, LookupAnswer::Allowed | LookupAnswer::Failed), "{answer:?}");
                });
            }
        });
        assert_eq!(run(ask(&policy, "https://c.example")), LookupAnswer::Allowed);
    }
}

#[test]
fn a_question_goes_on_if_the_request_that_began_it_is_cancelled() {
    for _ in 0..ROUNDS {
        let (lookup, asked) = counted_lookup();
        let policy = policy(&lookup);
        thread::scope(|scope| {
            scope.spawn(|| {
                run(async {
                    tokio::select! {
                        biased;
                        answer = ask(&policy, ORIGIN) => assert_eq!(answer, LookupAnswer::Allowed),
                        () = std::future::ready(()) => {}
                    }
                });
            });
            scope.spawn(|| assert_eq!(run(ask(&policy, ORIGIN)), LookupAnswer::Allowed));
        });
        // Asked again only if the first request was gone before the second one came.
        assert!((1..=2).contains(&asked.load(Ordering::SeqCst)));
    }
}
