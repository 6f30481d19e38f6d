//! The core's view of actix-web's requests and responses.

use actix_web::dev;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::uri::Authority;
use cors_core::{RequestHead, RequestHeader, RequestInfo, ResponseHead, ResponseHeader};

/// The part of a request that CORS reads.
pub(crate) struct Request<'a>(pub(crate) &'a dev::RequestHead);

impl RequestHead for Request<'_> {
    type Value = HeaderValue;

    fn is_options(&self) -> bool {
        self.0.method == Method::OPTIONS
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        self.0.headers.get_all(request_header(name)).map(HeaderValue::as_bytes)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = HeaderValue> {
        self.0.headers.get_all(request_header(name)).cloned()
    }
}

impl RequestInfo for Request<'_> {
    fn method(&self) -> &str {
        self.0.method.as_str()
    }

    fn host(&self) -> Option<&str> {
        let authority = self.0.uri.authority().map(Authority::as_str);
        authority.or_else(|| self.0.headers.get(header::HOST)?.to_str().ok())
    }

    fn path(&self) -> &str {
        self.0.uri.path()
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.0.headers.get(name).map(HeaderValue::as_bytes)
    }
}

/// The headers of a response.
pub(crate) struct Response<'a>(pub(crate) &'a mut HeaderMap);

impl ResponseHead for Response<'_> {
    type Value = HeaderValue;

    fn append(&mut self, name: ResponseHeader, value: HeaderValue) {
        self.0.append(response_header(name), value);
    }

    fn vary(&self) -> impl Iterator<Item = &[u8]> {
        self.0.get_all(header::VARY).map(HeaderValue::as_bytes)
    }

    fn remove_with_prefix(&mut self, prefix: &str) {
        // A `HeaderName` is always in lower case.
        // `retain` is slower than a search, and there is almost never anything to remove.
        if self.0.keys().any(|name| name.as_str().starts_with(prefix)) {
            self.0.retain(|name, _| !name.as_str().starts_with(prefix));
        }
    }
}

fn request_header(name: RequestHeader) -> HeaderName {
    // actix-web has no constant for it.
    const SEC_FETCH_SITE: HeaderName = HeaderName::from_static(RequestHeader::SecFetchSite.name());

    match name {
        RequestHeader::Origin => header::ORIGIN,
        RequestHeader::AccessControlRequestMethod => header::ACCESS_CONTROL_REQUEST_METHOD,
        RequestHeader::AccessControlRequestHeaders => header::ACCESS_CONTROL_REQUEST_HEADERS,
        RequestHeader::Host => header::HOST,
        RequestHeader::SecFetchSite => SEC_FETCH_SITE,
        RequestHeader::Upgrade => header::UPGRADE,
        name => HeaderName::from_static(name.name()),
    }
}

fn response_header(name: ResponseHeader) -> HeaderName {
    match name {
        ResponseHeader::AccessControlAllowOrigin => header::ACCESS_CONTROL_ALLOW_ORIGIN,
        ResponseHeader::AccessControlAllowCredentials => header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        ResponseHeader::AccessControlAllowMethods => header::ACCESS_CONTROL_ALLOW_METHODS,
        ResponseHeader::AccessControlAllowHeaders => header::ACCESS_CONTROL_ALLOW_HEADERS,
        ResponseHeader::AccessControlExposeHeaders => header::ACCESS_CONTROL_EXPOSE_HEADERS,
        ResponseHeader::AccessControlMaxAge => header::ACCESS_CONTROL_MAX_AGE,
        ResponseHeader::Vary => header::VARY,
        name => HeaderName::from_static(name.name()),
    }
}
