//! Whose behaviour a browser follows.

use std::fmt;

/// What a browser does where browsers differ.
///
/// It is the standards, changed by the browser's [`rules`](Self::rules). Each field that they change is something on which at least
/// two of the profiles disagree.
#[derive(Clone, Debug)]
pub struct Profile {
    name: &'static str,
    rules: Vec<Rule>,
    /// Fetch, "cache entry", the "imposed limit on max-age", in seconds.
    pub(super) max_age_cap: u64,
    /// What becomes of an `Access-Control-Max-Age` that is there and cannot be parsed.
    pub(super) unparsable_max_age: UnparsableMaxAge,
    /// Whether a cached `*` still stands for every method or header.
    pub(super) caches_wildcards: bool,
    /// Whether a cached preflight for requests with credentials also serves requests without.
    pub(super) caches_share_credentials: bool,
    /// Whether a preflight takes the place of everything that was remembered for its origin and URL.
    pub(super) caches_newest_preflight: bool,
    /// Whether `HEAD` needs no cached method.
    pub(super) caches_exempt_head: bool,
    /// Whether `Access-Control-Allow-Headers: *` covers `Authorization`, against Fetch.
    pub(super) wildcard_covers_authorization: bool,
    /// Whether a challenge of another origin makes the browser ask the user, against Fetch.
    pub(super) answers_foreign_challenges: bool,
    /// What a cookie without `SameSite` counts as.
    pub(super) default_same_site: DefaultSameSite,
    /// Whether a failed request makes the browser forget the preflight before it.
    pub(super) failures_forget_preflights: bool,
    /// Whether a request that once needed a preflight is preflighted again after each redirect, needed or not.
    pub(super) preflights_stay: bool,
    /// Whether a preflight behind a redirect names the page's origin, and not that of the redirected request.
    pub(super) preflights_name_the_page: bool,
    /// Whether a preflight asks once for a header that was set twice.
    pub(super) asks_once_for_repeated_names: bool,
    /// Whether each top-level site has logins of its own for the servers of other sites.
    pub(super) partitions_logins: bool,
    /// Whether pages of loopback count as secure pages, which may not fetch from insecure servers.
    pub(super) restricts_loopback_pages: bool,
    /// Whether another scheme makes another site, to cookies.
    pub(super) same_site_considers_scheme: bool,
    /// Whether a redirect through another site makes a request cross-site.
    pub(super) same_site_considers_redirects: bool,
    /// Whether loopback counts as secure for `Secure` cookies.
    pub(super) trusts_loopback_cookies: bool,
    /// Whether each top-level site has a jar of its own for the cookies of other sites.
    pub(super) partitions_cookies: bool,
    /// Whether a page with a `data:` URL that asks for its cookies gets an error, against HTML.
    pub(super) data_pages_throw: bool,
}

/// What becomes of an `Access-Control-Max-Age` that is there and cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnparsableMaxAge {
    /// It counts as absent.
    Default,
    /// It counts as absent, but a negative number counts as zero.
    NegativeIsZero,
    /// The preflight is not cached.
    NotCached,
}

/// What a cookie without `SameSite` counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DefaultSameSite {
    Lax,
    None,
}

/// A named rule by which a browser departs from the standards, and who says so.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name, stable and readable, such as `max-age-two-hours`.
    pub name: &'static str,
    /// What the browser does, in a sentence.
    pub says: &'static str,
    /// Where that is known from.
    pub source: &'static str,
    change: fn(&mut Profile),
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Rule").field(&self.name).finish()
    }
}

const CHROMIUM: &[Rule] = &[
    Rule {
        name: "max-age-two-hours",
        says: "A preflight is remembered for 7,200 s at most.",
        source: "services/network/cors/preflight_result.cc, `kMaxTimeout`",
        change: |profile| profile.max_age_cap = 7_200,
    },
    Rule {
        name: "negative-max-age-is-zero",
        says: "A negative `Access-Control-Max-Age` counts as 0; anything else that is no number counts as absent.",
        source: "services/network/cors/preflight_result.cc, `ParseAccessControlMaxAge`",
        change: |profile| profile.unparsable_max_age = UnparsableMaxAge::NegativeIsZero,
    },
    Rule {
        name: "wildcard-covers-authorization",
        says: "`Access-Control-Allow-Headers: *` covers `Authorization` in a preflight's answer, though not in what is remembered of it.",
        source: "services/network/public/cpp/features.cc, `kCorsNonWildcardRequestHeadersSupport`, which is off",
        change: |profile| profile.wildcard_covers_authorization = true,
    },
    Rule {
        name: "newest-preflight-replaces",
        says: "A preflight's answer takes the place of what was remembered for the same page and URL, with credentials or without, and is not added to it.",
        source: "services/network/cors/preflight_cache.cc, `PreflightCache::AppendEntry`",
        change: |profile| profile.caches_newest_preflight = true,
    },
    CHALLENGES_OF_OTHER_ORIGINS,
    FAILURES_FORGET_NO_PREFLIGHT,
    MIXED_CONTENT_BY_SCHEME,
    Rule {
        name: "same-site-ignores-redirects",
        says: "A redirect through another site does not make a request cross-site to cookies.",
        source: "net/base/features.cc, `kCookieSameSiteConsidersRedirectChain`, which is off",
        change: |profile| profile.same_site_considers_redirects = false,
    },
    Rule {
        name: "data-pages-may-not-ask-for-cookies",
        says: "`document.cookie` throws in a page with a `data:` URL, where HTML has it say that there are none.",
        source: "third_party/blink/renderer/core/dom/document.cc, `Document::cookie`",
        change: |profile| profile.data_pages_throw = true,
    },
    LOOPBACK_IS_SECURE_FOR_COOKIES,
];

const FIREFOX: &[Rule] = &[
    Rule {
        name: "max-age-one-day",
        says: "A preflight is remembered for 86,400 s at most.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `AddResultToCache`",
        change: |profile| profile.max_age_cap = 86_400,
    },
    Rule {
        name: "unparsable-max-age-is-not-cached",
        says: "A preflight whose `Access-Control-Max-Age` is no number is not remembered.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `AddResultToCache`",
        change: |profile| profile.unparsable_max_age = UnparsableMaxAge::NotCached,
    },
    Rule {
        name: "no-wildcards-in-the-cache",
        says: "A remembered `*` stands for nothing: only names are remembered.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `CheckRequest`, which compares names",
        change: |profile| profile.caches_wildcards = false,
    },
    Rule {
        name: "cache-by-credentials",
        says: "What was remembered with credentials does not serve a request without.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `GetEntry`, whose key has the credentials mode",
        change: |profile| profile.caches_share_credentials = false,
    },
    Rule {
        name: "cache-knows-head-by-name",
        says: "`HEAD` is asked for unless the cache has it by name.",
        source: "netwerk/protocol/http/nsCORSListenerProxy.cpp, `CheckRequest`",
        change: |profile| profile.caches_exempt_head = false,
    },
    Rule {
        name: "wildcard-covers-authorization",
        says: "`Access-Control-Allow-Headers: *` covers `Authorization`.",
        source: "`network.cors_preflight.authorization_covered_by_wildcard`, which is on",
        change: |profile| profile.wildcard_covers_authorization = true,
    },
    CHALLENGES_OF_OTHER_ORIGINS,
    FAILURES_FORGET_NO_PREFLIGHT,
    MIXED_CONTENT_BY_SCHEME,
    Rule {
        name: "preflighted-once-preflighted-always",
        says: "A request that needed a preflight is preflighted after each redirect to another origin, even if it needs none any more.",
        source: "seen in Firefox 153: the names of unsafe headers stay with the request",
        change: |profile| profile.preflights_stay = true,
    },
    Rule {
        name: "preflights-name-the-page",
        says: "A preflight behind a redirect carries the page's `Origin`, where the request itself carries `null`.",
        source: "seen in Firefox 153",
        change: |profile| profile.preflights_name_the_page = true,
    },
    Rule {
        name: "asks-for-each-line",
        says: "A preflight asks twice for a header that the page has set twice.",
        source: "seen in Firefox 153",
        change: |profile| profile.asks_once_for_repeated_names = false,
    },
    Rule {
        name: "logins-by-top-level-site",
        says: "Each top-level site has logins of its own for the servers of other sites.",
        source: "MDN, \"State Partitioning\": HTTP authentication",
        change: |profile| profile.partitions_logins = true,
    },
    Rule {
        name: "same-site-ignores-scheme",
        says: "The `http:` version of a site is the same site to `SameSite` cookies.",
        source: "`network.cookie.sameSite.schemeful`, which is off",
        change: |profile| profile.same_site_considers_scheme = false,
    },
    Rule {
        name: "same-site-defaults-to-none",
        says: "A cookie without `SameSite` goes with requests of other sites.",
        source: "`network.cookie.sameSite.laxByDefault`, which is off",
        change: |profile| profile.default_same_site = DefaultSameSite::None,
    },
    LOOPBACK_IS_SECURE_FOR_COOKIES,
    Rule {
        name: "jars-by-top-level-site",
        says: "Each top-level site has a jar of its own for the cookies of other sites.",
        source: "MDN, \"State Partitioning\": Total Cookie Protection",
        change: |profile| profile.partitions_cookies = true,
    },
];

const LOOPBACK_IS_SECURE_FOR_COOKIES: Rule = Rule {
    name: "loopback-is-secure-for-cookies",
    says: "A server on loopback can set `Secure` cookies over plain HTTP, and gets them back.",
    source: "MDN, \"Set-Cookie\", `Secure`: localhost is exempt",
    change: |profile| profile.trusts_loopback_cookies = true,
};

const FAILURES_FORGET_NO_PREFLIGHT: Rule = Rule {
    name: "failures-forget-no-preflight",
    says: "A request that fails leaves the preflight before it in the cache.",
    source: "seen in Chromium 156 and Firefox 153",
    change: |profile| profile.failures_forget_preflights = false,
};

const MIXED_CONTENT_BY_SCHEME: Rule = Rule {
    name: "mixed-content-by-scheme",
    says: "Only a page over HTTPS may not fetch from insecure servers; one of `http://localhost` may.",
    source: "seen in Chromium 156 and Firefox 153",
    change: |profile| profile.restricts_loopback_pages = false,
};

const CHALLENGES_OF_OTHER_ORIGINS: Rule = Rule {
    name: "challenges-of-other-origins",
    says: "A 401 of another origin makes the browser ask the user, where the request has credentials.",
    source: "the CORS FAQ, \"How do the Authorization and WWW-Authenticate headers work with CORS?\"",
    change: |profile| profile.answers_foreign_challenges = true,
};

impl Profile {
    /// The standards to the letter: Fetch and RFC 6265bis.
    pub fn standard() -> Self {
        Self {
            name: "standard",
            rules: Vec::new(),
            max_age_cap: u64::MAX,
            unparsable_max_age: UnparsableMaxAge::Default,
            caches_wildcards: true,
            caches_share_credentials: true,
            caches_newest_preflight: false,
            caches_exempt_head: true,
            wildcard_covers_authorization: false,
            answers_foreign_challenges: false,
            default_same_site: DefaultSameSite::Lax,
            failures_forget_preflights: true,
            preflights_stay: false,
            preflights_name_the_page: false,
            asks_once_for_repeated_names: true,
            partitions_logins: false,
            restricts_loopback_pages: true,
            same_site_considers_scheme: true,
            same_site_considers_redirects: true,
            trusts_loopback_cookies: false,
            partitions_cookies: false,
            data_pages_throw: false,
        }
    }

    /// Chromium.
    pub fn chromium() -> Self {
        Self::departing("chromium", CHROMIUM)
    }

    /// Firefox.
    pub fn firefox() -> Self {
        Self::departing("firefox", FIREFOX)
    }

    fn departing(name: &'static str, rules: &[Rule]) -> Self {
        let mut profile = Self { name, ..Self::standard() };
        for rule in rules {
            (rule.change)(&mut profile);
            profile.rules.push(*rule);
        }
        profile
    }

    /// The rules by which it departs from the standards.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The same browser without the rule of this name, in which it follows the standards.
    #[must_use]
    pub fn without(&self, rule: &str) -> Self {
        let rest: Vec<_> = self.rules.iter().copied().filter(|other| other.name != rule).collect();
        Self::departing(self.name, &rest)
    }

    /// The browser's name, in lower case.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it is a browser's, with a console; the standards prescribe none.
    pub(super) fn has_console(&self) -> bool {
        self.name != "standard"
    }

    /// Its `User-Agent`.
    pub(super) fn user_agent(&self) -> &'static str {
        match self.name {
            "chromium" => {
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
            }
            "firefox" => "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            _ => "Mozilla/5.0 (compatible; Fetch standard)",
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Everything that decides about behaviour.
    fn behaviour(profile: &Profile) -> String {
        format!("{:?}", Profile { name: "", rules: Vec::new(), ..profile.clone() })
    }

    #[rstest]
    #[case::chromium(Profile::chromium())]
    #[case::firefox(Profile::firefox())]
    fn every_rule_makes_a_difference_of_its_own(#[case] profile: Profile) {
        let mut names = std::collections::BTreeSet::new();
        for rule in profile.rules() {
            assert!(names.insert(rule.name), "{} stands there twice", rule.name);
            let without = profile.without(rule.name);
            assert_eq!(without.rules().len(), profile.rules().len() - 1);
            assert_ne!(behaviour(&without), behaviour(&profile), "{}", rule.name);
        }
        let all = names.into_iter().fold(profile.clone(), |rest, name| rest.without(name));
        assert_eq!(behaviour(&all), behaviour(&Profile::standard()));
        assert_eq!(all.name(), profile.name());
    }
}
