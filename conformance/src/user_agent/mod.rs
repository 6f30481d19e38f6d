//! User agents: what plays the page of a scenario, such as the browser model.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cors_browser::{Fetched, Network, Page, PageAction, SecurityError};

use crate::scenario::Scenario;
use crate::subject::BoxFuture;

pub use model::Model;

mod model;

/// Something that can open pages and do what scenarios ask for in them.
pub trait UserAgent: Send + Sync {
    /// The name that a report gives it, such as `model`.
    fn name(&self) -> &str;

    /// The browser whose behaviour it shows: `standard`, `chromium`, `firefox` or `webkit`.
    fn browser(&self) -> &str;

    /// Why it cannot play a scenario, if that is known before it starts. `None` if it can.
    fn refusal(&self, _scenario: &Scenario) -> Option<Refusal> {
        None
    }

    /// Opens a session of its own, which shares no cookies, caches or preflights with any other.
    ///
    /// `page` is the scenario's page. All pages of the session have the same user, who has made the same settings. `network` leads to
    /// the scenario's servers. `hosts` are the hosts of its pages and servers: those whose certificates a browser may have to be told
    /// to trust.
    fn open<'a>(
        &'a self,
        page: &'a Page,
        network: Arc<dyn Network>,
        hosts: &'a [String],
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>>;
}

impl<U: UserAgent + ?Sized> UserAgent for Arc<U> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn browser(&self) -> &str {
        (**self).browser()
    }

    fn refusal(&self, scenario: &Scenario) -> Option<Refusal> {
        (**self).refusal(scenario)
    }

    fn open<'a>(
        &'a self,
        page: &'a Page,
        network: Arc<dyn Network>,
        hosts: &'a [String],
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>> {
        (**self).open(page, network, hosts)
    }
}

/// Why a user agent does not play a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is at fault.
    pub kind: RefusalKind,
    /// The reason, as a sentence without a full stop.
    pub reason: String,
}

impl Refusal {
    /// A refusal because the browser itself cannot do what the scenario asks for.
    pub fn browser(reason: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Browser, reason: reason.into() }
    }

    /// A refusal because the automation around the browser cannot do what the scenario asks for.
    pub fn harness(reason: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Harness, reason: reason.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            RefusalKind::Browser => formatter.write_str(&self.reason),
            RefusalKind::Harness => write!(formatter, "limit of the harness: {}", self.reason),
        }
    }
}

/// What keeps a user agent from playing a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The browser has no such feature.
    Browser,
    /// The automation around the browser has no way to do it, although the browser could.
    Harness,
}

/// The pages that are opened for one scenario. They are closed when it is dropped.
pub trait Session: Send {
    /// Does `action` in `page`. Returns its outcome and what was on the wire.
    fn act<'a>(
        &'a mut self,
        page: &'a Page,
        action: PageAction,
    ) -> BoxFuture<'a, Result<Fetched, UserAgentError>>;

    /// What a script in `page` reads from `document.cookie`, or the error that it gets.
    fn document_cookie<'a>(
        &'a mut self,
        page: &'a Page,
    ) -> BoxFuture<'a, Result<Result<String, SecurityError>, UserAgentError>>;

    /// Lets `time` pass.
    fn wait(&mut self, time: Duration) -> BoxFuture<'_, Result<(), UserAgentError>>;
}

/// Why a user agent did not play a scenario to its end. Says nothing about the subject.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserAgentError {
    /// It cannot do what the scenario asks for.
    #[error("the user agent cannot play this: {0}")]
    Unable(String),
    /// It failed, for example because the browser crashed.
    #[error("the user agent failed: {0}")]
    Failed(String),
}
