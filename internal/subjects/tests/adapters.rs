//! Every scenario with every adapter, a test each.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use cors_browser::Profile;
use cors_conformance::run::{self, Options, Verdict};
use cors_conformance::scenario::{self, Scenario};
use cors_conformance::subject::{Subject, SubjectKind};
use cors_conformance::user_agent::{Model, UserAgent};
use cors_subjects::registry;
use rstest::rstest;

macro_rules! every_scenario_with {
    ($($adapter:tt)*) => {
        /// The adapters of the tests below.
        const TESTED: &[&str] = &[$($adapter),*];

        #[rstest]
        #[tokio::test]
        async fn holds(
            #[files("../../conformance/scenarios/**/*.toml")] path: PathBuf,
            #[values($($adapter),*)] adapter: &str,
        ) {
            play(path, adapter).await;
        }
    };
}

every_scenario_with! { "cors-actix" "cors-axum" "cors-poem" "cors-rocket" "cors-warp" }

async fn play(path: PathBuf, adapter: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../conformance/scenarios")
        .canonicalize()
        .expect("the folder");
    let id = path.strip_prefix(&folder).expect("a file below scenarios/").with_extension("");
    let text = std::fs::read_to_string(&path).expect("a readable file");
    let scenario =
        Scenario::parse(&id.display().to_string(), &text).unwrap_or_else(|error| panic!("{error}"));

    let adapter: Arc<dyn Subject> = registry::find(adapter).unwrap_or_else(|error| panic!("{error}")).into();
    let user_agent: Arc<dyn UserAgent> = Arc::new(Model::default());
    let time_limit = Options::default().time_limit;
    let may_be_skipped = may_be_skipped(&scenario, &*user_agent);
    let judgement = run::play(&Arc::new(scenario), &adapter, &user_agent, time_limit).await;
    assert!(is_accepted(judgement.verdict, may_be_skipped), "{judgement}");
}

/// Whether a scenario applies to other browsers only, or is not judged.
fn may_be_skipped(scenario: &Scenario, user_agent: &dyn UserAgent) -> bool {
    let is_for_others =
        scenario.browsers.as_ref().is_some_and(|browsers| !browsers.include(user_agent.browser()));
    is_for_others || !scenario.kind.is_judged()
}

/// Whether an adapter may have a verdict. A limit that is no longer one is a failure.
fn is_accepted(verdict: Verdict, may_be_skipped: bool) -> bool {
    match verdict {
        Verdict::Pass | Verdict::Limit => true,
        Verdict::NotAsked => may_be_skipped,
        _ => false,
    }
}

/// As browsers behave; the tests above use the model of the standards.
#[rstest]
#[case::chromium(Profile::chromium())]
#[case::firefox(Profile::firefox())]
#[case::webkit(Profile::webkit())]
#[tokio::test(flavor = "multi_thread")]
async fn all_hold_with_the_model_of(#[case] browser: Profile) {
    let scenarios: Vec<_> = scenario::embedded().expect("scenarios").into_iter().map(Arc::new).collect();
    let adapters: Vec<Arc<dyn Subject>> = adapters().map(Arc::from).collect();
    let user_agent: Arc<dyn UserAgent> = Arc::new(Model::new(browser));
    let skippable: BTreeSet<_> = scenarios
        .iter()
        .filter(|scenario| may_be_skipped(scenario, &*user_agent))
        .map(|scenario| scenario.id.clone())
        .collect();
    let mut failed = Vec::new();
    let run = run::run(&scenarios, &adapters, &user_agent, Options::default(), |subject, result| {
        if !is_accepted(result.verdict, skippable.contains(&result.scenario)) {
            failed.push(format!("{} with {}: {}", result.scenario, subject.name(), result.detail));
        }
    })
    .await;
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    run.assert_clean();
}

#[test]
fn every_adapter_is_tested() {
    let adapters: Vec<_> = adapters().map(|adapter| adapter.name().to_owned()).collect();
    assert_eq!(adapters, TESTED, "correct the list of `every_scenario_with!`");
}

fn adapters() -> impl Iterator<Item = Box<dyn Subject>> {
    registry::subjects().into_iter().filter(|subject| subject.kind() == SubjectKind::Adapter)
}
