//! The specimen: the application that every server under test runs.
//!
//! All specimens answer alike, so that a difference in verdict is a difference in CORS. The middleware under test covers the whole
//! application, applied as its own documentation recommends. This module has what the specimens of Rust frameworks share, and
//! [`check`], which plays a request for each route and reports every answer that deviates. A run checks each subject before it
//! plays scenarios with it.
//!
//! | route | answer |
//! |---|---|
//! | any method `/echo` | 200, a JSON object of what the handler saw ([`Echo`]), the headers [`ECHO_HEADERS`] |
//! | `GET /status/{code}` | that status, body `status {code}`, empty for 204, 205 and 304; 400 if the code is not a number from 200 to 599 |
//! | any method `/redirect?code=307&to=URL` | that status with `Location: URL`; `code` is 307 if absent; 400 if it is not from 300 to 399 |
//! | `GET /cookie/set?c=…&c=…` | 200, one `Set-Cookie` line for each `c`, verbatim |
//! | `GET /cookie/read` | 200, a JSON list of the cookies that arrived, each as `name=value`, in order |
//! | `GET`, `PUT /private` | behind an authentication middleware, which is inside the CORS middleware. It answers every method, `OPTIONS` too, with 401 and [`CHALLENGE`] in `WWW-Authenticate` unless the request has `Authorization`; then 200, body [`PRIVATE`] |
//! | `OPTIONS`, `GET /options` | 200, the header [`OPTIONS_HEADER`]; the application's own `OPTIONS` handler |
//! | `GET /vary?v=…&v=…` | 200, one `Vary` line for each `v` |
//! | `GET /own-cors` | 200, the CORS headers [`OWN_CORS_HEADERS`], set by the handler itself |
//! | `GET /error` | 500, through the framework's own error type |
//! | `POST /json` | 200 if the body is `{"n":1}` (any whole number) of at most [`JSON_LIMIT`] bytes; otherwise the framework's own 4xx, 413 for a longer body; a body that is rejected before the handler is not counted |
//! | `GET /panic` | 500; the handler panics or throws |
//! | `GET /stream` | 200, the chunks of [`CHUNKS`], [`CHUNK_PAUSE`] apart |
//! | `GET /slash/` | 200, body [`SLASH`]; `/slash` is redirected to `/slash/` with 308, by the framework's own means if it has them; `Location` may be absolute |
//! | `PUT`, `DELETE /item/{id}` | 200, body `{method} {id}` |
//! | `GET /hits` | 200, a JSON object: how often each handler ran since the server started, by the names of [`route`]; does not count itself |
//! | any other path | the framework's own 404 |
//! | a path above with another method | the framework's own 405 |
//!
//! A route for `GET` answers `HEAD` as well, without a body. Where the table names no body, any
//! body will do. JSON answers may have white space, and the `Content-Type` of an answer may have a `charset`.
//! The server accepts any `Host`, HTTP/1.1, and HTTP/2 without TLS (prior knowledge).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

pub use check::{Deviation, SpecimenError, check};

mod check;
mod probes;

/// How many of the specimen's routes a server has. A subject is asked only the scenarios for which its routes are enough.
///
/// Other programs write it as the number 1 or 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "u8", into = "u8")]
#[non_exhaustive]
pub enum Level {
    /// `/echo`, `/status/{code}` and `/hits`: enough for most scenarios.
    #[default]
    One,
    /// All routes.
    Two,
}

impl Level {
    /// The lowest level that has a route for the path, which may have a query.
    pub fn of(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let is_first = matches!(path, route::ECHO | route::HITS) || path.starts_with("/status/");
        if is_first { Self::One } else { Self::Two }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        match level {
            Level::One => 1,
            Level::Two => 2,
        }
    }
}

impl TryFrom<u8> for Level {
    type Error = UnknownLevel;

    fn try_from(number: u8) -> Result<Self, UnknownLevel> {
        match number {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            other => Err(UnknownLevel(other)),
        }
    }
}

/// A number that is not a [`Level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a level of the specimen: write 1 or 2")]
pub struct UnknownLevel(u8);

/// Counts how often each handler ran since the server started. Clones share their counts.
#[derive(Clone, Debug, Default)]
pub struct Hits(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Hits {
    /// Counts one run of the handler of `route`, named by its template, such as `/item/{id}`.
    pub fn count(&self, route: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(route).or_default() += 1;
    }

    /// The body of `GET /hits`: a JSON object of counts by route. `/hits` does not count itself.
    pub fn to_json(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_string(&*counts).unwrap_or_default()
    }
}

/// The body of `/echo`: the request as the handler saw it, as `{"method", "path", "query", "headers": {name: [values]}, "body_length"}`.
#[derive(Debug, Serialize)]
pub struct Echo {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, Vec<String>>,
    body_length: usize,
}

impl Echo {
    /// Describes a request. `headers` are its lines in order; bytes that are not UTF-8 become replacement characters.
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

    /// The body as JSON.
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
    /// Parses `code` (307 if it is absent) and `to`. `None` stands for an answer of 400: `code` is not from 300 to 399, or `to`
    /// is missing.
    pub fn from_query(query: &str) -> Option<Self> {
        let code = parameter(query, "code").map_or(Some(307), |code| code.parse().ok())?;
        let to = parameter(query, "to")?;
        (300..400).contains(&code).then_some(Self { code, to })
    }
}

/// The status and body of `/status/{code}`. `None` stands for an answer of 400: `code` is not a number from 200 to 599.
///
/// The body is empty where HTTP forbids one (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5).
pub fn status(code: &str) -> Option<(u16, String)> {
    let code: u16 = code.parse().ok().filter(|code| (200..600).contains(code))?;
    let body = if matches!(code, 204 | 205 | 304) { String::new() } else { format!("status {code}") };
    Some((code, body))
}

/// Panics with [`FAILURE`], as the handler of `/panic` does. The panic hook does not run, so that nothing is printed.
pub fn panic_on_purpose() -> ! {
    std::panic::resume_unwind(Box::new(FAILURE))
}

/// The body of `/item/{id}`.
pub fn item(method: &str, id: &str) -> String {
    format!("{method} {id}")
}

/// The body of `/json`, in the request and in the answer: `{"n":1}`, with any whole number.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// The number.
    pub n: i64,
}

/// The longest body of `/json`, in bytes. The framework's own limit answers 413 to a longer one.
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

/// The body of `/cookie/read`: a JSON list of the cookies in the `Cookie` lines, in order, each as `name=value`.
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

/// The routes by their templates, which are the names that [`Hits`] counts under.
///
/// A route for `GET` answers `HEAD` too, without the body, and counts it as its own. Answers of the framework itself (404, 405,
/// the redirect of `/slash`) and of the authentication of `/private` are not counted.
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
    /// `GET` and `PUT`, inside an authentication that covers every method.
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

/// The response headers of `/echo`, besides its `Content-Type`.
pub const ECHO_HEADERS: [(&str, &str); 2] = [("x-request-id", "specimen"), ("x-secret", "specimen")];

/// The CORS response headers that the handler of `/own-cors` sets itself.
pub const OWN_CORS_HEADERS: [(&str, &str); 2] = [
    ("access-control-allow-origin", "https://handler.example"),
    ("access-control-allow-credentials", "true"),
];

/// The response header of `/options`.
pub const OPTIONS_HEADER: (&str, &str) = ("x-handler", "options");

/// The value of `WWW-Authenticate` on a 401 of `/private`.
pub const CHALLENGE: &str = "Basic realm=\"specimen\"";

/// The body of `/private` if `Authorization` is present.
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
mod tests;
