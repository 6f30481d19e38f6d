//! Rules: other terms for some origins.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::builder::Names;
use super::{Danger, RuleBuilder, Terms};
use crate::origin::{OriginMap, Owner};

/// A rule of a policy that was checked: which of its origins may do what.
///
/// [`Policy::rules`](crate::Policy::rules) returns them, and [`Rule::builder`] starts a new one.
///
/// ```
/// use cors_core::{Policy, Rule};
///
/// let rule = Rule::builder().allow_origins("https://partner.example").allow_credentials(true);
/// let policy = Policy::builder().allow_origins("https://app.example").rule(rule).build()?;
/// let rule = policy.rules().next().unwrap();
/// assert_eq!(rule.allow_origins().collect::<Vec<_>>(), ["https://partner.example"]);
/// assert!(rule.allow_credentials() && !policy.allow_credentials());
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
pub struct Rule<'a> {
    /// Empty for any origin.
    origins: Vec<Cow<'a, str>>,
    terms: &'a Terms,
}

impl Rule<'_> {
    /// Creates a builder of a rule.
    pub fn builder() -> RuleBuilder {
        RuleBuilder::default()
    }

    /// Returns a builder with the fields of this rule.
    pub fn to_builder(&self) -> RuleBuilder {
        RuleBuilder { table: self.terms.to_table(Names::many(self.allow_origins())) }
    }

    /// Returns whether the rule applies to every origin.
    pub fn allows_any_origin(&self) -> bool {
        self.terms.any_origin
    }

    /// The entries of `allow_origins`, in the order of [`Policy::allow_origins`](crate::Policy::allow_origins).
    pub fn allow_origins(&self) -> impl Iterator<Item = &str> {
        let any = self.terms.any_origin.then_some("*");
        any.into_iter().chain(self.origins.iter().map(|entry| &**entry))
    }

    /// The entries of `allow_methods`.
    pub fn allow_methods(&self) -> &[String] {
        self.terms.methods.entries()
    }

    /// The entries of `allow_headers` in lower case.
    pub fn allow_headers(&self) -> &[String] {
        self.terms.headers.entries()
    }

    /// The entries of `expose_headers` in lower case.
    pub fn expose_headers(&self) -> &[String] {
        self.terms.expose.entries()
    }

    /// Returns whether requests may carry credentials.
    pub fn allow_credentials(&self) -> bool {
        self.terms.credentials
    }

    /// How long a browser may cache the answer to a preflight.
    pub fn max_age(&self) -> Option<Duration> {
        self.terms.max_age()
    }

    /// The exceptions that the rule makes.
    pub fn dangerously_allow(&self) -> &[Danger] {
        &self.terms.dangers
    }

    #[cfg(feature = "serde")]
    pub(super) fn terms(&self) -> &Terms {
        self.terms
    }
}

impl fmt::Debug for Rule<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Rule");
        debug.field("allow_origins", &self.allow_origins().collect::<Vec<_>>());
        self.terms.debug(&mut debug);
        debug.field("dangerously_allow", &self.dangerously_allow()).finish()
    }
}

/// Whose terms decide about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TermsId(u32);

impl TermsId {
    /// The policy's own.
    pub(crate) const OWN: Self = Self(u32::MAX);

    /// The number of the rule, if it is one.
    pub(crate) fn rule(self) -> Option<usize> {
        (self != Self::OWN).then_some(self.0 as usize)
    }
}

/// The rules of a policy, and all origins: one look-up finds the rule, however many rules there are.
pub(crate) struct Rules {
    /// The owners are the numbers of the rules. The policy itself comes after the last rule.
    pub(super) map: OriginMap<u32>,
    /// The first owner that allows any origin.
    pub(super) any: Option<u32>,
    pub(super) terms: Vec<Terms>,
}

impl Rules {
    /// Finds whose terms hold for an origin. A malformed one is `None`: only `*` covers it.
    pub(crate) fn find(&self, origin: Option<&[u8]>) -> Option<TermsId> {
        let listed = origin.and_then(|origin| self.map.find(origin));
        Owner::first(listed.into_iter().chain(self.any)).map(|owner| self.id(owner))
    }

    /// The terms of a rule.
    pub(crate) fn terms(&self) -> &[Terms] {
        &self.terms
    }

    pub(super) fn own_origins(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.map.iter().filter(|(_, owner)| self.id(*owner) == TermsId::OWN).map(|(entry, _)| entry)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Rule<'_>> {
        let mut origins: Vec<Vec<Cow<'_, str>>> = Vec::new();
        origins.resize_with(self.terms.len(), Vec::new);
        for (entry, owner) in self.map.iter() {
            if let Some(origins) = origins.get_mut(owner as usize) {
                origins.push(entry);
            }
        }
        origins.into_iter().zip(&self.terms).map(|(origins, terms)| Rule { origins, terms })
    }

    fn id(&self, owner: u32) -> TermsId {
        if (owner as usize) < self.terms.len() { TermsId(owner) } else { TermsId::OWN }
    }
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.any == other.any && self.terms == other.terms && self.map.iter().eq(other.map.iter())
    }
}
