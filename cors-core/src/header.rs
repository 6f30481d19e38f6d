//! The headers that CORS reads and writes.

/// A request header that the decision reads.
///
/// Source: Fetch, ["CORS protocol"](https://fetch.spec.whatwg.org/#http-requests), and the Private Network Access draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestHeader {
    /// `Origin`
    Origin,
    /// `Access-Control-Request-Method`
    AccessControlRequestMethod,
    /// `Access-Control-Request-Headers`
    AccessControlRequestHeaders,
    /// `Access-Control-Request-Private-Network`
    AccessControlRequestPrivateNetwork,
}

impl RequestHeader {
    /// The header's name in lower case, as HTTP/2 wants it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::AccessControlRequestMethod => "access-control-request-method",
            Self::AccessControlRequestHeaders => "access-control-request-headers",
            Self::AccessControlRequestPrivateNetwork => "access-control-request-private-network",
        }
    }
}

/// A response header that a decision writes.
///
/// Source: Fetch, ["CORS protocol"](https://fetch.spec.whatwg.org/#http-responses), and RFC 9110, section 12.5.5, for `Vary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseHeader {
    /// `Access-Control-Allow-Origin`
    AccessControlAllowOrigin,
    /// `Access-Control-Allow-Credentials`
    AccessControlAllowCredentials,
    /// `Access-Control-Allow-Methods`
    AccessControlAllowMethods,
    /// `Access-Control-Allow-Headers`
    AccessControlAllowHeaders,
    /// `Access-Control-Allow-Private-Network`
    AccessControlAllowPrivateNetwork,
    /// `Access-Control-Expose-Headers`
    AccessControlExposeHeaders,
    /// `Access-Control-Max-Age`
    AccessControlMaxAge,
    /// `Vary`
    Vary,
}

impl ResponseHeader {
    /// The header's name in lower case, as HTTP/2 wants it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessControlAllowOrigin => "access-control-allow-origin",
            Self::AccessControlAllowCredentials => "access-control-allow-credentials",
            Self::AccessControlAllowMethods => "access-control-allow-methods",
            Self::AccessControlAllowHeaders => "access-control-allow-headers",
            Self::AccessControlAllowPrivateNetwork => "access-control-allow-private-network",
            Self::AccessControlExposeHeaders => "access-control-expose-headers",
            Self::AccessControlMaxAge => "access-control-max-age",
            Self::Vary => "vary",
        }
    }
}
