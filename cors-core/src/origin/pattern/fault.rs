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
    pub(crate) suggestion: Option<String>,
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

/// Suggests `guess` in place of a `*` in the wrong place.
pub(super) fn suggest_for_wildcard(guess: &str) -> OriginFault {
    OriginFault { what: misplaced_wildcard("").what, ..suggest(ProblemCode::MisplacedWildcard, "", guess) }
}

pub(super) fn not_an_origin(code: ProblemCode, what: &str, help: &str) -> OriginFault {
    OriginFault { code, what: format!("is not an origin: {what}"), help: help.to_owned(), suggestion: None }
}

/// Suggests `guess` if it is a pattern, or what to do about it if it is not. It must have one fault less than the text
/// that it is made from.
pub(super) fn suggest(code: ProblemCode, what: &str, guess: &str) -> OriginFault {
    match repair(guess) {
        Ok(pattern) => {
            let help = format!("Write `{pattern}`.");
            OriginFault { suggestion: Some(pattern), ..not_an_origin(code, what, &help) }
        }
        Err(help) => not_an_origin(code, what, &help),
    }
}

/// Returns the pattern that was probably intended: `text` itself if it is one. It is free of all faults that have a
/// repair. The error says what to write instead, as a sentence.
pub(super) fn repair(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    match OriginPattern::parse(text) {
        Ok(pattern) if pattern.host == HostPattern::Any => {
            // Every policy refuses it without the exception, so it is only the half of a repair.
            Err(format!("Write `{text}`, which needs `dangerously_allow = [\"any-app-origin\"]`."))
        }
        Ok(_) => Ok(text.to_owned()),
        Err(OriginFault { suggestion: Some(pattern), .. }) => Ok(pattern),
        Err(fault) => Err(fault.help),
    }
}
