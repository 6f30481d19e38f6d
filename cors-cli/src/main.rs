//! The program `cors`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use cors_cli::command::{self, check, conformance, explain, policy, proxy};

/// CORS from the command line: check live servers and policy files, test a server, explain an error.
#[derive(Debug, Parser)]
#[command(name = "cors", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(about = check::ABOUT, long_about = check::LONG_ABOUT)]
    Check(Box<check::Arguments>),
    #[command(about = policy::ABOUT, long_about = policy::LONG_ABOUT)]
    Policy(policy::Arguments),
    #[command(about = proxy::ABOUT, long_about = proxy::LONG_ABOUT)]
    Proxy(Box<proxy::Arguments>),
    #[command(about = conformance::ABOUT, long_about = conformance::LONG_ABOUT)]
    Conformance(Box<conformance::Arguments>),
    #[command(about = explain::ABOUT, long_about = explain::LONG_ABOUT)]
    Explain(explain::Arguments),
}

fn main() -> ExitCode {
    command::exit_code(match Arguments::parse().command {
        Command::Check(arguments) => check::run(*arguments),
        Command::Policy(arguments) => policy::run(&arguments),
        Command::Proxy(arguments) => proxy::run(*arguments),
        Command::Conformance(arguments) => conformance::run(*arguments),
        Command::Explain(arguments) => explain::run(&arguments),
    })
}
