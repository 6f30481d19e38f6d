use std::collections::BTreeMap;

use super::*;
use crate::run::{ScenarioResult, SubjectRun, Verdict};
use crate::scenario::Kind;
use crate::subject::{KnownLimit, SubjectKind};
use crate::verdict::Mismatch;

fn result(scenario: &str, kind: Kind, verdict: Verdict, detail: &str) -> ScenarioResult {
    ScenarioResult {
        scenario: scenario.to_owned(),
        kind,
        verdict,
        detail: detail.to_owned(),
        title: format!("What {scenario} says"),
        group: scenario.split('/').next().unwrap_or_default().to_owned(),
        harm: (kind == Kind::Security)
            .then(|| "A page on another site could delete a <user>'s data".to_owned()),
        limit: None,
        dispute: None,
        mismatches: Vec::new(),
        exchanges: Vec::new(),
        configurations: BTreeMap::new(),
        duration_ms: 12,
    }
}

fn differing(scenario: &str, kind: Kind, verdict: Verdict) -> ScenarioResult {
    let mismatches = vec![
        Mismatch {
            step: 1,
            about: "page".to_owned(),
            expected: "blocked (method-not-allowed)".to_owned(),
            seen: "a readable response (cors, 200)".to_owned(),
        },
        Mismatch {
            step: 1,
            about: "preflight response".to_owned(),
            expected: "no `access-control-*`".to_owned(),
            seen: "`access-control-allow-origin: *`".to_owned(),
        },
    ];
    let detail = mismatches.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let exchanges =
        ["step 1", "> OPTIONS https://api.example/item/1", "> origin: https://a.example", "< 200"];
    ScenarioResult {
        mismatches,
        exchanges: exchanges.map(str::to_owned).to_vec(),
        ..result(scenario, kind, verdict, &detail)
    }
}

fn subject(name: &str, kind: SubjectKind, results: Vec<ScenarioResult>) -> SubjectRun {
    SubjectRun {
        framework: "axum".to_owned(),
        version: "1.2.3".to_owned(),
        user_agent: "model".to_owned(),
        ..SubjectRun::counted(name, kind, results)
    }
}

const LIMIT: KnownLimit = KnownLimit::new(
    "methods/extension-method",
    "the framework answers 400 to it before any middleware runs",
    "https://framework.example/methods",
);

fn limited() -> ScenarioResult {
    let result = differing("methods/extension-method", Kind::Required, Verdict::Limit);
    ScenarioResult { limit: Some(LIMIT), ..result }
}

fn run() -> Run {
    let ours = vec![
        result("credentials/cookie", Kind::Required, Verdict::Pass, ""),
        result("informative/options", Kind::Informative, Verdict::Pass, ""),
        limited(),
        result("preflight/granted", Kind::Required, Verdict::Pass, ""),
        result("preflight/method-not-listed", Kind::Security, Verdict::Pass, ""),
        result("preflight/whole-lists", Kind::Quality, Verdict::Pass, ""),
    ];
    let theirs = vec![
        result(
            "credentials/cookie",
            Kind::Required,
            Verdict::CannotExpress,
            "cannot express the policy: no list",
        ),
        differing("informative/options", Kind::Informative, Verdict::NotAsked),
        result("methods/extension-method", Kind::Required, Verdict::Pass, ""),
        result("preflight/granted", Kind::Required, Verdict::Error, "did not end within 30s"),
        differing("preflight/method-not-listed", Kind::Security, Verdict::Fail),
        result(
            "preflight/whole-lists",
            Kind::Quality,
            Verdict::CannotExpress,
            "cannot express the policy: no list",
        ),
    ];
    let adapter = SubjectRun {
        deviations: vec!["PURGE /echo answers 400: the framework does not know it".to_owned()],
        ..subject("cors-axum", SubjectKind::Adapter, ours)
    };
    Run {
        scenarios: 6,
        problems: Vec::new(),
        subjects: vec![adapter, subject("tower-http", SubjectKind::Middleware, theirs)],
    }
}

/// A run with a subject that could not be tested at all.
fn unfit() -> Run {
    let problems = vec![
        "the specimen is wrong: GET /slash answered 301, expected 308".to_owned(),
        "the specimen is wrong: OPTIONS /private answered 405, expected 401".to_owned(),
    ];
    let unplayed = subject("mine", SubjectKind::External, Vec::new());
    Run {
        scenarios: 352,
        problems: Vec::new(),
        subjects: vec![SubjectRun { errors: 352, problems, ..unplayed }],
    }
}

#[test]
fn table() {
    insta::assert_snapshot!(render(&run(), Format::Table).unwrap());
}

#[test]
fn markdown() {
    insta::assert_snapshot!(render(&run(), Format::Markdown).unwrap());
}

#[test]
fn junit() {
    insta::assert_snapshot!(render(&run(), Format::Junit).unwrap());
}

#[test]
fn json() {
    insta::assert_snapshot!(render(&run(), Format::Json).unwrap());
}

#[test]
fn comparison_as_a_table() {
    insta::assert_snapshot!(compare(&run(), Format::Table).unwrap());
}

#[test]
fn comparison_as_markdown() {
    insta::assert_snapshot!(compare(&run(), Format::Markdown).unwrap());
}

#[test]
fn a_subject_that_is_not_fit_is_reported_once() {
    for format in [Format::Table, Format::Json, Format::Markdown, Format::Junit] {
        let report = render(&unfit(), format).unwrap();
        assert_eq!(report.matches("GET /slash answered 301, expected 308").count(), 1, "{report}");
        assert_eq!(report.matches("OPTIONS /private answered 405").count(), 1, "{report}");
        assert!(report.contains("352"), "{report}");
        assert!(report.lines().count() < 50, "{report}");
    }
}

#[test]
fn every_report_shows_limits_counts_and_deviations() {
    for format in [Format::Table, Format::Json, Format::Markdown, Format::Junit] {
        for report in [render(&run(), format).unwrap(), compare(&run(), format).unwrap()] {
            for part in [
                "methods/extension-method",
                &LIMIT.reason,
                &LIMIT.link,
                "PURGE /echo answers 400",
                "selected",
            ] {
                let is_json_count = format == Format::Json && part == "selected";
                assert!(report.contains(part) || is_json_count, "no {part:?} in {report}");
            }
        }
    }
}

#[test]
fn failures_with_one_cause_are_one_group_with_one_example() {
    let ids = ["zebra/a", "zebra/b", "preflight/c", "errors/d", "zebra/e"];
    let mut results: Vec<_> = ids.map(|id| differing(id, Kind::Required, Verdict::Fail)).into();
    results.push(result("zebra/f", Kind::Required, Verdict::Fail, "something else"));
    let run = Run {
        scenarios: 6,
        problems: Vec::new(),
        subjects: vec![subject("mine", SubjectKind::Adapter, results)],
    };
    insta::assert_snapshot!(render(&run, Format::Table).unwrap());
}

#[test]
fn a_comparison_in_json_is_the_run() {
    assert_eq!(compare(&run(), Format::Json).unwrap(), render(&run(), Format::Json).unwrap());
}

#[test]
fn each_adapter_stands_before_the_middleware_of_its_framework() {
    let mut run = run();
    let poem = |name, kind| SubjectRun { framework: "poem".to_owned(), ..subject(name, kind, Vec::new()) };
    run.subjects.insert(0, poem("a-middleware", SubjectKind::Middleware));
    run.subjects.insert(0, poem("z-adapter", SubjectKind::Adapter));
    run.subjects.reverse();
    side_by_side(&mut run);
    let names: Vec<_> = run.subjects.iter().map(|subject| subject.name.as_str()).collect();
    assert_eq!(names, ["cors-axum", "tower-http", "z-adapter", "a-middleware"]);
}

#[test]
fn a_clean_run_has_nothing_but_scores_and_a_summary() {
    let mut clean = run();
    clean.subjects.truncate(1);
    let results = clean.subjects.remove(0).results;
    let results: Vec<_> = results.into_iter().filter(|result| result.group == "preflight").collect();
    clean.scenarios = results.len();
    clean.subjects.push(subject("cors-axum", SubjectKind::Adapter, results));
    assert!(clean.is_clean());
    insta::assert_snapshot!(render(&clean, Format::Table).unwrap());
}

#[test]
fn a_run_without_scenarios_has_a_report() {
    let empty = Run::default();
    for format in [Format::Table, Format::Json, Format::Markdown, Format::Junit] {
        assert!(!render(&empty, format).unwrap().trim().is_empty());
    }
}

/// The results of one subject, by the ids of their scenarios.
fn single(name: &str, verdicts: &[(&str, Verdict)]) -> Run {
    let results = verdicts.iter().map(|(id, verdict)| {
        let detail = if *verdict == Verdict::Pass { "" } else { "a reason" };
        result(id, Kind::Required, *verdict, detail)
    });
    let subjects = vec![subject(name, SubjectKind::Middleware, results.collect())];
    Run { scenarios: verdicts.len(), problems: Vec::new(), subjects }
}

#[test]
fn equal_runs_have_no_changes() {
    let changes = changes(&run(), &run());
    assert!(changes.is_empty() && !changes.is_regression());
    assert_eq!(changes.to_string(), "nothing changed\n");
}

#[test]
fn what_held_and_does_not_hold_any_more_is_a_regression() {
    let all = Verdict::ALL;
    let ids: Vec<String> = (0..all.len() * all.len()).map(|number| format!("a/{number}")).collect();
    let pairs = all.iter().flat_map(|before| all.iter().map(move |now| (*before, *now)));
    let (before, now): (Vec<_>, Vec<_>) =
        ids.iter().zip(pairs).map(|(id, (before, now))| ((id.as_str(), before), (id.as_str(), now))).unzip();
    let changes = changes(&single("x", &before), &single("x", &now));
    let now_of = |list: &[Change]| list.iter().map(|change| change.now).collect::<Vec<_>>();
    let failing = [Verdict::Fail, Verdict::Limit, Verdict::Disputed, Verdict::Error];
    assert_eq!(now_of(&changes.regressions), failing);
    assert!(changes.regressions.iter().all(|change| change.before == Verdict::Pass));
    assert_eq!(now_of(&changes.improvements), [Verdict::Pass; 4]);
    let changed = all.len() * (all.len() - 1);
    assert_eq!(changes.others.len(), changed - 8);
    assert!(changes.is_regression());
}

#[test]
fn a_subject_that_cannot_be_tested_any_more_is_a_regression() {
    let changes = changes(&single("mine", &[("a/b", Verdict::Pass)]), &unfit());
    assert_eq!(changes.unfit, ["mine"]);
    assert!(changes.is_regression() && changes.to_string().contains("not fit"));
}

#[test]
fn what_only_one_run_has_is_named_and_not_compared() {
    let old = single("x", &[("a/both", Verdict::Fail), ("a/old", Verdict::Pass)]);
    let mut new = single("x", &[("a/both", Verdict::Pass), ("a/new", Verdict::Fail)]);
    new.subjects.push(subject("y", SubjectKind::Middleware, Vec::new()));
    let changes = changes(&old, &new);
    assert!(!changes.is_regression());
    assert_eq!(
        changes.to_string(),
        "1 improvement\n  x, a/both: fail before, pass now\nnew: 1 subject: y\nnew: 1 scenario: a/new\n\
         gone: 1 scenario: a/old\n"
    );
}
