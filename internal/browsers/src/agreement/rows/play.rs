//! Plays rows in a real browser.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::BrowserUnderTest;
use cors_browser::Fetched;
use cors_browser_rows::{Row, Stage, without_numbers};
use cors_conformance::user_agent::{Session, UserAgentError};

/// The time limit for a fetch.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// What a browser showed of a row.
type Shown = Result<Vec<Fetched>, UserAgentError>;

/// A row that is being played.
struct Playing<'a> {
    /// Its index among all rows.
    index: usize,
    row: &'a Row,
    /// The same row with hosts of its own.
    numbered: Row,
    shown: Vec<Fetched>,
}

/// Plays all rows; the result has an entry for each. `on_done` is called after each row.
pub(super) async fn all(
    rows: &[Row],
    browser: &BrowserUnderTest,
    mut on_done: impl FnMut(&Row, &Shown),
) -> Vec<Shown> {
    let mut results = BTreeMap::new();
    // Rows that wait for the same time wait together.
    let mut groups = BTreeMap::<Vec<Duration>, Vec<Playing<'_>>>::new();
    for (index, row) in rows.iter().enumerate() {
        match row.with_own_hosts(index + 1) {
            Ok(numbered) => {
                let waits = row.steps.iter().map(|step| step.wait).filter(|wait| !wait.is_zero());
                let playing = Playing { index, row, numbered, shown: Vec::new() };
                groups.entry(waits.collect()).or_default().push(playing);
            }
            Err(error) => {
                let result = Err(UserAgentError::Failed(error));
                on_done(row, &result);
                results.insert(index, result);
            }
        }
    }
    let mut player = Player { browser, stage: Arc::default(), session: None };
    for (waits, mut group) in groups {
        let mut waits = waits.into_iter();
        loop {
            let mut rest = Vec::new();
            for mut playing in group {
                let result = match player.play_to_next_wait(&mut playing).await {
                    Ok(()) if playing.shown.len() < playing.row.steps.len() => {
                        rest.push(playing);
                        continue;
                    }
                    Ok(()) => Ok(playing.shown),
                    Err(error) => Err(error),
                };
                on_done(playing.row, &result);
                results.insert(playing.index, result);
            }
            group = rest;
            match waits.next() {
                Some(wait) => tokio::time::sleep(wait).await,
                None => break,
            }
        }
    }
    results.into_values().collect()
}

/// A browser that plays rows in one session.
struct Player<'a> {
    browser: &'a BrowserUnderTest,
    stage: Arc<Stage>,
    session: Option<Box<dyn Session>>,
}

impl Player<'_> {
    /// Plays the next fetches of a row: at least one, and those that follow it without a wait. After a failure, the next row gets
    /// another session.
    async fn play_to_next_wait(&mut self, playing: &mut Playing<'_>) -> Result<(), UserAgentError> {
        self.stage.set(&playing.numbered);
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.browser.user_agent.open(self.stage.clone()).await?,
        };
        let first = playing.shown.len();
        for (index, step) in playing.numbered.steps.iter().enumerate().skip(first) {
            if index > first && !step.wait.is_zero() {
                break;
            }
            let fetch = session.fetch(&playing.numbered.page, step.request.clone());
            let Ok(fetched) = tokio::time::timeout(TIME_LIMIT, fetch).await else {
                return Err(UserAgentError::Failed(format!("no result within {TIME_LIMIT:?}")));
            };
            playing.shown.push(without_numbers(&fetched?, playing.index + 1));
        }
        self.session = Some(session);
        Ok(())
    }
}
