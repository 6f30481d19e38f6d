#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "serde")]
mod config;
mod cors;
mod fairing;
mod head;
mod policies;

pub use cors_core::{
    Danger, Denial, Event, Guard, GuardAction, GuardBuilder, InvalidHost, Observer, Origin, Policy,
    PolicyBuilder, PolicyError, Problem, ProblemCode, Reason, RequestInfo, Rule, RuleBuilder, Warning,
    WarningCode,
};
#[cfg(feature = "lookup")]
#[cfg_attr(docsrs, doc(cfg(feature = "lookup")))]
pub use cors_core::{Lookup, LookupFailure, LookupOptions};

pub use self::cors::Cors;

/// Replaces the policy of an application while it serves requests.
///
/// Create it with a first policy, pass it to [`Cors::new`] or [`Cors::with_path`], and keep a clone: all clones refer to
/// the same policy.
pub type PolicyHandle = cors_core::PolicyHandle<String>;

/// Policies by the host that a request is for. It is passed to the adapter like a policy.
pub type PolicyMap = cors_core::PolicyMap<String>;

/// Where the adapter gets its policy from. [`PolicySource::by_request`] chooses a policy by the head of each request.
pub type PolicySource = cors_core::PolicySource<String>;
