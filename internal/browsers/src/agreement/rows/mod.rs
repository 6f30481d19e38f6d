//! Compares the model with real browsers, row by row.
//!
//! The rows are in `cors-browser/tests/rows`. One session of a browser plays all of them, with hosts of its own for each row, so that
//! a row takes no more time than its fetches. What the browsers showed is recorded in `internal/browsers/rows`, so that the model is
//! compared with them on machines without browsers as well.

mod play;
mod record;

use std::collections::BTreeMap;

use super::{Agreement, BrowserUnderTest, Class, Compared, Comparison, Counts, StepView};
use cors_browser::{Fetched, Outcome, Profile};
use cors_browser_rows::Row as TableRow;
use cors_conformance::user_agent::UserAgentError;
use cors_conformance::verdict::Observation;

pub use self::record::{Recording, differences};

/// What a browser and its model show of rows.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// The comparison.
    pub agreement: Agreement,
    /// What the browser showed.
    pub recording: Recording,
}

/// Plays rows in a browser and in its model. `on_done` is called after each row, with `true` if the browser could not play it.
pub async fn run(rows: &[TableRow], browser: &BrowserUnderTest, mut on_done: impl FnMut(bool)) -> Played {
    let name = browser.user_agent.browser().to_owned();
    let mut recording = Recording { version: browser.version.clone(), rows: BTreeMap::new() };
    let mut compared = BTreeMap::new();
    let results = play::all(rows, browser, |row, result| {
        if let Ok(fetched) = result {
            recording.add(row, fetched);
        }
        on_done(result.is_err());
    });
    for (row, result) in rows.iter().zip(results.await) {
        let comparisons = compare(row, &browser.profile, result).await;
        let steps = comparisons.into_iter().enumerate().map(|(index, comparison)| super::Row {
            scenario: row.id(),
            step: index + 1,
            browsers: BTreeMap::from([(name.clone(), comparison)]),
        });
        compared.insert(row.id(), steps.collect::<Vec<_>>());
    }
    let counts = Counts::new(browser.version.clone(), &name, compared.values());
    let agreement = Agreement {
        subject: Compared::Rows,
        selected: rows.iter().map(TableRow::id).collect(),
        without_page: 0,
        browsers: BTreeMap::from([(name, counts)]),
        rows: compared.into_values().flatten().collect(),
    };
    Played { agreement, recording }
}

/// Compares each fetch of a row.
async fn compare(
    row: &TableRow,
    profile: &Profile,
    shown: Result<Vec<Fetched>, UserAgentError>,
) -> Vec<Comparison> {
    let shown = match shown {
        Ok(shown) => shown,
        Err(error) => {
            let class = match &error {
                UserAgentError::Unable(_) => Class::Skipped,
                _ => Class::Failed,
            };
            let comparison = Comparison::not_compared(class, &error.to_string());
            return vec![Comparison { is_limit: class == Class::Skipped, ..comparison }; row.steps.len()];
        }
    };
    let mismatches = row.expected_of(profile.engine()).differences(&shown);
    let model = row.play(profile.clone()).await;
    let standard = row.play(profile.without_rules()).await;
    let mut comparisons = Vec::new();
    for (index, browser) in shown.iter().enumerate() {
        let (expected, browser) = (view(&model[index]), view(browser));
        let differences = expected.differences_except_console(&browser);
        let (class, why) = if !differences.is_empty() {
            (Class::Unexplained, differences.join("; "))
        } else if view(&standard[index]).differences_except_console(&browser).is_empty() {
            (Class::Agreed, String::new())
        } else {
            (Class::Explained, explain(row, profile, index, &browser).await)
        };
        comparisons.push(Comparison {
            class,
            why,
            is_limit: false,
            model: Some(expected),
            browser: Some(browser),
            mismatches: if index + 1 == shown.len() { mismatches.clone() } else { Vec::new() },
        });
    }
    comparisons
}

/// The rules of the profile without which the model would not show what the browser shows.
async fn explain(row: &TableRow, profile: &Profile, index: usize, browser: &StepView) -> String {
    let mut rules = Vec::new();
    for rule in profile.rules() {
        let without = row.play(profile.without(rule.name)).await;
        if !view(&without[index]).differences_except_console(browser).is_empty() {
            rules.push(format!("{} ({})", rule.name, rule.source));
        }
    }
    if rules.is_empty() {
        return "more than one rule causes the difference".to_owned();
    }
    rules.join(", ")
}

/// Request headers that are the same for every request of a browser, and that no row is about.
const IGNORED_HEADERS: &[&str] = &[
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-length",
    "pragma",
    "priority",
    "referer",
    "user-agent",
];

fn is_ignored(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
    IGNORED_HEADERS.contains(&name.as_str())
        || name.starts_with("sec-")
        || line.eq_ignore_ascii_case("accept: */*")
}

/// What the page and the wire show of a fetch. The console is compared elsewhere.
fn view(fetched: &Fetched) -> StepView {
    let outcome: &Outcome = &fetched.outcome;
    let mut view = StepView::new(&Observation {
        page: Some(outcome.clone()),
        exchanges: fetched.exchanges.clone(),
        console: Vec::new(),
        handlers_run: None,
        document_cookie: None,
    });
    for request in &mut view.requests {
        request.headers.retain(|line| !is_ignored(line));
        // Header names are in any case on the wire.
        request.headers.iter_mut().for_each(|line| {
            if let Some((name, value)) = line.split_once(':') {
                *line = format!("{}:{value}", name.to_ascii_lowercase());
            }
        });
        request.headers.sort();
    }
    view
}
