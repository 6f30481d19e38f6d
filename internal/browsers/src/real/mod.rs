//! Real browsers: Chromium, Firefox and WebKit, without a screen.
//!
//! Each scenario gets pages that share no cookies, caches or preflights with those of another, and its own proxy. The proxy is the only
//! network of the pages: it plays the scenario's origins and records all requests. Pages are served at the scenario's origins. Opaque
//! origins are real ones, too: sandboxed frames, frames with `data:` URLs, and files on the disk.
//!
//! What pages do is the same for all browsers (`session`, `script`). How a browser is told to do it is behind one trait
//! (`automation`), with two implementations (`bidi`, `webkit`).
//!
//! Nothing stays behind. Driver and browser run in a process group of their own and write into one folder. Both group and folder are
//! gone once the [`RealBrowser`] is dropped and [`all_gone`](cors_conformance::process::all_gone) has returned.

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
use webkit::WebKit;

mod automation;
mod bidi;
mod casing;
mod certificates;
mod launch;
mod proxy;
mod record;
mod script;
mod session;
mod webkit;

/// The longest time that a scenario may let pass. The clock of a real browser cannot be moved, so the time really passes.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// A browser that the suite can control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Chromium, with `chromedriver`.
    Chromium,
    /// Firefox, with `geckodriver`.
    Firefox,
    /// WebKitGTK, with `WebKitWebDriver`.
    WebKit,
}

impl Kind {
    /// All browsers.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// The name in commands and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// The profile that describes this browser to the model.
    pub fn profile(self) -> Profile {
        match self {
            Self::Chromium => Profile::chromium(),
            Self::Firefox => Profile::firefox(),
            Self::WebKit => Profile::webkit(),
        }
    }
}

/// A running browser; stopped when this value is dropped.
pub struct RealBrowser {
    kind: Kind,
    running: Running,
}

/// What runs for a browser.
enum Running {
    /// Chromium or Firefox. One process plays all scenarios.
    Bidi(Arc<Driver>),
    /// WebKit. Each scenario has a process of its own.
    WebKit(WebKit),
}

impl RealBrowser {
    /// Starts the browser and its driver.
    ///
    /// # Errors
    ///
    /// If a program is not installed or does not start.
    pub async fn launch(kind: Kind) -> Result<Self, LaunchError> {
        Ok(Self { kind, running: launch::launch(kind).await? })
    }

    /// The folder into which browser and driver write. It exists as long as they run.
    pub fn folder(&self) -> &Path {
        match &self.running {
            Running::Bidi(driver) => &driver.folder,
            Running::WebKit(webkit) => &webkit.folder,
        }
    }

    /// The version that the browser reports.
    pub fn version(&self) -> &str {
        match &self.running {
            Running::Bidi(driver) => &driver.version,
            Running::WebKit(webkit) => &webkit.version,
        }
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
        hosts: &'a [String],
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>> {
        async move {
            let certificates = match &self.running {
                Running::Bidi(driver) => &driver.certificates,
                Running::WebKit(webkit) => &webkit.certificates,
            };
            let proxy = Proxy::start(network, certificates.clone())
                .await
                .map_err(|error| UserAgentError::Failed(format!("its proxy does not start: {error}")))?;
            let address = proxy.address();
            let folder = self.folder().to_owned();
            Ok(match &self.running {
                Running::Bidi(driver) => {
                    let context = UserContext::create(driver.clone(), &address).await?;
                    Box::new(RealSession::new(context, proxy, folder)) as Box<dyn Session>
                }
                Running::WebKit(webkit) => {
                    let tabs = webkit.open(&address, hosts).await?;
                    Box::new(RealSession::new(tabs, proxy, folder))
                }
            })
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
