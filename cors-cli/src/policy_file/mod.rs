//! Policy files: reads them, and says in plain English what is wrong with them or what they allow.

mod places;
mod report;
mod schema;
mod summary;

use std::io::Read;
use std::path::Path;
use std::{fs, io};

use cors_core::{Policy, PolicyBuilder, Problem};

use self::places::Places;
pub use self::report::{to_json, to_text};
pub use self::schema::json_schema;
pub use self::summary::summarize;

/// A policy file, accepted or refused.
#[derive(Debug)]
pub struct PolicyFile {
    /// Its path, or `standard input`.
    pub name: String,
    /// The policy, or why the file has none.
    pub outcome: Result<Policy, Refusal>,
    places: Places,
}

/// Why a file has no policy.
#[derive(Debug)]
pub enum Refusal {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// The text is not valid TOML or JSON.
    Syntax {
        /// What is wrong.
        message: String,
        /// The line, counted from one.
        line: Option<usize>,
    },
    /// The policy is refused.
    Problems(Vec<Problem>),
}

impl PolicyFile {
    /// Reads a file: JSON if its name ends in `.json` or its text starts with `{`, and TOML otherwise. `-` reads standard input.
    pub fn read(path: &Path) -> Self {
        if path == Path::new("-") {
            let mut text = String::new();
            let read = io::stdin().read_to_string(&mut text).map(|_| text);
            return Self::from_read("standard input".to_owned(), read);
        }
        Self::from_read(path.display().to_string(), fs::read_to_string(path))
    }

    /// Parses the text of a file with this name.
    pub fn parse(name: impl Into<String>, text: impl Into<String>) -> Self {
        let (name, text) = (name.into(), text.into());
        let is_json = name.ends_with(".json") || text.trim_start().starts_with('{');
        let builder = if is_json { parse_json(&text) } else { parse_toml(&text) };
        let outcome = builder.and_then(|builder| {
            builder.build().map_err(|error| Refusal::Problems(error.problems().to_vec()))
        });
        let places = Places::of(&text);
        Self { name, outcome, places }
    }

    /// The line of a field such as `allow_origins[2]`, counted from one. It is only known in TOML.
    pub fn line_of(&self, field: &str) -> Option<usize> {
        self.places.line_of(field)
    }

    fn from_read(name: String, read: io::Result<String>) -> Self {
        match read {
            Ok(text) => Self::parse(name, text),
            Err(error) => Self { name, outcome: Err(Refusal::Unreadable(error)), places: Places::default() },
        }
    }
}

fn parse_toml(text: &str) -> Result<PolicyBuilder, Refusal> {
    toml::from_str(text).map_err(|error| Refusal::Syntax {
        message: error.message().to_owned(),
        line: error.span().map(|span| places::line_at(text, span.start)),
    })
}

fn parse_json(text: &str) -> Result<PolicyBuilder, Refusal> {
    serde_json::from_str(text).map_err(|error| Refusal::Syntax {
        message: error.to_string(),
        line: (error.line() > 0).then_some(error.line()),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("policy.toml", "allow_origins = \"https://a.example\"")]
    #[case("policy.json", "{\"allow_origins\": \"https://a.example\"}")]
    #[case("standard input", " {\"allow_origins\": \"https://a.example\"}")]
    #[case("standard input", "# a comment\nallow_origins = \"https://a.example\"")]
    fn reads_both_formats(#[case] name: &str, #[case] text: &str) {
        let expected = Policy::builder().allow_origins("https://a.example").build().unwrap();
        assert_eq!(PolicyFile::parse(name, text).outcome.unwrap(), expected);
    }

    #[rstest]
    #[case("a.toml", "allow_origins = \"https://a.example\"\nmax_age =", 2)]
    #[case("a.json", "{\n\"allow_origins\" 3}", 2)]
    fn a_syntax_error_has_its_line(#[case] name: &str, #[case] text: &str, #[case] expected: usize) {
        let Err(Refusal::Syntax { line, .. }) = PolicyFile::parse(name, text).outcome else {
            panic!("no syntax error");
        };
        assert_eq!(line, Some(expected));
    }

    #[test]
    fn a_missing_file_is_unreadable() {
        let file = PolicyFile::read(Path::new("no/such/policy.toml"));
        assert!(matches!(file.outcome, Err(Refusal::Unreadable(_))));
    }
}
