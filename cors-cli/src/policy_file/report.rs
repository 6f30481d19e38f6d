//! The report about a policy file, as text and as JSON.

use std::fmt::{Display, Write};

use crate::printable;
use serde_json::{Value, json};

use super::{PolicyFile, Refusal, summarize};

/// Returns the problems with their lines and fixes; or the policy in plain English, with its warnings.
///
/// What the file contains is safe to print on a terminal.
pub fn to_text(file: &PolicyFile) -> String {
    let name = printable::text(&file.name);
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = match &file.outcome {
        Err(Refusal::Unreadable(error)) => writeln!(text, "{name}: cannot be read: {error}"),
        Err(Refusal::Syntax { message, line }) => {
            writeln!(
                text,
                "{name}{}: not a policy in TOML or JSON: {}",
                place(*line),
                printable::text(message)
            )
        }
        Err(Refusal::Problems(problems)) => {
            let count = if problems.len() == 1 {
                "1 problem".to_owned()
            } else {
                format!("{} problems", problems.len())
            };
            let _ = writeln!(text, "{name}: refused, {count}");
            problems.iter().try_for_each(|problem| write_note(&mut text, file, problem.field(), problem))
        }
        Ok(policy) => {
            let _ = writeln!(text, "{name}: accepted");
            let lines = summarize(policy).into_iter();
            let _ =
                lines.map(|line| line.replace('\n', "\n  ")).try_for_each(|line| writeln!(text, "  {line}"));
            policy.warnings().iter().try_for_each(|warning| {
                write_note(&mut text, file, warning.field(), &format_args!("warning: {warning}"))
            })
        }
    };
    text
}

/// Returns one JSON object: `{"file","ok","problems":[…],"warnings":[…],"summary":[…]}`.
///
/// The summary is what the policy allows, in sentences; it is empty if the policy is refused.
///
/// Each problem and warning has `code`, `field`, `value`, `help`, the whole `message`, and its `line` if that is known.
pub fn to_json(file: &PolicyFile) -> Value {
    let describe = |code: &str, field: &str, value: &str, help: &str, message: String| {
        let line = file.line_of(field);
        json!({ "code": code, "field": field, "value": value, "help": help, "message": message, "line": line })
    };
    let problems: Vec<Value> = match &file.outcome {
        Ok(_) => Vec::new(),
        Err(Refusal::Unreadable(error)) => {
            vec![describe("unreadable", "", "", "Check the path and its permissions.", error.to_string())]
        }
        Err(Refusal::Syntax { message, line }) => {
            let mut problem = describe("syntax", "", "", "Write a policy in TOML or JSON.", message.clone());
            problem["line"] = json!(line);
            vec![problem]
        }
        Err(Refusal::Problems(problems)) => problems
            .iter()
            .map(|problem| {
                let code = problem.code().as_str();
                describe(code, problem.field(), problem.value(), problem.help(), problem.to_string())
            })
            .collect(),
    };
    let warnings = file.outcome.iter().flat_map(cors_core::Policy::warnings).map(|warning| {
        let code = warning.code().as_str();
        describe(code, warning.field(), warning.value(), warning.help(), warning.to_string())
    });
    json!({
        "file": file.name,
        "ok": file.outcome.is_ok(),
        "problems": problems,
        "warnings": warnings.collect::<Vec<_>>(),
        "summary": file.outcome.as_ref().map(summarize).unwrap_or_default(),
    })
}

fn write_note(text: &mut String, file: &PolicyFile, field: &str, note: &impl Display) -> std::fmt::Result {
    let line = file.line_of(field).map(|line| format!("line {line}: ")).unwrap_or_default();
    writeln!(text, "  {line}{}", printable::text(&note.to_string()))
}

fn place(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = "allow_origins = \"https://a.example/\"\nallow_credentials = true\nallow_methods = [\"patch\",\"P UT\"]\nmax_ages = 3\n";

    #[test]
    fn a_refused_policy_is_shown_with_all_of_its_problems() {
        let text = to_text(&PolicyFile::parse("policy.toml", REFUSED));
        assert_eq!(
            text,
            "policy.toml: refused, 4 problems\n  \
             line 1: allow_origins: `https://a.example/` is not an origin: it ends in a path. Write `https://a.example`.\n  \
             line 3: allow_methods[0]: `patch` is not the standard method: methods are case-sensitive. Write `PATCH`.\n  \
             line 3: allow_methods[1]: `P UT` is not a method: it contains characters that a method cannot have. Write one name per entry: `[\"P\", \"UT\"]`.\n  \
             line 4: max_ages: unknown field. Did you mean `max_age`?\n"
        );
    }

    #[test]
    fn the_json_has_the_same_problems() {
        let json = to_json(&PolicyFile::parse("policy.toml", REFUSED));
        assert_eq!(json["ok"], false);
        assert_eq!(json["problems"].as_array().map(Vec::len), Some(4));
        assert_eq!(
            json["problems"][0],
            json!({
                "code": "origin-with-path",
                "field": "allow_origins",
                "value": "https://a.example/",
                "help": "Write `https://a.example`.",
                "message": "allow_origins: `https://a.example/` is not an origin: it ends in a path. Write `https://a.example`.",
                "line": 1,
            })
        );
    }

    #[test]
    fn an_accepted_policy_is_described_with_its_warnings() {
        let file = PolicyFile::parse("policy.toml", "allow_origins = \"*\"\nmax_age = 9000\n");
        let text = to_text(&file);
        assert!(
            text.starts_with("policy.toml: accepted\n  Every page on the web may read responses.\n"),
            "{text}"
        );
        assert!(text.contains("  line 2: warning: max_age: `9000` is longer than 7200 s"), "{text}");
        let json = to_json(&file);
        assert_eq!(
            (json["ok"].clone(), json["warnings"][0]["code"].clone()),
            (json!(true), json!("max-age-over-browser-cap"))
        );
    }

    #[test]
    fn a_file_without_a_policy_is_a_syntax_error() {
        let text = to_text(&PolicyFile::parse("policy.toml", "allow_origins"));
        assert!(text.starts_with("policy.toml, line 1: not a policy in TOML or JSON: "), "{text}");
    }

    #[test]
    fn a_file_cannot_control_the_terminal() {
        let text =
            to_text(&PolicyFile::parse("policy.toml", "allow_origins = \"https://\\u001B[2J.example\"\n"));
        assert!(text.contains("refused") && !text.contains('\u{1b}'), "{text:?}");
    }
}
