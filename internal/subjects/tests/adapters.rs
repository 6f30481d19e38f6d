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

#[rstest]
#[tokio::test]
async fn holds(
    #[files("../../conformance/scenarios/**/*.toml")] path: PathBuf,
    #[values("cors-actix", "cors-axum", "cors-poem", "cors-rocket", "cors-warp")] adapter: &str,
) {
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
    assert!(holds_for(judgement.verdict, may_be_skipped), "{judgement}");
}

/// Whether a scenario is about other browsers, or not judged.
fn may_be_skipped(scenario: &Scenario, user_agent: &dyn UserAgent) -> bool {
    let is_about_others =
        scenario.browsers.as_ref().is_some_and(|browsers| !browsers.include(user_agent.browser()));
    is_about_others || !scenario.kind.is_judged()
}

/// Whether a verdict is good enough for an adapter, which has to be judged by whatever is about it.
fn holds_for(verdict: Verdict, may_be_skipped: bool) -> bool {
    match verdict {
        Verdict::Pass => true,
        Verdict::Skip => may_be_skipped,
        Verdict::Fail => false,
    }
}

/// Beside the standards to the letter, which is what is tested above.
#[rstest]
#[case::chromium(Profile::chromium())]
#[case::firefox(Profile::firefox())]
#[tokio::test(flavor = "multi_thread")]
async fn all_hold_with_the_model_of(#[case] browser: Profile) {
    let scenarios: Vec<_> = scenario::embedded().expect("scenarios").into_iter().map(Arc::new).collect();
    let adapters: Vec<Arc<dyn Subject>> = registry::subjects()
        .into_iter()
        .filter(|subject| subject.kind() == SubjectKind::Adapter)
        .map(Arc::from)
        .collect();
    let user_agent: Arc<dyn UserAgent> = Arc::new(Model::new(browser));
    let skippable: BTreeSet<_> = scenarios
        .iter()
        .filter(|scenario| may_be_skipped(scenario, &*user_agent))
        .map(|scenario| scenario.id.clone())
        .collect();
    let mut failed = Vec::new();
    run::run(&scenarios, &adapters, &user_agent, Options::default(), |subject, result| {
        if !holds_for(result.verdict, skippable.contains(&result.scenario)) {
            failed.push(format!("{} with {}: {}", result.scenario, subject.name(), result.detail));
        }
    })
    .await;
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_adapter_is_listed_above() {
    let this_file = include_str!("adapters.rs");
    for subject in registry::subjects().iter().filter(|subject| subject.kind() == SubjectKind::Adapter) {
        let name = format!("{:?}", subject.name());
        assert!(this_file.contains(&name), "add {name} to the values of `adapter`");
    }
}
