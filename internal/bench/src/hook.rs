//! What each framework charges for a middleware that does nothing.

use std::error::Error;
use std::rc::Rc;

use serde::Serialize;

use crate::framework::{Framework, Middleware};
use crate::measure::interleaved;
use crate::request::Path;

/// What the framework's own hook adds to a plain request.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Hook {
    pub(crate) framework: Framework,
    pub(crate) bare_ns: f64,
    pub(crate) added_ns: f64,
    pub(crate) added_allocs: i64,
}

pub(crate) fn measure(
    frameworks: &[Framework],
    rounds: usize,
    progress: impl Fn(),
) -> Result<Vec<Hook>, Box<dyn Error>> {
    let runtime = Rc::new(tokio::runtime::Builder::new_current_thread().enable_all().build()?);
    let subjects: Vec<_> = frameworks
        .iter()
        .map(|framework| [Middleware::Bare, Middleware::Hook].map(|with| framework.subject(with, &runtime)))
        .collect();
    let mut samplers: Vec<Box<dyn FnMut() -> f64 + '_>> = Vec::new();
    for subject in subjects.iter().flatten() {
        samplers.push(Box::new(|| subject.time(Path::Plain)));
    }
    let medians = interleaved(rounds, &mut samplers, progress);

    let rows = frameworks.iter().zip(&subjects).zip(medians.chunks(2));
    Ok(rows
        .map(|((&framework, subjects), ns)| {
            let [bare, hook] = [0, 1]
                .map(|index| i64::try_from(subjects[index].allocations(Path::Plain)).unwrap_or(i64::MAX));
            Hook { framework, bare_ns: ns[0], added_ns: ns[1] - ns[0], added_allocs: hook - bare }
        })
        .collect())
}
