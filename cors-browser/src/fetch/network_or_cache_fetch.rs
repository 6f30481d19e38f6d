//! Fetch, "HTTP-network-or-cache fetch" and "HTTP-network fetch", without an HTTP cache.

use std::collections::BTreeSet;

use url::{Host, Url};

use super::Fetch;
use super::redirect_fetch::is_redirect;
use crate::header::{is_token, spelling_of_webkit, trim};
use crate::request::{Destination, Request, RequestMode, Tainting};
use crate::site::is_same_site;
use crate::{
    BlockReason, Blocked, Credentials, Exchange, ExchangeKind, FailureKind, NetworkError, Origin, Redirect,
    ReferrerPolicy, WireRequest, WireResponse,
};

impl Fetch<'_> {
    /// Fetch, "HTTP-network-or-cache fetch".
    pub(super) async fn network_or_cache_fetch(
        &mut self,
        request: &Request,
        kind: ExchangeKind,
    ) -> Result<WireResponse, Blocked> {
        self.local_network_check(request)?;
        // Step 8.3.
        let includes_credentials = kind == ExchangeKind::Actual
            && (self.steps().includes_credentials(request) || self.keeps_credentials(request))
            // Step 8.4.
            && self.steps().embedder_allows_credentials(self.page, request, &self.browser.profile);
        // The response with status 421 after which the request is repeated on a new connection.
        let mut misdirected: Option<WireResponse> = None;
        loop {
            let wire = self.wire_request(request, includes_credentials, kind);
            let mut response = self.network_fetch(request, wire, kind).await?;
            // "HTTP-network fetch", "parse and store response `Set-Cookie` headers".
            let is_failed_handshake = request.mode == RequestMode::WebSocket && response.status != 101;
            let sets_cookies = !is_failed_handshake || self.browser.profile.failed_handshakes_set_cookies;
            if sets_cookies && self.steps().stores_cookies(request, includes_credentials) {
                self.browser.store_cookies(self.page, request, &response);
            }
            // Step 14.
            if includes_credentials && self.browser.answer_challenge(self.page, request, &response) {
                continue;
            }
            // Step 15: the user of the model never has a proxy to log in to.
            if response.status == 407 && self.steps().rejects_proxy_challenge(&self.browser.profile) {
                let detail = "the server demands a login as if it were a proxy (status 407)";
                return Err(
                    Blocked::new(BlockReason::NetworkError, detail).with_failure(FailureKind::ProxyChallenge)
                );
            }
            // Step 16.
            let repeats =
                request.mode != RequestMode::WebSocket || self.browser.profile.repeats_misdirected_handshakes;
            if response.status == 421
                && misdirected.is_none()
                && repeats
                && self.steps().retries_misdirected()
            {
                misdirected = Some(response);
                continue;
            }
            if let Some(first) = misdirected.filter(|_| self.browser.profile.misdirected_types_add_up) {
                let types: Vec<_> =
                    first.lines("content-type").chain(response.lines("content-type")).collect();
                let joined = types.join(&b","[..]);
                if types.len() > 1 {
                    response.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                    response.headers.push(("content-type".to_owned(), joined));
                }
            }
            return Ok(response);
        }
    }

    /// The value of `Sec-Fetch-Site`.
    fn sec_fetch_site(&self, request: &Request) -> &'static str {
        match self.steps().fetch_site(request) {
            "same-site" if !self.browser.profile.ipv6_addresses_have_sites && is_ipv6(request) => {
                "cross-site"
            }
            site => site,
        }
    }

    /// Whether a request keeps the credentials that it had before the page's own server redirected it.
    fn keeps_credentials(&self, request: &Request) -> bool {
        let starts_at_own_server =
            request.urls.first().is_some_and(|url| Origin::of(url).is_same_origin(&request.origin));
        self.browser.profile.no_cors_redirects_keep_credentials
            && request.mode == RequestMode::NoCors
            && request.credentials == Credentials::SameOrigin
            && starts_at_own_server
    }

    /// Fetch, "HTTP-network fetch": sends a request and records the exchange.
    async fn network_fetch(
        &mut self,
        request: &Request,
        wire: WireRequest,
        kind: ExchangeKind,
    ) -> Result<WireResponse, Blocked> {
        let response = self.browser.network.send(wire.clone()).await;
        let response = response.and_then(|response| check_head(response, request.mode));
        self.exchanges.push(Exchange { kind, request: wire, response: response.clone() });
        response
            .and_then(|response| self.accept(request, response, kind))
            .map_err(|error| Blocked::new(BlockReason::NetworkError, error.detail).with_failure(error.kind))
    }

    /// The response as the network stack of the browser hands it on.
    fn accept(
        &self,
        request: &Request,
        mut response: WireResponse,
        kind: ExchangeKind,
    ) -> Result<WireResponse, NetworkError> {
        let profile = &self.browser.profile;
        // RFC 9112, section 5.1: white space before the colon is not part of the name.
        response.headers.retain_mut(|(name, _)| {
            let length = name.trim_end_matches([' ', '\t']).len();
            let is_spaced = length < name.len();
            name.truncate(length);
            is_token(name.as_bytes()) && !(is_spaced && profile.ignores_spaced_names)
        });
        if !profile.joins_empty_lines {
            remove_empty_lines(&mut response);
        }
        if profile.repairs_utf8 {
            for (_, value) in &mut response.headers {
                *value = String::from_utf8_lossy(value).into_owned().into_bytes();
            }
        }
        if profile.equal_lines_count_once {
            for (name, kind) in [
                ("location", FailureKind::SeveralLocations),
                ("content-disposition", FailureKind::SeveralDispositions),
                ("content-length", FailureKind::SeveralLengths),
            ] {
                let values: BTreeSet<&[u8]> = response.lines(name).map(trim).collect();
                if values.len() > 1 {
                    let detail = format!("the response has different lines of {name}");
                    return Err(NetworkError::new(kind, detail));
                }
            }
        }
        if let Some(error) = &response.body_error {
            let is_ok = matches!(response.status, 200..=299);
            let is_dropped = kind == ExchangeKind::Preflight
                || (request.redirect == Redirect::Follow && is_redirect(&response, profile));
            let needed = self.steps().bytes_before_the_head_counts(request, &response, profile);
            if (is_ok && response.body.len() < needed) || (is_dropped && profile.reads_dropped_bodies) {
                return Err(error.clone());
            }
            let has_length = response.lines("content-length").next().is_some();
            if (!is_ok && profile.completes_broken_errors) || (!has_length && profile.completes_broken_chunks)
            {
                response.body_error = None;
            }
        }
        Ok(response)
    }

    /// "HTTP-network-or-cache fetch", steps 8.11 to 8.21: adds the browser's own headers, in order.
    fn wire_request(&self, request: &Request, includes_credentials: bool, kind: ExchangeKind) -> WireRequest {
        let profile = &self.browser.profile;
        let is_trustworthy = Origin::of(request.current_url()).is_potentially_trustworthy();
        let mut headers = request.headers.clone();
        // Steps 8.6 to 8.9.
        match &request.body {
            Some(body) => headers.append("Content-Length", body.len().to_string()),
            None if self.steps().sends_empty_content_length(&request.method) => {
                headers.append("Content-Length", "0");
            }
            None => {}
        }
        // Step 8.11.
        if let Some(referrer) = &request.referrer {
            headers.append("Referer", referrer.as_str());
        }
        // Step 8.12.
        if let Some(origin) = self.origin_header(request) {
            headers.append("Origin", origin);
        }
        // Step 8.13.
        let is_handshake = request.mode == RequestMode::WebSocket;
        if is_handshake && !profile.handshakes_have_accept {
            headers.retain(|name| !name.eq_ignore_ascii_case("Accept"));
        }
        let is_redirected = request.mode == RequestMode::Cors && request.has_changed_origin();
        let is_dropped =
            is_redirected && kind == ExchangeKind::Actual && !profile.metadata_survives_redirects;
        let has_metadata = !is_dropped && (!is_handshake || profile.handshakes_have_metadata);
        if is_trustworthy && has_metadata {
            let destination =
                if is_handshake { profile.handshake_destination } else { request.destination.as_str() };
            headers.append("Sec-Fetch-Dest", destination);
            headers.append("Sec-Fetch-Mode", request.mode.as_str());
            headers.append("Sec-Fetch-Site", self.sec_fetch_site(request));
            if profile.sends_fetch_user && self.steps().sends_fetch_user(request) {
                headers.append("Sec-Fetch-User", "?1");
            }
            if let Some(state) = self.browser.storage_access(self.page, request) {
                headers.append("Sec-Fetch-Storage-Access", state);
            }
        } else if profile.plain_preflights_have_a_mode && kind == ExchangeKind::Preflight {
            headers.append("Sec-Fetch-Mode", request.mode.as_str());
        }
        // Step 8.15.
        if !headers.contains("User-Agent") {
            headers.append("User-Agent", profile.user_agent());
        }
        // Step 8.18.
        if request.is_no_store {
            headers.append("Pragma", "no-cache");
            headers.append("Cache-Control", "no-cache");
        }
        // Step 8.19, and the `Accept-Encoding` of step 8.21: browsers trust only secure servers to use newer codings.
        if profile.last_content_type_wins {
            headers.keep_last("Content-Type");
        }
        if profile.rewrites_ranges {
            headers.rewrite_range();
        }
        let knows_newer_codings = match profile.newer_codings_need_https {
            true => request.current_url().scheme() == "https",
            false => is_trustworthy,
        };
        let encodings = if knows_newer_codings { profile.accept_encoding() } else { "gzip, deflate" };
        let encodings = match headers.contains("Range") {
            false => encodings.to_owned(),
            true => "identity".to_owned(),
        };
        headers.append("Accept-Encoding", encodings);
        // Step 8.21.
        if self.steps().sends_cookies(includes_credentials, kind) {
            if let Some(cookies) = self.browser.cookie_header(self.page, request) {
                headers.append("Cookie", cookies);
            }
        }
        if includes_credentials
            && (profile.logins_replace_authorization || !headers.contains("Authorization"))
        {
            if let Some(authorization) = self.browser.authorization(self.page, request) {
                headers.retain(|name| !name.eq_ignore_ascii_case("Authorization"));
                headers.append("Authorization", authorization);
            }
        }
        if profile.respells_known_headers {
            headers.respell(spelling_of_webkit);
        }
        if profile.sends_utf8 {
            headers.encode_as_utf8();
        }
        let mut url = request.current_url().clone();
        url.set_fragment(None);
        // The request target has no user name and no password (RFC 9110, section 4.2.4). Neither step fails for an HTTP URL.
        let _ = (url.set_username(""), url.set_password(None));
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
        if request.tainting == Tainting::Cors || request.mode == RequestMode::WebSocket {
            return self.steps().sends_origin(request).then_some(origin);
        }
        // Step 4.
        if !self.steps().sends_origin_without_cors(request) {
            let profile = &self.browser.profile;
            let is_cors_element =
                request.mode == RequestMode::Cors && request.destination != Destination::Empty;
            let is_navigation = request.mode == RequestMode::Navigate;
            let keeps = (request.became_get && !is_navigation && profile.keeps_origin_after_post)
                || (is_cors_element && profile.cors_elements_send_origin);
            return keeps.then_some(origin);
        }
        // Step 4.1.
        let profile = &self.browser.profile;
        let ignores_policy = if request.mode == RequestMode::Navigate {
            profile.forms_ignore_default_policy && request.referrer_policy == ReferrerPolicy::default()
        } else {
            profile.origin_ignores_referrer_policy
        };
        let is_no_cors = request.mode == RequestMode::NoCors;
        let first_policy =
            request.replaced_policy.filter(|_| is_no_cors && profile.origin_keeps_first_policy);
        let hides_origin = match first_policy {
            Some(referrer_policy) => {
                self.steps().hides_origin(&Request { referrer_policy, ..request.clone() })
            }
            None => self.steps().hides_origin(request),
        };
        if request.mode != RequestMode::Cors && !ignores_policy && hides_origin {
            return Some(Origin::Opaque.to_string());
        }
        if is_no_cors && profile.no_cors_redirects_hide_origin && request.has_changed_origin() {
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

/// Whether a browser accepts the head of a response.
fn check_head(response: WireResponse, mode: RequestMode) -> Result<WireResponse, NetworkError> {
    // A status from 100 to 199 is not the status of a final response, but for the 101 of a WebSocket.
    let is_handshake = mode == RequestMode::WebSocket && response.status == 101;
    if matches!(response.status, 100..200) && !is_handshake {
        let detail = format!("only an interim response came (status {})", response.status);
        return Err(NetworkError::new(FailureKind::BrokenOff, detail));
    }
    // Fetch, "header value": no NUL. Browsers accept all other control bytes.
    if response.headers.iter().any(|(_, value)| value.contains(&0)) {
        return Err(NetworkError::new(
            FailureKind::Malformed,
            "a header of the response contains a NUL byte",
        ));
    }
    Ok(response)
}

fn is_ipv6(request: &Request) -> bool {
    request.urls.iter().any(|url| matches!(url.host(), Some(Host::Ipv6(_))))
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
