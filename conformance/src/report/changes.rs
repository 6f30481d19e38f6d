//! What changed between two runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::counts::plural;
use crate::run::{Run, ScenarioResult, SubjectRun, Verdict};

/// What changed between two runs. It is displayed as text for a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What held before and does not hold any more, or could not be played to its end.
    pub regressions: Vec<Change>,
    /// What did not hold before, or could not be played to its end, and holds now.
    pub improvements: Vec<Change>,
    /// All other results that changed.
    pub others: Vec<Change>,
    /// The subjects that were tested before and are not fit to be tested any more.
    pub unfit: Vec<String>,
    /// The subjects and scenarios that only the new run has.
    pub new: Names,
    /// The subjects and scenarios that only the old run has.
    pub gone: Names,
}

/// A result that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The subject's name.
    pub subject: String,
    /// The scenario's id.
    pub scenario: String,
    /// The verdict in the old run.
    pub before: Verdict,
    /// The verdict in the new run.
    pub now: Verdict,
    /// The reason for the new verdict. Empty if the scenario holds.
    pub detail: String,
}

/// Names of subjects and ids of scenarios.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The names of subjects.
    pub subjects: Vec<String>,
    /// The ids of scenarios.
    pub scenarios: Vec<String>,
}

impl Changes {
    /// Whether something that held before does not hold any more.
    pub fn is_regression(&self) -> bool {
        !self.regressions.is_empty() || !self.unfit.is_empty()
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Compares two runs, subject by subject and scenario by scenario. Results of subjects or scenarios that only one of the runs has are
/// not compared: [`Changes::new`] and [`Changes::gone`] name them.
pub fn changes(old: &Run, new: &Run) -> Changes {
    let mut changes = Changes { new: only_in(new, old), gone: only_in(old, new), ..Changes::default() };
    let before: BTreeMap<&str, &SubjectRun> = by_name(old);
    for subject in &new.subjects {
        let Some(before) = before.get(subject.name.as_str()) else { continue };
        if subject.results.is_empty() && !before.results.is_empty() {
            changes.unfit.push(subject.name.clone());
            continue;
        }
        let before: BTreeMap<&str, Verdict> =
            before.results.iter().map(|result| (result.scenario.as_str(), result.verdict)).collect();
        for result in &subject.results {
            match before.get(result.scenario.as_str()) {
                Some(before) if *before != result.verdict => changes.add(subject, result, *before),
                _ => {}
            }
        }
    }
    changes
}

impl Changes {
    fn add(&mut self, subject: &SubjectRun, result: &ScenarioResult, before: Verdict) {
        let list = match (before, result.verdict) {
            (Verdict::Pass, now) if does_not_hold(now) => &mut self.regressions,
            (before, Verdict::Pass) if does_not_hold(before) => &mut self.improvements,
            _ => &mut self.others,
        };
        list.push(Change {
            subject: subject.name.clone(),
            scenario: result.scenario.clone(),
            before,
            now: result.verdict,
            detail: result.detail.clone(),
        });
    }
}

fn does_not_hold(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Fail | Verdict::Limit | Verdict::Disputed | Verdict::Error => true,
        Verdict::Pass | Verdict::CannotExpress | Verdict::NotAsked => false,
    }
}

fn by_name(run: &Run) -> BTreeMap<&str, &SubjectRun> {
    run.subjects.iter().map(|subject| (subject.name.as_str(), subject)).collect()
}

fn only_in(run: &Run, other: &Run) -> Names {
    let others = by_name(other);
    let subjects = run.subjects.iter().map(|subject| &subject.name);
    let subjects = subjects.filter(|name| !others.contains_key(name.as_str())).cloned().collect();
    let known = scenarios(other);
    let scenarios = scenarios(run).into_iter().filter(|id| !known.contains(id)).map(str::to_owned).collect();
    Names { subjects, scenarios }
}

fn scenarios(run: &Run) -> BTreeSet<&str> {
    run.subjects.iter().flat_map(|subject| &subject.results).map(|result| result.scenario.as_str()).collect()
}

impl fmt::Display for Changes {
    /// Ends with a line feed.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return writeln!(formatter, "nothing changed");
        }
        for name in &self.unfit {
            writeln!(formatter, "{name} was tested before, and is not fit to be tested any more")?;
        }
        let lists = [
            ("regression", &self.regressions),
            ("improvement", &self.improvements),
            ("other change", &self.others),
        ];
        for (noun, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            writeln!(formatter, "{}", plural(list.len(), noun))?;
            for change in list {
                writeln!(formatter, "  {change}")?;
            }
        }
        for (word, names) in [("new", &self.new), ("gone", &self.gone)] {
            for (noun, names) in [("subject", &names.subjects), ("scenario", &names.scenarios)] {
                if !names.is_empty() {
                    writeln!(formatter, "{word}: {}: {}", plural(names.len(), noun), names.join(", "))?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, scenario, before, now, detail } = self;
        write!(formatter, "{subject}, {scenario}: {} before, {} now", before.as_str(), now.as_str())?;
        if detail.is_empty() { Ok(()) } else { write!(formatter, ": {detail}") }
    }
}
