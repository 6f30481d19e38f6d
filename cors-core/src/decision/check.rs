//! The checks of a decision, in the order in which a browser makes them.

use super::request_headers::check_request_headers;
use super::{Pass, Preflight, Reason, tell};
use crate::origin::is_serialized_origin;
use crate::policy::{Origins, Rules};
use crate::{RequestHead, RequestHeader, token};

/// The status of a denied preflight (RFC 9110, section 15.5.4). A browser needs no more than a status that is not ok.
const FORBIDDEN: u16 = 403;

impl Rules {
    pub(super) fn decide_pass<R: RequestHead>(&self, request: &R) -> Pass<R::Value> {
        // Fetch, "CORS protocol and HTTP caches": the same response for everybody, so that any cache can keep it.
        if matches!(self.origins, Origins::Any) {
            return Pass::AnyOrigin;
        }
        if request.lines(RequestHeader::Origin).next().is_none() {
            return Pass::Plain;
        }
        if let Err(reason) = self.check_origin(request) {
            return Pass::NotAllowed(reason);
        }
        request.values(RequestHeader::Origin).next().map_or(Pass::Plain, Pass::Allowed)
    }

    /// Fetch, "CORS-preflight fetch", steps 7 and following, as the server can foresee them.
    pub(super) fn decide_preflight<R: RequestHead>(&self, request: &R) -> Preflight {
        let private_network =
            request.lines(RequestHeader::AccessControlRequestPrivateNetwork).any(|line| line == b"true");
        let access = self.check_origin(request).and_then(|()| self.check_private_network(private_network));
        if let Err(reason) = access {
            return Preflight {
                status: FORBIDDEN,
                reason: Some(reason),
                tells_policy: false,
                private_network,
            };
        }
        let granted =
            Preflight { status: self.preflight_status, reason: None, tells_policy: true, private_network };
        let asked = self.check_method(request).and_then(|()| check_request_headers(&self.headers, request));
        match asked {
            Ok(()) => granted,
            Err(reason @ (Reason::MethodNotAllowed | Reason::HeaderNotAllowed)) if self.diagnostics => {
                Preflight { reason: Some(reason), ..granted }
            }
            Err(reason) => {
                Preflight { status: FORBIDDEN, reason: Some(reason), tells_policy: false, private_network }
            }
        }
    }

    fn check_origin<R: RequestHead>(&self, request: &R) -> Result<(), Reason> {
        let mut lines = request.lines(RequestHeader::Origin);
        let origin = lines.next().unwrap_or_default();
        let is_single = lines.next().is_none();
        let is_allowed = is_single
            && match &self.origins {
                Origins::Any => is_serialized_origin(origin),
                Origins::Listed(set) => set.contains(origin),
            };
        if is_allowed {
            return Ok(());
        }
        // What is not contained is not looked at before this point: hardly anybody asks for the reason.
        let is_wellformed = is_single && is_serialized_origin(origin);
        let reason = if is_wellformed { Reason::OriginNotAllowed } else { Reason::MalformedOrigin };
        tell(reason, origin);
        Err(reason)
    }

    fn check_private_network(&self, is_asked_for: bool) -> Result<(), Reason> {
        if is_asked_for && !self.private_network {
            tell(Reason::PrivateNetworkNotAllowed, b"true");
            return Err(Reason::PrivateNetworkNotAllowed);
        }
        Ok(())
    }

    fn check_method<R: RequestHead>(&self, request: &R) -> Result<(), Reason> {
        let mut lines = request.lines(RequestHeader::AccessControlRequestMethod);
        let method = lines.next().unwrap_or_default();
        let reason = if lines.next().is_some() || !token::is_token(method) {
            Reason::MalformedRequestMethod
        } else if self.methods.is_any() || self.methods.lists_method(method) || is_safelisted(method) {
            return Ok(());
        } else {
            Reason::MethodNotAllowed
        };
        tell(reason, method);
        Err(reason)
    }
}

/// Fetch, "CORS-safelisted method".
fn is_safelisted(method: &[u8]) -> bool {
    token::SAFELISTED_METHODS.iter().any(|name| name.as_bytes() == method)
}
