//! Real browsers: Chromium and Firefox, headless.
//!
//! One browser process plays a whole run. Each scenario gets its own user context, which shares no cookies, caches or preflights with
//! another, and its own proxy. The proxy is the only network of the context: it plays the scenario's origins and records all
//! requests. Pages are served at the scenario's origins. Opaque origins are real ones, too: sandboxed frames, frames with `data:`
//! URLs, and files on the disk.
//!
//! Nothing stays behind. The driver and the browser run in a process group of their own and write into one folder. Both group and
//! folder are gone once the [`RealBrowser`] is dropped and [`all_gone`](cors_conformance::process::all_gone) has returned.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};

use cors_browser::{Network, Profile};
use cors_conformance::scenario::Scenario;
use cors_conformance::user_agent::{Refusal, Session, UserAgent, UserAgentError};

pub(crate) use proxy::PAGES;

pub use launch::{LaunchError, Program};

use bidi::{Driver, UserContext};
use proxy::Proxy;
use session::RealSession;

mod automation;
mod bidi;
mod casing;
mod certificates;
mod launch;
mod proxy;
mod record;
mod script;
mod session;

/// The longest time that a scenario may let pass. The clock of a real browser cannot be moved, so the time really passes.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// A browser that the suite can control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Chromium, with `chromedriver`.
    Chromium,
    /// Firefox, with `geckodriver`.
    Firefox,
}

impl Kind {
    /// All browsers.
    pub const ALL: [Self; 2] = [Self::Chromium, Self::Firefox];

    /// The name in commands and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
        }
    }

    /// The profile that describes this browser to the model.
    pub fn profile(self) -> Profile {
        match self {
            Self::Chromium => Profile::chromium(),
            Self::Firefox => Profile::firefox(),
        }
    }
}

/// A running browser; stopped when this value is dropped.
pub struct RealBrowser {
    kind: Kind,
    driver: Arc<Driver>,
}

impl RealBrowser {
    /// Starts the browser and its driver.
    ///
    /// # Errors
    ///
    /// If a program is not installed or does not start.
    pub async fn launch(kind: Kind) -> Result<Self, LaunchError> {
        Ok(Self { kind, driver: Arc::new(launch::launch(kind).await?) })
    }

    /// The folder into which browser and driver write. It exists as long as they run.
    pub fn folder(&self) -> &Path {
        &self.driver.folder
    }

    /// The version that the browser reports.
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

    fn refusal(&self, scenario: &Scenario) -> Option<Refusal> {
        limit(scenario).map(Refusal::harness)
    }

    fn open<'a>(
        &'a self,
        network: Arc<dyn Network>,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>> {
        async move {
            let proxy = Proxy::start(network, self.driver.certificates.clone())
                .await
                .map_err(|error| UserAgentError::Failed(format!("its proxy does not start: {error}")))?;
            let context = UserContext::create(self.driver.clone(), &proxy.address()).await?;
            let session = RealSession::new(context, proxy, self.folder().to_owned());
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }
}

/// What keeps the harness from playing a scenario in a real browser; `None` if nothing does.
fn limit(scenario: &Scenario) -> Option<String> {
    let pages = std::iter::once(&scenario.page.origin)
        .chain(scenario.steps.iter().filter_map(|step| step.from.as_ref()));
    for origin in pages {
        if !session::can_be_served(origin) {
            return Some(format!(
                "a page of {origin} needs an extension that the browser's store has signed"
            ));
        }
    }
    for step in &scenario.steps {
        if step.wait > LONGEST_WAIT {
            return Some(format!(
                "the scenario waits {} s, which would really have to pass",
                step.wait.as_secs()
            ));
        }
    }
    None
}
