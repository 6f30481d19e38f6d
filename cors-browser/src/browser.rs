//! The browser and its state.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::authentication::AuthenticationEntries;
use crate::blocked::{Context, Initiator};
use crate::cookie::Jar;
use crate::fault::overrides;
use crate::fetch::{Fetch, HttpResponse};
use crate::preflight_cache::PreflightCache;
use crate::request::{Request, Tainting};
use crate::response::load;
use crate::steps::{Standard, Steps};
use crate::{
    BlockReason, Blocked, Clock, ElementRequest, Exchange, FailureKind, Fault, FetchRequest, Fetched, Loaded,
    Network, Outcome, Page, PageAction, Profile, SystemClock, XhrRequest,
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
            PageAction::Xhr(request) => self.xhr(page, request).await,
            PageAction::Element(element) => self.load(page, &element).await,
            PageAction::Navigate(_) | PageAction::WebSocket(_) | PageAction::EventSource(_) => todo!(),
        }
    }

    /// Does what `fetch(request)` does in a script of `page`.
    pub async fn fetch(&self, page: &Page, request: FetchRequest) -> Fetched {
        let context = Context {
            headers: request.headers.clone(),
            ..Context::new(page, &request.url, Initiator::Fetch)
        };
        self.respond(page, Request::construct(page, request, &self.profile, &*self.steps), context).await
    }

    /// XMLHttpRequest, "send()".
    async fn xhr(&self, page: &Page, xhr: XhrRequest) -> Fetched {
        let context =
            Context { headers: xhr.headers.clone(), ..Context::new(page, &xhr.url, Initiator::Xhr) };
        let request = Request::of_xhr(page, xhr, &self.profile, &*self.steps);
        let mut fetched = self.respond(page, request, context.clone()).await;
        // "processBodyError": a body that breaks off is a failure of the whole request.
        if matches!(&fetched.outcome, Outcome::Response(response) if response.body_fails) {
            let blocked = Blocked::new(BlockReason::NetworkError, "the body of the response broke off")
                .with_failure(FailureKind::BrokenOff);
            fetched.outcome = Outcome::Blocked(blocked.with_context(context));
        }
        fetched
    }

    /// Fetches for a script, unless its arguments were invalid.
    async fn respond(&self, page: &Page, request: Result<Request, Blocked>, context: Context) -> Fetched {
        let mut fetch = Fetch::new(self, page);
        match request {
            Err(blocked) => self.fetched(fetch, context, Err(blocked)),
            Ok(mut request) => {
                let result = fetch.main_fetch(&mut request).await;
                let context = self.after(context, &request, &fetch);
                self.fetched(fetch, context, result.map(Outcome::Response))
            }
        }
    }

    /// HTML and CSS Fonts: an element, or a CSS rule, that loads a resource.
    async fn load(&self, page: &Page, element: &ElementRequest) -> Fetched {
        let context = Context::new(page, &element.url, Initiator::Element(element.element));
        let mut fetch = Fetch::new(self, page);
        let mut request = Request::of_element(page, element, &self.profile, &*self.steps);
        let result = fetch.internal_response(&mut request).await;
        let context = self.after(context, &request, &fetch);
        let loaded = result.and_then(|response| match response {
            HttpResponse::Network(response) => {
                load(element.element, &request, &response, &self.profile, &*self.steps)
            }
            // Elements follow redirects.
            HttpResponse::OpaqueRedirect => Ok(Loaded { is_readable: false }),
        });
        self.fetched(fetch, context, loaded.map(Outcome::Loaded))
    }

    /// Adds to the circumstances of a fetch what is known after it.
    fn after(&self, context: Context, request: &Request, fetch: &Fetch<'_>) -> Context {
        Context {
            url: request.current_url().to_string(),
            origin: self.steps.serialize_origin(request),
            named_space: request.target_address_space,
            is_cors: request.tainting == Tainting::Cors,
            status: fetch.exchanges.last().and_then(Exchange::status),
            ..context
        }
    }

    /// The result of a fetch, with the lines of the console.
    fn fetched(&self, fetch: Fetch<'_>, context: Context, result: Result<Outcome, Blocked>) -> Fetched {
        let outcome = result.unwrap_or_else(|blocked| Outcome::Blocked(blocked.with_context(context)));
        let line = match &outcome {
            Outcome::Blocked(blocked) if self.profile.engine().is_some() => blocked.console(&self.profile),
            _ => String::new(),
        };
        let console = if line.is_empty() { Vec::new() } else { vec![line] };
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
