//! Deliberate faults, for testing a test suite.
//!
//! A test suite that a faulty browser passes proves nothing about the rule that the browser breaks. Each [`Fault`] replaces
//! one step of the standards; see [`Browser::with_fault`](crate::Browser::with_fault). A rule that no server can put to the
//! test has no fault here.

mod overrides;

pub(crate) use self::overrides::overrides;
use crate::code::codes;

codes! {
    /// A rule that a faulty browser breaks.
    ///
    /// Faults exist to test a test suite: it should notice each of them. See
    /// [`Browser::with_fault`](crate::Browser::with_fault).
    Fault {
        /// `PUT` does not need a preflight.
        SkipsPreflightForPut = "skips-preflight-for-put",
        /// Methods never need a preflight.
        SkipsPreflightForMethods = "skips-preflight-for-methods",
        /// Headers never need a preflight.
        SkipsPreflightForHeaders = "skips-preflight-for-headers",
        /// A request does not need a preflight after a redirect.
        SkipsPreflightAfterRedirect = "skips-preflight-after-redirect",
        /// Every `Content-Type` is safelisted.
        SafelistsAnyContentType = "safelists-any-content-type",
        /// Safelisted values may have any length.
        SafelistsLongValues = "safelists-long-values",
        /// A script may set forbidden request headers.
        KeepsForbiddenHeaders = "keeps-forbidden-headers",
        /// Methods are sent in the script's casing.
        NormalizesNoMethod = "normalizes-no-method",
        /// `Access-Control-Request-Headers` keeps the script's order and casing.
        LeavesRequestHeadersUnsorted = "leaves-request-headers-unsorted",
        /// Cross-origin requests in mode `cors` are sent without `Origin`.
        OmitsOrigin = "omits-origin",
        /// A page with an opaque origin sends the origin of the top-level page.
        SendsTopLevelOriginForOpaque = "sends-top-level-origin-for-opaque",
        /// Preflights carry cookies.
        SendsCookiesOnPreflights = "sends-cookies-on-preflights",
        /// Preflights carry the script's `Authorization`.
        SendsAuthorizationOnPreflights = "sends-authorization-on-preflights",
        /// The CORS check is skipped for responses other than a preflight's.
        SkipsCorsCheck = "skips-cors-check",
        /// `Access-Control-Allow-Origin: *` is enough for a request with credentials.
        AllowsWildcardWithCredentials = "allows-wildcard-with-credentials",
        /// The CORS check ignores `Access-Control-Allow-Credentials`.
        IgnoresAllowCredentials = "ignores-allow-credentials",
        /// A preflight allows every method.
        IgnoresAllowMethods = "ignores-allow-methods",
        /// Methods in `Access-Control-Allow-Methods` match case-insensitively.
        MatchesMethodsInAnyCase = "matches-methods-in-any-case",
        /// A preflight allows every header.
        IgnoresAllowHeaders = "ignores-allow-headers",
        /// `Access-Control-Allow-Headers: *` covers `Authorization`.
        CoversAuthorizationByWildcard = "covers-authorization-by-wildcard",
        /// `Origin` stays the page's origin after redirects across origins.
        KeepsOriginAfterRedirect = "keeps-origin-after-redirect",
        /// `Authorization` is kept on redirects to another origin.
        KeepsAuthorizationAcrossOrigins = "keeps-authorization-across-origins",
        /// Redirects never change the method.
        KeepsMethodOnRedirect = "keeps-method-on-redirect",
        /// A redirect may lead to a URL with a user name and a password.
        FollowsCredentialsInLocation = "follows-credentials-in-location",
        /// The number of redirects is unlimited.
        FollowsRedirectsWithoutEnd = "follows-redirects-without-end",
        /// `Referrer-Policy` on a redirect is ignored.
        IgnoresReferrerPolicyOfRedirects = "ignores-referrer-policy-of-redirects",
        /// A body that breaks off lets the whole fetch fail.
        FailsOnBrokenBodies = "fails-on-broken-bodies",
        /// A page can read a response with the status 407.
        ReadsProxyChallenges = "reads-proxy-challenges",
        /// A request that was answered with the status 421 is not sent again.
        NeverRetriesMisdirectedRequests = "never-retries-misdirected-requests",
        /// `POST` and `PUT` without a body have no `Content-Length`.
        OmitsEmptyContentLength = "omits-empty-content-length",
        /// Repeated request headers are joined before they are compared with the safelist.
        JoinsLinesBeforeSafelist = "joins-lines-before-safelist",
        /// A redirect with several `Location` lines goes to the first of them.
        FollowsFirstLocation = "follows-first-location",
        /// `data:` URLs cannot be fetched.
        RefusesDataUrls = "refuses-data-urls",
        /// A script can read every response header.
        ExposesAllHeaders = "exposes-all-headers",
        /// `Access-Control-Expose-Headers` is ignored.
        IgnoresExposeHeaders = "ignores-expose-headers",
        /// `Set-Cookie` can be exposed.
        ExposesSetCookie = "exposes-set-cookie",
        /// A script can read the response to a request in mode `no-cors`.
        ReadsOpaqueResponses = "reads-opaque-responses",
        /// Every request includes credentials.
        AlwaysSendsCredentials = "always-sends-credentials",
        /// Cookies from responses of other origins are not stored.
        DropsCrossOriginCookies = "drops-cross-origin-cookies",
        /// `SameSite` is ignored.
        IgnoresSameSite = "ignores-same-site",
        /// `Secure` cookies are sent over plain HTTP.
        IgnoresSecure = "ignores-secure",
        /// `SameSite=None` cookies without `Secure` are kept.
        KeepsInsecureNoneCookies = "keeps-insecure-none-cookies",
        /// Cookies are sent to every path.
        IgnoresCookiePath = "ignores-cookie-path",
        /// A cookie's domain may be a public suffix.
        AllowsPublicSuffixCookies = "allows-public-suffix-cookies",
        /// Cookies without a domain are also sent to subdomains.
        SharesHostOnlyCookies = "shares-host-only-cookies",
        /// Cookies never expire.
        KeepsExpiredCookies = "keeps-expired-cookies",
        /// The prefixes `__Host-` and `__Secure-` have no meaning.
        IgnoresCookiePrefixes = "ignores-cookie-prefixes",
        /// The prefixes `__Http-` and `__Host-Http-` do not require `HttpOnly`.
        IgnoresHttpPrefixes = "ignores-http-prefixes",
        /// An unknown value of `SameSite` does not replace an earlier one.
        KeepsEarlierSameSite = "keeps-earlier-same-site",
        /// `Partitioned` is ignored.
        IgnoresPartitioned = "ignores-partitioned",
        /// `Partitioned` cookies without `Secure` are kept.
        KeepsInsecurePartitionedCookies = "keeps-insecure-partitioned-cookies",
        /// All top-level sites share one jar for `Partitioned` cookies.
        SharesPartitions = "shares-partitions",
        /// A frame in a page of another site shares the `Partitioned` cookies of its own site.
        IgnoresEmbeddersOfPartitions = "ignores-embedders-of-partitions",
        /// The setting for third-party cookies is ignored.
        IgnoresThirdPartySetting = "ignores-third-party-setting",
        /// `Partitioned` cookies are blocked with other third-party cookies.
        BlocksPartitionedCookies = "blocks-partitioned-cookies",
        /// `document.cookie` also shows `HttpOnly` cookies.
        ShowsHttpOnly = "shows-http-only",
        /// Preflights are not cached.
        NeverCachesPreflights = "never-caches-preflights",
        /// `Access-Control-Max-Age` is ignored: every preflight is cached for five seconds.
        IgnoresMaxAge = "ignores-max-age",
        /// Cached preflights never expire.
        NeverExpiresPreflights = "never-expires-preflights",
        /// A cached preflight serves every origin.
        SharesPreflightsBetweenOrigins = "shares-preflights-between-origins",
        /// A cached preflight serves every path and query of its server.
        SharesPreflightsBetweenPaths = "shares-preflights-between-paths",
        /// A cached preflight serves every fragment of its URL.
        SharesPreflightsBetweenFragments = "shares-preflights-between-fragments",
        /// A preflight without credentials also serves requests with credentials.
        IgnoresCredentialsOfCachedPreflights = "ignores-credentials-of-cached-preflights",
        /// A network error leaves cached preflights in place.
        KeepsPreflightsAfterFailure = "keeps-preflights-after-failure",
        /// A secure page may fetch from insecure servers.
        AllowsMixedContent = "allows-mixed-content",
        /// A secure page may not fetch from insecure servers in the local network, even with a permission.
        BlocksLocalMixedContent = "blocks-local-mixed-content",
        /// Every page may reach the local network.
        SkipsLocalNetworkCheck = "skips-local-network-check",
        /// A redirect may lead to the local network.
        SkipsLocalNetworkCheckAfterRedirect = "skips-local-network-check-after-redirect",
        /// The server may be in another address space than the request names.
        IgnoresTargetAddressSpace = "ignores-target-address-space",
        /// An insecure page may reach the local network with a permission.
        AllowsInsecurePagesLocalNetwork = "allows-insecure-pages-local-network",
        /// The permission for the local network also covers loopback, and the other way round.
        MergesNetworkPermissions = "merges-network-permissions",
        /// A prompt that the user has closed counts as a permission.
        TakesDismissalForPermission = "takes-dismissal-for-permission",
        /// A document of another origin is shown only if the server shares it by CORS.
        ChecksCorsOnNavigations = "checks-cors-on-navigations",
        /// A link or a form on a secure page does not lead to an insecure server.
        BlocksInsecureLinks = "blocks-insecure-links",
        /// A form posts without `Origin`.
        OmitsOriginOnForms = "omits-origin-on-forms",
        /// A link sends `Origin`.
        SendsOriginOnLinks = "sends-origin-on-links",
        /// `Sec-Fetch-Site` of a link or a form is `none`, as if the user had typed the URL.
        CallsNavigationsUserInitiated = "calls-navigations-user-initiated",
        /// Navigations have no `Sec-Fetch-User`.
        OmitsFetchUser = "omits-fetch-user",
        /// A link to another site carries `SameSite=Strict` cookies.
        SendsStrictCookiesOnLinks = "sends-strict-cookies-on-links",
        /// A form that posts to another site carries `SameSite=Lax` cookies.
        SendsLaxCookiesOnPosts = "sends-lax-cookies-on-posts",
        /// A link to another site carries no `SameSite=Lax` cookies.
        OmitsLaxCookiesOnLinks = "omits-lax-cookies-on-links",
        /// Every form that posts is urlencoded.
        IgnoresEnctype = "ignores-enctype",
        /// The fields of a form with the method `get` are added to the query of its action.
        KeepsQueryOfForms = "keeps-query-of-forms",
        /// The line breaks in the fields of a form stay as they are.
        KeepsLineFeedsInForms = "keeps-line-feeds-in-forms",
        /// The names of fields in a multipart form are not escaped.
        KeepsQuotesInFieldNames = "keeps-quotes-in-field-names",
        /// After a 204, the user sees an empty document.
        ShowsEmptyDocuments = "shows-empty-documents",
        /// A WebSocket handshake has no `Origin`.
        OmitsOriginOnWebSockets = "omits-origin-on-websockets",
        /// A WebSocket handshake fails if the server does not share the response by CORS.
        ChecksCorsOnWebSockets = "checks-cors-on-websockets",
        /// A WebSocket handshake with another origin carries no cookies.
        OmitsCookiesOnWebSockets = "omits-cookies-on-websockets",
        /// A WebSocket handshake follows redirects.
        FollowsRedirectsOfWebSockets = "follows-redirects-of-websockets",
        /// A WebSocket opens with any response.
        OpensWebSocketsWithAnyStatus = "opens-websockets-with-any-status",
        /// A WebSocket opens without the right `Sec-WebSocket-Accept`.
        IgnoresWebSocketAccept = "ignores-websocket-accept",
        /// An `EventSource` opens with any status.
        OpensEventSourcesWithAnyStatus = "opens-event-sources-with-any-status",
        /// An `EventSource` opens with any media type.
        OpensEventSourcesWithAnyType = "opens-event-sources-with-any-type",
        /// An `EventSource` never has credentials for another origin.
        IgnoresWithCredentials = "ignores-with-credentials",
    }
}
