//! `cors conformance`: runs the CORS scenarios against servers.
//!
//! [`run`] is the command of `cors`, whose servers are programs. [`run_with`] is the part that does not depend on what the servers
//! and the browsers are.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use cors_browser::Profile;
use cors_conformance::pattern::Pattern;
use cors_conformance::report::{self, Format};
use cors_conformance::subject::external::External;
use cors_conformance::subject::harness::Harness;
use cors_conformance::subject::{NamedCommand, Subject};
use cors_conformance::user_agent::{Model, UserAgent};
use cors_conformance::{Run, Suite};

use super::CommandResult;
use super::values::{REPORT_FORMATS, one_of, profiles};
use crate::interrupt::{INTERRUPTED, unless_interrupted};
use crate::output::{Destination, print};

/// The first line of the help.
pub const ABOUT: &str = "Run the CORS conformance scenarios against servers in any language";

/// The help.
pub const LONG_ABOUT: &str = "\
Run the CORS conformance scenarios against servers in any language

A server is a program that serves the specimen application behind the CORS middleware to test. A model of a browser plays the pages. \
The report says which scenarios hold, and for each that does not: what was expected, what was seen, and what was on the wire.

Exits with 0 if every judged scenario holds, with 1 if one does not, and with 2 if an argument is wrong. With --baseline it exits with 1 \
only if something that held in the earlier run does not hold any more.";

/// The arguments of `cors conformance`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The programs to test.
    #[command(flatten)]
    programs: Programs,
    /// The options that do not depend on the servers.
    #[command(flatten)]
    options: Options,
    /// What is reported, and where.
    #[command(flatten)]
    output: Output,
}

/// What is reported, and where.
#[derive(Debug, clap::Args)]
pub struct Output {
    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = one_of(REPORT_FORMATS))]
    pub format: Format,
    /// The file to write the report to [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// The programs to test.
#[derive(Debug, Default, clap::Args)]
pub struct Programs {
    /// A harness to test; repeat the option for more
    ///
    /// COMMAND runs in a shell, once for all policies. It is asked on its standard input to serve the specimen application behind the
    /// middleware to test, and says what the middleware cannot express (docs/harness.md).
    #[arg(long = "harness", value_name = "NAME=COMMAND", value_parser = NamedCommand::parse)]
    harness: Vec<NamedCommand>,
    /// A simpler program to test; repeat the option for more
    ///
    /// COMMAND runs in a shell, once for each policy, with CORS_POLICY (the policy as JSON), PORT and HOST in its environment. It
    /// serves the specimen application behind the middleware to test, and prints a line that begins with `listening`. SIGTERM stops
    /// it.
    #[arg(long = "external", value_name = "NAME=COMMAND", value_parser = NamedCommand::parse)]
    external: Vec<NamedCommand>,
}

impl Programs {
    /// Whether no program was given.
    pub fn is_empty(&self) -> bool {
        self.harness.is_empty() && self.external.is_empty()
    }

    /// The programs as subjects.
    pub fn subjects(self) -> Vec<Arc<dyn Subject>> {
        let harness = |program| Arc::new(Harness::from(program)) as Arc<dyn Subject>;
        let external = |program| Arc::new(External::from(program)) as Arc<dyn Subject>;
        self.harness.into_iter().map(harness).chain(self.external.into_iter().map(external)).collect()
    }
}

/// The options of a run that do not depend on the servers.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A scenario, or a glob over scenario ids such as `preflight/*`; repeat the option for more [default: all]
    #[arg(long = "scenario", value_name = "GLOB", value_parser = Pattern::parse)]
    patterns: Vec<Pattern>,
    /// A folder with scenario files of your own, beside the built-in ones; repeat the option for more
    #[arg(long = "scenarios", value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Run only the scenarios of `--scenarios`, not the built-in ones
    #[arg(long, requires = "folders")]
    only_own: bool,
    /// Let a scenario of `--scenarios` replace the built-in one with the same id
    #[arg(long, requires = "folders", conflicts_with = "only_own")]
    replace: bool,
    /// The browser whose behavior the model follows [default: standard]
    #[arg(long, value_name = "NAME", value_parser = one_of(profiles()))]
    pub browser: Option<Profile>,
    /// The JSON report of an earlier run: show what changed since, and exit with 1 only if something that held does not hold any more
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// The number of scenarios that run at the same time [default: two per processor]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// List the servers and scenarios, and run nothing
    #[arg(long)]
    pub list: bool,
}

/// Runs the command.
///
/// # Errors
///
/// An argument is wrong, or the report cannot be written.
pub fn run(arguments: Arguments) -> CommandResult {
    let Arguments { programs, options, output } = arguments;
    if programs.is_empty() && !options.list {
        return Err("there is nothing to test: name a program with `--harness NAME=COMMAND`".into());
    }
    let subjects = programs.subjects();
    let model = model(options.browser.clone());
    let user_agent = async { Ok::<_, std::convert::Infallible>(model) };
    run_with(options, output.out.as_deref(), &subjects, user_agent, |run| {
        Ok(report::render(run, output.format)?)
    })
}

/// The browser model: `profile`, or the standards.
pub fn model(profile: Option<Profile>) -> Arc<dyn UserAgent> {
    Arc::new(Model::new(profile.unwrap_or_else(Profile::standard)))
}

/// Runs the scenarios with `subjects`, shows the progress, and writes the report to `out` or to standard output.
///
/// The user agent is started after the arguments are checked, and stopped with everything else if the run is interrupted.
///
/// # Errors
///
/// An argument is wrong, the user agent does not start, or the report cannot be written.
pub fn run_with<E: Error + 'static>(
    options: Options,
    out: Option<&Path>,
    subjects: &[Arc<dyn Subject>],
    user_agent: impl Future<Output = Result<Arc<dyn UserAgent>, E>>,
    render: impl FnOnce(&Run) -> Result<String, Box<dyn Error>>,
) -> CommandResult {
    check_names(subjects)?;
    let suite = options.suite();
    // Before anything starts, so that a mistake in a scenario file is an error of its own.
    let scenarios = suite.scenarios()?;
    if options.list {
        print(&report::list(&scenarios, subjects))?;
        return Ok(ExitCode::SUCCESS);
    }
    let baseline = options.read_baseline()?;
    let destination = destination(out)?;

    let work = async {
        let suite = suite.user_agent(user_agent.await?);
        Ok::<_, E>(suite.run_all(subjects.iter().cloned()).await)
    };
    let Some(run) = unless_interrupted(work)?.transpose()? else {
        eprintln!("interrupted");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    destination.write(&render(&run)?, &report::summary(&run))?;
    let is_good = match &baseline {
        None => run.is_clean(),
        Some(baseline) => {
            let changes = report::changes(baseline, &run);
            eprint!("since the baseline: {changes}");
            run.all_problems().is_empty() && !changes.is_regression()
        }
    };
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where the report goes: `out`, or standard output. The file is opened at once, so that a mistake is told before anything runs.
///
/// # Errors
///
/// The file cannot be written.
pub fn destination(out: Option<&Path>) -> Result<Destination, String> {
    Destination::open(out).map_err(|error| format!("--out {error}"))
}

impl Options {
    /// Whether only some of the scenarios are selected.
    pub fn is_selection(&self) -> bool {
        !self.patterns.is_empty() || !self.folders.is_empty()
    }

    fn read_baseline(&self) -> Result<Option<Run>, String> {
        let Some(file) = &self.baseline else { return Ok(None) };
        let failed = |error: &dyn std::fmt::Display| format!("--baseline {}: {error}", file.display());
        let text = fs::read_to_string(file).map_err(|error| failed(&error))?;
        let run = serde_json::from_str(&text)
            .map_err(|error| failed(&format!("not the JSON report of a run: {error}")))?;
        Ok(Some(run))
    }

    fn suite(&self) -> Suite {
        let mut folders = self.folders.iter();
        let mut suite = match folders.next() {
            Some(folder) if self.only_own => Suite::from_folder(folder),
            Some(folder) => Suite::embedded().scenarios_from(folder),
            None => Suite::embedded(),
        };
        for folder in folders {
            suite = suite.scenarios_from(folder);
        }
        if let Some(jobs) = self.jobs {
            suite = suite.jobs(jobs);
        }
        suite.replace_embedded(self.replace).select_all(self.patterns.iter().cloned()).show_progress(true)
    }
}

/// Reports are about names, so no two subjects may have the same one.
fn check_names(subjects: &[Arc<dyn Subject>]) -> Result<(), String> {
    let mut names = BTreeSet::new();
    match subjects.iter().find(|subject| !names.insert(subject.name())) {
        Some(twin) => Err(format!("two servers are named `{}`; give one of them another name", twin.name())),
        None => Ok(()),
    }
}
