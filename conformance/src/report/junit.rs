//! A run as JUnit's XML: a suite for each subject, a case for each scenario.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::counts;
use crate::run::{Run, ScenarioResult, Verdict};

pub(super) fn render(run: &Run) -> Result<String, SerializeError> {
    let mut report = Report::new("cors-conformance");
    let problems = run.all_problems();
    if !problems.is_empty() {
        let mut suite = TestSuite::new("the run");
        suite.add_test_cases(problems.iter().map(|problem| problem_case("the run", problem)));
        report.add_test_suite(suite);
    }
    let outcomes = counts::outcomes(run);
    for (number, subject) in run.subjects.iter().enumerate() {
        let mut suite = TestSuite::new(&subject.name);
        for (outcome, numbers) in &outcomes {
            suite.add_property((*outcome, numbers[number].to_string().as_str()));
        }
        for deviation in &subject.deviations {
            suite.add_property(("known deviation of the specimen", deviation.as_str()));
        }
        suite.add_test_cases(subject.problems.iter().map(|problem| problem_case(&subject.name, problem)));
        for result in &subject.results {
            let mut case = TestCase::new(&result.scenario, status(result));
            case.set_classname(format!("{}.{}", subject.name, result.group));
            case.set_time(Duration::from_millis(result.duration_ms));
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string()
}

/// A case for a problem that does not belong to a scenario.
fn problem_case(class: &str, problem: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(problem);
    let mut case = TestCase::new("fit to be tested", status);
    case.set_classname(class);
    case
}

fn status(result: &ScenarioResult) -> TestCaseStatus {
    let mut status = match result.verdict {
        Verdict::Pass => return TestCaseStatus::success(),
        Verdict::CannotExpress | Verdict::NotAsked => TestCaseStatus::skipped(),
        Verdict::Disputed => {
            let mut status = TestCaseStatus::skipped();
            let dispute = result.dispute.as_ref().map(ToString::to_string).unwrap_or_default();
            status.set_message(format!("disputed: {dispute}"));
            return status;
        }
        Verdict::Limit => {
            let mut status = TestCaseStatus::skipped();
            let limit = result.limit.as_ref().map(ToString::to_string).unwrap_or_default();
            status.set_message(format!("known limit: {limit}"));
            return status;
        }
        Verdict::Fail | Verdict::Error => {
            let kind = match result.verdict {
                Verdict::Error => NonSuccessKind::Error,
                _ => NonSuccessKind::Failure,
            };
            let mut status = TestCaseStatus::non_success(kind);
            status.set_type(result.kind.as_str());
            let harm = result.harm.iter().map(|harm| format!("harm: {harm}"));
            let lines: Vec<_> =
                std::iter::once(result.title.clone()).chain(harm).chain(result.exchanges.clone()).collect();
            status.set_description(lines.join("\n"));
            status
        }
    };
    status.set_message(&result.detail);
    status
}
