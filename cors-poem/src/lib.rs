#![doc = include_str!("../README.md")]

mod cors;
mod error;

pub use cors_core::{
    Danger, Names, Policy, PolicyBuilder, PolicyError, PreparedPolicy, Problem, ProblemCode, Reason, Warning,
    WarningCode,
};
use poem::http::HeaderValue;

pub use self::cors::{Cors, CorsEndpoint};
pub use self::error::ErrorWithCors;

/// A policy that can be replaced while the server runs; a request sees one policy from start to end.
pub type PolicyHandle = cors_core::PolicyHandle<HeaderValue>;

/// What [`Cors::new`] takes: a [`Policy`], or a [`PolicyHandle`].
pub type PolicySource = cors_core::PolicySource<HeaderValue>;
