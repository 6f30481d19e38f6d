//! Counts that treat every subject alike.

use std::collections::BTreeSet;

use cors_conformance::run::{ScenarioResult, SubjectRun, Verdict};

use crate::Results;

/// How many of the judged scenarios hold. A known limit is judged and does not hold. A disputed scenario is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) passed: usize,
    pub(crate) judged: usize,
}

impl Score {
    pub(crate) fn of<'a>(results: impl IntoIterator<Item = &'a ScenarioResult>) -> Self {
        let mut score = Self::default();
        for result in results.into_iter().filter(|result| is_judged(result)) {
            score.judged += 1;
            score.passed += usize::from(result.verdict == Verdict::Pass);
        }
        score
    }

    /// The score in the scenarios that were judged for every subject.
    pub(crate) fn in_common(subject: &SubjectRun, common: &BTreeSet<&str>) -> Self {
        Self::of(subject.results.iter().filter(|result| common.contains(result.scenario.as_str())))
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.judged {
            0 => formatter.write_str("–"),
            judged => write!(formatter, "{}/{judged}", self.passed),
        }
    }
}

fn is_judged(result: &ScenarioResult) -> bool {
    result.kind.is_judged() && matches!(result.verdict, Verdict::Pass | Verdict::Fail | Verdict::Limit)
}

/// The scenarios that were judged for every subject that could be tested.
pub(crate) fn common(results: &Results) -> BTreeSet<&str> {
    let judged = |subject: &'_ SubjectRun| -> BTreeSet<String> {
        let judged = subject.results.iter().filter(|result| is_judged(result));
        judged.map(|result| result.scenario.clone()).collect()
    };
    let mut subjects = results.run.subjects.iter().filter(|subject| !subject.results.is_empty());
    let Some(first) = subjects.next() else { return BTreeSet::new() };
    let mut common = judged(first);
    for subject in subjects {
        let judged = judged(subject);
        common.retain(|id| judged.contains(id));
    }
    results.scenarios.keys().map(String::as_str).filter(|id| common.contains(*id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn only_scenarios_that_all_were_judged_in_are_common() {
        let results = fixture::results();
        let common = common(&results);
        assert!(common.contains("caching/vary-on-errors"), "{common:?}");
        assert!(!common.contains("caching/vary-for-plain-request"), "{common:?}");
        for subject in results.run.subjects.iter().filter(|subject| !subject.results.is_empty()) {
            assert_eq!(Score::in_common(subject, &common).judged, common.len());
        }
    }
}
