//! Measures what CORS costs: each adapter beside its bare framework and the framework's other middleware, and the core's decision by
//! itself.
//!
//! `cargo xtask bench` runs it in the release profile.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

mod cost;
mod decision;
mod end_to_end;
mod framework;
mod head;
mod header_map;
mod hostile;
mod measure;
mod policy_size;
mod profile;
mod report;
mod request;
mod scaling;
mod sources;

use crate::end_to_end::Served;
use crate::framework::Framework;
use crate::profile::Profiled;
use crate::report::{Format, Report};

/// Measures what CORS costs, in one thread and without sockets.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    /// The number of interleaved rounds; each figure is their median.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure only this framework; may be repeated.
    #[arg(long = "framework", value_name = "NAME", value_enum)]
    frameworks: Vec<Framework>,
    /// Also measure policies of up to a million origins, beside a `HashSet<String>`.
    #[arg(long)]
    policy_size: bool,
    /// Also measure requests that try to be expensive.
    #[arg(long)]
    hostile: bool,
    /// Also show the floor: a middleware that does nothing, and writing the headers, in each framework.
    #[arg(long)]
    hooks: bool,
    /// Also measure the adapters with each of these numbers of threads at the same time, such as `1,2`.
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..))]
    threads: Vec<u16>,
    /// Also measure requests per second over a socket; needs wrk.
    #[arg(long)]
    end_to_end: bool,
    /// The format of the report.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write the report into a file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Serve one application until the process is killed.
    #[arg(long, hide = true, value_name = "FRAMEWORK:MIDDLEWARE")]
    serve: Option<Served>,
    /// Answer 80 requests of one kind in each round, and measure nothing: for a profiler such as callgrind.
    #[arg(long, value_name = "FRAMEWORK:MIDDLEWARE:REQUEST")]
    profile: Option<Profiled>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    if let Some(served) = arguments.serve {
        return end_to_end::serve(served);
    }
    if let Some(profiled) = arguments.profile {
        return Ok(profile::run(profiled, arguments.rounds as usize)?);
    }
    // Opened first, so that a wrong path is reported before the run and not after it.
    let out = match &arguments.out {
        Some(path) => Some(File::create(path).map_err(|error| format!("--out {}: {error}", path.display()))?),
        None => None,
    };
    if cfg!(debug_assertions) {
        eprintln!("warning: this build is not optimized; `cargo xtask bench` measures the release profile");
    }

    let rounds = arguments.rounds as usize;
    let frameworks = framework::selected(&arguments.frameworks);
    let bar = progress("adapters", rounds);
    let costs = cost::measure(&frameworks, rounds, arguments.hooks, || bar.inc(1))?;
    let bar = progress("decision", rounds);
    let decisions = decision::measure(rounds, || bar.inc(1));
    let policy_sizes = arguments.policy_size.then(|| {
        let bar = progress("policy size", policy_size::SIZES.len());
        policy_size::measure(rounds, || bar.inc(1))
    });
    let hostile = arguments.hostile.then(|| {
        let bar = progress("hostile", rounds);
        hostile::measure(rounds, || bar.inc(1))
    });
    let scaling = match &arguments.threads[..] {
        [] => None,
        threads => {
            let threads: Vec<_> = threads.iter().map(|&number| usize::from(number)).collect();
            let rounds = rounds.div_ceil(scaling::ROUNDS_PER_ROUND);
            let bar = progress("threads", rounds);
            Some(scaling::measure(&frameworks, &threads, rounds, || bar.inc(1))?)
        }
    };
    let end_to_end = match arguments.end_to_end {
        true => {
            let bar = progress("end to end", end_to_end::rounds(&frameworks));
            Some(end_to_end::measure(&frameworks, || bar.inc(1))?)
        }
        false => None,
    };

    let report = Report { costs, decisions, policy_sizes, hostile, scaling, end_to_end };
    let text = report::render(&report, arguments.format)?;
    match out {
        Some(mut file) => file.write_all(text.as_bytes())?,
        None => print(&text)?,
    }
    Ok(())
}

/// A progress bar on standard error, if that is a terminal.
fn progress(what: &'static str, rounds: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>12} {bar:40} {pos}/{len}, {eta} left");
    // The template above is valid, so this default is never used.
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(rounds as u64).with_style(style).with_message(what)
}

/// Prints to standard output. A reader that has closed it, such as `head`, is not an error.
fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
