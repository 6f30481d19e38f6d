//! Globs over names: of headers in expectations, of subjects and scenarios on a command line.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};

/// A glob over names, compared without regard to case. `*` matches any text, `/` included.
#[derive(Clone, Debug)]
pub struct Pattern(GlobMatcher);

/// Text that is not a valid glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a pattern ({reason}): write a name, or a glob such as `preflight/*`")]
pub struct PatternError {
    text: String,
    reason: String,
}

impl Pattern {
    /// Parses a name or a glob.
    ///
    /// # Errors
    ///
    /// The text is not a valid glob, such as `preflight/[`.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        match GlobBuilder::new(text).case_insensitive(true).build() {
            Ok(glob) => Ok(Self(glob.compile_matcher())),
            Err(error) => Err(PatternError { text: text.to_owned(), reason: error.kind().to_string() }),
        }
    }

    /// Whether the whole of `name` matches.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }

    /// The text that it was parsed from.
    pub fn as_str(&self) -> &str {
        self.0.glob().glob()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("access-control-*", "access-control-allow-origin", true)]
    #[case("access-control-*", "x-access-control-a", false)]
    #[case("Vary", "vary", true)]
    #[case("preflight*", "preflight/granted", true)]
    #[case("cors-{axum,warp}", "cors-warp", true)]
    #[case("cors-{axum,warp}", "cors-poem", false)]
    fn whole_names_match(#[case] pattern: &str, #[case] name: &str, #[case] matches: bool) {
        assert_eq!(Pattern::parse(pattern).unwrap().matches(name), matches);
    }

    #[test]
    fn the_error_of_a_broken_glob_names_it() {
        let error = Pattern::parse("cors-[").unwrap_err();
        assert!(error.to_string().contains("`cors-[`"), "{error}");
    }
}
