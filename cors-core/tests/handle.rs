//! Replacing a policy does not make requests wait, and requests do not free the old policy.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::cell::RefCell;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use cors_core::{Policy, PolicyHandle};

/// A header value whose drops are recorded if it was made while its thread recorded drops.
#[derive(Clone)]
struct Value(Option<Arc<Record>>);

#[derive(Default)]
struct Record {
    /// The threads in which values were dropped.
    threads: Mutex<Vec<ThreadId>>,
    /// Called for each drop.
    on_drop: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

thread_local! {
    static RECORD: RefCell<Option<Arc<Record>>> = const { RefCell::new(None) };
}

impl From<&str> for Value {
    fn from(_: &str) -> Self {
        Self(RECORD.with_borrow(Clone::clone))
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if let Some(record) = &self.0 {
            record.threads.lock().unwrap().push(thread::current().id());
            if let Some(on_drop) = record.on_drop.get() {
                on_drop();
            }
        }
    }
}

fn policy(origin: &str) -> Policy {
    Policy::builder().allow_origins(origin).build().unwrap()
}

/// A handle whose first policy is recorded.
fn recorded() -> (PolicyHandle<Value>, Arc<Record>) {
    let record = Arc::new(Record::default());
    RECORD.set(Some(Arc::clone(&record)));
    let handle = PolicyHandle::new(policy("https://old.example"));
    RECORD.set(None);
    // Preparing a policy drops some values.
    record.threads.lock().unwrap().clear();
    (handle, record)
}

impl Record {
    fn threads(&self) -> Vec<ThreadId> {
        self.threads.lock().unwrap().clone()
    }
}

#[test]
fn a_request_does_not_free_the_policy_that_was_replaced_meanwhile() {
    let (handle, record) = recorded();
    let (started, has_started) = mpsc::channel();
    let (finish, may_finish) = mpsc::channel::<()>();
    let request = thread::spawn({
        let handle = handle.clone();
        move || {
            let policy = handle.current();
            started.send(()).unwrap();
            may_finish.recv().unwrap();
            assert!(policy.policy().allows_origin(b"https://old.example"));
        }
    });
    has_started.recv().unwrap();

    handle.replace(policy("https://new.example"));
    assert_eq!(record.threads(), [], "freed while a request used it");
    finish.send(()).unwrap();
    request.join().unwrap();
    assert_eq!(record.threads(), [], "freed by the request");

    handle.replace(policy("https://newer.example"));
    assert!(!record.threads().is_empty(), "not freed by the next call");
    assert!(record.threads().iter().all(|thread| *thread == thread::current().id()));
}

#[test]
fn requests_continue_while_the_old_policy_is_freed() {
    let (handle, record) = recorded();
    let (send, receive) = mpsc::channel();
    let reader = handle.clone();
    let on_drop = Box::new(move || {
        let (reader, finished) = (reader.clone(), mpsc::channel());
        thread::spawn(move || {
            finished.0.send(reader.current().policy().allows_origin(b"https://new.example"))
        });
        let allowed = finished.1.recv_timeout(Duration::from_secs(10));
        send.send(allowed).unwrap();
    });
    assert!(record.on_drop.set(on_drop).is_ok());

    handle.replace(policy("https://new.example"));

    let allowed: Vec<_> = receive.try_iter().collect();
    assert!(!allowed.is_empty(), "the old policy was not freed");
    assert!(allowed.iter().all(|allowed| *allowed == Ok(true)), "{allowed:?}");
}

#[test]
fn the_last_handle_frees_what_requests_have_left() {
    let (handle, record) = recorded();
    let used = handle.current();
    handle.replace(policy("https://new.example"));
    drop(used);
    assert_eq!(record.threads(), []);

    drop(handle);
    assert!(!record.threads().is_empty());
}

#[test]
fn each_request_sees_one_of_the_policies() {
    let handle = PolicyHandle::<String>::new(policy("https://0.example"));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    let current = handle.current();
                    let allowed = (0..2).filter(|n| {
                        current.policy().allows_origin(format!("https://{n}.example").as_bytes())
                    });
                    assert_eq!(allowed.count(), 1);
                }
            });
        }
        for number in 0..500 {
            handle.replace(policy(&format!("https://{}.example", number % 2)));
        }
    });
}
