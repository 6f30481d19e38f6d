//! Plays rows in a real browser.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;

use super::BrowserUnderTest;
use cors_browser::{Fetched, Outcome, PageAction};
use cors_browser_rows::{Row, Stage, without_numbers};
use cors_conformance::user_agent::{Session, UserAgentError};

/// How many sessions play at the same time. Each of them mostly waits for the browser. The last one plays the rows that wait.
const SESSIONS: usize = 4;

/// The time limit for a fetch.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Response headers that the proxy of a browser adds.
const ADDED_HEADERS: &[&str] = &["connection", "date", "keep-alive", "transfer-encoding"];

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

impl Playing<'_> {
    /// How long the row waits, in order.
    fn waits(&self) -> Vec<Duration> {
        self.row.steps.iter().map(|step| step.wait).filter(|wait| !wait.is_zero()).collect()
    }

    fn is_done(&self) -> bool {
        self.shown.len() == self.row.steps.len()
    }
}

/// Plays all rows; the result has an entry for each. `on_done` is called after each row.
pub(super) async fn all(
    rows: &[Row],
    browser: &BrowserUnderTest,
    on_done: impl FnMut(&Row, &Shown),
) -> Vec<Shown> {
    let on_done = Mutex::new(on_done);
    let done = |row: &Row, result: &Shown| {
        let mut on_done = on_done.lock().unwrap_or_else(PoisonError::into_inner);
        (*on_done)(row, result);
    };
    let mut results = BTreeMap::new();
    let mut shares: [Vec<Playing<'_>>; SESSIONS] = Default::default();
    for (index, row) in rows.iter().enumerate() {
        match row.with_own_hosts(index + 1) {
            Ok(numbered) => {
                let playing = Playing { index, row, numbered, shown: Vec::new() };
                let share = if playing.waits().is_empty() { index % (SESSIONS - 1) } else { SESSIONS - 1 };
                shares[share].push(playing);
            }
            Err(error) => {
                let result = Err(UserAgentError::Failed(error));
                done(row, &result);
                results.insert(index, result);
            }
        }
    }
    let shares = shares.into_iter().map(|share| play_in_one_session(share, browser, &done));
    results.extend(join_all(shares).await.into_iter().flatten());
    results.into_values().collect()
}

/// Plays rows one after the other. Rows that wait for the same time wait together.
async fn play_in_one_session(
    rows: Vec<Playing<'_>>,
    browser: &BrowserUnderTest,
    done: &impl Fn(&Row, &Shown),
) -> Vec<(usize, Shown)> {
    let hosts: BTreeSet<String> = rows.iter().flat_map(|playing| playing.numbered.hosts()).collect();
    let hosts = hosts.into_iter().collect();
    let mut results = Vec::new();
    let mut groups = BTreeMap::<Vec<Duration>, Vec<Playing<'_>>>::new();
    for playing in rows {
        groups.entry(playing.waits()).or_default().push(playing);
    }
    let mut player = Player { browser, hosts, stage: Arc::default(), session: None };
    for (waits, mut group) in groups {
        let mut waits = waits.into_iter();
        loop {
            let mut rest = Vec::new();
            for mut playing in group {
                let result = match player.play_to_next_wait(&mut playing).await {
                    Ok(()) if !playing.is_done() => {
                        rest.push(playing);
                        continue;
                    }
                    Ok(()) => Ok(playing.shown),
                    Err(error) => Err(error),
                };
                done(playing.row, &result);
                results.push((playing.index, result));
            }
            group = rest;
            match waits.next() {
                Some(wait) => tokio::time::sleep(wait).await,
                None => break,
            }
        }
    }
    results
}

/// A browser that plays rows in one session. After a failure it opens another.
struct Player<'a> {
    browser: &'a BrowserUnderTest,
    /// The hosts of all rows that it plays.
    hosts: Vec<String>,
    stage: Arc<Stage>,
    session: Option<Box<dyn Session>>,
}

impl Player<'_> {
    /// Plays the next fetches of a row: at least one, and those that follow it without a wait.
    async fn play_to_next_wait(&mut self, playing: &mut Playing<'_>) -> Result<(), UserAgentError> {
        let first = playing.shown.len();
        match self.play(playing).await {
            // Browsers sometimes lose a message of the automation protocol. In another session, nothing is cached yet.
            Err(UserAgentError::Failed(_)) if first == 0 => {
                playing.shown.clear();
                self.stage = Arc::default();
                self.play(playing).await
            }
            result => result,
        }
    }

    async fn play(&mut self, playing: &mut Playing<'_>) -> Result<(), UserAgentError> {
        self.stage.set(&playing.numbered);
        let mut session = match self.session.take() {
            Some(session) => session,
            None => {
                self.browser.user_agent.open(&playing.numbered.page, self.stage.clone(), &self.hosts).await?
            }
        };
        let first = playing.shown.len();
        for (index, step) in playing.numbered.steps.iter().enumerate().skip(first) {
            if index > first && !step.wait.is_zero() {
                break;
            }
            let fetch = session.act(&playing.numbered.page, PageAction::Fetch(step.request.clone()));
            let Ok(fetched) = tokio::time::timeout(TIME_LIMIT, fetch).await else {
                return Err(UserAgentError::Failed(format!("no result within {TIME_LIMIT:?}")));
            };
            let mut fetched = without_numbers(&fetched?, playing.index + 1);
            if let Outcome::Response(response) = &mut fetched.outcome {
                response.headers.retain(|(name, _)| !ADDED_HEADERS.contains(&name.as_str()));
            }
            playing.shown.push(fetched);
        }
        self.session = Some(session);
        Ok(())
    }
}
