//! Texts as literals of other languages.
//!
//! The values of a policy are ASCII without control characters, so that no language needs more escapes than these.

/// A literal in double quotes, for Java, C#, Python, YAML and JSON.
pub(super) fn double(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A literal in single quotes in which only the quote and the backslash are escaped, for JavaScript and Ruby.
pub(super) fn single(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A regular expression between slashes, for JavaScript and Ruby.
pub(super) fn slashes(regex: &str) -> String {
    format!("/{}/", regex.replace('/', "\\/"))
}

/// Text as a part of a regular expression.
pub(super) fn regex(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if !character.is_ascii_alphanumeric() && !matches!(character, '-' | '_' | ':' | '/') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A list in brackets.
pub(super) fn list<T: AsRef<str>>(
    items: impl IntoIterator<Item = T>,
    mut quote: impl FnMut(&str) -> String,
) -> String {
    let items: Vec<_> = items.into_iter().map(|item| quote(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// A text whose lines after the first begin with `indent`.
pub(super) fn indented(text: &str, indent: &str) -> String {
    text.replace('\n', &format!("\n{indent}"))
}
