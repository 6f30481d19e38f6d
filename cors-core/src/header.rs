//! The headers that CORS reads and writes.

/// A request header that a decision reads.
///
/// Later versions may read more headers, so a `match` needs a last arm; [`name`](Self::name) works for all of them.
///
/// Sources: Fetch, ["HTTP requests"](https://fetch.spec.whatwg.org/#http-requests); RFC 9110, sections 7.2 and 7.8; Fetch Metadata
/// Request Headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestHeader {
    /// `Origin`
    Origin,
    /// `Access-Control-Request-Method`
    AccessControlRequestMethod,
    /// `Access-Control-Request-Headers`
    AccessControlRequestHeaders,
    /// `Host`, which only a guard reads.
    Host,
    /// `Sec-Fetch-Site`, which only a guard reads.
    SecFetchSite,
    /// `Upgrade`, which only a guard reads.
    Upgrade,
}

impl RequestHeader {
    /// The name in lower case, as HTTP/2 requires.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::AccessControlRequestMethod => "access-control-request-method",
            Self::AccessControlRequestHeaders => "access-control-request-headers",
            Self::Host => "host",
            Self::SecFetchSite => "sec-fetch-site",
            Self::Upgrade => "upgrade",
        }
    }
}

/// A response header that a decision writes.
///
/// Later versions may write more headers, so a `match` needs a last arm; [`name`](Self::name) works for all of them.
///
/// Sources: Fetch, ["HTTP responses"](https://fetch.spec.whatwg.org/#http-responses), and RFC 9110, section 12.5.5, for
/// `Vary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseHeader {
    /// `Access-Control-Allow-Origin`
    AccessControlAllowOrigin,
    /// `Access-Control-Allow-Credentials`
    AccessControlAllowCredentials,
    /// `Access-Control-Allow-Methods`
    AccessControlAllowMethods,
    /// `Access-Control-Allow-Headers`
    AccessControlAllowHeaders,
    /// `Access-Control-Expose-Headers`
    AccessControlExposeHeaders,
    /// `Access-Control-Max-Age`
    AccessControlMaxAge,
    /// `Vary`
    Vary,
}

impl ResponseHeader {
    /// The name in lower case, as HTTP/2 requires.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessControlAllowOrigin => "access-control-allow-origin",
            Self::AccessControlAllowCredentials => "access-control-allow-credentials",
            Self::AccessControlAllowMethods => "access-control-allow-methods",
            Self::AccessControlAllowHeaders => "access-control-allow-headers",
            Self::AccessControlExposeHeaders => "access-control-expose-headers",
            Self::AccessControlMaxAge => "access-control-max-age",
            Self::Vary => "vary",
        }
    }
}
