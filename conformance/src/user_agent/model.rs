//! The built-in model of a browser.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt, ready};

use super::{Session, UserAgent, UserAgentError};
use crate::browser::{Browser, FetchRequest, Fetched, Page, Profile};
use crate::network::LoopbackNetwork;

/// The browser model, which needs no installation.
#[derive(Clone, Debug)]
pub struct Model {
    profile: Profile,
}

impl Model {
    /// A model that behaves as `profile` says.
    pub fn new(profile: Profile) -> Self {
        Self { profile }
    }
}

impl Default for Model {
    /// The Fetch standard to the letter.
    fn default() -> Self {
        Self::new(Profile::standard())
    }
}

impl UserAgent for Model {
    fn name(&self) -> &str {
        "model"
    }

    fn open<'a>(
        &'a self,
        page: &'a Page,
        network: Arc<LoopbackNetwork>,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>> {
        let browser = Browser::new(network, self.profile.clone());
        let session: Box<dyn Session> = Box::new(ModelSession { browser, page: page.clone() });
        ready(Ok(session)).boxed()
    }
}

struct ModelSession {
    browser: Browser,
    page: Page,
}

impl Session for ModelSession {
    fn fetch(&mut self, request: FetchRequest) -> BoxFuture<'_, Result<Fetched, UserAgentError>> {
        async move { Ok(self.browser.fetch(&self.page, request).await) }.boxed()
    }
}
