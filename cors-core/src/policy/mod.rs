//! The policy: its fields, its checks, and what a policy that was built allows.

mod builder;
mod check;
#[cfg(feature = "serde")]
mod details;
mod environment;
mod fields;
#[cfg(feature = "serde")]
mod file;
mod guard;
mod names;
mod problem;
mod rule;
#[cfg(feature = "schemars")]
mod schema;
mod unlisted;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use self::builder::{IntoNames, PolicyBuilder, RuleBuilder};
use self::builder::{Names, Table};
#[cfg(feature = "serde")]
pub use self::details::ProblemDetails;
pub use self::guard::{Guard, GuardAction, GuardBuilder};
pub(crate) use self::names::NameList;
pub(crate) use self::problem::Escaped;
pub use self::problem::{PolicyError, Problem, ProblemCode, Warning, WarningCode};
pub use self::rule::Rule;
pub(crate) use self::rule::{Rules, TermsId};
pub(crate) use self::unlisted::Unlisted;
use crate::origin::OriginSet;

/// A CORS policy that was checked: which origins may do what.
///
/// A policy that exists is safe, because everything dangerous is refused when it is built. It never changes, and cloning
/// it only counts a reference.
///
/// It comes from a [`PolicyBuilder`]: in code as here, from environment variables with
/// [`PolicyBuilder::from_env`], or with the feature `serde` from a file. [`to_builder`](Self::to_builder) leads back to a
/// builder. What has no effect in a browser is left out of the policy, and [`warnings`](Self::warnings) says so.
///
/// ```
/// use std::time::Duration;
///
/// use cors_core::Policy;
///
/// let policy = Policy::builder()
///     .allow_origins(["https://app.example.com", "https://*.example.org"])
///     .allow_methods(["PUT", "DELETE"])
///     .allow_headers(["authorization", "content-type"])
///     .max_age(Duration::from_secs(7200))
///     .build()?;
/// assert!(policy.warnings().is_empty());
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct Policy(Arc<Checked>);

/// The checked fields of a policy.
pub(crate) struct Checked {
    pub(crate) origins: Origins,
    /// The terms for the policy's own origins.
    pub(crate) own: Terms,
    /// Absent from most policies, so that their requests pay nothing for it.
    pub(crate) unlisted: Option<Box<Unlisted>>,
    pub(crate) preflight_status: u16,
    pub(crate) diagnostics: bool,
    /// Absent from most policies, so that their requests pay nothing for it.
    pub(crate) guard: Option<Box<Guard>>,
    warnings: Vec<Warning>,
    /// The warnings were given to a log.
    are_warnings_logged: AtomicBool,
}

/// What pages of an allowed origin may do.
#[derive(PartialEq)]
pub(crate) struct Terms {
    /// They hold for any origin.
    pub(crate) any_origin: bool,
    pub(crate) methods: NameList,
    pub(crate) headers: NameList,
    pub(crate) expose: NameList,
    pub(crate) credentials: bool,
    /// In seconds.
    pub(crate) max_age: Option<u32>,
    dangers: Vec<Danger>,
}

/// Which origins a policy allows.
#[expect(
    clippy::large_enum_variant,
    reason = "each policy has only one, and a box would cost each request a pointer"
)]
pub(crate) enum Origins {
    Any,
    Listed(OriginSet),
    /// Those of the policy itself and of its rules.
    ByRule(Box<Rules>),
}

/// An exception: a setting that is refused unless the policy names it here, because it is almost always unsafe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Danger {
    /// `any-app-origin`: all hosts of an application's scheme, such as `moz-extension://*`. Every extension or application
    /// with this scheme is allowed, including those of strangers.
    AnyAppOrigin,
    /// `insecure-origins`: credentials for `http:` origins. An attacker on the network between the user and such a site can
    /// put a script into its pages, and so read everything that the user can read.
    InsecureOrigins,
    /// `null-origin`: the origin `null`, which any site can have in a sandboxed frame, or `file://`, which any local file has
    /// in some applications.
    NullOrigin,
    /// `public-suffix-wildcards`: credentials for names below a public suffix, such as `https://*.github.io` or
    /// `https://*-team.vercel.app`. Anyone can register such a name.
    PublicSuffixWildcards,
}

impl Danger {
    /// All exceptions.
    pub const ALL: &'static [Self] =
        &[Self::AnyAppOrigin, Self::InsecureOrigins, Self::NullOrigin, Self::PublicSuffixWildcards];

    /// The name in a policy file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AnyAppOrigin => "any-app-origin",
            Self::InsecureOrigins => "insecure-origins",
            Self::NullOrigin => "null-origin",
            Self::PublicSuffixWildcards => "public-suffix-wildcards",
        }
    }
}

impl fmt::Display for Danger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Policy {
    /// Creates a builder.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// Returns a builder with the fields of this policy, to build a policy that differs from it.
    ///
    /// Entries that were left out with a warning are not in it.
    ///
    /// ```
    /// use cors_core::Policy;
    ///
    /// let policy = Policy::builder().allow_origins("https://app.example").allow_methods("PUT").build()?;
    /// let wider = policy.to_builder().allow_origins("https://partner.example").build()?;
    /// assert!(wider.allows_origin(b"https://app.example") && wider.allows_origin(b"https://partner.example"));
    /// assert_eq!(wider.allow_methods(), ["PUT"]);
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    pub fn to_builder(&self) -> PolicyBuilder {
        PolicyBuilder {
            table: self.0.own.to_table(Names::many(self.allow_origins())),
            preflight_status: Some(self.preflight_status()),
            diagnostics: self.diagnostics(),
            rules: self.rules().map(|rule| Some(rule.to_builder())).collect(),
            unlisted: self.0.unlisted.as_deref().cloned().unwrap_or_default(),
            guard: self.guard().map(Guard::to_builder),
            ..PolicyBuilder::default()
        }
    }

    /// What the author of the policy may not have intended. None of it does harm.
    pub fn warnings(&self) -> &[Warning] {
        &self.0.warnings
    }

    /// Returns the warnings that no adapter has logged yet. A second call for the same policy or a clone of it returns none.
    ///
    /// It is for adapters whose framework has a log of its own. All others call
    /// [`PolicySource::log_warnings`](crate::PolicySource::log_warnings).
    pub fn unlogged_warnings(&self) -> &[Warning] {
        let is_first = !self.0.are_warnings_logged.swap(true, Ordering::Relaxed);
        if is_first { &self.0.warnings } else { &[] }
    }

    /// Returns whether every origin is allowed by the policy's own fields (`allow_origins = "*"`). Rules are not considered.
    pub fn allows_any_origin(&self) -> bool {
        self.0.own.any_origin
    }

    /// The entries of `allow_origins`: exact origins first, then patterns, then `null`. It is `*` alone for any origin, and
    /// there are none if no origin is allowed.
    ///
    /// Like the other fields it is the policy's own, and [`rules`](Self::rules) have theirs.
    pub fn allow_origins(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let any = self.allows_any_origin().then_some("*".into());
        let (listed, own) = match &self.0.origins {
            Origins::Any => (None, None),
            Origins::Listed(set) => (Some(set.iter().map(|(entry, ())| entry)), None),
            Origins::ByRule(rules) => (None, Some(rules.own_origins())),
        };
        any.into_iter().chain(listed.into_iter().flatten()).chain(own.into_iter().flatten())
    }

    /// The rules in the order in which they are asked.
    ///
    /// An origin that an earlier rule has too is left out of a later one, because it has no effect there.
    pub fn rules(&self) -> impl Iterator<Item = Rule<'_>> {
        let rules = match &self.0.origins {
            Origins::ByRule(rules) => Some(rules.iter()),
            Origins::Any | Origins::Listed(_) => None,
        };
        rules.into_iter().flatten()
    }

    /// Returns whether the policy has functions that decide about origins; see [`PolicyBuilder::allow_origin_if`].
    pub fn has_predicates(&self) -> bool {
        self.0.unlisted.as_ref().is_some_and(|unlisted| unlisted.has_predicates())
    }

    /// Returns whether the policy has a lookup: a question about origins that an adapter awaits.
    pub fn has_lookup(&self) -> bool {
        self.0.has_lookup()
    }

    /// The policy's lookup, for example to [`forget`](crate::Lookup::forget) an answer.
    #[cfg(feature = "lookup")]
    #[cfg_attr(docsrs, doc(cfg(feature = "lookup")))]
    pub fn lookup(&self) -> Option<&crate::Lookup> {
        self.0.lookup()
    }

    /// The guard, if the policy has one.
    pub fn guard(&self) -> Option<&Guard> {
        self.0.guard.as_deref()
    }

    /// Returns whether the policy has rules.
    pub fn has_rules(&self) -> bool {
        matches!(self.0.origins, Origins::ByRule(_))
    }

    /// The entries of `allow_methods`, without those that browsers forbid. It is `*` alone for all methods.
    pub fn allow_methods(&self) -> &[String] {
        self.0.own.methods.entries()
    }

    /// The entries of `allow_headers` in lower case, without those that browsers forbid. It is `*` for all headers except `authorization`, which can follow
    /// it.
    pub fn allow_headers(&self) -> &[String] {
        self.0.own.headers.entries()
    }

    /// The entries of `expose_headers` in lower case, without those that browsers forbid. It is `*` alone for all headers.
    pub fn expose_headers(&self) -> &[String] {
        self.0.own.expose.entries()
    }

    /// Returns whether requests may carry credentials.
    pub fn allow_credentials(&self) -> bool {
        self.0.own.credentials
    }

    /// How long a browser may cache the answer to a preflight: whole seconds, from zero to a day.
    pub fn max_age(&self) -> Option<Duration> {
        self.0.own.max_age()
    }

    /// The status code of a granted preflight, from 200 to 299.
    pub fn preflight_status(&self) -> u16 {
        self.0.preflight_status
    }

    /// Returns whether diagnostic mode is on; see [`PolicyBuilder::diagnostics`].
    pub fn diagnostics(&self) -> bool {
        self.0.diagnostics
    }

    /// The exceptions that the policy makes.
    pub fn dangerously_allow(&self) -> &[Danger] {
        &self.0.own.dangers
    }

    pub(crate) fn checked(&self) -> &Checked {
        &self.0
    }
}

/// Policies are equal if they have the same entries in the same order, and the same functions, not only functions with the
/// same code. Warnings are not compared.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        let Checked {
            origins,
            own,
            unlisted,
            preflight_status,
            diagnostics,
            guard,
            warnings: _,
            are_warnings_logged: _,
        } = &*self.0;
        let are_rules_equal = match (origins, &other.0.origins) {
            (Origins::ByRule(rules), Origins::ByRule(others)) => rules == others,
            (Origins::ByRule(_), _) | (_, Origins::ByRule(_)) => false,
            _ => self.allow_origins().eq(other.allow_origins()),
        };
        are_rules_equal
            && *own == other.0.own
            && *unlisted == other.0.unlisted
            && *preflight_status == other.0.preflight_status
            && *diagnostics == other.0.diagnostics
            && *guard == other.0.guard
    }
}

impl Eq for Policy {}

impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Policy");
        debug.field("allow_origins", &self.allow_origins().collect::<Vec<_>>());
        self.0.own.debug(&mut debug);
        debug
            .field("preflight_status", &self.preflight_status())
            .field("diagnostics", &self.diagnostics())
            .field("dangerously_allow", &self.dangerously_allow());
        if let Some(unlisted) = &self.0.unlisted {
            unlisted.debug(&mut debug);
        }
        if self.has_rules() {
            debug.field("rules", &self.rules().collect::<Vec<_>>());
        }
        if let Some(guard) = self.guard() {
            debug.field("guard", guard);
        }
        debug.finish()
    }
}

impl Terms {
    /// Adds the fields that a policy and a rule both have between their origins and their exceptions.
    fn debug(&self, debug: &mut fmt::DebugStruct<'_, '_>) {
        debug
            .field("allow_methods", &self.methods.entries())
            .field("allow_headers", &self.headers.entries())
            .field("expose_headers", &self.expose.entries())
            .field("allow_credentials", &self.credentials)
            .field("max_age", &self.max_age());
    }
}

impl Checked {
    pub(crate) fn has_lookup(&self) -> bool {
        self.unlisted.as_ref().is_some_and(|unlisted| unlisted.has_lookup())
    }

    #[cfg(feature = "lookup")]
    pub(crate) fn lookup(&self) -> Option<&crate::Lookup> {
        self.unlisted.as_ref().and_then(|unlisted| unlisted.lookup.as_ref())
    }
}

impl Terms {
    fn max_age(&self) -> Option<Duration> {
        self.max_age.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// The fields from which these terms were built.
    fn to_table(&self, allow_origins: Names) -> Table {
        Table {
            allow_origins: Some(allow_origins),
            allow_methods: Names::many(self.methods.entries()),
            allow_headers: Names::many(self.headers.entries()),
            expose_headers: Names::many(self.expose.entries()),
            allow_credentials: self.credentials,
            max_age: self.max_age(),
            dangerously_allow: self.dangers.clone(),
        }
    }
}
