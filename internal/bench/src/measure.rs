//! Medians of interleaved rounds, and counted allocations.

use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::request::Path;

/// How many requests are timed at a time. They are made beforehand and all at once, so that making them costs nothing, and they
/// are few, so that they stay in the processor's cache.
const BATCH: usize = 64;
/// How many are answered first, untimed, so that nobody pays for what the measurement before left in the caches.
const WARM_UP: usize = 16;

/// An application of one framework, with or without a middleware, called without a socket.
pub(crate) trait Application {
    type Request<'a>
    where
        Self: 'a;
    type Response<'a>
    where
        Self: 'a;

    fn request(&self, path: Path) -> Self::Request<'_>;

    async fn respond<'a>(&'a self, request: Self::Request<'a>) -> Self::Response<'a>;

    fn outline<'a>(&'a self, response: &Self::Response<'a>) -> Outline;
}

/// What shows that a response is the one that was to be measured.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) status: u16,
    pub(crate) allow_origin: Option<String>,
}

/// Any application, to be measured.
pub(crate) trait Subject {
    /// One response, to look at.
    fn outline(&self, path: Path) -> Outline;

    /// The mean time of a request in one batch, in nanoseconds.
    fn time(&self, path: Path) -> f64;

    /// How often a request allocates.
    fn allocations(&self, path: Path) -> u64;
}

/// An application and the thread's runtime.
pub(crate) struct Measured<A> {
    application: A,
    runtime: Rc<Runtime>,
}

impl<A: Application> Measured<A> {
    pub(crate) fn new(application: A, runtime: &Rc<Runtime>) -> Self {
        Self { application, runtime: Rc::clone(runtime) }
    }
}

impl<A: Application> Subject for Measured<A> {
    fn outline(&self, path: Path) -> Outline {
        let request = self.application.request(path);
        self.application.outline(&self.runtime.block_on(self.application.respond(request)))
    }

    fn time(&self, path: Path) -> f64 {
        let mut requests: Vec<_> = (0..WARM_UP + BATCH).map(|_| self.application.request(path)).collect();
        let elapsed = self.runtime.block_on(async {
            for request in requests.drain(BATCH..) {
                drop(self.application.respond(request).await);
            }
            let start = Instant::now();
            for request in requests {
                drop(self.application.respond(request).await);
            }
            start.elapsed()
        });
        nanoseconds(elapsed) / BATCH as f64
    }

    fn allocations(&self, path: Path) -> u64 {
        let mut counted = 0;
        // Pools and caches are filled by the first ones.
        for _ in 0..5 {
            let request = self.application.request(path);
            counted = self.runtime.block_on(async {
                let mut response = pin!(self.application.respond(request));
                let mut context = Context::from_waker(Waker::noop());
                let mut is_ready = false;
                let counted = allocation_counter::measure(|| {
                    is_ready = response.as_mut().poll(&mut context).map(drop).is_ready();
                });
                assert!(is_ready, "a handler that waits for nothing answers at once");
                counted.count_total
            });
        }
        counted
    }
}

pub(crate) fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

/// The mean time of one call among `calls`, in nanoseconds.
pub(crate) fn time(calls: usize, mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        call();
    }
    nanoseconds(start.elapsed()) / calls as f64
}

/// Calls every sampler once per round, a different one first each time and every other time backwards, and returns the median of each.
pub(crate) fn interleaved(
    rounds: usize,
    samplers: &mut [Box<dyn FnMut() -> f64 + '_>],
    mut after_round: impl FnMut(),
) -> Vec<f64> {
    let mut samples = vec![Vec::with_capacity(rounds); samplers.len()];
    for round in 0..rounds {
        for offset in 0..samplers.len() {
            let forwards = (round + offset) % samplers.len();
            let index = if round % 2 == 0 { forwards } else { samplers.len() - 1 - forwards };
            samples[index].push(samplers[index]());
        }
        after_round();
    }
    samples.into_iter().map(median).collect()
}

/// The median of `samples`; 0 for none.
pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    samples.sort_by(f64::total_cmp);
    let middle = samples.len() / 2;
    if samples.len() % 2 == 1 { samples[middle] } else { (samples[middle - 1] + samples[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], 0.0)]
    #[case(&[3.0], 3.0)]
    #[case(&[3.0, 1.0, 100.0], 3.0)]
    #[case(&[4.0, 1.0, 2.0, 100.0], 3.0)]
    fn medians(#[case] samples: &[f64], #[case] expected: f64) {
        assert_eq!(median(samples.to_vec()), expected);
    }

    #[test]
    fn rounds_begin_with_another_sampler_each() {
        let order = std::cell::RefCell::new(Vec::new());
        let sampler = |name: u8| {
            let order = &order;
            Box::new(move || {
                order.borrow_mut().push(name);
                f64::from(name)
            }) as Box<dyn FnMut() -> f64>
        };
        let medians = interleaved(2, &mut [sampler(1), sampler(2), sampler(3)], || {});
        assert_eq!(medians, [1.0, 2.0, 3.0]);
        assert_eq!(*order.borrow(), [1, 2, 3, 2, 1, 3]);
    }
}
