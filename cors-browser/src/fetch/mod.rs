//! Fetch, section 4 "Fetching": one module for each algorithm, in the order in which they call each other.

mod cors_check;
mod data_url_fetch;
mod http_fetch;
mod local_network_check;
mod main_fetch;
mod network_or_cache_fetch;
mod preflight_check;
mod preflight_fetch;
mod redirect_fetch;
mod referrer;

pub(crate) use self::cors_check::check_sharing;
pub(crate) use self::http_fetch::HttpResponse;
pub(crate) use self::network_or_cache_fetch::fetch_site;
pub(crate) use self::preflight_check::Grant;
pub(crate) use self::preflight_fetch::{as_preflight_sees_it, preflight_headers, requested_header_names};
pub(crate) use self::redirect_fetch::has_foreign_credentials;
pub use self::referrer::ReferrerPolicy;
pub(crate) use self::referrer::{determine_referrer, hides_origin};
pub(crate) use crate::response::exposed_header_names;
use crate::steps::Steps;
use crate::{Browser, Exchange, Page};

/// A fetch in progress.
pub(crate) struct Fetch<'a> {
    browser: &'a Browser,
    page: &'a Page,
    /// What was on the wire so far, in order.
    pub(crate) exchanges: Vec<Exchange>,
}

impl<'a> Fetch<'a> {
    pub(crate) fn new(browser: &'a Browser, page: &'a Page) -> Self {
        Self { browser, page, exchanges: Vec::new() }
    }

    fn steps(&self) -> &'a dyn Steps {
        &*self.browser.steps
    }
}
