//! The numbers that more than one kind of report shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::run::{Run, ScenarioResult, SubjectRun, Verdict};

/// How many of the scenarios that were judged hold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Score {
    pub(super) passed: usize,
    pub(super) judged: usize,
}

impl Score {
    pub(super) fn of<'a>(results: impl IntoIterator<Item = &'a ScenarioResult>) -> Self {
        let mut score = Self::default();
        for result in results.into_iter().filter(|result| is_judged(result)) {
            score.judged += 1;
            score.passed += usize::from(result.verdict == Verdict::Pass);
        }
        score
    }
}

impl fmt::Display for Score {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.judged {
            0 => formatter.write_str("–"),
            judged => write!(formatter, "{}/{judged}", self.passed),
        }
    }
}

fn is_judged(result: &ScenarioResult) -> bool {
    result.kind.is_judged() && result.verdict != Verdict::Skip
}

/// The groups of a run, each with its score for every subject.
pub(super) fn groups(run: &Run) -> Vec<(&str, Vec<Score>)> {
    let names: BTreeSet<&str> = run
        .subjects
        .iter()
        .flat_map(|subject| &subject.results)
        .map(|result| result.group.as_str())
        .collect();
    names
        .into_iter()
        .map(|name| {
            let of_group = |subject: &SubjectRun| {
                Score::of(subject.results.iter().filter(|result| result.group == name))
            };
            (name, run.subjects.iter().map(of_group).collect())
        })
        .collect()
}

pub(super) fn totals(run: &Run) -> Vec<Score> {
    run.subjects.iter().map(|subject| Score::of(&subject.results)).collect()
}

/// The scenarios that a subject fails.
pub(super) fn failures(subject: &SubjectRun) -> Vec<&ScenarioResult> {
    subject.results.iter().filter(|result| result.verdict == Verdict::Fail).collect()
}

/// The informative scenarios that were played.
pub(super) fn informative(subject: &SubjectRun) -> Vec<&ScenarioResult> {
    let was_played =
        |result: &&ScenarioResult| result.verdict != Verdict::Skip || !result.mismatches.is_empty();
    subject.results.iter().filter(|result| !result.kind.is_judged()).filter(was_played).collect()
}

/// What an informative scenario showed.
pub(super) fn observation(result: &ScenarioResult) -> String {
    if result.verdict == Verdict::Pass {
        return "as described".to_owned();
    }
    let differences: Vec<_> = result.mismatches.iter().map(ToString::to_string).collect();
    format!("differs: {}", differences.join("; "))
}

/// Why scenarios were skipped, the most frequent reason first; the informative that differ are shown elsewhere.
pub(super) fn skips(subject: &SubjectRun) -> Vec<(&str, usize)> {
    let mut reasons = BTreeMap::<&str, usize>::new();
    for result in &subject.results {
        if result.verdict == Verdict::Skip && result.mismatches.is_empty() {
            *reasons.entry(&result.detail).or_default() += 1;
        }
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons
}

/// The run in one line.
pub fn summary(run: &Run) -> String {
    let sum = |count: fn(&SubjectRun) -> usize| run.subjects.iter().map(count).sum::<usize>();
    format!(
        "{} x {}: {} passed, {} failed, {} skipped",
        plural(run.scenarios, "scenario"),
        plural(run.subjects.len(), "subject"),
        sum(|subject| subject.passed),
        sum(|subject| subject.failed),
        sum(|subject| subject.skipped),
    )
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
