//! Reads row files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use crate::Row;

/// A row file that cannot be read, or a row in it that is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct RowError {
    /// The file, followed by the row.
    pub place: String,
    /// What is wrong.
    pub problem: String,
}

impl RowError {
    fn new(place: impl Into<String>, problem: impl ToString) -> Self {
        Self { place: place.into(), problem: problem.to_string().trim_end().replace('\n', " ") }
    }
}

/// A row file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The section of the standard that the rows come from.
    section: String,
    /// The keys that rows have unless they set them.
    #[serde(default)]
    defaults: Table,
    row: Vec<Table>,
}

/// Reads all row files in a folder, in the order of their names.
///
/// # Errors
///
/// A file cannot be read, or a row is invalid.
pub fn load(folder: &Path) -> Result<Vec<Row>, RowError> {
    let failed = |error| RowError::new(folder.display().to_string(), error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut rows = Vec::new();
    for path in paths {
        let text =
            fs::read_to_string(&path).map_err(|error| RowError::new(path.display().to_string(), error))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        rows.extend(parse(&name, &text)?);
    }
    Ok(rows)
}

/// Parses the content of the row file `name`.
///
/// # Errors
///
/// The file is not valid TOML, or a row is invalid. The error names the file and the row.
pub fn parse(name: &str, text: &str) -> Result<Vec<Row>, RowError> {
    let file_name = format!("{name}.toml");
    let file: File = toml::from_str(text).map_err(|error| RowError::new(&file_name, error))?;
    if file.section.is_empty() {
        return Err(RowError::new(&file_name, "`section` is empty"));
    }
    let mut titles = BTreeSet::new();
    let mut rows = Vec::new();
    for (index, mut table) in file.row.into_iter().enumerate() {
        let title = table.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
        let place = format!("{file_name}, row {}, `{title}`", index + 1);
        if !titles.insert(title) {
            return Err(RowError::new(place, "another row of this file has the same title"));
        }
        for (key, value) in &file.defaults {
            if !table.contains_key(key) {
                table.insert(key.clone(), value.clone());
            }
        }
        rows.push(Row::new(name, table).map_err(|problem| RowError::new(place, problem))?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HEAD: &str = "section = 'Fetch, \"CORS check\"'\n[defaults]\nwire = ['GET /']\n";

    #[test]
    fn a_row_takes_the_defaults_that_it_does_not_set() {
        let text = format!(
            "{HEAD}[[row]]\ntitle = 'a'\npage = 'cors 200'\n[[row]]\ntitle = 'b'\npage = 'opaque'\nwire = []"
        );
        let rows = parse("check", &text).unwrap();
        assert_eq!(rows.iter().map(Row::id).collect::<Vec<_>>(), ["check/a", "check/b"]);
        assert_eq!(rows.iter().map(|row| row.expected.wire.len()).collect::<Vec<_>>(), [1, 0]);
    }

    #[rstest]
    #[case::not_toml("[[row]", "check.toml", "")]
    #[case::no_rows("", "check.toml", "row")]
    #[case::unknown_key(
        "[[row]]\ntitle = 'a'\npage = 'cors 200'\npaeg = 1",
        "check.toml, row 1, `a`",
        "unknown field `paeg`"
    )]
    #[case::no_title("[[row]]\npage = 'cors 200'", "check.toml, row 1, ``", "title")]
    #[case::no_page("[[row]]\ntitle = 'a'", "check.toml, row 1, `a`", "page")]
    #[case::wrong_type("[[row]]\ntitle = 'a'\npage = 200", "check.toml, row 1, `a`", "page")]
    #[case::page("[[row]]\ntitle = 'a'\npage = 'fine'", "check.toml, row 1, `a`", "`fine`")]
    #[case::reason("[[row]]\ntitle = 'a'\npage = 'blocked: bad-luck'", "check.toml, row 1, `a`", "bad-luck")]
    #[case::status("[[row]]\ntitle = 'a'\npage = 'cors 20x'", "check.toml, row 1, `a`", "cors 20x")]
    #[case::method("[[row]]\ntitle = 'a'\npage = 'cors 200'\nfetch = '/'", "check.toml, row 1, `a`", "`/`")]
    #[case::url(
        "[[row]]\ntitle = 'a'\npage = 'cors 200'\nfetch = 'GET https://['",
        "check.toml, row 1, `a`",
        "https://["
    )]
    #[case::origin(
        "[[row]]\ntitle = 'a'\npage = 'cors 200'\nfrom = 'app'",
        "check.toml, row 1, `a`",
        "`app`"
    )]
    #[case::header(
        "[[row]]\ntitle = 'a'\npage = 'cors 200'\nheaders = ['X-A']",
        "check.toml, row 1, `a`",
        "`X-A`"
    )]
    #[case::reply(
        "[[row]]\ntitle = 'a'\npage = 'cors 200'\nreply = ['X-A']",
        "check.toml, row 1, `a`",
        "`X-A`"
    )]
    #[case::mode(
        "[[row]]\ntitle = 'a'\npage = 'cors 200'\nmode = 'cross'",
        "check.toml, row 1, `a`",
        "cross"
    )]
    #[case::pages(
        "[[row]]\ntitle = 'a'\npage = ['cors 200', 'cors 200']",
        "check.toml, row 1, `a`",
        "1 fetch"
    )]
    #[case::engine(
        "[[row]]\ntitle = 'a'\npage = 'cors 200'\ninstead = [{ in = ['opera'], rule = 'x' }]",
        "check.toml, row 1, `a`",
        "opera"
    )]
    #[case::same_instead(
        "[[row]]\ntitle = 'a'\npage = 'cors 200'\ninstead = [{ in = ['chromium'], rule = 'x' }]",
        "check.toml, row 1, `a`",
        "same"
    )]
    #[case::same_title(
        "[[row]]\ntitle = 'a'\npage = 'opaque'\n[[row]]\ntitle = 'a'\npage = 'opaque'",
        "check.toml, row 2, `a`",
        "same title"
    )]
    fn an_error_names_the_file_and_the_row(#[case] rows: &str, #[case] place: &str, #[case] problem: &str) {
        let error = parse("check", &format!("{HEAD}{rows}")).unwrap_err();
        assert_eq!(error.place, place, "{error}");
        assert!(error.problem.contains(problem), "{error}");
    }

    #[test]
    fn a_file_without_a_section_is_invalid() {
        let error = parse("check", "row = []").unwrap_err();
        assert!(error.to_string().contains("section"), "{error}");
    }
}
