//! Fetch, "main fetch" and "HTTP fetch": the order of things.

use super::blocked::InvalidArgument;
use super::cors_check::{CorsFailure, cors_check};
use super::exchange::Exchanges;
use super::fault::Fault;
use super::header::HeaderList;
use super::redirect::{is_redirect_status, redirect};
use super::request::{Request, Tainting};
use super::response::{filtered, opaque_redirect, resource_policy_check};
use super::{
    BlockReason, Blocked, Browser, ExchangeKind, Mode, Origin, Page, PageResponse, Redirect, WireResponse,
    page, port, preflight,
};

impl Browser {
    /// Fetch, "main fetch". A redirect runs it anew; here that is one more turn of a loop.
    pub(super) async fn main_fetch(
        &self,
        page: &Page,
        request: &mut Request,
        exchanges: &mut Exchanges,
    ) -> Result<PageResponse, Blocked> {
        let mut was_preflighted = false;
        let result = self.follow(page, request, &mut was_preflighted, exchanges).await;
        // Step 12, "use-CORS-preflight flag" and "unsafe-request flag": a network error clears the cache.
        let forgets = self.profile.failures_forget_preflights || request.preflight_failed;
        if result.is_err() && was_preflighted && forgets {
            self.clear_preflights(page, request);
        }
        result
    }

    async fn follow(
        &self,
        page: &Page,
        request: &mut Request,
        was_preflighted: &mut bool,
        exchanges: &mut Exchanges,
    ) -> Result<PageResponse, Blocked> {
        loop {
            // Step 7.
            if port::is_bad(request.current_url()) {
                return Err(Blocked::new(BlockReason::BadPort, "browsers never connect to this port"));
            }
            if page::is_mixed_content(page, request.current_url(), &self.profile)
                && !self.faults.has(Fault::AllowsMixedContent)
            {
                let detail = format!("a secure page asked for {}", request.current_url());
                return Err(Blocked::new(BlockReason::MixedContent, detail));
            }
            // Step 12.
            let makes_preflight = self.taint(request)?;
            request.needed_preflight |= preflight::is_needed(request, self.faults);
            *was_preflighted |= makes_preflight;
            let response = self.http_fetch(page, request, makes_preflight, exchanges).await?;
            // "HTTP fetch", step 6.
            if is_redirect_status(response.status) {
                match request.redirect {
                    Redirect::Error => {
                        let detail = format!("{} is a redirect", response.status);
                        return Err(Blocked::new(BlockReason::RedirectModeError, detail));
                    }
                    Redirect::Manual => return Ok(opaque_redirect(request)),
                    Redirect::Follow => {
                        if redirect(request, &response, self.faults)? {
                            continue;
                        }
                    }
                }
            }
            // Step 14.
            return Ok(filtered(request, response, self.faults));
        }
    }

    /// Fetch, "main fetch", step 12: chooses the response tainting and whether there may have to be a preflight.
    fn taint(&self, request: &mut Request) -> Result<bool, Blocked> {
        let url = request.current_url();
        let is_http = matches!(url.scheme(), "http" | "https");

        if Origin::of(url).is_same_origin(&request.origin) && request.tainting == Tainting::Basic {
            return Ok(false);
        }
        if request.mode == Mode::SameOrigin {
            let detail = format!("{url} is not of the origin {}", request.origin);
            return Err(Blocked::new(BlockReason::ModeSameOriginCrossOrigin, detail));
        }
        if !is_http {
            let detail = format!("{url} is not an HTTP(S) URL");
            return Err(Blocked::new(BlockReason::UnsupportedScheme, detail).with_value(url.scheme()));
        }
        if request.mode == Mode::NoCors {
            if request.redirect != Redirect::Follow {
                let detail = "mode no-cors follows redirects and cannot do otherwise";
                return Err(Blocked::new(BlockReason::InvalidRequest, detail)
                    .with_argument(InvalidArgument::NoCorsRedirect));
            }
            request.tainting = Tainting::Opaque;
            return Ok(false);
        }
        request.tainting = Tainting::Cors;
        let is_needed = preflight::is_needed(request, self.faults);
        Ok(is_needed || (request.needed_preflight && self.profile.preflights_stay))
    }

    /// Fetch, "HTTP fetch", up to its redirect handling.
    async fn http_fetch(
        &self,
        page: &Page,
        request: &mut Request,
        makes_preflight: bool,
        exchanges: &mut Exchanges,
    ) -> Result<WireResponse, Blocked> {
        // Step 4.1.
        if makes_preflight && !self.is_preflight_cached(page, request) {
            // It has not failed if it gets past this.
            request.preflight_failed = true;
            self.preflight_fetch(page, request, exchanges).await?;
            request.preflight_failed = false;
        }
        // Step 4.3.
        let response = self.network_or_cache_fetch(page, request, ExchangeKind::Actual, exchanges).await?;
        // Step 4.4.
        if request.tainting == Tainting::Cors && !self.faults.has(Fault::SkipsCorsCheck) {
            let headers = HeaderList::from(response.headers.as_slice());
            cors_check(request, &headers, self.faults).map_err(CorsFailure::on_response)?;
        }
        // Step 5.
        if request.tainting == Tainting::Opaque {
            resource_policy_check(request, &response)?;
        }
        Ok(response)
    }

    /// Fetch, "CORS-preflight fetch".
    async fn preflight_fetch(
        &self,
        page: &Page,
        request: &Request,
        exchanges: &mut Exchanges,
    ) -> Result<(), Blocked> {
        let request = &preflight::asking(request, &self.profile);
        let preflight = preflight::preflight_request(request, &self.profile, self.faults);
        // Step 6.
        let response =
            self.network_or_cache_fetch(page, &preflight, ExchangeKind::Preflight, exchanges).await?;
        // Step 7.
        let grant = preflight::check(request, &response, &self.profile, self.faults)?;
        self.store_preflight(page, request, grant);
        Ok(())
    }
}
