//! `cargo xtask conformance` and `cargo xtask compare`: the scenarios against the adapters and other middleware.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use cors_cli::command::CommandResult;
use cors_cli::command::conformance::{Options, Programs, model, run_with};
use cors_cli::command::values::one_of;
use cors_cli::interrupt::{INTERRUPTED, unless_interrupted};
use cors_conformance::pattern::Pattern;
use cors_conformance::report::{self, Format, ReportError};
use cors_conformance::run::Run;
use cors_conformance::subject::Subject;
use cors_conformance::unsafe_configuration::{self, UnsafeConfiguration};
use cors_conformance::user_agent::UserAgent;
use cors_real_browsers::real::{Kind, LaunchError, RealBrowser};
use cors_subjects::registry;

use crate::values::user_agents;

/// A real browser, or `None` for the model. The alias keeps clap from treating the option as one without a value.
type UserAgentKind = Option<Kind>;

/// The arguments of `cargo xtask conformance` and `cargo xtask compare`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A middleware, or a glob over their names; repeat the option for more [default: every adapter, or only programs and harnesses if
    /// there are any; `compare`: all]
    #[arg(long = "subject", value_name = "GLOB", value_parser = Pattern::parse)]
    subjects: Vec<Pattern>,
    /// The programs to test.
    #[command(flatten)]
    programs: Programs,
    /// Run the harnesses in `harnesses/` too: all that are installed, or those whose names match the glob
    #[arg(long, value_name = "GLOB", num_args = 0..=1, default_missing_value = "*", value_parser = Pattern::parse)]
    harnesses: Option<Pattern>,
    /// What plays the pages
    #[arg(long, value_name = "NAME", default_value = "model", value_parser = one_of(user_agents()))]
    user_agent: UserAgentKind,
    /// The options that `cors conformance` has too.
    #[command(flatten)]
    options: Options,
}

/// The arguments of `cargo xtask compare`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompareArguments {
    /// The options that `cargo xtask conformance` has too.
    #[command(flatten)]
    arguments: Arguments,
    /// Instead of scenarios, show what each middleware does with configurations that let strangers read
    #[arg(long)]
    unsafe_configurations: bool,
}

/// Runs the scenarios against the adapters.
pub(crate) fn run(arguments: Arguments) -> CommandResult {
    run_and_report(arguments, report::render)
}

/// Runs the scenarios against the adapters and other middleware, and compares the results.
pub(crate) fn compare(arguments: CompareArguments) -> CommandResult {
    let CompareArguments { mut arguments, unsafe_configurations } = arguments;
    if arguments.subjects.is_empty() && arguments.programs.is_empty() {
        arguments.subjects = vec![Pattern::parse("*")?];
    }
    if unsafe_configurations {
        return try_unsafe_configurations(arguments);
    }
    run_and_report(arguments, |run, format| {
        let mut run = run.clone();
        report::side_by_side(&mut run);
        report::compare(&run, format)
    })
}

/// Tries the unsafe configurations with each middleware, one after the other.
fn try_unsafe_configurations(arguments: Arguments) -> CommandResult {
    let Arguments { subjects, programs, harnesses, options, .. } = arguments;
    let subjects = select(&subjects, programs, harnesses)?;
    let destination = options.destination()?;
    let user_agent = model(options.browser.clone());
    let work = async {
        let mut runs = Vec::new();
        for subject in &subjects {
            eprintln!("{}", subject.name());
            runs.push(unsafe_configuration::try_all(&**subject, &*user_agent).await);
        }
        runs
    };
    let Some(runs) = unless_interrupted(work)? else {
        eprintln!("interrupted");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    let summary =
        format!("tried {} configurations with {} middlewares", UnsafeConfiguration::ALL.len(), runs.len());
    destination.write(&report::unsafe_configurations(&runs, options.format())?, &summary)?;
    Ok(ExitCode::SUCCESS)
}

fn select(
    subjects: &[Pattern],
    programs: Programs,
    harnesses: Option<Pattern>,
) -> Result<Vec<Arc<dyn Subject>>, Box<dyn Error>> {
    let mut programs = programs.subjects();
    if let Some(pattern) = harnesses {
        programs.extend(crate::harnesses::subjects(&[pattern])?);
    }
    Ok(registry::select(subjects, programs)?)
}

fn run_and_report(
    arguments: Arguments,
    render: impl Fn(&Run, Format) -> Result<String, ReportError>,
) -> CommandResult {
    let Arguments { subjects, programs, harnesses, user_agent, options } = arguments;
    if user_agent.is_some() && options.browser.is_some() {
        return Err("`--browser` selects what the model does; leave it out with a real browser".into());
    }
    let subjects = select(&subjects, programs, harnesses)?;
    let profile = options.browser.clone();
    let kind = user_agent;
    let user_agent = async move {
        Ok::<_, LaunchError>(match kind {
            Some(kind) => Arc::new(RealBrowser::launch(kind).await?) as Arc<dyn UserAgent>,
            None => model(profile),
        })
    };
    run_with(options, &subjects, user_agent, render)
}
