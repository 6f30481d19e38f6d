//! The decision: what a policy says to a request.

mod check;
mod prepared;
mod request_headers;

use std::fmt;

pub use self::prepared::PreparedPolicy;
use crate::RequestHead;
use crate::policy::{Policy, codes};

/// What to do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<V> {
    /// A CORS-preflight request: answer it at once, without the application.
    Preflight(Preflight),
    /// Any other request: call the application, and then let the decision write itself into the response.
    Pass(Pass<V>),
}

/// The decision about a request that is no CORS-preflight request. The application is called in every case; what differs is
/// whether a page may read the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass<V> {
    /// The policy allows any origin, so the answer is the same for every request.
    AnyOrigin,
    /// The request has no `Origin`.
    Plain,
    /// The request's origin, which is allowed, as the value to echo.
    Allowed(V),
    /// The request's origin is not allowed; [`Policy::origin_reason`] says why.
    NotAllowed,
}

/// The decision about a CORS-preflight request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preflight {
    status: u16,
    /// Why it is denied, if it is.
    reason: Option<Reason>,
    /// Whether the response tells the policy: a granted preflight, or one that is denied in diagnostic mode.
    tells_policy: bool,
    /// Whether the request asked for access to a private network.
    private_network: bool,
}

impl Preflight {
    /// The status to answer with.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Why the preflight is denied; `None` where it is granted.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }
}

codes! {
    /// Why an origin is not allowed, or a preflight denied.
    Reason {
        /// `Origin` is not one ASCII-serialized origin.
        MalformedOrigin = "malformed-origin",
        /// The policy does not contain the origin.
        OriginNotAllowed = "origin-not-allowed",
        /// The request asks for access to a private network, which the policy does not allow.
        PrivateNetworkNotAllowed = "private-network-not-allowed",
        /// `Access-Control-Request-Method` is not one method, or longer than any.
        MalformedRequestMethod = "malformed-request-method",
        /// The policy does not list the method.
        MethodNotAllowed = "method-not-allowed",
        /// `Access-Control-Request-Headers` is no list of header names, or longer than any browser's.
        MalformedRequestHeaders = "malformed-request-headers",
        /// The policy does not list one of the headers.
        HeaderNotAllowed = "header-not-allowed",
    }
}

impl Reason {
    /// What the policy's author can do about it, as a sentence.
    pub const fn help(self) -> &'static str {
        match self {
            Self::MalformedOrigin => {
                "It is no ASCII-serialized origin of a page on the web; look at who sends it, or changes it on the way."
            }
            Self::OriginNotAllowed => "Add the origin to `allow_origins`, if its pages may read responses.",
            Self::PrivateNetworkNotAllowed => {
                "Set `allow_private_network = true`, if pages from public networks may use this server."
            }
            Self::MalformedRequestMethod => {
                "No browser sends such an `Access-Control-Request-Method`; look at what changes it on the way."
            }
            Self::MethodNotAllowed => "Add the method to `allow_methods`, in this case, if pages may use it.",
            Self::MalformedRequestHeaders => {
                "No browser sends such `Access-Control-Request-Headers`; look at what changes them on the way."
            }
            Self::HeaderNotAllowed => {
                "Add the header to `allow_headers`, if pages may set it; `*` does not cover `authorization`."
            }
        }
    }
}

impl Policy {
    /// Decides about a request. Nothing is allocated, whatever the request holds.
    #[inline]
    pub fn decide<R: RequestHead>(&self, request: &R) -> Decision<R::Value> {
        let rules = self.rules();
        // Most requests are told from a preflight by their method, and call no more than they need.
        if request.is_options()
            && let Some(preflight) = rules.decide_preflight(request)
        {
            return Decision::Preflight(preflight);
        }
        Decision::Pass(rules.decide_pass(request))
    }

    /// Why the origin of a request is not allowed; `None` where it is, or where the request has no `Origin`.
    ///
    /// The decision itself does not say so about an actual request: hardly anybody asks, and everybody would wait for the
    /// answer.
    pub fn origin_reason<R: RequestHead>(&self, request: &R) -> Option<Reason> {
        self.rules().origin_reason(request)
    }
}

/// Tells the developer, in a `tracing` event at debug level, what was not allowed and what to do about it.
#[inline]
fn tell(value: &[u8], reason: impl FnOnce() -> Reason) {
    #[cfg(feature = "tracing")]
    if tracing::enabled!(target: "cors", tracing::Level::DEBUG) {
        tell_reason(value, reason());
    }
    #[cfg(not(feature = "tracing"))]
    let _ = (value, reason);
}

#[cfg(feature = "tracing")]
#[cold]
fn tell_reason(value: &[u8], reason: Reason) {
    tracing::debug!(
        target: "cors",
        reason = reason.as_str(),
        value = %excerpt::Excerpt(value),
        help = reason.help(),
        "not allowed by the CORS policy"
    );
}

#[cfg(feature = "tracing")]
mod excerpt {
    use std::fmt;

    /// How much of a value is told, in bytes.
    const LONGEST: usize = 200;

    /// The beginning of a value that came from a stranger, fit for a log.
    pub(super) struct Excerpt<'a>(pub(super) &'a [u8]);

    impl fmt::Display for Excerpt<'_> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            let shown = &self.0[..self.0.len().min(LONGEST)];
            write!(formatter, "{}", shown.escape_ascii())?;
            if self.0.len() > LONGEST { write!(formatter, "… ({} bytes)", self.0.len()) } else { Ok(()) }
        }
    }
}
