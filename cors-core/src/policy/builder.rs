//! Building a policy in code.

use std::borrow::Cow;
use std::slice;
use std::time::Duration;

use super::{Danger, Policy, PolicyError, Problem, check};

/// Builds a [`Policy`]. Its methods have the names of the fields of a policy file.
///
/// Only [`allow_origins`](Self::allow_origins) is required. What is left out allows nothing.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct PolicyBuilder {
    pub(super) allow_origins: Names,
    pub(super) allow_methods: Names,
    pub(super) allow_headers: Names,
    pub(super) expose_headers: Names,
    pub(super) allow_credentials: bool,
    pub(super) max_age: Option<Duration>,
    pub(super) preflight_status: Option<u16>,
    pub(super) diagnostics: bool,
    pub(super) dangerously_allow: Vec<Danger>,
    /// What was wrong with the file from which the values were read.
    pub(super) problems: Vec<Problem>,
}

impl PolicyBuilder {
    /// Sets the origins whose pages may read responses.
    ///
    /// An entry is an exact origin (`https://app.example.com`), a pattern for all subdomains of a domain at any depth
    /// (`https://*.example.org`, which does not include `https://example.org` itself), a pattern for all ports of a host
    /// (`http://localhost:*`), or an exact origin with another scheme (`chrome-extension://…`). `"*"` alone allows any
    /// origin.
    pub fn allow_origins(mut self, origins: impl Into<Names>) -> Self {
        self.allow_origins = origins.into();
        self
    }

    /// Sets the methods that a page may use, or `"*"` for all. Methods are case-sensitive.
    ///
    /// `GET`, `HEAD` and `POST` are always allowed and need not be listed.
    pub fn allow_methods(mut self, methods: impl Into<Names>) -> Self {
        self.allow_methods = methods.into();
        self
    }

    /// Sets the request headers that a page may send, or `"*"` for all.
    ///
    /// `*` does not cover `authorization` (Fetch, "CORS non-wildcard request-header name"). To allow that as well, write
    /// `["*", "authorization"]`.
    pub fn allow_headers(mut self, headers: impl Into<Names>) -> Self {
        self.allow_headers = headers.into();
        self
    }

    /// Sets the response headers that a page may read in addition to the safelisted ones, or `"*"` for all.
    pub fn expose_headers(mut self, headers: impl Into<Names>) -> Self {
        self.expose_headers = headers.into();
        self
    }

    /// Sets whether requests may carry credentials: cookies, HTTP authentication and client certificates.
    pub fn allow_credentials(mut self, allow: bool) -> Self {
        self.allow_credentials = allow;
        self
    }

    /// Sets how long a browser may cache the answer to a preflight: whole seconds from 0 to 86,400 (a day).
    ///
    /// Zero switches the browser's cache off. Without a max-age browsers cache the answer for 5 seconds. Chromium caps the
    /// value at 7,200 seconds (two hours). A fraction of a second is refused by [`build`](Self::build), because the
    /// response header cannot express it.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Sets the status code of a granted preflight, from 200 to 299. The default is 204.
    pub fn preflight_status(mut self, status: u16) -> Self {
        self.preflight_status = Some(status);
        self
    }

    /// Switches diagnostic mode on or off. It is off by default, because it reveals the policy.
    ///
    /// In diagnostic mode, a preflight from an allowed origin whose method or headers are not allowed is answered with the
    /// policy's lists, so that the browser's console names what is missing.
    pub fn diagnostics(mut self, diagnostics: bool) -> Self {
        self.diagnostics = diagnostics;
        self
    }

    /// Sets the exceptions: settings that are refused otherwise because they are almost always unsafe.
    pub fn dangerously_allow(mut self, dangers: impl IntoIterator<Item = Danger>) -> Self {
        self.dangerously_allow = dangers.into_iter().collect();
        self
    }

    /// Checks all fields and builds the policy.
    ///
    /// # Errors
    ///
    /// All problems at once, in the order of the fields.
    pub fn build(self) -> Result<Policy, PolicyError> {
        check::build(self)
    }
}

/// The entries of a list field: one string, or a collection of strings.
///
/// With the feature `http`, an entry can also be an `http::Method`, `http::HeaderName` or `http::HeaderValue`.
///
/// ```
/// use cors_core::Policy;
/// use http::{HeaderName, Method, header};
///
/// let origins = vec!["https://app.example".to_owned()];
/// let methods = [Method::PUT, Method::DELETE];
/// let policy = Policy::builder()
///     .allow_origins(&origins)
///     .allow_methods(methods)
///     .allow_headers([header::CONTENT_TYPE, HeaderName::from_static("x-request-id")])
///     .expose_headers("etag")
///     .build()?;
/// assert_eq!(policy.allow_methods(), ["PUT", "DELETE"]);
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Names {
    list: List,
    /// The positions of the names in a file's list, if some entries were left out because they are not strings.
    positions: Option<Vec<usize>>,
}

#[derive(Clone, Debug)]
enum List {
    /// A single string was written, so positions mean nothing.
    One(String),
    Many(Vec<String>),
}

impl Default for List {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Names {
    /// A list in a file, without the entries that are not strings.
    #[cfg(feature = "serde")]
    pub(super) fn at_positions(names: Vec<String>, positions: Vec<usize>) -> Self {
        Self { list: List::Many(names), positions: Some(positions) }
    }

    pub(super) fn as_slice(&self) -> &[String] {
        match &self.list {
            List::One(name) => slice::from_ref(name),
            List::Many(names) => names,
        }
    }

    /// The field of the name at `position`, as messages write it.
    pub(super) fn place(&self, field: &str, position: usize) -> String {
        if matches!(self.list, List::One(_)) {
            return field.to_owned();
        }
        let position = self.positions.as_ref().map_or(position, |positions| positions[position]);
        format!("{field}[{position}]")
    }
}

impl From<String> for Names {
    fn from(name: String) -> Self {
        Self { list: List::One(name), positions: None }
    }
}

impl From<&str> for Names {
    fn from(name: &str) -> Self {
        name.to_owned().into()
    }
}

impl From<&String> for Names {
    fn from(name: &String) -> Self {
        name.clone().into()
    }
}

impl From<Cow<'_, str>> for Names {
    fn from(name: Cow<'_, str>) -> Self {
        name.into_owned().into()
    }
}

impl<N: Into<Names>> From<Vec<N>> for Names {
    fn from(names: Vec<N>) -> Self {
        names.into_iter().collect()
    }
}

impl<N: Clone + Into<Names>> From<&Vec<N>> for Names {
    fn from(names: &Vec<N>) -> Self {
        names.as_slice().into()
    }
}

impl<N: Into<Names>, const LENGTH: usize> From<[N; LENGTH]> for Names {
    fn from(names: [N; LENGTH]) -> Self {
        names.into_iter().collect()
    }
}

impl<N: Clone + Into<Names>, const LENGTH: usize> From<&[N; LENGTH]> for Names {
    fn from(names: &[N; LENGTH]) -> Self {
        names.as_slice().into()
    }
}

impl<N: Clone + Into<Names>> From<&[N]> for Names {
    fn from(names: &[N]) -> Self {
        names.iter().cloned().collect()
    }
}

impl<N: Into<Names>> FromIterator<N> for Names {
    fn from_iter<I: IntoIterator<Item = N>>(names: I) -> Self {
        let names = names.into_iter();
        let mut list = Vec::with_capacity(names.size_hint().0);
        for name in names {
            match name.into().list {
                List::One(name) => list.push(name),
                List::Many(names) => list.extend(names),
            }
        }
        Self { list: List::Many(list), positions: None }
    }
}
