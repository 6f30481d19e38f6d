//! `cargo xtask harness`: one of this repository's subjects as a harness.

use std::process::ExitCode;

use cors_cli::command::CommandResult;
use cors_conformance::subject::harness;
use cors_subjects::registry;
use tokio::io::{BufReader, stdin, stdout};

/// The arguments of `cargo xtask harness`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The name of the middleware, such as `cors-axum`
    #[arg(long, value_name = "NAME")]
    subject: String,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let subject = registry::find(&arguments.subject)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let served = runtime.block_on(harness::serve(subject, BufReader::new(stdin()), stdout()));
    // A thread that still reads the standard input must not delay the end.
    runtime.shutdown_background();
    served?;
    Ok(ExitCode::SUCCESS)
}
