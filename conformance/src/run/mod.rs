//! Runs: all scenarios against all subjects, side by side.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::scenario::Scenario;
use crate::subject::Subject;
use crate::user_agent::UserAgent;
use crate::verdict::Observation;

pub use judgement::{Judgement, Verdict};
pub use result::{Run, ScenarioResult, SubjectRun};

mod case;
mod judgement;
mod result;
mod servers;

/// How a run is carried out.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many scenarios are played at the same time.
    pub jobs: NonZeroUsize,
    /// How long one scenario may take with one subject, from the start of its servers.
    pub time_limit: Duration,
}

impl Default for Options {
    /// Two scenarios for each processor, 30 s for each of them.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            jobs: processors.saturating_mul(NonZeroUsize::MIN.saturating_add(1)),
            time_limit: Duration::from_secs(30),
        }
    }
}

/// Plays every scenario with every subject; `watch` is told of each result as it comes.
///
/// A scenario is skipped if one that it depends on, and that is part of the run, did not hold for the subject. Nothing that goes
/// wrong in one scenario, a panic included, keeps the others from being played. Dropping the future stops everything.
pub async fn run(
    scenarios: &[Arc<Scenario>],
    subjects: &[Arc<dyn Subject>],
    user_agent: &Arc<dyn UserAgent>,
    options: Options,
    mut watch: impl FnMut(&dyn Subject, &ScenarioResult),
) -> Run {
    let free = Arc::new(Semaphore::new(options.jobs.get()));
    let (report, mut reports) = mpsc::unbounded_channel();
    let mut players = JoinSet::new();
    for (number, subject) in subjects.iter().enumerate() {
        let mut fates = Fates::new(scenarios);
        for scenario in scenarios {
            let (pending, tell) = fates.of(scenario);
            let (scenario, subject, user_agent) = (scenario.clone(), subject.clone(), user_agent.clone());
            let (free, report) = (free.clone(), report.clone());
            players.spawn(async move {
                let broken = broken(pending).await;
                // The semaphore is never closed.
                let _permit = free.acquire().await;
                let begun = Instant::now();
                let judgement = match broken {
                    Some(dependency) => Judgement::skip_dependent(&dependency),
                    None => play(&scenario, &subject, &user_agent, options.time_limit).await,
                };
                tell.send_replace(Some(judgement.upholds_dependents()));
                let result = ScenarioResult::new(&scenario, judgement, begun.elapsed());
                // Nobody listens only if the run was given up.
                let _ = report.send((number, result));
            });
        }
    }
    drop(report);

    let mut results: Vec<Vec<ScenarioResult>> = subjects.iter().map(|_| Vec::new()).collect();
    while let Some((number, result)) = reports.recv().await {
        watch(&*subjects[number], &result);
        results[number].push(result);
    }
    let subjects = subjects
        .iter()
        .zip(results)
        .map(|(subject, results)| SubjectRun::new(&**subject, user_agent.name(), results))
        .collect();
    Run { scenarios: scenarios.len(), subjects }
}

/// Plays one scenario with one subject, within a time limit; a panic is a failure like any other.
pub async fn play(
    scenario: &Arc<Scenario>,
    subject: &Arc<dyn Subject>,
    user_agent: &Arc<dyn UserAgent>,
    time_limit: Duration,
) -> Judgement {
    let (playing, with, by) = (scenario.clone(), subject.clone(), user_agent.clone());
    let judgement = guard(time_limit, async move { case::play(&playing, &*with, &*by).await })
        .await
        .unwrap_or_else(|failure| failure);
    if scenario.kind.is_judged() { judgement } else { judgement.without_failing() }
}

/// Plays one scenario with one subject as [`play`] does, even if it is not about them, and without a judgement: what was seen of
/// each step.
///
/// # Errors
///
/// The verdict, where it is clear without steps: a scenario that is skipped, a server that does not start, the time limit, a panic.
pub async fn observe(
    scenario: &Arc<Scenario>,
    subject: &Arc<dyn Subject>,
    user_agent: &Arc<dyn UserAgent>,
    time_limit: Duration,
) -> Result<Vec<Observation>, Judgement> {
    let (playing, with, by) = (scenario.clone(), subject.clone(), user_agent.clone());
    guard(time_limit, async move { case::observe(&playing, &*with, &*by).await }).await?
}

/// Runs what plays a scenario in a task of its own: neither a panic nor a lack of an end goes further.
async fn guard<T: Send + 'static>(
    time_limit: Duration,
    playing: impl Future<Output = T> + Send + 'static,
) -> Result<T, Judgement> {
    // A set of one, because what it holds is aborted when it is dropped.
    let mut player = JoinSet::new();
    player.spawn(tokio::time::timeout(time_limit, playing));
    match player.join_next().await {
        Some(Ok(Ok(played))) => Ok(played),
        Some(Ok(Err(_))) => Err(Judgement::fail(format!("did not end within {time_limit:?}"))),
        Some(Err(error)) => Err(Judgement::fail(panic_message(error))),
        None => Err(Judgement::fail("was not played")),
    }
}

fn panic_message(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else {
        return "was aborted".to_owned();
    };
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    format!("panicked: {text}")
}

/// How the scenarios of one subject turn out: `None` while nobody knows, then whether one holds.
struct Fates<'a>(HashMap<&'a str, watch::Sender<Option<bool>>>);

/// The scenarios that another one waits for, by id.
type Pending = Vec<(String, watch::Receiver<Option<bool>>)>;

impl<'a> Fates<'a> {
    fn new(scenarios: &'a [Arc<Scenario>]) -> Self {
        Self(scenarios.iter().map(|scenario| (scenario.id.as_str(), watch::Sender::new(None))).collect())
    }

    /// What a scenario has to wait for, and where to tell how it turned out.
    fn of(&mut self, scenario: &Scenario) -> (Pending, watch::Sender<Option<bool>>) {
        let pending = scenario
            .depends_on
            .iter()
            .filter_map(|id| Some((id.clone(), self.0.get(id.as_str())?.subscribe())))
            .collect();
        let tell = self.0.get(scenario.id.as_str()).cloned().unwrap_or_default();
        (pending, tell)
    }
}

/// Waits for scenarios; the first that does not hold.
async fn broken(pending: Pending) -> Option<String> {
    for (id, mut fate) in pending {
        // A sender that is gone without a word belonged to a player that was aborted.
        let holds = fate.wait_for(Option::is_some).await.ok().and_then(|fate| *fate);
        if holds != Some(true) {
            return Some(id);
        }
    }
    None
}
