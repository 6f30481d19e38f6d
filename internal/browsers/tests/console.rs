//! The model says what the consoles of real browsers have said.
//!
//! `cargo xtask agreement --record internal/browsers/console.toml` records them anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use cors_browser::Profile;
use cors_browser::examples::cases;
use cors_conformance::user_agent::Model;
use cors_real_browsers::agreement::Witness;
use cors_real_browsers::agreement::console::{Recording, differences};
use rstest::rstest;

#[rstest]
#[case::chromium(Profile::chromium())]
#[case::firefox(Profile::firefox())]
#[tokio::test]
async fn the_model_speaks_like(#[case] profile: Profile) {
    let recording = Recording::kept().unwrap();
    let recorded = &recording.0[profile.name()];
    let user_agent = Arc::new(Model::new(profile.clone()));
    let witness = Witness { version: recorded.version.clone(), profile, user_agent };
    let differences = differences(&witness, recorded).await;
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[rstest]
#[case::chromium("chromium")]
#[case::firefox("firefox")]
fn every_case_is_recorded(#[case] browser: &str) {
    let recording = Recording::kept().unwrap();
    let recorded: BTreeSet<_> = recording.0[browser].lines.keys().map(String::as_str).collect();
    let cases = cases();
    assert_eq!(recorded, cases.iter().map(|case| case.name.as_str()).collect());
}
