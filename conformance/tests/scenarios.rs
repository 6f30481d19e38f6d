//! Rules that every scenario follows, so that none of them passes for the wrong reason.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use cors_conformance::scenario::{self, Action, PageExpectation, Step};

/// Fails with all complaints at once.
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// A complaint for each step of each scenario to which `fault` applies.
fn steps(fault: impl Fn(&Step) -> Option<&'static str>) -> Vec<String> {
    let mut complaints = Vec::new();
    for scenario in scenario::embedded().unwrap() {
        for (index, step) in scenario.steps.iter().enumerate() {
            complaints
                .extend(fault(step).map(|fault| format!("{}, step {}: {fault}", scenario.id, index + 1)));
        }
    }
    complaints
}

/// Without a reason, a page that is blocked by a broken connection would pass for one that is blocked by the policy.
#[test]
fn every_blocked_page_has_a_reason() {
    none(steps(|step| match &step.page {
        Some(PageExpectation::Blocked { reasons }) if reasons.is_empty() => {
            Some("`outcome = \"blocked\"` needs a `reason`")
        }
        _ => None,
    }));
}

/// A count of requests alone also fits a server that refuses them all.
#[test]
fn every_step_says_what_it_gets_back() {
    none(steps(|step| match &step.action {
        Action::Page(_) if step.page.is_none() => Some("an action of a page needs `page`"),
        Action::Request(_) if step.wire.is_empty() => Some("a request needs `wire`"),
        _ => None,
    }));
}
