//! The catalogue as a page: `docs/errors.md`.

use super::{Entry, Family, entries};

const INTRODUCTION: &str = "\
# Reason codes

<!-- Generated from the code. Do not edit. To update: `REWRITE=1 cargo test -p cors-cli --test errors` -->

Every code that the browser model, a policy or its decision can report, with its cause, its fix and an example. The codes do not
change. The examples are real output: the browser model plays the fetches, and the policies are built and asked. The console lines are
those of Chromium, Firefox and WebKit for the example, so you can search this page for the line that you see.

On a terminal, `cors explain CODE` prints the same.

";

/// Returns the whole page.
pub fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    for family in Family::ALL {
        page += &format!("- [{}](#{}): {}\n", family.title(), slug(family.title()), reported_by(family));
    }
    let entries = entries();
    for family in Family::ALL {
        page += &format!("\n## {}\n", family.title());
        page.extend(entries.iter().filter(|entry| entry.family == family).map(section));
    }
    page
}

/// What reports the codes of a family.
fn reported_by(family: Family) -> &'static str {
    match family {
        Family::Blocked => "`cors check` and the scenarios use these codes.",
        Family::Denied => "the adapters log these codes in their `tracing` events.",
        Family::Refused => "`Policy::builder()` and `cors policy` report these codes.",
        Family::Warning => "`Policy::warnings()` and `cors policy` report these codes.",
    }
}

/// The anchor that GitHub makes of a heading.
fn slug(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

fn section(entry: &Entry) -> String {
    let Entry { code, family, cause, fix, citation, question, example } = entry;
    let mut text = format!("\n### {}: `{code}`\n\n{cause}\n", family.label());
    if let Some(fix) = fix {
        text += &format!("\n**Fix:** {fix}\n");
    }
    if let Some(citation) = citation {
        text += &format!("\n**Rule:** [{}]({})", citation.title, citation.url);
        if let Some(question) = question {
            text += &format!(" · **FAQ:** {}", question.title);
        }
        text.push('\n');
    }
    if let Some(example) = example {
        text += &format!(
            "\n**Example:** {}\n\n```{}\n{}\n```\n",
            example.setting, example.language, example.listing
        );
        for (speaker, words) in &example.outcomes {
            text += &format!("\n{speaker}:\n\n> {words}\n");
        }
    }
    text
}
