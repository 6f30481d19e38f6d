//! `cors explain`: what a reason code means.

use std::process::ExitCode;

use super::CommandResult;
use crate::catalogue::{Entry, entries, to_text};
use crate::output::print;

/// The first line of the help.
pub const ABOUT: &str = "Explain a reason code: its cause, its fix, the rule of the standard, an example";

/// The help.
pub const LONG_ABOUT: &str = "\
Explain a reason code: its cause, its fix, the rule of the standard, an example

Reason codes are in the reports of `cors check`, `cors policy` and `cors conformance`, and in the log events of the adapters. \
Without a code, all codes are listed.

Exits with 0, or with 2 if there is no such code.";

/// How similar a code must be to be suggested, from 0 to 1.
const SIMILARITY: f64 = 0.6;

/// The most codes that are suggested.
const MAX_SUGGESTIONS: usize = 5;

/// The arguments of `cors explain`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The code, such as `missing-allow-origin`
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

/// Runs the command.
///
/// # Errors
///
/// There is no such code, or standard output cannot be written to.
pub fn run(arguments: &Arguments) -> CommandResult {
    let entries = entries();
    let text = match &arguments.code {
        None => list(&entries),
        Some(code) => explain(&entries, code)?,
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn list(entries: &[Entry]) -> String {
    entries.iter().map(|entry| format!("{:<8} {}\n", entry.family.label(), entry.code)).collect()
}

/// The entries of a code, one after the other; two families can have the same code.
fn explain(entries: &[Entry], code: &str) -> Result<String, String> {
    let texts: Vec<_> = entries.iter().filter(|entry| entry.code == code).map(to_text).collect();
    if texts.is_empty() { Err(unknown(entries, code)) } else { Ok(texts.join("\n")) }
}

fn unknown(entries: &[Entry], code: &str) -> String {
    let mut similar: Vec<_> = entries
        .iter()
        .map(|entry| (similarity(entry.code, code), entry.code))
        .filter(|(similarity, _)| *similarity >= SIMILARITY)
        .collect();
    similar.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.len().cmp(&other.1.len())));
    let mut names: Vec<_> = similar.into_iter().map(|(_, code)| format!("`{code}`")).collect();
    names.dedup();
    names.truncate(MAX_SUGGESTIONS);
    let suggestion = if names.is_empty() {
        "`cors explain` without a code lists all codes".to_owned()
    } else {
        format!("did you mean {}?", names.join(" or "))
    };
    format!("there is no code `{code}`; {suggestion}")
}

/// The edit distance, as a number from 0 (different) to 1 (equal). Case and `_` for `-` do not count.
fn similarity(code: &str, typed: &str) -> f64 {
    let typed = typed.to_lowercase().replace(['_', ' '], "-");
    // A part of a code is similar to it, however long the rest is.
    if typed.len() > 3 && code.contains(&typed) {
        return 1.0;
    }
    strsim::normalized_damerau_levenshtein(code, &typed)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn an_entry_has_cause_fix_rule_and_example() {
        let text = explain(&entries(), "missing-allow-origin").unwrap();
        assert!(text.starts_with("Blocked: missing-allow-origin\n\n"), "{text}");
        for part in [
            "\nFix:  ",
            "\nRule: Fetch, \"CORS check\", step 2\n      https://fetch.spec.whatwg.org/#concept-cors-check\n",
            "\nExample: on a page of https://app.example\n\n  fetch(\"https://api.example/item\")\n",
            "\n  GET https://api.example/item\n",
            "\nChromium: Access to fetch at ",
            "/docs/errors.md#blocked-missing-allow-origin\n",
        ] {
            assert!(text.contains(part), "no {part:?} in:\n{text}");
        }
    }

    #[test]
    fn a_code_of_two_families_has_both_entries() {
        let text = explain(&entries(), "method-not-allowed").unwrap();
        assert!(
            text.contains("Blocked: method-not-allowed\n") && text.contains("\nDenied: method-not-allowed\n")
        );
    }

    #[rstest]
    #[case("mising-allow-orgin", "did you mean `missing-allow-origin`")]
    #[case("Max_Age", "`max-age`")]
    #[case("allow-origin", "did you mean `missing-allow-origin` or ")]
    #[case("42", "`cors explain` without a code lists all codes")]
    fn an_unknown_code_gets_suggestions(#[case] code: &str, #[case] expected: &str) {
        let error = explain(&entries(), code).unwrap_err();
        assert!(
            error.starts_with(&format!("there is no code `{code}`; ")) && error.contains(expected),
            "{error}"
        );
    }
}
