#![doc = include_str!("../README.md")]

mod decision;
mod handle;
mod header;
#[cfg(feature = "http")]
mod http;
mod origin;
mod policy;
mod table;
mod token;
#[cfg(feature = "tower")]
pub mod tower;
mod traits;

pub use decision::{Decision, Pass, Preflight, PreparedPolicy, Reason};
pub use handle::{PolicyHandle, PolicySource};
pub use header::{RequestHeader, ResponseHeader};
pub use policy::{
    Danger, Finding, Names, Policy, PolicyBuilder, PolicyError, Problem, ProblemCode, Warning, WarningCode,
};
pub use traits::{RequestHead, ResponseHead};
