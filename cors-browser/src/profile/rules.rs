//! The deviations of browsers from the standards.

use super::{
    CachedNull, DefaultSameSite, ForgetsPreflights, MaxAgeSyntax, OpaqueBlocking, Rule, SandboxedReferrers,
    StorageAccess,
};
use crate::ThirdPartyCookies;

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
    INSECURE_FORMS_ASK_FIRST,
    Rule {
        name: "failed-handshakes-set-no-cookies",
        says: "The response to a WebSocket handshake sets cookies only if its status is 101.",
        source: "observed in Chromium 156",
        change: |profile| profile.failed_handshakes_set_cookies = false,
    },
    Rule {
        name: "handshakes-without-metadata",
        says: "A WebSocket handshake has neither `Sec-Fetch-*` headers nor `Accept`.",
        source: "observed in Chromium 156",
        change: |profile| {
            profile.handshakes_have_metadata = false;
            profile.handshakes_have_accept = false;
        },
    },
    Rule {
        name: "posts-carry-young-cookies",
        says: "A form that posts to another site carries cookies without `SameSite` for two minutes after they were set.",
        source: "RFC 6265bis, section 5.6.7.2, \"Lax-Allowing-Unsafe\" enforcement; net/cookies/cookie_constants.h, `kLaxAllowUnsafeMaxAge`",
        change: |profile| profile.posts_carry_young_cookies = true,
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
    CROSSORIGIN_SENDS_ORIGIN,
    Rule {
        name: "accepts-other-images",
        says: "`Accept` of images is `image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8`.",
        source: "observed in Chromium 156",
        change: |profile| {
            profile.image_accept =
                "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
        },
    },
    Rule {
        name: "unusable-stylesheets-load",
        says: "A stylesheet whose type is not `text/css` is ignored, but its element gets a `load` event and not an `error` event.",
        source: "observed in Chromium 156",
        change: |profile| profile.loads_unusable_stylesheets = true,
    },
    Rule {
        name: "local-network-access",
        says: "A page from a public address needs the user's permission to reach a server on loopback or in the local network, and only a secure page can have it. Pages over HTTPS may fetch such servers over plain HTTP.",
        source: "https://wicg.github.io/local-network-access/, observed in Chromium 156",
        change: |profile| profile.checks_local_network = true,
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
        source: "observed in Chromium 156; crbug.com/571722",
        change: |profile| profile.drops_user_agent = true,
    },
    JOINS_LINES,
    Rule {
        name: "redirects-need-a-location",
        says: "A redirect whose `Location` is missing or empty is an ordinary response, except in redirect mode `manual`.",
        source: "net/http/http_response_headers.cc, `HttpResponseHeaders::IsRedirect`",
        change: |profile| profile.redirects_need_a_location = true,
    },
    Rule {
        name: "manual-redirects-need-a-valid-location",
        says: "In redirect mode `manual`, a redirect to an invalid URL is a network error.",
        source: "observed in Chromium 156",
        change: |profile| profile.checks_manual_redirects = true,
    },
    Rule {
        name: "no-user-info-after-redirects",
        says: "A redirect to a URL with a user name or a password is blocked, even within the page's own origin and in mode `no-cors`.",
        source: "observed in Chromium 156",
        change: |profile| profile.rejects_every_user_info = true,
    },
    EQUAL_LINES_COUNT_ONCE,
    Rule {
        name: "no-cors-redirects-hide-the-origin",
        says: "A request in mode `no-cors` has `Origin: null` after a redirect from the page's own server to another one.",
        source: "observed in Chromium 156",
        change: |profile| profile.no_cors_redirects_hide_origin = true,
    },
    Rule {
        name: "origin-ignores-the-referrer-policy",
        says: "`Origin` does not depend on the referrer policy in the modes `no-cors` and `same-origin`.",
        source: "observed in Chromium 156",
        change: |profile| profile.origin_ignores_referrer_policy = true,
    },
    MISDIRECTED_HANDSHAKES_FAIL,
    REFERRERS_COMPARE_SCHEMES,
    Rule {
        name: "storage-access-on-the-wire",
        says: "Requests to third parties in credentials mode `include` have `Sec-Fetch-Storage-Access`: `active`, or `none` if third-party cookies are blocked.",
        source: "Storage Access Headers, \"The Sec-Fetch-Storage-Access HTTP Request Header\"",
        change: |profile| profile.storage_access = StorageAccess::WithInclude,
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
        source: "observed in Chromium 156",
        change: |profile| profile.encodes_bars = true,
    },
    Rule {
        name: "opaque-origins-cache-no-preflights",
        says: "Preflights with `Origin: null` are not cached: those of pages with an opaque origin, and those after a redirect to a third server.",
        source: "observed in Chromium 156",
        change: |profile| profile.cached_null = CachedNull::Never,
    },
    Rule {
        name: "fewer-blocked-ports",
        says: "The ports 4190 and 6679 are not blocked.",
        source: "net/base/port_util.cc, `kRestrictedPorts`",
        change: |profile| profile.unblocked_ports = &[4190, 6679],
    },
    Rule {
        name: "ranges-are-rewritten",
        says: "A `Range` header with one range is written in its shortest form, so that `bytes=007-010` becomes `bytes=7-10`.",
        source: "observed in Chromium 156",
        change: |profile| profile.rewrites_ranges = true,
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
    Rule {
        name: "network-errors-forget-no-preflight",
        says: "If no response comes, or a redirect in redirect mode `error`, the preflight of the request stays in the cache.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `OnStartRequest`, which removes entries only after it has rejected a response",
        change: |profile| profile.forgets_preflights = ForgetsPreflights::AfterRejectedResponses,
    },
    MIXED_CONTENT_BY_SCHEME,
    INSECURE_FORMS_ASK_FIRST,
    SUBPROTOCOLS_ARE_OPTIONAL,
    Rule {
        name: "unasked-subprotocols-are-ignored",
        says: "A WebSocket opens without a subprotocol if the server chose one although the page asked for none.",
        source: "netwerk/protocol/websocket/WebSocketChannel.cpp, `OnStartRequest`",
        change: |profile| profile.ignores_unasked_subprotocols = true,
    },
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
        change: |profile| profile.third_party_cookies = ThirdPartyCookies::Partitioned,
    },
    Rule {
        name: "accepts-other-images",
        says: "`Accept` of images is `image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5`.",
        source: "observed in Firefox 153",
        change: |profile| {
            profile.image_accept = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";
        },
    },
    Rule {
        name: "accepts-font-types",
        says: "`Accept` of fonts is `application/font-woff2;q=1.0,application/font-woff;q=0.9,*/*;q=0.8`.",
        source: "observed in Firefox 153",
        change: |profile| {
            profile.font_accept = "application/font-woff2;q=1.0,application/font-woff;q=0.9,*/*;q=0.8";
        },
    },
    Rule {
        name: "opaque-responses-are-parsed",
        says: "An `<img>`, `<script>` or `<link>` without `crossorigin` gets an error if the response of the other origin is not an image, a stylesheet or JavaScript.",
        source: "netwerk/base/nsOpaqueResponseUtils.cpp, opaque-response blocking",
        change: |profile| profile.opaque_blocking = OpaqueBlocking::ByParsing,
    },
    Rule {
        name: "storage-access-where-partitioned",
        says: "Requests with credentials to third parties have `Sec-Fetch-Storage-Access: none`, or `inactive` for servers of the site in the address bar, unless the user allows or blocks all third-party cookies.",
        source: "observed in Firefox 153",
        change: |profile| profile.storage_access = StorageAccess::WherePartitioned,
    },
    Rule {
        name: "blocks-partitioned-cookies",
        says: "If the user blocks third-party cookies, cookies with `Partitioned` are blocked as well.",
        source: "`network.cookie.cookieBehavior` = 1, observed in Firefox 153",
        change: |profile| profile.blocks_partitioned_cookies = true,
    },
    Rule {
        name: "host-prefix-without-path",
        says: "A cookie with the prefix `__Host-` can leave out `Path` if its default path is `/`.",
        source: "observed in Firefox 153",
        change: |profile| profile.host_prefix_allows_default_path = true,
    },
    PROXY_CHALLENGES,
    EQUAL_LINES_COUNT_ONCE,
    Rule {
        name: "waits-for-the-body",
        says: "If the body of a response with an ok status breaks off before its first byte, the promise of `fetch()` is rejected. In mode `no-cors`, it is rejected wherever the body breaks off, unless its type is that of an image, a medium, a stylesheet or a script.",
        source: "observed in Firefox 153",
        change: |profile| profile.waits_for_the_body = true,
    },
    Rule {
        name: "broken-error-bodies-are-complete",
        says: "If the body of a response with another status than 200 to 299 breaks off, the part that came counts as the whole body.",
        source: "observed in Firefox 153",
        change: |profile| profile.completes_broken_errors = true,
    },
    Rule {
        name: "no-white-space-before-the-colon",
        says: "A response header with white space before its colon is ignored.",
        source: "netwerk/protocol/http/nsHttpHeaderArray.cpp, `ParseHeaderLine`",
        change: |profile| profile.ignores_spaced_names = true,
    },
    MISDIRECTED_HANDSHAKES_FAIL,
    REFERRERS_COMPARE_SCHEMES,
    Rule {
        name: "sandboxed-frames-have-referrers",
        says: "A link, a form or an `EventSource` of a sandboxed frame has a `Referer`: the origin of the frame's URL.",
        source: "observed in Firefox 153",
        change: |profile| profile.sandboxed_referrers = SandboxedReferrers::OfNavigations,
    },
    Rule {
        name: "ipv6-addresses-have-no-site",
        says: "`Sec-Fetch-Site` of a request to another port of the same IPv6 address is `cross-site`.",
        source: "observed in Firefox 153",
        change: |profile| profile.ipv6_addresses_have_sites = false,
    },
    Rule {
        name: "misdirected-types-add-up",
        says: "If a request is repeated after a 421, the response has the `Content-Type` of both responses.",
        source: "observed in Firefox 153",
        change: |profile| profile.misdirected_types_add_up = true,
    },
    Rule {
        name: "redirects-recase-content-type",
        says: "A redirected request writes `Content-Type` in this casing, whatever the script wrote.",
        source: "observed in Firefox 153",
        change: |profile| profile.redirects_recase_content_type = true,
    },
    Rule {
        name: "last-content-type-wins",
        says: "If a script sets `Content-Type` twice, only the last value is sent.",
        source: "observed in Firefox 153",
        change: |profile| profile.last_content_type_wins = true,
    },
    Rule {
        name: "data-urls-have-a-length",
        says: "The response of a `data:` URL has a `Content-Length`.",
        source: "observed in Firefox 153",
        change: |profile| profile.data_urls_have_a_length = true,
    },
    Rule {
        name: "empty-lines-are-left-out",
        says: "An empty line of a response header that is present more than once is left out.",
        source: "netwerk/protocol/http/nsHttpHeaderArray.cpp, `MergeHeader`",
        change: |profile| profile.joins_empty_lines = false,
    },
    Rule {
        name: "tabs-in-locations-are-escaped",
        says: "A tab in a `Location` becomes `%09`. The standard leaves it out.",
        source: "observed in Firefox 153",
        change: |profile| profile.escapes_location_tabs = true,
    },
    Rule {
        name: "bytes-beyond-ascii-are-unsafe",
        says: "A byte beyond ASCII in `Accept` or `Content-Type` needs a preflight.",
        source: "observed in Firefox 153",
        change: |profile| profile.bytes_beyond_ascii_are_unsafe = true,
    },
    Rule {
        name: "content-type-parameters-are-parsed",
        says: "A `Content-Type` with a comma in its parameters, or with a semicolon after them, needs a preflight.",
        source: "observed in Firefox 153",
        change: |profile| profile.strict_content_types = true,
    },
    COMMAS_IN_QUOTES_SEPARATE,
];

/// The rules of WebKit.
pub(super) const WEBKIT: &[Rule] = &[
    SUBPROTOCOLS_ARE_OPTIONAL,
    REFERRERS_COMPARE_SCHEMES,
    Rule {
        name: "forms-ignore-the-default-policy",
        says: "A form on a secure page that posts to an insecure server has the page's `Origin`, if the page has the default referrer policy.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.forms_ignore_default_policy = true,
    },
    Rule {
        name: "origin-ignores-policies-of-redirects",
        says: "`Referrer-Policy` on a redirect has no influence on the `Origin` of a request in mode `no-cors`.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.origin_keeps_first_policy = true,
    },
    CROSSORIGIN_SENDS_ORIGIN,
    Rule {
        name: "accepts-other-images",
        says: "`Accept` of images is `image/webp,image/avif,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5`.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| {
            profile.image_accept =
                "image/webp,image/avif,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";
        },
    },
    Rule {
        name: "fonts-without-cors",
        says: "A font is requested without CORS and with credentials, so that it needs no permission of its server.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.requests_fonts_with_cors = false,
    },
    Rule {
        name: "no-credentialless",
        says: "`Cross-Origin-Embedder-Policy: credentialless` has no effect.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.knows_credentialless = false,
    },
    Rule {
        name: "handshakes-without-accept",
        says: "A WebSocket handshake has no `Accept`.",
        source: "Source/WebCore/Modules/websockets/ThreadableWebSocketChannel.cpp, `webSocketConnectRequest`",
        change: |profile| profile.handshakes_have_accept = false,
    },
    Rule {
        name: "handshakes-name-their-destination",
        says: "`Sec-Fetch-Dest` of a WebSocket handshake is `websocket`, not `empty`.",
        source: "Source/WebCore/Modules/websockets/ThreadableWebSocketChannel.cpp, `webSocketConnectRequest`",
        change: |profile| profile.handshake_destination = "websocket",
    },
    Rule {
        name: "no-sec-fetch-user",
        says: "Navigations have no `Sec-Fetch-User`.",
        source: "Source/WebCore/loader/cache/CachedResourceLoader.cpp, `updateRequestFetchMetadataHeaders`",
        change: |profile| profile.sends_fetch_user = false,
    },
    Rule {
        name: "no-cors-redirects-keep-credentials",
        says: "A request in mode `no-cors` and credentials mode `same-origin` carries cookies after a redirect from the page's own server to another one.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.no_cors_redirects_keep_credentials = true,
    },
    Rule {
        name: "redirects-drop-metadata",
        says: "A request in mode `cors` has no `Sec-Fetch-*` headers after a redirect to another origin. Its preflight has them.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.metadata_survives_redirects = false,
    },
    Rule {
        name: "upgrades-over-http-only",
        says: "Navigations have `Upgrade-Insecure-Requests` only over plain HTTP.",
        source: "Source/WebCore/loader/cache/CachedResourceLoader.cpp, `requestResource`",
        change: |profile| profile.secure_navigations_ask_for_upgrades = false,
    },
    Rule {
        name: "sandboxed-frames-have-referrers",
        says: "The requests of a sandboxed frame have the URL of the frame as their referrer, although its origin is opaque.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.sandboxed_referrers = SandboxedReferrers::Always,
    },
    Rule {
        name: "preflights-copy-user-agent",
        says: "A preflight has the `User-Agent` that a script has set for its request.",
        source: "Source/WebKit/NetworkProcess/NetworkCORSPreflightChecker.cpp, `startPreflight`",
        change: |profile| profile.preflights_have_user_agent = true,
    },
    Rule {
        name: "known-headers-in-its-own-spelling",
        says: "The names of headers that WebKit knows, such as `Content-Type`, are written in its own spelling, whatever the script wrote.",
        source: "Source/WebCore/platform/network/HTTPHeaderNames.in",
        change: |profile| profile.respells_known_headers = true,
    },
    Rule {
        name: "max-age-ten-minutes",
        says: "A preflight is cached for 600 s at most.",
        source: "Source/WebCore/loader/CrossOriginPreflightResultCache.cpp, `maxPreflightCacheTimeout`",
        change: |profile| profile.max_age_cap = 600,
    },
    Rule {
        name: "max-age-is-a-signed-integer",
        says: "`Access-Control-Max-Age` is a signed integer of 64 bits: `+600` is 600, and a negative number counts as 0. Any other value, and a number that does not fit, counts as missing.",
        source: "Source/WebCore/loader/CrossOriginPreflightResultCache.cpp, `parseAccessControlMaxAge`",
        change: |profile| profile.max_age_syntax = MaxAgeSyntax::SignedInteger,
    },
    Rule {
        name: "wildcard-covers-authorization",
        says: "`Access-Control-Allow-Headers: *` covers `Authorization`.",
        source: "Source/WebCore/loader/CrossOriginPreflightResultCache.cpp, `validateCrossOriginHeaders`",
        change: |profile| profile.wildcard_covers_authorization = true,
    },
    Rule {
        name: "newest-preflight-replaces",
        says: "The response to a preflight replaces all cached entries for the same page and URL, with or without credentials, and is not added to them.",
        source: "Source/WebCore/loader/CrossOriginPreflightResultCache.cpp, `appendEntry`",
        change: |profile| profile.caches_newest_preflight = true,
    },
    Rule {
        name: "preflights-by-top-level-origin",
        says: "A preflight that is cached for a frame does not serve frames in pages of other origins, not even of the same site.",
        source: "Source/WebCore/loader/CrossOriginPreflightResultCache.cpp, `appendEntry`, whose key has the top-level origin",
        change: |profile| profile.caches_by_top_level_origin = true,
    },
    Rule {
        name: "opaque-origins-cache-by-document",
        says: "A preflight of a page with an opaque origin is cached for that page alone. After a redirect to a third server, preflights with `Origin: null` are not cached.",
        source: "Source/WebKit/NetworkProcess/NetworkLoadChecker.cpp, `checkCORSRedirectedRequest`, which makes a unique origin",
        change: |profile| profile.cached_null = CachedNull::ByDocument,
    },
    Rule {
        name: "broken-preflights-and-redirects-fail",
        says: "A preflight or a redirect whose body breaks off is a network error.",
        source: "Source/WebKit/NetworkProcess/NetworkCORSPreflightChecker.cpp, `didCompleteWithError`; Source/WebKit/NetworkProcess/soup/NetworkDataTaskSoup.cpp, `skipInputStreamForRedirectionCallback`",
        change: |profile| profile.reads_dropped_bodies = true,
    },
    Rule {
        name: "cached-wildcard-covers-authorization",
        says: "A cached `Access-Control-Allow-Headers: *` covers `Authorization`.",
        source: "Source/WebCore/loader/CrossOriginPreflightResultCache.cpp, `validateCrossOriginHeaders`",
        change: |profile| profile.cached_wildcard_covers_authorization = true,
    },
    FAILURES_FORGET_NO_PREFLIGHT,
    MIXED_CONTENT_BY_SCHEME,
    Rule {
        name: "loopback-is-mixed-content",
        says: "A page over HTTPS must not fetch over HTTP, not even from `localhost`.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.trusts_loopback_servers = false,
    },
    Rule {
        name: "asks-for-dropped-authorization",
        says: "A preflight after a redirect to another origin asks for `authorization`, although the redirect drops the header.",
        source: "Source/WebKit/NetworkProcess/NetworkLoadChecker.cpp, `checkCORSRequestWithPreflight`, which asks for the headers of the first request",
        change: |profile| profile.asks_for_dropped_authorization = true,
    },
    Rule {
        name: "sandboxed-frames-are-same-site",
        says: "A sandboxed frame in a page of its own site sends `Strict` and `Lax` cookies.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.sandboxed_frames_are_same_site = true,
    },
    Rule {
        name: "preflighted-once-preflighted-always",
        says: "A request that needed a preflight gets one after each redirect, even if it does not need one any more.",
        source: "Source/WebKit/NetworkProcess/NetworkLoadChecker.cpp, `checkCORSRequestWithPreflight`, which sets `m_isSimpleRequest`",
        change: |profile| profile.preflights_stay = true,
    },
    Rule {
        name: "same-site-ignores-scheme",
        says: "The `http:` version of a site counts as same-site to `SameSite` cookies.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.same_site_considers_scheme = false,
    },
    Rule {
        name: "same-site-defaults-to-none",
        says: "A cookie without `SameSite` is sent with cross-site requests.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.default_same_site = DefaultSameSite::None,
    },
    Rule {
        name: "locations-are-joined",
        says: "Several `Location` lines are joined to one URL by a comma and a space.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.joins_locations = true,
    },
    Rule {
        name: "locations-are-latin-1",
        says: "Each byte of a `Location` beyond ASCII is one character, which is then sent as UTF-8: `/é` in UTF-8 becomes `/%C3%83%C2%A9`.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.reads_locations_as_latin1 = true,
    },
    Rule {
        name: "get-keeps-its-origin-header",
        says: "A request within one origin keeps its `Origin` header if a redirect changes its method to `GET`.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.keeps_origin_after_post = true,
    },
    Rule {
        name: "ranges-are-read-leniently",
        says: "`Range` needs no preflight with a unit in any case, and with plus signs before its numbers, but needs one with a number of more than 64 bits.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.reads_ranges_leniently = true,
    },
    COMMAS_IN_QUOTES_SEPARATE,
    JOINS_LINES,
    PROXY_CHALLENGES,
    Rule {
        name: "empty-locations-are-invalid",
        says: "A redirect with an empty `Location` is a network error. By the standard it leads to the same URL.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.rejects_empty_locations = true,
    },
];

/// The rules of WebKitGTK that come from its HTTP library libsoup, and from the code that connects WebKit to it. Safari has another
/// HTTP library.
pub(super) const LIBSOUP: &[Rule] = &[
    Rule {
        name: "delete-becomes-get",
        says: "A redirect to another origin makes `GET` of `DELETE`.",
        source: "Source/WebKit/NetworkProcess/soup/NetworkDataTaskSoup.cpp, `shouldRedirectAsGET`",
        change: |profile| profile.delete_becomes_get = true,
    },
    Rule {
        name: "newer-codings-need-https",
        says: "`Accept-Encoding` is `gzip, deflate` over plain HTTP, also for servers on loopback.",
        source: "libsoup/content-decoder/soup-content-decoder.c, `soup_content_decoder_request_queued`",
        change: |profile| profile.newer_codings_need_https = true,
    },
    Rule {
        name: "logins-replace-authorization",
        says: "A remembered login replaces the `Authorization` that a script has set, if the request includes credentials.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.logins_replace_authorization = true,
    },
    Rule {
        name: "handshakes-follow-redirects",
        says: "A WebSocket handshake follows redirects. By the standard they make it fail.",
        source: "observed in WebKitGTK 2.50.6; Source/WebKit/NetworkProcess/soup/WebSocketTaskSoup.cpp, which calls `soup_session_websocket_connect_async`",
        change: |profile| profile.follows_handshake_redirects = true,
    },
    Rule {
        name: "same-site-cookies-from-other-sites",
        says: "`Lax` and `Strict` cookies in a response to another site's page are stored.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.stores_same_site_cookies_from_other_sites = true,
    },
    Rule {
        name: "same-site-none-without-secure",
        says: "A cookie with `SameSite=None` and without `Secure` is stored.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.none_needs_secure = false,
    },
    Rule {
        name: "cookie-prefixes-mean-nothing",
        says: "Cookies whose names begin with `__Host-` or `__Secure-` are stored like others.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.enforces_cookie_prefixes = false,
    },
    Rule {
        name: "same-site-none-replaces-nothing",
        says: "`SameSite=None` does not replace an earlier `SameSite` of the same cookie, so that `SameSite=Strict; SameSite=None` is `Strict`.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.none_replaces_nothing = true,
    },
    Rule {
        name: "partitioned-means-nothing",
        says: "Cookies with `Partitioned` are stored like others.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.knows_partitioned = false,
    },
    Rule {
        name: "cookies-by-domain",
        says: "The cookies of a host come before those of its parent domains, even if these are older.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.sorts_cookies_by_domain = true,
    },
    Rule {
        name: "error-mode-needs-a-location",
        says: "In redirect mode `error`, a redirect status without a `Location` is an ordinary response.",
        source: "Source/WebKit/NetworkProcess/soup/NetworkDataTaskSoup.cpp, `shouldStartHTTPRedirection`",
        change: |profile| profile.error_mode_needs_location = true,
    },
    Rule {
        name: "statuses-from-309-are-redirects",
        says: "A response with a status from 309 to 399 and a `Location` is a redirect.",
        source: "Source/WebKit/NetworkProcess/soup/NetworkDataTaskSoup.cpp, `shouldStartHTTPRedirection`",
        change: |profile| profile.redirects_from_309 = true,
    },
    Rule {
        name: "broken-chunks-are-complete",
        says: "If the body of a response without `Content-Length` breaks off, the part that came counts as the whole body.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.completes_broken_chunks = true,
    },
    Rule {
        name: "spaced-names-are-ignored",
        says: "A response header with white space before its colon is ignored.",
        source: "libsoup/soup-headers.c, `soup_headers_parse`",
        change: |profile| profile.ignores_spaced_names = true,
    },
    Rule {
        name: "response-headers-are-repaired",
        says: "If a response header is not valid UTF-8, each wrong byte becomes U+FFFD in UTF-8, which the page reads as three characters.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.repairs_utf8 = true,
    },
    Rule {
        name: "request-headers-are-utf-8",
        says: "Characters beyond ASCII in request headers are sent as UTF-8. The standard sends one byte for each.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.sends_utf8 = true,
    },
    Rule {
        name: "percent-encodings-are-normalized",
        says: "Percent-encodings in URLs are normalized: `%61` is sent as `a`, and `%e2` as `%E2`.",
        source: "observed in WebKitGTK 2.50.6",
        change: |profile| profile.normalizes_percent_encoding = true,
    },
];

const SUBPROTOCOLS_ARE_OPTIONAL: Rule = Rule {
    name: "subprotocols-are-optional",
    says: "A WebSocket opens without a subprotocol if the page asked for some and the server chose none.",
    source: "observed in Firefox 153 and WebKitGTK 2.50.6",
    change: |profile| profile.subprotocols_are_optional = true,
};

const JOINS_LINES: Rule = Rule {
    name: "joins-lines-before-the-safelist",
    says: "The lines of a header that a script sets twice are joined before they are compared with the safelist: `Content-Type: text/plain` twice needs a preflight.",
    source: "observed in Chromium 156 and WebKitGTK 2.50.6",
    change: |profile| profile.joins_before_safelisting = true,
};

const PROXY_CHALLENGES: Rule = Rule {
    name: "proxy-challenges-are-readable",
    says: "A page can read a response with the status 407.",
    source: "observed in Firefox 153 and WebKitGTK 2.50.6",
    change: |profile| profile.reads_proxy_challenges = true,
};

const COMMAS_IN_QUOTES_SEPARATE: Rule = Rule {
    name: "commas-in-quotes-separate",
    says: "In `X-HTTP-Method`, `X-HTTP-Method-Override` and `X-Method-Override`, a comma separates two methods even in quotes.",
    source: "observed in Firefox 153 and WebKitGTK 2.50.6",
    change: |profile| profile.splits_quoted_methods = true,
};

const EQUAL_LINES_COUNT_ONCE: Rule = Rule {
    name: "equal-lines-count-once",
    says: "Equal lines of `Location` count as one. A response with different lines of `Location`, `Content-Disposition` or `Content-Length` is a network error.",
    source: "observed in Chromium 156 and Firefox 153",
    change: |profile| profile.equal_lines_count_once = true,
};

const MISDIRECTED_HANDSHAKES_FAIL: Rule = Rule {
    name: "misdirected-handshakes-fail",
    says: "A WebSocket handshake that is answered with 421 fails. The standard repeats it.",
    source: "observed in Chromium 156 and Firefox 153",
    change: |profile| profile.repeats_misdirected_handshakes = false,
};

const REFERRERS_COMPARE_SCHEMES: Rule = Rule {
    name: "referrers-compare-schemes",
    says: "A request from `https:` to `http:` has no `Referer`, even if the server is on loopback. One from `http://localhost` to `http:` has it.",
    source: "observed in Chromium 156, Firefox 153 and WebKitGTK 2.50.6",
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
    change: |profile| profile.forgets_preflights = ForgetsPreflights::Never,
};

const MIXED_CONTENT_BY_SCHEME: Rule = Rule {
    name: "mixed-content-by-scheme",
    says: "Only pages over HTTPS must not fetch from insecure servers. Pages of `http://localhost` may.",
    source: "observed in Chromium 156 and Firefox 153",
    change: |profile| profile.restricts_loopback_pages = false,
};

const INSECURE_FORMS_ASK_FIRST: Rule = Rule {
    name: "insecure-forms-ask-first",
    says: "Before a form on a secure page is submitted to an insecure server, the browser asks the user. The user of the model declines.",
    source: "observed in Chromium 156 and Firefox 153; Mixed Content, section 8.1, \"Form Submission\"",
    change: |profile| profile.asks_before_insecure_forms = true,
};

const CHALLENGES_OF_OTHER_ORIGINS: Rule = Rule {
    name: "challenges-of-other-origins",
    says: "If a request with credentials gets a 401 from another origin, the browser asks the user.",
    source: "the CORS FAQ, \"How do the Authorization and WWW-Authenticate headers work with CORS?\"",
    change: |profile| profile.answers_foreign_challenges = true,
};

const CROSSORIGIN_SENDS_ORIGIN: Rule = Rule {
    name: "crossorigin-sends-origin",
    says: "An element with `crossorigin` sends `Origin` to the page's own server as well; in Chromium a font, too.",
    source: "observed in Chromium 156 and WebKitGTK 2.50.6",
    change: |profile| profile.cors_elements_send_origin = true,
};
