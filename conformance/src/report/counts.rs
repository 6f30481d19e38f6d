//! The numbers and lists that several kinds of report show.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::run::{Run, ScenarioResult, SubjectRun, Verdict};

/// How many of the scenarios that were judged hold. A known limit is judged and does not hold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Score {
    pub(super) passed: usize,
    pub(super) judged: usize,
}

impl Score {
    fn of<'a>(results: impl IntoIterator<Item = &'a ScenarioResult>) -> Self {
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
    result.kind.is_judged() && matches!(result.verdict, Verdict::Pass | Verdict::Fail | Verdict::Limit)
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

/// What becomes of the selected scenarios, for each subject: all rows but the last add up to the last.
pub(super) fn outcomes(run: &Run) -> Vec<(&'static str, Vec<usize>)> {
    let row = |verdict| {
        let heading = match verdict {
            Verdict::Pass => "passed",
            Verdict::Fail => "failed",
            Verdict::Limit => "known limits",
            Verdict::Error => "errors",
            other => other.as_str(),
        };
        (heading, run.subjects.iter().map(|subject| subject.count(verdict)).collect::<Vec<_>>())
    };
    // Disputes are rare.
    let is_shown = |verdict: &Verdict, counts: &[usize]| {
        *verdict != Verdict::Disputed || counts.iter().any(|count| *count > 0)
    };
    let rows = Verdict::ALL.into_iter().map(|verdict| (verdict, row(verdict)));
    let rows = rows.filter(|(verdict, (_, counts))| is_shown(verdict, counts)).map(|(_, row)| row);
    rows.chain([("selected", vec![run.scenarios; run.subjects.len()])]).collect()
}

/// The scenarios that a subject fails or that could not be played, in the order of [`groups_first`].
pub(super) fn failures(subject: &SubjectRun) -> Vec<&ScenarioResult> {
    let mut failures: Vec<_> = with_verdict(subject, Verdict::Fail);
    failures.extend(with_verdict(subject, Verdict::Error));
    failures.sort_by_key(|result| (groups_first(&result.group), result.scenario.as_str()));
    failures
}

/// The scenarios of a subject that are known limits.
pub(super) fn limits(subject: &SubjectRun) -> Vec<&ScenarioResult> {
    with_verdict(subject, Verdict::Limit)
}

/// The scenarios of a subject that are disputed.
pub(super) fn disputes(subject: &SubjectRun) -> Vec<&ScenarioResult> {
    with_verdict(subject, Verdict::Disputed)
}

fn with_verdict(subject: &SubjectRun, verdict: Verdict) -> Vec<&ScenarioResult> {
    subject.results.iter().filter(|result| result.verdict == verdict).collect()
}

/// Puts first the groups that fail in a new adapter before all others: without a right answer to preflights and on errors, most
/// other scenarios fail, too.
fn groups_first(group: &str) -> usize {
    ["preflight", "errors"].iter().position(|first| *first == group).unwrap_or(usize::MAX)
}

/// The heading of a subject's failures, such as `fails 3 of 352 scenarios`.
pub(super) fn failing(run: &Run, subject: &SubjectRun) -> String {
    let of = format!("of {}", plural(run.scenarios, "scenario"));
    match (subject.failed, subject.errors) {
        (failed, 0) => format!("fails {failed} {of}"),
        (0, errors) => format!("could not be tested with {errors} {of}"),
        (failed, errors) => format!("fails {failed} {of}, and could not be tested with {errors}"),
    }
}

/// Failures that have the same first cause.
pub(super) struct Alike<'a> {
    pub(super) cause: String,
    pub(super) results: Vec<&'a ScenarioResult>,
}

/// From how many on failures with one cause are shown as a group with one example, and not one by one.
const MANY: usize = 4;

/// Splits failures into groups with one cause, the largest first, and those that are shown one by one.
pub(super) fn by_cause<'a>(failures: &[&'a ScenarioResult]) -> (Vec<Alike<'a>>, Vec<&'a ScenarioResult>) {
    let mut causes = BTreeMap::<String, Vec<&ScenarioResult>>::new();
    for result in failures {
        causes.entry(cause(result)).or_default().push(result);
    }
    let is_large = |result: &&ScenarioResult| causes.get(&cause(result)).is_some_and(|all| all.len() >= MANY);
    let single = failures.iter().copied().filter(|result| !is_large(result)).collect();
    let groups = causes.into_iter().filter(|(_, results)| results.len() >= MANY);
    let mut groups: Vec<_> = groups.map(|(cause, results)| Alike { cause, results }).collect();
    groups.sort_by_key(|group| Reverse(group.results.len()));
    (groups, single)
}

/// What was seen first that should not be, whatever was expected instead.
fn cause(result: &ScenarioResult) -> String {
    match result.mismatches.first() {
        Some(mismatch) => shortened(format!("{}: {}", mismatch.about, mismatch.seen)),
        None => result.detail.clone(),
    }
}

/// The longest heading of a group, in characters.
const LONGEST_CAUSE: usize = 100;

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_CAUSE) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The informative scenarios that were played.
pub(super) fn informative(subject: &SubjectRun) -> Vec<&ScenarioResult> {
    let was_played = |result: &&ScenarioResult| match result.verdict {
        Verdict::Pass => true,
        Verdict::NotAsked => !result.mismatches.is_empty(),
        _ => false,
    };
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

/// Why an informative scenario that does not end as described counts as not asked.
const DIFFERS: &str = "not judged, and not as described: see above";

/// Why scenarios have this verdict, the most frequent reason first.
pub(super) fn reasons(subject: &SubjectRun, verdict: Verdict) -> Vec<(&str, usize)> {
    let mut reasons = BTreeMap::<&str, usize>::new();
    for result in with_verdict(subject, verdict) {
        let reason = if result.mismatches.is_empty() { &result.detail } else { DIFFERS };
        *reasons.entry(reason).or_default() += 1;
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| Reverse(*count));
    reasons
}

/// The run in one line.
pub fn summary(run: &Run) -> String {
    let sum = |count: fn(&SubjectRun) -> usize| run.subjects.iter().map(count).sum::<usize>();
    let problems = run.all_problems().len() + sum(|subject| subject.problems.len());
    let problems = match problems {
        0 => String::new(),
        count => format!(", {}", plural(count, "problem")),
    };
    let disputed = match sum(|subject| subject.disputed) {
        0 => String::new(),
        count => format!(", {count} disputed"),
    };
    format!(
        "{} x {}: {} passed, {} failed, {}{}, {} cannot be expressed, {} not asked, {}{problems}",
        plural(run.scenarios, "scenario"),
        plural(run.subjects.len(), "subject"),
        sum(|subject| subject.passed),
        sum(|subject| subject.failed),
        plural(sum(|subject| subject.limits), "limit"),
        disputed,
        sum(|subject| subject.cannot_express),
        sum(|subject| subject.not_asked),
        plural(sum(|subject| subject.errors), "error"),
    )
}

pub(super) fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
