//! An entry of the catalogue as plain text, for a terminal.

use super::Entry;

/// Returns an entry as plain text; it ends with a line feed.
pub fn to_text(entry: &Entry) -> String {
    let Entry { code, family, cause, fix, citation, question, example } = entry;
    let mut text = format!("{}: {code}\n\n{}\n", family.label(), plain(cause));
    if let Some(fix) = fix {
        text += &format!("\nFix:  {}\n", plain(fix));
    }
    if let Some(citation) = citation {
        text += &format!("Rule: {}\n      {}\n", citation.title, citation.url);
    }
    if let Some(question) = question {
        text += &format!("FAQ:  {}\n", question.title);
    }
    if let Some(example) = example {
        text += &format!("\nExample: {}\n\n", plain(&example.setting));
        for line in example.listing.lines() {
            text += format!("  {line}").trim_end();
            text.push('\n');
        }
        for (speaker, words) in &example.outcomes {
            text += &format!("\n{speaker}: {words}\n");
        }
    }
    text += &format!("\nOn the web: {}\n", entry.url());
    text
}

/// Removes the marks around code.
fn plain(markdown: &str) -> String {
    markdown.replace('`', "")
}
