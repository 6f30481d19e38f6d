//! What the adapters add to a request when several threads serve at the same time, with one policy for all of them.

use std::error::Error;
use std::rc::Rc;
use std::sync::{Barrier, mpsc};
use std::thread;

use serde::Serialize;

use crate::framework::{Framework, Middleware};
use crate::measure::{Measurable, median};
use crate::request::Kind;
use crate::sources::Sources;

/// How many batches of requests a thread answers in one go. They take much longer than the other threads need to wake up.
const BATCHES: usize = 24;

/// How many rounds of the other measurements are replaced by one of this.
pub(crate) const ROUNDS_PER_ROUND: usize = 10;

/// Where the adapter has its policy from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    Fixed,
    Handle,
}

impl Source {
    const ALL: [Self; 2] = [Self::Fixed, Self::Handle];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed policy",
            Self::Handle => "handle",
        }
    }
}

/// What an adapter adds to one kind of request, with a number of threads.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Scaling {
    pub(crate) framework: Framework,
    pub(crate) request: Kind,
    pub(crate) source: Source,
    pub(crate) threads: usize,
    pub(crate) bare_ns: f64,
    pub(crate) added_ns: f64,
    /// What is added, divided by what the first number of threads adds.
    pub(crate) ratio_to_first: f64,
    /// The same for the bare framework. Where it is far above 1, the cores share more than memory.
    pub(crate) bare_ratio_to_first: f64,
}

/// What is measured at one time.
#[derive(Clone, Copy)]
struct Cell {
    framework: usize,
    request: Kind,
    /// `None` is the bare framework.
    source: Option<Source>,
    threads: usize,
}

/// Measures with each number of threads in `threads`.
pub(crate) fn measure(
    frameworks: &[Framework],
    threads: &[usize],
    rounds: usize,
    progress: impl Fn(),
) -> Result<Vec<Scaling>, Box<dyn Error>> {
    let cells = cells(frameworks.len(), threads);
    let shared = Source::ALL.map(|source| match source {
        Source::Fixed => Sources::fixed(),
        Source::Handle => Sources::handle(),
    });
    let most = threads.iter().copied().max().unwrap_or(1);
    let barrier = Barrier::new(most);
    let (send, received) = mpsc::channel();
    let mut samples = vec![Vec::new(); cells.len()];
    thread::scope(|scope| {
        for number in 0..most {
            let (cells, shared, barrier, send) = (&cells, &shared, &barrier, send.clone());
            scope.spawn(move || work(number, frameworks, cells, shared, barrier, rounds, &send));
        }
        drop(send);
        for message in received {
            match message {
                Message::Sample(cell, ns) => samples[cell].push(ns),
                Message::RoundEnds => progress(),
            }
        }
    });
    let medians: Vec<_> = samples.into_iter().map(median).collect();
    Ok(table(frameworks, threads, &cells, &medians))
}

enum Message {
    Sample(usize, f64),
    RoundEnds,
}

fn cells(frameworks: usize, threads: &[usize]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for framework in 0..frameworks {
        for request in Kind::ALL {
            for source in [None, Some(Source::Fixed), Some(Source::Handle)] {
                cells.extend(threads.iter().map(|&threads| Cell { framework, request, source, threads }));
            }
        }
    }
    cells
}

/// One thread: it takes part in every cell that has as many threads.
fn work(
    number: usize,
    frameworks: &[Framework],
    cells: &[Cell],
    shared: &[Sources; 2],
    barrier: &Barrier,
    rounds: usize,
    send: &mpsc::Sender<Message>,
) {
    #[expect(clippy::expect_used, reason = "without a runtime nothing can be measured")]
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let runtime = Rc::new(runtime);
    let applications: Vec<[Box<dyn Measurable>; 3]> = frameworks
        .iter()
        .map(|framework| {
            let with = |middleware, sources: &Sources| framework.application(middleware, sources, &runtime);
            let [fixed, handle] = shared;
            [
                with(Middleware::Bare, fixed),
                with(Middleware::Adapter, fixed),
                with(Middleware::Adapter, handle),
            ]
        })
        .collect();
    for round in 0..rounds {
        for offset in 0..cells.len() {
            // Each round starts with another cell, and every second one goes backwards.
            let forwards = (round + offset) % cells.len();
            let index = if round % 2 == 0 { forwards } else { cells.len() - 1 - forwards };
            let Cell { framework, request, source, threads } = cells[index];
            barrier.wait();
            if number >= threads {
                continue;
            }
            let application = match source {
                None => &applications[framework][0],
                Some(Source::Fixed) => &applications[framework][1],
                Some(Source::Handle) => &applications[framework][2],
            };
            let times = (0..BATCHES).map(|_| application.time(request)).collect();
            // The receiver lives as long as the threads.
            let _ = send.send(Message::Sample(index, median(times)));
        }
        if number == 0 {
            let _ = send.send(Message::RoundEnds);
        }
    }
}

fn table(frameworks: &[Framework], threads: &[usize], cells: &[Cell], medians: &[f64]) -> Vec<Scaling> {
    let find = |wanted: Cell| {
        let is_wanted = |cell: &Cell| {
            (cell.framework, cell.request, cell.source, cell.threads)
                == (wanted.framework, wanted.request, wanted.source, wanted.threads)
        };
        cells.iter().position(is_wanted).map_or(0.0, |index| medians[index])
    };
    let Some(&first) = threads.first() else { return Vec::new() };
    let mut rows = Vec::new();
    for cell in cells {
        let Some(source) = cell.source else { continue };
        let bare = |threads| find(Cell { source: None, threads, ..*cell });
        let added = |threads| find(Cell { threads, ..*cell }) - bare(threads);
        rows.push(Scaling {
            framework: frameworks[cell.framework],
            request: cell.request,
            source,
            threads: cell.threads,
            bare_ns: bare(cell.threads),
            added_ns: added(cell.threads),
            ratio_to_first: added(cell.threads) / added(first),
            bare_ratio_to_first: bare(cell.threads) / bare(first),
        });
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_measured_with_every_number_of_threads() {
        let rows = measure(&[Framework::Axum, Framework::Rocket], &[1, 2], 1, || {}).unwrap();
        assert_eq!(rows.len(), 2 * 4 * 2 * 2);
        assert!(rows.iter().all(|row| row.bare_ns > 0.0));
        assert!(rows.iter().filter(|row| row.threads == 1).all(|row| row.bare_ratio_to_first == 1.0));
    }

    #[test]
    fn what_is_added_is_compared_with_the_first_number_of_threads() {
        let cells = cells(1, &[1, 2]);
        // In the order of the cells: bare 10 and 20, fixed 14 and 26, handle 15 and 35.
        let medians: Vec<_> = [10.0, 20.0, 14.0, 26.0, 15.0, 35.0].repeat(4);
        let rows = table(&[Framework::Axum], &[1, 2], &cells, &medians);
        let row = |index: usize| (rows[index].source, rows[index].threads, rows[index].ratio_to_first);
        assert_eq!(row(1), (Source::Fixed, 2, 1.5));
        assert_eq!(row(3), (Source::Handle, 2, 3.0));
        assert_eq!(rows[1].bare_ratio_to_first, 2.0);
    }
}
