//! What middlewares do with unsafe configurations, as a table.

use std::fmt::Write as _;

use comfy_table::{Table, presets};

use super::{Format, ReportError};
use crate::unsafe_configuration::{UnsafeConfiguration, UnsafeRun};

/// The report of unsafe configurations. JUnit is not for this: there is nothing to pass or fail, so the table stands in its place. The
/// text ends with a line feed.
///
/// # Errors
///
/// The results cannot be serialized.
pub fn unsafe_configurations(runs: &[UnsafeRun], format: Format) -> Result<String, ReportError> {
    match format {
        Format::Json => Ok(serde_json::to_string_pretty(runs)? + "\n"),
        Format::Markdown => Ok(markdown(runs)),
        Format::Table | Format::Junit => Ok(table(runs)),
    }
}

fn table(runs: &[UnsafeRun]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let names = UnsafeConfiguration::ALL.map(|configuration| configuration.name);
    table.set_header(std::iter::once("middleware").chain(names));
    for run in runs {
        let outcomes = run.results.iter().map(|result| result.outcome.as_str());
        table.add_row(std::iter::once(run.subject.as_str()).chain(outcomes));
    }
    let mut text = format!("{table}\n\n");
    for configuration in UnsafeConfiguration::ALL {
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{}: {}\n  {} may read",
            configuration.name, configuration.title, configuration.harm
        );
    }
    for run in runs {
        let _ = writeln!(text, "\n{}", run.subject);
        for result in &run.results {
            let mut words = vec![result.outcome.as_str().to_owned()];
            words.extend((!result.detail.is_empty()).then(|| result.detail.clone()));
            words.extend(result.warning.iter().map(|warning| format!("warning: {warning}")));
            let _ = writeln!(text, "  {}: {}", result.name, words.join(": ").replace('\n', " "));
            for line in result.configuration.iter().flat_map(|configuration| configuration.lines()) {
                let _ = writeln!(text, "    {line}");
            }
        }
    }
    text
}

fn markdown(runs: &[UnsafeRun]) -> String {
    let names = UnsafeConfiguration::ALL.map(|configuration| format!("`{}`", configuration.name));
    let mut text = format!("# Unsafe configurations\n\n| middleware | {} |\n", names.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(names.len()));
    for run in runs {
        let outcomes: Vec<_> = run.results.iter().map(|result| result.outcome.as_str()).collect();
        let _ = writeln!(text, "| {} | {} |", run.subject, outcomes.join(" | "));
    }
    text.push('\n');
    for configuration in UnsafeConfiguration::ALL {
        let UnsafeConfiguration { name, title, harm, .. } = configuration;
        let _ = writeln!(text, "- `{name}`: {title}. Who may read then: {harm}.");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unsafe_configuration::{UnsafeOutcome, UnsafeResult};

    fn runs() -> Vec<UnsafeRun> {
        let outcomes = [
            UnsafeOutcome::ReadsWithCookies,
            UnsafeOutcome::ReadsWithoutCookies,
            UnsafeOutcome::Refused,
            UnsafeOutcome::CannotExpress,
            UnsafeOutcome::Blocked,
        ];
        let results =
            UnsafeConfiguration::ALL.iter().zip(outcomes).map(|(configuration, outcome)| UnsafeResult {
                name: configuration.name.to_owned(),
                outcome,
                detail: if outcome == UnsafeOutcome::Refused { "no null".to_owned() } else { String::new() },
                configuration: Some("cors()".to_owned()),
                warning: None,
            });
        vec![UnsafeRun { subject: "mine".to_owned(), results: results.collect() }]
    }

    #[test]
    fn as_a_table() {
        insta::assert_snapshot!(unsafe_configurations(&runs(), Format::Table).unwrap());
    }

    #[test]
    fn as_markdown() {
        insta::assert_snapshot!(unsafe_configurations(&runs(), Format::Markdown).unwrap());
    }

    #[test]
    fn json_can_be_read_back() {
        let text = unsafe_configurations(&runs(), Format::Json).unwrap();
        assert_eq!(serde_json::from_str::<Vec<UnsafeRun>>(&text).unwrap(), runs());
    }
}
