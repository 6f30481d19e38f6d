//! A browser's side of CORS, written from the Fetch standard and RFC 6265bis, step by step.
//!
//! [`Browser::fetch`] does what `fetch()` in a page does: it decides what goes on the wire, sends it through a
//! [`Network`], and hands back what the page may see together with every exchange that took place. It shares no code
//! with the policy's side, so that the two can prove each other wrong.

mod authentication;
mod blocked;
mod cache;
mod clock;
mod console;
mod cookie;
mod cors_check;
pub mod examples;
mod exchange;
mod failure;
mod fault;
mod header;
mod main_fetch;
mod method;
mod origin;
mod page;
mod port;
mod preflight;
mod profile;
mod redirect;
mod request;
mod response;
mod site;
#[cfg(test)]
mod tests;
mod wire;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::authentication::AuthenticationEntries;
use self::blocked::Facts;
pub use self::blocked::{BlockReason, Blocked};
use self::cache::PreflightCache;
pub use self::clock::{Clock, ManualClock, SystemClock};
use self::cookie::Jar;
pub use self::cookie::SecurityError;
pub use self::failure::FailureKind;
pub use self::fault::{Fault, Faults};
pub use self::origin::Origin;
pub use self::page::{OpaqueSort, Page, User};
pub use self::profile::{Profile, Rule};
pub use self::request::{Credentials, FetchRequest, Mode, Redirect};
use self::request::{Request, Tainting};
pub use self::response::{Fetched, Outcome, PageResponse, ResponseType};
pub use self::wire::{Exchange, ExchangeKind, Network, NetworkError, WireRequest, WireResponse};

/// A browser with its own state, as if it had just been installed.
pub struct Browser {
    network: Arc<dyn Network>,
    profile: Profile,
    faults: Faults,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// What a browser remembers from one fetch to the next.
#[derive(Debug, Default)]
struct State {
    preflights: PreflightCache,
    cookies: Jar,
    authentication: AuthenticationEntries,
}

impl Browser {
    /// A browser that behaves as `profile` says and reaches servers through `network`.
    pub fn new(network: Arc<dyn Network>, profile: Profile) -> Self {
        Self { network, profile, faults: Faults::NONE, clock: Arc::new(SystemClock), state: Mutex::default() }
    }

    /// The same browser with another clock, such as a [`ManualClock`].
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The same browser without one of its rules.
    ///
    /// It serves to prove that scenarios notice; see [`Fault`].
    #[must_use]
    pub fn with_fault(self, fault: Fault) -> Self {
        Self { faults: self.faults.with(fault), ..self }
    }

    /// Whose behaviour it follows.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The browser's memory. It is never held across an exchange.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what `fetch(request)` does in a script of `page`.
    pub async fn fetch(&self, page: &Page, request: FetchRequest) -> Fetched {
        let mut exchanges = Vec::new();
        let first_url = request.url.clone();
        let mut facts = Facts {
            first_url: first_url.to_string(),
            url: first_url.to_string(),
            page_origin: page.origin.to_string(),
            origin: page.origin.to_string(),
            ..Facts::default()
        };
        let result = match Request::construct(page, request, self.faults) {
            Err(blocked) => Err(blocked),
            Ok(mut request) => {
                let result = self.main_fetch(page, &mut request, &mut exchanges).await;
                facts.url = request.current_url().to_string();
                facts.origin = request.serialized_origin(self.faults);
                facts.is_cors = request.tainting == Tainting::Cors;
                facts.status = exchanges
                    .last()
                    .and_then(|last: &Exchange| last.response.as_ref().ok())
                    .map(|r| r.status);
                result
            }
        };
        let outcome = match result {
            Ok(response) => Outcome::Response(response),
            Err(blocked) => Outcome::Blocked(blocked.with_facts(facts)),
        };
        let console = match &outcome {
            Outcome::Blocked(blocked) if self.profile.has_console() => vec![blocked.console(&self.profile)],
            Outcome::Blocked(_) | Outcome::Response(_) => Vec::new(),
        };
        Fetched { outcome, exchanges, console }
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser")
            .field("profile", &self.profile)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
