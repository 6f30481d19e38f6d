//! Fetch, "HTTP-network-or-cache fetch" and "HTTP-network fetch", without an HTTP cache.

use url::Url;

use super::{Fetch, hides_origin};
use crate::request::{Request, Tainting};
use crate::site::is_same_site;
use crate::{
    BlockReason, Blocked, Exchange, ExchangeKind, FailureKind, Mode, NetworkError, Origin, WireRequest,
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
            let response = self.network_fetch(wire, kind).await?;
            // "HTTP-network fetch", "parse and store response `Set-Cookie` headers".
            if self.steps().stores_cookies(request, includes_credentials) {
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
    ) -> Result<WireResponse, Blocked> {
        let response = self.browser.network.send(request.clone()).await;
        // A status from 100 to 199, including 101, is not the status of a final response.
        let response = response.and_then(|response| match response.status {
            status @ 100..200 => {
                let detail = format!("only an interim response came (status {status})");
                Err(NetworkError::new(FailureKind::BrokenOff, detail))
            }
            _ => Ok(response),
        });
        self.exchanges.push(Exchange { kind, request, response: response.clone() });
        let profile = &self.browser.profile;
        let response = response.map(|mut response| {
            if !profile.joins_empty_lines {
                remove_empty_lines(&mut response);
            }
            if profile.repairs_utf8 {
                for (_, value) in &mut response.headers {
                    *value = String::from_utf8_lossy(value).into_owned().into_bytes();
                }
            }
            response
        });
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
        if Origin::of(request.current_url()).is_potentially_trustworthy() {
            headers.append("Sec-Fetch-Dest", "empty");
            headers.append("Sec-Fetch-Mode", request.mode.as_str());
            headers.append("Sec-Fetch-Site", fetch_site(request));
        }
        // Step 8.15.
        if !headers.contains("User-Agent") {
            headers.append("User-Agent", self.browser.profile.user_agent());
        }
        // Step 8.19.
        if headers.contains("Range") {
            if self.browser.profile.rewrites_ranges {
                headers.rewrite_range();
            }
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
        let profile = &self.browser.profile;
        if profile.sends_utf8 {
            headers.encode_as_utf8();
        }
        let mut url = request.current_url().clone();
        url.set_fragment(None);
        if profile.normalizes_percent_encoding {
            url = with_normalized_percent_encoding(&url);
        }
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
        if request.tainting == Tainting::Cors {
            return self.steps().sends_origin().then_some(origin);
        }
        // Step 4.
        if matches!(request.method.as_str(), "GET" | "HEAD") {
            let keeps = request.became_get && self.browser.profile.keeps_origin_after_post;
            return keeps.then_some(origin);
        }
        // Step 4.1.
        if request.mode != Mode::Cors && hides_origin(request) {
            return Some(Origin::Opaque.to_string());
        }
        Some(origin)
    }
}

/// Removes the empty lines of headers that are present more than once.
fn remove_empty_lines(response: &mut WireResponse) {
    let mut lines: Vec<(String, Vec<u8>)> = Vec::with_capacity(response.headers.len());
    for (name, value) in std::mem::take(&mut response.headers) {
        match lines.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(&name)) {
            Some(_) if value.is_empty() => {}
            Some((_, first)) if first.is_empty() => *first = value,
            _ => lines.push((name, value)),
        }
    }
    response.headers = lines;
}

/// A URL with normalized percent-encodings (RFC 3986, sections 6.2.2.1 and 6.2.2.2).
pub(super) fn with_normalized_percent_encoding(url: &Url) -> Url {
    let mut text = String::with_capacity(url.as_str().len());
    let mut rest = url.as_str();
    while let Some(start) = rest.find('%') {
        let (before, encoded) = rest.split_at(start);
        text.push_str(before);
        let byte = encoded.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let length = match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                text.push(char::from(byte));
                3
            }
            Some(byte) => {
                text.push_str(&format!("%{byte:02X}"));
                3
            }
            None => {
                text.push('%');
                1
            }
        };
        rest = &encoded[length..];
    }
    text.push_str(rest);
    Url::parse(&text).unwrap_or_else(|_| url.clone())
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
