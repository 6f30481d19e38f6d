//! The twenty cells: five frameworks, four paths; bare, with our adapter, with the existing middleware.

use std::error::Error;
use std::rc::Rc;

use serde::Serialize;

use crate::framework::{Framework, Middleware};
use crate::measure::{Outline, Subject, interleaved};
use crate::request::Path;

/// What an adapter costs on one path, and what the middleware costs that it is compared with.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Cell {
    pub(crate) framework: Framework,
    pub(crate) path: Path,
    pub(crate) bare_ns: f64,
    pub(crate) ours_ns: f64,
    pub(crate) theirs_ns: f64,
    pub(crate) ours_added_ns: f64,
    pub(crate) theirs_added_ns: f64,
    pub(crate) ours_added_allocs: i64,
    pub(crate) theirs_added_allocs: i64,
}

impl Cell {
    /// Ours over theirs; `None` where theirs adds nothing that could be measured, or answers a preflight faster than the bare
    /// framework its handler, so that a ratio says nothing.
    pub(crate) fn ratio(&self) -> Option<f64> {
        (self.theirs_added_ns >= 1.0).then(|| self.ours_added_ns / self.theirs_added_ns)
    }
}

pub(crate) fn measure(
    frameworks: &[Framework],
    rounds: usize,
    progress: impl Fn(),
) -> Result<Vec<Cell>, Box<dyn Error>> {
    let runtime = Rc::new(tokio::runtime::Builder::new_current_thread().enable_all().build()?);
    let mut subjects = Vec::new();
    for &framework in frameworks {
        let applications = Middleware::COMPARED.map(|middleware| framework.subject(middleware, &runtime));
        for path in Path::ALL {
            for (middleware, application) in Middleware::COMPARED.into_iter().zip(&applications) {
                check(framework, middleware, path, &application.outline(path))?;
            }
        }
        subjects.push((framework, applications));
    }

    let mut samplers: Vec<Box<dyn FnMut() -> f64 + '_>> = Vec::new();
    for (_, applications) in &subjects {
        for path in Path::ALL {
            for application in applications {
                samplers.push(Box::new(move || application.time(path)));
            }
        }
    }
    let medians = interleaved(rounds, &mut samplers, progress);

    let rows = subjects
        .iter()
        .flat_map(|(framework, applications)| Path::ALL.map(|path| (*framework, path, applications)));
    Ok(rows
        .zip(medians.chunks(3))
        .map(|((framework, path, applications), ns)| cell(framework, path, applications, ns))
        .collect())
}

fn cell(framework: Framework, path: Path, applications: &[Box<dyn Subject>; 3], ns: &[f64]) -> Cell {
    let [bare, ours, theirs] =
        [0, 1, 2].map(|index| i64::try_from(applications[index].allocations(path)).unwrap_or(i64::MAX));
    Cell {
        framework,
        path,
        bare_ns: ns[0],
        ours_ns: ns[1],
        theirs_ns: ns[2],
        ours_added_ns: ns[1] - ns[0],
        theirs_added_ns: ns[2] - ns[0],
        ours_added_allocs: ours - bare,
        theirs_added_allocs: theirs - bare,
    }
}

/// Whether the response is the one whose cost is to be measured.
fn check(framework: Framework, middleware: Middleware, path: Path, outline: &Outline) -> Result<(), String> {
    let is_granted = middleware != Middleware::Bare && matches!(path, Path::Actual | Path::Preflight);
    let expected = path.origin().filter(|_| is_granted);
    let is_ok = (200..300).contains(&outline.status);
    // Some existing middleware turns away requests of origins that it does not know.
    let may_refuse = middleware == Middleware::Theirs && path == Path::Denied;
    if outline.allow_origin.as_deref() == expected && (is_ok || may_refuse) {
        return Ok(());
    }
    Err(format!("{framework:?} ({middleware:?}) answers the {} request with {outline:?}", path.name()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    fn every_application_answers_as_it_should(
        #[values(
            Framework::Axum,
            Framework::Actix,
            Framework::Rocket,
            Framework::Warp,
            Framework::WarpFilter,
            Framework::Poem
        )]
        framework: Framework,
    ) {
        let cells = measure(&[framework], 1, || {}).expect("the right answers");
        assert_eq!(cells.iter().map(|cell| cell.path).collect::<Vec<_>>(), Path::ALL);
        assert!(cells.iter().all(|cell| cell.bare_ns > 0.0 && cell.ours_ns > 0.0 && cell.theirs_ns > 0.0));
    }

    #[rstest]
    #[case::granted(Middleware::Ours, Path::Actual, 200, Some("https://admin.example.com"), true)]
    #[case::no_permission(Middleware::Ours, Path::Actual, 200, None, false)]
    #[case::another_origin(Middleware::Theirs, Path::Actual, 200, Some("https://app.example.com"), false)]
    #[case::permission_for_a_stranger(
        Middleware::Ours,
        Path::Denied,
        200,
        Some("https://stranger.example.net"),
        false
    )]
    #[case::refused_by_others(Middleware::Theirs, Path::Denied, 403, None, true)]
    #[case::refused_by_us(Middleware::Ours, Path::Denied, 403, None, false)]
    #[case::not_found(Middleware::Bare, Path::Plain, 404, None, false)]
    fn a_wrong_answer_is_not_measured(
        #[case] middleware: Middleware,
        #[case] path: Path,
        #[case] status: u16,
        #[case] allow_origin: Option<&str>,
        #[case] expected: bool,
    ) {
        let outline = Outline { status, allow_origin: allow_origin.map(str::to_owned) };
        assert_eq!(check(Framework::Axum, middleware, path, &outline).is_ok(), expected);
    }
}
