//! Fetch, "CORS-preflight fetch".

mod check;

use std::borrow::Cow;

pub(super) use self::check::{Grant, check};
use super::fault::{Fault, Faults};
pub(super) use super::header::MaxAge;
use super::header::{HeaderList, unsafe_names};
use super::profile::Profile;
use super::request::{Request, Tainting};
use super::{Credentials, Mode, method};

/// Fetch, "main fetch", step 12: whether a request in mode `cors` needs a preflight, unless a cached one will do.
pub(super) fn is_needed(request: &Request, faults: Faults) -> bool {
    if request.redirect_count > 0 && faults.has(Fault::SkipsPreflightAfterRedirect) {
        return false;
    }
    !is_method_exempt(&request.method, faults) || !names(request, faults).is_empty()
}

/// Whether a method needs no server's permission.
pub(super) fn is_method_exempt(method: &str, faults: Faults) -> bool {
    method::is_cors_safelisted(method)
        || faults.has(Fault::SkipsPreflightForMethods)
        || (method == "PUT" && faults.has(Fault::SkipsPreflightForPut))
}

/// The names of the headers that need a server's permission, in lower case, sorted.
pub(super) fn names(request: &Request, faults: Faults) -> Vec<String> {
    if faults.has(Fault::SkipsPreflightForHeaders) {
        return Vec::new();
    }
    unsafe_names(&request.headers, faults).into_iter().collect()
}

/// The request as a preflight sees it: to some browsers, redirects have not changed its origin.
pub(super) fn asking<'a>(request: &'a Request, profile: &Profile) -> Cow<'a, Request> {
    if !profile.preflights_name_the_page {
        return Cow::Borrowed(request);
    }
    Cow::Owned(Request { urls: vec![request.current_url().clone()], ..request.clone() })
}

/// The CORS-preflight request for a request.
pub(super) fn preflight_request(request: &Request, profile: &Profile, faults: Faults) -> Request {
    let mut headers = HeaderList::default();
    // Step 2.
    headers.append("Accept", "*/*");
    // Step 3.
    headers.append("Access-Control-Request-Method", request.method.as_str());
    // Steps 4 and 5: commas without spaces.
    let mut names = names(request, faults);
    if !profile.asks_once_for_repeated_names {
        let lines = |name: &String| {
            let count = request.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count();
            vec![name.clone(); count]
        };
        names = names.iter().flat_map(lines).collect();
    }
    if faults.has(Fault::LeavesRequestHeadersUnsorted) {
        let written = request.headers.iter().map(|(name, _)| name);
        names =
            written.filter(|name| names.contains(&name.to_ascii_lowercase())).map(str::to_owned).collect();
    }
    if !names.is_empty() {
        headers.append("Access-Control-Request-Headers", names.join(","));
    }
    if let Some(value) = request.headers.combined("Authorization")
        && faults.has(Fault::SendsAuthorizationOnPreflights)
    {
        headers.append("Authorization", value);
    }
    // Step 1.
    Request {
        method: "OPTIONS".to_owned(),
        headers,
        body: None,
        mode: Mode::Cors,
        credentials: Credentials::SameOrigin,
        tainting: Tainting::Cors,
        ..request.clone()
    }
}
