//! Why a text is not a pattern, and what to write instead.

use super::{HostPattern, OriginPattern};
use crate::policy::ProblemCode;

/// Why a text is not a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OriginFault {
    pub(crate) code: ProblemCode,
    /// What is wrong; it follows the value in a sentence.
    pub(crate) what: String,
    /// What to write instead, as a sentence.
    pub(crate) help: String,
    /// The pattern that was probably intended.
    pub(super) suggestion: Option<String>,
}

pub(super) const WRITE_AN_ORIGIN: &str = "Write an origin such as `https://example.com`.";

pub(super) fn misplaced_wildcard(help: &str) -> OriginFault {
    OriginFault {
        code: ProblemCode::MisplacedWildcard,
        what: "has a `*` in the wrong place".to_owned(),
        help: help.to_owned(),
        suggestion: None,
    }
}

/// Suggests `guess` in place of a `*` in the wrong place, if it is a pattern.
pub(super) fn suggest_for_wildcard(guess: &str, otherwise: &str) -> OriginFault {
    let fault = suggest(ProblemCode::MisplacedWildcard, "", guess, otherwise);
    OriginFault { what: misplaced_wildcard("").what, ..fault }
}

pub(super) fn not_an_origin(code: ProblemCode, what: &str, help: &str) -> OriginFault {
    OriginFault { code, what: format!("is not an origin: {what}"), help: help.to_owned(), suggestion: None }
}

/// Suggests `guess` if it is a pattern. It must have one fault less than the text that it is made from.
pub(super) fn suggest(code: ProblemCode, what: &str, guess: &str, otherwise: &str) -> OriginFault {
    let suggestion = repaired(guess);
    let help = suggestion.as_ref().map_or_else(|| otherwise.to_owned(), |text| format!("Write `{text}`."));
    OriginFault { suggestion, ..not_an_origin(code, what, &help) }
}

/// The pattern that was probably intended: `text` itself if it is one. It is free of all faults that have a repair.
pub(super) fn repaired(text: &str) -> Option<String> {
    if text == "*" {
        return Some(text.to_owned());
    }
    match OriginPattern::parse(text) {
        // A pattern that every policy refuses without an exception is not a repair.
        Ok(pattern) => (pattern.host != HostPattern::Any).then(|| text.to_owned()),
        Err(fault) => fault.suggestion,
    }
}
