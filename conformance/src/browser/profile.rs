//! Whose behaviour a browser follows.

/// What a browser does where browsers differ.
///
/// Each field but the name is a rule on which at least two of the profiles disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    name: &'static str,
    /// Fetch, "cache entry", the "imposed limit on max-age", in seconds.
    pub(super) max_age_cap: u64,
    /// What becomes of an `Access-Control-Max-Age` that is there and cannot be parsed.
    pub(super) unparsable_max_age: UnparsableMaxAge,
    /// Whether a cached `*` still stands for every method or header.
    pub(super) caches_wildcards: bool,
    /// Whether a cached preflight for requests with credentials also serves requests without.
    pub(super) caches_share_credentials: bool,
    /// Whether `HEAD` needs no cached method.
    pub(super) caches_exempt_head: bool,
    /// Whether `Access-Control-Allow-Headers: *` covers `Authorization`, against Fetch.
    pub(super) wildcard_covers_authorization: bool,
    /// Whether a challenge of another origin makes the browser ask the user, against Fetch.
    pub(super) answers_foreign_challenges: bool,
    /// What a cookie without `SameSite` counts as.
    pub(super) default_same_site: DefaultSameSite,
    /// Whether `SameSite=None` needs `Secure`.
    pub(super) none_needs_secure: bool,
    /// Whether a redirect through another site makes a request cross-site.
    pub(super) same_site_considers_redirects: bool,
    /// Whether loopback counts as secure for `Secure` cookies.
    pub(super) trusts_loopback_cookies: bool,
    /// Whether each top-level site has a jar of its own for the cookies of other sites.
    pub(super) partitions_cookies: bool,
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

impl Profile {
    /// The standards to the letter: Fetch and RFC 6265bis.
    pub fn standard() -> Self {
        Self {
            name: "standard",
            max_age_cap: u64::MAX,
            unparsable_max_age: UnparsableMaxAge::Default,
            caches_wildcards: true,
            caches_share_credentials: true,
            caches_exempt_head: true,
            wildcard_covers_authorization: false,
            answers_foreign_challenges: false,
            default_same_site: DefaultSameSite::Lax,
            none_needs_secure: false,
            same_site_considers_redirects: true,
            trusts_loopback_cookies: false,
            partitions_cookies: false,
        }
    }

    /// Chromium.
    pub fn chromium() -> Self {
        Self {
            name: "chromium",
            // services/network/cors/preflight_result.cc, `kMaxTimeout` and `ParseAccessControlMaxAge`.
            max_age_cap: 7_200,
            unparsable_max_age: UnparsableMaxAge::NegativeIsZero,
            // services/network/public/cpp/features.cc, `kCorsNonWildcardRequestHeadersSupport`, is off.
            wildcard_covers_authorization: true,
            // The project's CORS FAQ, "How do the Authorization and WWW-Authenticate headers work with CORS?"
            answers_foreign_challenges: true,
            // The project's CORS FAQ, "Why aren't my cookies working with CORS?": as of Chrome 80.
            default_same_site: DefaultSameSite::Lax,
            none_needs_secure: true,
            // net/base/features.cc, `kCookieSameSiteConsidersRedirectChain`, is off.
            same_site_considers_redirects: false,
            // MDN, "Set-Cookie", `Secure`: localhost is exempt.
            trusts_loopback_cookies: true,
            ..Self::standard()
        }
    }

    /// Firefox.
    pub fn firefox() -> Self {
        Self {
            name: "firefox",
            // netwerk/protocol/http/nsCORSListenerProxy.cpp, `AddResultToCache`.
            max_age_cap: 86_400,
            unparsable_max_age: UnparsableMaxAge::NotCached,
            // The same file, `CheckRequest`, which compares names, and `GetEntry`, whose key has the credentials mode.
            caches_wildcards: false,
            caches_share_credentials: false,
            caches_exempt_head: false,
            // The same file, `network.cors_preflight.authorization_covered_by_wildcard`, is on.
            wildcard_covers_authorization: true,
            // The project's CORS FAQ, "How do the Authorization and WWW-Authenticate headers work with CORS?"
            answers_foreign_challenges: true,
            // `network.cookie.sameSite.laxByDefault` and `…noneRequiresSecure` are off.
            default_same_site: DefaultSameSite::None,
            // MDN, "Set-Cookie", `Secure`: localhost is exempt.
            trusts_loopback_cookies: true,
            // MDN, "State Partitioning": Total Cookie Protection.
            partitions_cookies: true,
            ..Self::standard()
        }
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
