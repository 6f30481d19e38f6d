//! Why no response came, as far as the connection tells.

use std::error::Error;
use std::fmt;

use super::text::printable;
use crate::browser::FailureKind;
use crate::network::{causes, classify};

/// Why an exchange came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The sort of failure.
    pub kind: FailureKind,
    /// What went wrong, in words.
    pub detail: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// What went wrong and what to look at, without characters that steer a terminal.
    pub fn message(&self) -> String {
        format!("{}. {}", printable(&self.detail), self.kind.help())
    }

    /// What an HTTP client's error says.
    /// Where it does not tell the kind, it is `otherwise`.
    pub(super) fn from_error(error: &(dyn Error + 'static), otherwise: FailureKind) -> Self {
        Self::new(classify(error).unwrap_or(otherwise), causes(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}
