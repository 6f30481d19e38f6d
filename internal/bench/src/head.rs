//! A request reduced to what CORS reads, as a framework's look-ups would have found it.

use cors_core::{RequestHead, RequestHeader};

use crate::request::Path;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) origin: Option<&'a [u8]>,
    pub(crate) request_method: Option<&'a [u8]>,
    pub(crate) request_headers: Option<&'a [u8]>,
}

impl Head<'static> {
    pub(crate) fn of(path: Path) -> Self {
        Self {
            method: path.method().as_bytes(),
            origin: path.origin().map(str::as_bytes),
            request_method: path.request_method().map(str::as_bytes),
            request_headers: path.request_headers().map(str::as_bytes),
        }
    }
}

impl<'a> Head<'a> {
    /// A `GET` from this origin.
    pub(crate) fn from_origin(origin: &'a str) -> Self {
        Self { method: b"GET", origin: Some(origin.as_bytes()), ..Self::default() }
    }

    fn value(&self, name: RequestHeader) -> Option<&'a [u8]> {
        match name {
            RequestHeader::Origin => self.origin,
            RequestHeader::AccessControlRequestMethod => self.request_method,
            RequestHeader::AccessControlRequestHeaders => self.request_headers,
            _ => None,
        }
    }
}

impl<'a> RequestHead for Head<'a> {
    type Value = &'a [u8];

    fn is_options(&self) -> bool {
        self.method == b"OPTIONS"
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        self.value(name).into_iter()
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = &'a [u8]> {
        self.value(name).into_iter()
    }
}
