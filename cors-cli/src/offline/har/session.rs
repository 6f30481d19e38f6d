//! The network of a recorded session: every request gets the response that was recorded for it.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cors_browser::{FailureKind, Network, NetworkError, NetworkFuture, WireRequest, WireResponse};

use super::super::replay::is_preflight;
use super::file::{Entry, Response};

/// The entries of a session, and which of them were used.
pub(super) struct Session {
    pub(super) entries: Vec<(usize, Entry)>,
    /// The entries that answered a request, each with the position of the entry that is judged.
    used: Mutex<BTreeMap<usize, usize>>,
}

/// The network for the request of one entry.
pub(super) struct EntryNetwork {
    session: Arc<Session>,
    position: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_answered: bool,
    missing: Option<&'static str>,
    assumes_preflight: bool,
}

impl Session {
    pub(super) fn new(entries: Vec<(usize, Entry)>) -> Self {
        Self { entries, used: Mutex::default() }
    }

    /// Whether the entry at `position` answered a request of another one.
    pub(super) fn is_used(&self, position: usize) -> bool {
        self.used().contains_key(&position)
    }

    fn used(&self) -> MutexGuard<'_, BTreeMap<usize, usize>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, position: usize) -> Option<&Entry> {
        self.entries.get(position).map(|(_, entry)| entry)
    }

    /// Notes that an entry answered a request of the one at `position`. A preflight may answer several; the first one counts.
    fn assign(&self, found: usize, position: usize) {
        self.used().entry(found).or_insert(position);
    }

    /// The preflight for the request at `position`: the nearest one that answered no other request, or the nearest one before it.
    pub(super) fn preflight_for(&self, position: usize, url: &str, method: &str) -> Option<usize> {
        let used = self.used();
        let is_of_another = |other: usize| used.get(&other).is_some_and(|&by| by != position);
        let matches = |(other, (_, entry)): &(usize, &(usize, Entry))| {
            let asked = entry.request.header("access-control-request-method");
            entry.is_preflight()
                && without_fragment(entry.request.url.as_str()) == url
                && asked.is_none_or(|asked| asked == method)
                && (*other < position || !is_of_another(*other))
        };
        let found = self.entries.iter().enumerate().filter(matches).map(|(other, _)| other);
        found.min_by_key(|&other| (is_of_another(other), other.abs_diff(position)))
    }

    /// The next entry for the target of a redirect.
    fn target(&self, position: usize, method: &str, url: &str) -> Option<usize> {
        let used = self.used();
        let matches = |(other, (_, entry)): &(usize, &(usize, Entry))| {
            *other > position
                && used.get(other).is_none_or(|&by| by == position)
                && entry.request.method == method
                && without_fragment(entry.request.url.as_str()) == url
        };
        self.entries.iter().enumerate().find(matches).map(|(other, _)| other)
    }
}

impl EntryNetwork {
    pub(super) fn new(session: Arc<Session>, position: usize) -> Self {
        Self { session, position, state: Mutex::default() }
    }

    /// What the recording lacks for a verdict, if it lacks something.
    pub(super) fn missing(&self) -> Option<&'static str> {
        self.state().missing
    }

    /// Whether a preflight was needed, and its grant follows only from the response of the request.
    pub(super) fn assumes_preflight(&self) -> bool {
        self.state().assumes_preflight
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn respond(&self, request: &WireRequest) -> Result<WireResponse, NetworkError> {
        if is_preflight(request) { self.preflight(request) } else { self.actual(request) }
    }

    fn preflight(&self, request: &WireRequest) -> Result<WireResponse, NetworkError> {
        let method =
            request.header("access-control-request-method").map(String::from_utf8_lossy).unwrap_or_default();
        if let Some(found) = self.session.preflight_for(self.position, request.url.as_str(), &method) {
            self.session.assign(found, self.position);
            return self.recorded(found, "the recording has no response to its preflight");
        }
        let has_response = self
            .session
            .entry(self.position)
            .is_some_and(|entry| !entry.is_preflight() && entry.response.status != 0);
        if !has_response {
            return self.lacks("the recording has neither its preflight nor a response");
        }
        // The browser sent the request, so it knew that the server grants it.
        self.state().assumes_preflight = true;
        Ok(grant(request))
    }

    fn actual(&self, request: &WireRequest) -> Result<WireResponse, NetworkError> {
        let is_first = !std::mem::replace(&mut self.state().is_answered, true);
        if is_first {
            self.session.assign(self.position, self.position);
            return match self.session.entry(self.position) {
                Some(entry) if entry.is_preflight() => {
                    self.lacks("the preflight is granted, and the recording does not have the request itself")
                }
                _ => self.recorded(self.position, "the recording has no response to it"),
            };
        }
        match self.session.target(self.position, &request.method, request.url.as_str()) {
            Some(found) => {
                self.session.assign(found, self.position);
                self.recorded(found, "the recording has no response of the redirect's target")
            }
            None => self.lacks("the recording does not have the request to the redirect's target"),
        }
    }

    fn recorded(&self, position: usize, otherwise: &'static str) -> Result<WireResponse, NetworkError> {
        let response = self.session.entry(position).map(|entry| &entry.response);
        match response.and_then(to_wire) {
            Some(response) if response.status == 304 => self
                .lacks("the browser had the response in its cache, so its headers are not in the recording"),
            Some(response) => Ok(response),
            None => self.lacks(otherwise),
        }
    }

    fn lacks(&self, what: &'static str) -> Result<WireResponse, NetworkError> {
        self.state().missing.get_or_insert(what);
        Err(NetworkError::new(FailureKind::Unsendable, what))
    }
}

impl Network for EntryNetwork {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        Box::pin(ready(self.respond(&request)))
    }
}

/// A response as it was on the wire; `None` if none was recorded.
fn to_wire(recorded: &Response) -> Option<WireResponse> {
    if recorded.status == 0 {
        return None;
    }
    let mut response = WireResponse::new(recorded.status);
    for header in recorded.headers.iter().filter(|header| !header.name.starts_with(':')) {
        // Browsers write repeated lines as one value with line feeds.
        for value in header.value.split('\n') {
            response = response.with_header(header.name.to_ascii_lowercase(), value.trim_end_matches('\r'));
        }
    }
    let body = recorded.content.bytes().unwrap_or_else(|| assumed_body(&response));
    Some(response.with_body(body))
}

/// The body of a response if it was not recorded: the beginning of an image, if it should be one.
fn assumed_body(response: &WireResponse) -> Vec<u8> {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    let is_image =
        response.lines("content-type").any(|value| value.to_ascii_lowercase().starts_with(b"image/"));
    if is_image { PNG.to_vec() } else { Vec::new() }
}

/// The response that grants a preflight.
fn grant(request: &WireRequest) -> WireResponse {
    let value = |name: &str| request.header(name).unwrap_or_default().to_vec();
    WireResponse::new(204)
        .with_header("access-control-allow-origin", value("origin"))
        .with_header("access-control-allow-credentials", "true")
        .with_header("access-control-allow-methods", value("access-control-request-method"))
        .with_header("access-control-allow-headers", value("access-control-request-headers"))
}

/// A URL as requests have it.
pub(super) fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or(url)
}
