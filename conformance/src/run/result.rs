//! The results of a run, as they are written down.

use std::time::Duration;

use serde::Serialize;

use super::{Judgement, Verdict};
use crate::scenario::{Kind, Scenario};
use crate::subject::{Subject, SubjectKind};
use crate::verdict::Mismatch;

/// What came of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// How many scenarios were played.
    pub scenarios: usize,
    /// What came of them, subject by subject.
    pub subjects: Vec<SubjectRun>,
}

impl Run {
    /// Whether nothing that is judged was failed; existing middleware is compared, not held responsible.
    pub fn is_clean(&self) -> bool {
        self.subjects.iter().all(|subject| subject.kind == SubjectKind::Middleware || subject.failed == 0)
    }
}

/// What came of all scenarios with one subject.
///
/// Every result is counted once. An informative scenario cannot be failed: where it differs, it is skipped.
#[derive(Clone, Debug, Serialize)]
pub struct SubjectRun {
    /// The subject's name.
    pub name: String,
    /// Whose middleware it is.
    pub kind: SubjectKind,
    /// The framework that serves it.
    pub framework: String,
    /// The version of the middleware.
    pub version: String,
    /// Who played the page's side.
    pub user_agent: String,
    /// How many scenarios hold.
    pub passed: usize,
    /// How many do not.
    pub failed: usize,
    /// How many were not judged.
    pub skipped: usize,
    /// The results in the order of the scenarios' ids.
    pub results: Vec<ScenarioResult>,
}

impl SubjectRun {
    /// Counts the results of `subject`.
    pub fn new(subject: &dyn Subject, user_agent: &str, mut results: Vec<ScenarioResult>) -> Self {
        results.sort_by(|one, other| one.scenario.cmp(&other.scenario));
        let count = |verdict| results.iter().filter(|result| result.verdict == verdict).count();
        Self {
            name: subject.name().to_owned(),
            kind: subject.kind(),
            framework: subject.framework().to_owned(),
            version: subject.version().to_owned(),
            user_agent: user_agent.to_owned(),
            passed: count(Verdict::Pass),
            failed: count(Verdict::Fail),
            skipped: count(Verdict::Skip),
            results,
        }
    }
}

/// What came of one scenario with one subject.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioResult {
    /// The scenario's id.
    pub scenario: String,
    /// How much it matters.
    pub kind: Kind,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Why it does not, or why it was not judged; empty if it holds.
    pub detail: String,
    /// What the scenario says.
    pub title: String,
    /// The folder that it is in.
    pub group: String,
    /// Who gets hurt if it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harm: Option<String>,
    /// What was expected, and what was seen in its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<Mismatch>,
    /// What was on the wire in the steps that differ, line by line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<String>,
    /// How long it took.
    pub duration_ms: u64,
}

impl ScenarioResult {
    /// Writes down how `scenario` turned out.
    pub fn new(scenario: &Scenario, judgement: Judgement, duration: Duration) -> Self {
        Self {
            scenario: scenario.id.clone(),
            kind: scenario.kind,
            verdict: judgement.verdict,
            detail: judgement.detail,
            title: scenario.title.clone(),
            group: scenario.group().to_owned(),
            harm: scenario.harm.clone(),
            mismatches: judgement.mismatches,
            exchanges: judgement.exchanges,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
