//! Fetch, "main fetch".

use super::Fetch;
use super::data_url_fetch::data_url_fetch;
use super::http_fetch::HttpResponse;
use super::network_or_cache_fetch::with_normalized_percent_encoding;
use crate::blocked::InvalidArgument;
use crate::request::{Request, RequestMode, Tainting};
use crate::response::{filtered, opaque_redirect};
use crate::{BlockReason, Blocked, Browser, Origin, PageResponse, Redirect, port};

impl Browser {
    /// "main fetch", step 14: the response as a script sees it.
    pub(crate) fn filtered(&self, request: &Request, response: HttpResponse) -> PageResponse {
        match response {
            HttpResponse::Network(response) => {
                let mut response = filtered(request, response, &*self.steps);
                if self.profile.normalizes_percent_encoding {
                    response.url = response.url.as_ref().map(with_normalized_percent_encoding);
                }
                response
            }
            HttpResponse::OpaqueRedirect => opaque_redirect(request),
        }
    }
}

impl Fetch<'_> {
    /// Fetch, "main fetch", without step 14: the response as the browser itself sees it.
    pub(crate) async fn main_fetch(&mut self, request: &mut Request) -> Result<HttpResponse, Blocked> {
        // "HTTP-redirect fetch", step 20, runs "main fetch" again. Here that is the next turn of a loop.
        let response = loop {
            match self.main_fetch_once(request).await {
                Ok(None) => {}
                Ok(Some(response)) => break Ok(response),
                Err(blocked) => break Err(blocked),
            }
        };
        // Step 12, the case of a request with a preflight: a network error clears its cache entries.
        if let (Err(blocked), true) = (&response, request.used_preflight) {
            let profile = &self.browser.profile;
            if self.steps().failure_clears_preflights(request, blocked.reason, profile) {
                self.browser.clear_preflights(self.page, request);
            }
        }
        response
    }

    /// "main fetch", steps 7 to 12. Returns `None` if a redirect was followed.
    async fn main_fetch_once(&mut self, request: &mut Request) -> Result<Option<HttpResponse>, Blocked> {
        let url = request.current_url();
        // Step 7.
        if port::is_bad(url, &self.browser.profile) {
            let detail = "browsers never connect to this port";
            return Err(Blocked::new(BlockReason::BadPort, detail));
        }
        // Mixed Content, "Should fetching request be blocked as mixed content?", step 1: not if a tab is navigated. `data:` URLs are
        // trustworthy (Secure Contexts, "Is url potentially trustworthy?").
        let is_data = url.scheme() == "data";
        let is_exempt = self.browser.profile.checks_local_network
            && self.page.network_permissions.is_some()
            && self.steps().may_be_local(request);
        let is_checked = !is_data && !is_exempt && self.steps().checks_mixed_content(request);
        if is_checked && self.steps().is_mixed_content(self.page, url, &self.browser.profile) {
            let detail = format!("a secure page requested {url}");
            return Err(Blocked::new(BlockReason::MixedContent, detail));
        }
        // Step 9.
        request.referrer = self.steps().determine_referrer(request, &self.browser.profile);
        // Step 12, the first case.
        if is_data && self.steps().fetches_data_urls() {
            return data_url_fetch(request.current_url(), &self.browser.profile)
                .map(|response| Some(HttpResponse::Network(response)));
        }
        // Step 12, the other cases.
        let use_preflight = self.set_response_tainting(request)?;
        request.needed_preflight |= self.steps().needs_preflight(request, &self.browser.profile);
        request.used_preflight |= use_preflight;
        self.http_fetch(request, use_preflight).await
    }

    /// Step 12: sets the response tainting and decides whether "HTTP fetch" makes a preflight.
    fn set_response_tainting(&self, request: &mut Request) -> Result<bool, Blocked> {
        let url = request.current_url();
        if self.steps().is_exempt_from_cors(request) {
            return Ok(false);
        }
        if Origin::of(url).is_same_origin(&request.origin) && request.tainting == Tainting::Basic {
            return Ok(false);
        }
        if request.mode == RequestMode::SameOrigin {
            let detail = format!("{url} is not same-origin with {}", request.origin);
            return Err(Blocked::new(BlockReason::ModeSameOriginCrossOrigin, detail));
        }
        if !matches!(url.scheme(), "http" | "https") {
            let detail = format!("{url} is not an HTTP(S) URL");
            return Err(Blocked::new(BlockReason::UnsupportedScheme, detail).with_value(url.scheme()));
        }
        if request.mode == RequestMode::NoCors {
            if request.redirect != Redirect::Follow {
                let detail = "mode `no-cors` requires redirect mode `follow`";
                return Err(Blocked::new(BlockReason::InvalidRequest, detail)
                    .with_argument(InvalidArgument::NoCorsRedirect));
            }
            request.tainting = Tainting::Opaque;
            return Ok(false);
        }
        request.tainting = Tainting::Cors;
        let stays = request.needed_preflight && self.browser.profile.preflights_stay;
        Ok(stays || self.steps().needs_preflight(request, &self.browser.profile))
    }
}
