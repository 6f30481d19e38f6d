//! Opaque-response blocking, a proposal to change Fetch (whatwg/fetch#1442) that browsers have implemented in part.
//!
//! A response of another origin that is clearly not an image, a stylesheet, a script or a medium never reaches the process of
//! the page that embeds it. The name of the proposal is ORB.

use super::sniff;
use crate::fetch::is_redirect_status;
use crate::header::{HeaderList, MimeType, is_nosniff};
use crate::profile::OpaqueBlocking;
use crate::request::{Destination, Request};
use crate::{BlockReason, Blocked, WireResponse};

/// MIME types of responses that nothing embeds without CORS ("opaque-blocklisted-never-sniffed MIME type"), as far as servers
/// use them.
const NEVER_EMBEDDED: &[&str] = &[
    "application/gzip",
    "application/msword",
    "application/pdf",
    "application/vnd.apple.mpegurl+json",
    "application/x-gzip",
    "application/x-protobuf",
    "application/zip",
    "multipart/byteranges",
    "multipart/signed",
    "text/csv",
    "text/event-stream",
];

/// The check for a response with the tainting `opaque`.
pub(crate) fn opaque_response_check(
    request: &Request,
    response: &WireResponse,
    blocking: OpaqueBlocking,
) -> Result<(), Blocked> {
    // A script that calls `fetch()` learns nothing from an opaque response: it gets an empty one instead.
    if request.destination == Destination::Empty || is_redirect_status(response.status) {
        return Ok(());
    }
    let headers = HeaderList::from(response.headers.as_slice());
    let mime = MimeType::extract(&headers);
    let is_allowed = match blocking {
        OpaqueBlocking::None => true,
        OpaqueBlocking::BySniffing => is_allowed_by_sniffing(mime.as_ref(), is_nosniff(&headers), response),
        OpaqueBlocking::ByParsing => is_allowed_by_parsing(mime.as_ref(), is_nosniff(&headers), response),
    };
    if is_allowed {
        return Ok(());
    }
    let essence = mime.map(|mime| mime.essence).unwrap_or_default();
    let detail =
        format!("the response of type `{essence}` is nothing that another origin may embed without CORS");
    Err(Blocked::new(BlockReason::OpaqueResponseBlocked, detail).with_value(essence))
}

/// Whether the type of a response is that of an image, a medium, a stylesheet or a script.
pub(crate) fn is_embeddable(response: &WireResponse) -> bool {
    let mime = MimeType::extract(&HeaderList::from(response.headers.as_slice()));
    mime.is_some_and(|mime| mime.is_media() || mime.is_javascript() || mime.essence == "text/css")
}

/// "opaque-blocklisted MIME type": HTML, JSON and XML, but not SVG.
fn is_blocklisted(mime: &MimeType) -> bool {
    mime.essence == "text/html" || mime.is_json() || (mime.is_xml() && mime.essence != "image/svg+xml")
}

/// services/network/orb/orb_impl.cc: a response without signs of HTML, XML or JSON is allowed.
fn is_allowed_by_sniffing(mime: Option<&MimeType>, is_nosniff: bool, response: &WireResponse) -> bool {
    let Some(mime) = mime else { return true };
    let essence = mime.essence.as_str();
    // Only the response as a whole says whether these are what they seem to be.
    let is_safelisted =
        mime.is_media() || matches!(essence, "text/css" | "text/vtt" | "application/dash+xml");
    if is_safelisted || response.body.is_empty() {
        return true;
    }
    if NEVER_EMBEDDED.contains(&essence) {
        return false;
    }
    if is_nosniff && (is_blocklisted(mime) || essence == "text/plain") {
        return false;
    }
    if sniff::is_image(&response.body) || sniff::is_media(&response.body) {
        return true;
    }
    !(sniff::looks_like_html(&response.body)
        || sniff::looks_like_xml(&response.body)
        || sniff::looks_like_json(&response.body)
        || sniff::has_parser_breaker(&response.body))
}

/// netwerk/base/nsOpaqueResponseUtils.cpp: what is neither a known type nor JavaScript is blocked.
///
/// The model does not parse JavaScript. Only a JavaScript MIME type makes a response a script.
fn is_allowed_by_parsing(mime: Option<&MimeType>, is_nosniff: bool, response: &WireResponse) -> bool {
    let Some(mime) = mime else { return true };
    let essence = mime.essence.as_str();
    if mime.is_javascript() || matches!(essence, "text/css" | "image/svg+xml") {
        return true;
    }
    if NEVER_EMBEDDED.contains(&essence) || (is_nosniff && is_blocklisted(mime)) {
        return false;
    }
    response.status != 206 && (sniff::is_image(&response.body) || sniff::is_media(&response.body))
}
