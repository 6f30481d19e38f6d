//! The small steps of Fetch and RFC 6265bis that a [`Fault`](crate::Fault) can replace.
//!
//! The algorithms in [`fetch`](crate::fetch) and [`cookie`](crate::cookie) call these steps. The default methods are what
//! the standards say, and [`Standard`] changes none of them. `fault::overrides` replaces one step for each fault, so the
//! algorithms themselves do not know about faults.

use std::fmt;
use std::time::Duration;

use cookie::SameSite;
use url::Url;

use crate::cookie::{
    SameSiteMode, SetCookie, cookie_partition, domain_matches, has_valid_prefix, path_matches,
};
use crate::fetch::{
    check_sharing, determine_referrer, exposed_header_names, fetch_site, has_foreign_credentials,
    hides_origin, preflight_headers, requested_header_names,
};
use crate::header::{self, HeaderList, MaxAge};
use crate::preflight_cache::{DEFAULT_MAX_AGE, Key};
use crate::profile::{ForgetsPreflights, MaxAgeSyntax, Profile};
use crate::request::{Destination, Request, RequestMode, Tainting, element_mode};
use crate::response::{
    embedder_allows_credentials, is_cors_same_origin, is_embeddable, mime_type_check, opaque_response_check,
    resource_policy_check,
};
use crate::{
    AddressSpace, BlockReason, Blocked, Credentials, CrossOrigin, Enctype, ExchangeKind, Form,
    NetworkPermissions, Origin, Page, Permission, Redirect, ReferrerPolicy, ResponseType, ThirdPartyCookies,
    WireResponse, html, method, page, site, websocket,
};

/// The standards as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standard;

impl Steps for Standard {}

/// The steps that can be replaced.
pub(crate) trait Steps: fmt::Debug + Send + Sync {
    // Fetch, "Request class" and "Headers class".

    /// HTML, environment settings object, "origin".
    fn client_origin<'a>(&self, page: &'a Page) -> &'a Origin {
        &page.origin
    }

    /// Fetch, method "normalize".
    fn normalize_method(&self, method: &str) -> String {
        method::normalize(method)
    }

    /// Fetch, "forbidden request-header".
    fn is_forbidden_request_header(&self, name: &str, value: &[u8], profile: &Profile) -> bool {
        header::is_forbidden_request_header(name, value)
            || (profile.drops_user_agent && name.eq_ignore_ascii_case("user-agent"))
            || (profile.splits_quoted_methods && header::overrides_method_in_quotes(name, value))
    }

    /// HTML, policy container, "referrer policy".
    fn referrer_policy_of_page(&self, page: &Page) -> ReferrerPolicy {
        page.referrer_policy
    }

    // XMLHttpRequest, HTML and CSS Fonts.

    /// XMLHttpRequest, "setRequestHeader()", step 6: whether a repeated header is joined to the first.
    fn combines_author_headers(&self) -> bool {
        true
    }

    /// XMLHttpRequest, "send()", step 3: whether a request with this method has a body.
    fn xhr_has_body(&self, method: &str) -> bool {
        !matches!(method, "GET" | "HEAD")
    }

    /// XMLHttpRequest, "send()", step 4.5: whether the charset of a text becomes UTF-8.
    fn corrects_charset(&self) -> bool {
        true
    }

    /// XMLHttpRequest, "send()", step 6: the credentials mode.
    fn xhr_credentials(&self, with_credentials: bool) -> Credentials {
        if with_credentials { Credentials::Include } else { Credentials::SameOrigin }
    }

    /// XMLHttpRequest, "send()", step 5: the upload listener flag, which leads to a preflight.
    fn is_upload_observed(&self, has_upload_listener: bool, has_body: bool, profile: &Profile) -> bool {
        has_upload_listener && (has_body || !profile.observes_uploads_only)
    }

    /// HTML, "create a potential-CORS request": the mode and the credentials mode.
    fn element_mode(&self, attribute: Option<CrossOrigin>) -> (RequestMode, Credentials) {
        element_mode(attribute)
    }

    /// CSS Fonts, "fetch a font": the mode.
    fn font_mode(&self, profile: &Profile) -> RequestMode {
        if profile.requests_fonts_with_cors { RequestMode::Cors } else { RequestMode::NoCors }
    }

    /// HTML, "fetch a classic script" and "process the linked resource": whether an error status is a failure.
    fn needs_ok_status(&self) -> bool {
        true
    }

    /// HTML, "process the linked resource": whether a stylesheet may have this type.
    fn is_stylesheet_type(&self, essence: &str) -> bool {
        // Without a type, it is what the link says.
        matches!(essence, "text/css" | "")
    }

    /// HTML, "CORS-same-origin".
    fn is_cors_same_origin(&self, tainting: Tainting) -> bool {
        is_cors_same_origin(tainting)
    }

    // Fetch, "CORS-safelisted request-header" and "CORS-safelisted method".

    /// "CORS-safelisted request-header", step 1: the longest value, in bytes.
    fn max_safelisted_value(&self) -> usize {
        128
    }

    /// "CORS-unsafe request-header names", step 5: the largest sum of the values' lengths, in bytes.
    fn max_safelisted_sum(&self) -> usize {
        1024
    }

    /// "CORS-safelisted request-header", step 2, `content-type`.
    fn is_safelisted_content_type(&self, value: &[u8]) -> bool {
        header::is_safelisted_content_type(value)
    }

    /// "CORS-unsafe request-header names".
    fn unsafe_header_names(&self, headers: &HeaderList, profile: &Profile) -> Vec<String> {
        header::unsafe_names(headers, profile, self)
    }

    /// "CORS-unsafe request-header names", step 4: whether the lines of a repeated header are joined before they are judged.
    fn joins_before_safelisting(&self, profile: &Profile) -> bool {
        profile.joins_before_safelisting
    }

    /// "CORS-safelisted method", for requests in mode `cors`.
    fn is_safelisted_method(&self, method: &str) -> bool {
        method::is_cors_safelisted(method)
    }

    // Fetch, "main fetch".

    /// Mixed Content, "Should fetching request be blocked as mixed content?", step 1: whether the check applies.
    fn checks_mixed_content(&self, request: &Request) -> bool {
        request.destination != Destination::Document
    }

    /// Step 12: whether the response tainting stays `basic` for every origin.
    fn is_exempt_from_cors(&self, request: &Request) -> bool {
        matches!(request.mode, RequestMode::Navigate | RequestMode::WebSocket)
    }

    /// Mixed Content, "Should fetching request be blocked as mixed content?", for step 7.
    fn is_mixed_content(&self, page: &Page, url: &Url, profile: &Profile) -> bool {
        page::is_mixed_content(page, url, profile)
    }

    /// Referrer Policy, "Determine request's Referrer", for step 9.
    fn determine_referrer(&self, request: &Request, profile: &Profile) -> Option<Url> {
        determine_referrer(request, profile)
    }

    /// Mixed Content, "Upgrade a mixed content request to a potentially trustworthy URL, if appropriate", for step 6.
    fn is_upgradable(&self, page: &Page, url: &Url, profile: &Profile) -> bool {
        page::is_upgradable(page, url, profile)
    }

    /// Step 19: "Should response to request be blocked due to its MIME type?" and "… due to nosniff?"
    fn mime_type_check(&self, request: &Request, response: &WireResponse) -> Result<(), Blocked> {
        mime_type_check(request, response)
    }

    /// Step 12: whether a request in mode `cors` needs a preflight.
    fn needs_preflight(&self, request: &Request, profile: &Profile) -> bool {
        request.use_cors_preflight
            || !self.is_safelisted_method(&request.method)
            || !self.unsafe_header_names(&request.headers, profile).is_empty()
    }

    /// Step 12: whether a network error clears the request's entries in the preflight cache.
    fn failure_clears_preflights(&self, request: &Request, reason: BlockReason, profile: &Profile) -> bool {
        request.preflight_failed
            || match profile.forgets_preflights {
                ForgetsPreflights::AfterAnyFailure => true,
                ForgetsPreflights::AfterRejectedResponses => {
                    !matches!(reason, BlockReason::NetworkError | BlockReason::RedirectModeError)
                }
                ForgetsPreflights::Never => false,
            }
    }

    /// Step 14: the type of the filtered response.
    fn response_type(&self, tainting: Tainting) -> ResponseType {
        match tainting {
            Tainting::Basic => ResponseType::Basic,
            Tainting::Cors => ResponseType::Cors,
            Tainting::Opaque => ResponseType::Opaque,
        }
    }

    /// Step 14.1: the "CORS-exposed header-name list".
    fn exposed_header_names(&self, request: &Request, headers: &HeaderList) -> Vec<String> {
        exposed_header_names(request, headers)
    }

    /// "forbidden response-header name".
    fn is_forbidden_response_header(&self, name: &str) -> bool {
        header::is_forbidden_response_header_name(name)
    }

    // HTML, "navigate" and "form submission".

    /// "form submission algorithm", step 22: the media type of the body.
    fn enctype(&self, form: &Form) -> Enctype {
        form.enctype
    }

    /// "Mutate action URL": the URL of a form with the method `get`.
    fn submitted_url(&self, action: &Url, pairs: &[(String, String)]) -> Url {
        html::submitted_url(action, pairs)
    }

    /// "Converting to a list of name-value pairs", steps 2.1 and 2.3.
    fn normalize_newlines(&self, text: &str) -> String {
        html::normalize_newlines(text)
    }

    /// "multipart/form-data encoding algorithm", step 3.
    fn escape_name(&self, name: &str) -> String {
        html::escape_name(name)
    }

    /// "attempt to populate the history entry's document": whether a response leads to a document.
    fn shows_document(&self, response: &WireResponse) -> bool {
        html::shows_document(response)
    }

    // HTML, "server-sent events".

    /// "create a potential-CORS request", step 4: the credentials mode of an `EventSource`.
    fn event_source_credentials(&self, with_credentials: bool) -> Credentials {
        html::event_source_credentials(with_credentials)
    }

    /// "new EventSource()", step 15.3.
    fn check_event_stream(&self, response: &WireResponse) -> Result<(), Blocked> {
        html::check_event_stream(response, self)
    }

    /// "new EventSource()", step 15.3: whether the response has the status of a stream.
    fn is_event_stream_status(&self, status: u16) -> bool {
        status == 200
    }

    /// "new EventSource()", step 15.3: whether the response has the media type of a stream.
    fn is_event_stream_type(&self, essence: Option<&str>) -> bool {
        essence == Some("text/event-stream")
    }

    // WebSockets, "establish a WebSocket connection".

    /// Step 2: the credentials mode.
    fn web_socket_credentials(&self) -> Credentials {
        Credentials::Include
    }

    /// Step 2: the redirect mode.
    fn web_socket_redirect(&self, profile: &Profile) -> Redirect {
        if profile.follows_handshake_redirects { Redirect::Follow } else { Redirect::Error }
    }

    /// Step 11: the subprotocol that the server chose, if the handshake succeeded.
    fn check_handshake(
        &self,
        protocols: &[String],
        response: &WireResponse,
        profile: &Profile,
    ) -> Result<String, Blocked> {
        websocket::check_handshake(protocols, response, profile, self)
    }

    /// Step 11.1: whether the status is that of a successful handshake.
    fn is_handshake_status(&self, status: u16) -> bool {
        status == 101
    }

    /// RFC 6455, section 4.1, step 4 of the response: whether `Sec-WebSocket-Accept` has the right value.
    fn is_accepted_key(&self, accept: Option<&str>) -> bool {
        websocket::is_accepted_key(accept)
    }

    // Fetch, "scheme fetch".

    /// Whether a `data:` URL can be fetched.
    fn fetches_data_urls(&self) -> bool {
        true
    }

    // Fetch, "HTTP fetch" and "HTTP-redirect fetch".

    /// "HTTP-network fetch": how many bytes of a body that breaks off must have come before the page gets the response.
    fn bytes_before_the_head_counts(
        &self,
        request: &Request,
        response: &WireResponse,
        profile: &Profile,
    ) -> usize {
        match profile.waits_for_the_body {
            false => 0,
            // Opaque-response blocking reads the whole body, to see whether it is a script.
            true if request.tainting == Tainting::Opaque && !is_embeddable(response) => usize::MAX,
            true => 1,
        }
    }

    /// "HTTP fetch", step 4.4: the CORS check of a response with the tainting `cors`.
    fn check_sharing(&self, request: &Request, response: &WireResponse) -> Result<(), Blocked> {
        check_sharing(request, response, self)
    }

    /// "HTTP fetch", step 5: the "cross-origin resource policy check" of a response with the tainting `opaque`.
    fn resource_policy_check(
        &self,
        page: &Page,
        request: &Request,
        response: &WireResponse,
        profile: &Profile,
    ) -> Result<(), Blocked> {
        resource_policy_check(page, request, response, profile, self)
    }

    /// Opaque-response blocking, which browsers do where Fetch checks the resource policy.
    fn opaque_response_check(
        &self,
        request: &Request,
        response: &WireResponse,
        profile: &Profile,
    ) -> Result<(), Blocked> {
        opaque_response_check(request, response, profile.opaque_blocking)
    }

    /// "location URL", step 2: whether several `Location` lines are a failure.
    fn rejects_several_locations(&self) -> bool {
        true
    }

    /// "HTTP-redirect fetch", step 7: the maximum number of redirects.
    fn max_redirects(&self) -> u32 {
        20
    }

    /// "HTTP-redirect fetch", steps 9 and 10: whether `location` has a user name or a password that the request must not
    /// send.
    fn has_foreign_credentials(&self, request: &Request, location: &Url, profile: &Profile) -> bool {
        has_foreign_credentials(request, location, profile)
    }

    /// "HTTP-redirect fetch", step 12: whether the method becomes `GET`.
    fn becomes_get(&self, status: u16, method: &str) -> bool {
        match status {
            301 | 302 => method == "POST",
            303 => !matches!(method, "GET" | "HEAD"),
            _ => false,
        }
    }

    /// "HTTP-redirect fetch", step 13: whether `Authorization` is removed.
    fn removes_authorization(&self, from: &Url, to: &Url) -> bool {
        !Origin::of(from).is_same_origin(&Origin::of(to))
    }

    /// Referrer Policy, "Set request's referrer policy on redirect", for "HTTP-redirect fetch", step 19.
    fn referrer_policy_of_redirect(&self, response: &WireResponse) -> Option<ReferrerPolicy> {
        ReferrerPolicy::of_response(response)
    }

    // Fetch, "HTTP-network-or-cache fetch" and "HTTP-network fetch".

    /// Step 8.3: "includeCredentials".
    fn includes_credentials(&self, request: &Request) -> bool {
        request.includes_credentials()
    }

    /// Step 8.4: "Cross-Origin-Embedder-Policy allows credentials".
    fn embedder_allows_credentials(&self, page: &Page, request: &Request, profile: &Profile) -> bool {
        !profile.knows_credentialless || embedder_allows_credentials(page, request)
    }

    /// Step 8.7: whether a request without a body has `Content-Length: 0`.
    fn sends_empty_content_length(&self, method: &str) -> bool {
        matches!(method, "POST" | "PUT")
    }

    /// Step 15: whether a proxy's challenge from a server is a network error.
    fn rejects_proxy_challenge(&self, profile: &Profile) -> bool {
        !profile.reads_proxy_challenges
    }

    /// Step 16: whether a misdirected request is sent again on another connection.
    fn retries_misdirected(&self) -> bool {
        true
    }

    /// "serializing a request origin".
    fn serialize_origin(&self, request: &Request) -> String {
        request.serialize_origin()
    }

    /// "append a request `Origin` header", step 4.1: whether the referrer policy makes the origin `null`.
    fn hides_origin(&self, request: &Request) -> bool {
        hides_origin(request)
    }

    /// "append a request `Origin` header", step 3: whether requests with the tainting `cors` and WebSockets have one.
    fn sends_origin(&self, _request: &Request) -> bool {
        true
    }

    /// "append a request `Origin` header", step 4: whether a request has one although its response is not shared by CORS.
    fn sends_origin_without_cors(&self, request: &Request) -> bool {
        !matches!(request.method.as_str(), "GET" | "HEAD")
    }

    /// Fetch Metadata, "The Sec-Fetch-Site HTTP Request Header".
    fn fetch_site(&self, request: &Request) -> &'static str {
        fetch_site(request)
    }

    /// Fetch Metadata, "The Sec-Fetch-User HTTP Request Header".
    fn sends_fetch_user(&self, request: &Request) -> bool {
        request.is_navigation() && request.user_activation
    }

    /// Step 8.21: whether the request carries cookies.
    fn sends_cookies(&self, includes_credentials: bool, _kind: ExchangeKind) -> bool {
        includes_credentials
    }

    /// "HTTP-network fetch": whether the response's `Set-Cookie` headers are stored.
    fn stores_cookies(&self, _request: &Request, includes_credentials: bool) -> bool {
        includes_credentials
    }

    // Fetch, "CORS-preflight fetch" and "CORS check".

    /// "CORS-preflight fetch", steps 2 to 5: the headers of the preflight.
    fn preflight_headers(&self, request: &Request, profile: &Profile) -> HeaderList {
        preflight_headers(request, profile, self)
    }

    /// "CORS-preflight fetch", step 4: the members of `Access-Control-Request-Headers`.
    fn requested_header_names(&self, request: &Request, profile: &Profile) -> Vec<String> {
        requested_header_names(request, profile, self)
    }

    /// "CORS-preflight fetch", step 7.5: whether `Access-Control-Allow-Methods` lists the method.
    fn lists_method(&self, allowed: &[String], method: &str) -> bool {
        allowed.iter().any(|allowed| allowed == method)
    }

    /// "CORS-preflight fetch", steps 7.6 and 7.7: whether `Access-Control-Allow-Headers` lists the name.
    fn lists_header(&self, allowed: &[String], name: &str) -> bool {
        allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
    }

    /// "CORS non-wildcard request-header name".
    fn is_non_wildcard_name(&self, name: &str) -> bool {
        header::is_non_wildcard_name(name)
    }

    /// "CORS check", step 3: whether `Access-Control-Allow-Origin: *` is enough.
    fn accepts_wildcard_origin(&self, request: &Request) -> bool {
        request.credentials != Credentials::Include
    }

    /// "CORS check", step 5: whether `Access-Control-Allow-Credentials: true` is needed.
    fn needs_allow_credentials(&self, request: &Request) -> bool {
        request.credentials == Credentials::Include
    }

    // Fetch, "CORS-preflight cache".

    /// "CORS-preflight fetch", steps 7.8 to 7.10: how long an answer is cached; `None` if it is not cached at all.
    fn preflight_lifetime(&self, max_age: MaxAge, profile: &Profile) -> Option<Duration> {
        let seconds = match (max_age, profile.max_age_syntax) {
            (MaxAge::Absent, _) => DEFAULT_MAX_AGE,
            (MaxAge::Seconds(seconds), MaxAgeSyntax::SignedInteger) if i64::try_from(seconds).is_err() => {
                DEFAULT_MAX_AGE
            }
            (MaxAge::Seconds(seconds), _) => seconds,
            (MaxAge::Other(_), MaxAgeSyntax::Digits) => DEFAULT_MAX_AGE,
            (MaxAge::Other(text), MaxAgeSyntax::SignedInteger) => match text.parse::<i64>() {
                Ok(number) => u64::try_from(number).unwrap_or_default(),
                Err(_) => DEFAULT_MAX_AGE,
            },
            (MaxAge::Other(text), MaxAgeSyntax::DigitsOrNothing) if text.is_empty() => DEFAULT_MAX_AGE,
            (MaxAge::Other(_), MaxAgeSyntax::DigitsOrNothing) => return None,
        };
        Some(Duration::from_secs(seconds.min(profile.max_age_cap)))
    }

    /// "cache entry", "max-age".
    fn is_preflight_expired(&self, expires: Duration, now: Duration) -> bool {
        expires <= now
    }

    /// "cache entry match": the origin, the URL and the network partition key.
    fn preflight_key(&self, page: &Page, request: &Request, profile: &Profile) -> Key {
        Key::of(page, request, profile, self)
    }

    /// "cache entry match": whether an entry made with or without credentials serves this request.
    fn preflight_serves(&self, has_credentials: bool, request: &Request, profile: &Profile) -> bool {
        let includes = request.credentials == Credentials::Include;
        has_credentials == includes || (has_credentials && profile.caches_share_credentials)
    }

    // RFC 6265bis, sections 5.7 and 5.8.

    /// Section 5.7, step 9: whether a cookie's domain is a public suffix.
    fn is_public_suffix(&self, domain: &str) -> bool {
        site::is_public_suffix(domain)
    }

    /// Section 5.6.7: the `SameSite` attribute that counts; `None` if there is none with a known value.
    fn same_site_attribute(&self, values: &[Option<SameSite>]) -> Option<SameSite> {
        values.last().copied().flatten()
    }

    /// Section 5.7, step 18: whether a cookie with this `SameSite` attribute must be `Secure`.
    fn must_be_secure(&self, same_site: Option<SameSite>) -> bool {
        same_site == Some(SameSite::None)
    }

    /// Section 5.7, steps 19 to 21: whether the cookie fulfils what its name's prefix requires.
    fn has_valid_prefix(&self, cookie: &SetCookie, host_only: bool, path: &str, profile: &Profile) -> bool {
        has_valid_prefix(cookie, host_only, path, profile)
    }

    /// Section 5.7: whether a cookie has expired.
    fn is_cookie_expired(&self, expires: Duration, now: Duration) -> bool {
        expires <= now
    }

    /// Section 5.8.3, step 1: whether the host may receive a cookie of this domain.
    fn cookie_host_matches(&self, host: &str, domain: &str, host_only: bool) -> bool {
        if host_only { host == domain } else { domain_matches(host, domain) }
    }

    /// Section 5.8.3, step 1: "path-match".
    fn cookie_path_matches(&self, path: &str, cookie_path: &str) -> bool {
        path_matches(path, cookie_path)
    }

    /// Section 5.8.3, step 1: whether `Secure` cookies may be sent over this connection.
    fn sends_secure_cookies(&self, is_secure: bool) -> bool {
        is_secure
    }

    /// Section 5.8.3, step 1: whether a script sees `HttpOnly` cookies.
    fn shows_http_only(&self) -> bool {
        false
    }

    /// Section 5.2: which `SameSite` cookies a request may carry.
    fn same_site_mode(&self, mode: SameSiteMode) -> SameSiteMode {
        mode
    }

    // CHIPS, and the settings for third-party cookies.

    /// The setting for third-party cookies.
    fn third_party_cookies(&self, setting: ThirdPartyCookies) -> ThirdPartyCookies {
        setting
    }

    /// Whether servers of other sites can use cookies with `Partitioned` although third-party cookies are blocked.
    fn exempts_partitioned_cookies(&self, profile: &Profile) -> bool {
        !profile.blocks_partitioned_cookies
    }

    /// "Partitioned cookies": whether the cookie has the attribute.
    fn is_partitioned(&self, cookie: &SetCookie) -> bool {
        cookie.partitioned
    }

    /// "Partitioned cookies": whether they must be `Secure`.
    fn partitioned_must_be_secure(&self) -> bool {
        true
    }

    /// "Partitioned cookies": the cookie partition key.
    fn cookie_partition(&self, top_level: &Origin, is_third_party: bool) -> String {
        cookie_partition(top_level, is_third_party)
    }

    // Local Network Access, "Local Network Access Check".

    /// Mixed Content, as Local Network Access changes it: whether a secure page may fetch from an insecure local server.
    fn may_be_local(&self, request: &Request) -> bool {
        page::may_be_local(request)
    }

    /// Whether the connection for this request is checked.
    fn checks_connection(&self, _request: &Request) -> bool {
        true
    }

    /// Whether the address space that the request names is not that of the server.
    fn is_other_space(&self, named: AddressSpace, server: AddressSpace) -> bool {
        named != server
    }

    /// Whether only pages with a secure context can have the permission.
    fn needs_secure_context(&self) -> bool {
        true
    }

    /// The permission for servers in this address space.
    fn network_permission(&self, permissions: NetworkPermissions, target: AddressSpace) -> Permission {
        match target {
            AddressSpace::Loopback => permissions.loopback,
            _ => permissions.local,
        }
    }
}
