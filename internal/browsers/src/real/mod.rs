//! Real browsers: Chromium, Firefox and WebKit, without a screen.
//!
//! Each scenario gets pages that share no cookies, caches or preflights with those of another, and its own proxy. The proxy is the only
//! network of the pages: it plays the scenario's origins and records all requests. Scenarios about Local Network Access, one at a time,
//! have a gateway in its place. Pages are served at the scenario's origins. Opaque origins are real ones, too: sandboxed frames, frames
//! with `data:` URLs, and files on the disk.
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
use tokio::sync::OnceCell;

use cors_browser::{Network, Page, Profile, ThirdPartyCookies};
use cors_conformance::scenario::Scenario;
use cors_conformance::user_agent::{Refusal, Session, UserAgent, UserAgentError};

pub(crate) use proxy::PAGES;
pub(crate) use session::FRAME_HOST;

pub use launch::{LaunchError, Program};

use bidi::{Dialect, Driver, UserContext};
use certificates::Certificates;
use proxy::Proxy;
use session::{PageNetwork, RealSession};
use webkit::WebKit;

mod automation;
mod bidi;
mod casing;
mod certificates;
mod gateway;
mod launch;
mod proxy;
mod raw;
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
    /// Chromium or Firefox. One process plays all scenarios with the same setting for third-party cookies.
    Bidi {
        dialect: Dialect,
        /// The browser with its default setting.
        driver: Arc<Driver>,
        /// The browser with other settings, which are for a whole process. Each starts when it is needed.
        others: [(ThirdPartyCookies, OnceCell<Arc<Driver>>); 3],
    },
    /// WebKit. Each scenario has a process of its own.
    WebKit(WebKit),
}

impl Running {
    async fn bidi(dialect: Dialect) -> Result<Self, LaunchError> {
        let driver = launch::bidi(dialect, dialect.third_party_cookies()).await?;
        let others = [ThirdPartyCookies::Allowed, ThirdPartyCookies::Blocked, ThirdPartyCookies::Partitioned];
        Ok(Self::Bidi { dialect, driver, others: others.map(|setting| (setting, OnceCell::new())) })
    }
}

impl RealBrowser {
    /// Starts the browser and its driver.
    ///
    /// # Errors
    ///
    /// If a program is not installed or does not start.
    pub async fn launch(kind: Kind) -> Result<Self, LaunchError> {
        let running = match kind {
            Kind::Chromium => Running::bidi(Dialect::Chromium).await?,
            Kind::Firefox => Running::bidi(Dialect::Firefox).await?,
            Kind::WebKit => Running::WebKit(launch::webkit().await?),
        };
        Ok(Self { kind, running })
    }

    /// The folder into which browser and driver write. It exists as long as they run.
    pub fn folder(&self) -> &Path {
        match &self.running {
            Running::Bidi { driver, .. } => &driver.folder,
            Running::WebKit(webkit) => &webkit.folder,
        }
    }

    /// The version that the browser reports.
    pub fn version(&self) -> &str {
        match &self.running {
            Running::Bidi { driver, .. } => &driver.version,
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
        let setting = scenario.page.third_party_cookies;
        match (self.kind, setting) {
            (Kind::Chromium, Some(ThirdPartyCookies::Partitioned)) => {
                let reason = "Chromium has no setting that partitions all third-party cookies";
                return Some(Refusal::browser(reason));
            }
            (Kind::WebKit, Some(setting)) if setting != ThirdPartyCookies::Allowed => {
                let reason = "WebKitGTK has no setting that blocks or partitions all third-party cookies, as Safari does";
                return Some(Refusal::harness(reason));
            }
            _ => {}
        }
        limit(self.kind, scenario).map(Refusal::harness)
    }

    fn open<'a>(
        &'a self,
        page: &'a Page,
        network: Arc<dyn Network>,
        hosts: &'a [String],
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>> {
        async move {
            let start_proxy = async |network, certificates: &Arc<Certificates>| {
                Proxy::start(network, certificates.clone())
                    .await
                    .map_err(|error| UserAgentError::Failed(format!("its proxy does not start: {error}")))
            };
            let (dialect, driver, others) = match &self.running {
                Running::Bidi { dialect, driver, others } => (*dialect, driver, others),
                Running::WebKit(webkit) => {
                    let proxy = start_proxy(network, &webkit.certificates).await?;
                    let tabs = webkit.open(&proxy.address(), hosts).await?;
                    let session = RealSession::new(tabs, PageNetwork::Proxy(proxy), webkit.folder.clone());
                    return Ok(Box::new(session) as Box<dyn Session>);
                }
            };
            let driver = with_setting(dialect, driver, others, page.third_party_cookies).await?;
            let (network, proxy) = match (&driver.gateway, page.network_permissions) {
                (Some(gateway), Some(_)) => (PageNetwork::Direct(gateway.visit(network).await), None),
                _ => {
                    let proxy = start_proxy(network, &driver.certificates).await?;
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

/// The browser with this setting for third-party cookies; `None` is the default.
async fn with_setting<'a>(
    dialect: Dialect,
    default: &'a Arc<Driver>,
    others: &'a [(ThirdPartyCookies, OnceCell<Arc<Driver>>); 3],
    setting: Option<ThirdPartyCookies>,
) -> Result<&'a Arc<Driver>, UserAgentError> {
    let setting = setting.filter(|&setting| setting != dialect.third_party_cookies());
    let Some((setting, driver)) = others.iter().find(|(other, _)| Some(*other) == setting) else {
        return Ok(default);
    };
    let launch = async || launch::bidi(dialect, *setting).await;
    driver.get_or_try_init(launch).await.map_err(|error| UserAgentError::Failed(error.to_string()))
}

/// What keeps the harness from playing a scenario in a real browser; `None` if nothing does.
fn limit(kind: Kind, scenario: &Scenario) -> Option<String> {
    if kind == Kind::WebKit && scenario.page.user.is_some() {
        return Some("WebKit's login prompt is a window that its driver cannot fill in".to_owned());
    }
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
