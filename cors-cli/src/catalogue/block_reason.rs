//! What the reasons mean for which a browser blocks a fetch.

use cors_browser::BlockReason;

use super::citation::{self, Citation};

/// The explanation of a reason, independent of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What causes it.
    pub cause: &'static str,
    /// What to do about it.
    pub fix: &'static str,
    /// The rule of the standard.
    pub citation: Citation,
    /// The slug of the question of the CORS FAQ about it.
    pub faq: &'static str,
}

const fn explain(
    cause: &'static str,
    fix: &'static str,
    citation: Citation,
    faq: &'static str,
) -> Explanation {
    Explanation { cause, fix, citation, faq }
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

/// The cause of a reason that this catalogue does not know. A test makes sure that there is none.
pub(super) const UNEXPLAINED: &str = "The browser blocked the fetch.";

/// Returns the explanation of a reason.
pub fn explanation(reason: BlockReason) -> Explanation {
    use BlockReason as R;
    match reason {
        R::InvalidRequest => explain(
            "`fetch()` throws before anything is sent: the URL has a user name or a password, the method or a header is \
             invalid, or a GET has a body.",
            "Correct the arguments of `fetch()`. Put credentials into an `Authorization` header.",
            citation::REQUEST,
            NEXT,
        ),
        R::ForbiddenMethod => explain(
            "Browsers forbid pages to use `CONNECT`, `TRACE` and `TRACK`.",
            "Use another method. The server cannot change this.",
            citation::FORBIDDEN_METHOD,
            HOW,
        ),
        R::NoCorsMethodNotSafelisted => explain(
            "Mode `no-cors` only allows GET, HEAD and POST.",
            "Use mode `cors`, and let the server allow the method.",
            citation::REQUEST,
            OPAQUE,
        ),
        R::ModeSameOriginCrossOrigin => explain(
            "The fetch has mode `same-origin`, but the URL, or the target of a redirect, has another origin.",
            "Use mode `cors`, or a URL of the page's own origin: scheme, host and port must be the same.",
            citation::MAIN_FETCH_CHOICE,
            ORIGIN,
        ),
        R::MixedContent => explain(
            "A page loaded over HTTPS fetches an `http:` URL. Only loopback addresses are exempt. Nothing is sent.",
            "Serve the resource over HTTPS, and use `https:` in the URL.",
            citation::MIXED_CONTENT,
            HTTPS,
        ),
        R::LocalNetworkPermission => explain(
            "The address of the server is on loopback or in the local network, that of the page is public, and the user has not \
             permitted the page to reach it. Nothing is sent, not even a preflight. Only Chromium checks this.",
            "Let the user grant the permission in the site's settings, or serve the page from the same network as the server. A \
             server cannot change this.",
            citation::LOCAL_NETWORK_PROMPT,
            HOW,
        ),
        R::LocalNetworkNotSecure => explain(
            "A page loaded over plain HTTP from a public address fetches from a server on loopback or in the local network. Only \
             Chromium checks this.",
            "Serve the page over HTTPS. Then the user can permit it to reach the server.",
            citation::LOCAL_NETWORK_SECURE,
            HTTPS,
        ),
        R::AddressSpaceMismatch => explain(
            "The fetch has the option `targetAddressSpace`, but the server is in another address space. Only Chromium checks this.",
            "Remove the option, or name the address space of the server: `loopback` or `local`.",
            citation::LOCAL_NETWORK_TARGET,
            HOW,
        ),
        R::UnsupportedScheme => explain(
            "The scheme of the URL is neither `http:` nor `https:`.",
            "Write the whole URL with its scheme, such as `https://api.example/item`. If the page is a local file (`file:`), serve it over \
             HTTP, also during development.",
            citation::MAIN_FETCH_CHOICE,
            HOW,
        ),
        R::BadPort => explain(
            "Browsers do not connect to ports of other protocols, such as 25 or 6000.",
            "Use another port for the server.",
            citation::BAD_PORT,
            ORIGIN,
        ),
        R::ResourcePolicy => explain(
            "The server's `Cross-Origin-Resource-Policy` header forbids pages of other origins or sites to load the response.",
            "Send `Cross-Origin-Resource-Policy: cross-origin` if other sites may embed it.",
            citation::RESOURCE_POLICY,
            OPAQUE,
        ),
        R::EmbedderPolicy => explain(
            "The page has `Cross-Origin-Embedder-Policy: require-corp`, and the response neither came by CORS nor has a \
             `Cross-Origin-Resource-Policy` header.",
            "Request it with CORS (`crossorigin` on elements, mode `cors` in `fetch()`), or send \
             `Cross-Origin-Resource-Policy: cross-origin` with the response.",
            citation::RESOURCE_POLICY,
            OPAQUE,
        ),
        R::OpaqueResponseBlocked => explain(
            "An element without `crossorigin` got a response of another origin that pages do not embed, such as JSON or HTML. \
             Browsers keep such responses away from the process of the page (opaque-response blocking).",
            "Add `crossorigin` to the element and allow the page's origin, or read the data with `fetch()`. If the response is \
             a script or a stylesheet, correct its `Content-Type`.",
            citation::OPAQUE_RESPONSE,
            OPAQUE,
        ),
        R::ResourceStatusNotOk => explain(
            "The script, stylesheet or font has an error status. CORS is not the cause.",
            "Open the URL in a browser tab. It must have a status from 200 to 299.",
            citation::CLASSIC_SCRIPT,
            FAILS,
        ),
        R::ResourceType => explain(
            "The response is not what the element needs: a script or stylesheet with another `Content-Type`, or a body that is \
             not an image or a font. CORS is not the cause.",
            "Send the right `Content-Type`, above all together with `X-Content-Type-Options: nosniff`.",
            citation::NOSNIFF,
            FAILS,
        ),
        R::NetworkError => explain(
            "No response arrived: the name has no address, the connection failed, the certificate is not trusted, the response is \
             not valid HTTP, or it took too long. The page gets the same error as for CORS, but CORS is not the cause.",
            "Open the URL in a browser tab. It must work there first.",
            citation::NETWORK_FETCH,
            FAILS,
        ),
        R::PreflightRedirected => explain(
            "The response to the preflight is a redirect, for example to add a slash, to switch to HTTPS, or to a login page. \
             Browsers do not follow redirects of a preflight.",
            "Fetch the final URL, and let the server answer OPTIONS before it redirects.",
            citation::PREFLIGHT_OK,
            REDIRECTS,
        ),
        R::PreflightStatusNotOk => explain(
            "The preflight's headers are right, but its status is not between 200 and 299. Often authentication (401) or a \
             missing route for OPTIONS (404, 405) answers before the CORS middleware.",
            "Answer the preflight with 204, before authentication and routing.",
            citation::PREFLIGHT_OK,
            STATUS,
        ),
        R::PreflightMissingAllowOrigin => explain(
            "The response to the preflight has no `Access-Control-Allow-Origin`: the server denies the preflight, or \
             it has no CORS middleware. A denial does not say why: the method or a header may be the cause.",
            "Allow the page's origin, and the method and headers that the preflight asks for. Check that the CORS \
             middleware answers OPTIONS.",
            citation::CORS_CHECK_MISSING,
            PREFLIGHT,
        ),
        R::PreflightMultipleAllowOrigin => explain(
            "The response to the preflight has more than one origin in `Access-Control-Allow-Origin`: a list, or two \
             headers from two layers, such as the application and a proxy.",
            "Send exactly one header with exactly the page's origin. Let only one layer answer.",
            citation::CORS_CHECK_MISMATCH,
            HOW,
        ),
        R::PreflightAllowOriginMismatch => explain(
            "`Access-Control-Allow-Origin` in the response to the preflight differs from the page's origin.",
            "Send the value of the request's `Origin` if the policy allows it: without a slash at the end or a default port, in \
             lower case.",
            citation::CORS_CHECK_MISMATCH,
            ORIGIN,
        ),
        R::PreflightWildcardWithCredentials => explain(
            "The fetch has credentials, and `Access-Control-Allow-Origin: *` in the response to the preflight does not \
             allow those.",
            "Send the page's origin instead of `*`, and `Access-Control-Allow-Credentials: true`; or fetch without credentials.",
            citation::CORS_CHECK_WILDCARD,
            STAR,
        ),
        R::PreflightCredentialsNotAllowed => explain(
            "The fetch has credentials, and the response to the preflight does not have `Access-Control-Allow-Credentials: \
             true` exactly once, in lower case.",
            "Send the header in both responses, to the preflight and to the request, if the page may use the user's cookies.",
            citation::CORS_CHECK_CREDENTIALS,
            CREDENTIALS,
        ),
        R::InvalidAllowMethods => explain(
            "`Access-Control-Allow-Methods` is not a list of methods separated by commas.",
            "Separate the methods with commas: `GET, PUT, DELETE`.",
            citation::PREFLIGHT_LISTS,
            PREFLIGHT,
        ),
        R::InvalidAllowHeaders => explain(
            "`Access-Control-Allow-Headers` is not a list of header names separated by commas.",
            "Separate the names with commas: `authorization, content-type`.",
            citation::PREFLIGHT_LISTS,
            PREFLIGHT,
        ),
        R::MethodNotAllowed => explain(
            "`Access-Control-Allow-Methods` in the response to the preflight does not list the method. Case matters: `PATCH` is not \
             `patch`.",
            "Add the method to the list, in the same case as the browser sends it.",
            citation::PREFLIGHT_METHOD,
            PREFLIGHT,
        ),
        R::MethodWildcardWithCredentials => explain(
            "The fetch has credentials. With credentials, `*` in `Access-Control-Allow-Methods` only means a method called `*`.",
            "List the methods by name.",
            citation::PREFLIGHT_METHOD,
            STAR,
        ),
        R::HeaderNotAllowed => explain(
            "`Access-Control-Allow-Headers` in the response to the preflight does not list a request header that is not \
             CORS-safelisted. `Content-Type` is safelisted only for forms and plain text.",
            "Add the header's name to the list.",
            citation::PREFLIGHT_HEADERS,
            "why-am-i-seeing-a-preflight-options-request-when-im-not-setting-any-custom-headers",
        ),
        R::HeaderWildcardWithCredentials => explain(
            "The fetch has credentials. With credentials, `*` in `Access-Control-Allow-Headers` only means a header called `*`.",
            "List the headers by name.",
            citation::PREFLIGHT_HEADERS,
            STAR,
        ),
        R::AuthorizationNotCoveredByWildcard => explain(
            "In the Fetch standard, `*` in `Access-Control-Allow-Headers` does not cover `Authorization`. Browsers \
             still accept it, and Chromium and Firefox warn that this will change.",
            "List `authorization` as well as `*`.",
            citation::PREFLIGHT_AUTHORIZATION,
            AUTHORIZATION,
        ),
        R::MissingAllowOrigin => explain(
            "The response has no `Access-Control-Allow-Origin`: the origin is not allowed, or the response comes from \
             something that the CORS middleware does not wrap (an error page, a proxy, a redirect).",
            "Allow the page's origin, and make the CORS middleware the outermost one, so that errors and redirects pass through \
             it.",
            citation::CORS_CHECK_MISSING,
            MISSING,
        ),
        R::MultipleAllowOrigin => explain(
            "The response has more than one origin in `Access-Control-Allow-Origin`: a list, or two headers from two layers, \
             such as the application and a proxy.",
            "Send exactly one header with exactly the page's origin. Let only one layer add it.",
            citation::CORS_CHECK_MISMATCH,
            HOW,
        ),
        R::AllowOriginMismatch => explain(
            "`Access-Control-Allow-Origin` differs from the request's origin. After a redirect from one foreign origin to another, \
             the request's origin is `null`.",
            "Send the value of the request's `Origin` if the policy allows it: without a slash at the end or a default port, in \
             lower case. If the value is that of another page, a cache may be the cause: send `Vary: Origin`.",
            citation::CORS_CHECK_MISMATCH,
            ORIGIN,
        ),
        R::WildcardOriginWithCredentials => explain(
            "The fetch has credentials, and `Access-Control-Allow-Origin: *` does not allow those.",
            "Send the page's origin instead of `*`, and `Access-Control-Allow-Credentials: true`; or fetch without credentials.",
            citation::CORS_CHECK_WILDCARD,
            STAR,
        ),
        R::CredentialsNotAllowed => explain(
            "The fetch has credentials, and the response does not have `Access-Control-Allow-Credentials: true` exactly once, in \
             lower case. The server has processed the request; only the response is hidden from the page.",
            "Send the header if the page may use the user's cookies.",
            citation::CORS_CHECK_CREDENTIALS,
            CREDENTIALS,
        ),
        R::RedirectModeError => explain(
            "The response is a redirect, and the fetch has redirect mode `error`.",
            "Fetch the final URL, or use redirect mode `follow`.",
            citation::HTTP_FETCH_REDIRECT,
            REDIRECTS,
        ),
        R::TooManyRedirects => explain(
            "There were more than twenty redirects, usually in a loop.",
            "Check the `Location` header of each redirect and remove the loop.",
            citation::REDIRECT_COUNT,
            REDIRECTS,
        ),
        R::RedirectLocationInvalid => explain(
            "The redirect's `Location` is not a valid URL, or there are two.",
            "Send one `Location` with a whole URL or a path.",
            citation::LOCATION_URL,
            REDIRECTS,
        ),
        R::RedirectWithCredentialsInUrl => explain(
            "The redirect's `Location` has a user name or a password. Browsers do not follow such a redirect to another origin.",
            "Remove them from the URL.",
            citation::REDIRECT_CREDENTIALS,
            REDIRECTS,
        ),
        R::RedirectToUnsupportedScheme => explain(
            "The redirect leads to a URL that is not HTTP(S), such as `data:` or the scheme of an app.",
            "Redirect to an HTTPS URL.",
            citation::REDIRECT_SCHEME,
            REDIRECTS,
        ),
        R::NoDocument => explain(
            "The response to a link or a form has status 204 or 205, or is a download, so that the user stays on the page. The \
             server has processed the request. CORS has nothing to do with it.",
            "Send a document, or redirect to one with status 303.",
            citation::NO_DOCUMENT,
            FAILS,
        ),
        R::WebSocketHandshakeFailed => explain(
            "The response to the WebSocket handshake has another status than 101: the path has no WebSocket, a proxy removes \
             `Upgrade`, the application refuses the origin, or the response is a redirect. CORS headers play no role.",
            "Handle the handshake at this path, and let every proxy on the way pass `Upgrade` and `Connection` on.",
            citation::WEB_SOCKET,
            FAILS,
        ),
        R::WebSocketResponseInvalid => explain(
            "The response to the WebSocket handshake has status 101, but its `Upgrade`, `Connection`, `Sec-WebSocket-Accept`, \
             `Sec-WebSocket-Protocol` or `Sec-WebSocket-Extensions` does not answer the request.",
            "Leave the handshake to a WebSocket library. Answer with one of the subprotocols that the page asks for.",
            citation::WEB_SOCKET_RESPONSE,
            FAILS,
        ),
        R::EventStreamStatus => explain(
            "The response to an `EventSource` has another status than 200. The page does not connect again.",
            "Send status 200. Send 204 if the page must stop connecting.",
            citation::EVENT_STREAM,
            FAILS,
        ),
        R::EventStreamType => explain(
            "The response to an `EventSource` has another media type than `text/event-stream`, such as that of an error page.",
            "Send `Content-Type: text/event-stream`.",
            citation::EVENT_STREAM,
            FAILS,
        ),
        _ => explain(UNEXPLAINED, "Read the rule.", citation::REQUEST, NEXT),
    }
}
