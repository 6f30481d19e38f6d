//! The checks of a decision, in the order in which a browser makes them.

use super::request_headers::check_request_headers;
use super::{Pass, Preflight, Reason, tell};
use crate::origin::is_serialized_origin;
use crate::policy::{Origins, Rules};
use crate::{RequestHead, RequestHeader, token};

/// The status of a denied preflight (RFC 9110, section 15.5.4). A browser needs no more than a status that is not ok.
const FORBIDDEN: u16 = 403;

/// How long a requested method may be, in bytes, unless the policy lists it. The longest registered one has 17.
const LONGEST_METHOD: usize = 256;

/// How many lines of `Access-Control-Request-Private-Network` are read. A browser sends one.
const MOST_PRIVATE_NETWORK_LINES: usize = 8;

impl Rules {
    #[inline]
    pub(super) fn decide_pass<R: RequestHead>(&self, request: &R) -> Pass<R::Value> {
        // Fetch, "CORS protocol and HTTP caches": the same response for everybody, so that any cache can keep it.
        if matches!(self.origins, Origins::Any) {
            return Pass::AnyOrigin;
        }
        let Some(origin) = Line::find(request, RequestHeader::Origin) else {
            return Pass::Plain;
        };
        if !self.allows_origin(origin) {
            tell(origin.value, || origin.reason());
            return Pass::NotAllowed;
        }
        request.values(RequestHeader::Origin).next().map_or(Pass::Plain, Pass::Allowed)
    }

    /// Fetch, "CORS-preflight fetch", steps 7 and following, as the server can foresee them; `None` where the request, which is an
    /// `OPTIONS` request, is no CORS-preflight request.
    pub(super) fn decide_preflight<R: RequestHead>(&self, request: &R) -> Option<Preflight> {
        // Fetch, "CORS protocol": a CORS-preflight request has these two, and the method.
        let method = Line::find(request, RequestHeader::AccessControlRequestMethod)?;
        let origin = Line::find(request, RequestHeader::Origin)?;
        let private_network = request
            .lines(RequestHeader::AccessControlRequestPrivateNetwork)
            .take(MOST_PRIVATE_NETWORK_LINES)
            .any(|line| line == b"true");
        let denied = |reason| Preflight {
            status: FORBIDDEN,
            reason: Some(reason),
            tells_policy: false,
            private_network,
        };
        let access = self.check_origin(origin).and_then(|()| self.check_private_network(private_network));
        if let Err(reason) = access {
            return Some(denied(reason));
        }
        let granted =
            Preflight { status: self.preflight_status, reason: None, tells_policy: true, private_network };
        let asked = self.check_method(method).and_then(|()| check_request_headers(&self.headers, request));
        Some(match asked {
            Ok(()) => granted,
            Err(reason @ (Reason::MethodNotAllowed | Reason::HeaderNotAllowed)) if self.diagnostics => {
                Preflight { reason: Some(reason), ..granted }
            }
            Err(reason) => denied(reason),
        })
    }

    /// Why the request's origin is not allowed; `None` where it is, or where there is none.
    pub(super) fn origin_reason<R: RequestHead>(&self, request: &R) -> Option<Reason> {
        let origin = Line::find(request, RequestHeader::Origin)?;
        (!self.allows_origin(origin)).then(|| origin.reason())
    }

    fn allows_origin(&self, origin: Line<'_>) -> bool {
        origin.is_single
            && match &self.origins {
                Origins::Any => is_serialized_origin(origin.value),
                Origins::Listed(set) => set.contains(origin.value),
            }
    }

    fn check_origin(&self, origin: Line<'_>) -> Result<(), Reason> {
        if self.allows_origin(origin) {
            return Ok(());
        }
        let reason = origin.reason();
        tell(origin.value, || reason);
        Err(reason)
    }

    fn check_private_network(&self, is_asked_for: bool) -> Result<(), Reason> {
        if is_asked_for && !self.private_network {
            tell(b"true", || Reason::PrivateNetworkNotAllowed);
            return Err(Reason::PrivateNetworkNotAllowed);
        }
        Ok(())
    }

    fn check_method(&self, method: Line<'_>) -> Result<(), Reason> {
        // What is listed or safelisted is a token, so that only other methods have to be looked at more closely.
        if method.is_single && (self.methods.lists_method(method.value) || is_safelisted(method.value)) {
            return Ok(());
        }
        let is_wellformed =
            method.is_single && method.value.len() <= LONGEST_METHOD && token::is_token(method.value);
        let reason = if !is_wellformed {
            Reason::MalformedRequestMethod
        } else if self.methods.is_any() {
            return Ok(());
        } else {
            Reason::MethodNotAllowed
        };
        tell(method.value, || reason);
        Err(reason)
    }
}

/// The first line of a header that has one value, and whether it is the only one.
#[derive(Clone, Copy)]
struct Line<'a> {
    value: &'a [u8],
    is_single: bool,
}

impl<'a> Line<'a> {
    #[inline]
    fn find<R: RequestHead>(request: &'a R, name: RequestHeader) -> Option<Self> {
        let mut lines = request.lines(name);
        let value = lines.next()?;
        Some(Self { value, is_single: lines.next().is_none() })
    }

    /// Why this `Origin`, which is not allowed, is not.
    fn reason(self) -> Reason {
        let is_wellformed = self.is_single && is_serialized_origin(self.value);
        if is_wellformed { Reason::OriginNotAllowed } else { Reason::MalformedOrigin }
    }
}

/// Fetch, "CORS-safelisted method".
fn is_safelisted(method: &[u8]) -> bool {
    token::SAFELISTED_METHODS.iter().any(|name| name.as_bytes() == method)
}
