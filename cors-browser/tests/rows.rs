//! Small fetches with the responses that they get: `tests/rows/*.toml`.
//!
//! Every row is played with the standards and with the profile of each browser. A row that names a rule of a browser is also played
//! without that rule, to prove that the rule makes the difference.

use std::path::Path;

use cors_browser::{Engine, Profile};
use cors_browser_rows::{FOLDER, Row, load};
use rstest::rstest;

fn rows() -> Vec<Row> {
    load(Path::new(FOLDER)).unwrap_or_else(|error| panic!("{error}"))
}

async fn differences(row: &Row, profile: Profile, expected_of: Option<Engine>) -> Vec<String> {
    row.expected_of(expected_of).differences(&row.play(profile).await)
}

#[rstest]
#[case::standard(Profile::standard())]
#[case::chromium(Profile::chromium())]
#[case::firefox(Profile::firefox())]
#[case::webkit(Profile::webkit())]
#[tokio::test]
async fn every_row_holds(#[case] profile: Profile) {
    let mut found = Vec::new();
    for row in rows() {
        let differences = differences(&row, profile.clone(), profile.engine()).await;
        found.extend(differences.iter().map(|difference| format!("{}: {difference}", row.id())));
    }
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

#[rstest]
#[case::chromium(Profile::chromium())]
#[case::firefox(Profile::firefox())]
#[case::webkit(Profile::webkit())]
#[tokio::test]
async fn the_named_rules_make_the_difference(#[case] profile: Profile) {
    let mut found = Vec::new();
    for row in rows() {
        let Some(departure) = row.departure_of(profile.engine()) else { continue };
        let mut without_all = profile.clone();
        for rule in &departure.rules {
            if !profile.rules().iter().any(|other| other.name == rule) {
                found.push(format!("{}: the profile has no rule `{rule}`", row.id()));
            }
            let without = profile.without(rule);
            if differences(&row, without, profile.engine()).await.is_empty() {
                found.push(format!("{}: the rule `{rule}` is not needed", row.id()));
            }
            without_all = without_all.without(rule);
        }
        let differences = differences(&row, without_all, None).await;
        found.extend(
            differences.iter().map(|difference| format!("{}, without its rules: {difference}", row.id())),
        );
    }
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

#[test]
fn there_are_at_least_400_rows() {
    let count = rows().len();
    assert!(count >= 400, "there are {count}");
}
