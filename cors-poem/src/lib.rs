#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cors;
mod keep_errors;

pub use cors_core::{
    Danger, Denial, Event, Guard, GuardAction, GuardBuilder, InvalidHost, Observer, Origin, Policy,
    PolicyBuilder, PolicyError, Problem, ProblemCode, Reason, RequestInfo, Rule, RuleBuilder, Warning,
    WarningCode,
};
#[cfg(feature = "lookup")]
#[cfg_attr(docsrs, doc(cfg(feature = "lookup")))]
pub use cors_core::{Lookup, LookupFailure, LookupOptions};

pub use self::cors::{Cors, CorsEndpoint};
pub use self::keep_errors::{KeepErrors, KeepErrorsEndpoint};

/// A policy that can be replaced while the server runs. Each request sees one policy from start to end.
pub type PolicyHandle = cors_core::PolicyHandle<poem::http::HeaderValue>;

/// Policies by the host that a request is for. It is passed to the adapter like a policy.
pub type PolicyMap = cors_core::PolicyMap<poem::http::HeaderValue>;

/// Where the adapter gets its policy from. [`PolicySource::by_request`] chooses a policy by the head of each request.
pub type PolicySource = cors_core::PolicySource<poem::http::HeaderValue>;
