//! The results of a run, as reports show them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Judgement, Verdict};
use crate::report;
use crate::scenario::{Kind, Scenario};
use crate::subject::{Dispute, KnownLimit, Subject, SubjectKind};
use crate::verdict::Mismatch;

/// The results of a run. It is displayed as the report for a terminal.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Run {
    /// How many scenarios were selected.
    pub scenarios: usize,
    /// Why nothing could be played, such as scenario files with mistakes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// The results, subject by subject.
    pub subjects: Vec<SubjectRun>,
}

impl Run {
    /// A run of which nothing could be played.
    pub(crate) fn failed(problem: impl Into<String>) -> Self {
        Self { problems: vec![problem.into()], ..Self::default() }
    }

    /// Whether every subject passed everything that it is held responsible for, and the counts add up.
    ///
    /// The failures of a [middleware](SubjectKind::Middleware) are compared and do not count; its errors do. A run without
    /// subjects or without scenarios is never clean.
    pub fn is_clean(&self) -> bool {
        self.all_problems().is_empty() && self.subjects.iter().all(SubjectRun::is_clean)
    }

    /// What is wrong with the run itself: its [`problems`](Self::problems), an empty run, and counts that do not add up.
    ///
    /// For each subject, the scenarios of all verdicts together are the selected scenarios.
    pub fn all_problems(&self) -> Vec<String> {
        let mut problems = self.problems.clone();
        if problems.is_empty() && self.scenarios == 0 {
            problems.push("no scenario was played".to_owned());
        }
        if problems.is_empty() && self.subjects.is_empty() {
            problems.push("no subject was played".to_owned());
        }
        problems.extend(self.subjects.iter().filter_map(|subject| subject.miscount(self.scenarios)));
        problems
    }

    /// Panics with the report for a terminal unless the run is [clean](Self::is_clean), and otherwise prints it. For tests.
    ///
    /// # Panics
    ///
    /// The run is not clean.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.is_clean(), "the run is not clean\n\n{self}");
        // `cargo test -- --nocapture` shows it, with the known limits and what was not asked.
        println!("{self}");
    }

    /// The run, or an error with its report unless it is [clean](Self::is_clean). For `main` functions and tests that use `?`.
    ///
    /// # Errors
    ///
    /// The run is not clean.
    pub fn into_result(self) -> Result<Self, Unclean> {
        if self.is_clean() { Ok(self) } else { Err(Unclean(Box::new(self))) }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&report::table(self))
    }
}

/// A run that is not [clean](Run::is_clean). Its message, `Debug` included, is the report for a terminal.
#[derive(Clone, thiserror::Error)]
#[error("the run is not clean\n\n{0}")]
pub struct Unclean(
    /// The run.
    pub Box<Run>,
);

impl fmt::Debug for Unclean {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The results of all scenarios with one subject.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SubjectRun {
    /// The subject's name.
    pub name: String,
    /// Whose middleware it is.
    pub kind: SubjectKind,
    /// The framework that serves it.
    pub framework: String,
    /// The version of the middleware.
    pub version: String,
    /// The user agent that played the pages.
    pub user_agent: String,
    /// How many scenarios hold.
    pub passed: usize,
    /// How many do not hold, although the subject is not known to fail them.
    pub failed: usize,
    /// How many do not hold, as known limits.
    pub limits: usize,
    /// How many do not hold, and are disputed by the maintainers of the middleware.
    pub disputed: usize,
    /// For how many the middleware has no option.
    pub cannot_express: usize,
    /// How many were not judged. An informative scenario cannot be failed: if it differs, it counts here.
    pub not_asked: usize,
    /// How many could not be played to their end. All of them, if the subject is not fit to be tested.
    pub errors: usize,
    /// Why the subject is not fit to be tested, or which of its declarations are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// The answers of its specimen that are known to deviate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<String>,
    /// The results, ordered by the ids of the scenarios. Empty if the subject is not fit to be tested.
    pub results: Vec<ScenarioResult>,
}

impl SubjectRun {
    /// The results of `subject`.
    pub fn new(subject: &dyn Subject, user_agent: &str, results: Vec<ScenarioResult>) -> Self {
        Self {
            framework: subject.framework().to_owned(),
            version: subject.version().to_owned(),
            user_agent: user_agent.to_owned(),
            deviations: subject.deviations().iter().map(ToString::to_string).collect(),
            ..Self::counted(subject.name(), subject.kind(), results)
        }
    }

    /// Orders and counts the results of the subject with this name. Where the subject runs, and its version, are left empty.
    pub fn counted(name: impl Into<String>, kind: SubjectKind, mut results: Vec<ScenarioResult>) -> Self {
        results.sort_by(|one, other| one.scenario.cmp(&other.scenario));
        let count = |verdict| results.iter().filter(|result| result.verdict == verdict).count();
        Self {
            name: name.into(),
            kind,
            framework: String::new(),
            version: String::new(),
            user_agent: String::new(),
            passed: count(Verdict::Pass),
            failed: count(Verdict::Fail),
            limits: count(Verdict::Limit),
            disputed: count(Verdict::Disputed),
            cannot_express: count(Verdict::CannotExpress),
            not_asked: count(Verdict::NotAsked),
            errors: count(Verdict::Error),
            problems: Vec::new(),
            deviations: Vec::new(),
            results,
        }
    }

    /// A subject that is not fit to be tested, so that none of `scenarios` was played.
    pub(super) fn unplayed(subject: &dyn Subject, user_agent: &str, scenarios: usize, problem: &str) -> Self {
        let problems = problem.lines().map(str::to_owned).collect();
        Self { errors: scenarios, problems, ..Self::new(subject, user_agent, Vec::new()) }
    }

    /// How many scenarios have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Pass => self.passed,
            Verdict::Fail => self.failed,
            Verdict::Limit => self.limits,
            Verdict::Disputed => self.disputed,
            Verdict::CannotExpress => self.cannot_express,
            Verdict::NotAsked => self.not_asked,
            Verdict::Error => self.errors,
        }
    }

    fn is_clean(&self) -> bool {
        let is_outdated = |result: &ScenarioResult| result.verdict == Verdict::Fail && result.limit.is_some();
        self.problems.is_empty()
            && self.errors == 0
            && !self.results.is_empty()
            && !self.results.iter().any(is_outdated)
            && (self.kind == SubjectKind::Middleware || self.failed == 0)
    }

    /// How the counts do not add up to the selected scenarios, if they do not.
    fn miscount(&self, scenarios: usize) -> Option<String> {
        let name = &self.name;
        let sum: usize = Verdict::ALL.into_iter().map(|verdict| self.count(verdict)).sum();
        let ids: BTreeSet<_> = self.results.iter().map(|result| &result.scenario).collect();
        if sum != scenarios {
            let counts = Verdict::ALL.map(|verdict| format!("{} {}", self.count(verdict), verdict.as_str()));
            let counts = counts.join(" + ");
            return Some(format!("{name}: {counts} = {sum}, but {scenarios} scenarios were selected"));
        }
        let is_unplayed = self.results.is_empty() && self.errors == scenarios;
        if ids.len() != self.results.len() || (!is_unplayed && ids.len() != scenarios) {
            return Some(format!(
                "{name}: {} results of {} scenarios, but {scenarios} scenarios were selected",
                self.results.len(),
                ids.len()
            ));
        }
        None
    }
}

/// The result of one scenario with one subject.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ScenarioResult {
    /// The scenario's id.
    pub scenario: String,
    /// How much the scenario matters.
    pub kind: Kind,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Why it does not hold or was not judged. Empty if it holds.
    pub detail: String,
    /// What holds, in one sentence.
    pub title: String,
    /// The folder of the scenario.
    pub group: String,
    /// The harm that is done if it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harm: Option<String>,
    /// The known limit that the subject declares for the scenario, if it made a difference to the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<KnownLimit>,
    /// The dispute about the scenario, if it made a difference to the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Dispute>,
    /// What was expected, and what was seen instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<Mismatch>,
    /// What was on the wire in the steps that have mismatches, line by line. Of the subjects for which the scenario holds, one has
    /// exchanges: those of all steps, if it does not hold for another subject of the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<String>,
    /// How the middleware of each server was configured, by the names of the servers, if the subject tells it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub configurations: BTreeMap<String, String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

impl ScenarioResult {
    /// The result of `scenario`.
    pub fn new(scenario: &Scenario, judgement: Judgement, duration: Duration) -> Self {
        Self {
            scenario: scenario.id.clone(),
            kind: scenario.kind,
            verdict: judgement.verdict,
            detail: judgement.detail,
            title: scenario.title.clone(),
            group: scenario.group().to_owned(),
            harm: scenario.harm.clone(),
            limit: judgement.limit,
            dispute: judgement.dispute,
            mismatches: judgement.mismatches,
            exchanges: judgement.exchanges,
            configurations: judgement.configurations,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// Keeps the exchanges of one pass for each scenario that another subject does not pass, as an example of how it should be, and
/// drops those of all other passes.
pub(super) fn keep_examples(subjects: &mut [SubjectRun]) {
    let is_failing = |result: &&ScenarioResult| {
        matches!(result.verdict, Verdict::Fail | Verdict::Limit | Verdict::Disputed)
    };
    let results = subjects.iter().flat_map(|subject| &subject.results);
    let mut wanted: BTreeSet<String> =
        results.filter(is_failing).map(|result| result.scenario.clone()).collect();
    // The example of another project's middleware says more than that of an adapter.
    let mut order: Vec<_> = subjects.iter_mut().collect();
    order.sort_by_key(|subject| subject.kind == SubjectKind::Adapter);
    for result in order.into_iter().flat_map(|subject| &mut subject.results) {
        if result.verdict == Verdict::Pass && !wanted.remove(&result.scenario) {
            result.exchanges.clear();
        }
    }
}
