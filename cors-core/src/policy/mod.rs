//! The policy language: what may be said, what is refused, and what a policy that exists allows.

mod builder;
mod check;
#[cfg(feature = "serde")]
mod file;
mod names;
mod problem;

use std::fmt;
use std::sync::Arc;

pub use self::builder::{Names, PolicyBuilder};
pub(crate) use self::names::NameList;
pub(crate) use self::problem::codes;
pub use self::problem::{Finding, PolicyError, Problem, ProblemCode, Warning, WarningCode};
use crate::origin::OriginSet;

/// The fields of a policy, in the order in which they are written.
const FIELDS: [&str; 10] = [
    "allow_origins",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "allow_credentials",
    "max_age",
    "allow_private_network",
    "preflight_status",
    "diagnostics",
    "dangerously_allow",
];

/// Who may do what across origins. A policy that exists is a policy that is safe: everything dangerous is refused when it
/// is built.
///
/// It never changes, and a clone is a reference count.
///
/// ```
/// use cors_core::Policy;
///
/// let policy = Policy::builder()
///     .allow_origins(["https://app.example.com", "https://*.example.org"])
///     .allow_methods(["PUT", "DELETE"])
///     .allow_headers(["authorization", "content-type"])
///     .max_age(7200)
///     .build()?;
/// assert!(policy.warnings().is_empty());
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct Policy(Arc<Rules>);

/// The rules of a policy, checked.
pub(crate) struct Rules {
    pub(crate) origins: Origins,
    pub(crate) methods: NameList,
    pub(crate) headers: NameList,
    pub(crate) expose: NameList,
    pub(crate) credentials: bool,
    pub(crate) max_age: Option<u32>,
    pub(crate) private_network: bool,
    pub(crate) preflight_status: u16,
    pub(crate) diagnostics: bool,
    dangers: Vec<Danger>,
    warnings: Vec<Warning>,
}

/// Which origins a policy allows.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each policy, and no pointer to follow for each request"
)]
pub(crate) enum Origins {
    Any,
    Listed(OriginSet),
}

/// What is refused unless a policy says that it is meant, because it hurts somebody nearly always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Danger {
    /// `insecure-origins`: credentials for origins of scheme `http`. Whoever is on the network between the user and such a
    /// site can put a script into its pages, and so reads what the user may read.
    InsecureOrigins,
    /// `null-origin`: the origin `null`. Any site can make a page that has it, with a sandboxed frame.
    NullOrigin,
    /// `public-suffix-wildcards`: credentials for all subdomains of a public suffix, such as `https://*.github.io`. Anybody
    /// can register one.
    PublicSuffixWildcards,
}

impl Danger {
    /// Every danger.
    pub const ALL: &'static [Self] = &[Self::InsecureOrigins, Self::NullOrigin, Self::PublicSuffixWildcards];

    /// The name in a policy file.
    pub const fn as_str(self) -> &'static str {
        match self {
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
    /// Starts a policy.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// What deserves a second look, though it does no harm.
    pub fn warnings(&self) -> &[Warning] {
        &self.0.warnings
    }

    /// Whether every origin is allowed (`allow_origins = "*"`).
    pub fn allows_any_origin(&self) -> bool {
        matches!(self.0.origins, Origins::Any)
    }

    /// The entries of `allow_origins`: exact origins first, then patterns, then `null`; or `*` alone.
    pub fn allow_origins(&self) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
        let (any, listed) = match &self.0.origins {
            Origins::Any => (Some("*".into()), None),
            Origins::Listed(set) => (None, Some(set.iter())),
        };
        any.into_iter().chain(listed.into_iter().flatten())
    }

    /// The entries of `allow_methods`; `*` alone for all.
    pub fn allow_methods(&self) -> &[String] {
        self.0.methods.entries()
    }

    /// The entries of `allow_headers`, in lower case; `*` for all but `authorization`, which may stand beside it.
    pub fn allow_headers(&self) -> &[String] {
        self.0.headers.entries()
    }

    /// The entries of `expose_headers`, in lower case; `*` alone for all.
    pub fn expose_headers(&self) -> &[String] {
        self.0.expose.entries()
    }

    /// Whether requests may carry credentials.
    pub fn allow_credentials(&self) -> bool {
        self.0.credentials
    }

    /// How long a browser may remember the answer to a preflight, in seconds.
    pub fn max_age(&self) -> Option<u32> {
        self.0.max_age
    }

    /// Whether pages from public networks may send requests to a private one.
    pub fn allow_private_network(&self) -> bool {
        self.0.private_network
    }

    /// The status of a granted preflight, from 200 to 299.
    pub fn preflight_status(&self) -> u16 {
        self.0.preflight_status
    }

    /// Whether preflights from allowed origins are answered with the real lists even where they are denied.
    pub fn diagnostics(&self) -> bool {
        self.0.diagnostics
    }

    /// What the policy says it means in spite of the danger.
    pub fn dangerously_allow(&self) -> &[Danger] {
        &self.0.dangers
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.0
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        let Rules {
            origins: _,
            methods,
            headers,
            expose,
            credentials,
            max_age,
            private_network,
            preflight_status,
            diagnostics,
            dangers,
            warnings: _,
        } = &*self.0;
        *methods == other.0.methods
            && *headers == other.0.headers
            && *expose == other.0.expose
            && *credentials == other.0.credentials
            && *max_age == other.0.max_age
            && *private_network == other.0.private_network
            && *preflight_status == other.0.preflight_status
            && *diagnostics == other.0.diagnostics
            && *dangers == other.0.dangers
            && self.allow_origins().eq(other.allow_origins())
    }
}

impl Eq for Policy {}

impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Policy")
            .field("allow_origins", &self.allow_origins().collect::<Vec<_>>())
            .field("allow_methods", &self.allow_methods())
            .field("allow_headers", &self.allow_headers())
            .field("expose_headers", &self.expose_headers())
            .field("allow_credentials", &self.allow_credentials())
            .field("max_age", &self.max_age())
            .field("allow_private_network", &self.allow_private_network())
            .field("preflight_status", &self.preflight_status())
            .field("diagnostics", &self.diagnostics())
            .field("dangerously_allow", &self.dangerously_allow())
            .finish()
    }
}
