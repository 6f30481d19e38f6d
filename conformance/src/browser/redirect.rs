//! Fetch, "HTTP-redirect fetch".

use url::Url;

use super::fault::{Fault, Faults};
use super::header::{is_non_wildcard_name, is_request_body_header_name, isomorphic_decode, trim};
use super::request::{Request, Tainting};
use super::{BlockReason, Blocked, Mode, Origin, WireResponse};

/// Fetch, "HTTP-redirect fetch", step 7.
const MAX_REDIRECTS: u32 = 20;

/// Fetch, "redirect status".
pub(super) fn is_redirect_status(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Points the request at the response's location. `Ok(false)` if the response has none and is the final one.
pub(super) fn redirect(
    request: &mut Request,
    response: &WireResponse,
    faults: Faults,
) -> Result<bool, Blocked> {
    // Steps 3 to 5.
    let Some(location) = location_url(request.current_url(), response)? else { return Ok(false) };
    let target = || location.to_string();
    // Step 6.
    if !matches!(location.scheme(), "http" | "https") {
        let detail = format!("the redirect leads to {location}");
        return Err(Blocked::new(BlockReason::RedirectToUnsupportedScheme, detail).with_value(target()));
    }
    // Steps 7 and 8.
    if request.redirect_count >= MAX_REDIRECTS && !faults.has(Fault::FollowsRedirectsWithoutEnd) {
        let detail = format!("the redirect to {location} is one too many");
        return Err(Blocked::new(BlockReason::TooManyRedirects, detail).with_value(target()));
    }
    request.redirect_count += 1;
    // Steps 9 and 10.
    let has_credentials = !location.username().is_empty() || location.password().is_some();
    let is_own_origin = request.origin.is_same_origin(&Origin::of(&location));
    let is_cross_origin = request.mode == Mode::Cors && !is_own_origin || request.tainting == Tainting::Cors;
    if has_credentials && is_cross_origin && !faults.has(Fault::FollowsCredentialsInLocation) {
        let detail = format!("the redirect to {location} has a user name or a password");
        return Err(Blocked::new(BlockReason::RedirectWithCredentialsInUrl, detail).with_value(target()));
    }
    // Step 12.
    let becomes_get = match response.status {
        _ if faults.has(Fault::KeepsMethodOnRedirect) => false,
        301 | 302 => request.method == "POST",
        303 => !matches!(request.method.as_str(), "GET" | "HEAD"),
        _ => false,
    };
    if becomes_get {
        request.method = "GET".to_owned();
        request.body = None;
        request.headers.retain(|name| !is_request_body_header_name(name));
    }
    // Step 13.
    let stays = Origin::of(request.current_url()).is_same_origin(&Origin::of(&location));
    if !stays && !faults.has(Fault::KeepsAuthorizationAcrossOrigins) {
        request.headers.retain(|name| !is_non_wildcard_name(name));
    }
    // Step 18.
    request.urls.push(location);
    Ok(true)
}

/// Fetch, response "location URL".
fn location_url(current: &Url, response: &WireResponse) -> Result<Option<Url>, Blocked> {
    let mut lines = response.lines("location");
    // Step 2.
    let Some(line) = lines.next() else { return Ok(None) };
    let invalid = |value: &[u8], what: &str| {
        let value = isomorphic_decode(value);
        let detail = format!("Location is {what}: `{value}`");
        Blocked::new(BlockReason::RedirectLocationInvalid, detail).with_value(value)
    };
    if lines.next().is_some() {
        return Err(invalid(line, "there more than once"));
    }
    // Step 3.
    let mut location =
        current.join(&String::from_utf8_lossy(trim(line))).map_err(|_| invalid(line, "not a URL"))?;
    // Step 4.
    if location.fragment().is_none() {
        location.set_fragment(current.fragment());
    }
    Ok(Some(location))
}
