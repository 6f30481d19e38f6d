//! Deliberately forgotten rules.
//!
//! A suite that a faulty browser passes proves nothing about that rule. Each [`Fault`] is one switch at the one place
//! where its rule stands; [`Browser::with_fault`](super::Browser::with_fault) turns it on. They exist to test the
//! scenarios and have no other use: a rule that no server in front of a sound policy can put to the test has no switch here.

use std::fmt;

/// A set of [`Fault`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults(u64);

impl Faults {
    /// No fault.
    pub const NONE: Self = Self(0);

    /// The same faults and `fault`.
    #[must_use]
    pub const fn with(self, fault: Fault) -> Self {
        Self(self.0 | 1 << fault as u64)
    }

    /// Whether `fault` is among them.
    pub const fn has(self, fault: Fault) -> bool {
        self.0 & 1 << fault as u64 != 0
    }
}

/// Declares the faults once: variant, code, documentation.
macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)+) => {
        /// A rule that a browser has forgotten.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $($(#[$doc])* $variant,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// A stable name in kebab case.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }
    };
}

faults! {
    /// `PUT` needs no preflight.
    SkipsPreflightForPut = "skips-preflight-for-put",
    /// No method needs a preflight.
    SkipsPreflightForMethods = "skips-preflight-for-methods",
    /// No header needs a preflight.
    SkipsPreflightForHeaders = "skips-preflight-for-headers",
    /// A request that a redirect led to needs no preflight.
    SkipsPreflightAfterRedirect = "skips-preflight-after-redirect",
    /// Any `Content-Type` is safelisted.
    SafelistsAnyContentType = "safelists-any-content-type",
    /// Safelisted values may be of any length.
    SafelistsLongValues = "safelists-long-values",
    /// A script may set forbidden request headers.
    KeepsForbiddenHeaders = "keeps-forbidden-headers",
    /// Methods are sent as the script wrote them.
    NormalizesNoMethod = "normalizes-no-method",
    /// `Access-Control-Request-Headers` keeps the script's order and casing.
    LeavesRequestHeadersUnsorted = "leaves-request-headers-unsorted",
    /// Requests in mode `cors` have no `Origin`.
    OmitsOrigin = "omits-origin",
    /// A page with an opaque origin sends the top-level page's.
    SendsTopLevelOriginForOpaque = "sends-top-level-origin-for-opaque",
    /// Preflights carry cookies.
    SendsCookiesOnPreflights = "sends-cookies-on-preflights",
    /// Preflights carry the script's `Authorization`.
    SendsAuthorizationOnPreflights = "sends-authorization-on-preflights",
    /// The CORS check always succeeds on a response that is not a preflight's.
    SkipsCorsCheck = "skips-cors-check",
    /// `Access-Control-Allow-Origin: *` is fine with credentials.
    AllowsWildcardWithCredentials = "allows-wildcard-with-credentials",
    /// The CORS check does not look at `Access-Control-Allow-Credentials`.
    IgnoresAllowCredentials = "ignores-allow-credentials",
    /// A preflight allows every method.
    IgnoresAllowMethods = "ignores-allow-methods",
    /// Methods in `Access-Control-Allow-Methods` match in any case.
    MatchesMethodsInAnyCase = "matches-methods-in-any-case",
    /// A preflight allows every header.
    IgnoresAllowHeaders = "ignores-allow-headers",
    /// `Access-Control-Allow-Headers: *` covers `Authorization`.
    CoversAuthorizationByWildcard = "covers-authorization-by-wildcard",
    /// The origin stays what it was after redirects across origins.
    KeepsOriginAfterRedirect = "keeps-origin-after-redirect",
    /// `Authorization` survives redirects to another origin.
    KeepsAuthorizationAcrossOrigins = "keeps-authorization-across-origins",
    /// Redirects never change the method.
    KeepsMethodOnRedirect = "keeps-method-on-redirect",
    /// A redirect may lead to a URL with a user name and a password.
    FollowsCredentialsInLocation = "follows-credentials-in-location",
    /// A redirect may follow the other without end.
    FollowsRedirectsWithoutEnd = "follows-redirects-without-end",
    /// Every response header can be read.
    ExposesAllHeaders = "exposes-all-headers",
    /// `Access-Control-Expose-Headers` is not looked at.
    IgnoresExposeHeaders = "ignores-expose-headers",
    /// `Set-Cookie` can be exposed.
    ExposesSetCookie = "exposes-set-cookie",
    /// The response to a request in mode `no-cors` can be read.
    ReadsOpaqueResponses = "reads-opaque-responses",
    /// Every request includes credentials.
    AlwaysSendsCredentials = "always-sends-credentials",
    /// Cookies of other origins' responses are not stored.
    DropsCrossOriginCookies = "drops-cross-origin-cookies",
    /// Cookies are sent without regard to `SameSite`.
    IgnoresSameSite = "ignores-same-site",
    /// `Secure` cookies are sent over plain HTTP.
    IgnoresSecure = "ignores-secure",
    /// `SameSite=None` cookies without `Secure` are kept.
    KeepsInsecureNoneCookies = "keeps-insecure-none-cookies",
    /// Cookies are sent to every path.
    IgnoresCookiePath = "ignores-cookie-path",
    /// A cookie's domain may be a public suffix.
    AllowsPublicSuffixCookies = "allows-public-suffix-cookies",
    /// Cookies without a domain are sent to subdomains, too.
    SharesHostOnlyCookies = "shares-host-only-cookies",
    /// Cookies never expire.
    KeepsExpiredCookies = "keeps-expired-cookies",
    /// `__Host-` and `__Secure-` promise nothing.
    IgnoresCookiePrefixes = "ignores-cookie-prefixes",
    /// `document.cookie` shows `HttpOnly` cookies, too.
    ShowsHttpOnly = "shows-http-only",
    /// Preflights are not cached.
    NeverCachesPreflights = "never-caches-preflights",
    /// Preflights are cached for the same time whatever `Access-Control-Max-Age` says.
    IgnoresMaxAge = "ignores-max-age",
    /// Cached preflights never expire.
    NeverExpiresPreflights = "never-expires-preflights",
    /// A preflight's answer is cached without regard to the page's origin.
    SharesPreflightsBetweenOrigins = "shares-preflights-between-origins",
    /// A preflight's answer is cached without regard to the URL's path and query.
    SharesPreflightsBetweenPaths = "shares-preflights-between-paths",
    /// A preflight made without credentials counts for requests with them.
    IgnoresCredentialsOfCachedPreflights = "ignores-credentials-of-cached-preflights",
    /// A failure leaves cached preflights in place.
    KeepsPreflightsAfterFailure = "keeps-preflights-after-failure",
    /// A secure page may fetch from insecure servers.
    AllowsMixedContent = "allows-mixed-content",
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_into_it_and_nothing_else() {
        for &fault in Fault::ALL {
            let faults = Faults::NONE.with(fault);
            let found: Vec<Fault> = Fault::ALL.iter().copied().filter(|&other| faults.has(other)).collect();
            assert_eq!(found, [fault]);
        }
    }
}
