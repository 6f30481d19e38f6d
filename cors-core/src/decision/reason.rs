//! Why something is not allowed.

use crate::codes::codes;

codes! {
    "denied",
    /// Why an origin is not allowed, or a preflight or another request is denied.
    Reason {
        /// `Origin` is not exactly one ASCII-serialized origin.
        MalformedOrigin = "malformed-origin",
        /// The policy does not allow the origin.
        OriginNotAllowed = "origin-not-allowed",
        /// The lookup of the origin failed or was late, so the origin is not allowed this time.
        LookupFailed = "lookup-failed",
        /// `Access-Control-Request-Method` is not exactly one method name, or it is longer than 256 bytes.
        MalformedRequestMethod = "malformed-request-method",
        /// The policy does not list the method.
        MethodNotAllowed = "method-not-allowed",
        /// `Access-Control-Request-Headers` is not a list of header names, or it is longer than the bounds of
        /// [`Policy::decide`](crate::Policy::decide).
        MalformedRequestHeaders = "malformed-request-headers",
        /// The policy does not list one of the headers.
        HeaderNotAllowed = "header-not-allowed",
        /// The guard denies a write that a page of another site may have caused.
        CrossSiteWrite = "cross-site-write",
        /// The guard denies all requests of foreign origins.
        ForeignOrigin = "foreign-origin",
        /// The guard denies a WebSocket handshake of a foreign origin.
        ForeignWebsocket = "foreign-websocket",
        /// The guard does not allow the host, or the request does not have exactly one.
        HostNotAllowed = "host-not-allowed",
    }
}

impl Reason {
    /// What the author of the policy can do about it, as a sentence.
    pub const fn help(self) -> &'static str {
        match self {
            Self::MalformedOrigin => {
                "A browser sends exactly one origin such as `https://example.com`. Check what sends this value or changes it on the way."
            }
            Self::OriginNotAllowed => "Add the origin to `allow_origins` if its pages may read responses.",
            Self::LookupFailed => {
                "Find out why the lookup failed: an event at warn level has its error. The next request asks again."
            }
            Self::MalformedRequestMethod => {
                "A browser sends exactly one method name in `Access-Control-Request-Method`. Check what changes it on the way."
            }
            Self::MethodNotAllowed => {
                "Add the method to `allow_methods`, in the same case, if pages may use it."
            }
            Self::MalformedRequestHeaders => {
                "A browser sends a list of header names in `Access-Control-Request-Headers`. Check what changes it on the way."
            }
            Self::HeaderNotAllowed => {
                "Add the header to `allow_headers` if pages may send it; `*` does not cover `authorization`."
            }
            Self::CrossSiteWrite => {
                "Add the origin to `allow_origins` if its pages may write, or exempt the method and path. If it is the server's own and a proxy changes `Host`, add it to `own_origins`."
            }
            Self::ForeignOrigin => {
                "Add the origin to `allow_origins` if its pages may use the server. If it is the server's own and a proxy changes `Host`, add it to `own_origins`."
            }
            Self::ForeignWebsocket => {
                "Add the origin to `allow_origins` if its pages may open WebSockets. If it is the server's own and a proxy changes `Host`, add it to `own_origins`."
            }
            Self::HostNotAllowed => "Add the host to `allow_hosts` if the server answers to it.",
        }
    }
}
