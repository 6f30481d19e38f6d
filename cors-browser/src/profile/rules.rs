//! The deviations of browsers from the standards.

use super::{DefaultSameSite, MaxAgeSyntax, OpaqueBlocking, Rule};

/// The rules of Chromium.
pub(super) const CHROMIUM: &[Rule] = &[
    Rule {
        name: "max-age-two-hours",
        says: "A preflight is cached for 7,200 s at most.",
        source: "services/network/cors/preflight_result.cc, `kMaxTimeout`",
        change: |profile| profile.max_age_cap = 7_200,
    },
    Rule {
        name: "max-age-is-a-signed-integer",
        says: "`Access-Control-Max-Age` is a signed integer of 64 bits: `+600` is 600, and a negative number counts as 0. Any other value, and a number that does not fit, counts as missing.",
        source: "services/network/cors/preflight_result.cc, `ParseAccessControlMaxAge`",
        change: |profile| profile.max_age_syntax = MaxAgeSyntax::SignedInteger,
    },
    Rule {
        name: "wildcard-covers-authorization",
        says: "`Access-Control-Allow-Headers: *` covers `Authorization` in the response to a preflight, but not in the cache.",
        source: "services/network/public/cpp/features.cc, `kCorsNonWildcardRequestHeadersSupport`, which is off by default",
        change: |profile| profile.wildcard_covers_authorization = true,
    },
    Rule {
        name: "newest-preflight-replaces",
        says: "The response to a preflight replaces all cached entries for the same page and URL, with or without credentials, and is not added to them.",
        source: "services/network/cors/preflight_cache.cc, `PreflightCache::AppendEntry`",
        change: |profile| profile.caches_newest_preflight = true,
    },
    CHALLENGES_OF_OTHER_ORIGINS,
    FAILURES_FORGET_NO_PREFLIGHT,
    MIXED_CONTENT_BY_SCHEME,
    Rule {
        name: "same-site-ignores-redirects",
        says: "A redirect through another site does not make a request cross-site to cookies.",
        source: "net/base/features.cc, `kCookieSameSiteConsidersRedirectChain`, which is off by default",
        change: |profile| profile.same_site_considers_redirects = false,
    },
    Rule {
        name: "data-pages-may-not-ask-for-cookies",
        says: "`document.cookie` throws in a page with a `data:` URL. In HTML, it is empty.",
        source: "third_party/blink/renderer/core/dom/document.cc, `Document::cookie`",
        change: |profile| profile.data_pages_throw = true,
    },
    LOOPBACK_IS_SECURE_FOR_COOKIES,
    Rule {
        name: "opaque-responses-are-sniffed",
        says: "An `<img>`, `<script>` or `<link>` without `crossorigin` gets an error if the response of the other origin looks like JSON, HTML or XML.",
        source: "services/network/orb/orb_impl.cc, opaque-response blocking \"v0.1\"",
        change: |profile| profile.opaque_blocking = OpaqueBlocking::BySniffing,
    },
    Rule {
        name: "uploads-with-a-body-only",
        says: "A listener for upload events leads to a preflight only if the `XMLHttpRequest` has a body.",
        source: "third_party/blink/renderer/core/xmlhttprequest/xml_http_request.cc, `CreateRequest`",
        change: |profile| profile.observes_uploads_only = true,
    },
    Rule {
        name: "crossorigin-sends-origin",
        says: "An element with `crossorigin`, and a font, send `Origin` to the page's own server as well.",
        source: "third_party/blink/renderer/platform/loader/fetch/fetch_parameters.cc, `SetCrossOriginAccessControl`",
        change: |profile| profile.cors_elements_send_origin = true,
    },
    Rule {
        name: "unusable-stylesheets-load",
        says: "A stylesheet whose type is not `text/css` is ignored, but its element gets a `load` event and not an `error` event.",
        source: "observed in Chromium 156",
        change: |profile| profile.loads_unusable_stylesheets = true,
    },
    Rule {
        name: "client-hints-are-safelisted",
        says: "`Device-Memory`, `DPR`, `Downlink`, `ECT`, `RTT`, `Save-Data`, `Viewport-Width` and `Width` with valid values, and `Intervention` with any value, need no preflight.",
        source: "services/network/public/cpp/cors/cors.cc, `IsCorsSafelistedHeader`",
        change: |profile| profile.safelists_client_hints = true,
    },
    Rule {
        name: "scripts-may-not-set-user-agent",
        says: "A script's `User-Agent` is dropped, and needs no preflight.",
        source: "observed in Chromium 148; crbug.com/571722",
        change: |profile| profile.drops_user_agent = true,
    },
    Rule {
        name: "joins-lines-before-the-safelist",
        says: "The lines of a header that a script sets twice are joined before they are compared with the safelist: `Content-Type: text/plain` twice needs a preflight.",
        source: "observed in Chromium 148",
        change: |profile| profile.joins_before_safelisting = true,
    },
    Rule {
        name: "redirects-need-a-location",
        says: "A redirect whose `Location` is missing or empty is an ordinary response, except in redirect mode `manual`.",
        source: "net/http/http_response_headers.cc, `HttpResponseHeaders::IsRedirect`",
        change: |profile| profile.redirects_need_a_location = true,
    },
    Rule {
        name: "manual-redirects-need-a-valid-location",
        says: "In redirect mode `manual`, a redirect to an invalid URL is a network error.",
        source: "observed in Chromium 148",
        change: |profile| profile.checks_manual_redirects = true,
    },
    Rule {
        name: "no-user-info-after-redirects",
        says: "A redirect to a URL with a user name or a password is blocked, even within the page's own origin and in mode `no-cors`.",
        source: "observed in Chromium 148",
        change: |profile| profile.rejects_every_user_info = true,
    },
    EQUAL_LINES_COUNT_ONCE,
    Rule {
        name: "no-cors-redirects-hide-the-origin",
        says: "A request in mode `no-cors` has `Origin: null` after a redirect from the page's own server to another one.",
        source: "observed in Chromium 148",
        change: |profile| profile.no_cors_redirects_hide_origin = true,
    },
    Rule {
        name: "origin-ignores-the-referrer-policy",
        says: "`Origin` does not depend on the referrer policy in the modes `no-cors` and `same-origin`.",
        source: "observed in Chromium 148",
        change: |profile| profile.origin_ignores_referrer_policy = true,
    },
    REFERRERS_COMPARE_SCHEMES,
    Rule {
        name: "storage-access-on-the-wire",
        says: "Cross-site requests with credentials have `Sec-Fetch-Storage-Access: active`.",
        source: "Storage Access Headers, \"The Sec-Fetch-Storage-Access HTTP Request Header\"",
        change: |profile| profile.sends_storage_access = true,
    },
    Rule {
        name: "plain-preflights-have-a-mode",
        says: "Preflights to servers that are not trustworthy have `Sec-Fetch-Mode`, but no other header of Fetch Metadata.",
        source: "services/network/cors/preflight_controller.cc, `CreatePreflightRequest`",
        change: |profile| profile.plain_preflights_have_a_mode = true,
    },
    Rule {
        name: "bars-in-paths-are-encoded",
        says: "`|` in a path is sent as `%7C`.",
        source: "observed in Chromium 148",
        change: |profile| profile.encodes_bars = true,
    },
];

/// The rules of Firefox.
pub(super) const FIREFOX: &[Rule] = &[
    Rule {
        name: "max-age-one-day",
        says: "A preflight is cached for 86,400 s at most.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `AddResultToCache`",
        change: |profile| profile.max_age_cap = 86_400,
    },
    Rule {
        name: "unparsable-max-age-is-not-cached",
        says: "A preflight whose `Access-Control-Max-Age` is not a number is not cached. An empty value counts as missing.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `AddResultToCache`",
        change: |profile| profile.max_age_syntax = MaxAgeSyntax::DigitsOrNothing,
    },
    Rule {
        name: "no-wildcards-in-the-cache",
        says: "A cached `*` covers nothing: only names count.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `CheckRequest`, which compares names",
        change: |profile| profile.caches_wildcards = false,
    },
    Rule {
        name: "cache-by-credentials",
        says: "A preflight that was cached for requests with credentials does not serve requests without.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `GetEntry`, whose key has the credentials mode",
        change: |profile| profile.caches_share_credentials = false,
    },
    Rule {
        name: "cache-knows-head-by-name",
        says: "`HEAD` needs a preflight unless the cache lists it by name.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `CheckRequest`",
        change: |profile| profile.caches_exempt_head = false,
    },
    Rule {
        name: "wildcard-covers-authorization",
        says: "`Access-Control-Allow-Headers: *` covers `Authorization`.",
        source: "`network.cors_preflight.authorization_covered_by_wildcard`, which is on by default",
        change: |profile| profile.wildcard_covers_authorization = true,
    },
    CHALLENGES_OF_OTHER_ORIGINS,
    FAILURES_FORGET_NO_PREFLIGHT,
    MIXED_CONTENT_BY_SCHEME,
    Rule {
        name: "preflighted-once-preflighted-always",
        says: "A request that needed a preflight gets one after each redirect to another origin, even if it does not need one any more.",
        source: "observed in Firefox 153: the names of unsafe headers stay with the request",
        change: |profile| profile.preflights_stay = true,
    },
    Rule {
        name: "preflights-name-the-page",
        says: "A preflight after a redirect has the page's `Origin`, although the request itself has `Origin: null`.",
        source: "observed in Firefox 153",
        change: |profile| profile.preflights_name_the_page = true,
    },
    Rule {
        name: "asks-for-each-line",
        says: "A preflight lists a header twice that the page has set twice.",
        source: "observed in Firefox 153",
        change: |profile| profile.asks_once_for_repeated_names = false,
    },
    Rule {
        name: "logins-by-top-level-site",
        says: "Logins for cross-site servers are partitioned by top-level site.",
        source: "MDN, \"State Partitioning\": HTTP authentication",
        change: |profile| profile.partitions_logins = true,
    },
    Rule {
        name: "same-site-ignores-scheme",
        says: "The `http:` version of a site counts as same-site to `SameSite` cookies.",
        source: "`network.cookie.sameSite.schemeful`, which is off by default",
        change: |profile| profile.same_site_considers_scheme = false,
    },
    Rule {
        name: "same-site-defaults-to-none",
        says: "A cookie without `SameSite` is sent with cross-site requests.",
        source: "`network.cookie.sameSite.laxByDefault`, which is off by default",
        change: |profile| profile.default_same_site = DefaultSameSite::None,
    },
    LOOPBACK_IS_SECURE_FOR_COOKIES,
    Rule {
        name: "jars-by-top-level-site",
        says: "Cookies of cross-site servers are partitioned by top-level site.",
        source: "MDN, \"State Partitioning\": Total Cookie Protection",
        change: |profile| profile.partitions_cookies = true,
    },
    Rule {
        name: "opaque-responses-are-parsed",
        says: "An `<img>`, `<script>` or `<link>` without `crossorigin` gets an error if the response of the other origin is not an image, a stylesheet or JavaScript.",
        source: "netwerk/base/nsOpaqueResponseUtils.cpp, opaque-response blocking",
        change: |profile| profile.opaque_blocking = OpaqueBlocking::ByParsing,
    },
    Rule {
        name: "proxy-challenges-are-readable",
        says: "A page can read a response with the status 407.",
        source: "observed in Firefox 140",
        change: |profile| profile.reads_proxy_challenges = true,
    },
    EQUAL_LINES_COUNT_ONCE,
    Rule {
        name: "waits-for-the-body",
        says: "If the body of a response with an ok status breaks off before its first byte, the promise of `fetch()` is rejected. In mode `no-cors` and without a `Content-Type`, it is rejected if fewer than 512 bytes came.",
        source: "observed in Firefox 140",
        change: |profile| profile.waits_for_the_body = true,
    },
    Rule {
        name: "broken-error-bodies-are-complete",
        says: "If the body of a response with another status than 200 to 299 breaks off, the part that came counts as the whole body.",
        source: "observed in Firefox 140",
        change: |profile| profile.completes_broken_errors = true,
    },
    Rule {
        name: "no-white-space-before-the-colon",
        says: "A response header with white space before its colon is ignored.",
        source: "netwerk/protocol/http/nsHttpHeaderArray.cpp, `ParseHeaderLine`",
        change: |profile| profile.ignores_spaced_names = true,
    },
    REFERRERS_COMPARE_SCHEMES,
    Rule {
        name: "ranges-may-be-encoded",
        says: "A request with `Range` accepts the usual content codings as well as `identity`.",
        source: "observed in Firefox 140",
        change: |profile| profile.ranges_may_be_encoded = true,
    },
    Rule {
        name: "data-urls-have-a-length",
        says: "The response of a `data:` URL has a `Content-Length`.",
        source: "observed in Firefox 140",
        change: |profile| profile.data_urls_have_a_length = true,
    },
];

const EQUAL_LINES_COUNT_ONCE: Rule = Rule {
    name: "equal-lines-count-once",
    says: "Equal lines of `Location` count as one. A response with different lines of `Location`, `Content-Disposition` or `Content-Length` is a network error.",
    source: "observed in Chromium 148 and Firefox 140",
    change: |profile| profile.equal_lines_count_once = true,
};

const REFERRERS_COMPARE_SCHEMES: Rule = Rule {
    name: "referrers-compare-schemes",
    says: "A request from `https:` to `http:` has no `Referer`, even if the server is on loopback. One from `http://localhost` to `http:` has it.",
    source: "observed in Chromium 148 and Firefox 140",
    change: |profile| profile.referrers_compare_schemes = true,
};

const LOOPBACK_IS_SECURE_FOR_COOKIES: Rule = Rule {
    name: "loopback-is-secure-for-cookies",
    says: "A server on loopback can set and receive `Secure` cookies over plain HTTP.",
    source: "MDN, \"Set-Cookie\", `Secure`: localhost is exempt",
    change: |profile| profile.trusts_loopback_cookies = true,
};

const FAILURES_FORGET_NO_PREFLIGHT: Rule = Rule {
    name: "failures-forget-no-preflight",
    says: "A network error leaves the preflight of the request in the cache.",
    source: "observed in Chromium 156 and Firefox 153",
    change: |profile| profile.failures_forget_preflights = false,
};

const MIXED_CONTENT_BY_SCHEME: Rule = Rule {
    name: "mixed-content-by-scheme",
    says: "Only pages over HTTPS must not fetch from insecure servers. Pages of `http://localhost` may.",
    source: "observed in Chromium 156 and Firefox 153",
    change: |profile| profile.restricts_loopback_pages = false,
};

const CHALLENGES_OF_OTHER_ORIGINS: Rule = Rule {
    name: "challenges-of-other-origins",
    says: "If a request with credentials gets a 401 from another origin, the browser asks the user.",
    source: "the CORS FAQ, \"How do the Authorization and WWW-Authenticate headers work with CORS?\"",
    change: |profile| profile.answers_foreign_challenges = true,
};
