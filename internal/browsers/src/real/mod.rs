//! Real browsers: Chromium and Firefox, headless, over WebDriver BiDi.
//!
//! One browser process plays a whole run. Each scenario gets a user context of its own (cookies, caches and preflights are shared
//! with nobody) whose only network is a proxy of its own, which plays the scenario's origins and records
//! what is asked of them. Pages are served at the scenario's origins; frames are sandboxed, or have `data:` URLs, and files are
//! files, so that opaque origins are what the browser makes of them.
//!
//! Nothing stays behind: the driver runs in a process group of its own together with the browser, and both keep what they write in
//! one folder; group and folder are gone once the [`RealBrowser`] is dropped and [`all_gone`](cors_conformance::process::all_gone) has
//! returned.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};

use crate::agreement::HARNESS_LIMIT;
use cors_browser::{Network, Profile};
use cors_conformance::scenario::Scenario;
use cors_conformance::user_agent::{Session, UserAgent, UserAgentError};

pub use launch::{LaunchError, Program};

use driver::Driver;
use session::RealSession;

mod certificates;
mod console;
mod driver;
mod launch;
mod prompt;
mod proxy;
mod record;
mod script;
mod session;

/// The longest time that a scenario may let pass: a real browser's clock is everybody's.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// A browser that the suite can drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Chromium, with `chromedriver`.
    Chromium,
    /// Firefox, with `geckodriver`.
    Firefox,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Chromium, Self::Firefox];

    /// The name that commands and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
        }
    }

    /// What the model believes of it.
    pub fn profile(self) -> Profile {
        match self {
            Self::Chromium => Profile::chromium(),
            Self::Firefox => Profile::firefox(),
        }
    }
}

/// A running browser, ended when it is dropped.
pub struct RealBrowser {
    kind: Kind,
    driver: Arc<Driver>,
}

impl RealBrowser {
    /// Starts the browser and its driver.
    ///
    /// # Errors
    ///
    /// A program that is not installed, or that does not come up.
    pub async fn launch(kind: Kind) -> Result<Self, LaunchError> {
        Ok(Self { kind, driver: Arc::new(launch::launch(kind).await?) })
    }

    /// Where it and its driver keep everything that they write, for as long as they run.
    pub fn folder(&self) -> &Path {
        &self.driver.folder
    }

    /// Its version, as it says itself.
    pub fn version(&self) -> &str {
        &self.driver.version
    }
}

impl UserAgent for RealBrowser {
    fn name(&self) -> &str {
        self.kind.as_str()
    }

    fn browser(&self) -> &str {
        self.kind.as_str()
    }

    fn refusal(&self, scenario: &Scenario) -> Option<String> {
        limit(scenario).map(|limit| format!("{HARNESS_LIMIT}{limit}"))
    }

    fn open<'a>(
        &'a self,
        network: Arc<dyn Network>,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>> {
        async move {
            let session = RealSession::open(self.kind, self.driver.clone(), network).await?;
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }
}

/// What keeps a real browser from playing a scenario, if anything does.
fn limit(scenario: &Scenario) -> Option<String> {
    let pages = std::iter::once(&scenario.page.origin)
        .chain(scenario.steps.iter().filter_map(|step| step.from.as_ref()));
    for origin in pages {
        if !session::can_be_served(origin) {
            return Some(format!(
                "a page of {origin} would take an extension that its browser's shop has signed"
            ));
        }
    }
    for step in &scenario.steps {
        if step.wait > LONGEST_WAIT {
            return Some(format!("{} s would really have to pass", step.wait.as_secs()));
        }
    }
    None
}
