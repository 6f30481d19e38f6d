//! The browser and its state.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::authentication::AuthenticationEntries;
use crate::blocked::Context;
use crate::cookie::Jar;
use crate::fault::overrides;
use crate::fetch::Fetch;
use crate::preflight_cache::PreflightCache;
use crate::request::{Request, Tainting};
use crate::steps::{Standard, Steps};
use crate::{
    Clock, Exchange, Fault, FetchRequest, Fetched, Network, Outcome, Page, PageAction, Profile, SystemClock,
};

/// A browser with its own cookies, logins and preflight cache. A new one has an empty state.
///
/// All methods take `&self`, so fetches of one browser can run at the same time.
pub struct Browser {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) profile: Profile,
    pub(crate) steps: Arc<dyn Steps>,
    pub(crate) clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// What a browser remembers between fetches.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) preflights: PreflightCache,
    pub(crate) cookies: Jar,
    pub(crate) authentication: AuthenticationEntries,
}

impl Browser {
    /// Creates a browser that follows `profile` and reaches servers through `network`.
    pub fn new(network: Arc<dyn Network>, profile: Profile) -> Self {
        Self {
            network,
            profile,
            steps: Arc::new(Standard),
            clock: Arc::new(SystemClock),
            state: Mutex::default(),
        }
    }

    /// Replaces the system's clock, for example by a [`ManualClock`](crate::ManualClock).
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Breaks one rule of the browser on purpose. It replaces a fault that was set before.
    ///
    /// Use it to test a test suite: a suite that passes with a faulty browser does not test the rule. [`Fault::ALL`] lists
    /// the faults.
    #[must_use]
    pub fn with_fault(self, fault: Fault) -> Self {
        Self { steps: overrides(fault), ..self }
    }

    /// The profile that the browser follows.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The browser's state. The lock is never held across an exchange.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what a browser does when `action` happens in `page`.
    pub async fn act(&self, page: &Page, action: PageAction) -> Fetched {
        match action {
            PageAction::Fetch(request) => self.fetch(page, request).await,
            PageAction::Xhr(_)
            | PageAction::Navigate(_)
            | PageAction::WebSocket(_)
            | PageAction::EventSource(_)
            | PageAction::Element(_) => todo!(),
        }
    }

    /// Does what `fetch(request)` does in a script of `page`.
    pub async fn fetch(&self, page: &Page, request: FetchRequest) -> Fetched {
        let mut context = Context::new(page, &request.url);
        context.headers.clone_from(&request.headers);
        let mut fetch = Fetch::new(self, page);
        let result = match Request::construct(page, request, &self.profile, &*self.steps) {
            Err(blocked) => Err(blocked),
            Ok(mut request) => {
                let result = fetch.main_fetch(&mut request).await;
                context.url = request.current_url().to_string();
                context.origin = self.steps.serialize_origin(&request);
                context.named_space = request.target_address_space;
                context.is_cors = request.tainting == Tainting::Cors;
                context.status = fetch.exchanges.last().and_then(Exchange::status);
                result
            }
        };
        let outcome = match result {
            Ok(response) => Outcome::Response(response),
            Err(blocked) => Outcome::Blocked(blocked.with_context(context)),
        };
        let console = match &outcome {
            Outcome::Blocked(blocked) if self.profile.engine().is_some() => {
                vec![blocked.console(&self.profile)]
            }
            _ => Vec::new(),
        };
        Fetched { outcome, exchanges: fetch.exchanges, console }
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser")
            .field("profile", &self.profile)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}
