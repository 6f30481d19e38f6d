//! `Vary`, merged with what a response has already.

use super::prepared::constant;
use crate::policy::{Guard, GuardAction};
use crate::{ResponseHead, ResponseHeader, token};

/// The values of `Vary`.
pub(super) struct VaryValues<V> {
    /// `None` if the policy allows any origin and has no rules: then no response depends on it, unless a guard denies reads.
    origin: Option<V>,
    request_method: V,
    request_headers: V,
    /// All of the above in one line, for an answer that has no `Vary` yet.
    preflight: V,
    /// What the answer to a denied request depends on. `None` without a guard.
    denied: Option<DeniedVary<V>>,
}

struct DeniedVary<V> {
    origin: V,
    site: V,
    /// Both in one line.
    both: V,
}

impl<V: Clone + for<'a> TryFrom<&'a str> + 'static> VaryValues<V> {
    pub(super) fn new(is_any_origin: bool, guard: Option<&Guard>) -> Self {
        let denies_reads = guard.is_some_and(|guard| guard.foreign_origins() == GuardAction::Deny);
        let is_any_origin = is_any_origin && !denies_reads;
        let preflight = match is_any_origin {
            true => "Access-Control-Request-Method, Access-Control-Request-Headers",
            false => "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        };
        Self {
            origin: (!is_any_origin).then(|| constant("Origin")),
            request_method: constant("Access-Control-Request-Method"),
            request_headers: constant("Access-Control-Request-Headers"),
            preflight: constant(preflight),
            denied: guard.map(|_| DeniedVary {
                origin: constant("Origin"),
                site: constant("Sec-Fetch-Site"),
                both: constant("Origin, Sec-Fetch-Site"),
            }),
        }
    }
}

impl<V> VaryValues<V> {
    /// Completes `Vary` in the response to an actual request.
    pub(super) fn write_actual<'p, R>(&'p self, response: &mut R)
    where
        R: ResponseHead,
        R::Value: From<&'p V>,
    {
        // Fetch, "CORS protocol and HTTP caches": a response that depends on the origin needs this even if the request has
        // no `Origin`.
        if let Some(origin) = &self.origin {
            response.add_vary(origin.into(), |line| covers(line, b"origin"));
        }
    }

    /// Completes `Vary` in the answer to a request that the guard denies.
    pub(super) fn write_denied<'p, R>(&'p self, response: &mut R)
    where
        R: ResponseHead,
        R::Value: From<&'p V>,
    {
        let Some(DeniedVary { origin, site, both }) = &self.denied else { return };
        if response.vary().next().is_none() {
            response.append(ResponseHeader::Vary, both.into());
            return;
        }
        response.add_vary(origin.into(), |line| covers(line, b"origin"));
        response.add_vary(site.into(), |line| covers(line, b"sec-fetch-site"));
    }

    /// Completes `Vary` in the answer to a preflight.
    pub(super) fn write_preflight<'p, R>(&'p self, response: &mut R)
    where
        R: ResponseHead,
        R::Value: From<&'p V>,
    {
        // Most answers are new; only some frameworks pass a response into which other middleware has written.
        if response.vary().next().is_none() {
            response.append(ResponseHeader::Vary, (&self.preflight).into());
            return;
        }
        let names: [(Option<&V>, &[u8]); 3] = [
            (self.origin.as_ref(), b"origin"),
            (Some(&self.request_method), b"access-control-request-method"),
            (Some(&self.request_headers), b"access-control-request-headers"),
        ];
        for (value, name) in names {
            if let Some(value) = value {
                response.add_vary(value.into(), |line| covers(line, name));
            }
        }
    }
}

/// Whether a line of `Vary` (RFC 9110, section 12.5.5) has this name, or `*`, which covers all names.
fn covers(line: &[u8], name: &[u8]) -> bool {
    line.split(|&byte| byte == b',')
        .map(token::trim_white_space)
        .any(|element| element == b"*" || element.eq_ignore_ascii_case(name))
}
