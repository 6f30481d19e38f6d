//! Every subject's specimen answers alike, and a wrong one is noticed.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get};
use cors_conformance::Suite;
use cors_conformance::run::Verdict;
use cors_conformance::specimen::{self, Hits, SpecimenError};
use cors_conformance::subject::{
    BoxFuture, KnownDeviation, KnownLimit, Policy, Server, StartError, Subject, SubjectKind,
};
use cors_subjects::registry::subjects;
use cors_subjects::specimen::axum::router;
use cors_subjects::subject::axum::serve;
use rstest::rstest;

#[tokio::test]
async fn every_subject_runs_the_specimen() {
    for subject in subjects() {
        if let Err(error) = specimen::check(&subject).await {
            panic!("{}: {error}", subject.name());
        }
    }
}

/// A subject of these tests: an application, and what it declares.
#[derive(Clone)]
struct Mine {
    application: fn() -> Result<Router, StartError>,
    kind: SubjectKind,
    limits: Vec<KnownLimit>,
    deviations: Vec<KnownDeviation>,
}

impl Mine {
    fn new(application: fn() -> Result<Router, StartError>) -> Self {
        Self { application, kind: SubjectKind::Adapter, limits: Vec::new(), deviations: Vec::new() }
    }

    /// A right specimen whose `GET` and `OPTIONS` answers of some paths are replaced.
    fn wrong() -> Self {
        Self::new(|| {
            let wrong = Router::new()
                .route("/slash", get((StatusCode::MOVED_PERMANENTLY, [("location", "/slash/")])))
                .route("/private", any(StatusCode::METHOD_NOT_ALLOWED));
            Ok(wrong.fallback_service(router(Hits::default())))
        })
    }

    fn right() -> Self {
        Self::new(|| Ok(router(Hits::default())))
    }
}

impl Subject for Mine {
    fn name(&self) -> &str {
        "mine"
    }

    fn kind(&self) -> SubjectKind {
        self.kind
    }

    fn framework(&self) -> &str {
        "axum"
    }

    fn limits(&self) -> &[KnownLimit] {
        &self.limits
    }

    fn deviations(&self) -> &[KnownDeviation] {
        &self.deviations
    }

    fn start<'a>(&'a self, _: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        Box::pin(async move { serve((self.application)()?).await })
    }
}

#[tokio::test]
async fn all_wrong_answers_are_reported_at_once() {
    let error = specimen::check(&Mine::wrong()).await.expect_err("a wrong specimen");
    let text = error.to_string();
    for line in [
        "the specimen is wrong: GET /slash answered 301, expected 308",
        "the specimen is wrong: GET /private answered 405, expected 401",
        "the specimen is wrong: OPTIONS /private answered 405, expected 401",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line:?} in {text}");
    }
}

#[tokio::test]
async fn options_are_not_asked_of_other_middleware() {
    let mine = Mine { kind: SubjectKind::Middleware, ..Mine::wrong() };
    let text = specimen::check(&mine).await.expect_err("a wrong specimen").to_string();
    assert!(!text.contains("OPTIONS"), "{text}");
}

#[tokio::test]
async fn a_server_that_is_not_a_specimen_is_reported_in_one_sentence() {
    let mine = Mine::new(|| Ok(Router::new()));
    let error = specimen::check(&mine).await.expect_err("not a specimen");
    assert!(matches!(error, SpecimenError::NotASpecimen(_)), "{error}");
    let text = error.to_string();
    assert!(
        text.starts_with("the server is not the specimen: GET /hits answered 404, expected 200. "),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1);
}

#[tokio::test]
async fn handlers_that_are_not_counted_are_noticed() {
    let mine =
        Mine::new(|| Ok(Router::new().route("/hits", get("{}")).fallback_service(router(Hits::default()))));
    let text = specimen::check(&mine).await.expect_err("a wrong specimen").to_string();
    assert!(text.starts_with("the specimen is wrong: GET /hits, after GET /echo, PUT /item/7"), "{text}");
}

#[tokio::test]
async fn a_known_deviation_that_is_not_seen_is_an_error() {
    let mut mine = Mine::right();
    mine.deviations = vec![KnownDeviation::new("PURGE", "/echo", 400, "it did so once")];
    let text = specimen::check(&mine).await.expect_err("an outdated deviation").to_string();
    assert_eq!(text, "PURGE /echo no longer deviates: remove it from the subject's `deviations`");
}

#[tokio::test]
async fn a_subject_that_is_not_fit_is_not_played() {
    let run = Suite::embedded().run(Mine::wrong()).await;
    assert!(!run.is_clean());
    let subject = &run.subjects[0];
    assert_eq!((subject.errors, subject.results.len()), (run.scenarios, 0));
    let report = run.to_string();
    assert_eq!(report.matches("GET /slash answered 301, expected 308").count(), 1, "{report}");
    assert!(report.lines().count() < 40, "{report}");
}

#[tokio::test]
async fn a_subject_that_does_not_start_is_reported_once() {
    let mine = Mine::new(|| Err(StartError::Failed("no specimen yet".to_owned())));
    let run = Suite::embedded().run(mine).await;
    assert!(!run.is_clean());
    let report = run.to_string();
    assert_eq!(report.matches("did not start: no specimen yet").count(), 1, "{report}");
    assert!(report.contains("`Subject::start` has to return a running server"), "{report}");
}

/// A server without CORS fails this scenario.
const FAILS: KnownLimit = KnownLimit::new("preflight/granted", "it has no CORS", "https://mine.example");

#[rstest]
#[case::failing(FAILS, "preflight/granted", Verdict::Limit, None)]
#[case::unknown(
    KnownLimit::new("preflight/grantd", "r", "l"),
    "preflight/granted",
    Verdict::Fail,
    Some(
        "declares a known limit for `preflight/grantd`, which is not a scenario: correct the id or remove it"
    )
)]
#[tokio::test]
async fn a_known_limit_is_shown_and_has_to_exist(
    #[case] limit: KnownLimit,
    #[case] scenario: &str,
    #[case] verdict: Verdict,
    #[case] problem: Option<&str>,
) {
    let mine = Mine { limits: vec![limit.clone()], ..Mine::right() };
    let run = Suite::embedded().select(scenario).run(mine).await;
    assert_eq!(run.subjects[0].results[0].verdict, verdict, "{run}");
    assert_eq!(run.subjects[0].problems.first().map(String::as_str), problem);
    assert_eq!(run.is_clean(), problem.is_none());
    assert!(problem.is_some() || run.to_string().contains(&*limit.reason), "{run}");
}

#[tokio::test]
async fn a_known_limit_of_a_scenario_that_passes_fails_the_run() {
    let scenarios = Suite::embedded().scenarios().expect("scenarios");
    let mut mine = Mine::right();
    let all = Suite::embedded().run(mine.clone()).await;
    let passing = all.subjects[0]
        .results
        .iter()
        .find(|result| result.verdict == Verdict::Pass && result.kind.is_judged());
    let passing = passing.expect("a scenario that needs no CORS").scenario.clone();
    assert_eq!(all.scenarios, scenarios.len());
    mine.limits = vec![KnownLimit { scenario: passing.clone().into(), ..FAILS }];
    mine.kind = SubjectKind::Middleware;
    let run = Suite::embedded().select(&passing).run(mine).await;
    assert_eq!(run.subjects[0].results[0].verdict, Verdict::Fail);
    assert!(!run.is_clean());
    assert!(run.to_string().contains("is no longer a limit: remove it from the subject's `limits`"), "{run}");
}

#[tokio::test]
async fn mistakes_of_a_suite_are_problems_of_the_run() {
    for (suite, problem) in [
        (Suite::embedded().select("preflight/["), "is not a pattern"),
        (Suite::embedded().select("no-such/*"), "no scenario is called `no-such/*`"),
        (Suite::from_folder("/no/such/folder"), "cannot be read"),
    ] {
        let run = suite.run(Mine::right()).await;
        assert!(!run.is_clean());
        assert!(run.to_string().contains(problem), "{run}");
        assert!(suite.scenarios().expect_err("a mistake").to_string().contains(problem));
    }
}

#[tokio::test]
async fn an_empty_list_of_subjects_is_not_clean() {
    let none: [Arc<dyn Subject>; 0] = [];
    let run = Suite::embedded().run_all(none).await;
    assert!(!run.is_clean());
    assert!(run.to_string().contains("no subject was played"), "{run}");
}
