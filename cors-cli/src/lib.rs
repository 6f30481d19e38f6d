//! The commands of `cors`, as a library.

pub mod catalogue;
pub mod check;
pub mod check_command;
pub mod output;
pub mod policy_command;
pub mod policy_file;
