//! The marks of verdicts in tables.

use cors_conformance::run::Verdict;
use maud::{Markup, html};

use crate::page::hidden;

/// The mark of a verdict, and the class of its colours.
pub(crate) fn mark(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Pass => ("✓", "p"),
        Verdict::Fail => ("✗", "f"),
        Verdict::Limit => ("▲", "l"),
        Verdict::Disputed => ("?", "d"),
        Verdict::CannotExpress => ("–", "c"),
        Verdict::NotAsked => ("·", "n"),
        // Error, and what later versions of the suite add.
        _ => ("!", "e"),
    }
}

/// What a verdict means, in a legend.
pub(crate) fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "What the scenario describes holds.",
        Verdict::Fail => "It does not hold.",
        Verdict::Limit => {
            "It does not hold, because of the framework or the protocol below the middleware. The page of the middleware says why."
        }
        Verdict::Disputed => {
            "It does not hold, and the maintainers have said in public that it is right as it is. It is not counted."
        }
        Verdict::CannotExpress => {
            "The middleware has no option for the policy of the scenario. It is not counted."
        }
        Verdict::NotAsked => {
            "The scenario does not apply, for example because it is a promise of this project's adapters only. It is not counted."
        }
        _ => "The scenario could not be played to its end, so that nothing is known.",
    }
}

/// A chip with the mark and the word of a verdict.
pub(crate) fn chip(verdict: Verdict) -> Markup {
    let (mark, class) = mark(verdict);
    html! { span.verdict.{ (class) } { span aria-hidden="true" { (mark) } " " (verdict.as_str()) } }
}

/// The cell of a table. `None`: the subject was not fit to be tested.
pub(crate) fn cell(verdict: Option<Verdict>) -> Markup {
    let verdict = verdict.unwrap_or(Verdict::Error);
    let (mark, class) = mark(verdict);
    html! { td.{ (class) } { (mark) (hidden(verdict.as_str())) } }
}
