//! `Access-Control-Request-Headers`, read with an upper bound on the work.

use super::{Reason, tell};
use crate::policy::NameList;
use crate::{RequestHead, RequestHeader, token};

/// How many bytes are read, over all lines. No page sets that many names.
const MOST_BYTES: usize = 4096;

/// How many names are read.
const MOST_NAMES: usize = 64;

/// How many empty elements are passed over. RFC 9110, section 5.6.1.2, asks for "a reasonable number", for the sake of
/// intermediaries that join lines.
const MOST_EMPTY_ELEMENTS: usize = 32;

/// Checks every name that the request asks for. All lines are one list (RFC 9110, section 5.3).
pub(super) fn check_request_headers<R: RequestHead>(allowed: &NameList, request: &R) -> Result<(), Reason> {
    let mut lines = request.lines(RequestHeader::AccessControlRequestHeaders);
    if let Some(line) = lines.next()
        && line.len() <= MOST_BYTES
        && allowed.covers_sorted_list(line)
        && lines.next().is_none()
    {
        return Ok(());
    }
    let mut bounds = Bounds { bytes: MOST_BYTES, names: MOST_NAMES, empty_elements: MOST_EMPTY_ELEMENTS };
    for line in request.lines(RequestHeader::AccessControlRequestHeaders) {
        check_line(allowed, line, &mut bounds)?;
    }
    Ok(())
}

/// How much may still be read.
struct Bounds {
    bytes: usize,
    names: usize,
    empty_elements: usize,
}

fn check_line(allowed: &NameList, line: &[u8], bounds: &mut Bounds) -> Result<(), Reason> {
    spend(&mut bounds.bytes, line.len(), line)?;
    for element in token::elements(line) {
        let name = token::trim_white_space(element);
        if name.is_empty() {
            spend(&mut bounds.empty_elements, 1, line)?;
            continue;
        }
        spend(&mut bounds.names, 1, line)?;
        check_name(allowed, name)?;
    }
    Ok(())
}

fn check_name(allowed: &NameList, name: &[u8]) -> Result<(), Reason> {
    // Names that the policy lists are tokens, so that only the others have to be looked at more closely.
    if !allowed.is_any() && allowed.lists_header(name) {
        return Ok(());
    }
    let reason = if !token::is_token(name) {
        Reason::MalformedRequestHeaders
    } else if allowed.wildcard_covers_header(name) {
        return Ok(());
    } else {
        Reason::HeaderNotAllowed
    };
    tell(name, || reason);
    Err(reason)
}

fn spend(budget: &mut usize, amount: usize, line: &[u8]) -> Result<(), Reason> {
    match budget.checked_sub(amount) {
        Some(rest) => {
            *budget = rest;
            Ok(())
        }
        None => {
            tell(line, || Reason::MalformedRequestHeaders);
            Err(Reason::MalformedRequestHeaders)
        }
    }
}
