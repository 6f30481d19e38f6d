//! Replacing a policy does not make requests wait, and requests do not free the old policy.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::cell::RefCell;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use cors_core::{Decision, Policy, PolicyHandle, PreparedPolicy, ProblemCode};
use http::{HeaderMap, HeaderValue, Request};

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

const APP: &str = "https://app.example";

fn handle() -> PolicyHandle<HeaderValue> {
    PolicyHandle::new(policy(APP))
}

fn preflight(method: &str) -> Request<()> {
    let request = Request::options("/").header("origin", APP).header("access-control-request-method", method);
    request.body(()).unwrap()
}

/// The status of the answer to a preflight, or `None` if it goes to the application.
fn status(policy: &PreparedPolicy<HeaderValue>, method: &str) -> Option<u16> {
    match policy.decide(&preflight(method)) {
        Decision::Preflight(preflight) => Some(preflight.status()),
        Decision::Actual(_) | Decision::Denied(_) => None,
    }
}

/// The headers of a response in which the application has written some of its own.
fn headers(policy: &PreparedPolicy<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("access-control-allow-origin", HeaderValue::from_static("https://handler.example"));
    let request = Request::get("/").header("origin", APP).body(()).unwrap();
    let Decision::Actual(actual) = policy.decide(&request) else { panic!("not a preflight") };
    policy.write_actual(actual, &mut headers);
    headers
}

#[test]
fn switched_off_it_changes_nothing_until_it_is_switched_on() {
    let handle = handle();
    let running = handle.current();
    handle.switch_off();
    assert!(!handle.is_on());
    assert_eq!(status(&handle.current(), "GET"), None);
    let off = headers(&handle.current());
    assert_eq!(off.len(), 1);
    assert_eq!(off["access-control-allow-origin"], "https://handler.example");
    // A request that has started keeps its state as well as its policy.
    assert_eq!(status(&running, "GET"), Some(204));

    handle.replace(policy(APP));
    assert!(!handle.is_on());
    handle.switch_on();
    assert!(handle.is_on());
    assert_eq!(status(&handle.current(), "GET"), Some(204));
    let on = headers(&handle.current());
    assert_eq!(
        (&on["access-control-allow-origin"], &on["vary"]),
        (&APP.parse().unwrap(), &"Origin".parse().unwrap())
    );
}

#[test]
fn diagnostics_outlive_the_policy_and_can_be_left_to_it() {
    let handle = handle();
    assert_eq!(status(&handle.current(), "PUT"), Some(403));
    handle.set_diagnostics(Some(true));
    assert_eq!(status(&handle.current(), "PUT"), Some(204));
    handle.replace(policy(APP));
    assert_eq!((status(&handle.current(), "PUT"), handle.diagnostics()), (Some(204), true));
    handle.set_diagnostics(None);
    assert_eq!((status(&handle.current(), "PUT"), handle.diagnostics()), (Some(403), false));

    handle.replace(policy(APP).to_builder().diagnostics(true).build().unwrap());
    assert_eq!((status(&handle.current(), "PUT"), handle.diagnostics()), (Some(204), true));
    handle.set_diagnostics(Some(false));
    assert_eq!((status(&handle.current(), "PUT"), handle.diagnostics()), (Some(403), false));
    // Foreign origins learn nothing in either mode.
    handle.set_diagnostics(Some(true));
    let mut foreign = preflight("GET");
    foreign.headers_mut().insert("origin", HeaderValue::from_static("https://evil.example"));
    let Decision::Preflight(denied) = handle.current().decide(&foreign) else { panic!("a preflight") };
    assert_eq!(denied.status(), 403);
}

#[test]
fn a_refused_policy_leaves_the_old_one_in_use() {
    let handle = handle();
    let error = handle.try_replace(Policy::builder().allow_origins("https://b.example/")).unwrap_err();
    assert_eq!(error.problems()[0].code(), ProblemCode::OriginWithPath);
    assert!(handle.current().policy().allows_origin(APP.as_bytes()));

    handle.try_replace(Policy::builder().allow_origins("https://b.example")).unwrap();
    assert!(handle.current().policy().allows_origin(b"https://b.example"));
}

#[test]
fn switching_frees_what_was_replaced_in_the_calling_thread() {
    let (handle, record) = recorded();
    handle.switch_off();
    assert!(!record.threads().is_empty());
    assert!(record.threads().iter().all(|thread| *thread == thread::current().id()));
}

#[test]
fn changes_at_the_same_time_are_not_lost() {
    let handle = handle();
    for _ in 0..200 {
        thread::scope(|scope| {
            scope.spawn(|| handle.switch_off());
            scope.spawn(|| handle.set_diagnostics(Some(true)));
            scope.spawn(|| handle.replace(policy("https://new.example")));
        });
        assert!(!handle.is_on() && handle.diagnostics());
        assert!(handle.current().policy().allows_origin(b"https://new.example"));
        handle.switch_on();
        handle.set_diagnostics(None);
        handle.replace(policy(APP));
    }
}
