//! What browsers do differently from the standards.

mod rules;

use std::fmt;

use self::rules::{CHROMIUM, FIREFOX, LIBSOUP, WEBKIT};
use crate::ThirdPartyCookies;
use crate::code::codes;

/// The standards, or the standards with the deviations of one browser.
///
/// Each deviation is a named [`Rule`] with its source. The rules were compared with real browsers.
///
/// ```
/// use cors_browser::Profile;
///
/// assert!(Profile::standard().rules().is_empty());
/// for rule in Profile::chromium().rules() {
///     println!("{}: {} ({})", rule.name, rule.says, rule.source);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Profile {
    engine: Option<Engine>,
    rules: Vec<Rule>,
    /// Fetch, "cache entry": the "imposed limit on max-age", in seconds.
    pub(crate) max_age_cap: u64,
    /// How `Access-Control-Max-Age` is read.
    pub(crate) max_age_syntax: MaxAgeSyntax,
    /// Whether a cached `*` covers every method or header.
    pub(crate) caches_wildcards: bool,
    /// Whether a cached preflight for requests with credentials also serves requests without.
    pub(crate) caches_share_credentials: bool,
    /// Whether a preflight replaces all cached entries of its origin and URL.
    pub(crate) caches_newest_preflight: bool,
    /// Whether `HEAD` is exempt from the check for a cached method.
    pub(crate) caches_exempt_head: bool,
    /// Whether `Access-Control-Allow-Headers: *` covers `Authorization`, unlike in Fetch.
    pub(crate) wildcard_covers_authorization: bool,
    /// Whether the browser asks the user when another origin sends a challenge, unlike in Fetch.
    pub(crate) answers_foreign_challenges: bool,
    /// The `SameSite` value of a cookie without the attribute.
    pub(crate) default_same_site: DefaultSameSite,
    /// Which failures remove the request's preflight from the cache.
    pub(crate) forgets_preflights: ForgetsPreflights,
    /// How preflights with `Origin: null` are cached.
    pub(crate) cached_null: CachedNull,
    /// Whether the preflight cache is partitioned by the origin of the top-level page, and not by its site.
    pub(crate) caches_by_top_level_origin: bool,
    /// Ports that Fetch blocks and the browser does not.
    pub(crate) unblocked_ports: &'static [u16],
    /// Whether empty lines of a repeated response header count.
    pub(crate) joins_empty_lines: bool,
    /// Whether tabs in a `Location` are percent-encoded, and not left out.
    pub(crate) escapes_location_tabs: bool,
    /// Whether redirect mode `error` accepts a redirect status without a `Location`.
    pub(crate) error_mode_needs_location: bool,
    /// Whether an empty `Location` is invalid.
    pub(crate) rejects_empty_locations: bool,
    /// Whether bytes beyond ASCII in `Accept` and `Content-Type` need a preflight.
    pub(crate) bytes_beyond_ascii_are_unsafe: bool,
    /// Whether a `Content-Type` with a comma in its parameters, or a semicolon after them, needs a preflight.
    pub(crate) strict_content_types: bool,
    /// Whether `Range` is safelisted with a unit in any case and with signs.
    pub(crate) reads_ranges_leniently: bool,
    /// Whether commas in quotes separate the methods of `X-HTTP-Method-Override` and its like.
    pub(crate) splits_quoted_methods: bool,
    /// Whether response headers that are not valid UTF-8 are repaired with U+FFFD.
    pub(crate) repairs_utf8: bool,
    /// Whether each byte of a `Location` beyond ASCII counts as one character.
    pub(crate) reads_locations_as_latin1: bool,
    /// Whether several `Location` lines are joined, and not rejected.
    pub(crate) joins_locations: bool,
    /// Whether statuses from 309 to 399 are redirect statuses.
    pub(crate) redirects_from_309: bool,
    /// Whether a request within one origin keeps its `Origin` after a redirect has made it a `GET`.
    pub(crate) keeps_origin_after_post: bool,
    /// Whether characters beyond ASCII in request headers are sent as UTF-8.
    pub(crate) sends_utf8: bool,
    /// Whether percent-encodings in URLs are normalized.
    pub(crate) normalizes_percent_encoding: bool,
    /// Whether the network stack rewrites a `Range` with one range.
    pub(crate) rewrites_ranges: bool,
    /// Whether a request that needed a preflight gets one after each redirect, even if it does not need one any more.
    pub(crate) preflights_stay: bool,
    /// Whether a preflight after a redirect has the page's origin, and not that of the redirected request.
    pub(crate) preflights_name_the_page: bool,
    /// Whether a preflight lists a header once that was set twice.
    pub(crate) asks_once_for_repeated_names: bool,
    /// Whether logins for cross-site servers are partitioned by top-level site.
    pub(crate) partitions_logins: bool,
    /// Whether a remembered login replaces a script's `Authorization`.
    pub(crate) logins_replace_authorization: bool,
    /// Whether pages on loopback count as secure pages, for which insecure URLs are mixed content.
    pub(crate) restricts_loopback_pages: bool,
    /// Whether URLs with different schemes are cross-site to cookies.
    pub(crate) same_site_considers_scheme: bool,
    /// Whether a redirect through another site makes a request cross-site to cookies.
    pub(crate) same_site_considers_redirects: bool,
    /// Whether a form that posts to another site carries the young cookies that have no `SameSite` attribute.
    pub(crate) posts_carry_young_cookies: bool,
    /// Whether the browser asks the user before a form on a secure page is submitted to an insecure server.
    pub(crate) asks_before_insecure_forms: bool,
    /// Whether the response to a WebSocket handshake sets cookies even if its status is not 101.
    pub(crate) failed_handshakes_set_cookies: bool,
    /// Whether a WebSocket opens without a subprotocol if the server chose none that the page asked for.
    pub(crate) subprotocols_are_optional: bool,
    /// Whether a WebSocket opens without a subprotocol if the server chose one although the page asked for none.
    pub(crate) ignores_unasked_subprotocols: bool,
    /// Whether a WebSocket handshake has `Sec-Fetch-*` headers.
    pub(crate) handshakes_have_metadata: bool,
    /// Whether a WebSocket handshake has `Accept`.
    pub(crate) handshakes_have_accept: bool,
    /// `Sec-Fetch-Dest` of a WebSocket handshake.
    pub(crate) handshake_destination: &'static str,
    /// Whether a WebSocket handshake follows redirects.
    pub(crate) follows_handshake_redirects: bool,
    /// Whether loopback counts as secure for `Secure` cookies.
    pub(crate) trusts_loopback_cookies: bool,
    /// Whether listeners for upload events lead to a preflight only if there is a body to upload.
    pub(crate) observes_uploads_only: bool,
    /// Whether elements with `crossorigin`, and fonts, send `Origin` to the page's own server as well.
    pub(crate) cors_elements_send_origin: bool,
    /// Whether fonts are requested with CORS.
    pub(crate) requests_fonts_with_cors: bool,
    /// Whether the browser knows the embedder policy `credentialless`.
    pub(crate) knows_credentialless: bool,
    /// `Accept` of images.
    pub(crate) image_accept: &'static str,
    /// `Accept` of fonts.
    pub(crate) font_accept: &'static str,
    /// Whether the browser writes the names of headers that it knows in its own spelling.
    pub(crate) respells_known_headers: bool,
    /// Opaque-response blocking, which is not in Fetch.
    pub(crate) opaque_blocking: OpaqueBlocking,
    /// Whether a stylesheet with another MIME type than `text/css` gets a `load` event, although it is not used.
    pub(crate) loads_unusable_stylesheets: bool,
    /// Whether a cached `*` covers `Authorization`.
    pub(crate) cached_wildcard_covers_authorization: bool,
    /// Whether pages over HTTPS may fetch from loopback over HTTP.
    pub(crate) trusts_loopback_servers: bool,
    /// Whether a preflight after a redirect asks for an `Authorization` that the redirect has dropped.
    pub(crate) asks_for_dropped_authorization: bool,
    /// Whether a redirect to another origin makes `GET` of `DELETE`.
    pub(crate) delete_becomes_get: bool,
    /// Whether requests of a sandboxed frame can be same-site to cookies.
    pub(crate) sandboxed_frames_are_same_site: bool,
    /// Whether cross-site responses can set `Lax` and `Strict` cookies.
    pub(crate) stores_same_site_cookies_from_other_sites: bool,
    /// Whether a `SameSite=None` cookie must be `Secure`.
    pub(crate) none_needs_secure: bool,
    /// Whether the prefixes of cookie names have a meaning.
    pub(crate) enforces_cookie_prefixes: bool,
    /// Whether cookies of a host come before those of its parent domains.
    pub(crate) sorts_cookies_by_domain: bool,
    /// Whether servers of other sites can use cookies, unless the user has chosen another setting.
    pub(crate) third_party_cookies: ThirdPartyCookies,
    /// Whether cookies with `Partitioned` are blocked with all other third-party cookies, unlike in CHIPS.
    pub(crate) blocks_partitioned_cookies: bool,
    /// Whether `SameSite=None` does not replace an earlier `SameSite` of the same cookie.
    pub(crate) none_replaces_nothing: bool,
    /// Whether a request in mode `no-cors` keeps its credentials after a redirect from the page's own server to another one.
    pub(crate) no_cors_redirects_keep_credentials: bool,
    /// Whether `Partitioned` has a meaning.
    pub(crate) knows_partitioned: bool,
    /// Whether a cookie with the prefix `__Host-` can leave out `Path` if its default path is `/`.
    pub(crate) host_prefix_allows_default_path: bool,
    /// Whether public pages need a permission to reach servers in the local network (Local Network Access).
    pub(crate) checks_local_network: bool,
    /// Which requests of a sandboxed frame have the URL of the frame as their referrer.
    pub(crate) sandboxed_referrers: SandboxedReferrers,
    /// Whether a WebSocket handshake is repeated after a 421, like any other request.
    pub(crate) repeats_misdirected_handshakes: bool,
    /// Whether two ports of one IPv6 address are same-site to Fetch Metadata.
    pub(crate) ipv6_addresses_have_sites: bool,
    /// Whether the `Content-Type` of a 421 is added to that of the repeated request's response.
    pub(crate) misdirected_types_add_up: bool,
    /// Whether a redirected request writes `Content-Type` in this casing.
    pub(crate) redirects_recase_content_type: bool,
    /// Whether only the last `Content-Type` that a script sets is sent.
    pub(crate) last_content_type_wins: bool,
    /// Whether `document.cookie` throws in a page with a `data:` URL, unlike in HTML.
    pub(crate) data_pages_throw: bool,
    /// Whether client hints with valid values are CORS-safelisted.
    pub(crate) safelists_client_hints: bool,
    /// Whether a script's `User-Agent` is dropped.
    pub(crate) drops_user_agent: bool,
    /// Whether a preflight has a script's `User-Agent`.
    pub(crate) preflights_have_user_agent: bool,
    /// Whether the lines of a repeated header are joined before they are compared with the safelist.
    pub(crate) joins_before_safelisting: bool,
    /// Whether only servers over HTTPS are offered other content codings than `gzip` and `deflate`, and not those on loopback.
    pub(crate) newer_codings_need_https: bool,
    /// Whether a form that posts to an insecure server has its `Origin`, if the page has the default referrer policy.
    pub(crate) forms_ignore_default_policy: bool,
    /// Whether a page can read a response with the status 407.
    pub(crate) reads_proxy_challenges: bool,
    /// Whether a redirect without a location is an ordinary response, and an empty location counts as none.
    pub(crate) redirects_need_a_location: bool,
    /// Whether the location of a redirect must be valid in redirect mode `manual`.
    pub(crate) checks_manual_redirects: bool,
    /// Whether redirects to URLs with a user name or a password are blocked within the page's origin and in mode `no-cors`.
    pub(crate) rejects_every_user_info: bool,
    /// Whether equal lines of headers that may occur once count as one, and different ones break the response.
    pub(crate) equal_lines_count_once: bool,
    /// Whether a request in mode `no-cors` has `Origin: null` after every redirect to another origin.
    pub(crate) no_cors_redirects_hide_origin: bool,
    /// Whether the referrer policy has no influence on `Origin`.
    pub(crate) origin_ignores_referrer_policy: bool,
    /// Whether the referrer policy of a redirect has no influence on the `Origin` of a request in mode `no-cors`.
    pub(crate) origin_keeps_first_policy: bool,
    /// Whether a page gets a response only after the first bytes of its body.
    pub(crate) waits_for_the_body: bool,
    /// Whether a body that breaks off counts as complete if the status is not an ok status.
    pub(crate) completes_broken_errors: bool,
    /// Whether a body without `Content-Length` that breaks off counts as complete.
    pub(crate) completes_broken_chunks: bool,
    /// Whether a preflight or a redirect fails if its body breaks off.
    pub(crate) reads_dropped_bodies: bool,
    /// Whether a response header is ignored if there is white space before its colon.
    pub(crate) ignores_spaced_names: bool,
    /// Which requests have `Sec-Fetch-Storage-Access`.
    pub(crate) storage_access: StorageAccess,
    /// Whether preflights have `Sec-Fetch-Mode` even if the server is not trustworthy.
    pub(crate) plain_preflights_have_a_mode: bool,
    /// Whether a request in mode `cors` has `Sec-Fetch-*` headers after a redirect to another origin.
    pub(crate) metadata_survives_redirects: bool,
    /// Whether a navigation has `Sec-Fetch-User`.
    pub(crate) sends_fetch_user: bool,
    /// Whether a navigation over HTTPS has `Upgrade-Insecure-Requests`.
    pub(crate) secure_navigations_ask_for_upgrades: bool,
    /// Whether `|` is percent-encoded in paths.
    pub(crate) encodes_bars: bool,
    /// Whether the response of a `data:` URL has a `Content-Length`.
    pub(crate) data_urls_have_a_length: bool,
    /// Whether a referrer is withheld only on the way from `https:` to another scheme, and not to a trustworthy server.
    pub(crate) referrers_compare_schemes: bool,
}

/// How preflights with `Origin: null` are cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CachedNull {
    /// Like all others, so that they serve every page with the origin `null`.
    Shared,
    /// For the page with an opaque origin that made them, and not at all for other pages.
    ByDocument,
    /// Not at all.
    Never,
}

/// How `Access-Control-Max-Age` is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaxAgeSyntax {
    /// Digits. Anything else counts as missing.
    Digits,
    /// A signed integer of 64 bits. Anything else counts as missing, and a negative number as zero.
    SignedInteger,
    /// Digits. An empty value counts as missing, and with anything else the preflight is not cached.
    DigitsOrNothing,
}

/// The form of opaque-response blocking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpaqueBlocking {
    /// Opaque responses are not blocked.
    None,
    /// What looks like HTML, XML or JSON is blocked.
    BySniffing,
    /// What is neither a known type nor JavaScript is blocked.
    ByParsing,
}

/// The failures that remove a request's preflight from the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForgetsPreflights {
    /// All failures.
    AfterAnyFailure,
    /// All but those in which no response came, and redirects in redirect mode `error`.
    AfterRejectedResponses,
    /// Only the failure of a preflight itself.
    Never,
}

/// Which requests to third parties have `Sec-Fetch-Storage-Access`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StorageAccess {
    /// None.
    Unsent,
    /// Those in credentials mode `include`.
    WithInclude,
    /// Those that include credentials, if third-party cookies are partitioned.
    WherePartitioned,
}

/// Which requests of a sandboxed frame have the URL of the frame as their referrer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SandboxedReferrers {
    /// None.
    Never,
    /// Links, forms and event sources.
    OfNavigations,
    /// All but WebSocket handshakes.
    Always,
}

/// The `SameSite` value of a cookie without the attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DefaultSameSite {
    Lax,
    None,
}

/// A deviation of a browser from the standards.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Rule {
    /// The stable name, such as `max-age-two-hours`.
    pub name: &'static str,
    /// What the browser does, in a sentence.
    pub says: &'static str,
    /// Where this is documented, or with which version it was observed.
    pub source: &'static str,
    change: fn(&mut Profile),
}

impl Rule {
    /// Whether this is what WebKitGTK's HTTP library libsoup does. Safari has another HTTP library, and need not do the same.
    pub fn is_of_libsoup(&self) -> bool {
        LIBSOUP.iter().any(|rule| rule.name == self.name)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Rule").field(&self.name).finish()
    }
}

impl Profile {
    /// The standards without deviations: Fetch and RFC 6265bis.
    pub fn standard() -> Self {
        Self {
            engine: None,
            rules: Vec::new(),
            max_age_cap: u64::MAX,
            max_age_syntax: MaxAgeSyntax::Digits,
            caches_wildcards: true,
            caches_share_credentials: true,
            caches_newest_preflight: false,
            caches_exempt_head: true,
            wildcard_covers_authorization: false,
            answers_foreign_challenges: false,
            default_same_site: DefaultSameSite::Lax,
            forgets_preflights: ForgetsPreflights::AfterAnyFailure,
            cached_null: CachedNull::Shared,
            caches_by_top_level_origin: false,
            unblocked_ports: &[],
            joins_empty_lines: true,
            escapes_location_tabs: false,
            error_mode_needs_location: false,
            rejects_empty_locations: false,
            bytes_beyond_ascii_are_unsafe: false,
            strict_content_types: false,
            reads_ranges_leniently: false,
            splits_quoted_methods: false,
            repairs_utf8: false,
            reads_locations_as_latin1: false,
            joins_locations: false,
            redirects_from_309: false,
            keeps_origin_after_post: false,
            sends_utf8: false,
            normalizes_percent_encoding: false,
            rewrites_ranges: false,
            preflights_stay: false,
            preflights_name_the_page: false,
            asks_once_for_repeated_names: true,
            partitions_logins: false,
            logins_replace_authorization: false,
            restricts_loopback_pages: true,
            same_site_considers_scheme: true,
            same_site_considers_redirects: true,
            posts_carry_young_cookies: false,
            asks_before_insecure_forms: false,
            failed_handshakes_set_cookies: true,
            handshakes_have_metadata: true,
            handshakes_have_accept: true,
            handshake_destination: "empty",
            follows_handshake_redirects: false,
            subprotocols_are_optional: false,
            ignores_unasked_subprotocols: false,
            trusts_loopback_cookies: false,
            observes_uploads_only: false,
            cors_elements_send_origin: false,
            requests_fonts_with_cors: true,
            knows_credentialless: true,
            image_accept: "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
            font_accept: "*/*",
            respells_known_headers: false,
            opaque_blocking: OpaqueBlocking::None,
            loads_unusable_stylesheets: false,
            cached_wildcard_covers_authorization: false,
            trusts_loopback_servers: true,
            asks_for_dropped_authorization: false,
            delete_becomes_get: false,
            sandboxed_frames_are_same_site: false,
            stores_same_site_cookies_from_other_sites: false,
            none_needs_secure: true,
            enforces_cookie_prefixes: true,
            sorts_cookies_by_domain: false,
            third_party_cookies: ThirdPartyCookies::Allowed,
            blocks_partitioned_cookies: false,
            none_replaces_nothing: false,
            no_cors_redirects_keep_credentials: false,
            knows_partitioned: true,
            host_prefix_allows_default_path: false,
            checks_local_network: false,
            sandboxed_referrers: SandboxedReferrers::Never,
            repeats_misdirected_handshakes: true,
            ipv6_addresses_have_sites: true,
            misdirected_types_add_up: false,
            redirects_recase_content_type: false,
            last_content_type_wins: false,
            data_pages_throw: false,
            safelists_client_hints: false,
            drops_user_agent: false,
            preflights_have_user_agent: false,
            joins_before_safelisting: false,
            newer_codings_need_https: false,
            forms_ignore_default_policy: false,
            reads_proxy_challenges: false,
            redirects_need_a_location: false,
            checks_manual_redirects: false,
            rejects_every_user_info: false,
            equal_lines_count_once: false,
            no_cors_redirects_hide_origin: false,
            origin_ignores_referrer_policy: false,
            origin_keeps_first_policy: false,
            waits_for_the_body: false,
            completes_broken_errors: false,
            completes_broken_chunks: false,
            reads_dropped_bodies: false,
            ignores_spaced_names: false,
            storage_access: StorageAccess::Unsent,
            plain_preflights_have_a_mode: false,
            metadata_survives_redirects: true,
            sends_fetch_user: true,
            secure_navigations_ask_for_upgrades: true,
            encodes_bars: false,
            data_urls_have_a_length: false,
            referrers_compare_schemes: false,
        }
    }

    /// Chromium, and the browsers that are based on it.
    pub fn chromium() -> Self {
        Self::with_rules(Some(Engine::Chromium), CHROMIUM)
    }

    /// Firefox.
    pub fn firefox() -> Self {
        Self::with_rules(Some(Engine::Firefox), FIREFOX)
    }

    /// WebKit, the engine of Safari, as WebKitGTK contains it.
    ///
    /// Some rules are those of libsoup, the HTTP library of WebKitGTK; see [`Rule::is_of_libsoup`].
    pub fn webkit() -> Self {
        Self::with_rules(Some(Engine::WebKit), &[WEBKIT, LIBSOUP].concat())
    }

    fn with_rules(engine: Option<Engine>, rules: &[Rule]) -> Self {
        let mut profile = Self { engine, ..Self::standard() };
        for rule in rules {
            (rule.change)(&mut profile);
            profile.rules.push(*rule);
        }
        profile
    }

    /// The deviations from the standards.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The same profile without the rule of this name. There the browser follows the standards.
    #[must_use]
    pub fn without(&self, rule: &str) -> Self {
        let rest: Vec<_> = self.rules.iter().copied().filter(|other| other.name != rule).collect();
        Self::with_rules(self.engine, &rest)
    }

    /// The same profile without rules: the standards, with what they leave to the browser, such as its `User-Agent`.
    #[must_use]
    pub fn without_rules(&self) -> Self {
        Self::with_rules(self.engine, &[])
    }

    /// The browser of this profile; `None` for the standards.
    pub fn engine(&self) -> Option<Engine> {
        self.engine
    }

    /// The name in lower case: `standard`, `chromium`, `firefox` or `webkit`.
    pub fn name(&self) -> &'static str {
        self.engine.map_or("standard", Engine::as_str)
    }

    /// The `User-Agent` header.
    pub(crate) fn user_agent(&self) -> &'static str {
        match self.engine {
            Some(Engine::Chromium) => {
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
            }
            Some(Engine::Firefox) => "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
            Some(Engine::WebKit) => {
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/60.5 Safari/605.1.15"
            }
            None => "Mozilla/5.0 (compatible; Fetch standard)",
        }
    }

    /// `Accept-Encoding` of secure requests: the content codings that the browser knows.
    pub(crate) fn accept_encoding(&self) -> &'static str {
        match self.engine {
            // libsoup does not know `zstd`.
            Some(Engine::WebKit) => "gzip, deflate, br",
            _ => "gzip, deflate, br, zstd",
        }
    }
}

codes! {
    /// A browser with a [`Profile`] of its own.
    Engine {
        /// Chromium, and the browsers that are based on it, such as Chrome and Edge.
        Chromium = "chromium",
        /// Firefox.
        Firefox = "firefox",
        /// WebKit, the engine of Safari.
        WebKit = "webkit",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// The behaviour of a profile, without its name.
    fn behaviour(profile: &Profile) -> String {
        format!("{:?}", Profile { engine: None, rules: Vec::new(), ..profile.clone() })
    }

    #[rstest]
    #[case::chromium(Profile::chromium())]
    #[case::firefox(Profile::firefox())]
    #[case::webkit(Profile::webkit())]
    fn every_rule_changes_the_behaviour(#[case] profile: Profile) {
        let mut names = std::collections::BTreeSet::new();
        for rule in profile.rules() {
            assert!(names.insert(rule.name), "{} is listed twice", rule.name);
            let without = profile.without(rule.name);
            assert_eq!(without.rules().len(), profile.rules().len() - 1);
            assert_ne!(behaviour(&without), behaviour(&profile), "{}", rule.name);
        }
        let all = names.into_iter().fold(profile.clone(), |rest, name| rest.without(name));
        assert_eq!(behaviour(&all), behaviour(&profile.without_rules()));
        assert_eq!(behaviour(&all), behaviour(&Profile::standard()));
        assert_eq!(all.engine(), profile.engine());
    }

    #[test]
    fn only_rules_of_webkit_are_of_libsoup() {
        let others = [Profile::chromium(), Profile::firefox()];
        assert!(!others.iter().flat_map(Profile::rules).any(Rule::is_of_libsoup));
        let rules = Profile::webkit().rules().to_vec();
        assert_eq!(rules.iter().filter(|rule| rule.is_of_libsoup()).count(), LIBSOUP.len());
    }
}
