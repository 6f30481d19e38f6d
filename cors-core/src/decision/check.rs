//! The checks of a decision, in the order in which a browser makes them.

use super::request_headers::check_request_headers;
use super::{Access, Actual, Preflight, Reason, log_denial};
use crate::origin::is_serialized_origin;
use crate::policy::{Origins, Rules};
use crate::{RequestHead, RequestHeader, token};

/// The status of a denied preflight (RFC 9110, section 15.5.4). To a browser any status that is not an ok status means no.
const FORBIDDEN: u16 = 403;

/// The most bytes that a requested method can have, unless the policy lists it. The longest registered one has 17.
const MAX_METHOD_BYTES: usize = 256;

impl Rules {
    #[inline]
    pub(super) fn decide_actual<R: RequestHead>(&self, request: &R) -> Actual<R::Value> {
        // Fetch, "CORS protocol and HTTP caches": the same response for all origins, so that any cache can keep it.
        if matches!(self.origins, Origins::Any) {
            return Actual(Access::AnyOrigin);
        }
        let Some(origin) = Line::find(request, RequestHeader::Origin) else {
            return Actual(Access::Plain);
        };
        if !self.allows_origin(origin) {
            log_denial(origin.value, || origin.reason());
            return Actual(Access::NotAllowed);
        }
        Actual(request.values(RequestHeader::Origin).next().map_or(Access::Plain, Access::Allowed))
    }

    /// Makes the checks of Fetch, "CORS-preflight fetch", step 7, in advance.
    ///
    /// Returns `None` if the request, whose method is `OPTIONS`, is not a CORS-preflight request.
    pub(super) fn decide_preflight<R: RequestHead>(&self, request: &R) -> Option<Preflight> {
        // Fetch, "CORS protocol": a CORS-preflight request has both headers.
        let method = Line::find(request, RequestHeader::AccessControlRequestMethod)?;
        let origin = Line::find(request, RequestHeader::Origin)?;
        let denied =
            |reason| Some(Preflight { status: FORBIDDEN, reason: Some(reason), tells_policy: false });
        if let Err(reason) = self.check_origin(origin) {
            return denied(reason);
        }
        let granted = Preflight { status: self.preflight_status, reason: None, tells_policy: true };
        match self.check_method(method).and_then(|()| check_request_headers(&self.headers, request)) {
            Ok(()) => Some(granted),
            Err(reason @ (Reason::MethodNotAllowed | Reason::HeaderNotAllowed)) if self.diagnostics => {
                Some(Preflight { reason: Some(reason), ..granted })
            }
            Err(reason) => denied(reason),
        }
    }

    pub(super) fn origin_reason<R: RequestHead>(&self, request: &R) -> Option<Reason> {
        let origin = Line::find(request, RequestHeader::Origin)?;
        (!self.allows_origin(origin)).then(|| origin.reason())
    }

    /// Whether the value of a single `Origin` line is allowed.
    pub(super) fn allows_value(&self, origin: &[u8]) -> bool {
        match &self.origins {
            Origins::Any => true,
            Origins::Listed(set) => set.contains(origin),
        }
    }

    /// The any-origin policy does not look at `Origin`: it also allows `file://`, which some apps send, and several lines.
    fn allows_origin(&self, origin: Line<'_>) -> bool {
        match &self.origins {
            Origins::Any => true,
            Origins::Listed(set) => origin.is_only && set.contains(origin.value),
        }
    }

    fn check_origin(&self, origin: Line<'_>) -> Result<(), Reason> {
        if self.allows_origin(origin) {
            return Ok(());
        }
        let reason = origin.reason();
        log_denial(origin.value, || reason);
        Err(reason)
    }

    fn check_method(&self, method: Line<'_>) -> Result<(), Reason> {
        // Listed and safelisted methods are tokens, so only other methods need a closer look.
        if method.is_only && (self.methods.lists_method(method.value) || is_safelisted(method.value)) {
            return Ok(());
        }
        let is_wellformed =
            method.is_only && method.value.len() <= MAX_METHOD_BYTES && token::is_token(method.value);
        let reason = if !is_wellformed {
            Reason::MalformedRequestMethod
        } else if self.methods.is_any() {
            return Ok(());
        } else {
            Reason::MethodNotAllowed
        };
        log_denial(method.value, || reason);
        Err(reason)
    }
}

/// The first line of a header that must have a single line.
#[derive(Clone, Copy)]
struct Line<'a> {
    value: &'a [u8],
    /// There is no second line.
    is_only: bool,
}

impl<'a> Line<'a> {
    #[inline]
    fn find<R: RequestHead>(request: &'a R, name: RequestHeader) -> Option<Self> {
        let mut lines = request.lines(name);
        let value = lines.next()?;
        Some(Self { value, is_only: lines.next().is_none() })
    }

    /// Why this `Origin` is not allowed.
    fn reason(self) -> Reason {
        let is_wellformed = self.is_only && is_serialized_origin(self.value);
        if is_wellformed { Reason::OriginNotAllowed } else { Reason::MalformedOrigin }
    }
}

/// Fetch, "CORS-safelisted method".
fn is_safelisted(method: &[u8]) -> bool {
    token::SAFELISTED_METHODS.iter().any(|name| name.as_bytes() == method)
}
