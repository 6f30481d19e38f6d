//! Requests and responses of the crate `http`.

use cors_browser::{NetworkError, WireRequest, WireResponse};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::{target, unsendable};

/// The method, the target and the headers of a request.
pub(super) fn head(request: &WireRequest) -> Result<(Method, Uri, HeaderMap), NetworkError> {
    let method = Method::from_bytes(request.method.as_bytes()).map_err(unsendable)?;
    let uri = target(request).parse().map_err(unsendable)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(unsendable)?;
        headers.append(name, HeaderValue::from_bytes(value).map_err(unsendable)?);
    }
    Ok((method, uri, headers))
}

/// A response with this status and these headers.
pub(super) fn response(status: http::StatusCode, headers: &HeaderMap) -> WireResponse {
    let mut response = WireResponse::new(status.as_u16());
    for (name, value) in headers {
        response.headers.push((name.as_str().to_owned(), value.as_bytes().to_vec()));
    }
    response
}
