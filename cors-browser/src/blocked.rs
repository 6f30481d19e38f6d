//! Why a fetch failed.

use std::fmt;

use super::FailureKind;

/// Why the promise of a `fetch()` was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The rule that stopped it.
    pub reason: BlockReason,
    /// The values that met that rule, in words.
    pub detail: String,
    /// Whether the browser told the reason.
    is_told: bool,
    /// What a console line about it needs to know.
    pub(super) facts: Box<Facts>,
}

/// What a console line needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// The URL that the script asked for.
    pub(super) first_url: String,
    /// The URL of the exchange that failed.
    pub(super) url: String,
    /// The page's origin.
    pub(super) page_origin: String,
    /// The request's origin, as the server saw it.
    pub(super) origin: String,
    /// The method, header name or header value that met the rule.
    pub(super) value: String,
    /// The status of the last response.
    pub(super) status: Option<u16>,
    /// Whether the request was one of the CORS protocol by then (its response tainting).
    pub(super) is_cors: bool,
    /// Why no response came, if none did.
    pub(super) failure: Option<FailureKind>,
    /// Which argument of `fetch()` is wrong, if one is.
    pub(super) argument: Option<InvalidArgument>,
}

/// A wrong argument of `fetch()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InvalidArgument {
    /// The URL has a user name or a password.
    UserInfo,
    /// The method is no token.
    Method,
    /// A header's name is no token.
    HeaderName,
    /// A header's value has a line break or a NUL.
    HeaderValue,
    /// A header's value has a character above U+00FF.
    HeaderCharacter,
    /// `GET` and `HEAD` have no body.
    Body,
    /// Mode `no-cors` follows redirects.
    NoCorsRedirect,
}

impl Blocked {
    /// A failure by `reason`.
    pub fn new(reason: BlockReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), is_told: true, facts: Box::default() }
    }

    /// A failure as a script meets it in a real browser: a `TypeError` that says `message` and keeps the reason to itself.
    pub fn untold(message: impl Into<String>) -> Self {
        Self { is_told: false, ..Self::new(BlockReason::NetworkError, message) }
    }

    /// Whether `reason` is known, rather than what every failure looks like to a script.
    pub fn is_told(&self) -> bool {
        self.is_told
    }

    /// The method, header name or header value that met the rule; empty where there is none.
    pub fn value(&self) -> &str {
        &self.facts.value
    }

    /// The URL of the exchange that failed.
    pub fn url(&self) -> &str {
        &self.facts.url
    }

    /// The request's origin, as the server saw it: `null` after some redirects.
    pub fn request_origin(&self) -> &str {
        &self.facts.origin
    }

    /// The same failure with the value that met the rule.
    pub(super) fn with_value(mut self, value: impl Into<String>) -> Self {
        self.facts.value = value.into();
        self
    }

    /// The same failure, which is one of the network.
    pub(super) fn with_failure(mut self, failure: FailureKind) -> Self {
        self.facts.failure = Some(failure);
        self
    }

    /// The same failure, which is one of an argument.
    pub(super) fn with_argument(mut self, argument: InvalidArgument) -> Self {
        self.facts.argument = Some(argument);
        self
    }

    /// The same failure, knowing where it happened.
    pub(super) fn with_facts(mut self, facts: Facts) -> Self {
        let Facts { value, failure, argument, .. } = *self.facts;
        self.facts = Box::new(Facts { value, failure, argument, ..facts });
        self
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_told {
            write!(f, "{}: {}", self.reason, self.detail)
        } else {
            write!(f, "reason untold: {}", self.detail)
        }
    }
}

/// Declares the reasons once: variant, stable code, documentation.
macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)+) => {
        /// The rule that stopped a fetch. The codes are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum BlockReason {
            $($(#[$doc])* $variant,)+
        }

        impl BlockReason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }
    };
}

reasons! {
    /// The arguments of `fetch()` themselves are wrong.
    InvalidRequest = "invalid-request",
    /// The method is `CONNECT`, `TRACE` or `TRACK`.
    ForbiddenMethod = "forbidden-method",
    /// Mode `no-cors` with a method that is not CORS-safelisted.
    NoCorsMethodNotSafelisted = "no-cors-method-not-safelisted",
    /// Mode `same-origin` met another origin.
    ModeSameOriginCrossOrigin = "mode-same-origin-cross-origin",
    /// A secure page asked for an insecure resource.
    MixedContent = "mixed-content",
    /// The URL is not an HTTP(S) URL.
    UnsupportedScheme = "unsupported-scheme",
    /// The URL's port is one that browsers never connect to.
    BadPort = "bad-port",
    /// `Cross-Origin-Resource-Policy` keeps an opaque response from the page.
    ResourcePolicy = "resource-policy",
    /// No response came.
    NetworkError = "network-error",
    /// The preflight was answered with a redirect.
    PreflightRedirected = "preflight-redirected",
    /// The preflight's status is not an ok status.
    PreflightStatusNotOk = "preflight-status-not-ok",
    /// The preflight's response has no `Access-Control-Allow-Origin`.
    PreflightMissingAllowOrigin = "preflight-missing-allow-origin",
    /// The preflight's response has several `Access-Control-Allow-Origin`.
    PreflightMultipleAllowOrigin = "preflight-multiple-allow-origin",
    /// The preflight's `Access-Control-Allow-Origin` is not the page's origin.
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
    /// The preflight allows the method by `*` only, for a request with credentials.
    MethodWildcardWithCredentials = "method-wildcard-with-credentials",
    /// The preflight does not allow a header.
    HeaderNotAllowed = "header-not-allowed",
    /// The preflight allows a header by `*` only, for a request with credentials.
    HeaderWildcardWithCredentials = "header-wildcard-with-credentials",
    /// The preflight allows `Authorization` by `*` only.
    AuthorizationNotCoveredByWildcard = "authorization-not-covered-by-wildcard",
    /// The response has no `Access-Control-Allow-Origin`.
    MissingAllowOrigin = "missing-allow-origin",
    /// The response has several `Access-Control-Allow-Origin`.
    MultipleAllowOrigin = "multiple-allow-origin",
    /// The response's `Access-Control-Allow-Origin` is not the request's origin.
    AllowOriginMismatch = "allow-origin-mismatch",
    /// The response's `Access-Control-Allow-Origin` is `*` for a request with credentials.
    WildcardOriginWithCredentials = "wildcard-origin-with-credentials",
    /// The response's `Access-Control-Allow-Credentials` is not `true` for a request with credentials.
    CredentialsNotAllowed = "credentials-not-allowed",
    /// A redirect in redirect mode `error`.
    RedirectModeError = "redirect-mode-error",
    /// More than twenty redirects.
    TooManyRedirects = "too-many-redirects",
    /// The redirect's `Location` is no URL.
    RedirectLocationInvalid = "redirect-location-invalid",
    /// The redirect's `Location` has a user name or a password.
    RedirectWithCredentialsInUrl = "redirect-with-credentials-in-url",
    /// The redirect's `Location` is not an HTTP(S) URL.
    RedirectToUnsupportedScheme = "redirect-to-unsupported-scheme",
}

impl fmt::Display for BlockReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
