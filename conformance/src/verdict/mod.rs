//! Verdicts: compares what was seen of a step with what is expected.

use serde::{Deserialize, Serialize};

use crate::scenario::{On, Step};
use cors_browser::{Exchange, Outcome, SecurityError};

pub use render::exchange as render_exchange;

mod message;
mod noticeable;
mod page;
mod render;
mod wire;

/// What was seen of one step.
#[derive(Clone, Debug)]
pub struct Observation {
    /// What the page got. `None` for a raw request.
    pub page: Option<Outcome>,
    /// What was on the wire, in order.
    pub exchanges: Vec<Exchange>,
    /// What the console printed, line by line.
    pub console: Vec<String>,
    /// How many handlers ran, over all servers, or why they could not be counted. `None` if the step does not expect a number.
    pub handlers_run: Option<Result<u64, String>>,
    /// What `document.cookie` was in the page afterwards. `None` if the step does not expect anything of it.
    pub document_cookie: Option<Result<String, SecurityError>>,
}

/// Something that was expected, and what was seen instead.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Mismatch {
    /// The step, counted from 1.
    pub step: usize,
    /// What it is about, such as `page` or `preflight: vary`.
    pub about: String,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub seen: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { step, about, expected, seen } = self;
        write!(formatter, "step {step}, {about}: expected {expected}, seen {seen}")
    }
}

/// The mismatches between `seen` and what `step` expects that a browser, a cache or a user can notice. `number` is that of the step, from
/// 1. Others than this project's adapters are judged by these.
pub fn check_noticeable(number: usize, step: &Step, seen: &Observation) -> Vec<Mismatch> {
    check(number, &noticeable::noticeable(step, seen), seen)
}

/// All mismatches between `seen` and what `step` expects. `number` is that of the step, from 1.
pub fn check(number: usize, step: &Step, seen: &Observation) -> Vec<Mismatch> {
    let mut mismatches = Mismatches { step: number, about: String::new(), found: Vec::new() };
    if let (Some(expected), Some(outcome)) = (&step.page, &seen.page) {
        page::check(expected, outcome, mismatches.about("page"));
    }
    for expected in &step.wire {
        wire::check(expected, &seen.exchanges, &mut mismatches);
    }
    for (on, expected) in [(On::Preflight, step.preflights), (On::Actual, step.actuals)] {
        let count = wire::of_kind(&seen.exchanges, on).count();
        if let Some(expected) = expected.filter(|expected| *expected != count) {
            mismatches.about("wire").add(number_of(expected, on), number_of(count, on));
        }
    }
    match (step.handlers_run, &seen.handlers_run) {
        (Some(expected), Some(Ok(count))) if expected != *count => {
            mismatches.about("handlers").add(format!("{expected} run"), format!("{count} run"));
        }
        (Some(expected), Some(Err(error))) => {
            mismatches.about("handlers").add(format!("{expected} run"), format!("no count: {error}"));
        }
        _ => {}
    }
    match (&step.document_cookie, &seen.document_cookie) {
        (Some(expected), Some(seen)) if seen.as_ref() != Ok(expected) => {
            let seen = seen.as_ref().map_or_else(ToString::to_string, |cookies| {
                format!("`{}`", render::text(cookies.as_bytes()))
            });
            mismatches.about("document.cookie").add(format!("`{expected}`"), seen);
        }
        _ => {}
    }
    mismatches.found
}

fn number_of(count: usize, on: On) -> String {
    format!("{count} {} request{}", on.as_str(), if count == 1 { "" } else { "s" })
}

/// Collects mismatches.
struct Mismatches {
    step: usize,
    about: String,
    found: Vec<Mismatch>,
}

impl Mismatches {
    /// Sets what the mismatches that follow are about.
    fn about(&mut self, about: impl Into<String>) -> &mut Self {
        self.about = about.into();
        self
    }

    fn add(&mut self, expected: impl Into<String>, seen: impl Into<String>) {
        self.found.push(Mismatch {
            step: self.step,
            about: self.about.clone(),
            expected: expected.into(),
            seen: seen.into(),
        });
    }
}

#[cfg(test)]
mod tests;
