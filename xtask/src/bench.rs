//! `cargo xtask bench`: what CORS costs.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

use cors_cli::command::CommandResult;

/// The arguments of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Options of the benchmarks; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTION")]
    options: Vec<OsString>,
}

/// Runs the benchmarks. They are the only package that is built in the release profile.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--release", "--package", "cors-bench", "--"])
        .args(&arguments.options)
        .status()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
