//! Agreement: the browser model held against real browsers, step by step.
//!
//! A model that is written by those who write the middleware can be wrong in the same way twice. Here every scenario is played by
//! the model with a browser's profile, by the model with none, and by the browser. Where the first and the last see the
//! same, the model is right, and either the standards are followed (agreed) or a named [rule](cors_browser::Rule) of
//! the profile accounts for the difference (explained). Where they do not, one of the two is wrong: unexplained.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use cors_browser::Profile;
use cors_conformance::run::Options;
use cors_conformance::scenario::{Action, Scenario};
use cors_conformance::subject::Subject;
use cors_conformance::user_agent::UserAgent;

pub use render::{Format, render, summary};
pub use seen::{Request, Seen};

pub mod console;
mod play;
mod render;
mod seen;
#[cfg(test)]
mod tests;

/// What a skip's reason begins with where the means are lacking to play a scenario that a browser could play.
pub const HARNESS_LIMIT: &str = "limit of the harness: ";

/// The share of the scenarios that may be skipped for want of means, in percent.
pub const HARNESS_LIMIT_PERCENT: usize = 5;

/// A browser that is asked.
#[derive(Clone)]
pub struct Witness {
    /// Its version, as it says itself.
    pub version: String,
    /// What the model believes of it.
    pub profile: Profile,
    /// The browser.
    pub user_agent: Arc<dyn UserAgent>,
}

/// What came of asking.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Agreement {
    /// How many scenarios there are in which a page takes part.
    pub scenarios: usize,
    /// How many there are without a page, which ask nothing of a browser.
    #[serde(skip)]
    pub without_page: usize,
    /// How many of them each browser agrees about.
    pub browsers: BTreeMap<String, Counts>,
    /// Every step of every scenario, in the order of their ids.
    pub rows: Vec<Row>,
}

impl Agreement {
    /// Adds what came of asking other browsers about the same scenarios.
    pub fn join(&mut self, other: Self) {
        self.scenarios = other.scenarios;
        self.without_page = other.without_page;
        self.browsers.extend(other.browsers);
        if self.rows.is_empty() {
            self.rows = other.rows;
            return;
        }
        // Rows stand in the same order: that of the scenarios.
        for (row, other) in self.rows.iter_mut().zip(other.rows) {
            row.browsers.extend(other.browsers);
        }
    }

    /// Whether nothing is unexplained, no judged scenario fails in a browser, and few enough are skipped for want of means.
    pub fn is_clean(&self) -> bool {
        self.browsers.keys().all(|browser| {
            self.browsers[browser].unexplained == 0
                && self.failed(browser).next().is_none()
                && self.harness_limits(browser) * 100 <= self.scenarios * HARNESS_LIMIT_PERCENT
        })
    }

    /// The steps of judged scenarios that do not hold in a browser.
    pub fn failed<'a>(&'a self, browser: &'a str) -> impl Iterator<Item = (&'a Row, &'a Side)> {
        self.sides(browser).filter(|(_, side)| !side.mismatches.is_empty())
    }

    /// How many scenarios are skipped for want of means.
    pub fn harness_limits(&self, browser: &str) -> usize {
        let first_steps = self.sides(browser).filter(|(row, _)| row.step == 1);
        first_steps
            .filter(|(_, side)| side.class == Class::Skipped && side.why.starts_with(HARNESS_LIMIT))
            .count()
    }

    fn sides<'a>(&'a self, browser: &'a str) -> impl Iterator<Item = (&'a Row, &'a Side)> {
        self.rows.iter().filter_map(move |row| Some((row, row.browsers.get(browser)?)))
    }
}

/// How many scenarios a browser agrees about; a scenario counts as the worst of its steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The browser's version.
    pub version: String,
    /// Model and browser see the same, which is what the standards say.
    pub agreed: usize,
    /// Model and browser see the same, and a rule of the profile makes the difference from the standards.
    pub explained: usize,
    /// Model and browser see something different.
    pub unexplained: usize,
    /// The scenario is not about this browser, or cannot be played in it.
    pub skipped: usize,
}

/// One step of a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The scenario's id.
    pub scenario: String,
    /// The step, counted from 1.
    pub step: usize,
    /// What was seen, by the browser's name.
    #[serde(flatten)]
    pub browsers: BTreeMap<String, Side>,
}

/// One step as a browser and its model see it.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// Whether they see the same.
    pub class: Class,
    /// The rules that explain it, what differs, or why it is skipped; empty where they agree.
    pub why: String,
    /// What the model sees with the browser's profile; `None` where it was not played.
    pub model: Option<Seen>,
    /// What the browser sees; `None` where it was not played.
    pub browser: Option<Seen>,
    /// What the scenario expects and the browser does not see, if the scenario is judged.
    pub mismatches: Vec<String>,
}

/// Whether a browser and its model see the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Not played.
    Skipped,
    /// The same, and what the standards say.
    Agreed,
    /// The same, and a rule of the profile accounts for it.
    Explained,
    /// Something different.
    Unexplained,
}

impl Class {
    /// The word that a report uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Agreed => "agreed",
            Self::Explained => "explained",
            Self::Unexplained => "unexplained",
        }
    }
}

/// Plays every scenario with one subject in every browser and in its model; `watch` is told of each scenario that is done, and
/// whether something in it is unexplained or fails.
///
/// Dropping the future stops everything.
pub async fn run(
    scenarios: &[Arc<Scenario>],
    subject: &Arc<dyn Subject>,
    witnesses: &[Witness],
    options: Options,
    mut watch: impl FnMut(&Scenario, bool),
) -> Agreement {
    let all = scenarios.len();
    let scenarios: Vec<_> = scenarios.iter().filter(|scenario| has_page(scenario)).collect();
    let free = Arc::new(Semaphore::new(options.jobs.get()));
    let mut players = JoinSet::new();
    for (position, &scenario) in scenarios.iter().enumerate() {
        let (scenario, subject, witnesses) = (scenario.clone(), subject.clone(), witnesses.to_vec());
        let free = free.clone();
        players.spawn(async move {
            // The semaphore is never closed.
            let _permit = free.acquire().await;
            let mut rows: Vec<_> = (1..=scenario.steps.len())
                .map(|step| Row { scenario: scenario.id.clone(), step, browsers: BTreeMap::new() })
                .collect();
            for witness in &witnesses {
                let sides = play::sides(&scenario, &subject, witness, options.time_limit).await;
                for (row, side) in rows.iter_mut().zip(sides) {
                    row.browsers.insert(witness.user_agent.browser().to_owned(), side);
                }
            }
            (position, rows)
        });
    }
    let mut played = BTreeMap::new();
    while let Some(result) = players.join_next().await {
        // What plays a scenario in a browser catches panics itself.
        let Ok((position, rows)) = result else { continue };
        let is_bad = rows
            .iter()
            .flat_map(|row| row.browsers.values())
            .any(|side| side.class == Class::Unexplained || !side.mismatches.is_empty());
        watch(scenarios[position], is_bad);
        played.insert(position, rows);
    }
    let browsers = witnesses.iter().map(|witness| {
        let browser = witness.user_agent.browser();
        (browser.to_owned(), count(browser, &witness.version, played.values()))
    });
    Agreement {
        scenarios: scenarios.len(),
        without_page: all - scenarios.len(),
        browsers: browsers.collect(),
        rows: played.into_values().flatten().collect(),
    }
}

/// Whether a scenario asks anything of a browser.
pub fn has_page(scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| matches!(step.action, Action::Fetch(_)))
}

fn count<'a>(browser: &str, version: &str, scenarios: impl Iterator<Item = &'a Vec<Row>>) -> Counts {
    let mut counts = Counts { version: version.to_owned(), ..Counts::default() };
    for rows in scenarios {
        let classes = rows.iter().filter_map(|row| row.browsers.get(browser)).map(|side| side.class);
        *match classes.max() {
            Some(Class::Agreed) => &mut counts.agreed,
            Some(Class::Explained) => &mut counts.explained,
            Some(Class::Unexplained) => &mut counts.unexplained,
            Some(Class::Skipped) | None => &mut counts.skipped,
        } += 1;
    }
    counts
}
