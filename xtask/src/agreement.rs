//! `cargo xtask agreement`: the browser model beside real browsers.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::ValueEnum;
use cors_conformance::pattern::Pattern;
use cors_conformance::report::Progress;
use cors_conformance::run::Options;
use cors_conformance::scenario::{self, Scenario};
use cors_conformance::subject::Subject;
use cors_real_browsers::agreement::console::{self, Recording};
use cors_real_browsers::agreement::{self, Agreement, BrowserUnderTest, has_page, render, summary};
use cors_real_browsers::real::{Kind, RealBrowser};
use cors_subjects::registry;

use crate::interrupt::{INTERRUPTED, unless_interrupted};
use cors_cli::output::Destination;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A scenario, or a glob over their ids; may be repeated [default: all].
    #[arg(long = "scenario", value_name = "GLOB", value_parser = Pattern::parse)]
    scenarios: Vec<Pattern>,
    /// A browser; may be repeated [default: both].
    #[arg(long = "browser", value_enum, value_name = "NAME")]
    browsers: Vec<Browser>,
    /// Whose servers the scenarios are played with.
    #[arg(long, value_name = "NAME", default_value = "cors-axum")]
    subject: String,
    /// Show the steps that plainly agree, too.
    #[arg(long)]
    all: bool,
    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where it is written [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write down what the browsers' consoles print of each reason, instead of comparing it.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// How many scenarios are played at the same time [default: two for each processor].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Browser {
    /// Chromium, with ChromeDriver.
    Chromium,
    /// Firefox, with geckodriver.
    Firefox,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// Text for a terminal.
    #[default]
    Table,
    /// Everything, for programs.
    Json,
    /// Text for a page.
    Markdown,
}

impl From<Format> for agreement::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Json => Self::Json,
            Format::Markdown => Self::Markdown,
        }
    }
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let scenarios = scenario::select(scenario::embedded()?, &arguments.scenarios)?;
    let subject: Arc<dyn Subject> = registry::find(&arguments.subject)?.into();
    let destination = Destination::open(arguments.out.as_deref())?;
    let record = arguments.record.as_deref().map(|path| Destination::open(Some(path))).transpose()?;
    let mut options = Options::default();
    options.jobs = arguments.jobs.unwrap_or(options.jobs);
    let asked = |kind: &Kind| {
        let name = match kind {
            Kind::Chromium => Browser::Chromium,
            Kind::Firefox => Browser::Firefox,
        };
        arguments.browsers.is_empty() || arguments.browsers.contains(&name)
    };
    let kinds: Vec<_> = Kind::ALL.into_iter().filter(asked).collect();

    let Some(agreement) = unless_interrupted(ask(&scenarios, &subject, &kinds, options))? else {
        eprintln!("interrupted");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    let Asked { agreement, recording, differences } = agreement?;
    let text = render(&agreement, arguments.format.into(), arguments.all)?;
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

/// What came of asking.
#[derive(Default)]
struct Asked {
    agreement: Agreement,
    recording: Recording,
    differences: Vec<String>,
}

/// Asks the browsers one after the other: side by side, they would only slow each other down.
async fn ask(
    scenarios: &[Arc<Scenario>],
    subject: &Arc<dyn Subject>,
    kinds: &[Kind],
    options: Options,
) -> Result<Asked, Box<dyn Error>> {
    let pages = scenarios.iter().filter(|scenario| has_page(scenario)).count();
    let mut progress = Progress::new((pages + cors_browser::examples::cases().len()) * kinds.len());
    let mut asked = Asked::default();
    for &kind in kinds {
        let browser = RealBrowser::launch(kind).await?;
        let version = browser.version().to_owned();
        let browser = BrowserUnderTest { version, profile: kind.profile(), user_agent: Arc::new(browser) };
        let told = |_: &Scenario, is_bad| progress.count(is_bad);
        let browsers = std::slice::from_ref(&browser);
        asked.agreement.merge(agreement::run(scenarios, subject, browsers, options, told).await);
        let recorded = console::record(&browser, || progress.count(false)).await?;
        let differences = console::differences(&browser, &recorded).await;
        asked
            .differences
            .extend(differences.iter().map(|difference| format!("{}, {difference}", kind.as_str())));
        asked.recording.0.insert(kind.as_str().to_owned(), recorded);
    }
    progress.finish();
    Ok(asked)
}
