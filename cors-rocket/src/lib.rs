#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "serde")]
mod config;
mod cors;
mod fairing;
mod head;
mod policies;

pub use cors_core::{
    Danger, Denial, Event, Observer, Origin, Policy, PolicyBuilder, PolicyError, Problem, ProblemCode,
    Reason, Rule, RuleBuilder, Warning, WarningCode,
};
#[cfg(feature = "lookup")]
#[cfg_attr(docsrs, doc(cfg(feature = "lookup")))]
pub use cors_core::{Lookup, LookupOptions};

pub use self::cors::Cors;

/// Replaces the policy of an application while it serves requests.
///
/// Create it with a first policy, pass it to [`Cors::new`] or [`Cors::with_path`], and keep a clone: all clones refer to
/// the same policy.
pub type PolicyHandle = cors_core::PolicyHandle<String>;
