//! The progress of a run, on standard error.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::run::{ScenarioResult, Verdict};

/// Shows the progress of a run on standard error: a bar on a terminal, otherwise a line at each quarter.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
    total: usize,
    done: usize,
    failed: usize,
}

impl Progress {
    /// Starts with none of `total` done.
    pub fn new(total: usize) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let target = if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(u64::try_from(total).ok(), target);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, is_terminal, total, done: 0, failed: 0 }
    }

    /// Adds a result.
    pub fn add(&mut self, result: &ScenarioResult) {
        self.count(matches!(result.verdict, Verdict::Fail | Verdict::Error));
    }

    /// Adds a result that has failed or not.
    pub fn count(&mut self, has_failed: bool) {
        self.done += 1;
        self.failed += usize::from(has_failed);
        self.bar.set_message(format!("{} failed", self.failed));
        self.bar.inc(1);
        if !self.is_terminal && self.is_milestone() {
            eprintln!("{} of {} played, {} failed", self.done, self.total, self.failed);
        }
    }

    /// Removes the bar.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }

    /// Whether another quarter is done.
    fn is_milestone(&self) -> bool {
        self.total > 0 && self.done * 4 / self.total != (self.done - 1) * 4 / self.total
    }
}
