//! The model shows what real browsers showed of the rows in `cors-browser/tests/rows`.
//!
//! `cargo xtask agreement --rows --record internal/browsers/rows` records what the installed browsers show.

use std::path::Path;

use cors_browser::Profile;
use cors_browser_rows::{FOLDER, load};
use cors_real_browsers::agreement::rows::{Recording, differences};
use rstest::rstest;

#[rstest]
#[case::chromium(Profile::chromium())]
#[case::firefox(Profile::firefox())]
#[case::webkit(Profile::webkit())]
#[tokio::test]
async fn the_model_shows_what_the_browser_showed(#[case] profile: Profile) {
    let rows = load(Path::new(FOLDER)).unwrap_or_else(|error| panic!("{error}"));
    let recording = Recording::stored(profile.name()).unwrap_or_else(|error| panic!("{error}"));
    let differences = differences(&rows, &profile, &recording).await;
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}
