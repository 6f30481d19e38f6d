#![doc = include_str!("../README.md")]

mod cors;
mod head;
mod service;

pub use cors_core::{
    Danger, Names, Policy, PolicyBuilder, PolicyError, PolicySource, PreparedPolicy, Problem, ProblemCode,
    Reason, Warning, WarningCode,
};

pub use cors::Cors;
pub use service::{CorsFuture, CorsService};

/// A policy that can be replaced while the server runs; every [`Cors`] made of a clone of it follows.
pub type PolicyHandle = cors_core::PolicyHandle<actix_web::http::header::HeaderValue>;
