//! The report on a policy file, for people and for programs.

use std::fmt::{Display, Write};

use serde_json::{Value, json};

use super::{PolicyFile, Refusal, summarize};

/// Problems with their places and fixes; or the policy in plain words, with its warnings.
pub fn to_text(file: &PolicyFile) -> String {
    let name = &file.name;
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = match &file.outcome {
        Err(Refusal::Unreadable(error)) => writeln!(text, "{name}: cannot be read: {error}"),
        Err(Refusal::Syntax { message, line }) => {
            writeln!(text, "{name}{}: is neither TOML nor JSON that holds a policy: {message}", place(*line))
        }
        Err(Refusal::Problems(problems)) => {
            let count = if problems.len() == 1 {
                "1 problem".to_owned()
            } else {
                format!("{} problems", problems.len())
            };
            let _ = writeln!(text, "{name}: refused, {count}");
            problems.iter().try_for_each(|problem| write_remark(&mut text, file, problem.field(), problem))
        }
        Ok(policy) => {
            let _ = writeln!(text, "{name}: accepted");
            let lines = summarize(policy).into_iter();
            let _ =
                lines.map(|line| line.replace('\n', "\n  ")).try_for_each(|line| writeln!(text, "  {line}"));
            policy.warnings().iter().try_for_each(|warning| {
                write_remark(&mut text, file, warning.field(), &format_args!("warning: {warning}"))
            })
        }
    };
    text
}

/// One object: `{"file","ok","problems":[{"code","field","value","help"}],"warnings":[…]}`; each problem and warning has its
/// whole `message`, too, and its `line` where that is known.
pub fn to_json(file: &PolicyFile) -> Value {
    let describe = |code: &str, field: &str, value: &str, help: &str, message: String| json!({ "code": code, "field": field, "value": value, "help": help, "message": message, "line": file.line_of(field) });
    let problems: Vec<Value> = match &file.outcome {
        Ok(_) => Vec::new(),
        Err(Refusal::Unreadable(error)) => {
            vec![describe("unreadable", "", "", "Check the path and its permissions.", error.to_string())]
        }
        Err(Refusal::Syntax { message, line }) => {
            let mut problem = describe("syntax", "", "", "Write TOML or JSON.", message.clone());
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
    })
}

fn write_remark(
    text: &mut String,
    file: &PolicyFile,
    field: &str,
    remark: &impl Display,
) -> std::fmt::Result {
    let line = file.line_of(field).map(|line| format!("line {line}: ")).unwrap_or_default();
    writeln!(text, "  {line}{remark}")
}

fn place(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = "allow_origins = \"https://a.example/\"\nallow_credentials = true\nallow_methods = [\"patch\",\"TRACE\"]\nmax_ages = 3\n";

    #[test]
    fn a_refused_policy_is_told_with_all_of_its_problems() {
        let text = to_text(&PolicyFile::parse("policy.toml", REFUSED));
        assert_eq!(
            text,
            "policy.toml: refused, 4 problems\n  \
             line 1: allow_origins: `https://a.example/` is not an origin: it ends in a path. Write `https://a.example`.\n  \
             line 3: allow_methods[0]: `patch` is not the standard method: methods are case-sensitive. Write `PATCH`.\n  \
             line 3: allow_methods[1]: `TRACE` is a method that browsers forbid every page to use. Leave it out.\n  \
             line 4: max_ages: unknown field. Did you mean `max_age`?\n"
        );
    }

    #[test]
    fn programs_get_the_same_in_one_object() {
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
    fn an_accepted_policy_is_told_in_words_and_with_its_warnings() {
        let file = PolicyFile::parse("policy.toml", "allow_origins = \"*\"\nmax_age = 9000\n");
        let text = to_text(&file);
        assert!(
            text.starts_with("policy.toml: accepted\n  Any page on the web may read responses.\n"),
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
    fn a_file_that_is_no_policy_at_all_is_told_so() {
        let text = to_text(&PolicyFile::parse("policy.toml", "allow_origins"));
        assert!(text.starts_with("policy.toml, line 1: is neither TOML nor JSON"), "{text}");
    }
}
