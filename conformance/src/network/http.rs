//! Conversions between the browser model's messages and the types of the `http` crate.

use bytes::Bytes;
use cors_browser::{FailureKind, NetworkError, WireRequest};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::Full;

/// Converts a request of the browser model. `uri` is the request target: a URL for a client, a path for a server.
///
/// # Errors
///
/// [`FailureKind::Unsendable`] if the method, the target or a header is not valid in HTTP.
pub fn to_request(request: WireRequest, uri: &str) -> Result<Request<Full<Bytes>>, NetworkError> {
    let mut converted = Request::new(Full::new(Bytes::from(request.body.unwrap_or_default())));
    *converted.method_mut() = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| unsendable(&format!("the method `{}`", request.method)))?;
    *converted.uri_mut() = Uri::try_from(uri).map_err(|_| unsendable(&format!("the URL `{}`", request.url)))?;
    *converted.headers_mut() = to_headers(&request.headers)?;
    Ok(converted)
}

/// Converts header lines of the browser model.
///
/// # Errors
///
/// [`FailureKind::Unsendable`] if a name or a value is not valid in HTTP.
pub fn to_headers(lines: &[(String, Vec<u8>)]) -> Result<HeaderMap, NetworkError> {
    let mut headers = HeaderMap::with_capacity(lines.len());
    for (name, value) in lines {
        let invalid = || unsendable(&format!("the header `{name}: {}`", value.escape_ascii()));
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        headers.append(parsed, HeaderValue::from_bytes(value).map_err(|_| invalid())?);
    }
    Ok(headers)
}

/// Converts headers into header lines of the browser model.
pub fn from_headers(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

fn unsendable(what: &str) -> NetworkError {
    NetworkError::new(FailureKind::Unsendable, format!("{what} cannot be sent over HTTP"))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn request(method: &str, name: &str, value: &[u8]) -> WireRequest {
        WireRequest {
            method: method.to_owned(),
            url: Url::parse("https://api.example/item").unwrap(),
            headers: vec![(name.to_owned(), value.to_vec())],
            body: None,
        }
    }

    #[test]
    fn a_request_is_converted() {
        let converted = to_request(request("PURGE", "x-a", b"\xff"), "/item").unwrap();
        assert_eq!((converted.method().as_str(), converted.uri().path()), ("PURGE", "/item"));
        assert_eq!(from_headers(converted.headers()), [("x-a".to_owned(), vec![0xff])]);
    }

    #[test]
    fn what_http_cannot_carry_is_unsendable() {
        for invalid in [request("a b", "x-a", b"1"), request("GET", "x a", b"1"), request("GET", "x-a", b"\n")] {
            let error = to_request(invalid, "/item").unwrap_err();
            assert_eq!(error.kind, FailureKind::Unsendable, "{error}");
        }
        assert!(to_request(request("GET", "x-a", b"1"), "/a b").is_err());
    }
}
