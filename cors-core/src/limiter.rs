//! A limit for events that clients can cause.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most events in one period.
const MAX_EVENTS: u32 = 10;

const PERIOD: Duration = Duration::from_secs(1);

/// Admits a number of events in each period, and counts the others.
pub(crate) struct Limiter(Mutex<Period>);

struct Period {
    start: Option<Instant>,
    admitted: u32,
    /// The events that were left out since the last one that was admitted.
    left_out: u64,
}

impl Limiter {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Period { start: None, admitted: 0, left_out: 0 }))
    }

    /// Returns `None` if the event must be left out, and otherwise how many were left out before it.
    pub(crate) fn admit(&self, now: Instant) -> Option<u64> {
        // Nothing panics while the lock is held.
        let mut period = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if period.start.is_none_or(|start| now.saturating_duration_since(start) >= PERIOD) {
            period.start = Some(now);
            period.admitted = 0;
        }
        if period.admitted == MAX_EVENTS {
            period.left_out += 1;
            return None;
        }
        period.admitted += 1;
        Some(std::mem::take(&mut period.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_some_events_in_each_period_and_counts_the_others() {
        let limiter = Limiter::new();
        let start = Instant::now();
        let admitted = |now: Instant, count: u32| -> Vec<u64> {
            (0..count).filter_map(|_| limiter.admit(now)).collect()
        };
        assert_eq!(admitted(start, 1000), [0; 10]);
        assert!(admitted(start + PERIOD / 2, 7).is_empty());
        let next = start + PERIOD;
        assert_eq!(admitted(next, 3), [997, 0, 0]);
        assert_eq!(admitted(next + PERIOD / 2, 10), [0; 7]);
        // The clock of another thread can be a little behind.
        assert!(admitted(start, 1).is_empty());
        assert_eq!(admitted(next + PERIOD * 100, 1), [4]);
    }
}
