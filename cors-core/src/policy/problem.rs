//! What is wrong with a policy that was refused, and what deserves a second look in one that was not.

use std::fmt;

/// Declares an enum of codes with their stable text forms.
macro_rules! codes {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable text form, for programs and search engines.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use codes;

codes! {
    /// Why a policy was refused.
    ProblemCode {
        /// `allow_origins` is missing or empty.
        NoOrigins = "no-origins",
        /// An entry holds several origins.
        OriginList = "origin-list",
        /// An origin lacks its scheme.
        OriginWithoutScheme = "origin-without-scheme",
        /// An origin's scheme is none, or one whose pages have no origin.
        OriginScheme = "origin-scheme",
        /// An origin's host is missing or is no host.
        OriginHost = "origin-host",
        /// An origin's port is none.
        OriginPort = "origin-port",
        /// An origin writes out the default port of its scheme.
        OriginWithDefaultPort = "origin-with-default-port",
        /// An origin ends in a path, if only a slash.
        OriginWithPath = "origin-with-path",
        /// An origin ends in a query.
        OriginWithQuery = "origin-with-query",
        /// An origin ends in a fragment.
        OriginWithFragment = "origin-with-fragment",
        /// An origin contains a user name or password.
        OriginWithUserInfo = "origin-with-user-info",
        /// An origin contains upper-case letters.
        OriginInUpperCase = "origin-in-upper-case",
        /// An origin's host is not in ASCII.
        OriginWithUnicode = "origin-with-unicode",
        /// An origin contains white space or a control character.
        OriginWithWhiteSpace = "origin-with-white-space",
        /// A `*` stands elsewhere than for the whole leftmost label or the whole port.
        MisplacedWildcard = "misplaced-wildcard",
        /// `*` stands in a list together with names.
        WildcardAmongNames = "wildcard-among-names",
        /// More origins than one policy can hold.
        TooManyOrigins = "too-many-origins",
        /// Any origin together with credentials.
        AnyOriginWithCredentials = "any-origin-with-credentials",
        /// `null` without the opt-in.
        NullOrigin = "null-origin",
        /// `null` together with credentials.
        NullOriginWithCredentials = "null-origin-with-credentials",
        /// An origin of scheme `http` together with credentials, without the opt-in.
        InsecureOriginWithCredentials = "insecure-origin-with-credentials",
        /// All subdomains of a public suffix together with credentials, without the opt-in.
        PublicSuffixWildcardWithCredentials = "public-suffix-wildcard-with-credentials",
        /// A method that is no token.
        MethodSyntax = "method-syntax",
        /// A method that no page can use.
        ForbiddenMethod = "forbidden-method",
        /// A standard method in another case.
        MethodCase = "method-case",
        /// A header name that is no token.
        HeaderSyntax = "header-syntax",
        /// A request header that no page can set.
        ForbiddenRequestHeader = "forbidden-request-header",
        /// A response header that no page can read.
        ForbiddenResponseHeader = "forbidden-response-header",
        /// A header of the CORS protocol itself.
        CorsHeader = "cors-header",
        /// All response headers exposed together with credentials.
        AnyExposedHeaderWithCredentials = "any-exposed-header-with-credentials",
        /// A max-age over a day.
        MaxAge = "max-age",
        /// A preflight status that is no success.
        PreflightStatus = "preflight-status",
        /// A field that no policy has.
        UnknownField = "unknown-field",
        /// A field that is there twice.
        RepeatedField = "repeated-field",
        /// A value of another type than the field's.
        WrongType = "wrong-type",
        /// An entry of `dangerously_allow` that is none.
        UnknownDanger = "unknown-danger",
    }
}

codes! {
    /// Why a policy that was not refused deserves a second look.
    WarningCode {
        /// A max-age over the 7200 s to which Chromium shortens it.
        MaxAgeOverBrowserCap = "max-age-over-browser-cap",
        /// A method that never needs a preflight is listed.
        SafelistedMethod = "safelisted-method",
        /// A header that is safelisted anyway is listed.
        SafelistedHeader = "safelisted-header",
        /// An origin is listed twice, or another pattern covers it.
        CoveredOrigin = "covered-origin",
        /// A method or header is listed twice.
        RepeatedName = "repeated-name",
        /// `Authorization` is missing beside `*`, which does not cover it.
        AuthorizationNotCovered = "authorization-not-covered",
    }
}

/// One thing that is wrong with a policy.
pub type Problem = Finding<ProblemCode>;

/// One thing in a policy that its author may not have meant; it does no harm.
pub type Warning = Finding<WarningCode>;

/// What the check of a policy found, in a form that a program can match on and a person can read.
///
/// As text it names the field, the value, what is wrong and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<C> {
    code: C,
    remark: Remark,
}

impl<C: Copy> Finding<C> {
    pub(super) fn new(code: C, remark: Remark) -> Self {
        Self { code, remark }
    }

    /// What was found, for a program.
    pub fn code(&self) -> C {
        self.code
    }

    /// The field it is about, with the position in its list, such as `allow_origins[2]`.
    pub fn field(&self) -> &str {
        &self.remark.field
    }

    /// The value that is wrong, as it was written; empty where none is: nothing was written, or it is the field itself.
    pub fn value(&self) -> &str {
        &self.remark.value
    }

    /// What to write instead, as a sentence.
    pub fn help(&self) -> &str {
        &self.remark.help
    }
}

impl<C> fmt::Display for Finding<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Remark { field, value, what, help } = &self.remark;
        if value.is_empty() {
            write!(formatter, "{field}: {what}. {help}")
        } else {
            write!(formatter, "{field}: `{}` {what}. {help}", Escaped(value))
        }
    }
}

/// A value fit for a line of a log. Quotes stay as they are: it stands between backticks.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(['"', '\'']) {
            let text = piece.trim_end_matches(['"', '\'']);
            write!(formatter, "{}{}", text.escape_debug(), &piece[text.len()..])?;
        }
        Ok(())
    }
}

/// The words of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    field: String,
    value: String,
    /// What is wrong, to be read after the value.
    what: String,
    help: String,
}

impl Remark {
    pub(super) fn new(
        field: impl Into<String>,
        value: impl Into<String>,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), value: value.into(), what: what.into(), help: help.into() }
    }
}

/// Why a policy was refused: every problem that it has.
///
/// ```
/// use cors_core::{Policy, ProblemCode};
///
/// let error = Policy::builder().allow_origins("https://example.com/").max_age(100_000).build().unwrap_err();
/// let codes: Vec<_> = error.problems().iter().map(|problem| problem.code()).collect();
/// assert_eq!(codes, [ProblemCode::OriginWithPath, ProblemCode::MaxAge]);
/// assert_eq!(
///     error.problems()[0].to_string(),
///     "allow_origins: `https://example.com/` is not an origin: it ends in a path. Write `https://example.com`.",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    pub(crate) problems: Vec<Problem>,
}

impl PolicyError {
    /// The problems, at least one, in the order of the policy's fields.
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

impl std::error::Error for PolicyError {}
