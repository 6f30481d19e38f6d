//! Medians of interleaved rounds, and counts of allocations.

use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::request::Kind;

/// How many requests are timed together. They are made beforehand, so that the time to make them does not count. They are few
/// enough to stay in the processor's cache.
const BATCH: usize = 64;
/// How many requests are answered before the timed ones, to remove the influence of the previous measurement on the caches.
const WARM_UP: usize = 16;

/// An application of one framework, with or without a middleware, called without a socket.
pub(crate) trait Application {
    type Request<'a>
    where
        Self: 'a;
    type Response<'a>
    where
        Self: 'a;

    fn request(&self, kind: Kind) -> Self::Request<'_>;

    async fn respond<'a>(&'a self, request: Self::Request<'a>) -> Self::Response<'a>;

    fn answer<'a>(&'a self, response: &Self::Response<'a>) -> Answer;
}

/// The part of a response that shows whether it is the expected one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) allow_origin: Option<String>,
    /// Whether `Vary` names `Origin`.
    pub(crate) varies: bool,
}

impl Answer {
    /// An answer with this status, and with the first lines of these headers.
    pub(crate) fn new(status: u16, allow_origin: Option<&str>, vary: Option<&str>) -> Self {
        let names = |vary: &str| vary.split(',').any(|name| name.trim().eq_ignore_ascii_case("origin"));
        Self { status, allow_origin: allow_origin.map(str::to_owned), varies: vary.is_some_and(names) }
    }
}

/// An application whose type is hidden, so that those of all frameworks can be measured together.
pub(crate) trait Measurable {
    /// Answers one request, to be checked.
    fn answer(&self, kind: Kind) -> Answer;

    /// The mean time of a request in one batch, in nanoseconds.
    fn time(&self, kind: Kind) -> f64;

    /// The number of allocations for one request.
    fn allocations(&self, kind: Kind) -> u64;
}

/// An application and the runtime of this thread.
pub(crate) struct Measured<A> {
    application: A,
    runtime: Rc<Runtime>,
}

impl<A: Application> Measured<A> {
    pub(crate) fn new(application: A, runtime: &Rc<Runtime>) -> Self {
        Self { application, runtime: Rc::clone(runtime) }
    }
}

impl<A: Application> Measurable for Measured<A> {
    fn answer(&self, kind: Kind) -> Answer {
        let request = self.application.request(kind);
        self.application.answer(&self.runtime.block_on(self.application.respond(request)))
    }

    fn time(&self, kind: Kind) -> f64 {
        let mut requests: Vec<_> = (0..WARM_UP + BATCH).map(|_| self.application.request(kind)).collect();
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

    fn allocations(&self, kind: Kind) -> u64 {
        let mut counted = 0;
        // The first requests fill pools and caches; the last one is the result.
        for _ in 0..5 {
            let request = self.application.request(kind);
            counted = self.runtime.block_on(async {
                let mut response = pin!(self.application.respond(request));
                let mut context = Context::from_waker(Waker::noop());
                let mut is_ready = false;
                let counted = allocation_counter::measure(|| {
                    is_ready = response.as_mut().poll(&mut context).map(drop).is_ready();
                });
                assert!(is_ready, "the handler waits for nothing, so that one poll must be enough");
                counted.count_total
            });
        }
        counted
    }
}

/// The difference of two counts of allocations, or of any other counts.
pub(crate) fn difference(count: u64, base: u64) -> i64 {
    i64::try_from(i128::from(count) - i128::from(base)).unwrap_or(i64::MAX)
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

/// Takes one sample in each round.
pub(crate) type Sampler<'a> = Box<dyn FnMut() -> f64 + 'a>;

/// Calls every sampler once per round, and returns the median of each group of `N` samplers.
///
/// Each round starts with another sampler, and every second round goes backwards, so that a machine that gets slower or faster
/// changes all medians alike.
pub(crate) fn interleaved<const N: usize>(
    rounds: usize,
    groups: &mut [[Sampler<'_>; N]],
    mut after_round: impl FnMut(),
) -> Vec<[f64; N]> {
    let number = groups.len() * N;
    let mut samples = vec![Vec::with_capacity(rounds); number];
    for round in 0..rounds {
        for offset in 0..number {
            let forwards = (round + offset) % number;
            let index = if round % 2 == 0 { forwards } else { number - 1 - forwards };
            samples[index].push(groups[index / N][index % N]());
        }
        after_round();
    }
    let mut medians = samples.into_iter().map(median);
    groups.iter().map(|_| std::array::from_fn(|_| medians.next().unwrap_or_default())).collect()
}

/// The median of `samples`; 0 if there are no samples.
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
    use std::cell::RefCell;

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

    #[rstest]
    #[case(5, 3, 2)]
    #[case(3, 5, -2)]
    fn differences(#[case] count: u64, #[case] base: u64, #[case] expected: i64) {
        assert_eq!(difference(count, base), expected);
    }

    #[test]
    fn each_round_starts_with_another_sampler() {
        let order = RefCell::new(Vec::new());
        let sampler = |name: u8| -> Sampler<'_> {
            let order = &order;
            Box::new(move || {
                order.borrow_mut().push(name);
                f64::from(name)
            })
        };
        let mut rounds = 0;
        let medians = interleaved(2, &mut [[sampler(1)], [sampler(2)], [sampler(3)]], || rounds += 1);
        assert_eq!((medians.as_slice(), rounds), ([[1.0], [2.0], [3.0]].as_slice(), 2));
        assert_eq!(*order.borrow(), [1, 2, 3, 2, 1, 3]);
    }

    #[test]
    fn medians_stay_in_their_groups() {
        let sampler = |value: f64| -> Sampler<'_> { Box::new(move || value) };
        let medians =
            interleaved(3, &mut [[sampler(1.0), sampler(2.0)], [sampler(3.0), sampler(4.0)]], || {});
        assert_eq!(medians, [[1.0, 2.0], [3.0, 4.0]]);
    }
}
