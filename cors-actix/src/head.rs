//! The core's view of actix-web's requests and responses.

use actix_web::dev;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::uri::Authority;
use cors_core::{RequestHead, RequestHeader, RequestInfo, ResponseHead, ResponseHeader, host_text};

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
        authority.or_else(|| host_text(self.0.headers.get(header::HOST)?.as_bytes()))
    }

    fn path(&self) -> &str {
        self.0.uri.path()
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.0.headers.get(name).map(HeaderValue::as_bytes)
    }
}

/// The headers of a response.
pub(crate) struct Response<'a> {
    headers: &'a mut HeaderMap,
    /// Whether the response may have `Vary`.
    may_have_vary: bool,
}

impl<'a> Response<'a> {
    pub(crate) fn new(headers: &'a mut HeaderMap) -> Self {
        Self { headers, may_have_vary: true }
    }
}

impl ResponseHead for Response<'_> {
    type Value = HeaderValue;

    fn append(&mut self, name: ResponseHeader, value: HeaderValue) {
        self.may_have_vary |= name == ResponseHeader::Vary;
        self.headers.append(response_header(name), value);
    }

    fn vary(&self) -> impl Iterator<Item = &[u8]> {
        let lines = || self.headers.get_all(header::VARY).map(HeaderValue::as_bytes);
        self.may_have_vary.then(lines).into_iter().flatten()
    }

    fn remove_with_prefix(&mut self, prefix: &str) {
        // All names are compared here, so this also tells whether a look-up of `Vary` can be left out.
        let (mut has_prefix, mut has_vary) = (false, false);
        for name in self.headers.keys() {
            // A `HeaderName` is always in lower case.
            has_prefix |= name.as_str().starts_with(prefix);
            has_vary |= name == header::VARY;
        }
        self.may_have_vary = has_vary;
        // `retain` is slower than the walk, and there is almost never anything to remove.
        if has_prefix {
            self.headers.retain(|name, _| !name.as_str().starts_with(prefix));
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
