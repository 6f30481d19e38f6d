//! User agents: who plays the page's side of a scenario.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::scenario::Scenario;
use cors_browser::{FetchRequest, Fetched, Network, Page, SecurityError};

pub use model::Model;

mod model;

/// Something that can open pages and run their fetches.
pub trait UserAgent: Send + Sync {
    /// The name that a report gives it, such as `model`.
    fn name(&self) -> &str;

    /// Whose behaviour it shows: `standard`, `chromium` or `firefox`.
    fn browser(&self) -> &str;

    /// Why it cannot play a scenario, where that is known beforehand; `None` if it can.
    fn refusal(&self, _scenario: &Scenario) -> Option<String> {
        None
    }

    /// Opens a session of its own, which shares no cookies, caches or preflights with any other.
    ///
    /// `network` leads to the scenario's servers.
    fn open<'a>(
        &'a self,
        network: Arc<dyn Network>,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>>;
}

/// The pages that are opened for one scenario; closed when it is dropped.
pub trait Session: Send {
    /// Runs one `fetch()` in `page`, and tells what came of it and what was on the wire.
    fn fetch<'a>(
        &'a mut self,
        page: &'a Page,
        request: FetchRequest,
    ) -> BoxFuture<'a, Result<Fetched, UserAgentError>>;

    /// What `document.cookie` says to a script in `page`, or throws.
    fn document_cookie<'a>(
        &'a mut self,
        page: &'a Page,
    ) -> BoxFuture<'a, Result<Result<String, SecurityError>, UserAgentError>>;

    /// Lets time pass.
    fn wait(&mut self, time: Duration) -> BoxFuture<'_, Result<(), UserAgentError>>;
}

/// Why a user agent did not play its part. Says nothing about the subject.
#[derive(Debug, thiserror::Error)]
pub enum UserAgentError {
    /// It has no way to do what the scenario asks for; the text tells what it lacks.
    #[error("the user agent cannot play this: {0}")]
    Unable(String),
    /// It broke down.
    #[error("the user agent failed: {0}")]
    Failed(String),
}
