//! What a subject is known not to do.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A scenario that a subject is known to fail, because of something that its adapter cannot change.
///
/// The scenario is still played. It must fail: a limit whose scenario passes fails the run, so that no limit outlives its cause.
///
/// ```
/// use cors_conformance::subject::KnownLimit;
///
/// const LIMITS: &[KnownLimit] = &[KnownLimit::new(
///     "methods/extension-method",
///     "the framework answers 400 to methods that it does not know, before any middleware runs",
///     "https://docs.example/framework/methods",
/// )];
/// assert_eq!(LIMITS[0].scenario, "methods/extension-method");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct KnownLimit {
    /// The id of the scenario.
    pub scenario: Cow<'static, str>,
    /// Why the subject fails it, as a sentence without a full stop.
    pub reason: Cow<'static, str>,
    /// A page about the cause: documentation or an issue of the framework.
    pub link: Cow<'static, str>,
}

impl KnownLimit {
    /// A limit from string literals.
    pub const fn new(scenario: &'static str, reason: &'static str, link: &'static str) -> Self {
        Self { scenario: Cow::Borrowed(scenario), reason: Cow::Borrowed(reason), link: Cow::Borrowed(link) }
    }
}

impl fmt::Display for KnownLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.reason, self.link)
    }
}

/// A scenario that a middleware fails, and about which its maintainers have said that it is right as it is.
///
/// Its failure is shown as disputed, with the link, and is not held against it. An [adapter](super::SubjectKind::Adapter) has none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Dispute {
    /// The id of the scenario.
    pub scenario: Cow<'static, str>,
    /// What the maintainers say, as a sentence without a full stop.
    pub reason: Cow<'static, str>,
    /// Where they say it.
    pub link: Cow<'static, str>,
}

impl Dispute {
    /// A dispute from string literals.
    pub const fn new(scenario: &'static str, reason: &'static str, link: &'static str) -> Self {
        Self { scenario: Cow::Borrowed(scenario), reason: Cow::Borrowed(reason), link: Cow::Borrowed(link) }
    }
}

impl fmt::Display for Dispute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.reason, self.link)
    }
}

/// A request that a specimen is known to answer with another status than the other specimens, because its framework does so.
///
/// Like a [`KnownLimit`], a known deviation must be seen: [`specimen::check`](crate::specimen::check) reports one that is not.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct KnownDeviation {
    /// The request's method.
    pub method: Cow<'static, str>,
    /// The request's path, with its query.
    pub path: Cow<'static, str>,
    /// The status that the framework answers.
    pub status: u16,
    /// Why, as a sentence without a full stop.
    pub reason: Cow<'static, str>,
}

impl KnownDeviation {
    /// A deviation from string literals.
    pub const fn new(method: &'static str, path: &'static str, status: u16, reason: &'static str) -> Self {
        Self {
            method: Cow::Borrowed(method),
            path: Cow::Borrowed(path),
            status,
            reason: Cow::Borrowed(reason),
        }
    }
}

impl fmt::Display for KnownDeviation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} answers {}: {}", self.method, self.path, self.status, self.reason)
    }
}
