//! A server without any CORS: a scenario that it passes proves nothing about an adapter.

use std::sync::Arc;

use cors_conformance::run::{Options, Verdict, run};
use cors_conformance::scenario::{self, Scenario};
use cors_conformance::specimen::Hits;
use cors_conformance::subject::{Server, StartError, Subject, SubjectKind};
use cors_conformance::user_agent::{Model, UserAgent};
use cors_core::Policy;
use cors_subjects::specimen;
use cors_subjects::subject::axum::serve;
use futures_util::future::{BoxFuture, FutureExt};

/// The specimen without any CORS middleware.
struct WithoutCors;

impl Subject for WithoutCors {
    fn name(&self) -> &str {
        "without-cors"
    }

    /// Only adapters are judged by all scenarios.
    fn kind(&self) -> SubjectKind {
        SubjectKind::Adapter
    }

    fn framework(&self) -> &str {
        "axum"
    }

    fn version(&self) -> &str {
        "0"
    }

    fn start<'a>(&'a self, _: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        serve(specimen::axum::router(Hits::default())).boxed()
    }
}

/// The scenarios that a server without any CORS passes.
async fn passed_without_cors() -> Vec<Arc<Scenario>> {
    let mut scenarios: Vec<_> = scenario::embedded().expect("scenarios").into_iter().map(Arc::new).collect();
    let subject: Arc<dyn Subject> = Arc::new(WithoutCors);
    let browser: Arc<dyn UserAgent> = Arc::new(Model::default());
    let played = run(&scenarios, &[subject], &browser, Options::default(), |_, _| ()).await;
    let results = played.subjects.iter().flat_map(|subject| &subject.results);
    let passed: Vec<_> =
        results.filter(|result| result.verdict == Verdict::Pass).map(|result| &result.scenario).collect();
    scenarios.retain(|scenario| passed.contains(&&scenario.id));
    scenarios
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_cors_keeps_no_promise_of_the_adapters() {
    let passed = passed_without_cors().await;
    assert!(!passed.is_empty(), "nothing was played");
    let promises = passed.iter().filter(|scenario| scenario.contract);
    let kept: Vec<_> = promises.map(|scenario| &scenario.id).collect();
    assert!(kept.is_empty(), "a server without CORS passes {kept:#?}");
}
