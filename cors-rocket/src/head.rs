//! The core's view of Rocket's requests and responses.

use std::borrow::Cow;

use cors_core::{RequestHead, RequestHeader, RequestInfo, ResponseHead, ResponseHeader};
use rocket::http::Method;
use rocket::http::uri::Host;
use rocket::{Request, Response};

/// The part of a request that CORS reads.
///
/// Rocket keeps the lines of a repeated header apart. It has dropped lines that are not UTF-8 before a fairing runs.
pub(crate) struct RequestView<'r, 'x> {
    request: &'r Request<'x>,
    has_origin: bool,
    has_request_method: bool,
}

impl<'r, 'x> RequestView<'r, 'x> {
    pub(crate) fn new(request: &'r Request<'x>) -> Self {
        // Each look-up in Rocket's map hashes the name byte by byte. One walk over all names costs no more than one look-up.
        let (mut has_origin, mut has_request_method) = (false, false);
        for header in request.headers().iter() {
            has_origin |= header.name == RequestHeader::Origin.name();
            has_request_method |= header.name == RequestHeader::AccessControlRequestMethod.name();
        }
        Self { request, has_origin, has_request_method }
    }

    pub(crate) fn request(&self) -> &'r Request<'x> {
        self.request
    }

    /// Whether the request has `Access-Control-Request-Method`.
    pub(crate) fn has_request_method(&self) -> bool {
        self.has_request_method
    }

    /// The lines of a header.
    fn get(&self, name: RequestHeader) -> impl Iterator<Item = &'r str> + use<'r> {
        let is_present = match name {
            RequestHeader::Origin => self.has_origin,
            RequestHeader::AccessControlRequestMethod => self.has_request_method,
            _ => true,
        };
        is_present.then(|| self.request.headers().get(name.name())).into_iter().flatten()
    }
}

/// The authority of an HTTP/2 request as text, in the request's cache.
struct Authority(String);

impl<'r> RequestHead for RequestView<'r, '_> {
    type Value = Cow<'r, str>;

    fn is_options(&self) -> bool {
        self.request.method() == Method::Options
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        self.get(name).map(str::as_bytes)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = Cow<'r, str>> {
        self.get(name).map(Cow::Borrowed)
    }
}

impl RequestInfo for RequestView<'_, '_> {
    fn method(&self) -> &str {
        self.request.method().as_str()
    }

    fn host(&self) -> Option<&str> {
        let authority = self.request.host();
        match self.request.headers().get_one("host") {
            // Rocket parses the header, but over HTTP/2 it takes the authority. If they differ, the request is malformed (RFC
            // 9113, section 8.3.1).
            Some(host) => (Host::parse(host).ok().as_ref() == authority).then_some(host),
            None => authority.map(|authority| {
                let Authority(text) = self.request.local_cache(|| Authority(authority.to_string()));
                text.as_str()
            }),
        }
    }

    fn path(&self) -> &str {
        self.request.uri().path().as_str()
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.request.headers().get_one(name).map(str::as_bytes)
    }
}

/// The headers of a response. The values written into it are borrowed from the request and from managed state.
pub(crate) struct ResponseView<'r, 'x> {
    response: &'x mut Response<'r>,
    /// Whether the response may have `Vary`.
    may_have_vary: bool,
}

impl<'r, 'x> ResponseView<'r, 'x> {
    pub(crate) fn new(response: &'x mut Response<'r>) -> Self {
        Self { response, may_have_vary: true }
    }
}

impl<'r> ResponseHead for ResponseView<'r, '_> {
    type Value = Cow<'r, str>;

    fn append(&mut self, name: ResponseHeader, value: Cow<'r, str>) {
        self.may_have_vary |= name == ResponseHeader::Vary;
        self.response.adjoin_raw_header(name.name(), value);
    }

    fn vary(&self) -> impl Iterator<Item = &[u8]> {
        let lines = || self.response.headers().get(ResponseHeader::Vary.name()).map(str::as_bytes);
        self.may_have_vary.then(lines).into_iter().flatten()
    }

    fn remove_with_prefix(&mut self, prefix: &str) {
        // All names are compared here, so this also tells whether a look-up of `Vary` can be left out.
        self.may_have_vary = false;
        let mut found = Vec::new();
        for header in self.response.headers().iter() {
            let name = header.name.as_str();
            self.may_have_vary |= header.name == ResponseHeader::Vary.name();
            let start = name.as_bytes().get(..prefix.len());
            if start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes())) {
                found.push(name.to_owned());
            }
        }
        for name in found {
            self.response.remove_header(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use rocket::http::Header;
    use rocket::local::blocking::Client;

    use super::*;

    #[test]
    fn lines_of_one_header_stay_apart_and_are_borrowed() {
        let client = Client::debug(rocket::build()).expect("an empty application ignites");
        let request = client
            .get("/")
            .header(Header::new("Origin", "https://a.example"))
            .header(Header::new("ORIGIN", "https://b.example"));
        let view = RequestView::new(request.inner());
        let lines: Vec<&[u8]> = view.lines(RequestHeader::Origin).collect();
        assert_eq!(lines, [b"https://a.example", b"https://b.example"]);
        let values: Vec<_> = view.values(RequestHeader::Origin).collect();
        assert_eq!(values, ["https://a.example", "https://b.example"]);
        assert!(values.iter().all(|value| matches!(value, Cow::Borrowed(_))), "an echoed value was copied");
    }

    #[test]
    fn all_headers_with_the_prefix_are_removed() {
        let mut response = Response::build()
            .raw_header("Access-Control-Allow-Origin", "https://a.example")
            .raw_header_adjoin("access-control-allow-origin", "https://b.example")
            .raw_header("ACCESS-CONTROL-X", "1")
            .raw_header("Access", "kept")
            .raw_header("x-access-control-a", "kept")
            .finalize();
        ResponseView::new(&mut response).remove_with_prefix("access-control-");
        let mut left: Vec<_> = response.headers().iter().map(|header| header.name.to_string()).collect();
        left.sort();
        assert_eq!(left, ["Access", "x-access-control-a"]);
    }
}
