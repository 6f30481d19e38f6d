#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod choice;
mod codes;
mod decision;
mod event;
mod handle;
mod header;
#[cfg(feature = "http")]
mod http;
mod lease;
#[cfg(feature = "tracing")]
mod limiter;
#[cfg(feature = "lookup")]
mod lookup;
mod origin;
mod policy;
mod table;
mod token;
#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub mod tower;
mod traits;

pub use choice::{InvalidHost, PolicyMap, RequestInfo};
pub use decision::{Actual, Ask, Decision, Denied, LookupAnswer, Preflight, PreparedPolicy, Reason};
pub use event::{Denial, Event, Observer};
pub use handle::{PolicyHandle, PolicySource};
pub use header::{RequestHeader, ResponseHeader};
#[cfg(feature = "lookup")]
#[cfg_attr(docsrs, doc(cfg(feature = "lookup")))]
pub use lookup::{Lookup, LookupFailure, LookupOptions};
pub use origin::{Origin, host_text};
#[cfg(feature = "serde")]
pub use policy::ProblemDetails;
pub use policy::{
    Danger, Guard, GuardAction, GuardBuilder, IntoNames, Policy, PolicyBuilder, PolicyError, Problem,
    ProblemCode, Rule, RuleBuilder, Warning, WarningCode,
};
pub use traits::{RequestHead, ResponseHead};
