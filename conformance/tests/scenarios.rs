//! Rules that every scenario follows, so that none of them passes for the wrong reason.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use cors_conformance::run::{Options, Verdict, run};
use cors_conformance::scenario::{self, Action, PageExpectation, Scenario};
use cors_conformance::specimen::{self, Hits};
use cors_conformance::subject::axum::serve;
use cors_conformance::subject::{Server, StartError, Subject, SubjectKind};
use cors_conformance::user_agent::{Model, UserAgent};
use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt};

/// Fails with all complaints at once.
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// A complaint for each step of each scenario to which `fault` applies.
fn steps(fault: impl Fn(&scenario::Step) -> Option<&'static str>) -> Vec<String> {
    let mut complaints = Vec::new();
    for scenario in scenario::embedded().unwrap() {
        for (index, step) in scenario.steps.iter().enumerate() {
            complaints.extend(fault(step).map(|fault| format!("{}, step {}: {fault}", scenario.id, index + 1)));
        }
    }
    complaints
}

/// Without a reason, a page that is blocked by a broken connection would pass for one that is blocked by the policy.
#[test]
fn every_blocked_page_has_a_reason() {
    none(steps(|step| match &step.page {
        Some(PageExpectation::Blocked { reasons }) if reasons.is_empty() => {
            Some("`outcome = \"blocked\"` needs a `reason`")
        }
        _ => None,
    }));
}

/// A count of requests alone also fits a server that refuses them all.
#[test]
fn every_step_says_what_it_gets_back() {
    none(steps(|step| match &step.action {
        Action::Fetch(_) if step.page.is_none() => Some("a fetch needs `page`"),
        Action::Request(_) if step.wire.is_empty() => Some("a request needs `wire`"),
        _ => None,
    }));
}

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
    let mut scenarios: Vec<_> = scenario::embedded().unwrap().into_iter().map(Arc::new).collect();
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
    none(promises.map(|scenario| format!("{}: passes without any CORS", scenario.id)).collect());
}
