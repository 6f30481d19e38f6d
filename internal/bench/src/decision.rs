//! The decision without a framework, with a guard and without one, beside the published crate `cors-core`, which belongs to another
//! project.

use std::hint::black_box;
use std::time::Duration;

use cors_core::{Guard, GuardAction, Policy};
use published_cors_core::{AllowHeaders, AllowOrigin, Cors};
use serde::Serialize;

use crate::head::Head;
use crate::measure::{Sampler, interleaved, time};
use crate::request::{EXPOSED_HEADER, Kind, MAX_AGE, METHODS, ORIGINS, REQUEST_HEADERS, policy};

/// How many decisions are timed together.
const BATCH: usize = 500;

/// The cost of one decision.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Decision {
    pub(crate) request: Kind,
    pub(crate) ours_ns: f64,
    pub(crate) ours_allocs: u64,
    pub(crate) guarded_ns: f64,
    pub(crate) guarded_allocs: u64,
    pub(crate) published_ns: f64,
    pub(crate) published_allocs: u64,
}

pub(crate) fn measure(rounds: usize, progress: impl Fn()) -> Vec<Decision> {
    let (ours, guarded, published) = (policy(), guarded(), published());
    let (ours, guarded, published) = (&ours, &guarded, &published);
    let heads = Kind::ALL.map(|kind| (kind, Head::new(kind)));

    let mut samplers: Vec<[Sampler<'_>; 3]> = heads
        .iter()
        .map(|(_, head)| -> [Sampler<'_>; 3] {
            [
                Box::new(move || time(BATCH, || decide(ours, head))),
                Box::new(move || time(BATCH, || decide(guarded, head))),
                Box::new(move || time(BATCH, || evaluate(published, head))),
            ]
        })
        .collect();
    let medians = interleaved(rounds, &mut samplers, progress);

    let rows = heads.iter().zip(medians);
    rows.map(|((request, head), [ours_ns, guarded_ns, published_ns])| Decision {
        request: *request,
        ours_ns,
        ours_allocs: allocation_counter::measure(|| decide(ours, head)).count_total,
        guarded_ns,
        guarded_allocs: allocation_counter::measure(|| decide(guarded, head)).count_total,
        published_ns,
        published_allocs: allocation_counter::measure(|| evaluate(published, head)).count_total,
    })
    .collect()
}

/// The same policy with a guard that makes all of its checks.
#[expect(clippy::expect_used, reason = "the policy consists of constants")]
fn guarded() -> Policy {
    let guard = Guard::builder()
        .foreign_origins(GuardAction::Deny)
        .allow_hosts(["api.example", "localhost:*", "*.api.example"])
        .exempt("POST", "/login");
    policy().to_builder().guard(guard).build().expect("the policy is valid")
}

fn decide(policy: &Policy, head: &Head<'_>) {
    let _ = black_box(policy.decide(black_box(head)));
}

fn evaluate(cors: &Cors, head: &Head<'_>) {
    let head = black_box(head);
    black_box(cors.evaluate(
        head.method.as_bytes(),
        head.origin,
        head.request_method,
        head.request_headers,
        false,
    ));
}

#[expect(clippy::expect_used, reason = "the policy consists of constants")]
fn published() -> Cors {
    Cors::builder()
        .allow_origin(AllowOrigin::exact(ORIGINS))
        .allow_methods(METHODS)
        .allow_headers(AllowHeaders::list(REQUEST_HEADERS))
        .expose_headers([EXPOSED_HEADER])
        .allow_credentials(true)
        .max_age(Duration::from_secs(MAX_AGE.into()))
        .build()
        .expect("the policy is valid")
}

#[cfg(test)]
mod tests {
    use published_cors_core::CorsDecision;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Kind::Plain, "plain")]
    #[case(Kind::Actual, "allowed")]
    #[case(Kind::Denied, "not allowed")]
    #[case(Kind::Preflight, "granted")]
    fn both_crates_decide_the_same(#[case] kind: Kind, #[case] expected: &str) {
        let head = Head::new(kind);
        let ours = match policy().decide(&head) {
            cors_core::Decision::Preflight(preflight) if preflight.reason().is_none() => "granted",
            cors_core::Decision::Preflight(_) => "denied",
            cors_core::Decision::Actual(actual) if actual.is_allowed() => "allowed",
            cors_core::Decision::Actual(_) if policy().origin_reason(&head).is_none() => "plain",
            cors_core::Decision::Actual(_) | cors_core::Decision::Denied(_) => "not allowed",
        };
        assert_eq!(ours, expected);
        let published = published().evaluate(
            head.method.as_bytes(),
            head.origin,
            head.request_method,
            head.request_headers,
            false,
        );
        let published = match published {
            CorsDecision::NotCors => "plain",
            CorsDecision::Rejected => "not allowed",
            CorsDecision::Simple(_) => "allowed",
            CorsDecision::Preflight(_) => "granted",
        };
        assert_eq!(published, expected);
    }
}
