#![doc = include_str!("../README.md")]

mod filter;
mod rejection;

pub use cors_core::{
    Danger, Policy, PolicyBuilder, PolicyError, PolicyHandle, PolicySource, Problem, ProblemCode, Warning,
};

pub use crate::filter::Cors;
