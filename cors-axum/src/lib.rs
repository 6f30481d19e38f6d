#![doc = include_str!("../README.md")]

pub use cors_core::tower::{Cors, CorsLayer, ResponseFuture};
pub use cors_core::{
    Danger, Names, Policy, PolicyBuilder, PolicyError, PolicySource, PreparedPolicy, Problem, ProblemCode,
    Reason, Warning, WarningCode,
};

/// A policy that can be replaced while the server runs; see [`cors_core::PolicyHandle`].
pub type PolicyHandle = cors_core::PolicyHandle<http::HeaderValue>;
