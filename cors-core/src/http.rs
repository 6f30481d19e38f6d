//! The traits for the types of the `http` crate, which axum, warp, Poem, tonic and hyper share.

use http::header::{self, Entry, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, Uri};
use http::{Method, Request, StatusCode, request};

use crate::{
    Denied, Preflight, PreparedPolicy, RequestHead, RequestHeader, RequestInfo, ResponseHead, ResponseHeader,
    host_text,
};

/// The most headers that the answer to a preflight can have, so that its map is allocated once.
const PREFLIGHT_HEADERS: usize = 6;

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl PreparedPolicy<HeaderValue> {
    /// Returns the status and the headers of the answer to a preflight. Its body is empty.
    ///
    /// It does the same as [`write_preflight`](Self::write_preflight), into a new map.
    pub fn answer_preflight<R>(&self, preflight: Preflight, request: &R) -> (StatusCode, HeaderMap)
    where
        R: RequestHead<Value = HeaderValue>,
    {
        // A policy only has statuses from 200 to 299. If that were wrong, the browser must not read the answer as a yes.
        let status = StatusCode::from_u16(preflight.status()).unwrap_or(StatusCode::FORBIDDEN);
        let mut headers = HeaderMap::with_capacity(PREFLIGHT_HEADERS);
        self.write_preflight(preflight, request, &mut headers);
        (status, headers)
    }

    /// Returns the status and the headers of the answer to a request that the guard denies. Its body is empty.
    ///
    /// It does the same as [`write_denied`](Self::write_denied), into a new map.
    pub fn answer_denied(&self, denied: Denied<HeaderValue>) -> (StatusCode, HeaderMap) {
        let status = StatusCode::from_u16(denied.status()).unwrap_or(StatusCode::FORBIDDEN);
        let mut headers = HeaderMap::new();
        self.write_denied(denied, &mut headers);
        (status, headers)
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl<B> RequestInfo for Request<B> {
    fn method(&self) -> &str {
        self.method().as_str()
    }

    fn host(&self) -> Option<&str> {
        host(self.uri(), self.headers())
    }

    fn path(&self) -> &str {
        self.uri().path()
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().get(name).map(HeaderValue::as_bytes)
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl RequestInfo for request::Parts {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn host(&self) -> Option<&str> {
        host(&self.uri, &self.headers)
    }

    fn path(&self) -> &str {
        self.uri.path()
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name).map(HeaderValue::as_bytes)
    }
}

/// The authority of the target, which HTTP/2 always has, or else the `Host` header (RFC 9112, section 3.2.2).
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let authority = uri.authority().map(Authority::as_str);
    authority.or_else(|| host_text(headers.get(header::HOST)?.as_bytes()))
}

/// The same, unless there is more than one `Host` line.
fn only_host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut lines = headers.get_all(header::HOST).iter();
    let (first, second) = (lines.next(), lines.next());
    if second.is_some() {
        return None;
    }
    uri.authority().map(Authority::as_str).or_else(|| host_text(first?.as_bytes()))
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl<B> RequestHead for Request<B> {
    type Value = HeaderValue;

    fn is_options(&self) -> bool {
        self.method() == Method::OPTIONS
    }

    fn only_host(&self) -> Option<&str> {
        only_host(self.uri(), self.headers())
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        lines(self.headers(), name)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = HeaderValue> {
        values(self.headers(), name)
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl RequestHead for request::Parts {
    type Value = HeaderValue;

    fn is_options(&self) -> bool {
        self.method == Method::OPTIONS
    }

    fn only_host(&self) -> Option<&str> {
        only_host(&self.uri, &self.headers)
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        lines(&self.headers, name)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = HeaderValue> {
        values(&self.headers, name)
    }
}

/// A method, a target and a header map, for a framework whose request type is not the one of the `http` crate.
#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl RequestInfo for (&Method, &Uri, &HeaderMap) {
    fn method(&self) -> &str {
        self.0.as_str()
    }

    fn host(&self) -> Option<&str> {
        host(self.1, self.2)
    }

    fn path(&self) -> &str {
        self.1.path()
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.2.get(name).map(HeaderValue::as_bytes)
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl RequestHead for (&Method, &Uri, &HeaderMap) {
    type Value = HeaderValue;

    fn is_options(&self) -> bool {
        self.0 == Method::OPTIONS
    }

    fn only_host(&self) -> Option<&str> {
        only_host(self.1, self.2)
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        lines(self.2, name)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = HeaderValue> {
        values(self.2, name)
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl ResponseHead for HeaderMap {
    type Value = HeaderValue;

    fn append(&mut self, name: ResponseHeader, value: HeaderValue) {
        self.append(response_name(name), value);
    }

    fn vary(&self) -> impl Iterator<Item = &[u8]> {
        self.get_all(header::VARY).iter().map(HeaderValue::as_bytes)
    }

    fn add_vary(&mut self, value: HeaderValue, mut covers: impl FnMut(&[u8]) -> bool) {
        match self.entry(header::VARY) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(lines) if lines.iter().any(|line| covers(line.as_bytes())) => {}
            Entry::Occupied(mut lines) => lines.append(value),
        }
    }

    fn remove_with_prefix(&mut self, prefix: &str) {
        while let Some(name) = self.keys().find(|name| name.as_str().starts_with(prefix)).cloned() {
            self.remove(name);
        }
    }
}

fn lines(headers: &HeaderMap, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
    headers.get_all(request_name(name)).iter().map(HeaderValue::as_bytes)
}

fn values(headers: &HeaderMap, name: RequestHeader) -> impl Iterator<Item = HeaderValue> {
    headers.get_all(request_name(name)).iter().cloned()
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl From<RequestHeader> for HeaderName {
    fn from(name: RequestHeader) -> Self {
        request_name(name).clone()
    }
}

/// A name that is only borrowed for a look-up, which costs less than a copy.
#[inline]
fn request_name(name: RequestHeader) -> &'static HeaderName {
    static ORIGIN: HeaderName = header::ORIGIN;
    static METHOD: HeaderName = header::ACCESS_CONTROL_REQUEST_METHOD;
    static HEADERS: HeaderName = header::ACCESS_CONTROL_REQUEST_HEADERS;
    static HOST: HeaderName = header::HOST;
    // The `http` crate has no constant for it.
    static SEC_FETCH_SITE: HeaderName = HeaderName::from_static(RequestHeader::SecFetchSite.name());
    static UPGRADE: HeaderName = header::UPGRADE;

    match name {
        RequestHeader::Origin => &ORIGIN,
        RequestHeader::AccessControlRequestMethod => &METHOD,
        RequestHeader::AccessControlRequestHeaders => &HEADERS,
        RequestHeader::Host => &HOST,
        RequestHeader::SecFetchSite => &SEC_FETCH_SITE,
        RequestHeader::Upgrade => &UPGRADE,
    }
}

fn response_name(name: ResponseHeader) -> HeaderName {
    match name {
        ResponseHeader::AccessControlAllowOrigin => header::ACCESS_CONTROL_ALLOW_ORIGIN,
        ResponseHeader::AccessControlAllowCredentials => header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        ResponseHeader::AccessControlAllowMethods => header::ACCESS_CONTROL_ALLOW_METHODS,
        ResponseHeader::AccessControlAllowHeaders => header::ACCESS_CONTROL_ALLOW_HEADERS,
        ResponseHeader::AccessControlExposeHeaders => header::ACCESS_CONTROL_EXPOSE_HEADERS,
        ResponseHeader::AccessControlMaxAge => header::ACCESS_CONTROL_MAX_AGE,
        ResponseHeader::Vary => header::VARY,
    }
}
