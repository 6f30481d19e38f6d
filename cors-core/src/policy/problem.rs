//! The problems of a refused policy, and the warnings about a policy that was built.

use std::{fmt, io};

use super::fields::{Spelling, split_rule};
use crate::codes::codes;

codes! {
    "refused",
    /// Why a policy is refused.
    ProblemCode {
        /// `allow_origins` is missing.
        NoOrigins = "no-origins",
        /// One entry contains several origins.
        OriginList = "origin-list",
        /// An origin has no scheme.
        OriginWithoutScheme = "origin-without-scheme",
        /// The scheme of an origin is not valid, or its pages have an opaque origin.
        OriginScheme = "origin-scheme",
        /// The host of an origin is missing or not valid.
        OriginHost = "origin-host",
        /// The port of an origin is not valid.
        OriginPort = "origin-port",
        /// An origin contains the default port of its scheme.
        OriginWithDefaultPort = "origin-with-default-port",
        /// An origin ends in a path; a single slash counts.
        OriginWithPath = "origin-with-path",
        /// An origin ends in a query.
        OriginWithQuery = "origin-with-query",
        /// An origin ends in a fragment.
        OriginWithFragment = "origin-with-fragment",
        /// An origin contains a user name or password.
        OriginWithUserInfo = "origin-with-user-info",
        /// An origin contains upper-case letters.
        OriginInUpperCase = "origin-in-upper-case",
        /// The host of an origin contains characters that are not ASCII.
        OriginWithUnicode = "origin-with-unicode",
        /// An origin contains white space or a control character.
        OriginWithWhiteSpace = "origin-with-white-space",
        /// An origin is written in quotes.
        OriginInQuotes = "origin-in-quotes",
        /// An origin is a regular expression.
        OriginRegex = "origin-regex",
        /// An origin contains a variable that was not replaced.
        OriginPlaceholder = "origin-placeholder",
        /// A `*` is neither the leftmost label, nor a part of it, nor the whole port.
        MisplacedWildcard = "misplaced-wildcard",
        /// `*` is listed together with names.
        WildcardAmongNames = "wildcard-among-names",
        /// There are more origins than one policy can hold.
        TooManyOrigins = "too-many-origins",
        /// Any origin is allowed together with credentials.
        AnyOriginWithCredentials = "any-origin-with-credentials",
        /// All hosts of an application's scheme are allowed without the exception.
        AnyAppOrigin = "any-app-origin",
        /// `null` or `file://` is listed without the exception.
        NullOrigin = "null-origin",
        /// `null` or `file://` is listed together with credentials.
        NullOriginWithCredentials = "null-origin-with-credentials",
        /// An `http:` origin is listed together with credentials, without the exception.
        InsecureOriginWithCredentials = "insecure-origin-with-credentials",
        /// A pattern for names below a public suffix is listed together with credentials, without the exception.
        PublicSuffixWildcardWithCredentials = "public-suffix-wildcard-with-credentials",
        /// A method is not a token.
        MethodSyntax = "method-syntax",
        /// A standard method is not in upper case.
        MethodCase = "method-case",
        /// A header name is not a token.
        HeaderSyntax = "header-syntax",
        /// All response headers are exposed together with credentials.
        AnyExposedHeaderWithCredentials = "any-exposed-header-with-credentials",
        /// The max-age is not a whole number of seconds.
        MaxAge = "max-age",
        /// The preflight status is not from 200 to 299.
        PreflightStatus = "preflight-status",
        /// An entry of the guard's `allow_hosts` is not a host.
        Host = "host",
        /// An entry of the guard's `own_origins` is not an origin that a server can have.
        OwnOrigin = "own-origin",
        /// The path of an exemption is not an absolute path.
        ExemptPath = "exempt-path",
        /// An exemption has no method or no path.
        IncompleteExemption = "incomplete-exemption",
        /// What a guard does is neither `allow` nor `deny`.
        GuardAction = "guard-action",
        /// A policy does not have this field.
        UnknownField = "unknown-field",
        /// A field is written twice.
        RepeatedField = "repeated-field",
        /// The value of a field has the wrong type.
        WrongType = "wrong-type",
        /// `dangerously_allow` does not have this entry.
        UnknownDanger = "unknown-danger",
    }
}

codes! {
    "warning",
    /// Why the author of a policy gets a warning.
    WarningCode {
        /// `allow_origins` is an empty list, so no page may read responses.
        NoOrigins = "no-origins",
        /// Browsers forbid pages to use the method, so it is left out.
        ForbiddenMethod = "forbidden-method",
        /// Browsers forbid pages to set the request header, so it is left out.
        ForbiddenRequestHeader = "forbidden-request-header",
        /// Browsers forbid pages to read the response header, so it is left out.
        ForbiddenResponseHeader = "forbidden-response-header",
        /// The header belongs to the CORS protocol, so it is left out.
        CorsHeader = "cors-header",
        /// The max-age is longer than a day, the longest time that a browser uses. A day is sent.
        MaxAgeOverADay = "max-age-over-a-day",
        /// The max-age is longer than 7200 s, the longest time that Chromium uses.
        MaxAgeOverBrowserCap = "max-age-over-browser-cap",
        /// An origin is listed twice, or a pattern covers it.
        CoveredOrigin = "covered-origin",
        /// A pattern covers names below a public suffix, where anyone can register one.
        PublicSuffixPattern = "public-suffix-pattern",
        /// The scheme of an origin is almost the same as a known one, or pages do not have it.
        UnusualScheme = "unusual-scheme",
        /// A method or header is listed twice.
        RepeatedName = "repeated-name",
        /// `authorization` is missing beside `*`, which does not cover it.
        AuthorizationNotCovered = "authorization-not-covered",
        /// Any origin may read, but the guard trusts none of them.
        AnyOriginNotTrusted = "any-origin-not-trusted",
        /// `allow_hosts` is an empty list, so every request is denied.
        NoHosts = "no-hosts",
        /// The guard denies no request to which the exemption applies.
        ExemptionWithoutEffect = "exemption-without-effect",
        /// The path of an exemption contains a `*`, which is not a pattern there.
        ExemptPathPattern = "exempt-path-pattern",
        /// The guard denies nothing.
        GuardWithoutEffect = "guard-without-effect",
    }
}

macro_rules! finding {
    ($(#[$outer:meta])* $name:ident, $code:ident) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            pub(super) code: $code,
            pub(super) note: Note,
        }

        impl $name {
            pub(super) fn new(code: $code, note: Note) -> Self {
                Self { code, note }
            }

            pub(super) fn respell(&mut self, spelling: &Spelling) {
                self.note.respell(spelling);
            }

            /// The code, for programs.
            pub fn code(&self) -> $code {
                self.code
            }

            /// The field, with the position in its list, such as `allow_origins[2]`. In a rule it is
            /// `rules[1].allow_origins[2]`. For a policy from environment variables it is the name of the variable, such as
            /// `CORS_ALLOW_ORIGINS[2]`.
            pub fn field(&self) -> &str {
                &self.note.field
            }

            /// The value as it was written. It is empty if nothing was written, or if the field itself is wrong.
            pub fn value(&self) -> &str {
                &self.note.value
            }

            /// What to write instead, as a sentence.
            pub fn help(&self) -> &str {
                &self.note.help
            }

            /// The address of an explanation with an example.
            pub fn url(&self) -> &'static str {
                self.code.url()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.note.fmt(formatter)
            }
        }
    };
}

finding! {
    /// One reason why a policy is refused.
    ///
    /// Its text names the field, the value, what is wrong, and what to write instead.
    Problem, ProblemCode
}

finding! {
    /// Something in a policy that its author may not have intended. It does no harm.
    ///
    /// Its text names the field, the value, what is unusual, and what to write instead.
    Warning, WarningCode
}

/// The text of a problem or a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) field: String,
    pub(super) value: String,
    /// What is wrong; it follows the value in a sentence.
    pub(super) what: String,
    pub(super) help: String,
}

impl Note {
    /// Writes the field, and the fields that the sentences mention, in another way.
    fn respell(&mut self, spelling: &Spelling) {
        // Rules have no environment variables.
        if split_rule(&self.field).is_some() {
            return;
        }
        self.field = spelling.field(&self.field);
        self.what = spelling.text(&self.what);
        self.help = spelling.text(&self.help);
    }

    /// Puts the name of a table before the field.
    pub(super) fn in_table(mut self, table: &str) -> Self {
        self.field.insert_str(0, table);
        self
    }

    pub(super) fn new(
        field: impl Into<String>,
        value: impl Into<String>,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), value: value.into(), what: what.into(), help: help.into() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value, what, help } = self;
        // An unknown field can contain anything.
        let field = Escaped(field);
        if value.is_empty() {
            write!(formatter, "{field}: {what}. {help}")
        } else {
            write!(formatter, "{field}: `{}` {what}. {help}", Escaped(value))
        }
    }
}

/// A text on one line. Quotes and backslashes are not escaped, because a value is printed between backticks.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(['"', '\'', '\\']) {
            let text = piece.trim_end_matches(['"', '\'', '\\']);
            write!(formatter, "{}{}", text.escape_debug(), &piece[text.len()..])?;
        }
        Ok(())
    }
}

/// Why a policy is refused: all of its problems.
///
/// ```
/// use std::time::Duration;
///
/// use cors_core::{Policy, ProblemCode};
///
/// let builder = Policy::builder().allow_origins("https://example.com/").max_age(Duration::from_millis(1500));
/// let error = builder.build().unwrap_err();
/// let codes: Vec<_> = error.problems().iter().map(|problem| problem.code()).collect();
/// assert_eq!(codes, [ProblemCode::OriginWithPath, ProblemCode::MaxAge]);
/// assert_eq!(
///     error.problems()[0].to_string(),
///     "allow_origins: `https://example.com/` is not an origin: it ends in a path. Write `https://example.com`.",
/// );
/// ```
///
/// `Debug` prints the same text as `Display`, because `unwrap` and a `main` that returns an error print that.
#[derive(Clone, PartialEq, Eq)]
pub struct PolicyError {
    pub(super) problems: Vec<Problem>,
}

impl PolicyError {
    /// The problems in the order of the policy's fields; at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => write!(formatter, "the CORS policy is refused: {problem}"),
            problems => {
                write!(formatter, "the CORS policy is refused, it has {} problems:", problems.len())?;
                problems.iter().try_for_each(|problem| write!(formatter, "\n- {problem}"))
            }
        }
    }
}

impl fmt::Debug for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::error::Error for PolicyError {}

/// For a `main` that returns `std::io::Result`. The kind is `InvalidInput`.
impl From<PolicyError> for io::Error {
    fn from(error: PolicyError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}
