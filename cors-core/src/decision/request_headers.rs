//! `Access-Control-Request-Headers`, read with an upper bound on the work.

use super::Reason;
use crate::event::Denial;
use crate::policy::NameList;
use crate::{RequestHead, RequestHeader, token};

/// The most bytes that are read, over all lines. No page needs that many.
const MAX_BYTES: usize = 4096;

/// The most names that are read.
const MAX_NAMES: usize = 64;

/// The most empty elements that are skipped. RFC 9110, section 5.6.1.2, asks recipients to accept "a reasonable number",
/// because intermediaries may add them when they join lines.
const MAX_EMPTY_ELEMENTS: usize = 32;

/// Checks every name that the request asks for. All lines are one list (RFC 9110, section 5.3).
///
/// The lines are read in order up to the first fault, so a name that is not allowed wins over a bound that a later line
/// exceeds.
pub(super) fn check_request_headers<'r, R: RequestHead>(
    allowed: &NameList,
    request: &'r R,
) -> Result<(), Denial<'r>> {
    let mut lines = request.lines(RequestHeader::AccessControlRequestHeaders);
    let Some(first) = lines.next() else { return Ok(()) };
    if first.len() <= MAX_BYTES && allowed.covers_sorted_list(first) && lines.next().is_none() {
        return Ok(());
    }
    let mut budget = Budget { bytes: MAX_BYTES, names: MAX_NAMES, empty_elements: MAX_EMPTY_ELEMENTS };
    for line in request.lines(RequestHeader::AccessControlRequestHeaders) {
        check_line(allowed, line, &mut budget)?;
    }
    Ok(())
}

/// How much may still be read.
struct Budget {
    bytes: usize,
    names: usize,
    empty_elements: usize,
}

fn check_line<'r>(allowed: &NameList, line: &'r [u8], budget: &mut Budget) -> Result<(), Denial<'r>> {
    spend(&mut budget.bytes, line.len(), line)?;
    for element in token::elements(line) {
        let name = token::trim_white_space(element);
        if name.is_empty() {
            spend(&mut budget.empty_elements, 1, line)?;
            continue;
        }
        spend(&mut budget.names, 1, line)?;
        check_name(allowed, name)?;
    }
    Ok(())
}

fn check_name<'r>(allowed: &NameList, name: &'r [u8]) -> Result<(), Denial<'r>> {
    // Listed names are tokens, so only other names need a closer look.
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
    Err(Denial::new(reason, name))
}

fn spend<'r>(budget: &mut usize, amount: usize, line: &'r [u8]) -> Result<(), Denial<'r>> {
    match budget.checked_sub(amount) {
        Some(rest) => {
            *budget = rest;
            Ok(())
        }
        None => Err(Denial::new(Reason::MalformedRequestHeaders, line)),
    }
}
