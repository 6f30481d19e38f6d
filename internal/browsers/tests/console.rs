//! The model prints what the consoles of real browsers printed.
//!
//! `cargo xtask agreement --record internal/browsers/console.toml` records the messages of the installed browsers.

use std::collections::BTreeSet;
use std::sync::Arc;

use cors_browser::Profile;
use cors_browser::examples::cases;
use cors_conformance::user_agent::Model;
use cors_real_browsers::agreement::BrowserUnderTest;
use cors_real_browsers::agreement::console::{Recording, differences};
use rstest::rstest;

#[rstest]
#[case::chromium(Profile::chromium())]
#[case::firefox(Profile::firefox())]
#[case::webkit(Profile::webkit())]
#[tokio::test]
async fn the_model_prints_what_the_browser_printed(#[case] profile: Profile) {
    let recording = Recording::stored().unwrap();
    let recorded = &recording.0[profile.name()];
    let user_agent = Arc::new(Model::new(profile.clone()));
    let browser = BrowserUnderTest { version: recorded.version.clone(), profile, user_agent };
    let differences = differences(&browser, recorded).await;
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[rstest]
#[case::chromium("chromium")]
#[case::firefox("firefox")]
#[case::webkit("webkit")]
fn every_case_is_recorded(#[case] browser: &str) {
    let recording = Recording::stored().unwrap();
    let recorded: BTreeSet<_> = recording.0[browser].lines.keys().map(String::as_str).collect();
    let cases = cases();
    assert_eq!(recorded, cases.iter().map(|case| case.name.as_str()).collect());
}
