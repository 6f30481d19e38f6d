//! The command `cors`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use cors_cli::{check_command, policy_command};

/// CORS from the command line.
#[derive(Debug, Parser)]
#[command(name = "cors", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Do what a browser would do with a fetch to a live server, and explain the result.
    Check(check_command::Arguments),
    /// Check policy files and say in plain words who may do what.
    Policy {
        /// The files, TOML or JSON; `-` is standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The output format.
        #[arg(long, value_enum, default_value_t)]
        format: policy_command::Format,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Check(arguments) => check_command::run(arguments),
        Command::Policy { files, format } => policy_command::run(&files, format).map_err(Into::into),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}
