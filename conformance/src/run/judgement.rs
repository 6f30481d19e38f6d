//! The outcome of one scenario with one subject.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::subject::{Dispute, KnownLimit};
use crate::verdict::Mismatch;

/// Whether a scenario holds for a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It does not hold, and the subject declares this as a [known limit](KnownLimit).
    Limit,
    /// It does not hold, and the maintainers of the middleware see it otherwise: a [dispute](Dispute).
    Disputed,
    /// The middleware has no option for the scenario's policy.
    CannotExpress,
    /// It was not judged, because it does not apply.
    NotAsked,
    /// It could not be played to its end, so that nothing is known.
    Error,
}

impl Verdict {
    /// All verdicts, in the order in which reports count them.
    pub const ALL: [Self; 7] = [
        Self::Pass,
        Self::Fail,
        Self::Limit,
        Self::Disputed,
        Self::CannotExpress,
        Self::NotAsked,
        Self::Error,
    ];

    /// The word that a report uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Limit => "limit",
            Self::Disputed => "disputed",
            Self::CannotExpress => "cannot express",
            Self::NotAsked => "not asked",
            Self::Error => "error",
        }
    }
}

/// A verdict with its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Whether the scenario holds.
    pub verdict: Verdict,
    /// Why it does not hold or was not judged. Empty if it holds.
    pub detail: String,
    /// What was expected, and what was seen instead.
    pub mismatches: Vec<Mismatch>,
    /// What was on the wire, line by line: in the steps that have mismatches, or in all if the scenario holds.
    pub exchanges: Vec<String>,
    /// How the middleware of each server was configured, by the names of the servers, if the subject tells it.
    pub configurations: BTreeMap<String, String>,
    /// The known limit that the subject declares for the scenario.
    pub limit: Option<KnownLimit>,
    /// The dispute about the scenario, if it made a difference to the verdict.
    pub dispute: Option<Dispute>,
    /// Whether scenarios that depend on this one cannot be played, although it was not judged.
    is_broken: bool,
}

impl Judgement {
    /// The scenario holds.
    pub fn pass() -> Self {
        Self::without_mismatches(Verdict::Pass, String::new())
    }

    /// The scenario does not hold.
    pub fn fail(reason: impl Into<String>) -> Self {
        Self::without_mismatches(Verdict::Fail, reason.into())
    }

    /// The middleware has no option for the scenario's policy.
    pub fn cannot_express(reason: impl Into<String>) -> Self {
        Self::without_mismatches(Verdict::CannotExpress, reason.into())
    }

    /// The scenario does not apply.
    pub fn not_asked(reason: impl Into<String>) -> Self {
        Self::without_mismatches(Verdict::NotAsked, reason.into())
    }

    /// The scenario could not be played to its end.
    pub fn error(reason: impl Into<String>) -> Self {
        Self::without_mismatches(Verdict::Error, reason.into())
    }

    /// A scenario that this one depends on does not hold.
    pub(super) fn not_asked_dependent(dependency: &str) -> Self {
        Self { is_broken: true, ..Self::not_asked(format!("depends on {dependency}, which does not hold")) }
    }

    /// The scenario was played to its end, with these mismatches.
    pub fn from_mismatches(mismatches: Vec<Mismatch>, exchanges: Vec<String>) -> Self {
        if mismatches.is_empty() {
            return Self { exchanges, ..Self::pass() };
        }
        let detail = mismatches.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self { mismatches, exchanges, ..Self::fail(detail) }
    }

    /// The same judgement of an informative scenario, which cannot be failed.
    pub(super) fn without_failing(self) -> Self {
        match self.verdict {
            Verdict::Fail => {
                let detail = format!("not judged: {}", self.detail);
                Self { verdict: Verdict::NotAsked, detail, is_broken: true, ..self }
            }
            _ => self,
        }
    }

    /// The same judgement for a subject that declares `limit` for the scenario: a failure is a limit, and a pass is a failure,
    /// because the declaration is wrong.
    pub(super) fn within(self, limit: &KnownLimit) -> Self {
        let limit = Some(limit.clone());
        match self.verdict {
            Verdict::Fail => Self { verdict: Verdict::Limit, limit, ..self },
            Verdict::Pass => {
                Self { limit, ..Self::fail("is no longer a limit: remove it from the subject's `limits`") }
            }
            _ => self,
        }
    }

    /// The same judgement for a subject with a dispute about the scenario: a failure is disputed.
    pub(super) fn disputed_by(self, dispute: &Dispute) -> Self {
        match self.verdict {
            Verdict::Fail => Self { verdict: Verdict::Disputed, dispute: Some(dispute.clone()), ..self },
            _ => self,
        }
    }

    /// Whether scenarios that depend on this one can be played.
    pub(super) fn upholds_dependents(&self) -> bool {
        match self.verdict {
            Verdict::Pass => true,
            Verdict::Fail | Verdict::Limit | Verdict::Disputed | Verdict::Error => false,
            Verdict::CannotExpress | Verdict::NotAsked => !self.is_broken,
        }
    }

    fn without_mismatches(verdict: Verdict, detail: String) -> Self {
        Self {
            verdict,
            detail,
            mismatches: Vec::new(),
            exchanges: Vec::new(),
            configurations: BTreeMap::new(),
            limit: None,
            dispute: None,
            is_broken: false,
        }
    }
}

impl fmt::Display for Judgement {
    /// The verdict with all of its reasons, over several lines.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.verdict.as_str())?;
        if let Some(limit) = &self.limit {
            write!(formatter, " (known limit: {limit})")?;
        }
        if let Some(dispute) = &self.dispute {
            write!(formatter, " by its maintainers ({dispute})")?;
        }
        if !self.detail.is_empty() {
            write!(formatter, ": {}", self.detail)?;
        }
        let shown = if self.verdict == Verdict::Pass { &[] } else { &self.exchanges[..] };
        shown.iter().try_for_each(|line| write!(formatter, "\n  {line}"))
    }
}
