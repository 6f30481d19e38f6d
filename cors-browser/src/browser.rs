//! The browser and its state.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::authentication::AuthenticationEntries;
use crate::blocked::{Context, Initiator};
use crate::cookie::Jar;
use crate::fault::overrides;
use crate::fetch::{Fetch, HttpResponse};
use crate::preflight_cache::PreflightCache;
use crate::profile::SandboxedReferrers;
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
            PageAction::Navigate(navigation) => self.navigate(page, navigation).await,
            PageAction::WebSocket(request) => self.open_web_socket(page, request).await,
            PageAction::EventSource(request) => self.open_event_source(page, request).await,
            PageAction::Element(element) => self.load(page, &element).await,
        }
    }

    /// Does what `fetch(request)` does in a script of `page`.
    pub async fn fetch(&self, page: &Page, request: FetchRequest) -> Fetched {
        let url = request.url.clone();
        let headers = request.headers.clone();
        let request = Request::construct(page, request, &self.profile, &*self.steps);
        let finish = |request: &Request, response| Ok(Outcome::Response(self.filtered(request, response)));
        let context = Context { headers, ..Context::new(page, &url, Initiator::Fetch) };
        self.perform(page, context, request, finish).await
    }

    /// XMLHttpRequest, "send()".
    async fn xhr(&self, page: &Page, xhr: XhrRequest) -> Fetched {
        let context =
            Context { headers: xhr.headers.clone(), ..Context::new(page, &xhr.url, Initiator::Xhr) };
        let request = Request::of_xhr(page, xhr, &self.profile, &*self.steps);
        let finish = |request: &Request, response| {
            let response = self.filtered(request, response);
            // "processBodyError": a body that breaks off is a failure of the whole request.
            if response.body_fails {
                let detail = "the body of the response broke off";
                return Err(
                    Blocked::new(BlockReason::NetworkError, detail).with_failure(FailureKind::BrokenOff)
                );
            }
            Ok(Outcome::Response(response))
        };
        self.perform(page, context, request, finish).await
    }

    /// HTML and CSS Fonts: an element, or a CSS rule, that loads a resource.
    async fn load(&self, page: &Page, element: &ElementRequest) -> Fetched {
        let context = Context::new(page, &element.url, Initiator::Element(element.element));
        let request = Request::of_element(page, element, &self.profile, &*self.steps);
        let finish = |request: &Request, response| match response {
            HttpResponse::Network(response) => {
                load(element.element, request, &response, &self.profile, &*self.steps).map(Outcome::Loaded)
            }
            // Elements follow redirects.
            HttpResponse::OpaqueRedirect => Ok(Outcome::Loaded(Loaded { is_readable: false })),
        };
        self.perform(page, context, Ok(request), finish).await
    }

    /// Whether the URL of a sandboxed frame is the referrer of such a request.
    fn is_sandboxed_referrer_sent(&self, initiator: Initiator) -> bool {
        match self.profile.sandboxed_referrers {
            SandboxedReferrers::Never => false,
            SandboxedReferrers::OfNavigations => {
                matches!(initiator, Initiator::Navigation | Initiator::EventSource)
            }
            SandboxedReferrers::Always => initiator != Initiator::WebSocket,
        }
    }

    /// Makes a request, unless it is invalid, and turns the response into an outcome.
    pub(crate) async fn perform(
        &self,
        page: &Page,
        mut context: Context,
        request: Result<Request, Blocked>,
        finish: impl FnOnce(&Request, HttpResponse) -> Result<Outcome, Blocked>,
    ) -> Fetched {
        let mut fetch = Fetch::new(self, page);
        let result = match request {
            Err(blocked) => Err(blocked),
            Ok(mut request) => {
                if self.is_sandboxed_referrer_sent(context.initiator) {
                    request.referrer = request.referrer.or_else(|| page.sandboxed_url());
                }
                let result = fetch.main_fetch(&mut request).await;
                context.url = request.current_url().to_string();
                context.origin = self.steps.serialize_origin(&request);
                context.named_space = request.target_address_space;
                context.is_cors = request.tainting == Tainting::Cors;
                context.mode = Some(request.mode);
                context.status = fetch.exchanges.last().and_then(Exchange::status);
                result.and_then(|response| finish(&request, response))
            }
        };
        let outcome = result.unwrap_or_else(|blocked| Outcome::Blocked(blocked.with_context(context)));
        let console = match &outcome {
            Outcome::Blocked(blocked) if self.profile.engine().is_some() => blocked.console(&self.profile),
            _ => String::new(),
        };
        let console = if console.is_empty() { Vec::new() } else { vec![console] };
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
