#![doc = include_str!("../README.md")]

mod config;
mod cors;
mod fairing;
mod head;
mod policies;

pub use cors_core::{
    Danger, Names, Policy, PolicyBuilder, PolicyError, PolicySource, PreparedPolicy, Problem, ProblemCode,
    Reason, Warning, WarningCode,
};

pub use self::cors::Cors;

/// Replaces the policy of an application while it serves requests.
pub type PolicyHandle = cors_core::PolicyHandle<String>;
