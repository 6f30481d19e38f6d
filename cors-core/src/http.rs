//! The traits of an adapter for the types of the `http` crate, which axum, warp, Poem, tonic and hyper share.

use http::header::{self, Entry, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode, request};

use crate::{Preflight, PreparedPolicy, RequestHead, RequestHeader, ResponseHead, ResponseHeader};

/// As many headers as the answer to a preflight can have, so that its map is allocated once.
const PREFLIGHT_HEADERS: usize = 7;

impl PreparedPolicy<HeaderValue> {
    /// The whole answer to a preflight: its status and headers; it has no content.
    pub fn answer_preflight<R>(&self, preflight: Preflight, request: &R) -> (StatusCode, HeaderMap)
    where
        R: RequestHead<Value = HeaderValue>,
    {
        // A policy's statuses are valid ones, by construction; were one not, the browser must not take it for a yes.
        let status = StatusCode::from_u16(preflight.status()).unwrap_or(StatusCode::FORBIDDEN);
        let mut headers = HeaderMap::with_capacity(PREFLIGHT_HEADERS);
        self.write_preflight(preflight, request, &mut headers);
        (status, headers)
    }
}

impl<B> RequestHead for Request<B> {
    type Value = HeaderValue;

    fn is_options(&self) -> bool {
        self.method() == Method::OPTIONS
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        lines(self.headers(), name)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = HeaderValue> {
        values(self.headers(), name)
    }
}

impl RequestHead for request::Parts {
    type Value = HeaderValue;

    fn is_options(&self) -> bool {
        self.method == Method::OPTIONS
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        lines(&self.headers, name)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = HeaderValue> {
        values(&self.headers, name)
    }
}

/// A request in two pieces, for a framework whose own request type keeps them so.
impl RequestHead for (&Method, &HeaderMap) {
    type Value = HeaderValue;

    fn is_options(&self) -> bool {
        self.0 == Method::OPTIONS
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        lines(self.1, name)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = HeaderValue> {
        values(self.1, name)
    }
}

impl ResponseHead for HeaderMap {
    type Value = HeaderValue;

    fn set(&mut self, name: ResponseHeader, value: HeaderValue) {
        self.insert(response_name(name), value);
    }

    fn append(&mut self, name: ResponseHeader, value: HeaderValue) {
        self.append(response_name(name), value);
    }

    fn vary(&self) -> impl Iterator<Item = &[u8]> {
        self.get_all(header::VARY).iter().map(HeaderValue::as_bytes)
    }

    fn add_vary(&mut self, value: HeaderValue, mut makes_superfluous: impl FnMut(&[u8]) -> bool) {
        match self.entry(header::VARY) {
            Entry::Vacant(place) => {
                place.insert(value);
            }
            Entry::Occupied(lines) if lines.iter().any(|line| makes_superfluous(line.as_bytes())) => {}
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
    get_all(headers, name).map(HeaderValue::as_bytes)
}

fn values(headers: &HeaderMap, name: RequestHeader) -> impl Iterator<Item = HeaderValue> {
    get_all(headers, name).cloned()
}

/// How many different headers browsers send at most, and then some.
const FEW_HEADERS: usize = 32;

static REQUEST_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static(RequestHeader::AccessControlRequestPrivateNetwork.name());
static ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static(ResponseHeader::AccessControlAllowPrivateNetwork.name());

fn get_all(headers: &HeaderMap, name: RequestHeader) -> impl Iterator<Item = &HeaderValue> {
    // The one name that `http` does not know is long to hash, and hardly ever there: comparing it with a few others, which
    // differ in kind or in length, is faster.
    let is_absent = name == RequestHeader::AccessControlRequestPrivateNetwork
        && headers.keys_len() <= FEW_HEADERS
        && !headers.keys().any(|name| name == REQUEST_PRIVATE_NETWORK);
    let found = (!is_absent).then(|| headers.get_all(request_name(name)).iter());
    found.into_iter().flatten()
}

fn request_name(name: RequestHeader) -> HeaderName {
    match name {
        RequestHeader::Origin => header::ORIGIN,
        RequestHeader::AccessControlRequestMethod => header::ACCESS_CONTROL_REQUEST_METHOD,
        RequestHeader::AccessControlRequestHeaders => header::ACCESS_CONTROL_REQUEST_HEADERS,
        RequestHeader::AccessControlRequestPrivateNetwork => REQUEST_PRIVATE_NETWORK.clone(),
    }
}

fn response_name(name: ResponseHeader) -> HeaderName {
    match name {
        ResponseHeader::AccessControlAllowOrigin => header::ACCESS_CONTROL_ALLOW_ORIGIN,
        ResponseHeader::AccessControlAllowCredentials => header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        ResponseHeader::AccessControlAllowMethods => header::ACCESS_CONTROL_ALLOW_METHODS,
        ResponseHeader::AccessControlAllowHeaders => header::ACCESS_CONTROL_ALLOW_HEADERS,
        ResponseHeader::AccessControlAllowPrivateNetwork => ALLOW_PRIVATE_NETWORK.clone(),
        ResponseHeader::AccessControlExposeHeaders => header::ACCESS_CONTROL_EXPOSE_HEADERS,
        ResponseHeader::AccessControlMaxAge => header::ACCESS_CONTROL_MAX_AGE,
        ResponseHeader::Vary => header::VARY,
    }
}
