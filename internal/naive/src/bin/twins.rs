//! Compares `cors-core` with the naive implementation: `twins COUNT SEED`.
//!
//! Each round draws new policies and new requests, and gives every request to every policy. A policy is refused by both or by neither,
//! and every answer must be the same in status, reason and all header lines. COUNT is the number of answers. The first difference ends
//! the program with the policy and the request. Compile it with `--release`, and with debug assertions by
//! `--config profile.release.debug-assertions=true`.

use std::process::ExitCode;
use std::time::Instant;

use cors_core::PreparedPolicy;
use cors_naive::compare::{answer, refusals, warnings};
use cors_naive::{
    NaiveGuard, NaivePolicy, builder, faulty_policies, guard_builder, guarded_requests, guards, policies,
    requests, response_headers,
};
use http::{HeaderMap, HeaderValue, Request};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// How many policies, and how many requests, a round has.
const ROUND: usize = 100;

/// A difference, in words.
type Difference = String;

#[derive(Default)]
struct Counts {
    answers: u64,
    policies: u64,
    refused: u64,
    granted: u64,
    denied: u64,
    with_rules: u64,
    with_predicates: u64,
    with_guards: u64,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Some(Ok(count)), Some(Ok(seed)), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("usage: twins COUNT SEED");
        return ExitCode::from(2);
    };
    let start = Instant::now();
    let mut counts = Counts::default();
    let mut runner = runner(seed);
    let mut shown = 0;
    while counts.answers < count {
        if let Err(difference) = round(&mut runner, &mut counts) {
            eprintln!(
                "the implementations differ after {} answers with seed {seed}:\n{difference}",
                counts.answers
            );
            return ExitCode::FAILURE;
        }
        if counts.answers / 10_000_000 > shown {
            shown = counts.answers / 10_000_000;
            print(&counts, seed, start);
        }
    }
    print(&counts, seed, start);
    ExitCode::SUCCESS
}

fn print(counts: &Counts, seed: u64, start: Instant) {
    let Counts { answers, policies, refused, granted, denied, with_rules, with_predicates, with_guards } =
        counts;
    println!(
        "{answers} answers, 0 differences (seed {seed}, {} s): {policies} policies, of which {refused} were refused by both, \
         {with_rules} had rules, {with_predicates} a function and {with_guards} a guard; {granted} preflights granted, {denied} \
         requests denied",
        start.elapsed().as_secs()
    );
}

/// A runner whose values depend on the seed alone.
fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn draw<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> Result<S::Value, Difference> {
    strategy
        .new_tree(runner)
        .map(|tree| tree.current())
        .map_err(|reason| format!("nothing to draw: {reason}"))
}

fn round(runner: &mut TestRunner, counts: &mut Counts) -> Result<(), Difference> {
    let plain = (requests(), response_headers());
    let guarded = guarded_requests();
    let mut asked: Vec<(Request<()>, HeaderMap)> = Vec::new();
    for number in 0..ROUND {
        asked.push(if number % 2 == 0 {
            draw(&plain, runner)?
        } else {
            (draw(&guarded, runner)?, HeaderMap::new())
        });
    }
    for number in 0..ROUND {
        let is_faulty = number % 10 == 0;
        let naive = if is_faulty { draw(&faulty_policies(), runner)? } else { draw(&policies(), runner)? };
        let guard = if number % 3 == 0 { Some(draw(&guards(), runner)?) } else { None };
        // The naive implementation does not know the warnings about names that are listed twice, which faulty policies have.
        if !is_faulty {
            compare_warnings(&naive)?;
        }
        compare(&naive, guard.as_ref(), &asked, counts)?;
    }
    Ok(())
}

fn compare_warnings(naive: &NaivePolicy) -> Result<(), Difference> {
    match builder(naive).build() {
        Ok(policy) if warnings(&policy) != naive.warnings() => Err(format!("the warnings\n{naive:?}")),
        _ => Ok(()),
    }
}

fn compare(
    naive: &NaivePolicy,
    guard: Option<&NaiveGuard>,
    asked: &[(Request<()>, HeaderMap)],
    counts: &mut Counts,
) -> Result<(), Difference> {
    let differs = |what: &str| Err(format!("{what}\n{naive:?}\n{guard:?}"));
    counts.policies += 1;
    if refusals(builder(naive)) != naive.refusals() {
        return differs("the reasons for a refusal");
    }
    let own = builder(naive);
    let Ok(policy) = guard.map_or(own.clone(), |guard| own.guard(guard_builder(guard))).build() else {
        counts.refused += 1;
        return if naive.refusals().is_empty() { differs("a refusal") } else { Ok(()) };
    };
    counts.with_rules += u64::from(!naive.rules.is_empty());
    counts.with_predicates += u64::from(naive.function.is_some());
    counts.with_guards += u64::from(guard.is_some());
    let prepared = PreparedPolicy::<HeaderValue>::new(policy);
    for (request, response) in asked {
        // The naive guard takes the response of the application for empty.
        let response = if guard.is_some() { HeaderMap::new() } else { response.clone() };
        let expected = match guard {
            Some(guard) => guard.answer(naive, request),
            None => naive.answer(request, &response),
        };
        let seen = answer(&prepared, request, response);
        if seen != expected {
            return differs(&format!("the answers to {request:?}:\n{seen:?}\n{expected:?}"));
        }
        counts.answers += 1;
        match seen.status {
            Some(200..=299) => counts.granted += 1,
            Some(_) => counts.denied += 1,
            None => {}
        }
    }
    Ok(())
}
