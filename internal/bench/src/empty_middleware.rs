//! The cost of a middleware that does nothing, in each framework. No middleware costs less.

use std::error::Error;
use std::rc::Rc;

use serde::Serialize;

use crate::framework::{Framework, Middleware};
use crate::measure::{Sampler, difference, interleaved};
use crate::request::Kind;
use crate::sources::Sources;

/// What a middleware that does nothing adds to a plain request.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct EmptyMiddleware {
    pub(crate) framework: Framework,
    pub(crate) bare_ns: f64,
    pub(crate) added_ns: f64,
    pub(crate) added_allocs: i64,
}

pub(crate) fn measure(
    frameworks: &[Framework],
    rounds: usize,
    progress: impl Fn(),
) -> Result<Vec<EmptyMiddleware>, Box<dyn Error>> {
    let runtime = Rc::new(tokio::runtime::Builder::new_current_thread().enable_all().build()?);
    let sources = Sources::fixed();
    let applications: Vec<_> = frameworks
        .iter()
        .map(|framework| {
            [Middleware::Bare, Middleware::Empty].map(|with| framework.application(with, &sources, &runtime))
        })
        .collect();
    let mut samplers: Vec<[Sampler<'_>; 2]> = applications
        .iter()
        .map(|pair| {
            pair.each_ref()
                .map(|application| -> Sampler<'_> { Box::new(move || application.time(Kind::Plain)) })
        })
        .collect();
    let medians = interleaved(rounds, &mut samplers, progress);

    let rows = frameworks.iter().zip(&applications).zip(medians);
    Ok(rows
        .map(|((&framework, pair), [bare_ns, empty_ns])| {
            let [bare, empty] = pair.each_ref().map(|application| application.allocations(Kind::Plain));
            EmptyMiddleware {
                framework,
                bare_ns,
                added_ns: empty_ns - bare_ns,
                added_allocs: difference(empty, bare),
            }
        })
        .collect())
}
