//! `cargo xtask load`: the adapters under load and with faults.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use cors_cli::command::CommandResult;
use cors_load::faults::{self, Fault};
use cors_load::process::{ServerCommand, ServerProcess};
use cors_load::report::{AdapterReport, Report};
use cors_load::server::{Adapter, ServerOptions, serve};
use cors_load::{Failure, run as load};
use indicatif::{ProgressBar, ProgressStyle};

/// The arguments of `cargo xtask load`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Test only this adapter; may be repeated
    #[arg(long = "adapter", value_name = "NAME", value_enum)]
    adapters: Vec<Adapter>,
    /// How long each adapter is under load; 0 leaves the load test out
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Also let handlers panic, clients hang up or dawdle, and file descriptors run out
    #[arg(long)]
    faults: bool,
    /// Make only this fault happen; may be repeated
    #[arg(long = "fault", value_name = "NAME", value_enum, requires = "faults")]
    only: Vec<Fault>,
    /// How many connections are open at the same time
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "faults")]
    connections: usize,
    /// The format of the report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Serve one adapter until standard input ends
    #[arg(long, hide = true, value_name = "NAME", value_enum)]
    serve: Option<Adapter>,
    /// Serve without the adapter
    #[arg(long, hide = true, requires = "serve")]
    bare: bool,
    /// Serve with so many file descriptors
    #[arg(long, hide = true, requires = "serve", value_name = "N")]
    files: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// Tables
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    if let Some(adapter) = arguments.serve {
        serve(ServerOptions { adapter, bare: arguments.bare, files: arguments.files }).map_err(boxed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let report = runtime.block_on(test(arguments)).map_err(boxed)?;
    match arguments.format {
        Format::Text => println!("{report}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The error of a command.
fn boxed(error: Failure) -> Box<dyn Error> {
    error
}

async fn test(arguments: &Arguments) -> Result<Report, Failure> {
    let command = ServerCommand { program: env::current_exe()?, arguments: vec!["load".to_owned()] };
    let adapters = if arguments.adapters.is_empty() { &Adapter::ALL[..] } else { &arguments.adapters };
    let faults = match (arguments.faults, &arguments.only[..]) {
        (false, _) => &[],
        (true, []) => &Fault::ALL[..],
        (true, only) => only,
    };
    let steps = adapters.len() as u64 * (arguments.seconds + faults.len() as u64);
    let style = ProgressStyle::with_template("{msg:>40} {bar:40} {pos}/{len}, {eta} left")?;
    let bar = ProgressBar::new(steps).with_style(style);
    let mut reports = Vec::new();
    for &adapter in adapters {
        let options = ServerOptions { adapter, bare: false, files: None };
        let mut report = AdapterReport { adapter: adapter.name(), load: None, faults: Vec::new() };
        if arguments.seconds > 0 {
            bar.set_message(format!("{adapter} under load"));
            let done = bar.position();
            let server = ServerProcess::start(&command, &options.arguments()).await?;
            let time = Duration::from_secs(arguments.seconds);
            let tick = |elapsed: Duration| bar.set_position(done + elapsed.as_secs().min(arguments.seconds));
            report.load = Some(load::run(Box::new(server), adapter.quirks(), time, tick).await?);
        }
        for &fault in faults {
            bar.set_message(format!("{adapter}: {fault}"));
            report.faults.push(faults::run(&command, adapter, fault, arguments.connections).await?);
            bar.inc(1);
        }
        reports.push(report);
    }
    bar.finish_and_clear();
    Ok(Report { adapters: reports })
}
