//! The suite notices every fault of the browser model. A rule whose fault goes unnoticed would not be tested.

use std::sync::{Arc, LazyLock};

use cors_browser::{Fault, Profile};
use cors_conformance::run::{Options, Verdict, run};
use cors_conformance::scenario::{self, Scenario};
use cors_conformance::subject::Subject;
use cors_conformance::user_agent::{Model, UserAgent};
use cors_subjects::registry;
use tokio::sync::mpsc;

mod webkit;

/// Declares a test for each fault: its name, the fault, and the group of scenarios that most likely notices it.
macro_rules! faults {
    ($($name:ident: $fault:ident, $group:literal;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                assert_noticed(Fault::$fault, $group).await;
            }
        )+

        #[test]
        fn every_fault_has_a_test() {
            let tested: Vec<_> =
                Fault::ALL.iter().filter(|fault| !BEYOND_THE_SPECIMEN.contains(fault)).copied().collect();
            assert_eq!(tested, [$(Fault::$fault),+]);
        }
    };
}

/// Faults that show only with responses that the specimen application cannot send. The tests of `cors-browser` notice them.
const BEYOND_THE_SPECIMEN: &[Fault] = &[
    Fault::IgnoresReferrerPolicyOfRedirects,
    Fault::FailsOnBrokenBodies,
    Fault::FollowsFirstLocation,
    Fault::IgnoresWebSocketAccept,
];

faults! {
    skips_preflight_for_put: SkipsPreflightForPut, "preflight";
    skips_preflight_for_methods: SkipsPreflightForMethods, "preflight";
    skips_preflight_for_headers: SkipsPreflightForHeaders, "preflight";
    skips_preflight_after_redirect: SkipsPreflightAfterRedirect, "redirects";
    safelists_any_content_type: SafelistsAnyContentType, "preflight";
    safelists_long_values: SafelistsLongValues, "request-headers";
    keeps_forbidden_headers: KeepsForbiddenHeaders, "request-headers";
    normalizes_no_method: NormalizesNoMethod, "methods";
    leaves_request_headers_unsorted: LeavesRequestHeadersUnsorted, "preflight";
    omits_origin: OmitsOrigin, "preflight";
    sends_top_level_origin_for_opaque: SendsTopLevelOriginForOpaque, "null-origin";
    sends_cookies_on_preflights: SendsCookiesOnPreflights, "cookies";
    sends_authorization_on_preflights: SendsAuthorizationOnPreflights, "authorization";
    skips_cors_check: SkipsCorsCheck, "look-alike";
    allows_wildcard_with_credentials: AllowsWildcardWithCredentials, "credentials";
    ignores_allow_credentials: IgnoresAllowCredentials, "credentials";
    ignores_allow_methods: IgnoresAllowMethods, "diagnostics";
    matches_methods_in_any_case: MatchesMethodsInAnyCase, "diagnostics";
    ignores_allow_headers: IgnoresAllowHeaders, "diagnostics";
    covers_authorization_by_wildcard: CoversAuthorizationByWildcard, "diagnostics";
    keeps_origin_after_redirect: KeepsOriginAfterRedirect, "redirects";
    keeps_authorization_across_origins: KeepsAuthorizationAcrossOrigins, "authorization";
    keeps_method_on_redirect: KeepsMethodOnRedirect, "redirects";
    follows_credentials_in_location: FollowsCredentialsInLocation, "redirects";
    follows_redirects_without_end: FollowsRedirectsWithoutEnd, "redirects";
    reads_proxy_challenges: ReadsProxyChallenges, "errors";
    never_retries_misdirected_requests: NeverRetriesMisdirectedRequests, "errors";
    omits_empty_content_length: OmitsEmptyContentLength, "request-headers";
    joins_lines_before_safelist: JoinsLinesBeforeSafelist, "request-headers";
    refuses_data_urls: RefusesDataUrls, "data-urls";
    exposes_all_headers: ExposesAllHeaders, "exposed-headers";
    ignores_expose_headers: IgnoresExposeHeaders, "exposed-headers";
    exposes_set_cookie: ExposesSetCookie, "exposed-headers";
    reads_opaque_responses: ReadsOpaqueResponses, "opaque";
    always_sends_credentials: AlwaysSendsCredentials, "cookies";
    drops_cross_origin_cookies: DropsCrossOriginCookies, "cookies";
    ignores_same_site: IgnoresSameSite, "cookies";
    ignores_secure: IgnoresSecure, "cookies";
    keeps_insecure_none_cookies: KeepsInsecureNoneCookies, "cookies";
    ignores_cookie_path: IgnoresCookiePath, "cookies";
    allows_public_suffix_cookies: AllowsPublicSuffixCookies, "cookies";
    shares_host_only_cookies: SharesHostOnlyCookies, "cookies";
    keeps_expired_cookies: KeepsExpiredCookies, "cookies";
    ignores_cookie_prefixes: IgnoresCookiePrefixes, "cookies";
    ignores_http_prefixes: IgnoresHttpPrefixes, "cookies";
    keeps_earlier_same_site: KeepsEarlierSameSite, "cookies";
    ignores_partitioned: IgnoresPartitioned, "cookies";
    keeps_insecure_partitioned_cookies: KeepsInsecurePartitionedCookies, "cookies";
    shares_partitions: SharesPartitions, "cookies";
    ignores_embedders_of_partitions: IgnoresEmbeddersOfPartitions, "cookies";
    ignores_third_party_setting: IgnoresThirdPartySetting, "third-party-cookies";
    blocks_partitioned_cookies: BlocksPartitionedCookies, "third-party-cookies";
    shows_http_only: ShowsHttpOnly, "cookies";
    never_caches_preflights: NeverCachesPreflights, "caching";
    ignores_max_age: IgnoresMaxAge, "caching";
    never_expires_preflights: NeverExpiresPreflights, "caching";
    shares_preflights_between_origins: SharesPreflightsBetweenOrigins, "caching";
    shares_preflights_between_paths: SharesPreflightsBetweenPaths, "caching";
    shares_preflights_between_fragments: SharesPreflightsBetweenFragments, "caching";
    ignores_credentials_of_cached_preflights: IgnoresCredentialsOfCachedPreflights, "caching";
    keeps_preflights_after_failure: KeepsPreflightsAfterFailure, "caching";
    ignores_upload_listeners: IgnoresUploadListeners, "xhr";
    ignores_with_credentials: IgnoresWithCredentials, "xhr";
    repeats_author_headers: RepeatsAuthorHeaders, "xhr";
    sends_body_of_get: SendsBodyOfGet, "xhr";
    keeps_charset: KeepsCharset, "xhr";
    requests_elements_with_cors: RequestsElementsWithCors, "images";
    ignores_crossorigin_attribute: IgnoresCrossOriginAttribute, "images";
    ignores_use_credentials: IgnoresUseCredentials, "images";
    requests_fonts_without_cors: RequestsFontsWithoutCors, "fonts";
    reads_tainted_elements: ReadsTaintedElements, "scripts";
    loads_error_statuses: LoadsErrorStatuses, "scripts";
    loads_any_stylesheet: LoadsAnyStylesheet, "stylesheets";
    upgrades_no_images: UpgradesNoImages, "images";
    ignores_embedder_policy: IgnoresEmbedderPolicy, "embedder-policy";
    ignores_credentialless: IgnoresCredentialless, "embedder-policy";
    ignores_referrer_policy: IgnoresReferrerPolicy, "referrer-policy";
    keeps_origin_without_referrer: KeepsOriginWithoutReferrer, "referrer-policy";
    allows_mixed_content: AllowsMixedContent, "https";
    blocks_local_mixed_content: BlocksLocalMixedContent, "local-network";
    skips_local_network_check: SkipsLocalNetworkCheck, "local-network";
    skips_local_network_check_after_redirect: SkipsLocalNetworkCheckAfterRedirect, "local-network";
    ignores_target_address_space: IgnoresTargetAddressSpace, "local-network";
    allows_insecure_pages_local_network: AllowsInsecurePagesLocalNetwork, "local-network";
    merges_network_permissions: MergesNetworkPermissions, "local-network";
    takes_dismissal_for_permission: TakesDismissalForPermission, "local-network";
    checks_cors_on_navigations: ChecksCorsOnNavigations, "navigations";
    blocks_insecure_links: BlocksInsecureLinks, "navigations";
    omits_origin_on_forms: OmitsOriginOnForms, "forms";
    sends_origin_on_links: SendsOriginOnLinks, "navigations";
    calls_navigations_user_initiated: CallsNavigationsUserInitiated, "navigations";
    omits_fetch_user: OmitsFetchUser, "navigations";
    sends_strict_cookies_on_links: SendsStrictCookiesOnLinks, "navigations";
    sends_lax_cookies_on_posts: SendsLaxCookiesOnPosts, "forms";
    omits_lax_cookies_on_links: OmitsLaxCookiesOnLinks, "navigations";
    ignores_enctype: IgnoresEnctype, "forms";
    keeps_query_of_forms: KeepsQueryOfForms, "forms";
    keeps_line_feeds_in_forms: KeepsLineFeedsInForms, "forms";
    keeps_quotes_in_field_names: KeepsQuotesInFieldNames, "forms";
    shows_empty_documents: ShowsEmptyDocuments, "navigations";
    omits_origin_on_web_sockets: OmitsOriginOnWebSockets, "websocket";
    checks_cors_on_web_sockets: ChecksCorsOnWebSockets, "websocket";
    omits_cookies_on_web_sockets: OmitsCookiesOnWebSockets, "websocket";
    follows_redirects_of_web_sockets: FollowsRedirectsOfWebSockets, "websocket";
    opens_web_sockets_with_any_status: OpensWebSocketsWithAnyStatus, "websocket";
    opens_event_sources_with_any_status: OpensEventSourcesWithAnyStatus, "event-source";
    opens_event_sources_with_any_type: OpensEventSourcesWithAnyType, "event-source";
    ignores_event_source_credentials: IgnoresEventSourceCredentials, "event-source";
}

/// All scenarios, parsed once.
static SCENARIOS: LazyLock<Vec<Arc<Scenario>>> =
    LazyLock::new(|| scenario::embedded().expect("scenarios").into_iter().map(Arc::new).collect());

async fn assert_noticed(fault: Fault, likely_group: &str) {
    // Local Network Access is a rule of Chromium.
    let profile = if likely_group == "local-network" { Profile::chromium() } else { Profile::standard() };
    let model = Model::new(profile).with_fault(fault);
    let scenario = first_failed(Arc::new(model), likely_group).await;
    assert!(scenario.is_some(), "no scenario notices the fault `{fault}`");
    println!("{fault}: {}", scenario.unwrap_or_default());
}

/// Runs the scenarios until one fails: first those of `likely_group`, then the others.
async fn first_failed(browser: Arc<dyn UserAgent>, likely_group: &str) -> Option<String> {
    let scenarios = SCENARIOS.iter().cloned();
    let (likely, others): (Vec<_>, Vec<_>) = scenarios.partition(|scenario| scenario.group() == likely_group);
    assert!(!likely.is_empty(), "unknown group `{likely_group}`");
    match first_failed_of(&likely, &browser).await {
        Some(failed) => Some(failed),
        None => first_failed_of(&others, &browser).await,
    }
}

async fn first_failed_of(scenarios: &[Arc<Scenario>], browser: &Arc<dyn UserAgent>) -> Option<String> {
    let subject: Arc<dyn Subject> = registry::find("cors-axum").expect("an adapter").into();
    let (failed, mut first) = mpsc::unbounded_channel();
    let subjects = [subject];
    let all = run(scenarios, &subjects, browser, Options::default(), |_, result| {
        if result.verdict == Verdict::Fail {
            // The receiver is gone after the first failure.
            let _ = failed.send(format!("{}: {}", result.scenario, result.detail));
        }
    });
    tokio::select! {
        biased;
        scenario = first.recv() => scenario,
        _ = all => first.try_recv().ok(),
    }
}
