//! `cors explain`: what a reason code or a line of a browser's console means.

use std::io::Read;
use std::process::ExitCode;

use super::CommandResult;
use crate::catalogue::{Entry, Family, Recognized, entries, named_urls, recognize, to_text};
use crate::output::print;
use crate::printable;

/// The first line of the help.
pub const ABOUT: &str =
    "Explain a reason code or a console line: its cause, its fix, the rule of the standard, an example";

/// The help.
pub const LONG_ABOUT: &str = "\
Explain a reason code or a console line: its cause, its fix, the rule of the standard, an example

Reason codes are in the reports of `cors check`, `cors policy` and `cors conformance`, and in the log events of the adapters. \
Instead of a code, pass a line from the console of Chromium, Firefox or WebKit in quotes, or `-` to paste it into standard input. \
Without a code, all codes are listed.

Exits with 0, or with 2 if there is no such code or line.";

/// The most bytes of standard input that are read.
const INPUT_LIMIT: u64 = 1 << 20;

/// How similar a code must be to be suggested, from 0 to 1.
const SIMILARITY: f64 = 0.6;

/// The most codes that are suggested.
const MAX_SUGGESTIONS: usize = 5;

/// The arguments of `cors explain`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The code, such as `missing-allow-origin`, the text of a console line, or `-` for standard input
    #[arg(value_name = "CODE|TEXT")]
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
        Some(code) if code == "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().take(INPUT_LIMIT).read_to_end(&mut bytes)?;
            explain(&entries, &String::from_utf8_lossy(&bytes))?
        }
        Some(code) => explain(&entries, code)?,
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn list(entries: &[Entry]) -> String {
    entries.iter().map(|entry| format!("{:<8} {}\n", entry.family.label(), entry.code)).collect()
}

/// The entries of a code, one after the other, or those of a console line; two families can have the same code.
fn explain(entries: &[Entry], text: &str) -> Result<String, String> {
    let code = text.trim();
    let texts: Vec<_> = entries.iter().filter(|entry| entry.code == code).map(to_text).collect();
    if !texts.is_empty() {
        return Ok(texts.join("\n"));
    }
    match recognize(text) {
        Some(found) => Ok(explain_line(entries, text, found)),
        None if code.contains(char::is_whitespace) => Err(
            "no line of this text is one that Chromium, Firefox or WebKit print about a blocked request; `cors check URL --origin \
             ORIGIN` finds out what happens"
                .to_owned(),
        ),
        None => Err(unknown(entries, code)),
    }
}

/// What a console line means.
fn explain_line(entries: &[Entry], text: &str, found: Recognized) -> String {
    let mut explained = match found.reasons {
        [] => format!(
            "{} prints this line for every blocked request. It does not say why; the line before it may.\n",
            found.browser
        ),
        [reason] => format!("{} prints this line for `{reason}`.\n", found.browser),
        reasons => {
            let codes: Vec<_> = reasons.iter().map(|reason| format!("`{reason}`")).collect();
            format!(
                "{} prints this line for {}. The first is explained here.\n",
                found.browser,
                codes.join(", ")
            )
        }
    };
    let (url, origin) = named_urls(text);
    let url = url.unwrap_or_else(|| "URL".to_owned());
    let origin = origin.unwrap_or_else(|| "ORIGIN".to_owned());
    explained += &format!(
        "To find out what happens: cors check {} --origin {}\n",
        shell_word(&url),
        shell_word(&origin)
    );
    let first = found.reasons.first().map(|reason| reason.as_str());
    let entry = entries.iter().find(|entry| entry.family == Family::Blocked && Some(entry.code) == first);
    if let Some(entry) = entry {
        explained.push('\n');
        explained += &to_text(entry);
    }
    explained
}

/// A word for a POSIX shell, in quotes if it needs them.
fn shell_word(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-._~:/".contains(character);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", printable::text(word).replace('\'', r"'\''")),
    }
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
    #[case("Access to fetch at 'https://api.example/a?b=1' from origin 'https://app.example' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.", &["Chromium prints this line for `missing-allow-origin`.", "cors check 'https://api.example/a?b=1' --origin https://app.example\n", "\nFix:  "])]
    #[case("(Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 403.", &["Firefox prints this line for `missing-allow-origin`, `preflight-missing-allow-origin`.", "cors check URL --origin ORIGIN", "\nFix:  "])]
    #[case("TypeError: Failed to fetch", &["does not say why"])]
    fn a_console_line_is_explained(#[case] line: &str, #[case] expected: &[&str]) {
        let text = explain(&entries(), line).unwrap();
        for part in expected {
            assert!(text.contains(part), "no {part:?} in:\n{text}");
        }
    }

    #[test]
    fn another_text_is_an_error() {
        let error = explain(&entries(), "it does not work").unwrap_err();
        assert!(error.contains("cors check URL --origin ORIGIN"), "{error}");
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
