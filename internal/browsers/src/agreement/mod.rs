//! Compares the browser model with real browsers, step by step.
//!
//! The people who write the middleware also write the model, so both can be wrong in the same way. To find that out, every scenario
//! is played three times: by a real browser, by the model with that browser's profile, and by the model that follows the standards
//! to the letter. If the browser and the model with the profile show the same, the model is right, and the step is *agreed* (the
//! standards say the same) or *explained* (a named [rule](cors_browser::Rule) of the profile causes the difference). Otherwise the
//! model or the browser is wrong, and the step is *unexplained*.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use cors_browser::Profile;
use cors_conformance::run::Options;
use cors_conformance::scenario::{Action, Scenario};
use cors_conformance::subject::Subject;
use cors_conformance::user_agent::UserAgent;

pub use render::{Format, render, summary};
pub use result::{Agreement, Class, Compared, Comparison, Counts, LIMIT_PERCENT, Row};
pub use view::{SentRequest, StepView};

mod compare;
pub mod console;
mod render;
mod result;
pub mod rows;
#[cfg(test)]
mod tests;
mod view;

/// A browser that the model is compared with.
#[derive(Clone)]
pub struct BrowserUnderTest {
    /// The version that the browser reports.
    pub version: String,
    /// The profile that describes this browser to the model.
    pub profile: Profile,
    /// The browser itself.
    pub user_agent: Arc<dyn UserAgent>,
}

/// Plays every scenario that has a page, with one subject, in every browser and in the model of that browser.
///
/// `on_done` is called after each scenario, with `true` if it is unexplained, failed, or does not meet its expectations. A panic
/// while one scenario is played counts that scenario as failed; the others are still played. Dropping the future stops everything.
pub async fn run(
    scenarios: &[Arc<Scenario>],
    subject: &Arc<dyn Subject>,
    browsers: &[BrowserUnderTest],
    options: Options,
    mut on_done: impl FnMut(&Scenario, bool),
) -> Agreement {
    let (with_page, without_page): (Vec<_>, Vec<_>) =
        scenarios.iter().partition(|scenario| has_page(scenario));
    let names: Vec<_> = browsers.iter().map(|browser| browser.user_agent.browser().to_owned()).collect();
    let permits = Arc::new(Semaphore::new(options.jobs.get()));
    let mut tasks = JoinSet::new();
    let mut playing = HashMap::new();
    for &scenario in &with_page {
        let (subject, browsers, permits) = (subject.clone(), browsers.to_vec(), permits.clone());
        let (names, played) = (names.clone(), scenario.clone());
        let task = tasks.spawn(async move {
            // The semaphore is never closed.
            let _permit = permits.acquire().await;
            let mut rows = empty_rows(&played);
            for (name, browser) in names.into_iter().zip(&browsers) {
                let comparisons = compare::scenario(&played, &subject, browser, options.time_limit).await;
                for (row, comparison) in rows.iter_mut().zip(comparisons) {
                    row.browsers.insert(name.clone(), comparison);
                }
            }
            rows
        });
        playing.insert(task.id(), scenario);
    }
    let mut played = BTreeMap::new();
    while let Some(result) = tasks.join_next_with_id().await {
        let (task, rows) = match result {
            Ok((task, rows)) => (task, Ok(rows)),
            Err(error) => (error.id(), Err(error)),
        };
        // Every task was entered into the map above.
        let Some(&scenario) = playing.get(&task) else { continue };
        let rows = rows.unwrap_or_else(|error| failed_rows(scenario, &names, &error.to_string()));
        on_done(scenario, rows.iter().any(Row::is_bad));
        played.insert(scenario.id.clone(), rows);
    }
    let counts = names.into_iter().zip(browsers).map(|(name, browser)| {
        let counts = Counts::new(browser.version.clone(), &name, played.values());
        (name, counts)
    });
    Agreement {
        subject: Compared::Scenarios,
        browsers: counts.collect(),
        selected: with_page.iter().map(|scenario| scenario.id.clone()).collect::<BTreeSet<_>>(),
        without_page: without_page.len(),
        rows: played.into_values().flatten().collect(),
    }
}

/// Whether a page takes part in a scenario. Without one, there is nothing for a browser to do.
pub fn has_page(scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| matches!(step.action, Action::Page(_)))
}

fn empty_rows(scenario: &Scenario) -> Vec<Row> {
    let row = |step| Row { scenario: scenario.id.clone(), step, browsers: BTreeMap::new() };
    (1..=scenario.steps.len()).map(row).collect()
}

fn failed_rows(scenario: &Scenario, browsers: &[String], reason: &str) -> Vec<Row> {
    let mut rows = empty_rows(scenario);
    for row in &mut rows {
        let failed = |name: &String| (name.clone(), Comparison::not_compared(Class::Failed, reason));
        row.browsers = browsers.iter().map(failed).collect();
    }
    rows
}
