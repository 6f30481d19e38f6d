//! The requests that tell whether a server is the specimen, with the right answers.

use std::ops::RangeInclusive;

use super::{CHALLENGE, JSON, JSON_LIMIT, PRIVATE, SLASH};

/// A request without CORS headers, and the answer that every specimen gives to it.
pub(super) struct Probe {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: &'static str,
    pub(super) status: RangeInclusive<u16>,
    /// Headers of the answer, with the values of all of their lines. Of `vary`, some of its members: a CORS middleware adds others
    /// to it, and may join its lines.
    pub(super) lines: &'static [(&'static str, &'static [&'static str])],
    pub(super) answer: Body,
}

/// The body that is expected.
#[derive(Clone, Copy)]
pub(super) enum Body {
    Any,
    Text(&'static str),
    /// JSON pointers with the JSON values there; `""` is the whole body.
    Json(&'static [(&'static str, &'static str)]),
}

const fn probe(method: &'static str, path: &'static str, status: u16) -> Probe {
    Probe { method, path, headers: &[], body: "", status: status..=status, lines: &[], answer: Body::Any }
}

impl Probe {
    const fn with(mut self, headers: &'static [(&'static str, &'static str)], body: &'static str) -> Self {
        self.headers = headers;
        self.body = body;
        self
    }

    const fn text(mut self, text: &'static str) -> Self {
        self.answer = Body::Text(text);
        self
    }

    pub(super) const fn json(mut self, values: &'static [(&'static str, &'static str)]) -> Self {
        self.answer = Body::Json(values);
        self
    }

    const fn lines(mut self, lines: &'static [(&'static str, &'static [&'static str])]) -> Self {
        self.lines = lines;
        self
    }

    /// Any status of a class, such as 4 for 400 to 499.
    fn class(mut self, class: u16) -> Self {
        self.status = class * 100..=class * 100 + 99;
        self
    }
}

const JSON_TYPE: &[(&str, &str)] = &[("content-type", JSON)];

/// White space that is longer than the limit of `/json`.
const TOO_LONG: &str = {
    const SPACES: [u8; JSON_LIMIT + 1] = [b' '; JSON_LIMIT + 1];
    match std::str::from_utf8(&SPACES) {
        Ok(text) => text,
        Err(_) => "",
    }
};

/// The probes of every subject.
pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe("GET", "/echo", 200).lines(&[("x-request-id", &["specimen"]), ("x-secret", &["specimen"])]),
        probe("POST", "/echo?a=b", 200).json(&[
            ("/method", "\"POST\""),
            ("/path", "\"/echo\""),
            ("/query", "\"a=b\""),
            ("/body_length", "0"),
        ]),
        probe("PUT", "/echo", 200)
            .with(&[("x-a", "1"), ("x-a", "2")], "12345")
            .json(&[("/headers/x-a", "[\"1\",\"2\"]"), ("/body_length", "5")]),
        probe("PATCH", "/echo", 200).json(&[("/method", "\"PATCH\"")]),
        probe("DELETE", "/echo", 200).json(&[("/method", "\"DELETE\"")]),
        probe("PURGE", "/echo", 200).json(&[("/method", "\"PURGE\"")]),
        probe("HEAD", "/echo", 200).text(""),
        probe("GET", "/status/418", 418).text("status 418"),
        probe("HEAD", "/status/418", 418).text(""),
        probe("GET", "/status/503", 503).text("status 503"),
        probe("GET", "/status/206", 206).text("status 206"),
        probe("GET", "/status/204", 204).text(""),
        probe("GET", "/status/304", 304).text(""),
        probe("GET", "/status/x", 400),
        probe("POST", "/status/200", 405),
        probe("GET", "/redirect?to=https%3A%2F%2Fa.example%2F%3Fb%3Dc", 307)
            .lines(&[("location", &["https://a.example/?b=c"])]),
        probe("DELETE", "/redirect?code=303&to=/echo", 303).lines(&[("location", &["/echo"])]),
        probe("GET", "/redirect?code=200&to=/echo", 400),
        probe("GET", "/cookie/set?c=a%3D1&c=b%3D2%3B+Secure", 200)
            .lines(&[("set-cookie", &["a=1", "b=2; Secure"])]),
        // Scenarios write the semicolon as it is.
        probe("GET", "/cookie/set?c=a=1;%20Secure", 200).lines(&[("set-cookie", &["a=1; Secure"])]),
        probe("GET", "/cookie/read", 200).json(&[("", "[]")]),
        probe("GET", "/cookie/read", 200)
            .with(&[("cookie", "a=1; b=2")], "")
            .json(&[("", "[\"a=1\",\"b=2\"]")]),
        probe("GET", "/private", 401).lines(&[("www-authenticate", &[CHALLENGE])]),
        probe("PUT", "/private", 401).lines(&[("www-authenticate", &[CHALLENGE])]),
        probe("PUT", "/private", 200).with(&[("authorization", "Basic YTpi")], "").text(PRIVATE),
        probe("GET", "/options", 200).lines(&[("x-handler", &["options"])]),
        probe("GET", "/vary?v=Accept", 200).lines(&[("vary", &["Accept"])]),
        probe("GET", "/own-cors", 200),
        probe("GET", "/error", 500),
        probe("GET", "/panic", 500),
        probe("GET", "/stream", 200).text("one two three"),
        probe("GET", "/slash/", 200).text(SLASH),
        probe("GET", "/slash", 308).lines(&[("location", &["/slash/"])]),
        probe("PUT", "/item/7", 200).text("PUT 7"),
        probe("DELETE", "/item/a-b", 200).text("DELETE a-b"),
        probe("PATCH", "/item/7", 405),
        probe("POST", "/json", 200).with(JSON_TYPE, "{\"n\":1}").json(&[("/n", "1")]),
        probe("POST", "/json", 400).with(JSON_TYPE, "{\"m\":1}").class(4),
        probe("POST", "/json", 400).with(JSON_TYPE, "n=1").class(4),
        probe("POST", "/json", 413).with(JSON_TYPE, TOO_LONG),
        probe("GET", "/nowhere", 404),
    ]
}

/// The probes of adapters only. Other middleware may answer `OPTIONS` itself although the request is not a preflight, or drop a
/// line of `Vary`; that is for scenarios to find.
pub(super) fn adapter_probes() -> Vec<Probe> {
    vec![
        probe("GET", "/vary?v=Accept&v=Accept-Encoding,Cookie", 200)
            .lines(&[("vary", &["Accept", "Accept-Encoding", "Cookie"])]),
        probe("OPTIONS", "/echo", 200).json(&[("/method", "\"OPTIONS\"")]),
        probe("OPTIONS", "/options", 200).lines(&[("x-handler", &["options"])]),
        probe("OPTIONS", "/private", 401),
        probe("OPTIONS", "/status/200", 405),
    ]
}

/// Requests that show whether handlers are counted: method, path, and the route that counts it, if one does.
pub(super) const COUNTED: [(&str, &str, Option<&str>); 9] = [
    ("GET", "/echo", Some("/echo")),
    ("PUT", "/item/7", Some("/item/{id}")),
    ("DELETE", "/item/8", Some("/item/{id}")),
    ("HEAD", "/stream", Some("/stream")),
    ("GET", "/panic", Some("/panic")),
    ("GET", "/private", None),
    ("GET", "/slash", None),
    ("GET", "/nowhere", None),
    ("POST", "/item/7", None),
];
