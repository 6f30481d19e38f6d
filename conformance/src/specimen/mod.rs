//! The application that every server under test runs, and what its versions for the frameworks share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// How often each handler ran since the server started.
#[derive(Clone, Debug, Default)]
pub struct Hits(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Hits {
    /// Counts one run of the handler of `route`, named by its template, such as `/item/{id}`.
    pub fn count(&self, route: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(route).or_default() += 1;
    }

    /// What `GET /hits` answers: `{route: n}`. It does not count itself.
    pub fn to_json(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_string(&*counts).unwrap_or_default()
    }
}

/// What `/echo` answers: the request as the handler saw it.
#[derive(Debug, Serialize)]
pub struct Echo {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, Vec<String>>,
    body_length: usize,
}

impl Echo {
    /// Describes a request; `headers` are its lines in order, bytes outside of ASCII shown as replacement characters.
    pub fn new<'a>(
        method: &str,
        path: &str,
        query: Option<&str>,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        body_length: usize,
    ) -> Self {
        let mut lines = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in headers {
            lines
                .entry(name.to_ascii_lowercase())
                .or_default()
                .push(String::from_utf8_lossy(value).into_owned());
        }
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.unwrap_or_default().to_owned(),
            headers: lines,
            body_length,
        }
    }

    /// The JSON text of the answer.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A redirect as the query of `/redirect` asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// A status from 300 to 399. A browser follows 301, 302, 303, 307 and 308 only (Fetch, "redirect status").
    pub code: u16,
    /// The value of `Location`, verbatim.
    pub to: String,
}

impl Redirect {
    /// Reads `code` (307 if it is absent) and `to`; nothing if one of them makes no redirect, to be answered with 400.
    pub fn from_query(query: &str) -> Option<Self> {
        let code = parameter(query, "code").map_or(Some(307), |code| code.parse().ok())?;
        let to = parameter(query, "to")?;
        (300..400).contains(&code).then_some(Self { code, to })
    }
}

/// What `/status/{code}` answers: a status from 200 to 599 and its body; nothing for any other text, to be answered
/// with 400.
///
/// The body is empty where HTTP forbids one (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5).
pub fn status(code: &str) -> Option<(u16, String)> {
    let code: u16 = code.parse().ok().filter(|code| (200..600).contains(code))?;
    let body = if matches!(code, 204 | 205 | 304) { String::new() } else { format!("status {code}") };
    Some((code, body))
}

/// What the handler of `/panic` does: it panics with [`FAILURE`], but without the panic hook's noise on standard error.
pub fn panic_on_purpose() -> ! {
    std::panic::resume_unwind(Box::new(FAILURE))
}

/// What `/item/{id}` answers.
pub fn item(method: &str, id: &str) -> String {
    format!("{method} {id}")
}

/// The body of `/json`: `{"n":1}`, with any whole number; the same text is its answer.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// The number.
    pub n: i64,
}

/// How long the body of `/json` may be, in bytes. The framework's own limit turns away what is longer, with 413.
pub const JSON_LIMIT: usize = 1024;

/// The values of every `c` in the query of `/cookie/set`, decoded, in order; each is one `Set-Cookie` line.
pub fn cookies_to_set(query: &str) -> Vec<String> {
    parameters(query, "c")
}

/// The values of every `v` in the query of `/vary`, decoded, in order; each is one `Vary` line.
pub fn vary_lines(query: &str) -> Vec<String> {
    parameters(query, "v")
}

/// The value of `name` in a query, decoded.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    parameters(query, name).into_iter().next()
}

/// What `/cookie/read` answers: a JSON list of the cookies in the `Cookie` lines, in order, each as `name=value`.
pub fn cookies_read<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut cookies = Vec::new();
    for line in lines {
        let line = String::from_utf8_lossy(line);
        cookies.extend(
            line.split(';').map(|cookie| cookie.trim().to_owned()).filter(|cookie| !cookie.is_empty()),
        );
    }
    serde_json::to_string(&cookies).unwrap_or_default()
}

/// The routes by their templates: the names under which [`Hits`] counts their handlers.
///
/// A route for `GET` answers `HEAD` too, without the body, and counts it as its own. What the framework answers by
/// itself (404, 405, the redirect of `/slash`) and what the authentication of `/private` turns away is not counted.
pub mod route {
    /// Any method.
    pub const ECHO: &str = "/echo";
    /// `GET`
    pub const STATUS: &str = "/status/{code}";
    /// Any method.
    pub const REDIRECT: &str = "/redirect";
    /// `GET`
    pub const COOKIE_SET: &str = "/cookie/set";
    /// `GET`
    pub const COOKIE_READ: &str = "/cookie/read";
    /// `GET` and `PUT`, behind an authentication that covers every method.
    pub const PRIVATE: &str = "/private";
    /// `OPTIONS` and `GET`
    pub const OPTIONS: &str = "/options";
    /// `GET`
    pub const VARY: &str = "/vary";
    /// `GET`
    pub const OWN_CORS: &str = "/own-cors";
    /// `GET`
    pub const ERROR: &str = "/error";
    /// `POST`
    pub const JSON: &str = "/json";
    /// `GET`
    pub const PANIC: &str = "/panic";
    /// `GET`
    pub const STREAM: &str = "/stream";
    /// `GET`
    pub const SLASH: &str = "/slash/";
    /// `PUT` and `DELETE`
    pub const ITEM: &str = "/item/{id}";
    /// `GET`; not counted itself.
    pub const HITS: &str = "/hits";
}

/// The response headers of `/echo` beside its `Content-Type`.
pub const ECHO_HEADERS: [(&str, &str); 2] = [("x-request-id", "specimen"), ("x-secret", "specimen")];

/// The CORS response headers that the handler of `/own-cors` sets itself.
pub const OWN_CORS_HEADERS: [(&str, &str); 2] = [
    ("access-control-allow-origin", "https://handler.example"),
    ("access-control-allow-credentials", "true"),
];

/// The response header of `/options`.
pub const OPTIONS_HEADER: (&str, &str) = ("x-handler", "options");

/// The challenge of `/private`: the value of `WWW-Authenticate`.
pub const CHALLENGE: &str = "Basic realm=\"specimen\"";

/// The body of `/private`, once `Authorization` is present.
pub const PRIVATE: &str = "private";

/// The body of `/slash/`.
pub const SLASH: &str = "slash";

/// The text of the error of `/error`, and the message of the panic of `/panic`.
pub const FAILURE: &str = "the specimen fails on purpose";

/// The media type of every JSON body.
pub const JSON: &str = "application/json";

/// The media type of every other body.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// The three chunks of `/stream`, sent [`CHUNK_PAUSE`] apart.
pub const CHUNKS: [&str; 3] = ["one ", "two ", "three"];

/// The pause between two chunks of `/stream`.
pub const CHUNK_PAUSE: std::time::Duration = std::time::Duration::from_millis(5);

fn parameters(query: &str, name: &str) -> Vec<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("code=303&to=https%3A%2F%2Fa.example%2F%3Fb", Some((303, "https://a.example/?b")))]
    #[case("to=/x", Some((307, "/x")))]
    #[case("code=200&to=/x", None)]
    #[case("code=304&to=/x", Some((304, "/x")))]
    #[case("code=400&to=/x", None)]
    #[case("code=308", None)]
    fn a_redirect_is_read_from_the_query(#[case] query: &str, #[case] expected: Option<(u16, &str)>) {
        let expected = expected.map(|(code, to)| Redirect { code, to: to.to_owned() });
        assert_eq!(Redirect::from_query(query), expected);
    }

    #[rstest]
    #[case("200", Some((200, "status 200")))]
    #[case("204", Some((204, "")))]
    #[case("599", Some((599, "status 599")))]
    #[case("101", None)]
    #[case("600", None)]
    #[case("teapot", None)]
    fn a_status_is_one_that_a_handler_can_send(#[case] code: &str, #[case] expected: Option<(u16, &str)>) {
        assert_eq!(status(code), expected.map(|(code, body)| (code, body.to_owned())));
    }

    #[test]
    fn hits_count_by_route() {
        let hits = Hits::default();
        hits.count(route::ECHO);
        hits.clone().count(route::ECHO);
        hits.count(route::ITEM);
        assert_eq!(hits.to_json(), r#"{"/echo":2,"/item/{id}":1}"#);
    }

    #[test]
    fn cookies_are_set_and_read_one_by_one() {
        assert_eq!(cookies_to_set("c=a%3D1%3B+Secure&x=y&c=b=2"), ["a=1; Secure", "b=2"]);
        assert_eq!(cookies_read([b"a=1; b=2".as_slice(), b"c=3"]), r#"["a=1","b=2","c=3"]"#);
    }
}
