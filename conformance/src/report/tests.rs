use super::*;
use crate::run::{ScenarioResult, SubjectRun, Verdict};
use crate::scenario::Kind;
use crate::subject::SubjectKind;
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
        mismatches: Vec::new(),
        exchanges: Vec::new(),
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
    let count = |verdict| results.iter().filter(|result| result.verdict == verdict).count();
    SubjectRun {
        name: name.to_owned(),
        kind,
        framework: "axum".to_owned(),
        version: "1.2.3".to_owned(),
        user_agent: "model".to_owned(),
        passed: count(Verdict::Pass),
        failed: count(Verdict::Fail),
        skipped: count(Verdict::Skip),
        results,
    }
}

fn run() -> Run {
    let ours = vec![
        result("credentials/cookie", Kind::Required, Verdict::Pass, ""),
        result("informative/options", Kind::Informative, Verdict::Pass, ""),
        result("preflight/granted", Kind::Required, Verdict::Pass, ""),
        result("preflight/method-not-listed", Kind::Security, Verdict::Pass, ""),
        result("preflight/whole-lists", Kind::Quality, Verdict::Pass, ""),
    ];
    let theirs = vec![
        result("credentials/cookie", Kind::Required, Verdict::Skip, "cannot express the policy: no list"),
        differing("informative/options", Kind::Informative, Verdict::Skip),
        result("preflight/granted", Kind::Required, Verdict::Fail, "did not end within 30s"),
        differing("preflight/method-not-listed", Kind::Security, Verdict::Fail),
        result("preflight/whole-lists", Kind::Quality, Verdict::Skip, "cannot express the policy: no list"),
    ];
    Run {
        scenarios: 5,
        subjects: vec![
            subject("cors-axum", SubjectKind::Adapter, ours),
            subject("tower-http", SubjectKind::Middleware, theirs),
        ],
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
    clean.subjects[0].results.remove(1);
    insta::assert_snapshot!(render(&clean, Format::Table).unwrap());
}

#[test]
fn a_run_without_scenarios_can_be_told() {
    let empty = Run { scenarios: 0, subjects: Vec::new() };
    for format in [Format::Table, Format::Json, Format::Markdown, Format::Junit] {
        assert!(!render(&empty, format).unwrap().trim().is_empty());
    }
}
