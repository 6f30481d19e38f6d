//! Fetch, "HTTP-redirect fetch".

use url::Url;

use super::Fetch;
use crate::header::{is_non_wildcard_name, is_request_body_header_name, isomorphic_decode, trim};
use crate::profile::Profile;
use crate::request::{Request, RequestMode, Tainting, encode_path};
use crate::steps::Steps;
use crate::{BlockReason, Blocked, Origin, WireResponse};

/// Fetch, "redirect status".
pub(crate) fn is_redirect_status(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Whether a response is a redirect in a browser.
pub(super) fn is_redirect(response: &WireResponse, profile: &Profile) -> bool {
    let is_extended = profile.redirects_from_309 && (309..400).contains(&response.status);
    is_redirect_status(response.status) || (is_extended && response.lines("location").next().is_some())
}

impl Fetch<'_> {
    /// Fetch, "HTTP-redirect fetch": points `request` at the response's location.
    ///
    /// Returns `false` if the response has no location. Then it is the final response.
    pub(super) fn redirect_fetch(
        &self,
        request: &mut Request,
        response: &WireResponse,
    ) -> Result<bool, Blocked> {
        let steps = self.steps();
        // Steps 3 to 5.
        let profile = &self.browser.profile;
        let Some(location) = location_url(request.current_url(), response, profile, steps)? else {
            return Ok(false);
        };
        let blocked =
            |reason, detail: String| Err(Blocked::new(reason, detail).with_value(location.as_str()));
        // Step 6.
        if !matches!(location.scheme(), "http" | "https") {
            let detail = format!("the redirect leads to {location}");
            return blocked(BlockReason::RedirectToUnsupportedScheme, detail);
        }
        // Steps 7 and 8.
        if request.redirect_count >= steps.max_redirects() {
            let detail = format!("the redirect to {location} exceeds the limit of {}", steps.max_redirects());
            return blocked(BlockReason::TooManyRedirects, detail);
        }
        request.redirect_count += 1;
        // Steps 9 and 10.
        if steps.has_foreign_credentials(request, &location, profile) {
            let detail = format!("the redirect to {location} has a user name or a password");
            return blocked(BlockReason::RedirectWithCredentialsInUrl, detail);
        }
        // Step 12.
        let is_cross_origin = !Origin::of(request.current_url()).is_same_origin(&Origin::of(&location));
        let is_delete = is_cross_origin && request.method == "DELETE";
        if steps.becomes_get(response.status, &request.method)
            || (is_delete && self.browser.profile.delete_becomes_get)
        {
            request.method = "GET".to_owned();
            request.became_get = true;
            request.body = None;
            request.headers.retain(|name| !is_request_body_header_name(name));
        }
        // Step 13.
        if steps.removes_authorization(request.current_url(), &location) {
            request.dropped_authorization |= request.headers.contains("Authorization");
            request.headers.retain(|name| !is_non_wildcard_name(name));
        }
        if self.browser.profile.redirects_recase_content_type {
            request.headers.rename("Content-Type");
        }
        // Step 18.
        request.urls.push(location);
        // Step 19.
        if let Some(policy) = steps.referrer_policy_of_redirect(response) {
            request.replaced_policy.get_or_insert(request.referrer_policy);
            request.referrer_policy = policy;
        }
        Ok(true)
    }
}

/// Steps 9 and 10: whether `location` has a user name or a password, and would be used across origins.
pub(crate) fn has_foreign_credentials(request: &Request, location: &Url, profile: &Profile) -> bool {
    let has_credentials = !location.username().is_empty() || location.password().is_some();
    let is_same_origin = request.origin.is_same_origin(&Origin::of(location));
    let is_cors =
        request.tainting == Tainting::Cors || (request.mode == RequestMode::Cors && !is_same_origin);
    has_credentials && (is_cors || profile.rejects_every_user_info)
}

/// Fetch, response "location URL".
pub(super) fn location_url(
    current: &Url,
    response: &WireResponse,
    profile: &Profile,
    steps: &dyn Steps,
) -> Result<Option<Url>, Blocked> {
    let lines: Vec<&[u8]> = response.lines("location").collect();
    // Step 2.
    let Some(&line) = lines.first() else { return Ok(None) };
    let joined = lines.join(&b", "[..]);
    let line = if profile.joins_locations { &joined } else { line };
    let invalid = |value: &[u8], what: &str| {
        let value = isomorphic_decode(value);
        let detail = format!("Location is {what}: `{value}`");
        Blocked::new(BlockReason::RedirectLocationInvalid, detail).with_value(value)
    };
    // Where equal lines count once, a response with different ones does not get here.
    let accepts_several = profile.equal_lines_count_once || profile.joins_locations;
    if lines.len() > 1 && !accepts_several && steps.rejects_several_locations() {
        return Err(invalid(line, "present more than once"));
    }
    if profile.rejects_empty_locations && trim(line).is_empty() {
        return Err(invalid(line, "empty"));
    }
    // Step 3.
    let mut location = current.join(&ascii(trim(line), profile)).map_err(|_| invalid(line, "not a URL"))?;
    // Step 4.
    if location.fragment().is_none() {
        location.set_fragment(current.fragment());
    }
    Ok(Some(encode_path(location, profile)))
}

/// A header value as input for the URL parser: each byte beyond ASCII is percent-encoded.
///
/// The standard does not define how such bytes are read (whatwg/fetch#883). Chromium and Firefox agree on this, and the test
/// `fetch/api/redirect/redirect-location-escape.tentative.any.js` of web-platform-tests expects it.
fn ascii(value: &[u8], profile: &Profile) -> String {
    if profile.reads_locations_as_latin1 {
        return isomorphic_decode(value);
    }
    let mut text = String::with_capacity(value.len());
    for &byte in value {
        match byte {
            b'\t' if profile.escapes_location_tabs => text.push_str("%09"),
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
    use crate::steps::Standard;

    #[rstest]
    #[case::ascii(b"/x?y#z", "https://api.example/x?y#z")]
    #[case::utf_8(b"/\xe2\xad\x90?\xe2\xad\x90", "https://api.example/%E2%AD%90?%E2%AD%90")]
    #[case::not_utf_8(b"/\xff?\xff#\xff", "https://api.example/%FF?%FF#%FF")]
    #[case::percent_encoded(b"/%e2%00\xff", "https://api.example/%e2%00%FF")]
    #[case::host(b"https://m\xc3\xbcnchen.example/", "https://xn--mnchen-3ya.example/")]
    fn a_location_with_bytes_beyond_ascii(#[case] location: &[u8], #[case] url: &str) {
        let headers = vec![("location".to_owned(), location.to_vec())];
        let response = WireResponse { headers, ..WireResponse::new(302) };
        let current = Url::parse("https://api.example/").unwrap();
        assert_eq!(
            location_url(&current, &response, &Profile::standard(), &Standard).unwrap().unwrap().as_str(),
            url
        );
    }
}
