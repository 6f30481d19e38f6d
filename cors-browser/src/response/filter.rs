//! Fetch, "filtered response": what of a response a page may see.

use url::Url;

use super::super::fault::{Fault, Faults};
use super::super::header::{
    HeaderList, extract_list, is_cors_safelisted_response_header_name, is_forbidden_response_header_name,
};
use super::super::request::{Request, Tainting};
use super::super::{Credentials, PageResponse, ResponseType, WireResponse};

/// Fetch, "main fetch", step 14: the filtered response that belongs to the request's tainting.
pub(crate) fn filtered(request: &Request, response: WireResponse, faults: Faults) -> PageResponse {
    let mut headers = HeaderList::from(response.headers.as_slice());
    let response_type = match request.tainting {
        Tainting::Opaque if !faults.has(Fault::ReadsOpaqueResponses) => return opaque(),
        Tainting::Basic | Tainting::Opaque => {
            // "basic filtered response".
            headers.retain(|name| !is_forbidden_response_header_name(name));
            ResponseType::Basic
        }
        Tainting::Cors => {
            // "CORS filtered response".
            let exposed = exposed_names(request, &headers, faults);
            headers.retain(|name| is_cors_safelisted_response_header_name(name, &exposed, faults));
            ResponseType::Cors
        }
    };
    // Step 21: no body where HTTP allows none.
    let has_null_body = request.method == "HEAD" || matches!(response.status, 101 | 103 | 204 | 205 | 304);
    PageResponse {
        response_type,
        status: response.status,
        url: Some(without_fragment(request.current_url())),
        redirected: request.urls.len() > 1,
        headers: headers.sort_and_combine(),
        body: Some(if has_null_body { Vec::new() } else { response.body }),
    }
}

/// Fetch, "main fetch", step 14.1: the "CORS-exposed header-name list".
fn exposed_names(request: &Request, headers: &HeaderList, faults: Faults) -> Vec<String> {
    let all_names = || headers.sorted_names().into_iter().collect();
    if faults.has(Fault::ExposesAllHeaders) {
        return all_names();
    }
    if faults.has(Fault::IgnoresExposeHeaders) {
        return Vec::new();
    }
    // A value that cannot be parsed exposes nothing.
    let names =
        extract_list(headers.values("access-control-expose-headers")).ok().flatten().unwrap_or_default();
    if request.credentials != Credentials::Include && names.iter().any(|name| name == "*") {
        return all_names();
    }
    names
}

/// Fetch, "opaque filtered response".
fn opaque() -> PageResponse {
    PageResponse {
        response_type: ResponseType::Opaque,
        status: 0,
        url: None,
        redirected: false,
        headers: Vec::new(),
        body: None,
    }
}

/// Fetch, "opaque-redirect filtered response".
pub(crate) fn opaque_redirect(request: &Request) -> PageResponse {
    PageResponse {
        response_type: ResponseType::OpaqueRedirect,
        url: Some(without_fragment(request.current_url())),
        ..opaque()
    }
}

/// Fetch, "response.url" is serialized without its fragment.
fn without_fragment(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}
