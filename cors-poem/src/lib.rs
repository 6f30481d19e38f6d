#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cors;
mod keep_errors;

pub use cors_core::{
    Danger, Denial, Event, Observer, Origin, Policy, PolicyBuilder, PolicyError, Problem, ProblemCode,
    Reason, Rule, RuleBuilder, Warning, WarningCode,
};
#[cfg(feature = "lookup")]
#[cfg_attr(docsrs, doc(cfg(feature = "lookup")))]
pub use cors_core::{Lookup, LookupOptions};

pub use self::cors::{Cors, CorsEndpoint};
pub use self::keep_errors::{KeepErrors, KeepErrorsEndpoint};

/// A policy that can be replaced while the server runs. Each request sees one policy from start to end.
pub type PolicyHandle = cors_core::PolicyHandle<poem::http::HeaderValue>;
