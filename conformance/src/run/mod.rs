//! Runs: scenarios played with subjects, many at a time.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::scenario::{self, Scenario};
use crate::specimen;
use crate::subject::{KnownLimit, Subject, SubjectKind};
use crate::user_agent::UserAgent;
use crate::verdict::Observation;

pub use judgement::{Judgement, Verdict};
pub use result::{Run, ScenarioResult, SubjectRun, Unclean};

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
    /// Whether each subject's specimen is [checked](specimen::check) first. Tests of the suite itself turn this off.
    pub check_specimen: bool,
}

impl Default for Options {
    /// Two scenarios for each processor, 30 s for each of them, and the specimen is checked.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            jobs: processors.saturating_mul(NonZeroUsize::MIN.saturating_add(1)),
            time_limit: Duration::from_secs(30),
            check_specimen: true,
        }
    }
}

/// Plays every scenario with every subject. `watch` is called with each result as it comes.
///
/// The specimen of each subject is checked first; if it is wrong, no scenario is played with the subject. A scenario is not asked if
/// one that it depends on, and that is part of the run, did not hold for the subject. A failure or panic in one scenario does not
/// affect the others. Dropping the future stops everything.
///
/// [`Suite`](crate::Suite) is a shorter way to do the same.
pub async fn run(
    scenarios: &[Arc<Scenario>],
    subjects: &[Arc<dyn Subject>],
    user_agent: &Arc<dyn UserAgent>,
    options: Options,
    watch: impl FnMut(&dyn Subject, &ScenarioResult),
) -> Run {
    let exists = |id: &str| scenarios.iter().any(|scenario| scenario.id == id) || scenario::is_embedded(id);
    run_knowing(exists, scenarios, subjects, user_agent, options, watch).await
}

/// As [`run`]. `exists` says whether there is a scenario with an id, selected or not.
pub(crate) async fn run_knowing(
    exists: impl Fn(&str) -> bool,
    scenarios: &[Arc<Scenario>],
    subjects: &[Arc<dyn Subject>],
    user_agent: &Arc<dyn UserAgent>,
    options: Options,
    mut watch: impl FnMut(&dyn Subject, &ScenarioResult),
) -> Run {
    let free = Arc::new(Semaphore::new(options.jobs.get()));
    let unfit = check_all(subjects, &free, options).await;
    let (report, mut reports) = mpsc::unbounded_channel();
    let mut players = JoinSet::new();
    for (number, subject) in subjects.iter().enumerate().filter(|(number, _)| !unfit.contains_key(number)) {
        let mut outcomes = Outcomes::new(scenarios);
        for scenario in scenarios {
            let (pending, outcome) = outcomes.of(scenario);
            let (scenario, subject, user_agent) = (scenario.clone(), subject.clone(), user_agent.clone());
            let (free, report) = (free.clone(), report.clone());
            players.spawn(async move {
                let broken = broken(pending).await;
                // The semaphore is never closed.
                let _permit = free.acquire().await;
                let begun = Instant::now();
                let judgement = match broken {
                    Some(dependency) => Judgement::not_asked_dependent(&dependency),
                    None => play(&scenario, &subject, &user_agent, options.time_limit).await,
                };
                outcome.send_replace(Some(judgement.upholds_dependents()));
                let result = ScenarioResult::new(&scenario, judgement, begun.elapsed());
                // The receiver is gone only if the run was dropped.
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
    let subjects = subjects.iter().zip(results).enumerate().map(|(number, (subject, results))| {
        let mut run = match unfit.get(&number) {
            Some(problem) => SubjectRun::unplayed(&**subject, user_agent.name(), scenarios.len(), problem),
            None => SubjectRun::new(&**subject, user_agent.name(), results),
        };
        run.problems.extend(wrong_limits(&**subject, &exists, scenarios));
        run
    });
    let mut subjects: Vec<_> = subjects.collect();
    result::keep_examples(&mut subjects);
    Run { scenarios: scenarios.len(), problems: Vec::new(), subjects }
}

/// Prepares all subjects and checks their specimens. Returns the problems of those that are not fit to be tested, by their position.
async fn check_all(
    subjects: &[Arc<dyn Subject>],
    free: &Arc<Semaphore>,
    options: Options,
) -> HashMap<usize, String> {
    let checks = subjects.iter().enumerate().map(|(number, subject)| {
        let (subject, free) = (subject.clone(), free.clone());
        async move {
            // The semaphore is never closed.
            let _permit = free.acquire().await;
            if let Err(error) = subject.prepare().await {
                return Some((number, format!("the subject {error}")));
            }
            if !options.check_specimen {
                return None;
            }
            let checking = async move { specimen::check(&*subject).await.map_err(|error| error.to_string()) };
            let checked = guard(options.time_limit, checking).await;
            let problem = checked.unwrap_or_else(|judgement| {
                Err(format!("the specimen could not be checked: {}", judgement.detail))
            });
            problem.err().map(|problem| (number, problem))
        }
    });
    join_all(checks).await.into_iter().flatten().collect()
}

/// Known limits that are declared for scenarios that do not exist or cannot be failed.
fn wrong_limits(
    subject: &dyn Subject,
    exists: &impl Fn(&str) -> bool,
    scenarios: &[Arc<Scenario>],
) -> Vec<String> {
    let is_informative =
        |id: &str| scenarios.iter().any(|scenario| scenario.id == id && !scenario.kind.is_judged());
    let problem = |limit: &KnownLimit| {
        let id = &*limit.scenario;
        if !exists(id) {
            Some(format!(
                "declares a known limit for `{id}`, which is not a scenario: correct the id or remove it"
            ))
        } else if is_informative(id) {
            Some(format!(
                "declares a known limit for `{id}`, which is informative and cannot be failed: remove it"
            ))
        } else {
            None
        }
    };
    subject.limits().iter().filter_map(problem).collect()
}

/// Plays one scenario with one subject, within a time limit. A panic is an error like any other.
///
/// The specimen is not checked.
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
    if !scenario.kind.is_judged() {
        return judgement.without_failing();
    }
    if let Some(limit) = subject.limits().iter().find(|limit| limit.scenario == scenario.id) {
        return judgement.within(limit);
    }
    match subject.disputes().iter().find(|dispute| dispute.scenario == scenario.id) {
        Some(dispute) if subject.kind() != SubjectKind::Adapter => judgement.disputed_by(dispute),
        _ => judgement,
    }
}

/// Plays one scenario with one subject as [`play`] does, even if it does not apply to them. Returns what was seen of each step
/// instead of a judgement.
///
/// # Errors
///
/// The judgement, if not all steps could be played: the user agent refused, a server did not start, the time limit, or a panic.
pub async fn observe(
    scenario: &Arc<Scenario>,
    subject: &Arc<dyn Subject>,
    user_agent: &Arc<dyn UserAgent>,
    time_limit: Duration,
) -> Result<Vec<Observation>, Judgement> {
    let (playing, with, by) = (scenario.clone(), subject.clone(), user_agent.clone());
    let seen = guard(time_limit, async move { case::observe(&playing, &*with, &*by).await }).await??;
    Ok(seen.observations)
}

/// Runs a future in a task of its own, so that a panic stays in it, and within a time limit.
async fn guard<T: Send + 'static>(
    time_limit: Duration,
    playing: impl Future<Output = T> + Send + 'static,
) -> Result<T, Judgement> {
    // A set of one, because what it holds is aborted when it is dropped.
    let mut player = JoinSet::new();
    player.spawn(tokio::time::timeout(time_limit, playing));
    match player.join_next().await {
        Some(Ok(Ok(played))) => Ok(played),
        Some(Ok(Err(_))) => Err(Judgement::error(format!("did not end within {time_limit:?}"))),
        Some(Err(error)) => Err(Judgement::error(panic_message(error))),
        None => Err(Judgement::error("was not played")),
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

/// The outcomes of the scenarios of one subject: `None` until it is known, then whether dependent scenarios can be played.
struct Outcomes<'a>(HashMap<&'a str, watch::Sender<Option<bool>>>);

/// The scenarios that another one waits for, by id.
type Pending = Vec<(String, watch::Receiver<Option<bool>>)>;

impl<'a> Outcomes<'a> {
    fn new(scenarios: &'a [Arc<Scenario>]) -> Self {
        Self(scenarios.iter().map(|scenario| (scenario.id.as_str(), watch::Sender::new(None))).collect())
    }

    /// The outcomes that a scenario has to wait for, and the sender of its own.
    fn of(&mut self, scenario: &Scenario) -> (Pending, watch::Sender<Option<bool>>) {
        let pending = scenario
            .depends_on
            .iter()
            .filter_map(|id| Some((id.clone(), self.0.get(id.as_str())?.subscribe())))
            .collect();
        let outcome = self.0.get(scenario.id.as_str()).cloned().unwrap_or_default();
        (pending, outcome)
    }
}

/// Waits for scenarios. Returns the first that does not hold.
async fn broken(pending: Pending) -> Option<String> {
    for (id, mut outcome) in pending {
        // A sender that was dropped without a value belonged to a task that was aborted.
        let holds = outcome.wait_for(Option::is_some).await.ok().and_then(|holds| *holds);
        if holds != Some(true) {
            return Some(id);
        }
    }
    None
}

#[cfg(test)]
mod tests;
