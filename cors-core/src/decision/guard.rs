//! The guard's checks, in the order in which a request meets them.

use super::check::Line;
use super::{Access, Actual, Decision, Denied, LookupAnswer, Mode, Reason};
use crate::event::{Denial, Events};
use crate::origin::is_origin_of;
use crate::policy::{Checked, Guard, GuardAction};
use crate::{RequestHead, RequestHeader, token};

/// RFC 9110, section 15.5.4.
const FORBIDDEN: u16 = 403;
/// RFC 9110, section 15.5.20.
const MISDIRECTED_REQUEST: u16 = 421;
/// RFC 9112, section 3.2.
const BAD_REQUEST: u16 = 400;

/// The most lines of `Upgrade` that are read.
const MAX_UPGRADE_LINES: usize = 8;
/// The most bytes of `Upgrade` that are read, over all lines.
const MAX_UPGRADE_BYTES: usize = 256;

impl Checked {
    /// Decides about a request with a guard: hosts, then preflights, then all other requests.
    pub(super) fn decide_guarded<R: RequestHead>(
        &self,
        guard: &Guard,
        request: &R,
        answer: LookupAnswer,
        mode: Mode,
        events: Events<'_>,
    ) -> Decision<R::Value> {
        let report_only = mode.report_only.unwrap_or(guard.report_only());
        let host_denial = guard.check_host(request);
        if let Some((_, denial)) = host_denial {
            events.guarded(denial, report_only);
        }
        let host_denial = host_denial.filter(|_| !report_only);
        if host_denial.is_none() && !mode.is_off && request.is_options() {
            if let Some(preflight) = self.decide_preflight(request, answer, mode.diagnostics, events) {
                return Decision::Preflight(preflight);
            }
        }
        let origin = Line::find(request, RequestHeader::Origin);
        let found = origin.and_then(|origin| self.find(origin, answer));
        let access = |events| match mode.is_off {
            true => Actual(Access::Off),
            false => self.decide_found(request, origin, found, answer, events),
        };
        if let Some((status, denial)) = host_denial {
            return Decision::Denied(Denied { status, reason: denial.reason(), actual: access(None) });
        }
        let is_listed = found.is_some_and(|(_, terms)| !terms.any_origin);
        if let Some(denial) = guard.check(request, origin, is_listed) {
            events.guarded(denial, report_only);
            if !report_only {
                let (status, reason) = (FORBIDDEN, denial.reason());
                return Decision::Denied(Denied { status, reason, actual: access(None) });
            }
        }
        Decision::Actual(access(Some(events)))
    }
}

impl Guard {
    /// Checks the authority. Returns the status of the answer if it is not allowed.
    pub(super) fn check_host<'r, R: RequestHead>(&self, request: &'r R) -> Option<(u16, Denial<'r>)> {
        let hosts = self.hosts()?;
        let (status, value) = match request.only_host() {
            Some(host) if hosts.contains(host) => return None,
            Some(host) => (MISDIRECTED_REQUEST, host.as_bytes()),
            // RFC 9112, section 3.2: a request without `Host`, or with more than one, is answered with 400.
            None => (BAD_REQUEST, request.host().unwrap_or_default().as_bytes()),
        };
        Some((status, Denial::new(Reason::HostNotAllowed, value)))
    }

    /// Checks a request that is not a preflight. `is_listed` says whether the policy allows its origin by more than `*`.
    fn check<'r, R: RequestHead>(
        &self,
        request: &'r R,
        origin: Option<Line<'r>>,
        is_listed: bool,
    ) -> Option<Denial<'r>> {
        if is_listed && origin.is_some_and(|origin| origin.value != b"null") {
            return None;
        }
        // Only the request that is denied is compared with the exemptions.
        self.find_denial(request, origin).filter(|_| !self.is_exempt(request.method(), request.path()))
    }

    fn find_denial<'r, R: RequestHead>(
        &self,
        request: &'r R,
        origin: Option<Line<'r>>,
    ) -> Option<Denial<'r>> {
        let method = request.method();
        if !is_safe(method) && self.cross_site_writes() == GuardAction::Deny {
            if let Some(denial) = self.check_write(request, origin) {
                return Some(denial);
            }
        }
        let origin = origin?;
        let denies_websockets = self.websockets() == GuardAction::Deny;
        let denies_all = self.foreign_origins() == GuardAction::Deny;
        let is_handshake = denies_websockets && is_handshake(method, request);
        if !(is_handshake || denies_all) || self.is_own(request, origin) {
            return None;
        }
        let reason = if is_handshake { Reason::ForeignWebsocket } else { Reason::ForeignOrigin };
        Some(Denial::new(reason, origin.value))
    }

    /// Checks a write whose origin is not listed.
    fn check_write<'r, R: RequestHead>(
        &self,
        request: &'r R,
        origin: Option<Line<'r>>,
    ) -> Option<Denial<'r>> {
        // Fetch Metadata, section 2.3. A page cannot set the header, and a browser sends it once.
        let site = Line::find(request, RequestHeader::SecFetchSite);
        let passes = match (site, origin) {
            (Some(site), _) => site.is_only && matches!(site.value, b"same-origin" | b"none"),
            // Browsers send `Origin` with every such request, so this one does not come from a browser.
            (None, None) => true,
            (None, Some(origin)) => self.is_own(request, origin),
        };
        let value = || origin.or(site).map_or(&b""[..], |line| line.value);
        (!passes).then(|| Denial::new(Reason::CrossSiteWrite, value()))
    }

    fn is_own<R: RequestHead>(&self, request: &R, origin: Line<'_>) -> bool {
        if !origin.is_only {
            return false;
        }
        match self.own() {
            Some(own) => own.contains(origin.value),
            None => request.only_host().is_some_and(|host| is_origin_of(origin.value, host)),
        }
    }
}

/// Whether a request with this method is not a write. `CONNECT` opens a WebSocket and is checked as that.
fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "CONNECT")
}

/// Whether a request opens a WebSocket: a `GET` request with `Upgrade: websocket` (RFC 6455, section 4.1). Over HTTP/2 and HTTP/3 that is a `CONNECT` request (RFC 8441,
/// section 5), whose `:protocol` not all frameworks tell. A page can send `CONNECT` for WebTransport too, and nothing else.
fn is_handshake<R: RequestHead>(method: &str, request: &R) -> bool {
    match method {
        "GET" => upgrades_to_websocket(request),
        "CONNECT" => true,
        _ => false,
    }
}

/// Whether `Upgrade` names `websocket`. Browsers send one line with nothing else, so a list that is too long to be read counts as one
/// that does.
fn upgrades_to_websocket<R: RequestHead>(request: &R) -> bool {
    let (mut lines, mut bytes) = (0, 0);
    for line in request.lines(RequestHeader::Upgrade) {
        lines += 1;
        bytes += line.len();
        let is_too_long = lines > MAX_UPGRADE_LINES || bytes > MAX_UPGRADE_BYTES;
        let mut names = token::elements(line).map(token::trim_white_space);
        if is_too_long || names.any(|name| name.eq_ignore_ascii_case(b"websocket")) {
            return true;
        }
    }
    false
}
