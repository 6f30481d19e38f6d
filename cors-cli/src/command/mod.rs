//! The commands: each has its `Arguments` for clap and a `run` function that returns the exit code.
//!
//! Every command exits with 0 if all is well, with 1 if what was checked is not, and with 2 if it could not do its work, for
//! example because an argument is wrong.

use std::error::Error;
use std::process::ExitCode;

pub mod check;
pub mod conformance;
pub mod explain;
mod fix;
pub mod policy;
pub mod proxy;
pub mod values;

/// What the `run` function of a command returns. An error goes to standard error, and the exit code is 2.
pub type CommandResult = Result<ExitCode, Box<dyn Error>>;

/// Prints the error of a command, if there is one, and returns the exit code.
pub fn exit_code(result: CommandResult) -> ExitCode {
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}
