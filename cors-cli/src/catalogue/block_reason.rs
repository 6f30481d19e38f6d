//! What the reasons mean for which a browser blocks a fetch.

use super::rule::{self, Rule};
use cors_browser::BlockReason;

/// What there is to say about a reason, whatever the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What leads to it.
    pub cause: &'static str,
    /// What to do about it.
    pub fix: &'static str,
    /// The rule that says so.
    pub rule: Rule,
    /// The slug of the FAQ's question on it.
    pub faq: &'static str,
}

const fn explain(cause: &'static str, fix: &'static str, rule: Rule, faq: &'static str) -> Explanation {
    Explanation { cause, fix, rule, faq }
}

const HOW: &str = "how-does-cors-work";
const PREFLIGHT: &str = "what-is-a-preflight-request";
const STATUS: &str = "why-am-i-seeing-405-method-not-allowed";
const CREDENTIALS: &str = "what-is-withcredentials-how-do-i-enable-it";
const STAR: &str = "why-is-a-value-for-access-control-allow-origin-not-allowed-when-using-withcredentials";
const AUTHORIZATION: &str = "how-do-the-authorization-and-www-authenticate-headers-work-with-cors";
const REDIRECTS: &str = "does-cors-support-http-redirects";
const OPAQUE: &str = "what-is-an-opaque-response";
const HTTPS: &str = "does-using-https-have-any-effect-on-cors";
const FAILS: &str = "what-happens-when-a-cors-request-fails";
const MISSING: &str = "ive-configured-my-server-to-include-cors-headers-but-they-still-arent-showing-up-why";
const NEXT: &str = "ive-tried-to-implement-cors-but-it-isnt-working-what-should-i-do-next";
const ORIGIN: &str = "what-does-origin-mean";

/// The explanation of a reason.
pub fn explanation(reason: BlockReason) -> Explanation {
    use BlockReason as R;
    match reason {
        R::InvalidRequest => explain(
            "`fetch()` throws before anything is sent: the URL has a user name or a password, the method or a header is \
             misspelt, or a GET has a body.",
            "Correct the arguments of `fetch()`; credentials go into an `Authorization` header.",
            rule::REQUEST,
            NEXT,
        ),
        R::ForbiddenMethod => explain(
            "`CONNECT`, `TRACE` and `TRACK` are forbidden to every page.",
            "Use another method; the server cannot change this.",
            rule::FORBIDDEN_METHOD,
            HOW,
        ),
        R::NoCorsMethodNotSafelisted => explain(
            "Mode `no-cors` sends GET, HEAD and POST only.",
            "Use mode `cors`, and a server that allows the method.",
            rule::REQUEST,
            OPAQUE,
        ),
        R::ModeSameOriginCrossOrigin => explain(
            "Mode `same-origin` met a URL of another origin, perhaps by a redirect.",
            "Use mode `cors`, or a URL of the page's own origin: scheme, host and port must all be the same.",
            rule::MAIN_FETCH_CHOICE,
            ORIGIN,
        ),
        R::MixedContent => explain(
            "A page that was loaded over HTTPS asked for a URL that begins with `http:`. Only loopback addresses are exempt. \
             Nothing is sent.",
            "Serve the resource over HTTPS, and write `https:` in the URL.",
            rule::MIXED_CONTENT,
            HTTPS,
        ),
        R::UnsupportedScheme => explain(
            "The URL begins neither with `http:` nor with `https:`.",
            "Write the whole URL, with its scheme: `https://…`.",
            rule::MAIN_FETCH_CHOICE,
            HOW,
        ),
        R::BadPort => explain(
            "Browsers never connect to ports that belong to other protocols, such as 25 or 6000.",
            "Let the server listen on another port.",
            rule::BAD_PORT,
            ORIGIN,
        ),
        R::ResourcePolicy => explain(
            "The server says with `Cross-Origin-Resource-Policy` that pages of other origins or sites must not load this.",
            "Send `Cross-Origin-Resource-Policy: cross-origin`, if other sites may embed it.",
            rule::RESOURCE_POLICY,
            OPAQUE,
        ),
        R::NetworkError => explain(
            "No response came: no address, no connection, no trusted certificate, no HTTP, or not in time. The browser shows \
             the page the same error as for CORS, though CORS has no part in it.",
            "Open the URL itself in a tab: it must answer there first.",
            rule::NETWORK_FETCH,
            FAILS,
        ),
        R::PreflightRedirected => explain(
            "The preflight was answered with a redirect, often to add a slash, to go to HTTPS, or to a login page. Browsers \
             follow no redirect of a preflight.",
            "Let the client use the final URL, and let the server answer OPTIONS before it redirects.",
            rule::PREFLIGHT_OK,
            REDIRECTS,
        ),
        R::PreflightStatusNotOk => explain(
            "The preflight's headers are right, but its status is not one of 200 to 299. Often authentication (401) or a \
             missing route for OPTIONS (404, 405) answers before the CORS middleware.",
            "Answer the preflight with 204, outside of authentication and routing.",
            rule::PREFLIGHT_OK,
            STATUS,
        ),
        R::PreflightMissingAllowOrigin => explain(
            "The response to the preflight has no `Access-Control-Allow-Origin`: the server denies the preflight, or nothing \
             there knows CORS. A denial is silent, so the method or a header may be what is not allowed.",
            "Allow the page's origin, and the method and headers that the preflight asks for; see that the CORS middleware \
             answers OPTIONS.",
            rule::CORS_CHECK_MISSING,
            PREFLIGHT,
        ),
        R::PreflightMultipleAllowOrigin => explain(
            "The response to the preflight has more than one origin in `Access-Control-Allow-Origin`: a list, or two \
             headers from two layers, such as the application and a proxy.",
            "Send exactly one header with exactly the page's origin; let only one layer answer.",
            rule::CORS_CHECK_MISMATCH,
            HOW,
        ),
        R::PreflightAllowOriginMismatch => explain(
            "`Access-Control-Allow-Origin` of the preflight's response is not the page's origin, byte for byte.",
            "Send the request's `Origin` back if the policy allows it: no slash at the end, no default port, lower case.",
            rule::CORS_CHECK_MISMATCH,
            ORIGIN,
        ),
        R::PreflightWildcardWithCredentials => explain(
            "The fetch will carry credentials, and `Access-Control-Allow-Origin: *` on the preflight's response does not \
             cover those.",
            "Send the page's origin in place of `*`, and `Access-Control-Allow-Credentials: true`; or fetch without credentials.",
            rule::CORS_CHECK_WILDCARD,
            STAR,
        ),
        R::PreflightCredentialsNotAllowed => explain(
            "The fetch carries credentials, and the preflight's response does not say `Access-Control-Allow-Credentials: true`, \
             in lower case and once.",
            "Send the header on the preflight's response and on the response itself, if the page may use the user's cookies.",
            rule::CORS_CHECK_CREDENTIALS,
            CREDENTIALS,
        ),
        R::InvalidAllowMethods => explain(
            "`Access-Control-Allow-Methods` is not a list of methods with commas between them.",
            "Separate the methods with commas: `GET, PUT, DELETE`.",
            rule::PREFLIGHT_LISTS,
            PREFLIGHT,
        ),
        R::InvalidAllowHeaders => explain(
            "`Access-Control-Allow-Headers` is not a list of header names with commas between them.",
            "Separate the names with commas: `authorization, content-type`.",
            rule::PREFLIGHT_LISTS,
            PREFLIGHT,
        ),
        R::MethodNotAllowed => explain(
            "The method is not in the preflight's `Access-Control-Allow-Methods`. Case counts: `PATCH` is not `patch`.",
            "Add the method to the list, as the browser sends it.",
            rule::PREFLIGHT_METHOD,
            PREFLIGHT,
        ),
        R::MethodWildcardWithCredentials => explain(
            "The fetch carries credentials, and with them `*` in `Access-Control-Allow-Methods` is a method called `*`.",
            "List the methods by name.",
            rule::PREFLIGHT_METHOD,
            STAR,
        ),
        R::HeaderNotAllowed => explain(
            "A request header that is not safelisted is missing in the preflight's `Access-Control-Allow-Headers`. \
             `Content-Type` counts, too, with any value but a form's or plain text.",
            "Add the header's name to the list.",
            rule::PREFLIGHT_HEADERS,
            "why-am-i-seeing-a-preflight-options-request-when-im-not-setting-any-custom-headers",
        ),
        R::HeaderWildcardWithCredentials => explain(
            "The fetch carries credentials, and with them `*` in `Access-Control-Allow-Headers` is a header called `*`.",
            "List the headers by name.",
            rule::PREFLIGHT_HEADERS,
            STAR,
        ),
        R::AuthorizationNotCoveredByWildcard => explain(
            "The standard says that `*` in `Access-Control-Allow-Headers` does not cover `Authorization`. Chromium and Firefox \
             still let it pass, and warn that they will not for ever.",
            "List `authorization` beside the `*`.",
            rule::PREFLIGHT_AUTHORIZATION,
            AUTHORIZATION,
        ),
        R::MissingAllowOrigin => explain(
            "The response has no `Access-Control-Allow-Origin`: the origin is not allowed, or what answered (an error page, a \
             proxy, a redirect) is not covered by the CORS middleware.",
            "Allow the page's origin, and put the CORS middleware outermost, so that errors and redirects pass through it.",
            rule::CORS_CHECK_MISSING,
            MISSING,
        ),
        R::MultipleAllowOrigin => explain(
            "The response has more than one origin in `Access-Control-Allow-Origin`: a list, or two headers from two layers, \
             such as the application and a proxy.",
            "Send exactly one header with exactly the page's origin; let only one layer add it.",
            rule::CORS_CHECK_MISMATCH,
            HOW,
        ),
        R::AllowOriginMismatch => explain(
            "`Access-Control-Allow-Origin` is not the request's origin, byte for byte. After a redirect from one other origin to \
             a third, the request's origin is `null`.",
            "Send the request's `Origin` back if the policy allows it: no slash at the end, no default port, lower case. Where \
             a fixed value is sent to all, a cache without `Vary: Origin` may be the cause.",
            rule::CORS_CHECK_MISMATCH,
            ORIGIN,
        ),
        R::WildcardOriginWithCredentials => explain(
            "The fetch carries credentials, and `Access-Control-Allow-Origin: *` does not cover those.",
            "Send the page's origin in place of `*`, and `Access-Control-Allow-Credentials: true`; or fetch without credentials.",
            rule::CORS_CHECK_WILDCARD,
            STAR,
        ),
        R::CredentialsNotAllowed => explain(
            "The fetch carries credentials, and the response does not say `Access-Control-Allow-Credentials: true`, in lower \
             case and once. The request was carried out all the same; only its response is hidden.",
            "Send the header, if the page may use the user's cookies.",
            rule::CORS_CHECK_CREDENTIALS,
            CREDENTIALS,
        ),
        R::RedirectModeError => explain(
            "The response is a redirect, and the fetch has redirect mode `error`.",
            "Let the client use the final URL, or follow redirects.",
            rule::HTTP_FETCH_REDIRECT,
            REDIRECTS,
        ),
        R::TooManyRedirects => explain(
            "More than twenty redirects, most often in a circle.",
            "Look at the `Location` of each and break the circle.",
            rule::REDIRECT_COUNT,
            REDIRECTS,
        ),
        R::RedirectLocationInvalid => explain(
            "The redirect's `Location` cannot be read as a URL, or there are two.",
            "Send one `Location` with a whole URL or a path.",
            rule::LOCATION_URL,
            REDIRECTS,
        ),
        R::RedirectWithCredentialsInUrl => explain(
            "The redirect's `Location` has a user name or a password, which is not followed across origins.",
            "Leave them out of the URL.",
            rule::REDIRECT_CREDENTIALS,
            REDIRECTS,
        ),
        R::RedirectToUnsupportedScheme => explain(
            "The redirect leads to a URL that is not HTTP(S), such as `data:` or an app's own scheme.",
            "Redirect to an HTTPS URL.",
            rule::REDIRECT_SCHEME,
            REDIRECTS,
        ),
    }
}
