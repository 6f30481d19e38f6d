//! The part of a request that CORS reads, as if the framework had looked it up already.

use cors_core::{RequestHead, RequestHeader, RequestInfo};

use crate::request::Kind;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a str,
    pub(crate) site: Option<&'a [u8]>,
    pub(crate) origin: Option<&'a [u8]>,
    pub(crate) request_method: Option<&'a [u8]>,
    pub(crate) request_headers: Option<&'a [u8]>,
}

impl Head<'static> {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            method: kind.method(),
            site: None,
            origin: kind.origin().map(str::as_bytes),
            request_method: kind.request_method().map(str::as_bytes),
            request_headers: kind.request_headers().map(str::as_bytes),
        }
    }
}

impl<'a> Head<'a> {
    /// A `GET` request from this origin.
    pub(crate) fn from_origin(origin: &'a str) -> Self {
        Self { method: "GET", origin: Some(origin.as_bytes()), ..Self::default() }
    }

    fn value(&self, name: RequestHeader) -> Option<&'a [u8]> {
        match name {
            RequestHeader::Origin => self.origin,
            RequestHeader::AccessControlRequestMethod => self.request_method,
            RequestHeader::AccessControlRequestHeaders => self.request_headers,
            RequestHeader::Host => Some(HOST.as_bytes()),
            RequestHeader::SecFetchSite => self.site,
            _ => None,
        }
    }
}

const HOST: &str = "api.example";

impl RequestInfo for Head<'_> {
    fn method(&self) -> &str {
        self.method
    }

    fn host(&self) -> Option<&str> {
        Some(HOST)
    }

    fn path(&self) -> &str {
        "/"
    }

    fn header(&self, _: &str) -> Option<&[u8]> {
        None
    }
}

impl<'a> RequestHead for Head<'a> {
    type Value = &'a [u8];

    fn is_options(&self) -> bool {
        self.method == "OPTIONS"
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        self.value(name).into_iter()
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = &'a [u8]> {
        self.value(name).into_iter()
    }
}
