//! The application that every server under test runs, and what its versions for the frameworks share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

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

/// The values of every `c` in the query of `/cookie/set`, decoded, in order.
pub fn cookies_to_set(query: &str) -> Vec<String> {
    parameters(query, "c")
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

/// The challenge of `/private`.
pub const CHALLENGE: &str = "Basic realm=\"specimen\"";

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
