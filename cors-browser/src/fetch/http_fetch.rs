//! Fetch, "HTTP fetch".

use super::Fetch;
use super::redirect_fetch::{is_redirect, location_url};
use crate::header::trim;
use crate::request::{Request, RequestMode, Tainting};
use crate::response::resource_policy_check;
use crate::{BlockReason, Blocked, ExchangeKind, Redirect, WireResponse};

/// The response that "HTTP fetch" returns.
pub(crate) enum HttpResponse {
    /// A response from the network.
    Network(WireResponse),
    /// A redirect in redirect mode `manual`.
    OpaqueRedirect,
}

impl HttpResponse {
    /// The response to a request whose redirect mode is not `manual`.
    pub(crate) fn followed(self) -> Result<WireResponse, Blocked> {
        match self {
            Self::Network(response) => Ok(response),
            Self::OpaqueRedirect => {
                Err(Blocked::new(BlockReason::RedirectModeError, "the redirect was not followed"))
            }
        }
    }
}

impl Fetch<'_> {
    /// Fetch, "HTTP fetch". Returns `None` if `request` now points at the location of a redirect.
    pub(super) async fn http_fetch(
        &mut self,
        request: &mut Request,
        makes_preflight: bool,
    ) -> Result<Option<HttpResponse>, Blocked> {
        // Step 4.1.
        if makes_preflight && !self.browser.is_preflight_cached(self.page, request) {
            request.preflight_failed = true;
            self.preflight_fetch(request).await?;
            request.preflight_failed = false;
        }
        // Step 4.3.
        let response = self.network_or_cache_fetch(request, ExchangeKind::Actual).await?;
        // Step 4.4.
        if request.tainting == Tainting::Cors {
            self.steps().check_sharing(request, &response)?;
        }
        // Step 5.
        if request.tainting == Tainting::Opaque {
            resource_policy_check(request, &response)?;
        }
        let profile = &self.browser.profile;
        let has_location = response.lines("location").next().is_some();
        let is_accepted =
            profile.error_mode_needs_location && request.redirect == Redirect::Error && !has_location;
        let is_ordinary = profile.redirects_need_a_location
            && request.redirect != Redirect::Manual
            && response.lines("location").all(|line| trim(line).is_empty());
        // Step 6.
        if is_redirect(&response, profile) && !is_ordinary && !is_accepted {
            return match request.redirect {
                Redirect::Error => {
                    let detail = format!("the response is a redirect (status {})", response.status);
                    let reason = match request.mode {
                        RequestMode::WebSocket => BlockReason::WebSocketHandshakeFailed,
                        _ => BlockReason::RedirectModeError,
                    };
                    Err(Blocked::new(reason, detail).with_value(response.status.to_string()))
                }
                Redirect::Manual => {
                    if profile.checks_manual_redirects {
                        location_url(request.current_url(), &response, profile, self.steps())?;
                    }
                    Ok(Some(HttpResponse::OpaqueRedirect))
                }
                Redirect::Follow => {
                    let is_followed = self.redirect_fetch(request, &response)?;
                    Ok((!is_followed).then_some(HttpResponse::Network(response)))
                }
            };
        }
        Ok(Some(HttpResponse::Network(response)))
    }
}
