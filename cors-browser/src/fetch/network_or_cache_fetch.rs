//! Fetch, "HTTP-network-or-cache fetch" and "HTTP-network fetch", without an HTTP cache.

use super::{Fetch, hides_origin};
use crate::request::{Request, RequestMode, Tainting};
use crate::site::is_same_site;
use crate::{
    BlockReason, Blocked, Exchange, ExchangeKind, FailureKind, NetworkError, Origin, WireRequest,
    WireResponse,
};

impl Fetch<'_> {
    /// Fetch, "HTTP-network-or-cache fetch".
    pub(super) async fn network_or_cache_fetch(
        &mut self,
        request: &Request,
        kind: ExchangeKind,
    ) -> Result<WireResponse, Blocked> {
        // Step 8.3.
        let includes_credentials = kind == ExchangeKind::Actual && self.steps().includes_credentials(request);
        loop {
            let wire = self.wire_request(request, includes_credentials, kind);
            let response = self.network_fetch(wire, kind, request.mode).await?;
            // "HTTP-network fetch", "parse and store response `Set-Cookie` headers".
            let is_failed_handshake = request.mode == RequestMode::WebSocket && response.status != 101;
            let sets_cookies = !is_failed_handshake || self.browser.profile.failed_handshakes_set_cookies;
            if sets_cookies && self.steps().stores_cookies(request, includes_credentials) {
                self.browser.store_cookies(self.page, request, &response);
            }
            // Step 14.
            let is_retried =
                includes_credentials && self.browser.answer_challenge(self.page, request, &response);
            if !is_retried {
                return Ok(response);
            }
        }
    }

    /// Fetch, "HTTP-network fetch": sends a request and records the exchange.
    async fn network_fetch(
        &mut self,
        request: WireRequest,
        kind: ExchangeKind,
        mode: RequestMode,
    ) -> Result<WireResponse, Blocked> {
        let response = self.browser.network.send(request.clone()).await;
        // A status from 100 to 199 is not the status of a final response, but for the 101 of a WebSocket.
        let response = response.and_then(|response| match response.status {
            101 if mode == RequestMode::WebSocket => Ok(response),
            status @ 100..200 => {
                let detail = format!("only an interim response came (status {status})");
                Err(NetworkError::new(FailureKind::BrokenOff, detail))
            }
            _ => Ok(response),
        });
        self.exchanges.push(Exchange { kind, request, response: response.clone() });
        response
            .map_err(|error| Blocked::new(BlockReason::NetworkError, error.detail).with_failure(error.kind))
    }

    /// "HTTP-network-or-cache fetch", steps 8.11 to 8.21: adds the browser's own headers, in order.
    fn wire_request(&self, request: &Request, includes_credentials: bool, kind: ExchangeKind) -> WireRequest {
        let mut headers = request.headers.clone();
        // Step 8.11.
        if let Some(referrer) = &request.referrer {
            headers.append("Referer", referrer.as_str());
        }
        // Step 8.12.
        if let Some(origin) = self.origin_header(request) {
            headers.append("Origin", origin);
        }
        // Step 8.13.
        let has_metadata =
            request.mode != RequestMode::WebSocket || self.browser.profile.handshakes_have_metadata;
        if has_metadata && Origin::of(request.current_url()).is_potentially_trustworthy() {
            headers.append("Sec-Fetch-Dest", request.destination.as_str());
            headers.append("Sec-Fetch-Mode", request.mode.as_str());
            headers.append("Sec-Fetch-Site", self.steps().fetch_site(request));
            if self.steps().sends_fetch_user(request) {
                headers.append("Sec-Fetch-User", "?1");
            }
        }
        // Step 8.15.
        if !headers.contains("User-Agent") {
            headers.append("User-Agent", self.browser.profile.user_agent());
        }
        // Step 8.18.
        if request.is_no_store {
            headers.append("Pragma", "no-cache");
            headers.append("Cache-Control", "no-cache");
        }
        // Step 8.19.
        if headers.contains("Range") {
            headers.append("Accept-Encoding", "identity");
        }
        // Step 8.21.
        if self.steps().sends_cookies(includes_credentials, kind) {
            if let Some(cookies) = self.browser.cookie_header(self.page, request) {
                headers.append("Cookie", cookies);
            }
        }
        if includes_credentials && !headers.contains("Authorization") {
            if let Some(authorization) = self.browser.authorization(self.page, request) {
                headers.append("Authorization", authorization);
            }
        }
        let mut url = request.current_url().clone();
        url.set_fragment(None);
        WireRequest {
            method: request.method.clone(),
            url,
            headers: headers.into_lines(),
            body: request.body.clone(),
        }
    }

    /// Fetch, "append a request `Origin` header".
    fn origin_header(&self, request: &Request) -> Option<String> {
        // Step 2.
        let origin = self.steps().serialize_origin(request);
        // Step 3.
        if request.tainting == Tainting::Cors || request.mode == RequestMode::WebSocket {
            return self.steps().sends_origin(request).then_some(origin);
        }
        // Step 4.
        if !self.steps().sends_origin_without_cors(request) {
            return None;
        }
        // Step 4.1.
        if request.mode != RequestMode::Cors && hides_origin(request) {
            return Some(Origin::Opaque.to_string());
        }
        Some(origin)
    }
}

/// Fetch Metadata, "The Sec-Fetch-Site HTTP Request Header".
pub(crate) fn fetch_site(request: &Request) -> &'static str {
    let mut site = "same-origin";
    for url in &request.urls {
        let origin = Origin::of(url);
        if origin.is_same_origin(&request.origin) {
            continue;
        }
        if !is_same_site(&origin, &request.origin) {
            return "cross-site";
        }
        site = "same-site";
    }
    site
}
