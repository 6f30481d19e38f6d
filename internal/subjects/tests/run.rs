//! A run as a whole: what it does with subjects that do something unusual.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt};

use cors_conformance::run::*;
use cors_conformance::scenario::Scenario;
use cors_conformance::subject::{Server, StartError, Subject, SubjectKind, UnsafeStart};
use cors_conformance::unsafe_configuration::{UnsafeOutcome, try_all};
use cors_conformance::user_agent::{Model, UserAgent};
use cors_subjects::registry;
use cors_subjects::subject::axum::serve;
use rstest::rstest;

/// A subject that serves only a few routes, and runs a function before it starts.
struct Fake {
    kind: SubjectKind,
    start: fn(&Policy) -> Result<(), StartError>,
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Fake {
    fn new(kind: SubjectKind, start: fn(&Policy) -> Result<(), StartError>) -> Self {
        Self { kind, start, running: Arc::default(), most: Arc::default() }
    }
}

impl Subject for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    fn kind(&self) -> SubjectKind {
        self.kind
    }

    fn framework(&self) -> &str {
        "axum"
    }

    fn version(&self) -> &str {
        "0"
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        async move {
            (self.start)(policy)?;
            let app = axum::Router::new()
                .route("/", axum::routing::get(|| async { "hello" }))
                .route("/hits", axum::routing::get(|| async { "{}" }))
                .route("/slow", axum::routing::get(std::future::pending::<()>));
            let server = serve(app).await?;
            let running = self.running.clone();
            self.most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let address = server.address();
            Ok(Server::new(address, move || {
                running.fetch_sub(1, Ordering::SeqCst);
                server.stop().boxed()
            }))
        }
        .boxed()
    }
}

fn scenario(id: &str, head: &str, step: &str) -> Arc<Scenario> {
    let text = format!(
        "id = \"{id}\"\ntitle = \"t\"\nspec = \"fetch#a\"\n{head}\n[policy]\nallow_origins = \"*\"\n[[step]]\n{step}"
    );
    Arc::new(Scenario::parse(id, &text).unwrap())
}

const REQUIRED: &str = "kind = \"required\"";
const HOLDS: &str =
    "request = { path = \"/\" }\nwire = [{ on = \"actual\", status = 200, body = \"hello\" }]";
const DIFFERS: &str = "request = { path = \"/\" }\nwire = [{ on = \"actual\", status = 418 }]";

async fn run_all(scenarios: &[Arc<Scenario>], subject: Fake, options: Options) -> SubjectRun {
    let (running, most) = (subject.running.clone(), subject.most.clone());
    let subjects: [Arc<dyn Subject>; 1] = [Arc::new(subject)];
    let user_agent: Arc<dyn UserAgent> = Arc::new(cors_conformance::user_agent::Model::default());
    let seen = Mutex::new(0);
    let unchecked = Options { check_specimen: false, ..options };
    let mut run = run(scenarios, &subjects, &user_agent, unchecked, |_, _| *seen.lock().unwrap() += 1).await;
    assert_eq!(running.load(Ordering::SeqCst), 0, "every server was stopped");
    assert!(most.load(Ordering::SeqCst) <= options.jobs.get(), "no more at a time than allowed");
    assert_eq!(*seen.lock().unwrap(), scenarios.len());
    assert_eq!(run.scenarios, scenarios.len());
    let subject = run.subjects.remove(0);
    let counts = Verdict::ALL.map(|verdict| subject.count(verdict));
    assert_eq!(counts.iter().sum::<usize>(), scenarios.len());
    subject
}

async fn run_one(scenario: Arc<Scenario>, subject: Fake) -> ScenarioResult {
    run_all(&[scenario], subject, Options::default()).await.results.remove(0)
}

fn adapter() -> Fake {
    Fake::new(SubjectKind::Adapter, |_| Ok(()))
}

#[tokio::test]
async fn a_scenario_passes_or_fails() {
    let holds = run_one(scenario("a/a", REQUIRED, HOLDS), adapter()).await;
    assert_eq!((holds.verdict, holds.detail.as_str()), (Verdict::Pass, ""));
    let differs = run_one(scenario("a/a", REQUIRED, DIFFERS), adapter()).await;
    assert_eq!(differs.verdict, Verdict::Fail);
    assert_eq!(differs.detail, "step 1, actual response: expected status 418, seen status 200");
    assert_eq!(differs.exchanges[..3], ["step 1", "> GET https://api.example/", "< 200"]);
}

#[tokio::test]
async fn an_informative_scenario_cannot_be_failed() {
    let differs = run_one(scenario("a/a", "kind = \"informative\"", DIFFERS), adapter()).await;
    assert_eq!(differs.verdict, Verdict::NotAsked);
    assert_eq!(differs.detail, "not judged: step 1, actual response: expected status 418, seen status 200");
    assert_eq!(differs.mismatches.len(), 1);
    let holds = run_one(scenario("a/a", "kind = \"informative\"", HOLDS), adapter()).await;
    assert_eq!(holds.verdict, Verdict::Pass);
}

#[tokio::test]
async fn a_contract_binds_adapters_only() {
    let contract = scenario("a/a", "kind = \"required\"\ncontract = true", DIFFERS);
    assert_eq!(run_one(contract.clone(), adapter()).await.verdict, Verdict::Fail);
    for kind in [SubjectKind::Middleware, SubjectKind::External] {
        assert_eq!(run_one(contract.clone(), Fake::new(kind, |_| Ok(()))).await.verdict, Verdict::NotAsked);
    }
}

#[tokio::test]
async fn a_policy_that_cannot_be_expressed_is_skipped() {
    let subject = |kind| Fake::new(kind, |_| Err(StartError::Inexpressible("no".to_owned())));
    let result = run_one(scenario("a/a", REQUIRED, HOLDS), subject(SubjectKind::Middleware)).await;
    assert_eq!(
        (result.verdict, result.detail.as_str()),
        (Verdict::CannotExpress, "cannot express the policy: no")
    );
    let result = run_one(scenario("a/a", REQUIRED, HOLDS), subject(SubjectKind::Adapter)).await;
    assert_eq!((result.verdict, result.detail.as_str()), (Verdict::Fail, "cannot express the policy: no"));
}

#[tokio::test]
async fn a_subject_that_does_not_start_is_an_error() {
    let subject = Fake::new(SubjectKind::Adapter, |_| Err(StartError::Failed("no".to_owned())));
    let result = run_one(scenario("a/a", REQUIRED, HOLDS), subject).await;
    assert_eq!((result.verdict, result.detail.as_str()), (Verdict::Error, "did not start: no"));
}

#[tokio::test]
async fn a_panic_is_an_error_of_one_scenario_and_stops_its_servers() {
    let head = "kind = \"required\"";
    let two = "[servers]\nmain = \"https://a.example\"\nother = { origin = \"https://b.example\", policy = { allow_origins = \"*\", max_age = 1 } }";
    let panics = scenario("a/panics", head, &format!("{HOLDS}\n{two}"));
    let holds = scenario("a/holds", head, HOLDS);
    let subject = Fake::new(SubjectKind::Adapter, |policy| match policy.max_age() {
        Some(_) => panic!("the second server"),
        None => Ok(()),
    });
    let run = run_all(&[panics, holds], subject, Options::default()).await;
    assert_eq!((run.passed, run.errors), (1, 1));
    assert_eq!(run.results[1].detail, "panicked: the second server");
}

#[tokio::test]
async fn a_scenario_that_does_not_end_is_an_error() {
    let step = "request = { path = \"/slow\" }\nwire = [{ on = \"actual\", status = 200 }]";
    let options = Options { time_limit: Duration::from_millis(200), ..Options::default() };
    let run = run_all(&[scenario("a/a", REQUIRED, step)], adapter(), options).await;
    assert_eq!(run.results[0].verdict, Verdict::Error);
    assert_eq!(run.results[0].detail, "did not end within 200ms");
}

#[tokio::test]
async fn scenarios_that_depend_on_a_failure_are_skipped() {
    let depends_on = |id: &str| format!("kind = \"required\"\ndepends_on = [\"{id}\"]");
    let scenarios = [
        scenario("a/a", &depends_on("a/b"), HOLDS),
        scenario("a/b", &depends_on("a/c"), HOLDS),
        scenario("a/c", REQUIRED, DIFFERS),
        scenario("a/d", &depends_on("a/e"), HOLDS),
        scenario("a/e", REQUIRED, HOLDS),
        scenario("a/f", &depends_on("a/not-in-this-run"), HOLDS),
    ];
    let one_at_a_time = Options { jobs: NonZeroUsize::MIN, ..Options::default() };
    let run = run_all(&scenarios, adapter(), one_at_a_time).await;
    let verdicts: Vec<_> = run.results.iter().map(|result| result.verdict.as_str()).collect();
    assert_eq!(verdicts, ["not asked", "not asked", "fail", "pass", "pass", "pass"]);
    assert_eq!(run.results[0].detail, "depends on a/b, which does not hold");
}

#[tokio::test]
async fn the_json_of_a_run_is_the_documented_one() {
    let subjects: [Arc<dyn Subject>; 1] = [Arc::new(adapter())];
    let user_agent: Arc<dyn UserAgent> = Arc::new(cors_conformance::user_agent::Model::default());
    let scenarios = [scenario("a/a", REQUIRED, HOLDS)];
    let unchecked = Options { check_specimen: false, ..Options::default() };
    let run = run(&scenarios, &subjects, &user_agent, unchecked, |_, _| {}).await;
    let mut json = serde_json::to_value(&run).unwrap();
    json["subjects"][0]["results"][0]["duration_ms"] = 0.into();
    assert_eq!(
        json,
        serde_json::json!({
            "scenarios": 1,
            "subjects": [{
                "name": "fake", "kind": "adapter", "framework": "axum", "version": "0", "user_agent": "model",
                "passed": 1, "failed": 0, "limits": 0, "disputed": 0, "cannot_express": 0, "not_asked": 0, "errors": 0,
                "results": [{
                    "scenario": "a/a", "kind": "required", "verdict": "pass", "detail": "",
                    "title": "t", "group": "a", "duration_ms": 0,
                }],
            }],
        })
    );
}

#[rstest]
#[case::adapter("cors-axum", "any-origin-with-credentials", UnsafeOutcome::Refused)]
#[case::adapter_prefix("cors-warp", "prefix", UnsafeOutcome::Refused)]
#[case::adapter_null("cors-rocket", "null-origin", UnsafeOutcome::Refused)]
#[case::panic("tower-http", "any-origin-with-credentials", UnsafeOutcome::Refused)]
#[case::reflected("tower-http", "reflected-origin", UnsafeOutcome::ReadsWithCookies)]
#[case::documented_prefix("actix-cors", "prefix", UnsafeOutcome::ReadsWithCookies)]
#[case::default("poem-cors", "any-origin-with-credentials", UnsafeOutcome::ReadsWithCookies)]
#[case::regex("rocket_cors", "unescaped-dot", UnsafeOutcome::ReadsWithCookies)]
#[case::no_option("warp-cors", "prefix", UnsafeOutcome::CannotExpress)]
#[case::assertion("salvo-cors", "any-origin-with-credentials", UnsafeOutcome::Refused)]
#[case::mirrored("salvo-cors", "reflected-origin", UnsafeOutcome::ReadsWithCookies)]
#[case::default_of_ntex("ntex-cors", "any-origin-with-credentials", UnsafeOutcome::ReadsWithCookies)]
#[tokio::test]
async fn unsafe_configurations(#[case] subject: &str, #[case] name: &str, #[case] expected: UnsafeOutcome) {
    let subject = registry::find(subject).unwrap();
    let run = try_all(&*subject, &Model::default()).await;
    let result = run.results.iter().find(|result| result.name == name).unwrap();
    assert_eq!(result.outcome, expected, "{result:?}");
}

/// Answers to everybody with these headers.
async fn fixed(headers: &'static [(&'static str, &'static str)]) -> Server {
    let answer = move || async move { axum::response::AppendHeaders(headers.to_vec()) };
    serve(axum::Router::new().route("/echo", axum::routing::get(answer))).await.unwrap()
}

struct Fixed(&'static [(&'static str, &'static str)]);

impl Subject for Fixed {
    fn name(&self) -> &str {
        "fixed"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Middleware
    }

    fn framework(&self) -> &str {
        "axum"
    }

    fn start<'a>(&'a self, _: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        Box::pin(async { Err(StartError::Failed("it takes no policies".to_owned())) })
    }

    fn start_unsafe<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
        Box::pin(async { Ok(fixed(self.0).await.into()) })
    }
}

#[rstest]
#[case::closed(&[], UnsafeOutcome::Blocked)]
#[case::wildcard(
    &[("access-control-allow-origin", "*"), ("access-control-allow-credentials", "true")],
    UnsafeOutcome::ReadsWithoutCookies
)]
#[case::open(
    &[("access-control-allow-origin", "https://evilexample.org"), ("access-control-allow-credentials", "true")],
    UnsafeOutcome::ReadsWithCookies
)]
#[tokio::test]
async fn what_a_stranger_reads(
    #[case] headers: &'static [(&'static str, &'static str)],
    #[case] expected: UnsafeOutcome,
) {
    let run = try_all(&Fixed(headers), &Model::default()).await;
    let result = run.results.iter().find(|result| result.name == "unescaped-dot").unwrap();
    assert_eq!(result.outcome, expected, "{result:?}");
}
