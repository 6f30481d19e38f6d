//! The same preflight by hand: a curl command for a shell.

use std::sync::Arc;

use cors_browser::{Blocked, Outcome, WireRequest};

use super::action::without_login;
use super::recorder::Recorder;
use super::{Check, Connecting, HttpVersion, fetch};
use crate::catalogue::is_ambient;

/// Returns the command that sends what the browser would send first: the preflight, or the request itself if it needs none.
///
/// Nothing is sent.
///
/// # Errors
///
/// Why the browser would send nothing at all.
pub async fn curl(check: &Check, connecting: &Connecting) -> Result<String, Blocked> {
    let recorder = Arc::new(Recorder::default());
    let fetched = fetch(&without_login(check), recorder.clone()).await;
    match (recorder.take(), fetched.outcome) {
        (Some(request), _) => Ok(command(check, connecting, &request)),
        (None, Outcome::Blocked(blocked)) => Err(blocked),
        // Only a cached response comes without a request, and a new browser has no cache.
        (None, _) => Ok(String::new()),
    }
}

fn command(check: &Check, connecting: &Connecting, request: &WireRequest) -> String {
    let is_preflight = request.header("access-control-request-method").is_some();
    let mut text = String::new();
    if !is_preflight {
        text.push_str("# The browser sends no preflight for this request. It sends the request itself:\n");
    }
    text.push_str("curl --include");
    let mut words = Vec::new();
    let mut add = |option: &str, value: &str| words.push(format!("{option} {}", quote(value)));
    match request.method.as_str() {
        "GET" => {}
        "HEAD" => text.push_str(" --head"),
        method => add("--request", method),
    }
    let is_own = |name: &str| check.request.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    for (name, value) in request.headers.iter().filter(|(name, _)| !is_ambient(name) || is_own(name)) {
        let value = String::from_utf8_lossy(value);
        // curl drops a header that ends in a colon, and sends an empty one for a name that ends in a semicolon.
        let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        add("--header", &line);
    }
    if let Some(body) = &request.body {
        add("--data-raw", &String::from_utf8_lossy(body));
    }
    if let Some(path) = &connecting.authorities {
        add("--cacert", &path.display().to_string());
    }
    for entry in &connecting.addresses {
        add("--resolve", &entry.to_string());
    }
    if connecting.accepts_every_certificate {
        text.push_str(" --insecure");
    }
    match connecting.version {
        Some(HttpVersion::Http1) => text.push_str(" --http1.1"),
        Some(HttpVersion::Http2) => text.push_str(" --http2"),
        None => {}
    }
    let url = request.url.as_str();
    // curl treats brackets and braces as patterns.
    if url.contains(['[', ']', '{', '}']) {
        text.push_str(" --globoff");
    }
    words.push(quote(url));
    for word in words {
        text.push_str(" \\\n  ");
        text.push_str(&word);
    }
    text.push('\n');
    text
}

/// Quotes a word for a POSIX shell.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
