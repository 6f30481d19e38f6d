use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use rstest::rstest;

use super::*;
use cors_browser::{Fault, Network, Page};
use cors_conformance::pattern::Pattern;
use cors_conformance::scenario;
use cors_conformance::user_agent::{Model, Refusal, Session, UserAgentError};
use cors_subjects::registry;

/// A user agent, usually a model, in the place of a real browser.
fn stand_in(profile: &Profile, user_agent: impl UserAgent + 'static) -> BrowserUnderTest {
    BrowserUnderTest { version: "1.0".to_owned(), profile: profile.clone(), user_agent: Arc::new(user_agent) }
}

async fn compare(globs: &[&str], browsers: &[BrowserUnderTest]) -> Agreement {
    let patterns: Vec<_> = globs.iter().map(|glob| Pattern::parse(glob).unwrap()).collect();
    let scenarios = scenario::select(scenario::embedded().unwrap(), &patterns).unwrap();
    let subject: Arc<dyn Subject> = registry::find("cors-axum").unwrap().into();
    run(&scenarios, &subject, browsers, Options::default(), |_, _| {}).await
}

/// The chromium model in the place of Chromium.
async fn compare_chromium(globs: &[&str]) -> Agreement {
    let profile = Profile::chromium();
    compare(globs, &[stand_in(&profile, Model::new(profile.clone()))]).await
}

async fn compare_firefox(globs: &[&str]) -> Agreement {
    let profile = Profile::firefox();
    compare(globs, &[stand_in(&profile, Model::new(profile.clone()))]).await
}

/// Rules that rows show instead, and those of [`NEITHER`].
const NOT_IN_SCENARIOS: &[&str] = &[
    "broken-chunks-are-complete",
    "broken-error-bodies-are-complete",
    "broken-preflights-and-redirects-fail",
    "bytes-beyond-ascii-are-unsafe",
    "commas-in-quotes-separate",
    "content-type-parameters-are-parsed",
    "empty-lines-are-left-out",
    "equal-lines-count-once",
    "fewer-blocked-ports",
    "get-keeps-its-origin-header",
    "host-prefix-without-path",
    "locations-are-joined",
    "locations-are-latin-1",
    "manual-redirects-need-a-valid-location",
    "max-age-is-a-signed-integer",
    "max-age-one-day",
    "max-age-ten-minutes",
    "no-white-space-before-the-colon",
    "origin-ignores-policies-of-redirects",
    "percent-encodings-are-normalized",
    "ranges-are-read-leniently",
    "ranges-are-rewritten",
    "request-headers-are-utf-8",
    "response-headers-are-repaired",
    "spaced-names-are-ignored",
    "statuses-from-309-are-redirects",
    "subprotocols-are-optional",
    "tabs-in-locations-are-escaped",
    "unasked-subprotocols-are-ignored",
    "unparsable-max-age-is-not-cached",
    "waits-for-the-body",
];

/// Rules about WebSockets, which `tests/sockets.rs` opens, about a cookie that unit tests of `cors-browser` set, and about more time than
/// a scenario or a row can let pass.
const NEITHER: &[&str] = &[
    "host-prefix-without-path",
    "max-age-one-day",
    "max-age-ten-minutes",
    "subprotocols-are-optional",
    "unasked-subprotocols-are-ignored",
];

#[test]
fn a_rule_without_a_scenario_has_a_row() {
    let rows = cors_browser_rows::load(Path::new(cors_browser_rows::FOLDER)).unwrap();
    let named: BTreeSet<_> =
        rows.iter().flat_map(|row| &row.departures).flat_map(|departure| departure.rules.clone()).collect();
    let unnamed: Vec<_> =
        NOT_IN_SCENARIOS.iter().filter(|rule| !NEITHER.contains(rule) && !named.contains(**rule)).collect();
    assert_eq!(unnamed, [&""; 0], "no row needs these rules");
}

#[rstest]
#[case::chromium(Profile::chromium())]
#[case::firefox(Profile::firefox())]
#[case::webkit(Profile::webkit())]
#[tokio::test(flavor = "multi_thread")]
async fn a_model_agrees_with_itself(#[case] profile: Profile) {
    let agreement = compare(&[], &[stand_in(&profile, Model::new(profile.clone()))]).await;
    let name = agreement.browsers.keys().next().unwrap().clone();
    let counts = &agreement.browsers[&name];
    assert!(agreement.is_clean(), "{}", render(&agreement, Format::Table, false).unwrap());
    assert_eq!(counts.agreed + counts.explained + counts.skipped, agreement.selected.len());
    assert!(counts.agreed > 200 && counts.explained > 0, "{counts:?}");
    // Every other rule of the profile explains a step of some scenario.
    let is_needed = |rule: &str| {
        let explains = |step: &Comparison| step.class == Class::Explained && step.why.contains(rule);
        agreement.of(&name).any(|(_, step)| explains(step))
    };
    let unneeded: Vec<_> = profile
        .rules()
        .iter()
        .map(|rule| rule.name)
        .filter(|rule| !NOT_IN_SCENARIOS.contains(rule) && !is_needed(rule))
        .collect();
    assert_eq!(unneeded, [""; 0], "no scenario needs these rules");
}

#[tokio::test]
async fn a_browser_without_a_rule_of_its_profile_is_unexplained() {
    let real = Model::new(Profile::firefox().without("no-wildcards-in-the-cache"));
    let agreement = compare(&["caching/*"], &[stand_in(&Profile::firefox(), real)]).await;
    assert!(agreement.browsers["firefox"].unexplained > 0);
    assert!(!agreement.is_clean());
    let (_, step) =
        agreement.of("firefox").find(|(_, step)| step.class == Class::Unexplained).expect("a difference");
    assert!(step.why.contains("wire: the model sends `OPTIONS "), "{}", step.why);
}

#[rstest]
#[case::no_origin(Fault::OmitsOrigin, "origin: https://app.example")]
#[case::cookies_on_preflights(Fault::SendsCookiesOnPreflights, "cookie: ")]
#[case::http_only_cookies(Fault::ShowsHttpOnly, "document.cookie: the model shows `theme=dark`, the")]
#[tokio::test]
async fn a_faulty_browser_is_unexplained_and_misses_expectations(
    #[case] fault: Fault,
    #[case] difference: &str,
) {
    let real = Model::new(Profile::chromium()).with_fault(fault);
    let agreement = compare(&["preflight/*", "cookies/*"], &[stand_in(&Profile::chromium(), real)]).await;
    let counts = &agreement.browsers["chromium"];
    assert!(counts.unexplained > 0 && counts.mismatched > 0, "{counts:?}");
    assert_eq!(counts.total(), agreement.selected.len());
    let text = render(&agreement, Format::Table, false).unwrap();
    assert!(text.contains(difference), "{text}");
    assert!(!agreement.is_clean());
}

/// A model that breaks in one of its scenarios.
struct Breaks {
    model: Model,
    how: Breakage,
    asked: AtomicUsize,
}

#[derive(Clone, Copy)]
enum Breakage {
    PanicsWhenAsked,
    PanicsWhenOpened,
    Fails,
    RefusesAll,
}

impl Breaks {
    fn new(how: Breakage) -> Self {
        Self { model: Model::new(Profile::chromium()), how, asked: AtomicUsize::new(0) }
    }
}

impl UserAgent for Breaks {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn browser(&self) -> &str {
        self.model.browser()
    }

    fn refusal(&self, _: &Scenario) -> Option<Refusal> {
        match self.how {
            Breakage::PanicsWhenAsked => {
                assert!(self.asked.fetch_add(1, Ordering::SeqCst) > 0, "broken on purpose");
                None
            }
            Breakage::RefusesAll => Some(Refusal::harness("it cannot be done")),
            Breakage::PanicsWhenOpened | Breakage::Fails => None,
        }
    }

    fn open<'a>(
        &'a self,
        page: &'a Page,
        network: Arc<dyn Network>,
        hosts: &'a [String],
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>> {
        let is_first = self.asked.fetch_add(1, Ordering::SeqCst) == 0;
        match self.how {
            Breakage::PanicsWhenOpened if is_first => panic!("broken on purpose"),
            Breakage::Fails if is_first => {
                Box::pin(std::future::ready(Err(UserAgentError::Failed("broken on purpose".to_owned()))))
            }
            _ => self.model.open(page, network, hosts),
        }
    }
}

#[rstest]
#[case::panic_outside_of_the_run(Breakage::PanicsWhenAsked)]
#[case::panic_in_the_run(Breakage::PanicsWhenOpened)]
#[case::error(Breakage::Fails)]
#[tokio::test]
async fn a_scenario_that_breaks_is_counted_as_failed(#[case] how: Breakage) {
    let agreement = compare(&["preflight/*"], &[stand_in(&Profile::chromium(), Breaks::new(how))]).await;
    let counts = &agreement.browsers["chromium"];
    assert!(agreement.selected.len() > 1);
    assert_eq!(counts.failed, 1, "{counts:?}");
    assert_eq!(counts.total(), agreement.selected.len());
    assert!(!agreement.is_clean());
    let text = render(&agreement, Format::Table, false).unwrap();
    assert!(text.contains("chromium, failed: ") && text.contains("broken on purpose"), "{text}");
    let summary = summary(&agreement);
    assert!(summary.contains("0 skipped + 1 failed"), "{summary}");
    assert!(summary.contains("not clean: chromium: 1 scenarios failed"), "{summary}");
}

#[tokio::test]
async fn no_browser_is_not_clean() {
    let agreement = compare(&["preflight/method-not-listed"], &[]).await;
    assert_eq!(agreement.selected.len(), 1);
    assert!(!agreement.is_clean());
    assert!(summary(&agreement).contains("no browser took part"));
}

#[tokio::test]
async fn no_scenario_is_not_clean() {
    let browser = stand_in(&Profile::chromium(), Model::new(Profile::chromium()));
    let subject: Arc<dyn Subject> = registry::find("cors-axum").unwrap().into();
    let agreement = run(&[], &subject, &[browser], Options::default(), |_, _| {}).await;
    assert!(!agreement.is_clean());
    assert!(summary(&agreement).contains("no selected scenarios have a page"));
    assert!(!Agreement::default().is_clean());
}

#[tokio::test]
async fn a_browser_that_refuses_everything_is_not_clean() {
    let browser = stand_in(&Profile::chromium(), Breaks::new(Breakage::RefusesAll));
    let agreement = compare(&["preflight/*"], &[browser]).await;
    let counts = &agreement.browsers["chromium"];
    assert_eq!((counts.skipped, counts.limits), (agreement.selected.len(), agreement.selected.len()));
    let summary = summary(&agreement);
    assert!(summary.contains("no scenarios were compared"), "{summary}");
    assert!(summary.contains("limits of the harness"), "{summary}");
}

#[tokio::test]
async fn rows_are_merged_by_scenario_and_not_by_position() {
    let mut agreement = compare_chromium(&["preflight/*"]).await;
    let firefox = compare_firefox(&["preflight/method-not-listed"]).await;
    let rows = agreement.rows.len();
    agreement.merge(firefox);
    assert_eq!(agreement.rows.len(), rows);
    for row in &agreement.rows {
        let is_played = row.scenario == "preflight/method-not-listed";
        assert_eq!(row.browsers.contains_key("firefox"), is_played, "{}", row.scenario);
        assert!(row.browsers.contains_key("chromium"), "{}", row.scenario);
    }
    // Firefox has not played what was selected for Chromium, so that its counts do not add up.
    assert!(!agreement.is_clean());
    let selected = agreement.selected.len();
    let expected = format!("firefox: 1 scenarios are counted, but {selected} were selected");
    assert!(agreement.problems().contains(&expected), "{:?}", agreement.problems());
}

#[tokio::test]
async fn two_browsers_with_the_same_scenarios_are_clean() {
    let mut agreement = compare_firefox(&["preflight/*"]).await;
    agreement.merge(compare_chromium(&["preflight/*"]).await);
    assert!(agreement.is_clean(), "{:?}", agreement.problems());
    assert!(agreement.rows.iter().all(|row| row.browsers.len() == 2));
    assert!(agreement.rows.is_sorted_by_key(|row| (row.scenario.clone(), row.step)));
}

#[tokio::test]
async fn json_has_the_counts_and_both_views() {
    let agreement = compare_chromium(&["preflight/method-not-listed"]).await;
    let json: serde_json::Value =
        serde_json::from_str(&render(&agreement, Format::Json, false).unwrap()).unwrap();
    assert_eq!(json["scenarios"], 1);
    assert_eq!(
        json["browsers"]["chromium"],
        serde_json::json!({
            "version": "1.0", "agreed": 1, "explained": 0, "unexplained": 0, "skipped": 0, "failed": 0,
            "limits": 0, "mismatched": 0,
        })
    );
    let row = &json["rows"][0];
    assert_eq!(row["scenario"], "preflight/method-not-listed");
    assert_eq!(row["chromium"]["class"], "agreed");
    for side in ["model", "browser"] {
        let view = &row["chromium"][side];
        assert_eq!(view["page"][0], "blocked");
        assert_eq!(view["requests"][0]["preflight"], true);
        assert_eq!(view["requests"][0]["origin"], "https://app.example");
        assert!(view["console"][0].as_str().unwrap().contains("No 'Access-Control-Allow-Origin' header"));
    }
}

#[tokio::test]
async fn a_table_shows_model_and_browser_side_by_side() {
    let agreement = compare_chromium(&["preflight/method-not-listed"]).await;
    let brief = render(&agreement, Format::Table, false).unwrap();
    assert!(!brief.contains("model of chromium"), "{brief}");
    let whole = render(&agreement, Format::Table, true).unwrap();
    let counts = "1 scenarios = 1 agreed + 0 explained + 0 unexplained + 0 skipped + 0 failed";
    let lines = ["model of chromium", "yes, 1", "blocked", counts];
    assert!(lines.iter().all(|line| whole.contains(line)), "{whole}");
    let page = render(&agreement, Format::Markdown, true).unwrap();
    assert!(page.contains("| preflight | yes, 1 | yes, 1 |"), "{page}");
}
