//! The built-in model of a browser.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{FutureExt, ready};

use super::{Session, UserAgent, UserAgentError};
use crate::subject::BoxFuture;
use cors_browser::{Browser, Fault, Fetched, ManualClock, Network, Page, PageAction, Profile, SecurityError};

/// The browser model of [`cors_browser`], which needs no browser on the machine.
#[derive(Clone, Debug)]
pub struct Model {
    profile: Profile,
    name: String,
    fault: Option<Fault>,
}

impl Model {
    /// A model that behaves as `profile` says.
    pub fn new(profile: Profile) -> Self {
        let name = match profile.engine() {
            None => "model".to_owned(),
            Some(engine) => format!("model-{engine}"),
        };
        Self { profile, name, fault: None }
    }

    /// The same model with one of its rules broken, to prove that a scenario notices.
    #[must_use]
    pub fn with_fault(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }
}

impl Default for Model {
    /// The Fetch standard, without the deviations of any browser.
    fn default() -> Self {
        Self::new(Profile::standard())
    }
}

impl UserAgent for Model {
    fn name(&self) -> &str {
        &self.name
    }

    fn browser(&self) -> &str {
        self.profile.name()
    }

    fn open<'a>(
        &'a self,
        _: &'a Page,
        network: Arc<dyn Network>,
        _hosts: &'a [String],
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>> {
        let clock = Arc::new(ManualClock::new());
        let browser = Browser::new(network, self.profile.clone()).with_clock(clock.clone());
        let browser = match self.fault {
            Some(fault) => browser.with_fault(fault),
            None => browser,
        };
        let session: Box<dyn Session> = Box::new(ModelSession { browser, clock });
        ready(Ok(session)).boxed()
    }
}

struct ModelSession {
    browser: Browser,
    clock: Arc<ManualClock>,
}

impl Session for ModelSession {
    fn act<'a>(
        &'a mut self,
        page: &'a Page,
        action: PageAction,
    ) -> BoxFuture<'a, Result<Fetched, UserAgentError>> {
        async move { Ok(self.browser.act(page, action).await) }.boxed()
    }

    fn document_cookie<'a>(
        &'a mut self,
        page: &'a Page,
    ) -> BoxFuture<'a, Result<Result<String, SecurityError>, UserAgentError>> {
        ready(Ok(self.browser.document_cookies(page))).boxed()
    }

    fn wait(&mut self, time: Duration) -> BoxFuture<'_, Result<(), UserAgentError>> {
        self.clock.advance(time);
        ready(Ok(())).boxed()
    }
}
