//! Fetch, "filtered response": the part of a response that a page may see.

use url::Url;

use crate::header::{HeaderList, extract_list, is_cors_safelisted_response_header_name};
use crate::request::Request;
use crate::steps::Steps;
use crate::{Credentials, PageResponse, ResponseType, WireResponse};

/// Fetch, "main fetch", step 14: the filtered response for the request's response tainting.
pub(crate) fn filtered(request: &Request, response: WireResponse, steps: &dyn Steps) -> PageResponse {
    let mut headers = HeaderList::from(response.headers.as_slice());
    let response_type = steps.response_type(request.tainting);
    match response_type {
        ResponseType::Opaque => return opaque(),
        ResponseType::OpaqueRedirect => return opaque_redirect(request),
        // "basic filtered response".
        ResponseType::Basic => headers.retain(|name| !steps.is_forbidden_response_header(name)),
        // "CORS filtered response".
        ResponseType::Cors => {
            let exposed = steps.exposed_header_names(request, &headers);
            headers.retain(|name| is_cors_safelisted_response_header_name(name, &exposed, steps));
        }
    }
    // Step 21: the body of responses that cannot have one is null.
    let has_null_body = request.method == "HEAD" || matches!(response.status, 101 | 103 | 204 | 205 | 304);
    PageResponse {
        response_type,
        status: response.status,
        url: Some(without_fragment(request.current_url())),
        redirected: request.urls.len() > 1,
        headers: headers.sort_and_combine(),
        body: Some(if has_null_body { Vec::new() } else { response.body }),
        body_fails: !has_null_body && response.body_error.is_some(),
    }
}

/// Fetch, "main fetch", step 14.1: the "CORS-exposed header-name list".
pub(crate) fn exposed_header_names(request: &Request, headers: &HeaderList) -> Vec<String> {
    // A value that cannot be parsed exposes nothing.
    let names =
        extract_list(headers.values("access-control-expose-headers")).ok().flatten().unwrap_or_default();
    if request.credentials != Credentials::Include && names.iter().any(|name| name == "*") {
        return headers.sorted_names().into_iter().collect();
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
        body_fails: false,
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

/// Fetch, "response.url": the URL without its fragment.
fn without_fragment(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}
