//! Every scenario with every adapter, a test each.

use std::path::PathBuf;
use std::sync::Arc;

use cors_conformance::browser::Profile;
use cors_conformance::run::{self, Options, Verdict};
use cors_conformance::scenario::{self, Scenario};
use cors_conformance::subject::registry;
use cors_conformance::subject::{Subject, SubjectKind};
use cors_conformance::user_agent::{Model, UserAgent};
use rstest::rstest;

#[rstest]
#[tokio::test]
async fn holds(
    #[files("scenarios/**/*.toml")] path: PathBuf,
    #[values("cors-actix", "cors-axum", "cors-poem", "cors-rocket", "cors-warp")] adapter: &str,
) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let id = path.strip_prefix(&folder).expect("a file below scenarios/").with_extension("");
    let text = std::fs::read_to_string(&path).expect("a readable file");
    let scenario =
        Scenario::parse(&id.display().to_string(), &text).unwrap_or_else(|error| panic!("{error}"));

    let adapter: Arc<dyn Subject> = registry::find(adapter).unwrap_or_else(|error| panic!("{error}")).into();
    let user_agent: Arc<dyn UserAgent> = Arc::new(Model::default());
    let time_limit = Options::default().time_limit;
    let judgement = run::play(&Arc::new(scenario), &adapter, &user_agent, time_limit).await;
    assert!(judgement.verdict != Verdict::Fail, "{judgement}");
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
    let mut failed = Vec::new();
    run::run(&scenarios, &adapters, &user_agent, Options::default(), |subject, result| {
        if result.verdict == Verdict::Fail {
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
