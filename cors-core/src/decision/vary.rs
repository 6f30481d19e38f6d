//! `Vary`, merged with what a response has already.

use super::prepared::header_value;
use crate::{ResponseHead, ResponseHeader, token};

/// The values of `Vary`.
pub(super) struct VaryValues<V> {
    /// `None` if the policy allows any origin and has no rules: then no response depends on it.
    origin: Option<V>,
    request_method: V,
    request_headers: V,
    /// All of the above in one line, for an answer that has no `Vary` yet.
    preflight: V,
}

impl<V: Clone + for<'a> TryFrom<&'a str>> VaryValues<V> {
    pub(super) fn new(is_any_origin: bool) -> Self {
        let preflight = match is_any_origin {
            true => "Access-Control-Request-Method, Access-Control-Request-Headers",
            false => "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        };
        Self {
            origin: (!is_any_origin).then(|| header_value("Origin")),
            request_method: header_value("Access-Control-Request-Method"),
            request_headers: header_value("Access-Control-Request-Headers"),
            preflight: header_value(preflight),
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
