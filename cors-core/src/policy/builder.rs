//! Building a policy in code.

use super::{Danger, Policy, PolicyError, Problem, check};

/// A policy in the making: the fields of a policy file, as methods of the same names.
///
/// Only [`allow_origins`](Self::allow_origins) is needed; what is left out allows nothing.
#[derive(Clone, Debug, Default)]
#[must_use = "a policy exists once `build` has been called"]
pub struct PolicyBuilder {
    pub(super) allow_origins: Names,
    pub(super) allow_methods: Names,
    pub(super) allow_headers: Names,
    pub(super) expose_headers: Names,
    pub(super) allow_credentials: bool,
    pub(super) max_age: Option<u32>,
    pub(super) allow_private_network: bool,
    pub(super) preflight_status: Option<u16>,
    pub(super) diagnostics: bool,
    pub(super) dangerously_allow: Vec<Danger>,
    /// What was wrong with the file that the values were read from.
    pub(super) problems: Vec<Problem>,
}

impl PolicyBuilder {
    /// The origins whose pages may read responses: exact ones (`https://app.example.com`), any depth of subdomains
    /// (`https://*.example.org`, which is not `https://example.org` itself), any port (`http://localhost:*`), other schemes
    /// (`chrome-extension://…`, exact only), or `*` for any origin.
    pub fn allow_origins(mut self, origins: impl Into<Names>) -> Self {
        self.allow_origins = origins.into();
        self
    }

    /// The methods that a page may use, in their exact case, or `*`. `GET`, `HEAD` and `POST` need not be listed.
    pub fn allow_methods(mut self, methods: impl Into<Names>) -> Self {
        self.allow_methods = methods.into();
        self
    }

    /// The request headers that a page may set, or `*`, which does not cover `authorization`: `["*", "authorization"]`.
    pub fn allow_headers(mut self, headers: impl Into<Names>) -> Self {
        self.allow_headers = headers.into();
        self
    }

    /// The response headers that a page may read besides the safelisted ones, or `*`.
    pub fn expose_headers(mut self, headers: impl Into<Names>) -> Self {
        self.expose_headers = headers.into();
        self
    }

    /// Whether requests may carry cookies, HTTP authentication and client certificates.
    pub fn allow_credentials(mut self, allow: bool) -> Self {
        self.allow_credentials = allow;
        self
    }

    /// How long a browser may remember the answer to a preflight, in seconds from 0 to 86400. 0 switches its cache off;
    /// without a max-age browsers remember for 5 s.
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Whether pages from public networks may send requests to this server on a private one
    /// (Private Network Access, a draft that some browsers implement).
    pub fn allow_private_network(mut self, allow: bool) -> Self {
        self.allow_private_network = allow;
        self
    }

    /// The status of a granted preflight, from 200 to 299; 204 unless set.
    pub fn preflight_status(mut self, status: u16) -> Self {
        self.preflight_status = Some(status);
        self
    }

    /// Whether a preflight from an allowed origin is answered with the real lists even where its method or headers are
    /// not allowed, so that the browser's console names the culprit. It tells strangers the policy; off unless set.
    pub fn diagnostics(mut self, diagnostics: bool) -> Self {
        self.diagnostics = diagnostics;
        self
    }

    /// What is refused otherwise, because it hurts somebody nearly always.
    pub fn dangerously_allow(mut self, dangers: impl IntoIterator<Item = Danger>) -> Self {
        self.dangerously_allow = dangers.into_iter().collect();
        self
    }

    /// Checks everything and builds the policy.
    ///
    /// # Errors
    ///
    /// Every problem at once, in the order of the fields.
    pub fn build(self) -> Result<Policy, PolicyError> {
        check::build(self)
    }
}

/// The names of a list field: anything from one string to a vector of them.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub(super) names: Vec<String>,
    /// A single string was written, so that positions mean nothing.
    pub(super) single: bool,
    /// Where in the list the names stood, if entries that are no strings were left out between them.
    pub(super) positions: Option<Vec<usize>>,
}

impl Names {
    /// The field of the name at `position`, as messages write it.
    pub(super) fn place(&self, field: &str, position: usize) -> String {
        if self.single {
            return field.to_owned();
        }
        let position = self.positions.as_ref().map_or(position, |positions| positions[position]);
        format!("{field}[{position}]")
    }
}

impl From<&str> for Names {
    fn from(name: &str) -> Self {
        name.to_owned().into()
    }
}

impl From<String> for Names {
    fn from(name: String) -> Self {
        Self { names: vec![name], single: true, positions: None }
    }
}

impl<S: Into<String>> From<Vec<S>> for Names {
    fn from(names: Vec<S>) -> Self {
        names.into_iter().collect()
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for Names {
    fn from(names: [S; N]) -> Self {
        names.into_iter().collect()
    }
}

impl<S: Clone + Into<String>> From<&[S]> for Names {
    fn from(names: &[S]) -> Self {
        names.iter().cloned().collect()
    }
}

impl<S: Into<String>> FromIterator<S> for Names {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), single: false, positions: None }
    }
}
