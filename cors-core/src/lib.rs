#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod codes;
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
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub mod tower;
mod traits;

pub use decision::{Actual, Decision, Preflight, PreparedPolicy, Reason};
pub use handle::{PolicyHandle, PolicySource};
pub use header::{RequestHeader, ResponseHeader};
pub use origin::Origin;
pub use policy::{
    Danger, IntoNames, Policy, PolicyBuilder, PolicyError, Problem, ProblemCode, Rule, RuleBuilder, Warning,
    WarningCode,
};
pub use traits::{RequestHead, ResponseHead};
