//! The decision alone, without a framework, beside the published crate `cors-core`, which is not ours.

use std::hint::black_box;
use std::time::Duration;

use cors_core::Policy;
use published_cors_core::{AllowHeaders, AllowOrigin, Cors};
use serde::Serialize;

use crate::head::Head;
use crate::measure::{interleaved, time};
use crate::request::{EXPOSED_HEADER, MAX_AGE, METHODS, ORIGINS, Path, REQUEST_HEADERS, policy};

/// How many decisions are timed at a time.
const BATCH: usize = 500;

/// What a decision costs.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Decision {
    pub(crate) path: Path,
    pub(crate) ours_ns: f64,
    pub(crate) ours_allocs: u64,
    pub(crate) published_ns: f64,
    pub(crate) published_allocs: u64,
}

pub(crate) fn measure(rounds: usize, progress: impl Fn()) -> Vec<Decision> {
    let (ours, published) = (policy(), published());
    let (ours, published) = (&ours, &published);
    let heads = Path::ALL.map(|path| (path, Head::of(path)));

    let mut samplers: Vec<Box<dyn FnMut() -> f64>> = Vec::new();
    for (_, head) in &heads {
        samplers.push(Box::new(move || time(BATCH, || decide(ours, head))));
        samplers.push(Box::new(move || time(BATCH, || evaluate(published, head))));
    }
    let medians = interleaved(rounds, &mut samplers, progress);

    let rows = heads.iter().zip(medians.chunks(2));
    rows.map(|((path, head), medians)| Decision {
        path: *path,
        ours_ns: medians[0],
        ours_allocs: allocation_counter::measure(|| decide(ours, head)).count_total,
        published_ns: medians[1],
        published_allocs: allocation_counter::measure(|| evaluate(published, head)).count_total,
    })
    .collect()
}

fn decide(policy: &Policy, head: &Head<'_>) {
    let _ = black_box(policy.decide(black_box(head)));
}

fn evaluate(cors: &Cors, head: &Head<'_>) {
    let head = black_box(head);
    black_box(cors.evaluate(head.method, head.origin, head.request_method, head.request_headers, false));
}

#[expect(clippy::expect_used, reason = "a policy of constants")]
fn published() -> Cors {
    Cors::builder()
        .allow_origin(AllowOrigin::exact(ORIGINS))
        .allow_methods(METHODS)
        .allow_headers(AllowHeaders::list(REQUEST_HEADERS))
        .expose_headers([EXPOSED_HEADER])
        .allow_credentials(true)
        .max_age(Duration::from_secs(MAX_AGE.into()))
        .build()
        .expect("a policy that it accepts")
}

#[cfg(test)]
mod tests {
    use published_cors_core::CorsDecision;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Path::Plain, "plain")]
    #[case(Path::Actual, "allowed")]
    #[case(Path::Denied, "not allowed")]
    #[case(Path::Preflight, "granted")]
    fn both_say_the_same(#[case] path: Path, #[case] expected: &str) {
        let head = Head::of(path);
        let ours = match policy().decide(&head) {
            cors_core::Decision::Preflight(preflight) if preflight.reason().is_none() => "granted",
            cors_core::Decision::Preflight(_) => "denied",
            cors_core::Decision::Actual(actual) if actual.is_allowed() => "allowed",
            cors_core::Decision::Actual(_) if policy().origin_reason(&head).is_none() => "plain",
            cors_core::Decision::Actual(_) => "not allowed",
        };
        assert_eq!(ours, expected);
        let published =
            published().evaluate(head.method, head.origin, head.request_method, head.request_headers, false);
        let published = match published {
            CorsDecision::NotCors => "plain",
            CorsDecision::Rejected => "not allowed",
            CorsDecision::Simple(_) => "allowed",
            CorsDecision::Preflight(_) => "granted",
        };
        assert_eq!(published, expected);
    }
}
