//! Fetch, "CORS-preflight cache".

use super::preflight::Grant;
use super::request::Request;
use super::{Browser, Page};

impl Browser {
    pub(super) fn is_preflight_cached(&self, _page: &Page, _request: &Request) -> bool {
        false
    }

    pub(super) fn store_preflight(&self, _page: &Page, _request: &Request, _grant: Grant) {}

    pub(super) fn clear_preflights(&self, _page: &Page, _request: &Request) {}
}
