//! The test of one server under load.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::Failure;
use crate::client::{World, http1, http2, malformed};
use crate::expectation::Quirks;
use crate::process::{Target, memory};
use crate::report::{LoadReport, Memory, Tally};

/// How long a policy is in force.
const REPLACED_EVERY: Duration = Duration::from_millis(10);

/// A test lasts until so many policies were in force, even if its time is over: a busy machine may do little in a short time.
const FEWEST_POLICIES: u64 = 20;

/// How often the memory is looked at.
const SAMPLED_EVERY: Duration = Duration::from_millis(100);

/// Clients with an HTTP/1.1 connection, connections with HTTP/2, and clients with malformed requests.
const CLIENTS: [u64; 3] = [16, 3, 6];

/// Sends requests to a server for some time, while its policies are replaced. `tick` is called with the time that has passed.
///
/// # Errors
///
/// The server does not answer at all. Wrong responses are in the report.
pub async fn run(
    target: Box<dyn Target>,
    quirks: Quirks,
    time: Duration,
    tick: impl Fn(Duration),
) -> Result<LoadReport, Failure> {
    let process = target.process();
    let world = Arc::new(World::new(target.address(), quirks));
    let mut samples: Vec<u64> = memory(process).into_iter().collect();
    let start = Instant::now();
    let replacing = tokio::spawn(replace(Arc::clone(&world), target));

    let mut clients = JoinSet::new();
    let [http1_clients, http2_clients, malformed_clients] = CLIENTS;
    for _ in 0..http1_clients {
        clients.spawn(http1::run(Arc::clone(&world), fastrand::u64(..)));
    }
    for _ in 0..http2_clients {
        clients.spawn(http2::run(Arc::clone(&world), fastrand::u64(..)));
    }
    for _ in 0..malformed_clients {
        clients.spawn(malformed::run(Arc::clone(&world), fastrand::u64(..)));
    }
    let is_done = || start.elapsed() >= time && world.newest() >= FEWEST_POLICIES;
    while !is_done() && !replacing.is_finished() {
        sleep(SAMPLED_EVERY.min(time)).await;
        samples.extend(memory(process));
        tick(start.elapsed());
    }
    world.end();
    let mut tally = Tally::default();
    while let Some(ended) = clients.join_next().await {
        match ended {
            Ok(counts) => tally.add(counts),
            Err(error) => tally.lost(format!("a client failed: {error}")),
        }
    }

    let mut report = LoadReport { seconds: start.elapsed().as_secs_f64(), ..LoadReport::default() };
    let (mut target, newest) = replacing.await??;
    let (panics, examples) = target.panics().await?;
    report.policies = newest + 1;
    report.panics = panics;
    report.examples = examples;
    report.memory = (!samples.is_empty()).then(|| Memory::of(&samples));
    report.count(tally);
    Ok(report)
}

/// A target whose policies are replaced until the test ends, and the number of the newest policy.
pub(crate) type Replaced = (Box<dyn Target>, u64);

/// Replaces the policies a hundred times a second until the test ends.
pub(crate) async fn replace(world: Arc<World>, mut target: Box<dyn Target>) -> Result<Replaced, Failure> {
    let mut ticks = interval(REPLACED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    while !world.ends() {
        ticks.tick().await;
        number += 1;
        world.replacing(number);
        target.replace(number).await?;
        world.replaced(number);
    }
    Ok((target, number))
}

/// The task that replaces the policies.
pub(crate) type Replacing = JoinHandle<Result<Replaced, Failure>>;
