#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use cors_core::tower::{Cors, CorsLayer, ResponseFuture};
pub use cors_core::{
    Danger, Denial, Event, Observer, Origin, Policy, PolicyBuilder, PolicyError, Problem, ProblemCode,
    Reason, Rule, RuleBuilder, Warning, WarningCode,
};
#[cfg(feature = "lookup")]
#[cfg_attr(docsrs, doc(cfg(feature = "lookup")))]
pub use cors_core::{Lookup, LookupOptions};

/// Replaces the policy of an application while it serves requests.
///
/// Create it with a first policy, pass it to [`Cors::new`] or [`CorsLayer::new`], and keep a clone: all clones refer to the
/// same policy.
pub type PolicyHandle = cors_core::PolicyHandle<http::HeaderValue>;
