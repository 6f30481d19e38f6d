//! Lookups: what is asked, what is cached, and what happens if there is no answer.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cors_core::{
    Decision, Event, Lookup, LookupAnswer, LookupOptions, Origin, Policy, PolicyBuilder, PolicyHandle,
    PreparedPolicy, Reason, Rule,
};
use http::{HeaderValue, Request};
use rstest::rstest;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

const TENANT: &str = "https://tenant.example";

/// A database with one tenant, which counts its questions by origin.
#[derive(Clone, Default)]
struct Database {
    asked: Arc<Mutex<HashMap<String, usize>>>,
}

impl Database {
    fn lookup(&self, options: LookupOptions) -> Lookup {
        let database = self.clone();
        Lookup::with_options(options, move |origin| {
            let database = database.clone();
            async move { database.answer(&origin) }
        })
    }

    fn answer(&self, origin: &Origin<'_>) -> io::Result<bool> {
        *self.asked.lock().unwrap().entry(origin.to_string()).or_default() += 1;
        match origin.host() {
            "broken.example" => Err(io::Error::other("the database is down")),
            "panic.example" => panic!("the lookup panics, as this test wants"),
            host => Ok(host == "tenant.example"),
        }
    }

    fn count(&self, origin: &str) -> usize {
        self.asked.lock().unwrap().get(origin).copied().unwrap_or_default()
    }

    fn total(&self) -> usize {
        self.asked.lock().unwrap().values().sum()
    }
}

fn policy(lookup: &Lookup) -> Policy {
    Policy::builder().allow_origins("https://app.example").lookup(lookup).build().unwrap()
}

fn get(origins: &[&str]) -> Request<()> {
    let mut request = Request::new(());
    for origin in origins {
        request.headers_mut().append("origin", HeaderValue::from_str(origin).unwrap());
    }
    request
}

fn is_allowed(decision: Decision<HeaderValue>) -> bool {
    match decision {
        Decision::Actual(actual) => actual.is_allowed(),
        Decision::Preflight(_) | Decision::Denied(_) => panic!("an actual request"),
    }
}

async fn ask(policy: &Policy, origin: &str) -> LookupAnswer {
    let request = get(&[origin]);
    let answer = policy.ask(&request).await;
    assert_eq!(is_allowed(policy.decide_with(&request, answer)), answer == LookupAnswer::Allowed);
    answer
}

#[tokio::test]
async fn answers_are_cached_whether_yes_or_no() {
    let database = Database::default();
    let policy = policy(&database.lookup(LookupOptions::default()));
    for _ in 0..3 {
        assert_eq!(ask(&policy, TENANT).await, LookupAnswer::Allowed);
        assert_eq!(ask(&policy, "https://other.example").await, LookupAnswer::Denied);
    }
    assert_eq!((database.count(TENANT), database.count("https://other.example")), (1, 1));
    assert_eq!(
        policy.ask(&get(&[TENANT])).now(),
        Some(LookupAnswer::Allowed),
        "a cached answer is there at once"
    );
}

#[rstest]
#[case::listed(&["https://app.example"])]
#[case::in_a_rule(&["https://partner.example"])]
#[case::by_a_function(&["https://function.example"])]
#[case::without_origin(&[])]
#[case::null(&["null"])]
#[case::file(&["file://"])]
#[case::malformed(&["https://tenant.example/"])]
#[case::upper_case(&["https://TENANT.example"])]
#[case::two_lines(&[TENANT, TENANT])]
#[case::list(&["https://tenant.example, https://tenant.example"])]
#[tokio::test]
async fn it_is_not_asked_without_need(#[case] origins: &[&str]) {
    let database = Database::default();
    let policy = Policy::builder()
        .allow_origins("https://app.example")
        .allow_origin_if(|origin| origin.host() == "function.example")
        .rule(Rule::builder().allow_origins("https://partner.example"))
        .lookup(database.lookup(LookupOptions::default()))
        .build()
        .unwrap();
    let request = get(origins);
    assert_eq!(policy.ask(&request).now(), Some(LookupAnswer::NotAsked));
    assert_eq!(database.total(), 0);
    // Even a wrong answer does not allow a malformed origin.
    let with_answer = is_allowed(policy.decide_with(&request, LookupAnswer::Allowed));
    assert_eq!(with_answer, is_allowed(policy.decide(&request)));
}

#[tokio::test]
async fn any_origin_is_never_asked_about() {
    let database = Database::default();
    let lookup = database.lookup(LookupOptions::default());
    let policy = Policy::builder().allow_origins("*").lookup(lookup).build().unwrap();
    assert_eq!(policy.ask(&get(&[TENANT])).now(), Some(LookupAnswer::NotAsked));
    assert_eq!(policy.warnings()[0].field(), "lookup");
}

#[rstest]
#[case::error("https://broken.example")]
#[case::panic("https://panic.example")]
#[tokio::test]
async fn a_failure_denies_and_is_not_cached(#[case] origin: &str) {
    let database = Database::default();
    let policy = policy(&database.lookup(LookupOptions::default()));
    for count in 1..=3 {
        assert_eq!(ask(&policy, origin).await, LookupAnswer::Failed);
        assert_eq!(database.count(origin), count);
    }
}

#[tokio::test]
async fn a_failure_is_the_reason_of_a_denied_preflight() {
    let policy = policy(&Database::default().lookup(LookupOptions::default()));
    let reason = async |origin: &str| {
        let request =
            Request::options("/").header("origin", origin).header("access-control-request-method", "GET");
        let request = request.body(()).unwrap();
        let prepared = PreparedPolicy::<HeaderValue>::new(policy.clone());
        let answer = prepared.ask(&request).await;
        match prepared.decide_with(&request, answer) {
            Decision::Preflight(preflight) => preflight.reason(),
            Decision::Actual(_) | Decision::Denied(_) => panic!("a preflight"),
        }
    };
    assert_eq!(reason("https://broken.example").await, Some(Reason::LookupFailed));
    assert_eq!(reason("https://other.example").await, Some(Reason::OriginNotAllowed));
    assert_eq!(reason(TENANT).await, None);
}

/// A lookup that answers yes when the semaphore has a permit, and how often it was asked.
fn gated(options: LookupOptions) -> (Lookup, Arc<Semaphore>, Arc<AtomicUsize>) {
    let (gate, count) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (wait, counter) = (Arc::clone(&gate), Arc::clone(&count));
    let lookup = Lookup::with_options(options, move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        let wait = Arc::clone(&wait);
        async move { wait.acquire().await.map(tokio::sync::SemaphorePermit::forget).map(|()| true) }
    });
    (lookup, gate, count)
}

#[tokio::test]
async fn a_late_answer_denies_and_is_not_cached() {
    let options = LookupOptions::default().deadline(Duration::from_millis(30));
    let (lookup, gate, count) = gated(options);
    let policy = policy(&lookup);
    assert_eq!(ask(&policy, TENANT).await, LookupAnswer::Failed);
    gate.add_permits(1);
    assert_eq!(ask(&policy, TENANT).await, LookupAnswer::Allowed);
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

fn spawn_asking(policy: &Policy, origin: &'static str) -> tokio::task::JoinHandle<LookupAnswer> {
    let ask = policy.ask(&get(&[origin]));
    tokio::spawn(ask)
}

#[tokio::test]
async fn a_hundred_equal_questions_are_asked_once() {
    let (lookup, gate, count) = gated(LookupOptions::default());
    let policy = policy(&lookup);
    let waiting: Vec<_> = (0..100).map(|_| spawn_asking(&policy, TENANT)).collect();
    tokio::task::yield_now().await;
    gate.add_permits(1);
    for answer in waiting {
        assert_eq!(answer.await.unwrap(), LookupAnswer::Allowed);
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_request_that_is_cancelled_does_not_end_the_question_of_others() {
    let (lookup, gate, count) = gated(LookupOptions::default());
    let policy = policy(&lookup);
    let (first, second) = (spawn_asking(&policy, TENANT), spawn_asking(&policy, TENANT));
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    assert_eq!(second.await.unwrap(), LookupAnswer::Allowed);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_question_that_all_requests_gave_up_is_asked_again() {
    let (lookup, gate, count) = gated(LookupOptions::default());
    let policy = policy(&lookup);
    for _ in 0..200 {
        let ask = policy.ask(&get(&[TENANT]));
        assert!(timeout(Duration::from_millis(1), ask).await.is_err());
    }
    gate.add_permits(1);
    assert_eq!(ask(&policy, TENANT).await, LookupAnswer::Allowed);
    assert_eq!(count.load(Ordering::SeqCst), 201);
}

#[tokio::test]
async fn no_more_questions_than_allowed_wait_for_an_answer() {
    let (lookup, gate, count) = gated(LookupOptions::default().max_questions(2));
    let policy = policy(&lookup);
    let (first, second) =
        (spawn_asking(&policy, "https://1.example"), spawn_asking(&policy, "https://2.example"));
    // Requests that join a question are not limited.
    let joined: Vec<_> = (0..10).map(|_| spawn_asking(&policy, "https://1.example")).collect();
    tokio::task::yield_now().await;
    for number in 3..100 {
        let request = get(&[&format!("https://{number}.example")]);
        assert_eq!(policy.ask(&request).now(), Some(LookupAnswer::Failed), "{number}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);

    gate.add_permits(3);
    for answer in [first, second].into_iter().chain(joined) {
        assert_eq!(answer.await.unwrap(), LookupAnswer::Allowed);
    }
    // What was not asked is not cached, and there is room again.
    assert_eq!(ask(&policy, "https://3.example").await, LookupAnswer::Allowed);
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn questions_that_end_in_any_way_make_room_for_others() {
    let database = Database::default();
    let short = LookupOptions::default().deadline(Duration::from_millis(20)).max_questions(1);
    let policy = policy(&database.lookup(short));
    for origin in ["https://broken.example", "https://panic.example", TENANT, "https://other.example"] {
        assert!(policy.ask(&get(&[origin])).now().is_none(), "{origin}");
        ask(&policy, origin).await;
        assert_eq!(database.count(origin), 1);
    }

    let (lookup, gate, _) = gated(short);
    let late = self::policy(&lookup);
    assert_eq!(ask(&late, "https://late.example").await, LookupAnswer::Failed);
    // Nothing waits for these: one was never awaited, one was cancelled, and one was forgotten.
    drop(late.ask(&get(&["https://dropped.example"])));
    let cancelled = late.ask(&get(&["https://cancelled.example"]));
    assert!(timeout(Duration::from_millis(1), cancelled).await.is_err());
    let forgotten = spawn_asking(&late, "https://forgotten.example");
    tokio::task::yield_now().await;
    lookup.forget("https://forgotten.example");
    assert_eq!(ask(&late, TENANT).await, LookupAnswer::Failed, "a forgotten question still waits");
    gate.add_permits(2);
    assert_eq!(forgotten.await.unwrap(), LookupAnswer::Allowed);
    assert_eq!(ask(&late, TENANT).await, LookupAnswer::Allowed);
}

#[tokio::test]
async fn each_failure_is_one_event_for_the_observer() {
    let database = Database::default();
    let options = LookupOptions::default().deadline(Duration::from_secs(60)).max_questions(1);
    let broken = policy(&database.lookup(options));
    let (lookup, _gate, _) = gated(options.deadline(Duration::from_millis(20)));
    let waiting = policy(&lookup);
    let reported = Arc::new(Mutex::new(Vec::new()));
    let events = Arc::clone(&reported);
    let handle = PolicyHandle::<HeaderValue>::with_observer(broken, move |event: &Event<'_>| {
        if let Event::LookupFailed(failure) = event {
            assert_eq!(failure.to_string(), format!("{}: {}", failure.origin(), failure.error()));
            events.lock().unwrap().push((failure.to_string(), failure.is_overload()));
        }
    });
    let ask = |origin: &str| handle.current().ask(&get(&[origin]));

    // Two requests wait for the first question, and there is no room for another one.
    let (first, second) = (ask("https://broken.example"), ask("https://broken.example"));
    assert_eq!(ask("https://third.example").now(), Some(LookupAnswer::Failed));
    assert_eq!((first.await, second.await), (LookupAnswer::Failed, LookupAnswer::Failed));
    ask("https://panic.example").await;
    ask(TENANT).await;
    handle.replace(waiting);
    ask("https://late.example").await;

    let overload =
        "https://third.example: not asked, because as many questions as allowed (1) wait for an answer";
    let expected = [
        (overload, true),
        ("https://broken.example: the database is down", false),
        ("https://panic.example: the lookup panicked", false),
        ("https://late.example: no answer within 20ms", false),
    ];
    let expected = expected.map(|(text, is_overload)| (text.to_owned(), is_overload));
    assert_eq!(*reported.lock().unwrap(), expected);
}

#[tokio::test]
async fn an_answer_is_cached_for_its_max_age() {
    let database = Database::default();
    let options = LookupOptions::default().max_age(Duration::from_millis(40));
    let policy = policy(&database.lookup(options));
    ask(&policy, TENANT).await;
    sleep(Duration::from_millis(60)).await;
    ask(&policy, TENANT).await;
    assert_eq!(database.count(TENANT), 2);
}

#[tokio::test]
async fn the_cache_has_a_bound() {
    let database = Database::default();
    let policy = policy(&database.lookup(LookupOptions::default().capacity(10)));
    let origins: Vec<_> = (0..1000).map(|number| format!("https://{number}.example")).collect();
    for origin in &origins {
        ask(&policy, origin).await;
    }
    let cached = origins.iter().filter(|origin| policy.ask(&get(&[origin])).now().is_some()).count();
    assert!(cached <= 10, "{cached}");
}

#[tokio::test]
async fn a_forgotten_answer_is_asked_for_again() {
    let database = Database::default();
    let lookup = database.lookup(LookupOptions::default());
    let policy = policy(&lookup);
    ask(&policy, TENANT).await;
    lookup.forget(TENANT);
    ask(&policy, TENANT).await;
    assert_eq!(database.count(TENANT), 2);
    lookup.forget_all();
    ask(&policy, TENANT).await;
    assert_eq!(database.count(TENANT), 3);
}

#[tokio::test]
async fn an_answer_that_is_forgotten_on_its_way_is_not_cached() {
    let (lookup, gate, count) = gated(LookupOptions::default());
    let policy = policy(&lookup);
    let waiting = spawn_asking(&policy, TENANT);
    tokio::task::yield_now().await;
    lookup.forget(TENANT);
    gate.add_permits(2);
    assert_eq!(waiting.await.unwrap(), LookupAnswer::Allowed);
    ask(&policy, TENANT).await;
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn policies_with_clones_of_a_lookup_share_its_cache() {
    let database = Database::default();
    let lookup = database.lookup(LookupOptions::default());
    let first = policy(&lookup);
    ask(&first, TENANT).await;
    let second = first.to_builder().allow_origins("https://new.example").build().unwrap();
    assert_eq!(ask(&second, TENANT).await, LookupAnswer::Allowed);
    assert_eq!(database.total(), 1);
    assert_eq!(first, first.to_builder().build().unwrap());
    assert!(format!("{first:?}").contains("lookup: Lookup"));
    assert!(serde_json::to_string(&first).unwrap_err().to_string().contains("`lookup`"));
}

#[test]
fn without_a_runtime_a_lookup_fails_and_nothing_panics() {
    let policy = policy(&Database::default().lookup(LookupOptions::default()));
    let mut ask = std::pin::pin!(policy.ask(&get(&[TENANT])));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert_eq!(ask.as_mut().poll(&mut context), std::task::Poll::Ready(LookupAnswer::Failed));
}

#[test]
fn without_an_answer_the_origin_is_not_allowed() {
    let database = Database::default();
    let policy = policy(&database.lookup(LookupOptions::default()));
    assert!(!is_allowed(policy.decide(&get(&[TENANT]))));
    assert!(!policy.allows_origin(TENANT.as_bytes()));
    assert!(
        policy.has_lookup() && !PolicyBuilder::default().allow_origins("*").build().unwrap().has_lookup()
    );
}
