//! What a page asks for, and the request that Fetch makes of it.

mod constructor;
mod state;

use url::Url;

pub(super) use self::state::{RedirectTaint, Request, Tainting};
use super::fault::Faults;
use super::header::{is_forbidden_request_header, is_no_cors_safelisted_request_header};

/// The arguments of a `fetch()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRequest {
    /// The URL, resolved.
    pub url: Url,
    /// The method as the script wrote it.
    pub method: String,
    /// The headers as the script wrote them.
    pub headers: Vec<(String, String)>,
    /// The body. One that is valid UTF-8 counts as a string and has the content type of one; any other has none.
    pub body: Option<Vec<u8>>,
    /// The request's mode.
    pub mode: Mode,
    /// The request's credentials mode.
    pub credentials: Credentials,
    /// The request's redirect mode.
    pub redirect: Redirect,
}

impl FetchRequest {
    /// What `fetch(url)` asks for.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            method: "GET".to_owned(),
            headers: Vec::new(),
            body: None,
            mode: Mode::default(),
            credentials: Credentials::default(),
            redirect: Redirect::default(),
        }
    }

    /// The names of the headers that a browser leaves out without a word: those that no script can set, and in mode
    /// `no-cors` those that are not safelisted there.
    pub fn dropped_headers(&self) -> impl Iterator<Item = &str> {
        let is_dropped = |name: &str, value: &str| {
            is_forbidden_request_header(name, value.as_bytes())
                || self.mode == Mode::NoCors
                    && !is_no_cors_safelisted_request_header(name, value.as_bytes(), Faults::NONE)
        };
        self.headers
            .iter()
            .filter(move |(name, value)| is_dropped(name, value.trim()))
            .map(|(name, _)| name.as_str())
    }
}

/// Fetch, "request mode", as far as a script can choose it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The CORS protocol; what a script gets unless it says otherwise.
    #[default]
    Cors,
    /// A simple request with an opaque response.
    NoCors,
    /// No other origin.
    SameOrigin,
}

/// Fetch, "request credentials mode".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credentials {
    /// Never.
    Omit,
    /// To the page's own origin only; what a script gets unless it says otherwise.
    #[default]
    SameOrigin,
    /// Always.
    Include,
}

/// Fetch, "request redirect mode".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Redirect {
    /// Follow; what a script gets unless it says otherwise.
    #[default]
    Follow,
    /// A redirect is an error.
    Error,
    /// Hand back an opaque-redirect response.
    Manual,
}
