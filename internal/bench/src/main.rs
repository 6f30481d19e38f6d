//! What CORS costs: each adapter beside its bare framework and the framework's existing middleware, and the core's decision
//! alone.
//!
//! `cargo xtask bench` runs it in the release profile.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

mod adapters;
mod decision;
mod end_to_end;
mod framework;
mod head;
mod header_map;
mod hook;
mod hostile;
mod measure;
mod policy_size;
mod report;
mod request;

use crate::end_to_end::Served;
use crate::framework::Framework;
use crate::report::{Format, Report};

/// Measures what CORS costs, in one thread and without a socket.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    /// How many interleaved rounds; each figure is the median of them.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measures these frameworks only; repeatable.
    #[arg(long = "framework", value_name = "NAME", value_enum)]
    frameworks: Vec<Framework>,
    /// Measures policies of up to a million origins, too, beside a `HashSet<String>`.
    #[arg(long)]
    policy_size: bool,
    /// Measures requests that are made to be expensive, too.
    #[arg(long)]
    hostile: bool,
    /// Measures what each framework charges for a middleware that does nothing, and for headers, too.
    #[arg(long)]
    hooks: bool,
    /// Measures requests per second over a socket, too; needs wrk.
    #[arg(long)]
    end_to_end: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Writes the report into a file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Serves one application until it is killed.
    #[arg(long, hide = true, value_name = "FRAMEWORK:MIDDLEWARE")]
    serve: Option<Served>,
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
    // Opened first, so that a wrong path is told before the run and not after it.
    let out = match &arguments.out {
        Some(path) => Some(File::create(path).map_err(|error| format!("--out {}: {error}", path.display()))?),
        None => None,
    };
    if cfg!(debug_assertions) {
        eprintln!("warning: not optimized; `cargo xtask bench` measures the release profile");
    }

    let rounds = arguments.rounds as usize;
    let frameworks = match arguments.frameworks.as_slice() {
        [] => &Framework::ALL,
        some => some,
    };
    let bar = progress("adapters", rounds);
    let cells = adapters::measure(frameworks, rounds, || bar.inc(1))?;
    let bar = progress("decision", rounds);
    let decision = decision::measure(rounds, || bar.inc(1));
    let policy_size = arguments.policy_size.then(|| {
        let bar = progress("policy size", policy_size::SIZES.len());
        policy_size::measure(rounds, || bar.inc(1))
    });
    let hostile = arguments.hostile.then(|| {
        let bar = progress("hostile", rounds);
        hostile::measure(rounds, || bar.inc(1))
    });
    let hooks = match arguments.hooks {
        true => {
            let bar = progress("hooks", rounds);
            Some(hook::measure(frameworks, rounds, || bar.inc(1))?)
        }
        false => None,
    };
    let header_maps = arguments.hooks.then(|| {
        let bar = progress("header maps", rounds);
        header_map::measure(rounds, || bar.inc(1))
    });
    let end_to_end = match arguments.end_to_end {
        true => {
            let bar = progress("end to end", end_to_end::rounds(frameworks));
            Some(end_to_end::measure(frameworks, || bar.inc(1))?)
        }
        false => None,
    };

    let report = Report { cells, decision, policy_size, hostile, hooks, header_maps, end_to_end };
    let text = report::render(&report, arguments.format)?;
    match out {
        Some(mut file) => file.write_all(text.as_bytes())?,
        None => print(&text)?,
    }
    Ok(())
}

/// A bar on standard error, if that is a terminal.
fn progress(what: &'static str, rounds: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>10} {bar:40} {pos}/{len}, {eta} left");
    // The template above is right, so this is the style that is used.
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(rounds as u64).with_style(style).with_message(what)
}

/// Writes to standard output, whose reader may have seen enough.
fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
