//! Policies with many origins: the cost of a decision, of building the policy and of its memory, beside a `HashSet<String>`.

use std::collections::HashSet;
use std::hint::black_box;
use std::time::Instant;

use cors_core::{Policy, Rule};
use serde::Serialize;

use crate::head::Head;
use crate::measure::{Sampler, interleaved, median, nanoseconds, time};

/// How many decisions are timed together.
const BATCH: usize = 500;
/// How often each policy is built.
const BUILDS: usize = 5;

/// The kinds and numbers of origins.
pub(crate) const SIZES: [(Kind, usize); 9] = [
    (Kind::Any, 1),
    (Kind::Exact, 10),
    (Kind::Exact, 1_000),
    (Kind::Exact, 100_000),
    (Kind::Exact, 1_000_000),
    (Kind::Wildcard, 10),
    (Kind::Wildcard, 10_000),
    (Kind::Ruled, 10),
    (Kind::Ruled, 1_000_000),
];

/// The most rules among which origins are divided.
const RULES: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// `*`
    Any,
    /// `https://shop-17.example.com`
    Exact,
    /// `https://*.shop-17.example.com`
    Wildcard,
    /// `https://shop-17.example.com` in one of up to 1,000 rules
    Ruled,
}

/// The cost of a policy of one size.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct PolicySize {
    pub(crate) kind: Kind,
    pub(crate) origins: usize,
    /// The same origin every time, so that everything that is looked up is in the processor's cache.
    pub(crate) one_origin_ns: f64,
    /// Another origin every time.
    pub(crate) any_origin_ns: f64,
    /// Another origin every time, none of them allowed.
    /// `None` if every origin is allowed.
    pub(crate) denied_ns: Option<f64>,
    /// `HashSet::contains` with the same strings as `any_origin_ns`; for wildcards, with the entry itself.
    pub(crate) hash_set_any_origin_ns: f64,
    pub(crate) build_ns: f64,
    pub(crate) hash_set_build_ns: f64,
    pub(crate) bytes: i64,
    pub(crate) hash_set_bytes: i64,
}

pub(crate) fn measure(rounds: usize, mut progress: impl FnMut()) -> Vec<PolicySize> {
    let mut measured = Vec::new();
    for (kind, origins) in SIZES {
        measured.push(measure_one(kind, origins, rounds));
        progress();
    }
    measured
}

fn measure_one(kind: Kind, origins: usize, rounds: usize) -> PolicySize {
    let entries: Vec<String> = (0..origins).map(|number| kind.entry(number)).collect();
    let mut policy = None;
    let bytes = allocation_counter::measure(|| policy = Some(kind.build(&entries))).bytes_current;
    let mut set = None;
    let hash_set_bytes = allocation_counter::measure(|| set = Some(fill(&entries))).bytes_current;
    let (Some(policy), Some(set)) = (policy, set) else { unreachable!("both were built above") };

    let (mut builds, mut fills) = (Vec::new(), Vec::new());
    for _ in 0..BUILDS {
        builds.push(time_once(|| kind.build(&entries)));
        fills.push(time_once(|| fill(&entries)));
    }

    let one = kind.origin(origins / 2);
    let mut start = 0;
    // New strings for each batch, so that reading them causes no cache misses.
    let mut batch = |text: &dyn Fn(usize) -> String| -> Vec<String> {
        start += 1;
        // A large prime, so that successive strings are far apart in the policy.
        (0..BATCH).map(|index| text((start + index) * 15_485_863 % origins)).collect()
    };
    let batch = std::cell::RefCell::new(&mut batch);
    let decide = |origin: &str| {
        let _ = black_box(policy.decide(black_box(&Head::from_origin(origin))));
    };
    let samplers: [Sampler<'_>; 4] = [
        Box::new(|| time(BATCH, || decide(&one))),
        Box::new(|| time_each(&(batch.borrow_mut())(&|number| kind.origin(number)), decide)),
        Box::new(|| time_each(&(batch.borrow_mut())(&|number| kind.unlisted_origin(number)), decide)),
        Box::new(|| {
            let entries = (batch.borrow_mut())(&|number| kind.entry(number));
            time_each(&entries, |entry| {
                black_box(set.contains(entry));
            })
        }),
    ];
    let mut samplers = [samplers];
    let ns = interleaved(rounds, &mut samplers, || {})[0];
    drop(samplers);
    PolicySize {
        kind,
        origins,
        one_origin_ns: ns[0],
        any_origin_ns: ns[1],
        denied_ns: (kind != Kind::Any).then_some(ns[2]),
        hash_set_any_origin_ns: ns[3],
        build_ns: median(builds),
        hash_set_build_ns: median(fills),
        bytes,
        hash_set_bytes,
    }
}

impl Kind {
    fn entry(self, number: usize) -> String {
        match self {
            Self::Any => "*".to_owned(),
            Self::Exact | Self::Ruled => self.origin(number),
            Self::Wildcard => format!("https://*.shop-{number}.example.com"),
        }
    }

    /// An origin that the entry with this number allows.
    fn origin(self, number: usize) -> String {
        match self {
            Self::Any | Self::Exact | Self::Ruled => format!("https://shop-{number}.example.com"),
            Self::Wildcard => format!("https://www.shop-{number}.example.com"),
        }
    }

    /// An origin of the same length that no entry allows.
    fn unlisted_origin(self, number: usize) -> String {
        self.origin(number).replace("shop", "evil")
    }

    #[expect(clippy::expect_used, reason = "all origins are valid")]
    fn build(self, entries: &[String]) -> Policy {
        let policy = match self {
            Self::Any | Self::Exact | Self::Wildcard => Policy::builder().allow_origins(entries),
            Self::Ruled => {
                let rule = |entries: &[String]| Rule::builder().allow_origins(entries).allow_methods("PUT");
                let none: [&str; 0] = [];
                let policy = Policy::builder().allow_origins(none);
                policy.rules(entries.chunks(entries.len().div_ceil(RULES)).map(rule))
            }
        };
        policy.build().expect("the policy is valid")
    }
}

fn fill(entries: &[String]) -> HashSet<String> {
    entries.iter().cloned().collect()
}

/// The time of `make`, without the time to drop its result.
fn time_once<T>(make: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let made = black_box(make());
    let elapsed = start.elapsed();
    drop(made);
    nanoseconds(elapsed)
}

fn time_each(texts: &[String], mut call: impl FnMut(&str)) -> f64 {
    let mut texts = texts.iter();
    time(texts.len(), || texts.next().into_iter().for_each(|text| call(text)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    fn entries_allow_their_origins_and_no_others(
        #[values(Kind::Any, Kind::Exact, Kind::Wildcard, Kind::Ruled)] kind: Kind,
    ) {
        let entries = if kind == Kind::Any { 1 } else { 20 };
        let policy = kind.build(&(0..entries).map(|number| kind.entry(number)).collect::<Vec<_>>());
        let is_allowed = |origin: &str| {
            let decision = policy.decide(&Head::from_origin(origin));
            matches!(decision, cors_core::Decision::Actual(actual) if actual.is_allowed())
        };
        assert!((0..20).all(|number| is_allowed(&kind.origin(number))));
        assert_eq!((0..20).any(|number| is_allowed(&kind.unlisted_origin(number))), kind == Kind::Any);
    }
}
