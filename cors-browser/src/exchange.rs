//! Fetch, "HTTP-network-or-cache fetch": what a request looks like on the wire.

use super::fault::Fault;
use super::request::{Request, Tainting};
use super::site::is_same_site;
use super::{
    BlockReason, Blocked, Browser, Exchange, ExchangeKind, Mode, NetworkError, Origin, Page, WireRequest,
    WireResponse,
};

/// What was on the wire so far, in order.
pub(super) type Exchanges = Vec<Exchange>;

impl Browser {
    /// Fetch, "HTTP-network-or-cache fetch", without an HTTP cache.
    pub(super) async fn network_or_cache_fetch(
        &self,
        page: &Page,
        request: &Request,
        kind: ExchangeKind,
        exchanges: &mut Exchanges,
    ) -> Result<WireResponse, Blocked> {
        // Step 8.3.
        let includes_credentials = request.includes_credentials(self.faults) && kind == ExchangeKind::Actual;
        loop {
            let wire = self.wire_request(page, request, includes_credentials, kind);
            let response = self.exchange(wire, kind, exchanges).await?;
            // "HTTP-network fetch", "parse and store response `Set-Cookie` headers".
            if includes_credentials {
                self.store_cookies(page, request, &response);
            }
            // Step 14.
            if kind == ExchangeKind::Preflight || !self.answer_challenge(page, request, &response) {
                return Ok(response);
            }
        }
    }

    /// Sends a request and records what came of it.
    async fn exchange(
        &self,
        request: WireRequest,
        kind: ExchangeKind,
        exchanges: &mut Exchanges,
    ) -> Result<WireResponse, Blocked> {
        // "HTTP-network fetch": a status from 100 to 199, 101 among them, is not that of a response.
        let response = self.network.send(request.clone()).await.and_then(|response| match response.status {
            status @ 100..200 => {
                Err(NetworkError::new(format!("nothing but an interim response came (status {status})")))
            }
            _ => Ok(response),
        });
        exchanges.push(Exchange { kind, request, response: response.clone() });
        response
            .map_err(|error| Blocked::new(BlockReason::NetworkError, error.detail).with_failure(error.kind))
    }

    /// Steps 8.11 to 8.21: the headers that the browser adds, in order.
    fn wire_request(
        &self,
        page: &Page,
        request: &Request,
        includes_credentials: bool,
        kind: ExchangeKind,
    ) -> WireRequest {
        let mut headers = request.headers.clone();
        // Step 8.11.
        if let Some(referrer) = referrer(page, request) {
            headers.append("Referer", referrer);
        }
        // Step 8.12.
        if let Some(origin) = self.request_origin(request) {
            headers.append("Origin", origin);
        }
        // Step 8.13.
        if Origin::of(request.current_url()).is_potentially_trustworthy() {
            headers.append("Sec-Fetch-Dest", "empty");
            headers.append("Sec-Fetch-Mode", fetch_mode(request.mode));
            headers.append("Sec-Fetch-Site", fetch_site(request));
        }
        // Step 8.15.
        if !headers.contains("User-Agent") {
            headers.append("User-Agent", self.profile.user_agent());
        }
        // Step 8.19.
        if headers.contains("Range") {
            headers.append("Accept-Encoding", "identity");
        }
        // Step 8.21.
        let is_faulty_preflight =
            kind == ExchangeKind::Preflight && self.faults.has(Fault::SendsCookiesOnPreflights);
        if (includes_credentials || is_faulty_preflight)
            && let Some(cookies) = self.cookie_header(page, request)
        {
            headers.append("Cookie", cookies);
        }
        if includes_credentials
            && !headers.contains("Authorization")
            && let Some(authorization) = self.authorization(page, request)
        {
            headers.append("Authorization", authorization);
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
    fn request_origin(&self, request: &Request) -> Option<String> {
        // Step 2.
        let origin = request.serialized_origin(self.faults);
        // Step 3.
        if request.tainting == Tainting::Cors {
            return (!self.faults.has(Fault::OmitsOrigin)).then_some(origin);
        }
        // Step 4.
        if matches!(request.method.as_str(), "GET" | "HEAD") {
            return None;
        }
        // Step 4.1, for the default policy `strict-origin-when-cross-origin`.
        let is_https = matches!(&request.origin, Origin::Tuple { scheme, .. } if scheme == "https");
        if request.mode != Mode::Cors && is_https && request.current_url().scheme() != "https" {
            return Some(Origin::Opaque.to_string());
        }
        Some(origin)
    }
}

/// Referrer Policy, "Determine request's Referrer", for a page at its origin's root and the default policy
/// `strict-origin-when-cross-origin`.
fn referrer(page: &Page, request: &Request) -> Option<String> {
    let Origin::Tuple { scheme, .. } = &page.origin else { return None };
    if !matches!(scheme.as_str(), "http" | "https") {
        return None;
    }
    let is_downgrade = page.origin.is_potentially_trustworthy()
        && !Origin::of(request.current_url()).is_potentially_trustworthy();
    (!is_downgrade).then(|| format!("{}/", page.origin))
}

/// Fetch Metadata, "The Sec-Fetch-Mode HTTP Request Header".
fn fetch_mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Cors => "cors",
        Mode::NoCors => "no-cors",
        Mode::SameOrigin => "same-origin",
    }
}

/// Fetch Metadata, "The Sec-Fetch-Site HTTP Request Header".
fn fetch_site(request: &Request) -> &'static str {
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
