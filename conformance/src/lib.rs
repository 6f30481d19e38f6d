#![doc = include_str!("../README.md")]

/// The questions of the CORS FAQ, with the scenarios that answer them, as TOML.
pub const FAQ: &str = include_str!("../faq.toml");

#[doc(hidden)]
pub mod network;
pub mod pattern;
#[doc(hidden)]
pub mod process;
pub mod report;
pub mod run;
pub mod scenario;
pub mod specimen;
pub mod subject;
mod suite;
#[doc(hidden)]
pub mod text;
pub mod unsafe_configuration;
pub mod user_agent;
pub mod verdict;

pub use run::{Run, Unclean};
pub use suite::{Suite, SuiteError};
