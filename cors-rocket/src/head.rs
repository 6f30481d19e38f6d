//! The core's view of Rocket's requests and responses.

use std::borrow::Cow;

use cors_core::{RequestHead, RequestHeader, RequestInfo, ResponseHead, ResponseHeader};
use rocket::http::Method;
use rocket::http::uri::Host;
use rocket::{Request, Response};

/// The part of a request that CORS reads.
///
/// Rocket keeps the lines of a repeated header apart. It has dropped lines that are not UTF-8 before a fairing runs.
pub(crate) struct RequestView<'r, 'x>(pub(crate) &'r Request<'x>);

/// The authority of an HTTP/2 request as text, in the request's cache.
struct Authority(String);

impl<'r> RequestHead for RequestView<'r, '_> {
    type Value = Cow<'r, str>;

    fn is_options(&self) -> bool {
        self.0.method() == Method::Options
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        self.0.headers().get(name.name()).map(str::as_bytes)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = Cow<'r, str>> {
        self.0.headers().get(name.name()).map(Cow::Borrowed)
    }
}

impl RequestInfo for RequestView<'_, '_> {
    fn method(&self) -> &str {
        self.0.method().as_str()
    }

    fn host(&self) -> Option<&str> {
        let authority = self.0.host();
        match self.0.headers().get_one("host") {
            // Rocket parses the header, but over HTTP/2 it takes the authority. If they differ, the request is malformed (RFC
            // 9113, section 8.3.1).
            Some(host) => (Host::parse(host).ok().as_ref() == authority).then_some(host),
            None => authority.map(|authority| {
                let Authority(text) = self.0.local_cache(|| Authority(authority.to_string()));
                text.as_str()
            }),
        }
    }

    fn path(&self) -> &str {
        self.0.uri().path().as_str()
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.0.headers().get_one(name).map(str::as_bytes)
    }
}

/// The headers of a response. The values written into it are borrowed from the request and from managed state.
pub(crate) struct ResponseView<'r, 'x>(pub(crate) &'x mut Response<'r>);

impl<'r> ResponseHead for ResponseView<'r, '_> {
    type Value = Cow<'r, str>;

    fn append(&mut self, name: ResponseHeader, value: Cow<'r, str>) {
        self.0.adjoin_raw_header(name.name(), value);
    }

    fn vary(&self) -> impl Iterator<Item = &[u8]> {
        self.0.headers().get(ResponseHeader::Vary.name()).map(str::as_bytes)
    }

    fn remove_with_prefix(&mut self, prefix: &str) {
        while let Some(name) = self.name_with_prefix(prefix) {
            self.0.remove_header(&name);
        }
    }
}

impl ResponseView<'_, '_> {
    fn name_with_prefix(&self, prefix: &str) -> Option<String> {
        self.0
            .headers()
            .iter()
            .find(|header| {
                let start = header.name.as_str().get(..prefix.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            })
            .map(|header| header.name.to_string())
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
        let view = RequestView(request.inner());
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
        ResponseView(&mut response).remove_with_prefix("access-control-");
        let mut left: Vec<_> = response.headers().iter().map(|header| header.name.to_string()).collect();
        left.sort();
        assert_eq!(left, ["Access", "x-access-control-a"]);
    }
}
