//! A run as JUnit's XML: a suite for each subject, a case for each scenario.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use crate::run::{Run, ScenarioResult, Verdict};

pub(super) fn render(run: &Run) -> Result<String, SerializeError> {
    let mut report = Report::new("cors-conformance");
    for subject in &run.subjects {
        let mut suite = TestSuite::new(&subject.name);
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

fn status(result: &ScenarioResult) -> TestCaseStatus {
    let mut status = match result.verdict {
        Verdict::Pass => return TestCaseStatus::success(),
        Verdict::Skip => TestCaseStatus::skipped(),
        Verdict::Fail => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
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
