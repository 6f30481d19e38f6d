//! `cargo xtask conformance` and `cargo xtask compare`: the scenarios against the adapters and other middleware.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use cors_cli::command::CommandResult;
use cors_cli::command::conformance::{Options, Output, Programs, destination, model, run_with};
use cors_cli::command::values::{Choice, REPORT_FORMATS, one_of};
use cors_cli::interrupt::{INTERRUPTED, unless_interrupted};
use cors_conformance::pattern::Pattern;
use cors_conformance::report::{self, Format};
use cors_conformance::run::Run;
use cors_conformance::subject::Subject;
use cors_conformance::unsafe_configuration::{self, UnsafeConfiguration, UnsafeRun};
use cors_conformance::user_agent::UserAgent;
use cors_real_browsers::real::{Kind, LaunchError, RealBrowser};
use cors_site::{Report, Results};
use cors_subjects::registry;
use time::OffsetDateTime;

use crate::values::user_agents;

/// A real browser, or `None` for the model. The alias keeps clap from treating the option as one without a value.
type UserAgentKind = Option<Kind>;

/// What `cargo xtask conformance` and `cargo xtask compare` play.
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

/// The arguments of `cargo xtask conformance`.
#[derive(Debug, clap::Args)]
pub(crate) struct ConformanceArguments {
    /// What is played.
    #[command(flatten)]
    arguments: Arguments,
    /// What is reported, and where.
    #[command(flatten)]
    output: Output,
}

/// The format of a comparison.
#[derive(Clone, Copy, Debug)]
enum CompareFormat {
    Report(Format),
    Html,
}

/// The arguments of `cargo xtask compare`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompareArguments {
    /// What is played.
    #[command(flatten)]
    arguments: Arguments,
    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = one_of(compare_formats()))]
    format: CompareFormat,
    /// The file to write the report to [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Instead of scenarios, show what each middleware does with configurations that let strangers read
    #[arg(long)]
    unsafe_configurations: bool,
}

fn compare_formats() -> Vec<Choice<CompareFormat>> {
    let formats = REPORT_FORMATS.map(|(name, help, format)| (name, help, CompareFormat::Report(format)));
    let html = ("html", "One page with everything that differs, for browsers", CompareFormat::Html);
    formats.into_iter().chain([html]).collect()
}

/// Runs the scenarios against the adapters.
pub(crate) fn run(arguments: ConformanceArguments) -> CommandResult {
    let ConformanceArguments { mut arguments, output } = arguments;
    let subjects = arguments.select()?;
    arguments.play(output.out.as_deref(), &subjects, |run| Ok(report::render(run, output.format)?))
}

/// Runs the scenarios against the adapters and other middleware, and compares the results.
pub(crate) fn compare(arguments: CompareArguments) -> CommandResult {
    let CompareArguments { mut arguments, format, out, unsafe_configurations } = arguments;
    if arguments.subjects.is_empty() && arguments.programs.is_empty() {
        arguments.subjects = vec![Pattern::parse("*")?];
    }
    let subjects = arguments.select()?;
    if unsafe_configurations {
        let CompareFormat::Report(format) = format else {
            return Err("`--unsafe-configurations` has no HTML; `cargo xtask site` shows its table".into());
        };
        let destination = destination(out.as_deref())?;
        let Some(runs) = try_unsafe_configurations(&subjects, &arguments.options)? else {
            return Ok(interrupted());
        };
        let summary = format!(
            "tried {} configurations with {} middlewares",
            UnsafeConfiguration::ALL.len(),
            runs.len()
        );
        destination.write(&report::unsafe_configurations(&runs, format)?, &summary)?;
        return Ok(ExitCode::SUCCESS);
    }
    // The reports that contain everything. A selection of scenarios is not everything.
    let is_whole = match format {
        CompareFormat::Html | CompareFormat::Report(Format::Json) => !arguments.options.is_selection(),
        CompareFormat::Report(_) => false,
    };
    let tried = if is_whole && !arguments.options.list {
        try_unsafe_configurations(&subjects, &arguments.options)?
    } else {
        Some(Vec::new())
    };
    let Some(unsafe_configurations) = tried else { return Ok(interrupted()) };
    arguments.play(out.as_deref(), &subjects, |run| {
        let mut run = run.clone();
        report::side_by_side(&mut run);
        let format = match format {
            CompareFormat::Report(format) if format != Format::Json => {
                return Ok(report::compare(&run, format)?);
            }
            json_or_html => json_or_html,
        };
        let date = OffsetDateTime::now_utc().date().to_string();
        let whole = Report { date: Some(date), commit: commit(), unsafe_configurations, run };
        match format {
            CompareFormat::Report(_) => Ok(serde_json::to_string(&whole)? + "\n"),
            CompareFormat::Html => Ok(cors_site::single_page(&Results::from_report(whole)?)),
        }
    })
}

/// The commit of this repository, with `-dirty` if files differ from it. `None` outside of a repository.
fn commit() -> Option<String> {
    let output = Command::new("git")
        .args(["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Tries the unsafe configurations with each middleware, one after the other. `None` if the user interrupts it.
fn try_unsafe_configurations(
    subjects: &[Arc<dyn Subject>],
    options: &Options,
) -> Result<Option<Vec<UnsafeRun>>, Box<dyn Error>> {
    let user_agent = model(options.browser.clone());
    let work = async {
        let mut runs = Vec::new();
        for subject in subjects {
            eprintln!("unsafe configurations: {}", subject.name());
            runs.push(unsafe_configuration::try_all(&**subject, &*user_agent).await);
        }
        runs
    };
    Ok(unless_interrupted(work)?)
}

fn interrupted() -> ExitCode {
    eprintln!("interrupted");
    ExitCode::from(INTERRUPTED)
}

impl Arguments {
    fn select(&mut self) -> Result<Vec<Arc<dyn Subject>>, Box<dyn Error>> {
        let mut programs = std::mem::take(&mut self.programs).subjects();
        if let Some(pattern) = self.harnesses.take() {
            programs.extend(crate::harnesses::subjects(&[pattern])?);
        }
        Ok(registry::select(&self.subjects, programs)?)
    }

    fn play(
        self,
        out: Option<&Path>,
        subjects: &[Arc<dyn Subject>],
        render: impl FnOnce(&Run) -> Result<String, Box<dyn Error>>,
    ) -> CommandResult {
        let Self { user_agent: kind, options, .. } = self;
        if kind.is_some() && options.browser.is_some() {
            return Err("`--browser` selects what the model does; leave it out with a real browser".into());
        }
        let profile = options.browser.clone();
        let user_agent = async move {
            Ok::<_, LaunchError>(match kind {
                Some(kind) => Arc::new(RealBrowser::launch(kind).await?) as Arc<dyn UserAgent>,
                None => model(profile),
            })
        };
        run_with(options, out, subjects, user_agent, render)
    }
}
