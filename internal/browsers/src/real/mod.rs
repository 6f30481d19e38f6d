//! Real browsers: Chromium and Firefox, headless.
//!
//! One browser process plays a whole run. Each scenario gets its own user context, which shares no cookies, caches or preflights with
//! another, and its own proxy. The proxy is the only network of the context: it plays the scenario's origins and records all
//! requests. Scenarios about Local Network Access, one at a time, have a gateway in its place. Pages are served at the scenario's origins. Opaque origins are real ones, too: sandboxed frames, frames with `data:`
//! URLs, and files on the disk.
//!
//! Nothing stays behind. The driver and the browser run in a process group of their own and write into one folder. Both group and
//! folder are gone once the [`RealBrowser`] is dropped and [`all_gone`](cors_conformance::process::all_gone) has returned.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use tokio::sync::OnceCell;

use cors_browser::{Network, Page, Profile, ThirdPartyCookies};
use cors_conformance::scenario::Scenario;
use cors_conformance::user_agent::{Refusal, Session, UserAgent, UserAgentError};

pub(crate) use proxy::PAGES;

pub use launch::{LaunchError, Program};

use bidi::{Driver, UserContext};
use proxy::Proxy;
use session::{PageNetwork, RealSession};

mod automation;
mod bidi;
mod casing;
mod certificates;
mod gateway;
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

    /// The default setting for third-party cookies.
    fn third_party_cookies(self) -> ThirdPartyCookies {
        match self {
            Self::Chromium => ThirdPartyCookies::Allowed,
            Self::Firefox => ThirdPartyCookies::Partitioned,
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
    /// The same browser with other settings for third-party cookies, which are for a whole process. Each starts when it is needed.
    others: [(ThirdPartyCookies, OnceCell<Arc<Driver>>); 3],
}

impl RealBrowser {
    /// Starts the browser and its driver.
    ///
    /// # Errors
    ///
    /// If a program is not installed or does not start.
    pub async fn launch(kind: Kind) -> Result<Self, LaunchError> {
        let driver = Arc::new(launch::launch(kind, kind.third_party_cookies()).await?);
        let others = [ThirdPartyCookies::Allowed, ThirdPartyCookies::Blocked, ThirdPartyCookies::Partitioned];
        Ok(Self { kind, driver, others: others.map(|setting| (setting, OnceCell::new())) })
    }

    /// The browser with this setting for third-party cookies; `None` is the default.
    async fn driver(&self, setting: Option<ThirdPartyCookies>) -> Result<&Arc<Driver>, UserAgentError> {
        let setting = setting.filter(|&setting| setting != self.kind.third_party_cookies());
        let Some((setting, driver)) = self.others.iter().find(|(other, _)| Some(*other) == setting) else {
            return Ok(&self.driver);
        };
        let launch = async || launch::launch(self.kind, *setting).await.map(Arc::new);
        driver.get_or_try_init(launch).await.map_err(|error| UserAgentError::Failed(error.to_string()))
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
        if self.kind == Kind::Chromium
            && scenario.page.third_party_cookies == Some(ThirdPartyCookies::Partitioned)
        {
            return Some(Refusal::browser("Chromium has no setting that partitions all third-party cookies"));
        }
        limit(scenario).map(Refusal::harness)
    }

    fn open<'a>(
        &'a self,
        page: &'a Page,
        network: Arc<dyn Network>,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>> {
        async move {
            let driver = self.driver(page.third_party_cookies).await?;
            let (network, proxy) = match (&driver.gateway, page.network_permissions) {
                (Some(gateway), Some(_)) => (PageNetwork::Direct(gateway.visit(network).await), None),
                _ => {
                    let proxy =
                        Proxy::start(network, driver.certificates.clone()).await.map_err(|error| {
                            UserAgentError::Failed(format!("its proxy does not start: {error}"))
                        })?;
                    let address = proxy.address();
                    (PageNetwork::Proxy(proxy), Some(address))
                }
            };
            let context = UserContext::create(driver.clone(), proxy.as_deref()).await?;
            let session = RealSession::new(context, network, driver.folder.clone());
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
