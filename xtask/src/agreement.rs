//! `cargo xtask agreement`: compares the browser model with real browsers.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use cors_cli::command::CommandResult;
use cors_cli::command::values::one_of;
use cors_cli::interrupt::{INTERRUPTED, unless_interrupted};
use cors_cli::output::Destination;
use cors_conformance::pattern::Pattern;
use cors_conformance::report::Progress;
use cors_conformance::run::Options;
use cors_conformance::scenario::{self, Scenario};
use cors_conformance::subject::Subject;
use cors_real_browsers::agreement::console::{self, Recording};
use cors_real_browsers::agreement::{self, Agreement, BrowserUnderTest, Format, has_page, render, summary};
use cors_real_browsers::real::{Kind, RealBrowser};
use cors_subjects::registry;

use crate::values::{AGREEMENT_FORMATS, BROWSERS};

mod rows;

/// The arguments of `cargo xtask agreement`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A scenario, or a glob over scenario ids such as `preflight/*`; repeat the option for more. The consoles are compared only without
    /// this option [default: all]
    #[arg(long = "scenario", value_name = "GLOB", value_parser = Pattern::parse)]
    scenarios: Vec<Pattern>,
    /// Compare rows of `cors-browser/tests/rows` instead of scenarios: all, or those whose `FILE/TITLE` matches the glob
    #[arg(
        long,
        value_name = "GLOB",
        num_args = 0..=1,
        default_missing_value = "*",
        value_parser = Pattern::parse,
        conflicts_with_all = ["scenarios", "subject", "jobs"],
    )]
    rows: Option<Pattern>,
    /// A browser; repeat the option for more [default: all]
    #[arg(long = "browser", value_name = "NAME", value_parser = one_of(BROWSERS))]
    browsers: Vec<Kind>,
    /// The middleware whose servers are used
    #[arg(long, value_name = "NAME", default_value = "cors-axum")]
    subject: String,
    /// Show the steps that agree as well
    #[arg(long)]
    all: bool,
    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = one_of(AGREEMENT_FORMATS))]
    format: Format,
    /// The file to write the report to [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write what the browsers' consoles print for each reason to PATH, instead of comparing it; with `--rows`, write what each browser
    /// shows of the rows to a file in the folder PATH
    #[arg(long, value_name = "PATH")]
    record: Option<PathBuf>,
    /// The number of scenarios that run at the same time [default: two per processor]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

impl Arguments {
    /// The browsers that are selected.
    fn kinds(&self) -> Vec<Kind> {
        let is_selected = |kind: &Kind| self.browsers.is_empty() || self.browsers.contains(kind);
        Kind::ALL.into_iter().filter(is_selected).collect()
    }

    /// Whether the browsers play the cases of the console. A run of some scenarios would be much slower with them.
    fn plays_console(&self) -> bool {
        self.scenarios.is_empty() || self.record.is_some()
    }
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> CommandResult {
    if let Some(pattern) = &arguments.rows {
        return rows::run(&arguments, pattern);
    }
    let scenarios = scenario::select(scenario::embedded()?, &arguments.scenarios)?;
    let subject: Arc<dyn Subject> = registry::find(&arguments.subject)?.into();
    let destination =
        Destination::open(arguments.out.as_deref()).map_err(|error| format!("--out {error}"))?;
    let record = arguments.record.as_deref().map(|path| Destination::open(Some(path))).transpose();
    let record = record.map_err(|error| format!("--record {error}"))?;
    let mut options = Options::default();
    options.jobs = arguments.jobs.unwrap_or(options.jobs);
    let kinds = arguments.kinds();
    let plays_console = arguments.plays_console();

    let Some(played) = unless_interrupted(play(&scenarios, &subject, &kinds, plays_console, options))? else {
        eprintln!("interrupted");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    let Played { agreement, recording, differences } = played?;
    let text = render(&agreement, arguments.format, arguments.all)?;
    destination.write(&text, &summary(&agreement))?;
    if let Some(file) = record {
        file.write(&toml::to_string_pretty(&recording)?, "recorded what the consoles printed")?;
        return Ok(ExitCode::SUCCESS);
    }
    for difference in &differences {
        eprintln!("console of {difference}");
    }
    let is_clean = agreement.is_clean() && differences.is_empty();
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the browsers did.
#[derive(Default)]
struct Played {
    agreement: Agreement,
    recording: Recording,
    differences: Vec<String>,
}

/// Runs the browsers one after the other: at the same time they would only slow each other down.
async fn play(
    scenarios: &[Arc<Scenario>],
    subject: &Arc<dyn Subject>,
    kinds: &[Kind],
    plays_console: bool,
    options: Options,
) -> Result<Played, Box<dyn Error>> {
    let pages = scenarios.iter().filter(|scenario| has_page(scenario)).count();
    let cases = if plays_console { cors_browser::examples::cases().len() } else { 0 };
    let mut progress = Progress::new((pages + cases) * kinds.len());
    let mut played = Played::default();
    for &kind in kinds {
        let browser = RealBrowser::launch(kind).await?;
        let version = browser.version().to_owned();
        let browser = BrowserUnderTest { version, profile: kind.profile(), user_agent: Arc::new(browser) };
        let count = |_: &Scenario, is_bad| progress.count(is_bad);
        let browsers = std::slice::from_ref(&browser);
        played.agreement.merge(agreement::run(scenarios, subject, browsers, options, count).await);
        if !plays_console {
            continue;
        }
        let recorded = console::record(&browser, || progress.count(false)).await?;
        let differences = console::differences(&browser, &recorded).await;
        played
            .differences
            .extend(differences.iter().map(|difference| format!("{}, {difference}", kind.as_str())));
        played.recording.0.insert(kind.as_str().to_owned(), recorded);
    }
    progress.finish();
    Ok(played)
}
