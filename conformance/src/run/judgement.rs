//! How one scenario turned out with one subject.

use std::fmt;

use serde::Serialize;

use crate::verdict::Mismatch;

/// Whether a scenario holds for a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It was not judged.
    Skip,
}

impl Verdict {
    /// The word that a report uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// A verdict, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Whether the scenario holds.
    pub verdict: Verdict,
    /// Why it does not, or why it was not judged; empty if it holds.
    pub detail: String,
    /// What was expected, and what was seen in its place.
    pub mismatches: Vec<Mismatch>,
    /// What was on the wire in the steps that differ, line by line.
    pub exchanges: Vec<String>,
    /// Whether what depends on the scenario cannot be played, although it was not judged.
    is_broken: bool,
}

impl Judgement {
    /// The scenario holds.
    pub fn pass() -> Self {
        Self::without_mismatches(Verdict::Pass, String::new())
    }

    /// The scenario could not be played to its end.
    pub fn fail(reason: impl Into<String>) -> Self {
        Self::without_mismatches(Verdict::Fail, reason.into())
    }

    /// The scenario does not apply.
    pub fn skip(reason: impl Into<String>) -> Self {
        Self::without_mismatches(Verdict::Skip, reason.into())
    }

    /// Something that the scenario depends on does not hold.
    pub(super) fn skip_dependent(dependency: &str) -> Self {
        Self { is_broken: true, ..Self::skip(format!("depends on {dependency}, which does not hold")) }
    }

    /// The scenario was played, and these are the differences.
    pub fn from_mismatches(mismatches: Vec<Mismatch>, exchanges: Vec<String>) -> Self {
        if mismatches.is_empty() {
            return Self::pass();
        }
        let detail = mismatches.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self { mismatches, exchanges, ..Self::fail(detail) }
    }

    /// The same of an informative scenario, which nobody can fail.
    pub(super) fn without_failing(self) -> Self {
        match self.verdict {
            Verdict::Fail => {
                let detail = format!("not judged: {}", self.detail);
                Self { verdict: Verdict::Skip, detail, is_broken: true, ..self }
            }
            Verdict::Pass | Verdict::Skip => self,
        }
    }

    /// Whether scenarios that depend on this one can be played.
    pub(super) fn upholds_dependents(&self) -> bool {
        match self.verdict {
            Verdict::Pass => true,
            Verdict::Fail => false,
            Verdict::Skip => !self.is_broken,
        }
    }

    fn without_mismatches(verdict: Verdict, detail: String) -> Self {
        Self { verdict, detail, mismatches: Vec::new(), exchanges: Vec::new(), is_broken: false }
    }
}

impl fmt::Display for Judgement {
    /// The verdict with everything that it rests on, over several lines.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.verdict.as_str())?;
        if !self.detail.is_empty() {
            write!(formatter, ": {}", self.detail)?;
        }
        self.exchanges.iter().try_for_each(|line| write!(formatter, "\n  {line}"))
    }
}
