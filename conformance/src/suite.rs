//! The suite as one value: which scenarios, which user agent, and how.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::pattern::{Pattern, PatternError};
use crate::report::Progress;
use crate::run::{self, Options, Run};
use crate::scenario::{self, LoadError, NoScenario, Scenario};
use crate::subject::Subject;
use crate::user_agent::{Model, UserAgent};

/// The suite, ready to be run.
///
/// ```no_run
/// # use cors_conformance::{Suite, subject::Subject};
/// # async fn example(my_adapter: impl Subject + 'static) {
/// Suite::embedded().select("preflight/*").run(my_adapter).await.assert_clean();
/// # }
/// ```
#[derive(Clone)]
pub struct Suite {
    embedded: bool,
    folders: Vec<PathBuf>,
    replace: bool,
    patterns: Vec<Result<Pattern, PatternError>>,
    user_agent: Arc<dyn UserAgent>,
    options: Options,
    shows_progress: bool,
}

/// Why a suite has no scenarios to play.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// Scenario files have mistakes.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A pattern of [`Suite::select`] is not valid.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A pattern of [`Suite::select`] matches no scenario.
    #[error(transparent)]
    NoScenario(#[from] NoScenario),
}

impl Suite {
    /// The scenarios that the crate embeds, played by the browser model.
    pub fn embedded() -> Self {
        Self::new(true, Vec::new())
    }

    /// The scenarios of a folder instead of the embedded ones. See [`scenario::from_directory`].
    pub fn from_folder(folder: impl Into<PathBuf>) -> Self {
        Self::new(false, vec![folder.into()])
    }

    /// The same suite with the scenarios of a folder beside its own. They may depend on embedded scenarios.
    #[must_use]
    pub fn scenarios_from(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }

    /// Whether a scenario of a folder replaces an embedded one with the same id. If not, which is the default, it is an error.
    #[must_use]
    pub fn replace_embedded(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    /// Plays only the scenarios whose ids match a glob, such as `preflight/*`. Several calls add up.
    #[must_use]
    pub fn select(mut self, glob: &str) -> Self {
        self.patterns.push(Pattern::parse(glob));
        self
    }

    /// Plays only the scenarios whose ids match one of these patterns; without any, all scenarios. As [`select`](Self::select), for
    /// patterns that are parsed already.
    #[must_use]
    pub fn select_all(mut self, patterns: impl IntoIterator<Item = Pattern>) -> Self {
        self.patterns.extend(patterns.into_iter().map(Ok));
        self
    }

    /// The user agent that plays the pages. By default the model of the Fetch standard.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl UserAgent + 'static) -> Self {
        self.user_agent = Arc::new(user_agent);
        self
    }

    /// How many scenarios are played at the same time. By default two for each processor.
    #[must_use]
    pub fn jobs(mut self, jobs: NonZeroUsize) -> Self {
        self.options.jobs = jobs;
        self
    }

    /// How long one scenario may take with one subject. 30 s by default.
    #[must_use]
    pub fn time_limit(mut self, time_limit: Duration) -> Self {
        self.options.time_limit = time_limit;
        self
    }

    /// Whether the progress is shown on standard error. Not by default.
    #[must_use]
    pub fn show_progress(mut self, shows_progress: bool) -> Self {
        self.shows_progress = shows_progress;
        self
    }

    /// The selected scenarios, in the order of their ids.
    ///
    /// # Errors
    ///
    /// A scenario file or a pattern has a mistake, or a pattern matches no scenario.
    pub fn scenarios(&self) -> Result<Vec<Arc<Scenario>>, SuiteError> {
        Ok(scenario::select(self.load()?, &self.parsed_patterns()?)?)
    }

    /// Plays the scenarios with one subject.
    ///
    /// Mistakes in scenario files or patterns are problems of the run, so that it is not clean. The future must be polled in a
    /// tokio runtime. Dropping it stops all servers.
    pub async fn run(&self, subject: impl Subject + 'static) -> Run {
        self.run_all([Arc::new(subject) as Arc<dyn Subject>]).await
    }

    /// Plays the scenarios with each of several subjects. Otherwise as [`run`](Self::run).
    pub async fn run_all(&self, subjects: impl IntoIterator<Item = Arc<dyn Subject>>) -> Run {
        let loaded = self.load().map_err(SuiteError::from);
        let ids: BTreeSet<String> = loaded.iter().flatten().map(|scenario| scenario.id.clone()).collect();
        let selected =
            loaded.and_then(|scenarios| Ok(scenario::select(scenarios, &self.parsed_patterns()?)?));
        let scenarios = match selected {
            Ok(scenarios) => scenarios,
            Err(error) => return Run::failed(error.to_string()),
        };
        let subjects: Vec<_> = subjects.into_iter().collect();
        let mut progress = self.shows_progress.then(|| Progress::new(scenarios.len() * subjects.len()));
        let exists = |id: &str| ids.contains(id);
        let run =
            run::run_knowing(exists, &scenarios, &subjects, &self.user_agent, self.options, |_, result| {
                if let Some(progress) = &mut progress {
                    progress.add(result);
                }
            })
            .await;
        if let Some(progress) = progress {
            progress.finish();
        }
        run
    }

    fn new(embedded: bool, folders: Vec<PathBuf>) -> Self {
        Self {
            embedded,
            folders,
            replace: false,
            patterns: Vec::new(),
            user_agent: Arc::new(Model::default()),
            options: Options::default(),
            shows_progress: false,
        }
    }

    fn load(&self) -> Result<Vec<Scenario>, LoadError> {
        match self.embedded {
            true => scenario::embedded_with(&self.folders, self.replace),
            false => scenario::from_directories(&self.folders),
        }
    }

    fn parsed_patterns(&self) -> Result<Vec<Pattern>, PatternError> {
        self.patterns.iter().cloned().collect()
    }
}
