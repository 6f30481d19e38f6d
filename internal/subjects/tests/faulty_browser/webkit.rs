//! The suite notices a browser that follows the standards in everything but one rule of WebKit, as it notices a fault.

use std::sync::Arc;

use cors_browser::{Network, Page, Profile};
use cors_conformance::subject::BoxFuture;
use cors_conformance::user_agent::{Model, Session, UserAgent, UserAgentError};

use super::first_failed;

/// Declares a test for each rule: its name, the rule, and the group of scenarios that most likely notices it.
macro_rules! rules {
    ($($name:ident: $rule:literal, $group:literal;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                assert_noticed($rule, $group).await;
            }
        )+

        #[test]
        fn every_rule_of_webkit_has_a_test() {
            let mut tested = vec![$($rule),+];
            tested.extend(NOT_JUDGED);
            tested.sort_unstable();
            let profile = Profile::webkit();
            let mut rules: Vec<_> = profile.rules().iter().map(|rule| rule.name).collect();
            rules.sort_unstable();
            assert_eq!(tested, rules);
        }
    };
}

/// Rules that change nothing in what a judged scenario demands. Rows or scenarios without a verdict show them in real browsers; a test of
/// `internal/browsers` compares both.
const NOT_JUDGED: &[&str] = &[
    "accepts-other-images",
    "asks-for-dropped-authorization",
    "broken-chunks-are-complete",
    "broken-preflights-and-redirects-fail",
    "commas-in-quotes-separate",
    "crossorigin-sends-origin",
    "failures-forget-no-preflight",
    "get-keeps-its-origin-header",
    "known-headers-in-its-own-spelling",
    "locations-are-joined",
    "locations-are-latin-1",
    "max-age-is-a-signed-integer",
    "max-age-ten-minutes",
    "mixed-content-by-scheme",
    "newer-codings-need-https",
    "newest-preflight-replaces",
    "opaque-origins-cache-by-document",
    "origin-ignores-policies-of-redirects",
    "percent-encodings-are-normalized",
    "preflights-by-top-level-origin",
    "ranges-are-read-leniently",
    "redirects-drop-metadata",
    "referrers-compare-schemes",
    "request-headers-are-utf-8",
    "response-headers-are-repaired",
    "same-site-ignores-scheme",
    "spaced-names-are-ignored",
    "statuses-from-309-are-redirects",
    "subprotocols-are-optional",
    "upgrades-over-http-only",
];

rules! {
    forms_ignore_the_default_policy: "forms-ignore-the-default-policy", "forms";
    fonts_without_cors: "fonts-without-cors", "fonts";
    no_credentialless: "no-credentialless", "embedder-policy";
    handshakes_without_accept: "handshakes-without-accept", "websocket";
    handshakes_name_their_destination: "handshakes-name-their-destination", "websocket";
    no_sec_fetch_user: "no-sec-fetch-user", "navigations";
    no_cors_redirects_keep_credentials: "no-cors-redirects-keep-credentials", "cookies";
    sandboxed_frames_have_referrers: "sandboxed-frames-have-referrers", "request-headers";
    preflights_copy_user_agent: "preflights-copy-user-agent", "request-headers";
    wildcard_covers_authorization: "wildcard-covers-authorization", "diagnostics";
    cached_wildcard_covers_authorization: "cached-wildcard-covers-authorization", "caching";
    loopback_is_mixed_content: "loopback-is-mixed-content", "https";
    sandboxed_frames_are_same_site: "sandboxed-frames-are-same-site", "cookies";
    preflighted_once_preflighted_always: "preflighted-once-preflighted-always", "redirects";
    same_site_defaults_to_none: "same-site-defaults-to-none", "cookies";
    joins_lines_before_the_safelist: "joins-lines-before-the-safelist", "request-headers";
    proxy_challenges_are_readable: "proxy-challenges-are-readable", "errors";
    empty_locations_are_invalid: "empty-locations-are-invalid", "redirects";
    delete_becomes_get: "delete-becomes-get", "redirects";
    logins_replace_authorization: "logins-replace-authorization", "authorization";
    handshakes_follow_redirects: "handshakes-follow-redirects", "websocket";
    same_site_cookies_from_other_sites: "same-site-cookies-from-other-sites", "cookies";
    same_site_none_without_secure: "same-site-none-without-secure", "cookies";
    cookie_prefixes_mean_nothing: "cookie-prefixes-mean-nothing", "cookies";
    same_site_none_replaces_nothing: "same-site-none-replaces-nothing", "cookies";
    partitioned_means_nothing: "partitioned-means-nothing", "cookies";
    cookies_by_domain: "cookies-by-domain", "cookies";
    error_mode_needs_a_location: "error-mode-needs-a-location", "redirects";
}

/// The standards with one rule of WebKit. It is judged like the standards.
struct OneRule(Model);

impl UserAgent for OneRule {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn browser(&self) -> &str {
        "standard"
    }

    fn open<'a>(
        &'a self,
        page: &'a Page,
        network: Arc<dyn Network>,
        hosts: &'a [String],
    ) -> BoxFuture<'a, Result<Box<dyn Session>, UserAgentError>> {
        self.0.open(page, network, hosts)
    }
}

async fn assert_noticed(rule: &str, likely_group: &str) {
    let webkit = Profile::webkit();
    let others = webkit.rules().iter().map(|other| other.name).filter(|other| *other != rule);
    let profile = others.fold(webkit.clone(), |rest, other| rest.without(other));
    assert_eq!(profile.rules().len(), 1, "WebKit has no rule `{rule}`");
    let scenario = first_failed(Arc::new(OneRule(Model::new(profile))), likely_group).await;
    assert!(scenario.is_some(), "no scenario notices the rule `{rule}`");
    println!("{rule}: {}", scenario.unwrap_or_default());
}
