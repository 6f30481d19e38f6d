//! The commands of the workspace.
//!
//! They are thin: what they do is in the libraries.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use cors_cli::command::{self, check, policy};

mod agreement;
mod api;
mod bench;
mod browsers;
mod conformance;
mod harness;
mod harnesses;
mod install;
mod instructions;
mod load;
mod new_adapter;
mod serve;
mod site;
mod values;

/// The commands of the CORS workspace
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the CORS conformance scenarios against the adapters, or against other servers
    ///
    /// Exits with 0 if every judged scenario holds, with 1 if an adapter or a program fails one, and with 2 if an argument is wrong.
    Conformance(conformance::ConformanceArguments),
    /// Compare the adapters with other CORS middleware for the same frameworks
    Compare(conformance::CompareArguments),
    /// Compare the browser model with real Chromium, Firefox and WebKit, step by step
    ///
    /// Exits with 0 if they agree, with 1 if they do not, and with 2 if a browser is missing or an argument is wrong.
    Agreement(agreement::Arguments),
    /// Compare the public API of the published crates with what is committed in docs/api
    ///
    /// Exits with 0 if they are the same, or if this compiler cannot describe an API, and with 1 if they differ.
    Api(api::Arguments),
    /// Install or list the real browsers that the suite can use
    Browsers {
        /// What to do.
        #[command(subcommand)]
        action: browsers::Action,
    },
    #[command(about = check::ABOUT, long_about = check::LONG_ABOUT)]
    Check(Box<check::Arguments>),
    #[command(about = policy::ABOUT, long_about = policy::LONG_ABOUT)]
    Policy(policy::Arguments),
    /// Serve the specimen application behind one middleware for requests on standard input (docs/harness.md)
    Harness(harness::Arguments),
    /// Install or list the harnesses: CORS middlewares in other languages, and web servers
    Harnesses {
        /// What to do.
        #[command(subcommand)]
        action: harnesses::Action,
    },
    /// Serve the specimen application behind one middleware until SIGINT or SIGTERM
    Serve(serve::Arguments),
    /// Write the comparison with other CORS middleware as a static website
    Site(site::Arguments),
    /// Measure what CORS costs: the adapters, the bare frameworks, and other CORS middleware
    ///
    /// Builds the benchmarks in the release profile and runs them. The options after `bench` go to the benchmarks.
    Bench(bench::Arguments),
    /// Count the instructions of the core's decisions, and compare them with the committed baseline
    ///
    /// Needs valgrind and gungraun-runner, and says so if one is missing. Exits with 0 if no count grew by more than 5 %, and with 1
    /// if one did.
    Instructions(instructions::Arguments),
    /// Test the adapters under load and with faults: every response is compared with the policies that were in force
    ///
    /// Exits with 1 if a response was wrong, something panicked, or a server's memory grew. `--faults` also lets handlers panic, clients
    /// hang up or dawdle, and file descriptors run out.
    Load(load::Arguments),
    /// Create a new adapter: a crate that compiles, with a test that runs the conformance suite
    ///
    /// Exits with 2 if the name is not valid or is taken.
    NewAdapter(new_adapter::Arguments),
}

fn main() -> ExitCode {
    command::exit_code(match Arguments::parse().command {
        Command::Agreement(arguments) => agreement::run(arguments),
        Command::Api(arguments) => api::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Browsers { action } => browsers::run(&action),
        Command::Check(arguments) => check::run(*arguments),
        Command::Compare(arguments) => conformance::compare(arguments),
        Command::Conformance(arguments) => conformance::run(arguments),
        Command::Harness(arguments) => harness::run(&arguments),
        Command::Harnesses { action } => harnesses::run(&action),
        Command::Instructions(arguments) => instructions::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::NewAdapter(arguments) => new_adapter::run(&arguments),
        Command::Policy(arguments) => policy::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Site(arguments) => site::run(&arguments),
    })
}
