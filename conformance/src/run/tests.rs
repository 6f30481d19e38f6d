//! When a run is clean.

use std::collections::BTreeMap;

use rstest::rstest;

use super::*;
use crate::scenario::Kind;
use crate::subject::SubjectKind;

fn result(id: &str, verdict: Verdict) -> ScenarioResult {
    ScenarioResult {
        scenario: id.to_owned(),
        kind: Kind::Required,
        verdict,
        detail: "why".to_owned(),
        title: "t".to_owned(),
        group: "a".to_owned(),
        harm: None,
        limit: None,
        dispute: None,
        mismatches: Vec::new(),
        exchanges: Vec::new(),
        configurations: BTreeMap::new(),
        duration_ms: 0,
    }
}

fn run_of(kind: SubjectKind, verdicts: &[Verdict]) -> Run {
    let ids = ["a/a", "a/b", "a/c", "a/d", "a/e"];
    let results: Vec<_> = ids.iter().zip(verdicts).map(|(id, verdict)| result(id, *verdict)).collect();
    let subject = SubjectRun::counted("mine", kind, results);
    Run { scenarios: verdicts.len(), problems: Vec::new(), subjects: vec![subject] }
}

fn adapter() -> Run {
    run_of(SubjectKind::Adapter, &[Verdict::Pass, Verdict::Limit, Verdict::NotAsked])
}

#[rstest]
#[case::limits_and_what_is_not_asked(SubjectKind::Adapter, &[Verdict::Pass, Verdict::Limit, Verdict::NotAsked], true)]
#[case::failure(SubjectKind::Adapter, &[Verdict::Pass, Verdict::Fail], false)]
#[case::failure_of_a_program(SubjectKind::External, &[Verdict::Fail], false)]
#[case::failure_of_a_middleware(SubjectKind::Middleware, &[Verdict::Fail], true)]
#[case::error(SubjectKind::Adapter, &[Verdict::Pass, Verdict::Error], false)]
#[case::error_of_a_middleware(SubjectKind::Middleware, &[Verdict::Error], false)]
#[case::nothing_played(SubjectKind::Adapter, &[], false)]
fn a_run_is_clean_if_nothing_failed(
    #[case] kind: SubjectKind,
    #[case] verdicts: &[Verdict],
    #[case] is_clean: bool,
) {
    assert_eq!(run_of(kind, verdicts).is_clean(), is_clean);
}

#[rstest]
#[case::no_scenarios(|run: &mut Run| *run = Run::default(), "no scenario was played")]
#[case::no_subjects(|run: &mut Run| run.subjects.clear(), "no subject was played")]
#[case::no_results(
    |run: &mut Run| run.subjects[0].results.clear(),
    "mine: 0 results of 0 scenarios, but 3 scenarios were selected"
)]
#[case::lost_scenario(
    |run: &mut Run| run.scenarios = 4,
    "mine: 1 pass + 0 fail + 1 limit + 0 disputed + 0 cannot express + 1 not asked + 0 error = 3, but 4 scenarios were selected"
)]
#[case::lost_result(
    |run: &mut Run| drop(run.subjects[0].results.pop()),
    "mine: 2 results of 2 scenarios, but 3 scenarios were selected"
)]
#[case::result_twice(
    |run: &mut Run| run.subjects[0].results[2] = run.subjects[0].results[1].clone(),
    "mine: 3 results of 2 scenarios, but 3 scenarios were selected"
)]
fn a_run_whose_counts_do_not_add_up_is_not_clean(#[case] change: fn(&mut Run), #[case] problem: &str) {
    let mut run = adapter();
    assert!(run.is_clean());
    change(&mut run);
    assert!(!run.is_clean());
    assert_eq!(run.all_problems(), [problem]);
    assert!(run.to_string().contains(problem), "{run}");
}

#[test]
fn a_limit_that_is_outdated_makes_the_run_of_a_middleware_unclean() {
    let limit = KnownLimit::new("a/a", "r", "l");
    let mut run = run_of(SubjectKind::Middleware, &[Verdict::Fail]);
    run.subjects[0].results[0].limit = Some(limit);
    assert!(!run.is_clean());
}

#[test]
fn a_run_that_is_not_clean_is_an_error_that_prints_the_report() {
    let run = run_of(SubjectKind::Adapter, &[Verdict::Fail]);
    let report = run.to_string();
    let error = run.into_result().unwrap_err();
    assert_eq!(error.to_string(), format!("the run is not clean\n\n{report}"));
    assert_eq!(format!("{error:?}"), error.to_string());
    adapter().into_result().unwrap();
}

#[test]
#[should_panic(expected = "mine fails 1 of 1 scenario")]
fn assert_clean_panics_with_the_report() {
    run_of(SubjectKind::Adapter, &[Verdict::Fail]).assert_clean();
}

#[test]
fn one_pass_is_an_example_of_what_another_subject_fails() {
    let with = |kind, verdicts: &[Verdict]| {
        let mut subject = run_of(kind, verdicts).subjects.remove(0);
        subject.results.iter_mut().for_each(|result| result.exchanges = vec!["step 1".to_owned()]);
        subject
    };
    let (pass, fail) = (Verdict::Pass, Verdict::Fail);
    let mut subjects = [
        with(SubjectKind::Adapter, &[pass, pass, pass]),
        with(SubjectKind::Middleware, &[pass, fail, fail]),
        with(SubjectKind::Middleware, &[pass, pass, fail]),
        with(SubjectKind::Middleware, &[pass, pass, Verdict::NotAsked]),
    ];
    result::keep_examples(&mut subjects);
    let kept = |subject: &SubjectRun| -> Vec<bool> {
        subject.results.iter().map(|result| !result.exchanges.is_empty()).collect()
    };
    assert_eq!(
        subjects.each_ref().map(kept),
        [[false, false, true], [false, true, true], [false, true, true], [false, false, true]]
    );
}
