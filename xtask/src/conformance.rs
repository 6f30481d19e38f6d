//! `cargo xtask conformance` and `cargo xtask compare`: the scenarios, played with subjects, and a report.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::ValueEnum;
use cors_browser::Profile;
use cors_conformance::pattern::Pattern;
use cors_conformance::report::{self, Progress};
use cors_conformance::run::{self, Options, Run};
use cors_conformance::scenario;
use cors_conformance::subject::external::External;
use cors_conformance::user_agent::{self, Model};
use cors_real_browsers::real::{Kind, LaunchError, RealBrowser};
use cors_subjects::registry;

use crate::interrupt::{INTERRUPTED, unless_interrupted};
use cors_cli::output::{Destination, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A subject, or a glob over their names; may be repeated [default: every adapter; to compare, everybody].
    #[arg(long = "subject", value_name = "GLOB", value_parser = Pattern::parse)]
    subjects: Vec<Pattern>,
    /// A scenario, or a glob over their ids; may be repeated [default: all].
    #[arg(long = "scenario", value_name = "GLOB", value_parser = Pattern::parse)]
    scenarios: Vec<Pattern>,
    /// Any program as a subject; may be repeated. Without `--subject`, only these are played.
    ///
    /// COMMAND runs in a shell with CORS_POLICY (the policy as JSON), PORT and HOST in its environment, serves the specimen
    /// application, and prints a line that begins with `listening`. It is stopped with SIGTERM.
    #[arg(long = "external", value_name = "NAME=COMMAND", value_parser = External::parse)]
    external: Vec<External>,
    /// Who plays the page's side.
    #[arg(long, value_enum, default_value_t)]
    user_agent: UserAgent,
    /// Whose behaviour the model shows [default: standard].
    #[arg(long, value_enum)]
    browser: Option<Browser>,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where the report is written [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How many scenarios are played at the same time [default: two for each processor].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Only tell which subjects and scenarios would be played.
    #[arg(long)]
    list: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum UserAgent {
    /// The built-in model of a browser.
    #[default]
    Model,
    /// Real Chromium, headless.
    Chromium,
    /// Real Firefox, headless.
    Firefox,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Browser {
    /// The standards to the letter.
    #[default]
    Standard,
    /// Chromium, where it departs from them.
    Chromium,
    /// Firefox, where it departs from them.
    Firefox,
}

impl From<Browser> for Profile {
    fn from(browser: Browser) -> Self {
        match browser {
            Browser::Standard => Self::standard(),
            Browser::Chromium => Self::chromium(),
            Browser::Firefox => Self::firefox(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// Text for a terminal.
    #[default]
    Table,
    /// Everything, for programs.
    Json,
    /// Text for a pull request.
    Markdown,
    /// XML for continuous integration.
    Junit,
}

impl From<Format> for report::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Json => Self::Json,
            Format::Markdown => Self::Markdown,
            Format::Junit => Self::Junit,
        }
    }
}

/// Judges the adapters.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    play_and_report(arguments, report::render)
}

/// Puts existing middleware beside the adapters.
pub(crate) fn compare(mut arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    if arguments.subjects.is_empty() && arguments.external.is_empty() {
        arguments.subjects = vec![Pattern::parse("*")?];
    }
    play_and_report(arguments, |run, format| {
        let mut run = run.clone();
        report::side_by_side(&mut run);
        report::compare(&run, format)
    })
}

fn play_and_report(
    arguments: Arguments,
    render: impl Fn(&Run, report::Format) -> Result<String, report::ReportError>,
) -> Result<ExitCode, Box<dyn Error>> {
    let scenarios = scenario::select(scenario::embedded()?, &arguments.scenarios)?;
    let subjects = registry::select(&arguments.subjects, arguments.external)?;
    if arguments.list {
        print(&report::list(&scenarios, &subjects))?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.browser.is_some() && arguments.user_agent != UserAgent::Model {
        return Err(
            "--browser says whose behaviour the model shows, and a real browser shows its own: leave it out"
                .into(),
        );
    }
    let destination = Destination::open(arguments.out.as_deref())?;
    let mut options = Options::default();
    options.jobs = arguments.jobs.unwrap_or(options.jobs);

    let played = async {
        let user_agent: Arc<dyn user_agent::UserAgent> = match arguments.user_agent {
            UserAgent::Model => Arc::new(Model::new(arguments.browser.unwrap_or_default().into())),
            UserAgent::Chromium => Arc::new(RealBrowser::launch(Kind::Chromium).await?),
            UserAgent::Firefox => Arc::new(RealBrowser::launch(Kind::Firefox).await?),
        };
        let mut progress = Progress::new(scenarios.len() * subjects.len());
        let run =
            run::run(&scenarios, &subjects, &user_agent, options, |_, result| progress.add(result)).await;
        progress.finish();
        Ok::<_, LaunchError>(run)
    };
    let Some(run) = unless_interrupted(played)?.transpose()? else {
        eprintln!("interrupted");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    let text = render(&run, arguments.format.into())?;
    destination.write(&text, &report::summary(&run))?;
    Ok(if run.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
