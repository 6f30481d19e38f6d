//! Fetch, "`Cross-Origin-Resource-Policy` header".

use crate::request::Request;
use crate::site::is_schemelessly_same_site;
use crate::{BlockReason, Blocked, Origin, WireResponse};

/// Fetch, "cross-origin resource policy check", for a page whose embedder policy is `unsafe-none`.
pub(crate) fn resource_policy_check(request: &Request, response: &WireResponse) -> Result<(), Blocked> {
    // "cross-origin resource policy internal check", steps 2 and 3: only a single line with a known value counts.
    let lines: Vec<&[u8]> = response.lines("cross-origin-resource-policy").collect();
    let server = Origin::of(request.current_url());
    let is_allowed = match lines.as_slice() {
        [b"same-origin"] => request.origin.is_same_origin(&server),
        [b"same-site"] => {
            is_schemelessly_same_site(&request.origin, &server)
                && (request.origin.is_https() || !server.is_https())
        }
        _ => true,
    };
    if is_allowed {
        return Ok(());
    }
    let value = String::from_utf8_lossy(lines[0]);
    let detail = format!("Cross-Origin-Resource-Policy is `{value}`");
    Err(Blocked::new(BlockReason::ResourcePolicy, detail).with_value(value))
}
