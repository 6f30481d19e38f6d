//! The commands of the workspace.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use cors_cli::{check_command, policy_command};

mod agreement;
mod bench;
mod browsers;
mod conformance;
mod interrupt;
mod new_adapter;
mod serve;

/// The commands of the CORS workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play the scenarios with the adapters, or with other subjects.
    ///
    /// Exits with 0 if everything judged holds, with 1 if an adapter or an external subject fails something, with 2 if the
    /// arguments are wrong.
    Conformance(conformance::Arguments),
    /// Put the frameworks' existing middleware beside the adapters, and show where they differ.
    Compare(conformance::Arguments),
    /// Put the browser model beside real Chromium and Firefox, step by step.
    ///
    /// Exits with 0 if the model is right about everything, with 1 if not, with 2 if a browser is missing or the arguments are
    /// wrong.
    Agreement(agreement::Arguments),
    /// The real browsers that the suite can drive.
    Browsers {
        /// What to do about them.
        #[command(subcommand)]
        action: browsers::Action,
    },
    /// Do what a browser would do with a fetch to a live server, and explain the verdict.
    ///
    /// Exits with 0 if the fetch succeeds (readable, or opaque where that was asked for), with 1 if the browser blocks it, with
    /// 2 if no response came (connection, TLS, timeout, endless head or body, no HTTP) or the arguments are wrong. The server is
    /// reached directly, without a proxy. `docs/errors.md` explains every reason.
    ///
    /// In JSON every field is always there. `null` are: `reason`, `console`, `help`, `detail`, `rule` and `faq` unless the fetch is
    /// blocked; `change` unless one response header with another value would help; `failure` unless no response came; `status` and
    /// `response_type` where the fetch is blocked; `audit` unless `--audit` is given and a response came; of an exchange, `response`
    /// where none came, and `error` where one came; a request's `body` where it has none; a finding's `reason` where that origin
    /// could read the response with cookies.
    Check(check_command::Arguments),
    /// Serve the specimen application behind one subject until SIGINT or SIGTERM.
    Serve(serve::Arguments),
    /// Check policy files and say in plain words who may do what.
    Policy {
        /// The files, TOML or JSON; `-` is standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// How to say it.
        #[arg(long, value_enum, default_value_t)]
        format: policy_command::Format,
    },
    /// Measure what CORS costs: the adapters beside bare frameworks and their existing middleware.
    ///
    /// Builds the benchmarks in the release profile and runs them.
    Bench(bench::Arguments),
    /// Make a new adapter: a crate that compiles, an empty specimen, and a row in the matrix.
    ///
    /// What the row fails is what is left to do. Exits with 2 if the name cannot be had.
    NewAdapter(new_adapter::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Agreement(arguments) => agreement::run(arguments),
        Command::Browsers { action } => browsers::run(&action),
        Command::Check(arguments) => check_command::run(arguments),
        Command::Conformance(arguments) => conformance::run(arguments),
        Command::Compare(arguments) => conformance::compare(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Policy { files, format } => policy_command::run(&files, format).map_err(Into::into),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::NewAdapter(arguments) => new_adapter::run(&arguments),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}
