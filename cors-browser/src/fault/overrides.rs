//! The step that each fault replaces.

use std::sync::Arc;
use std::time::Duration;

use cookie::SameSite;
use url::Url;

use super::Fault;
use crate::cookie::{SameSiteMode, SetCookie};
use crate::header::{HeaderList, MaxAge};
use crate::preflight_cache::{DEFAULT_MAX_AGE, Key};
use crate::profile::Profile;
use crate::request::{Request, RequestMode, Tainting};
use crate::steps::{Standard, Steps};
use crate::{
    AddressSpace, BlockReason, Blocked, Credentials, CrossOrigin, EmbedderPolicy, Enctype, ExchangeKind,
    Form, NetworkPermissions, Origin, Page, Permission, Redirect, ReferrerPolicy, ResponseType,
    ThirdPartyCookies, WireResponse,
};

/// Declares an implementation of [`Steps`] for each fault, and the function that returns it.
macro_rules! overrides {
    ($($fault:ident { $($step:item)+ })+) => {
        /// The steps of a browser with this fault.
        pub(crate) fn overrides(fault: Fault) -> Arc<dyn Steps> {
            match fault {
                $(Fault::$fault => {
                    #[derive(Debug)]
                    struct $fault;

                    impl Steps for $fault {
                        $($step)+
                    }

                    Arc::new($fault)
                })+
            }
        }
    };
}

overrides! {
    SkipsPreflightForPut {
        fn is_safelisted_method(&self, method: &str) -> bool {
            method == "PUT" || Standard.is_safelisted_method(method)
        }
    }
    SkipsPreflightForMethods {
        fn is_safelisted_method(&self, _: &str) -> bool {
            true
        }
    }
    SkipsPreflightForHeaders {
        fn unsafe_header_names(&self, _: &HeaderList, _: &Profile) -> Vec<String> {
            Vec::new()
        }
    }
    SkipsPreflightAfterRedirect {
        fn needs_preflight(&self, request: &Request, profile: &Profile) -> bool {
            request.redirect_count == 0 && Standard.needs_preflight(request, profile)
        }
    }
    SafelistsAnyContentType {
        fn is_safelisted_content_type(&self, _: &[u8]) -> bool {
            true
        }
    }
    SafelistsLongValues {
        fn max_safelisted_value(&self) -> usize {
            usize::MAX
        }
        fn max_safelisted_sum(&self) -> usize {
            usize::MAX
        }
    }
    KeepsForbiddenHeaders {
        fn is_forbidden_request_header(&self, _: &str, _: &[u8], _: &Profile) -> bool {
            false
        }
    }
    NormalizesNoMethod {
        fn normalize_method(&self, method: &str) -> String {
            method.to_owned()
        }
    }
    LeavesRequestHeadersUnsorted {
        fn requested_header_names(&self, request: &Request, profile: &Profile) -> Vec<String> {
            let names = Standard.unsafe_header_names(&request.headers, profile);
            let written = request.headers.iter().map(|(name, _)| name);
            written.filter(|name| names.contains(&name.to_ascii_lowercase())).map(str::to_owned).collect()
        }
    }
    OmitsOrigin {
        fn sends_origin(&self, _: &Request) -> bool {
            false
        }
    }
    SendsTopLevelOriginForOpaque {
        fn client_origin<'a>(&self, page: &'a Page) -> &'a Origin {
            if page.origin == Origin::Opaque { page.top_level_origin() } else { &page.origin }
        }
    }
    SendsCookiesOnPreflights {
        fn sends_cookies(&self, includes_credentials: bool, kind: ExchangeKind) -> bool {
            includes_credentials || kind == ExchangeKind::Preflight
        }
    }
    SendsAuthorizationOnPreflights {
        fn preflight_headers(&self, request: &Request, profile: &Profile) -> HeaderList {
            let mut headers = Standard.preflight_headers(request, profile);
            if let Some(value) = request.headers.combined("Authorization") {
                headers.append("Authorization", value);
            }
            headers
        }
    }
    SkipsCorsCheck {
        fn check_sharing(&self, _: &Request, _: &WireResponse) -> Result<(), Blocked> {
            Ok(())
        }
    }
    AllowsWildcardWithCredentials {
        fn accepts_wildcard_origin(&self, _: &Request) -> bool {
            true
        }
    }
    IgnoresAllowCredentials {
        fn needs_allow_credentials(&self, _: &Request) -> bool {
            false
        }
    }
    IgnoresAllowMethods {
        fn lists_method(&self, _: &[String], _: &str) -> bool {
            true
        }
    }
    MatchesMethodsInAnyCase {
        fn lists_method(&self, allowed: &[String], method: &str) -> bool {
            allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(method))
        }
    }
    IgnoresAllowHeaders {
        fn lists_header(&self, _: &[String], _: &str) -> bool {
            true
        }
    }
    CoversAuthorizationByWildcard {
        fn is_non_wildcard_name(&self, _: &str) -> bool {
            false
        }
    }
    KeepsOriginAfterRedirect {
        fn serialize_origin(&self, request: &Request) -> String {
            request.origin.to_string()
        }
    }
    KeepsAuthorizationAcrossOrigins {
        fn removes_authorization(&self, _: &Url, _: &Url) -> bool {
            false
        }
    }
    KeepsMethodOnRedirect {
        fn becomes_get(&self, _: u16, _: &str) -> bool {
            false
        }
    }
    FollowsCredentialsInLocation {
        fn has_foreign_credentials(&self, _: &Request, _: &Url, _: &Profile) -> bool {
            false
        }
    }
    FollowsRedirectsWithoutEnd {
        fn max_redirects(&self) -> u32 {
            u32::MAX
        }
    }
    IgnoresReferrerPolicyOfRedirects {
        fn referrer_policy_of_redirect(&self, _: &WireResponse) -> Option<ReferrerPolicy> {
            None
        }
    }
    FailsOnBrokenBodies {
        fn bytes_before_the_head_counts(&self, _: &Request, _: &WireResponse, _: &Profile) -> usize {
            usize::MAX
        }
    }
    ReadsProxyChallenges {
        fn rejects_proxy_challenge(&self, _: &Profile) -> bool {
            false
        }
    }
    NeverRetriesMisdirectedRequests {
        fn retries_misdirected(&self) -> bool {
            false
        }
    }
    OmitsEmptyContentLength {
        fn sends_empty_content_length(&self, _: &str) -> bool {
            false
        }
    }
    JoinsLinesBeforeSafelist {
        fn joins_before_safelisting(&self, _: &Profile) -> bool {
            true
        }
    }
    FollowsFirstLocation {
        fn rejects_several_locations(&self) -> bool {
            false
        }
    }
    RefusesDataUrls {
        fn fetches_data_urls(&self) -> bool {
            false
        }
    }
    ExposesAllHeaders {
        fn exposed_header_names(&self, _: &Request, headers: &HeaderList) -> Vec<String> {
            headers.sorted_names().into_iter().collect()
        }
    }
    IgnoresExposeHeaders {
        fn exposed_header_names(&self, _: &Request, _: &HeaderList) -> Vec<String> {
            Vec::new()
        }
    }
    ExposesSetCookie {
        fn is_forbidden_response_header(&self, _: &str) -> bool {
            false
        }
    }
    ReadsOpaqueResponses {
        fn response_type(&self, tainting: Tainting) -> ResponseType {
            if tainting == Tainting::Cors { ResponseType::Cors } else { ResponseType::Basic }
        }
    }
    AlwaysSendsCredentials {
        fn includes_credentials(&self, _: &Request) -> bool {
            true
        }
    }
    DropsCrossOriginCookies {
        fn stores_cookies(&self, request: &Request, includes_credentials: bool) -> bool {
            includes_credentials && request.tainting == Tainting::Basic
        }
    }
    IgnoresSameSite {
        fn same_site_mode(&self, _: SameSiteMode) -> SameSiteMode {
            SameSiteMode::Strict
        }
    }
    IgnoresSecure {
        fn sends_secure_cookies(&self, _: bool) -> bool {
            true
        }
    }
    KeepsInsecureNoneCookies {
        fn must_be_secure(&self, _: Option<SameSite>) -> bool {
            false
        }
    }
    IgnoresCookiePath {
        fn cookie_path_matches(&self, _: &str, _: &str) -> bool {
            true
        }
    }
    AllowsPublicSuffixCookies {
        fn is_public_suffix(&self, _: &str) -> bool {
            false
        }
    }
    SharesHostOnlyCookies {
        fn cookie_host_matches(&self, host: &str, domain: &str, _: bool) -> bool {
            Standard.cookie_host_matches(host, domain, false)
        }
    }
    KeepsExpiredCookies {
        fn is_cookie_expired(&self, _: Duration, _: Duration) -> bool {
            false
        }
    }
    IgnoresCookiePrefixes {
        fn has_valid_prefix(&self, _: &SetCookie, _: bool, _: &str, _: &Profile) -> bool {
            true
        }
    }
    IgnoresHttpPrefixes {
        fn has_valid_prefix(&self, cookie: &SetCookie, host_only: bool, path: &str, profile: &Profile) -> bool {
            let cookie = SetCookie { http_only: true, ..cookie.clone() };
            Standard.has_valid_prefix(&cookie, host_only, path, profile)
        }
    }
    KeepsEarlierSameSite {
        fn same_site_attribute(&self, values: &[Option<SameSite>]) -> Option<SameSite> {
            values.iter().rev().find_map(|value| *value)
        }
    }
    IgnoresPartitioned {
        fn is_partitioned(&self, _: &SetCookie) -> bool {
            false
        }
    }
    KeepsInsecurePartitionedCookies {
        fn partitioned_must_be_secure(&self) -> bool {
            false
        }
    }
    SharesPartitions {
        fn cookie_partition(&self, _: &Origin, _: bool) -> String {
            "shared".to_owned()
        }
    }
    IgnoresEmbeddersOfPartitions {
        fn cookie_partition(&self, top_level: &Origin, _: bool) -> String {
            Standard.cookie_partition(top_level, false)
        }
    }
    IgnoresThirdPartySetting {
        fn third_party_cookies(&self, _: ThirdPartyCookies) -> ThirdPartyCookies {
            ThirdPartyCookies::Allowed
        }
    }
    BlocksPartitionedCookies {
        fn exempts_partitioned_cookies(&self, _: &Profile) -> bool {
            false
        }
    }
    ShowsHttpOnly {
        fn shows_http_only(&self) -> bool {
            true
        }
    }
    NeverCachesPreflights {
        fn preflight_lifetime(&self, _: MaxAge, _: &Profile) -> Option<Duration> {
            None
        }
    }
    IgnoresMaxAge {
        fn preflight_lifetime(&self, _: MaxAge, _: &Profile) -> Option<Duration> {
            Some(Duration::from_secs(DEFAULT_MAX_AGE))
        }
    }
    NeverExpiresPreflights {
        fn is_preflight_expired(&self, _: Duration, _: Duration) -> bool {
            false
        }
    }
    SharesPreflightsBetweenOrigins {
        fn preflight_key(&self, page: &Page, request: &Request, profile: &Profile) -> Key {
            Standard.preflight_key(page, request, profile).for_every_origin()
        }
    }
    SharesPreflightsBetweenPaths {
        fn preflight_key(&self, page: &Page, request: &Request, profile: &Profile) -> Key {
            Standard.preflight_key(page, request, profile).for_every_path()
        }
    }
    SharesPreflightsBetweenFragments {
        fn preflight_key(&self, page: &Page, request: &Request, profile: &Profile) -> Key {
            Standard.preflight_key(page, request, profile).for_every_fragment()
        }
    }
    IgnoresCredentialsOfCachedPreflights {
        fn preflight_serves(&self, _: bool, _: &Request, _: &Profile) -> bool {
            true
        }
    }
    KeepsPreflightsAfterFailure {
        fn failure_clears_preflights(&self, _: &Request, _: BlockReason, _: &Profile) -> bool {
            false
        }
    }
    IgnoresUploadListeners {
        fn is_upload_observed(&self, _: bool, _: bool, _: &Profile) -> bool {
            false
        }
    }
    IgnoresWithCredentials {
        fn xhr_credentials(&self, _: bool) -> Credentials {
            Credentials::SameOrigin
        }
    }
    RepeatsAuthorHeaders {
        fn combines_author_headers(&self) -> bool {
            false
        }
    }
    SendsBodyOfGet {
        fn xhr_has_body(&self, _: &str) -> bool {
            true
        }
    }
    KeepsCharset {
        fn corrects_charset(&self) -> bool {
            false
        }
    }
    RequestsElementsWithCors {
        fn element_mode(&self, attribute: Option<CrossOrigin>) -> (RequestMode, Credentials) {
            Standard.element_mode(attribute.or(Some(CrossOrigin::Anonymous)))
        }
    }
    IgnoresCrossOriginAttribute {
        fn element_mode(&self, _: Option<CrossOrigin>) -> (RequestMode, Credentials) {
            Standard.element_mode(None)
        }
    }
    IgnoresUseCredentials {
        fn element_mode(&self, attribute: Option<CrossOrigin>) -> (RequestMode, Credentials) {
            Standard.element_mode(attribute.and(Some(CrossOrigin::Anonymous)))
        }
    }
    RequestsFontsWithoutCors {
        fn font_mode(&self, _: &Profile) -> RequestMode {
            RequestMode::NoCors
        }
    }
    ReadsTaintedElements {
        fn is_cors_same_origin(&self, _: Tainting) -> bool {
            true
        }
    }
    LoadsErrorStatuses {
        fn needs_ok_status(&self) -> bool {
            false
        }
    }
    LoadsAnyStylesheet {
        fn is_stylesheet_type(&self, _: &str) -> bool {
            true
        }
    }
    UpgradesNoImages {
        fn is_upgradable(&self, _: &Page, _: &Url, _: &Profile) -> bool {
            false
        }
    }
    IgnoresEmbedderPolicy {
        fn resource_policy_check(&self, page: &Page, request: &Request, response: &WireResponse, profile: &Profile) -> Result<(), Blocked> {
            let page = page.clone().with_embedder_policy(EmbedderPolicy::UnsafeNone);
            Standard.resource_policy_check(&page, request, response, profile)
        }
    }
    IgnoresCredentialless {
        fn embedder_allows_credentials(&self, _: &Page, _: &Request, _: &Profile) -> bool {
            true
        }
    }
    IgnoresReferrerPolicy {
        fn referrer_policy_of_page(&self, _: &Page) -> ReferrerPolicy {
            ReferrerPolicy::default()
        }
    }
    KeepsOriginWithoutReferrer {
        fn hides_origin(&self, _: &Request) -> bool {
            false
        }
    }
    BlocksLocalMixedContent {
        fn may_be_local(&self, _: &Request) -> bool {
            false
        }
    }
    SkipsLocalNetworkCheck {
        fn checks_connection(&self, _: &Request) -> bool {
            false
        }
    }
    SkipsLocalNetworkCheckAfterRedirect {
        fn checks_connection(&self, request: &Request) -> bool {
            request.redirect_count == 0
        }
    }
    IgnoresTargetAddressSpace {
        fn is_other_space(&self, _: AddressSpace, _: AddressSpace) -> bool {
            false
        }
    }
    AllowsInsecurePagesLocalNetwork {
        fn needs_secure_context(&self) -> bool {
            false
        }
    }
    MergesNetworkPermissions {
        fn network_permission(&self, permissions: NetworkPermissions, _: AddressSpace) -> Permission {
            let all = [permissions.local, permissions.loopback];
            if all.contains(&Permission::Granted) { Permission::Granted } else { permissions.local }
        }
    }
    TakesDismissalForPermission {
        fn network_permission(&self, permissions: NetworkPermissions, target: AddressSpace) -> Permission {
            match Standard.network_permission(permissions, target) {
                Permission::Dismissed => Permission::Granted,
                answer => answer,
            }
        }
    }
    AllowsMixedContent {
        fn is_mixed_content(&self, _: &Page, _: &Url, _: &Profile) -> bool {
            false
        }
    }
    ChecksCorsOnNavigations {
        fn is_exempt_from_cors(&self, request: &Request) -> bool {
            request.mode == RequestMode::WebSocket
        }
    }
    BlocksInsecureLinks {
        fn checks_mixed_content(&self, _: &Request) -> bool {
            true
        }
    }
    OmitsOriginOnForms {
        fn sends_origin_without_cors(&self, request: &Request) -> bool {
            !request.is_navigation() && Standard.sends_origin_without_cors(request)
        }
    }
    SendsOriginOnLinks {
        fn sends_origin_without_cors(&self, request: &Request) -> bool {
            request.is_navigation() || Standard.sends_origin_without_cors(request)
        }
    }
    CallsNavigationsUserInitiated {
        fn fetch_site(&self, request: &Request) -> &'static str {
            if request.is_navigation() { "none" } else { Standard.fetch_site(request) }
        }
    }
    OmitsFetchUser {
        fn sends_fetch_user(&self, _: &Request) -> bool {
            false
        }
    }
    SendsStrictCookiesOnLinks {
        fn same_site_mode(&self, mode: SameSiteMode) -> SameSiteMode {
            if mode == SameSiteMode::Lax { SameSiteMode::Strict } else { mode }
        }
    }
    SendsLaxCookiesOnPosts {
        fn same_site_mode(&self, mode: SameSiteMode) -> SameSiteMode {
            if mode == SameSiteMode::UnsafeNavigation { SameSiteMode::Lax } else { mode }
        }
    }
    OmitsLaxCookiesOnLinks {
        fn same_site_mode(&self, mode: SameSiteMode) -> SameSiteMode {
            if mode == SameSiteMode::Lax { SameSiteMode::CrossSite } else { mode }
        }
    }
    IgnoresEnctype {
        fn enctype(&self, _: &Form) -> Enctype {
            Enctype::UrlEncoded
        }
    }
    KeepsQueryOfForms {
        fn submitted_url(&self, action: &Url, pairs: &[(String, String)]) -> Url {
            let mut url = action.clone();
            url.query_pairs_mut().extend_pairs(pairs);
            url
        }
    }
    KeepsLineFeedsInForms {
        fn normalize_newlines(&self, text: &str) -> String {
            text.to_owned()
        }
    }
    KeepsQuotesInFieldNames {
        fn escape_name(&self, name: &str) -> String {
            name.to_owned()
        }
    }
    ShowsEmptyDocuments {
        fn shows_document(&self, _: &WireResponse) -> bool {
            true
        }
    }
    OmitsOriginOnWebSockets {
        fn sends_origin(&self, request: &Request) -> bool {
            request.mode != RequestMode::WebSocket
        }
    }
    ChecksCorsOnWebSockets {
        fn is_exempt_from_cors(&self, request: &Request) -> bool {
            request.mode == RequestMode::Navigate
        }
    }
    OmitsCookiesOnWebSockets {
        fn web_socket_credentials(&self) -> Credentials {
            Credentials::Omit
        }
    }
    FollowsRedirectsOfWebSockets {
        fn web_socket_redirect(&self, _: &Profile) -> Redirect {
            Redirect::Follow
        }
    }
    OpensWebSocketsWithAnyStatus {
        fn check_handshake(&self, _: &[String], _: &WireResponse, _: &Profile) -> Result<String, Blocked> {
            Ok(String::new())
        }
    }
    IgnoresWebSocketAccept {
        fn is_accepted_key(&self, _: Option<&str>) -> bool {
            true
        }
    }
    OpensEventSourcesWithAnyStatus {
        fn is_event_stream_status(&self, _: u16) -> bool {
            true
        }
    }
    OpensEventSourcesWithAnyType {
        fn is_event_stream_type(&self, _: Option<&str>) -> bool {
            true
        }
    }
    IgnoresEventSourceCredentials {
        fn event_source_credentials(&self, _: bool) -> Credentials {
            Credentials::SameOrigin
        }
    }
}
