//! Browsers that have forgotten one rule each: a suite that all of them get through proves nothing about those rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use cors_browser::{Fault, Profile};
use cors_conformance::run::{Options, Verdict, run};
use cors_conformance::scenario::{self, Scenario};
use cors_conformance::subject::Subject;
use cors_conformance::user_agent::{Model, UserAgent};
use cors_subjects::registry;
use rstest::rstest;
use tokio::sync::mpsc;

/// A fault, and the group of scenarios that is the likeliest to notice it.
#[rstest]
#[case::skips_preflight_for_put(Fault::SkipsPreflightForPut, "preflight")]
#[case::skips_preflight_for_methods(Fault::SkipsPreflightForMethods, "preflight")]
#[case::skips_preflight_for_headers(Fault::SkipsPreflightForHeaders, "preflight")]
#[case::skips_preflight_after_redirect(Fault::SkipsPreflightAfterRedirect, "redirects")]
#[case::safelists_any_content_type(Fault::SafelistsAnyContentType, "preflight")]
#[case::safelists_long_values(Fault::SafelistsLongValues, "request-headers")]
#[case::keeps_forbidden_headers(Fault::KeepsForbiddenHeaders, "request-headers")]
#[case::normalizes_no_method(Fault::NormalizesNoMethod, "methods")]
#[case::leaves_request_headers_unsorted(Fault::LeavesRequestHeadersUnsorted, "preflight")]
#[case::omits_origin(Fault::OmitsOrigin, "preflight")]
#[case::sends_top_level_origin_for_opaque(Fault::SendsTopLevelOriginForOpaque, "null-origin")]
#[case::sends_cookies_on_preflights(Fault::SendsCookiesOnPreflights, "cookies")]
#[case::sends_authorization_on_preflights(Fault::SendsAuthorizationOnPreflights, "authorization")]
#[case::skips_cors_check(Fault::SkipsCorsCheck, "look-alike")]
#[case::allows_wildcard_with_credentials(Fault::AllowsWildcardWithCredentials, "credentials")]
#[case::ignores_allow_credentials(Fault::IgnoresAllowCredentials, "credentials")]
#[case::ignores_allow_methods(Fault::IgnoresAllowMethods, "diagnostics")]
#[case::matches_methods_in_any_case(Fault::MatchesMethodsInAnyCase, "diagnostics")]
#[case::ignores_allow_headers(Fault::IgnoresAllowHeaders, "diagnostics")]
#[case::covers_authorization_by_wildcard(Fault::CoversAuthorizationByWildcard, "diagnostics")]
#[case::keeps_origin_after_redirect(Fault::KeepsOriginAfterRedirect, "redirects")]
#[case::keeps_authorization_across_origins(Fault::KeepsAuthorizationAcrossOrigins, "authorization")]
#[case::keeps_method_on_redirect(Fault::KeepsMethodOnRedirect, "redirects")]
#[case::follows_credentials_in_location(Fault::FollowsCredentialsInLocation, "redirects")]
#[case::follows_redirects_without_end(Fault::FollowsRedirectsWithoutEnd, "redirects")]
#[case::exposes_all_headers(Fault::ExposesAllHeaders, "exposed-headers")]
#[case::ignores_expose_headers(Fault::IgnoresExposeHeaders, "exposed-headers")]
#[case::exposes_set_cookie(Fault::ExposesSetCookie, "exposed-headers")]
#[case::reads_opaque_responses(Fault::ReadsOpaqueResponses, "opaque")]
#[case::always_sends_credentials(Fault::AlwaysSendsCredentials, "cookies")]
#[case::drops_cross_origin_cookies(Fault::DropsCrossOriginCookies, "cookies")]
#[case::ignores_same_site(Fault::IgnoresSameSite, "cookies")]
#[case::ignores_secure(Fault::IgnoresSecure, "cookies")]
#[case::keeps_insecure_none_cookies(Fault::KeepsInsecureNoneCookies, "cookies")]
#[case::ignores_cookie_path(Fault::IgnoresCookiePath, "cookies")]
#[case::allows_public_suffix_cookies(Fault::AllowsPublicSuffixCookies, "cookies")]
#[case::shares_host_only_cookies(Fault::SharesHostOnlyCookies, "cookies")]
#[case::keeps_expired_cookies(Fault::KeepsExpiredCookies, "cookies")]
#[case::ignores_cookie_prefixes(Fault::IgnoresCookiePrefixes, "cookies")]
#[case::shows_http_only(Fault::ShowsHttpOnly, "cookies")]
#[case::never_caches_preflights(Fault::NeverCachesPreflights, "caching")]
#[case::ignores_max_age(Fault::IgnoresMaxAge, "caching")]
#[case::never_expires_preflights(Fault::NeverExpiresPreflights, "caching")]
#[case::shares_preflights_between_origins(Fault::SharesPreflightsBetweenOrigins, "caching")]
#[case::shares_preflights_between_paths(Fault::SharesPreflightsBetweenPaths, "caching")]
#[case::ignores_credentials_of_cached_preflights(Fault::IgnoresCredentialsOfCachedPreflights, "caching")]
#[case::keeps_preflights_after_failure(Fault::KeepsPreflightsAfterFailure, "caching")]
#[case::allows_mixed_content(Fault::AllowsMixedContent, "https")]
#[tokio::test(flavor = "multi_thread")]
async fn the_suite_catches(#[case] fault: Fault, #[case] likely_group: &str) {
    let model = Model::new(Profile::standard()).with_fault(fault);
    let scenario = first_failed(model, likely_group).await;
    assert!(scenario.is_some(), "no scenario notices the fault `{fault}`");
    println!("{fault}: {}", scenario.unwrap_or_default());
}

#[test]
fn every_fault_is_listed_above() {
    let listed: BTreeSet<&str> = include_str!("main.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("#[case::")?.split_once("(Fault::"))
        .map(|(name, _)| name)
        .collect();
    for fault in Fault::ALL {
        let name = fault.as_str().replace('-', "_");
        assert!(listed.contains(name.as_str()), "add the case `{name}` to `the_suite_catches`");
    }
}

/// Plays the scenarios until one does not hold: those of `likely_group`, then the others.
async fn first_failed(browser: Model, likely_group: &str) -> Option<String> {
    let scenarios = scenario::embedded().expect("scenarios").into_iter().map(Arc::new);
    let (likely, others): (Vec<_>, Vec<_>) = scenarios.partition(|scenario| scenario.group() == likely_group);
    assert!(!likely.is_empty(), "there is no group `{likely_group}`");
    let browser: Arc<dyn UserAgent> = Arc::new(browser);
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
            // Nobody listens once the first has been heard.
            let _ = failed.send(format!("{}: {}", result.scenario, result.detail));
        }
    });
    tokio::select! {
        biased;
        scenario = first.recv() => scenario,
        _ = all => first.try_recv().ok(),
    }
}
