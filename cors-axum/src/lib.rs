#![doc = include_str!("../README.md")]

mod future;
mod layer;
mod service;

pub use cors_core::{
    Danger, Names, Policy, PolicyBuilder, PolicyError, PolicySource, PreparedPolicy, Problem, ProblemCode,
    Warning, WarningCode,
};

pub use self::future::ResponseFuture;
pub use self::layer::CorsLayer;
pub use self::service::Cors;

/// A policy that can be replaced while the server runs; see [`cors_core::PolicyHandle`].
pub type PolicyHandle = cors_core::PolicyHandle<http::HeaderValue>;
