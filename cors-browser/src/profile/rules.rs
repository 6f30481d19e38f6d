//! The deviations of browsers from the standards.

use super::{DefaultSameSite, Rule, UnparsableMaxAge};

/// The rules of Chromium.
pub(super) const CHROMIUM: &[Rule] = &[
    Rule {
        name: "max-age-two-hours",
        says: "A preflight is cached for 7,200 s at most.",
        source: "services/network/cors/preflight_result.cc, `kMaxTimeout`",
        change: |profile| profile.max_age_cap = 7_200,
    },
    Rule {
        name: "negative-max-age-is-zero",
        says: "A negative `Access-Control-Max-Age` counts as 0. Any other value that is not a number counts as missing.",
        source: "services/network/cors/preflight_result.cc, `ParseAccessControlMaxAge`",
        change: |profile| profile.unparsable_max_age = UnparsableMaxAge::NegativeIsZero,
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
        says: "A WebSocket handshake has no `Sec-Fetch-*` headers.",
        source: "observed in Chromium 156",
        change: |profile| profile.handshakes_have_metadata = false,
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
        says: "A preflight whose `Access-Control-Max-Age` is not a number is not cached.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `AddResultToCache`",
        change: |profile| profile.unparsable_max_age = UnparsableMaxAge::NotCached,
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
    INSECURE_FORMS_ASK_FIRST,
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
];

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
