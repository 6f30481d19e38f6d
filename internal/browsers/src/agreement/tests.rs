use std::time::Duration;

use rstest::rstest;

use super::*;
use cors_browser::Fault;
use cors_conformance::scenario;
use cors_conformance::user_agent::Model;
use cors_subjects::registry;

/// A model that plays the part of a real browser, named like one.
fn witness(name: &str, profile: &Profile, stand_in: Model) -> Witness {
    let profile = match name {
        "chromium" | "firefox" => profile.clone(),
        other => panic!("no browser is called {other}"),
    };
    Witness { version: "1.0".to_owned(), profile, user_agent: Arc::new(stand_in) }
}

async fn ask(globs: &[&str], witness: Witness) -> Agreement {
    let patterns: Vec<_> =
        globs.iter().map(|glob| cors_conformance::pattern::Pattern::parse(glob).unwrap()).collect();
    let scenarios = scenario::select(scenario::embedded().unwrap(), &patterns).unwrap();
    let subject: Arc<dyn Subject> = registry::find("cors-axum").unwrap().into();
    let options = Options { time_limit: Duration::from_secs(30), ..Options::default() };
    run(&scenarios, &subject, &[witness], options, |_, _| {}).await
}

/// Rules about headers that no policy sends, and about more time than can pass.
const NO_POLICY_SHOWS: [&str; 3] =
    ["max-age-one-day", "negative-max-age-is-zero", "unparsable-max-age-is-not-cached"];

#[rstest]
#[case::chromium("chromium", Profile::chromium())]
#[case::firefox("firefox", Profile::firefox())]
#[tokio::test(flavor = "multi_thread")]
async fn a_model_agrees_with_itself(#[case] name: &str, #[case] profile: Profile) {
    let stand_in = Model::new(profile.clone());
    let agreement = ask(&[], witness(name, &profile, stand_in)).await;
    let counts = &agreement.browsers[name];
    assert!(agreement.is_clean(), "{}", render(&agreement, Format::Table, false).unwrap());
    assert_eq!(counts.agreed + counts.explained + counts.skipped, agreement.scenarios);
    assert!(counts.agreed > 200 && counts.explained > 0, "{counts:?}");
    // Every rule of the profile shows in some scenario.
    for rule in profile.rules().iter().filter(|rule| !NO_POLICY_SHOWS.contains(&rule.name)) {
        let is_reason = |side: &Side| side.class == Class::Explained && side.why.contains(rule.name);
        let shows = agreement.sides(name).any(|(_, side)| is_reason(side));
        assert!(shows, "no scenario shows the rule {}", rule.name);
    }
}

#[tokio::test]
async fn a_browser_with_another_rule_is_not_explained() {
    let real = Model::new(Profile::firefox().without("no-wildcards-in-the-cache"));
    let agreement = ask(&["caching/*"], witness("firefox", &Profile::firefox(), real)).await;
    assert!(agreement.browsers["firefox"].unexplained > 0);
    assert!(!agreement.is_clean());
    let (_, side) =
        agreement.sides("firefox").find(|(_, side)| side.class == Class::Unexplained).expect("a difference");
    assert!(side.why.contains("wire: the model sends `OPTIONS "), "{}", side.why);
}

#[rstest]
#[case::no_origin(Fault::OmitsOrigin, "origin: https://app.example")]
#[case::cookies_on_preflights(Fault::SendsCookiesOnPreflights, "cookie: ")]
#[case::http_only_for_scripts(Fault::ShowsHttpOnly, "document.cookie: the model shows `theme=dark`, the")]
#[tokio::test]
async fn a_faulty_browser_is_unexplained_and_fails(#[case] fault: Fault, #[case] told: &str) {
    let real = Model::new(Profile::chromium()).with_fault(fault);
    let scenarios = ["preflight/*", "cookies/*"];
    let agreement = ask(&scenarios, witness("chromium", &Profile::chromium(), real)).await;
    assert!(agreement.browsers["chromium"].unexplained > 0);
    let text = render(&agreement, Format::Table, false).unwrap();
    assert!(text.contains(told), "{text}");
    assert!(agreement.failed("chromium").next().is_some());
}

#[tokio::test]
async fn json_has_the_counts_and_both_sides() {
    let real = Model::new(Profile::chromium());
    let agreement =
        ask(&["preflight/method-not-listed"], witness("chromium", &Profile::chromium(), real)).await;
    let json: serde_json::Value =
        serde_json::from_str(&render(&agreement, Format::Json, false).unwrap()).unwrap();
    assert_eq!(json["scenarios"], 1);
    assert_eq!(
        json["browsers"]["chromium"],
        serde_json::json!({"version": "1.0", "agreed": 1, "explained": 0, "unexplained": 0, "skipped": 0})
    );
    let row = &json["rows"][0];
    assert_eq!(row["scenario"], "preflight/method-not-listed");
    assert_eq!(row["chromium"]["class"], "agreed");
    for who in ["model", "browser"] {
        let seen = &row["chromium"][who];
        assert_eq!(seen["page"][0], "blocked");
        assert_eq!(seen["requests"][0]["preflight"], true);
        assert_eq!(seen["requests"][0]["origin"], "https://app.example");
        assert!(seen["console"][0].as_str().unwrap().contains("No 'Access-Control-Allow-Origin' header"));
    }
}

#[tokio::test]
async fn a_table_puts_model_and_browser_side_by_side() {
    let real = Model::new(Profile::chromium());
    let agreement =
        ask(&["preflight/method-not-listed"], witness("chromium", &Profile::chromium(), real)).await;
    let brief = render(&agreement, Format::Table, false).unwrap();
    assert!(!brief.contains("model of chromium"), "{brief}");
    let whole = render(&agreement, Format::Table, true).unwrap();
    let lines = ["model of chromium", "yes, 1", "blocked", "1 agreed, 0 explained, 0 unexplained, 0 skipped"];
    assert!(lines.iter().all(|line| whole.contains(line)), "{whole}");
    let page = render(&agreement, Format::Markdown, true).unwrap();
    assert!(page.contains("| preflight | yes, 1 | yes, 1 |"), "{page}");
}
