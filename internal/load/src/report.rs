//! What a test counted, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::expectation::Judged;
use crate::faults::FaultOutcome;
use crate::request::Kind;

/// How many wrong responses are described.
const DESCRIBED: usize = 10;

/// How much more memory the server may use at the end than after the warm-up.
const GROWTH: f64 = 1.1;

/// How many bytes more it may use in a test with fewer samples, which ends in the warm-up.
const SHORT_GROWTH: u64 = 24 << 20;
const FEW_SAMPLES: usize = 200;

/// What one client counted, or all together.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    kinds: BTreeMap<Kind, KindCounts>,
    wrong: Vec<String>,
    lost: u64,
    microseconds: Latencies,
}

/// What was counted for one kind of request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KindCounts {
    /// Requests whose responses were compared.
    pub requests: u64,
    /// How many of them allowed the page.
    pub allowed: u64,
    /// How many were right only because of a limit of the framework.
    pub limits: u64,
    /// How many had two right responses, because the lookup decided at random.
    pub either: u64,
    /// How many malformed ones the server rejected. It may accept some, and it waits for the rest of others.
    pub rejected: u64,
    /// How many were wrong.
    pub wrong: u64,
}

#[derive(Clone, Debug)]
struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new(3).expect("three digits are possible"))
    }
}

impl Tally {
    /// Counts a right response.
    pub fn right(&mut self, kind: Kind, took: Duration, judged: Judged) {
        let counts = self.kinds.entry(kind).or_default();
        counts.requests += 1;
        counts.allowed += u64::from(judged.is_allowed);
        counts.limits += u64::from(judged.is_limit);
        counts.either += u64::from(judged.is_either);
        // It grows as it needs.
        let _ = self.microseconds.0.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Counts malformed bytes, whose responses were right.
    pub fn malformed(&mut self, is_rejected: bool) {
        let counts = self.kinds.entry(Kind::Malformed).or_default();
        counts.requests += 1;
        counts.rejected += u64::from(is_rejected);
    }

    /// Counts a wrong response, or one that did not come.
    pub fn wrong(&mut self, kind: Kind, why: String) {
        let counts = self.kinds.entry(kind).or_default();
        counts.requests += 1;
        counts.wrong += 1;
        if self.wrong.len() < DESCRIBED {
            self.wrong.push(why);
        }
    }

    /// Counts a connection that failed.
    pub fn lost(&mut self, why: String) {
        self.lost += 1;
        if self.wrong.len() < DESCRIBED {
            self.wrong.push(why);
        }
    }

    /// Adds what another client counted.
    pub fn add(&mut self, other: Self) {
        for (kind, counts) in other.kinds {
            let sum = self.kinds.entry(kind).or_default();
            sum.requests += counts.requests;
            sum.allowed += counts.allowed;
            sum.limits += counts.limits;
            sum.either += counts.either;
            sum.rejected += counts.rejected;
            sum.wrong += counts.wrong;
        }
        self.lost += other.lost;
        let room = DESCRIBED.saturating_sub(self.wrong.len());
        self.wrong.extend(other.wrong.into_iter().take(room));
        // Both have the same digits and grow as they need.
        let _ = self.microseconds.0.add(other.microseconds.0);
    }
}

/// The memory of the server, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Before the first request.
    pub start: u64,
    /// The most in the second quarter of the time: after the warm-up.
    pub warm: u64,
    /// The most in the last quarter.
    pub end: u64,
    /// Whether the test was too short for a warm-up, so that it may grow more.
    pub is_short: bool,
}

impl Memory {
    /// The memory of these samples, which were taken at equal intervals.
    pub fn of(samples: &[u64]) -> Self {
        let (length, quarter) = (samples.len(), samples.len() / 4);
        let most = |samples: &[u64]| samples.iter().copied().max().unwrap_or_default();
        Self {
            start: samples.first().copied().unwrap_or_default(),
            warm: most(&samples[quarter..(2 * quarter).max(quarter + 1).min(length)]),
            end: most(&samples[length - quarter.max(1).min(length)..]),
            is_short: length < FEW_SAMPLES,
        }
    }

    /// Whether the server used about as much at the end as after the warm-up.
    pub fn is_flat(&self) -> bool {
        // Bytes of a process are far below the 2^52 that a double holds.
        let is_flat = self.end as f64 <= self.warm as f64 * GROWTH;
        is_flat || (self.is_short && self.end <= self.warm + SHORT_GROWTH)
    }
}

/// The load test of one server.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LoadReport {
    /// How long it took.
    pub seconds: f64,
    /// The counts for each kind of request.
    pub kinds: BTreeMap<Kind, KindCounts>,
    /// How many policies were in force, one after another.
    pub policies: u64,
    /// How many responses were wrong, and how many connections failed.
    pub wrong: u64,
    /// Panics that the test did not make itself.
    pub panics: u64,
    /// The first wrong responses and panics.
    pub examples: Vec<String>,
    /// The server's memory, where the system tells it.
    pub memory: Option<Memory>,
    /// The median of the time from a request to the end of its response, in microseconds.
    pub p50: u64,
    /// The 99th percentile.
    pub p99: u64,
}

impl LoadReport {
    /// Takes over what the clients counted.
    pub fn count(&mut self, tally: Tally) {
        self.wrong += tally.kinds.values().map(|counts| counts.wrong).sum::<u64>() + tally.lost;
        self.p50 = tally.microseconds.0.value_at_quantile(0.5);
        self.p99 = tally.microseconds.0.value_at_quantile(0.99);
        self.kinds = tally.kinds;
        self.examples.extend(tally.wrong);
    }

    /// All requests.
    pub fn requests(&self) -> u64 {
        self.kinds.values().map(|counts| counts.requests).sum()
    }

    /// Whether everything was right, and each kind of request was sent.
    pub fn is_clean(&self) -> bool {
        let is_complete = Kind::ALL.iter().all(|kind| self.kinds.contains_key(kind));
        let is_flat = self.memory.is_none_or(|memory| memory.is_flat());
        is_complete && self.wrong == 0 && self.panics == 0 && is_flat && self.policies > 1
    }
}

/// Everything about one adapter.
#[derive(Clone, Debug, Serialize)]
pub struct AdapterReport {
    /// The name of the adapter.
    pub adapter: &'static str,
    /// The load test, if it was asked for.
    pub load: Option<LoadReport>,
    /// The faults, if they were asked for.
    pub faults: Vec<FaultOutcome>,
}

impl AdapterReport {
    /// Whether everything was right.
    pub fn is_clean(&self) -> bool {
        self.load.as_ref().is_none_or(LoadReport::is_clean) && self.faults.iter().all(FaultOutcome::is_clean)
    }
}

/// Everything about all adapters.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// One for each adapter.
    pub adapters: Vec<AdapterReport>,
}

impl Report {
    /// Whether everything was right.
    pub fn is_clean(&self) -> bool {
        self.adapters.iter().all(AdapterReport::is_clean)
    }
}

/// Tables for a terminal.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let loads: Vec<_> =
            self.adapters.iter().filter_map(|of| of.load.as_ref().map(|load| (of.adapter, load))).collect();
        if !loads.is_empty() {
            writeln!(text, "{}", load_table(&loads))?;
        }
        let faults: Vec<_> =
            self.adapters.iter().flat_map(|of| of.faults.iter().map(|fault| (of.adapter, fault))).collect();
        if !faults.is_empty() {
            writeln!(text, "{}", fault_table(&faults))?;
        }
        for (adapter, load) in loads {
            for example in &load.examples {
                writeln!(text, "{adapter}: {example}")?;
            }
        }
        for (adapter, outcome) in faults {
            for wrong in &outcome.wrong {
                writeln!(text, "{adapter}: {}: {wrong}", outcome.fault)?;
            }
        }
        formatter.write_str(text.trim_end())
    }
}

fn load_table(loads: &[(&str, &LoadReport)]) -> Table {
    let mut header = vec!["adapter".to_owned()];
    header.extend(Kind::ALL.map(|kind| kind.as_str().to_owned()));
    let more = ["policies", "limits", "wrong", "panics", "start MiB", "warm", "end", "p50 ms", "p99 ms"];
    header.extend(more.map(str::to_owned));
    let rows = loads.iter().map(|(adapter, load)| {
        let mut row = vec![(*adapter).to_owned()];
        let requests = |kind| load.kinds.get(&kind).map_or(0, |counts| counts.requests);
        row.extend(Kind::ALL.map(|kind| requests(kind).to_string()));
        let limits: u64 = load.kinds.values().map(|counts| counts.limits).sum();
        row.extend([load.policies, limits, load.wrong, load.panics].map(|count| count.to_string()));
        row.extend(match load.memory {
            Some(Memory { start, warm, end, .. }) => [start, warm, end].map(mebibytes),
            None => [const { String::new() }; 3],
        });
        row.extend([load.p50, load.p99].map(|microseconds| format!("{:.1}", microseconds as f64 / 1000.0)));
        row
    });
    table(header, rows.collect())
}

fn fault_table(faults: &[(&str, &FaultOutcome)]) -> Table {
    let header = ["adapter", "fault", "times", "meanwhile", "afterwards", "MiB before", "after", "panics"];
    let rows = faults.iter().map(|(adapter, outcome)| {
        let mut row = vec![(*adapter).to_owned(), outcome.fault.to_string(), outcome.times.to_string()];
        row.push(outcome.meanwhile.map_or("–", |is_right| outcome.judgement(is_right)).to_owned());
        row.push(outcome.judgement(outcome.afterwards).to_owned());
        row.extend([outcome.memory.0, outcome.memory.1].map(mebibytes));
        row.push(outcome.panics.to_string());
        row
    });
    table(header.map(str::to_owned).to_vec(), rows.collect())
}

fn mebibytes(bytes: u64) -> String {
    (bytes >> 20).to_string()
}

fn table(header: Vec<String>, rows: Vec<Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.add_rows(rows);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean() -> LoadReport {
        let kinds = Kind::ALL.map(|kind| (kind, KindCounts { requests: 1, ..KindCounts::default() }));
        LoadReport { kinds: kinds.into(), policies: 9, ..LoadReport::default() }
    }

    #[test]
    fn what_is_wrong_is_not_clean() {
        assert!(clean().is_clean());
        assert!(!LoadReport { wrong: 1, ..clean() }.is_clean());
        assert!(!LoadReport { panics: 1, ..clean() }.is_clean());
        assert!(!LoadReport { policies: 1, ..clean() }.is_clean());
        assert!(!LoadReport { kinds: BTreeMap::new(), ..clean() }.is_clean());
    }

    #[test]
    fn memory_that_grows_is_found() {
        let samples = |each: usize, mebibytes: &[u64]| -> Vec<u64> {
            mebibytes.iter().flat_map(|sample| vec![sample << 20; each]).collect()
        };
        let flat = Memory::of(&samples(50, &[20, 60, 100, 101, 103, 99, 104, 102]));
        let expected = Memory { start: 20 << 20, warm: 101 << 20, end: 104 << 20, is_short: false };
        assert_eq!(flat, expected);
        assert!(flat.is_flat());
        let growing = [20, 60, 70, 71, 73, 75, 77, 79];
        assert!(Memory::of(&samples(1, &growing)).is_flat());
        let growing = Memory::of(&samples(50, &growing));
        assert!(!growing.is_flat());
        assert!(!LoadReport { memory: Some(growing), ..clean() }.is_clean());
        assert!(!Memory::of(&samples(1, &[20, 60, 70, 71, 73, 75, 77, 99])).is_flat());
        for few in 0..4 {
            assert!(Memory::of(&samples(few, &[20])).is_flat());
        }
    }
}
