#![doc = include_str!("../README.md")]

mod filter;
mod rejection;

pub use cors_core::tower::CorsLayer;
pub use cors_core::{
    Danger, Names, Policy, PolicyBuilder, PolicyError, PolicySource, PreparedPolicy, Problem, ProblemCode,
    Reason, Warning, WarningCode,
};

pub use crate::filter::Cors;

/// A policy that can be replaced while the server runs; see [`cors_core::PolicyHandle`].
pub type PolicyHandle = cors_core::PolicyHandle<http::HeaderValue>;
