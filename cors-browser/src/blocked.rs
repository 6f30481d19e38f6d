//! Why a fetch was blocked.

use std::fmt;

use url::Url;

use crate::code::codes;
use crate::request::RequestMode;
use crate::{AddressSpace, Element, FailureKind, Page};

/// Why the promise of a `fetch()` was rejected.
///
/// [`reason`](Self::reason) is for programs, [`detail`](Self::detail) for people, and [`console`](Self::console) is what
/// the user of a browser sees.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocked {
    /// The rule that blocked the fetch.
    pub reason: BlockReason,
    /// The values that broke the rule, in words.
    pub detail: String,
    has_reason: bool,
    /// The values that console lines contain.
    pub(crate) context: Box<Context>,
}

/// The values that console lines contain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Context {
    /// The URL that the script requested.
    pub(crate) first_url: String,
    /// The URL of the exchange that failed.
    pub(crate) url: String,
    /// The page's origin.
    pub(crate) page_origin: String,
    /// The origin of the URL that the page was loaded from, also if the page is a sandboxed frame with an opaque origin.
    pub(crate) document_origin: String,
    /// The origin that the request was sent with.
    pub(crate) origin: String,
    /// The method, header name or header value that broke the rule.
    pub(crate) value: String,
    /// The names of all headers that the preflight does not allow, if it does not allow one.
    pub(crate) refused: Vec<String>,
    /// The headers, as the script wrote them.
    pub(crate) headers: Vec<(String, String)>,
    /// The status of the last response.
    pub(crate) status: Option<u16>,
    /// Whether the response tainting was `cors`.
    pub(crate) is_cors: bool,
    /// The mode; `None` if the request could not be made.
    pub(crate) mode: Option<RequestMode>,
    /// Why no response came, if the reason is a network error.
    pub(crate) failure: Option<FailureKind>,
    /// The address space that the request names, if it names one.
    pub(crate) named_space: Option<AddressSpace>,
    /// The argument of `fetch()` or a constructor that is invalid, if one is.
    pub(crate) argument: Option<InvalidArgument>,
    /// Whether `X-Content-Type-Options` is the cause.
    pub(crate) is_nosniff: bool,
    /// What made the request.
    pub(crate) initiator: Initiator,
}

/// What made a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Initiator {
    /// `fetch()`.
    #[default]
    Fetch,
    /// `XMLHttpRequest`.
    Xhr,
    /// An element or a CSS rule.
    Element(Element),
    /// A link or a form.
    Navigation,
    /// `new EventSource()`.
    EventSource,
    /// `new WebSocket()`.
    WebSocket,
}

/// An invalid argument of `fetch()` or a constructor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidArgument {
    /// The URL has a user name or a password.
    UserInfo,
    /// The method is not a token.
    Method,
    /// The name of a header is not a token.
    HeaderName,
    /// The value of a header contains a line break or a NUL.
    HeaderValue,
    /// The value of a header contains a character above U+00FF.
    HeaderCharacter,
    /// `GET` or `HEAD` has a body.
    Body,
    /// The mode is `no-cors`, and the redirect mode is not `follow`.
    NoCorsRedirect,
    /// The URL of a WebSocket has a fragment.
    WebSocketFragment,
    /// A subprotocol of a WebSocket is not a token, or is repeated.
    WebSocketProtocol,
}

impl Context {
    pub(crate) fn new(page: &Page, url: &Url, initiator: Initiator) -> Self {
        Self {
            first_url: url.to_string(),
            url: url.to_string(),
            page_origin: page.origin.to_string(),
            document_origin: document_origin(page),
            origin: page.origin.to_string(),
            initiator,
            ..Self::default()
        }
    }
}

/// The origin of the URL that a page was loaded from.
fn document_origin(page: &Page) -> String {
    let origin = if page.sandboxed_url().is_some() { page.top_level_origin() } else { &page.origin };
    origin.to_string()
}

impl Blocked {
    /// Creates a failure with this reason.
    pub fn new(reason: BlockReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), has_reason: true, context: Box::default() }
    }

    /// Creates a failure as a script in a real browser sees it: a `TypeError` with `message`, and without the reason.
    ///
    /// Its [`reason`](Self::reason) is [`BlockReason::NetworkError`], and [`has_reason`](Self::has_reason) is `false`.
    pub fn without_reason(message: impl Into<String>) -> Self {
        Self { has_reason: false, ..Self::new(BlockReason::NetworkError, message) }
    }

    /// Whether `reason` is known. It is for failures of the model, and it is not for those of a real browser.
    pub fn has_reason(&self) -> bool {
        self.has_reason
    }

    /// The method, header name or header value that broke the rule; empty if the rule is not about such a value.
    pub fn value(&self) -> &str {
        &self.context.value
    }

    /// The URL of the exchange that failed.
    pub fn url(&self) -> &str {
        &self.context.url
    }

    /// The origin that the request was sent with. It is `null` after some redirects.
    pub fn request_origin(&self) -> &str {
        &self.context.origin
    }

    /// Why no response came, if the reason is [`BlockReason::NetworkError`].
    pub fn failure(&self) -> Option<FailureKind> {
        self.context.failure
    }

    pub(crate) fn with_value(mut self, value: impl Into<String>) -> Self {
        self.context.value = value.into();
        self
    }

    pub(crate) fn with_refused(mut self, names: Vec<String>) -> Self {
        self.context.refused = names;
        self
    }

    pub(crate) fn with_failure(mut self, failure: FailureKind) -> Self {
        self.context.failure = Some(failure);
        self
    }

    pub(crate) fn with_nosniff(mut self) -> Self {
        self.context.is_nosniff = true;
        self
    }

    pub(crate) fn with_argument(mut self, argument: InvalidArgument) -> Self {
        self.context.argument = Some(argument);
        self
    }

    /// Adds the circumstances of the fetch.
    pub(crate) fn with_context(mut self, context: Context) -> Self {
        let Context { value, refused, failure, argument, is_nosniff, .. } = *self.context;
        self.context = Box::new(Context { value, refused, failure, argument, is_nosniff, ..context });
        self
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_reason {
            write!(f, "{}: {}", self.reason, self.detail)
        } else {
            write!(f, "reason unknown: {}", self.detail)
        }
    }
}

impl std::error::Error for Blocked {}

codes! {
    /// The rule that blocked a fetch. The codes are stable.
    BlockReason {
        /// The arguments of `fetch()` or a constructor are invalid.
        InvalidRequest = "invalid-request",
        /// The method is `CONNECT`, `TRACE` or `TRACK`.
        ForbiddenMethod = "forbidden-method",
        /// The mode is `no-cors`, and the method is not CORS-safelisted.
        NoCorsMethodNotSafelisted = "no-cors-method-not-safelisted",
        /// The mode is `same-origin`, and the URL has another origin.
        ModeSameOriginCrossOrigin = "mode-same-origin-cross-origin",
        /// A secure page requested an insecure URL.
        MixedContent = "mixed-content",
        /// The URL is not an HTTP(S) URL, or not a URL of a WebSocket.
        UnsupportedScheme = "unsupported-scheme",
        /// Browsers never connect to the port of the URL.
        BadPort = "bad-port",
        /// The page may not reach the server in the local network, because the user has not permitted it.
        LocalNetworkPermission = "local-network-permission",
        /// The page may not reach the server in the local network, because the page is not a secure context.
        LocalNetworkNotSecure = "local-network-not-secure",
        /// The server is in another address space than the request names.
        AddressSpaceMismatch = "address-space-mismatch",
        /// `Cross-Origin-Resource-Policy` blocks the opaque response.
        ResourcePolicy = "resource-policy",
        /// The page's `Cross-Origin-Embedder-Policy` blocks the opaque response.
        EmbedderPolicy = "embedder-policy",
        /// The opaque response is not of a type that pages embed (opaque-response blocking).
        OpaqueResponseBlocked = "opaque-response-blocked",
        /// The response to an element has an unsuitable status.
        ResourceStatusNotOk = "resource-status-not-ok",
        /// The response to an element has an unsuitable type.
        ResourceType = "resource-type",
        /// No response came. [`Blocked::failure`] says why.
        NetworkError = "network-error",
        /// The response to the preflight is a redirect.
        PreflightRedirected = "preflight-redirected",
        /// The status of the preflight's response is not an ok status (200 to 299).
        PreflightStatusNotOk = "preflight-status-not-ok",
        /// The preflight's response has no `Access-Control-Allow-Origin`.
        PreflightMissingAllowOrigin = "preflight-missing-allow-origin",
        /// The preflight's response has several values of `Access-Control-Allow-Origin`.
        PreflightMultipleAllowOrigin = "preflight-multiple-allow-origin",
        /// The preflight's `Access-Control-Allow-Origin` is not the request's origin.
        PreflightAllowOriginMismatch = "preflight-allow-origin-mismatch",
        /// The preflight's `Access-Control-Allow-Origin` is `*` for a request with credentials.
        PreflightWildcardWithCredentials = "preflight-wildcard-with-credentials",
        /// The preflight's `Access-Control-Allow-Credentials` is not `true` for a request with credentials.
        PreflightCredentialsNotAllowed = "preflight-credentials-not-allowed",
        /// The preflight's `Access-Control-Allow-Methods` cannot be parsed.
        InvalidAllowMethods = "invalid-allow-methods",
        /// The preflight's `Access-Control-Allow-Headers` cannot be parsed.
        InvalidAllowHeaders = "invalid-allow-headers",
        /// The preflight does not allow the method.
        MethodNotAllowed = "method-not-allowed",
        /// The preflight allows the method only by `*`, which does not cover requests with credentials.
        MethodWildcardWithCredentials = "method-wildcard-with-credentials",
        /// The preflight does not allow a header.
        HeaderNotAllowed = "header-not-allowed",
        /// The preflight allows a header only by `*`, which does not cover requests with credentials.
        HeaderWildcardWithCredentials = "header-wildcard-with-credentials",
        /// The preflight allows `Authorization` only by `*`, which does not cover it.
        AuthorizationNotCoveredByWildcard = "authorization-not-covered-by-wildcard",
        /// The response has no `Access-Control-Allow-Origin`.
        MissingAllowOrigin = "missing-allow-origin",
        /// The response has several values of `Access-Control-Allow-Origin`.
        MultipleAllowOrigin = "multiple-allow-origin",
        /// The response's `Access-Control-Allow-Origin` is not the request's origin.
        AllowOriginMismatch = "allow-origin-mismatch",
        /// The response's `Access-Control-Allow-Origin` is `*` for a request with credentials.
        WildcardOriginWithCredentials = "wildcard-origin-with-credentials",
        /// The response's `Access-Control-Allow-Credentials` is not `true` for a request with credentials.
        CredentialsNotAllowed = "credentials-not-allowed",
        /// The redirect mode is `error`, and the response is a redirect.
        RedirectModeError = "redirect-mode-error",
        /// The request was redirected more than twenty times.
        TooManyRedirects = "too-many-redirects",
        /// The redirect's `Location` is not a valid URL.
        RedirectLocationInvalid = "redirect-location-invalid",
        /// The redirect's `Location` has a user name or a password.
        RedirectWithCredentialsInUrl = "redirect-with-credentials-in-url",
        /// The redirect's `Location` is not an HTTP(S) URL.
        RedirectToUnsupportedScheme = "redirect-to-unsupported-scheme",
        /// The response to a navigation has status 204 or 205, or is a download, so that the page stays.
        NoDocument = "no-document",
        /// The response to a WebSocket handshake has another status than 101.
        WebSocketHandshakeFailed = "websocket-handshake-failed",
        /// The response to a WebSocket handshake has status 101, but not the headers that RFC 6455 demands.
        WebSocketResponseInvalid = "websocket-response-invalid",
        /// The response to an `EventSource` has another status than 200.
        EventStreamStatus = "event-stream-status",
        /// The response to an `EventSource` has another media type than `text/event-stream`.
        EventStreamType = "event-stream-type",
    }
}
