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
    let mut location = current.join(&ascii(trim(line))).map_err(|_| invalid(line, "not a URL"))?;
    // Step 4.
    if location.fragment().is_none() {
        location.set_fragment(current.fragment());
    }
    Ok(Some(location))
}

/// A header value as the URL parser gets it: bytes beyond ASCII are percent-encoded one by one.
///
/// The standard does not say how they are read (whatwg/fetch#883); Chromium and Firefox agree on this, and the test
/// `fetch/api/redirect/redirect-location-escape.tentative.any.js` of web-platform-tests expects it.
fn ascii(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    for &byte in value {
        match byte {
            0..0x80 => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::ascii(b"/x?y#z", "https://api.example/x?y#z")]
    #[case::utf_8(b"/\xe2\xad\x90?\xe2\xad\x90", "https://api.example/%E2%AD%90?%E2%AD%90")]
    #[case::no_utf_8(b"/\xff?\xff#\xff", "https://api.example/%FF?%FF#%FF")]
    #[case::escaped_already(b"/%e2%00\xff", "https://api.example/%e2%00%FF")]
    #[case::host(b"https://m\xc3\xbcnchen.example/", "https://xn--mnchen-3ya.example/")]
    fn a_location_beyond_ascii(#[case] location: &[u8], #[case] url: &str) {
        let headers = vec![("location".to_owned(), location.to_vec())];
        let response = WireResponse { status: 302, headers, body: Vec::new() };
        let current = Url::parse("https://api.example/").unwrap();
        assert_eq!(location_url(&current, &response).unwrap().unwrap().as_str(), url);
    }
}
