//! The commands of the program `cors`, as a library.
//!
//! Each module in [`command`] is one command: its arguments and a `run` function. What they do is in [`check`] (one fetch
//! against a live server), [`offline`] (pasted and recorded responses), [`expectations`] (files of expected results),
//! [`policy_file`] (policy files), [`export`] (policies for other stacks), [`proxy`] (a development proxy) and [`catalogue`] (all
//! reason codes); these know nothing of command lines.

pub mod catalogue;
pub mod check;
pub mod command;
pub mod expectations;
pub mod export;
pub mod interrupt;
pub mod offline;
pub mod output;
pub mod policy_file;
mod printable;
pub mod proxy;
pub mod tls;
