//! The results of a comparison, and whether they are good enough.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use super::StepView;

/// How many of the scenarios may be skipped because the harness cannot play them in a browser, in percent.
pub const LIMIT_PERCENT: usize = 5;

/// What the model is compared in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compared {
    /// The scenarios of the suite.
    #[default]
    Scenarios,
    /// The rows of `cors-browser/tests/rows`.
    Rows,
}

impl Compared {
    /// The plural that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scenarios => "scenarios",
            Self::Rows => "rows",
        }
    }
}

/// The result of comparing the model with browsers.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Agreement {
    /// What is compared.
    #[serde(skip)]
    pub subject: Compared,
    /// The ids of the scenarios that were selected and have a page. JSON has their number.
    #[serde(rename = "scenarios", serialize_with = "number")]
    pub selected: BTreeSet<String>,
    /// How many selected scenarios have no page, and are therefore not played in a browser.
    #[serde(skip)]
    pub without_page: usize,
    /// The counts of scenarios, by the browser's name.
    pub browsers: BTreeMap<String, Counts>,
    /// Every step of every scenario, in the order of scenario ids and steps.
    pub rows: Vec<Row>,
}

impl Agreement {
    /// Adds the results of other browsers. Rows of the same scenario and step become one.
    pub fn merge(&mut self, other: Self) {
        self.subject = other.subject;
        self.selected.extend(other.selected);
        self.without_page = self.without_page.max(other.without_page);
        self.browsers.extend(other.browsers);
        let mut rows = BTreeMap::<(String, usize), Row>::new();
        for row in std::mem::take(&mut self.rows).into_iter().chain(other.rows) {
            let key = (row.scenario.clone(), row.step);
            let browsers = row.browsers;
            let empty = || Row { scenario: row.scenario, step: row.step, browsers: BTreeMap::new() };
            rows.entry(key).or_insert_with(empty).browsers.extend(browsers);
        }
        self.rows = rows.into_values().collect();
    }

    /// Whether the model agrees with every browser: [`problems`](Self::problems) has nothing to report.
    pub fn is_clean(&self) -> bool {
        self.problems().is_empty()
    }

    /// Everything that keeps the result from being clean, one sentence each.
    pub fn problems(&self) -> Vec<String> {
        let (mut problems, what) = (Vec::new(), self.subject.as_str());
        if self.selected.is_empty() {
            problems.push(format!("nothing was compared: no selected {what} have a page"));
        }
        if self.browsers.is_empty() {
            problems.push("nothing was compared: no browser took part".to_owned());
        }
        let selected = self.selected.len();
        for (browser, counts) in &self.browsers {
            let mut add = |problem: String| problems.push(format!("{browser}: {problem}"));
            if counts.total() != selected {
                add(format!("{} {what} are counted, but {selected} were selected", counts.total()));
            }
            if selected > 0 && counts.compared() == 0 {
                add(format!("no {what} were compared"));
            }
            for (number, problem) in [
                (counts.unexplained, "are unexplained: model and browser differ"),
                (counts.failed, "failed: they could not be compared"),
                (counts.mismatched, "do not meet their own expectations"),
            ] {
                if number > 0 {
                    add(format!("{number} {what} {problem}"));
                }
            }
            if counts.limits * 100 > selected * LIMIT_PERCENT {
                add(format!(
                    "{} of {selected} {what} are skipped because of limits of the harness, more than {LIMIT_PERCENT} %",
                    counts.limits
                ));
            }
        }
        problems
    }

    /// The rows of one browser.
    pub(super) fn of<'a>(&'a self, browser: &'a str) -> impl Iterator<Item = (&'a Row, &'a Comparison)> {
        self.rows.iter().filter_map(move |row| Some((row, row.browsers.get(browser)?)))
    }
}

fn number<S: Serializer>(selected: &BTreeSet<String>, serializer: S) -> Result<S::Ok, S::Error> {
    selected.len().serialize(serializer)
}

/// How many scenarios fall into which [`Class`] for one browser.
///
/// A scenario is counted once, with the worst class of its steps, so that the five classes add up to the selected scenarios.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The browser's version.
    pub version: String,
    /// Model and browser show the same, which is what the standards say.
    pub agreed: usize,
    /// Model and browser show the same, and a rule of the profile causes the difference from the standards.
    pub explained: usize,
    /// Model and browser show something different.
    pub unexplained: usize,
    /// The browser cannot play the scenario, or the subject cannot express its policy.
    pub skipped: usize,
    /// The scenario was not compared, because a browser, the model or the subject failed.
    pub failed: usize,
    /// How many of the skipped ones the harness cannot play in a real browser.
    pub limits: usize,
    /// How many of the compared ones do not meet their own expectations in the browser, whatever their class.
    pub mismatched: usize,
}

impl Counts {
    /// Counts scenarios, each given by its rows.
    pub(super) fn new<'a>(
        version: String,
        browser: &str,
        scenarios: impl Iterator<Item = &'a Vec<Row>>,
    ) -> Self {
        let mut counts = Self { version, ..Self::default() };
        for rows in scenarios {
            let steps: Vec<_> = rows.iter().filter_map(|row| row.browsers.get(browser)).collect();
            // A scenario without any step in this browser is not counted: the total then shows that it is missing.
            let Some(class) = steps.iter().map(|step| step.class).max() else { continue };
            *match class {
                Class::Agreed => &mut counts.agreed,
                Class::Explained => &mut counts.explained,
                Class::Unexplained => &mut counts.unexplained,
                Class::Skipped => &mut counts.skipped,
                Class::Failed => &mut counts.failed,
            } += 1;
            counts.limits += usize::from(steps.iter().any(|step| step.is_limit));
            counts.mismatched += usize::from(steps.iter().any(|step| !step.mismatches.is_empty()));
        }
        counts
    }

    /// How many scenarios are counted in all.
    pub fn total(&self) -> usize {
        self.compared() + self.skipped + self.failed
    }

    /// How many scenarios were compared.
    pub fn compared(&self) -> usize {
        self.agreed + self.explained + self.unexplained
    }
}

/// One step of a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The scenario's id.
    pub scenario: String,
    /// The step, counted from 1.
    pub step: usize,
    /// The comparisons, by the browser's name.
    #[serde(flatten)]
    pub browsers: BTreeMap<String, Comparison>,
}

impl Row {
    /// Whether the step keeps the result from being clean.
    pub(super) fn is_bad(&self) -> bool {
        self.browsers.values().any(|step| step.class >= Class::Unexplained || !step.mismatches.is_empty())
    }
}

/// One step in a browser and in the model of that browser.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Whether both show the same.
    pub class: Class,
    /// The rules that explain the step, what differs, or why it was not compared; empty if agreed.
    pub why: String,
    /// Whether the step was skipped because the harness cannot play the scenario in a real browser.
    #[serde(skip)]
    pub is_limit: bool,
    /// What the model shows with the browser's profile; `None` if the step was not compared.
    pub model: Option<StepView>,
    /// What the browser shows; `None` if the step was not compared.
    pub browser: Option<StepView>,
    /// The scenario's expectations that the browser does not meet; always empty for informative scenarios.
    pub mismatches: Vec<String>,
}

impl Comparison {
    /// A step that was skipped, or that failed.
    pub(super) fn not_compared(class: Class, why: &str) -> Self {
        Self {
            class,
            why: why.to_owned(),
            is_limit: false,
            model: None,
            browser: None,
            mismatches: Vec::new(),
        }
    }
}

/// Whether a browser and its model show the same; the worst comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Not played, for a reason that was known beforehand.
    Skipped,
    /// The same, and what the standards say.
    Agreed,
    /// The same, and a rule of the profile causes the difference from the standards.
    Explained,
    /// Something different.
    Unexplained,
    /// Not compared, because a browser, the model or the subject failed.
    Failed,
}

impl Class {
    /// The name that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Agreed => "agreed",
            Self::Explained => "explained",
            Self::Unexplained => "unexplained",
            Self::Failed => "failed",
        }
    }
}
