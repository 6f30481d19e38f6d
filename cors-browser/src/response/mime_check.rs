//! Fetch, "Should response to request be blocked due to its MIME type?" and "… due to nosniff?".

use crate::header::{HeaderList, MimeType, is_nosniff};
use crate::request::{Destination, Request};
use crate::{BlockReason, Blocked, WireResponse};

/// Fetch, "main fetch", step 19: both checks.
pub(crate) fn mime_type_check(request: &Request, response: &WireResponse) -> Result<(), Blocked> {
    let headers = HeaderList::from(response.headers.as_slice());
    let mime = MimeType::extract(&headers);
    let essence = mime.as_ref().map_or("", |mime| mime.essence.as_str());
    let blocked = |why: &str| {
        let detail = format!("the Content-Type is `{essence}`, {why}");
        Blocked::new(BlockReason::ResourceType, detail).with_value(essence)
    };
    // "Should response to request be blocked due to its MIME type?"
    let is_never_a_script = mime.as_ref().is_some_and(|mime| mime.is_media() || mime.essence == "text/csv");
    if request.destination == Destination::Script && is_never_a_script {
        return Err(blocked("which scripts never have"));
    }
    // "Should response to request be blocked due to nosniff?"
    if is_nosniff(&headers) {
        let is_wrong = match request.destination {
            Destination::Script => !mime.as_ref().is_some_and(MimeType::is_javascript),
            Destination::Style => essence != "text/css",
            _ => false,
        };
        if is_wrong {
            return Err(blocked("and X-Content-Type-Options is `nosniff`").with_nosniff());
        }
    }
    Ok(())
}
