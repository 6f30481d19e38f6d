//! The arguments of `fetch()`, and the request that Fetch makes of them.

mod constructor;
mod state;

use url::Url;

pub(crate) use self::constructor::encode_path;
pub(crate) use self::state::{Destination, RedirectTaint, Request, RequestMode, Tainting};
use crate::AddressSpace;
use crate::header::{is_forbidden_request_header, is_no_cors_safelisted_request_header};
use crate::steps::Standard;

/// The arguments of `fetch()`.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use cors_browser::{Credentials, FetchRequest};
///
/// // fetch("https://api.example/item/1", { method: "PUT", headers: …, body: "{}", credentials: "include" })
/// let request = FetchRequest::new("https://api.example/item/1".parse()?)
///     .with_method("PUT")
///     .with_header("Content-Type", "application/json")
///     .with_body("{}")
///     .with_credentials(Credentials::Include);
/// # assert_eq!(request.headers.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchRequest {
    /// The absolute URL.
    pub url: Url,
    /// The method, as the script writes it.
    pub method: String,
    /// The headers, as the script writes them.
    pub headers: Vec<(String, String)>,
    /// The body. Valid UTF-8 counts as a string, so that the request gets a `Content-Type` if it has none. Other bytes count
    /// as binary data.
    pub body: Option<Vec<u8>>,
    /// The mode.
    pub mode: Mode,
    /// The credentials mode.
    pub credentials: Credentials,
    /// The redirect mode.
    pub redirect: Redirect,
    /// The address space that the server must be in (Local Network Access, `targetAddressSpace`).
    pub target_address_space: Option<AddressSpace>,
}

impl FetchRequest {
    /// Creates the request of `fetch(url)`.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            method: "GET".to_owned(),
            headers: Vec::new(),
            body: None,
            mode: Mode::default(),
            credentials: Credentials::default(),
            redirect: Redirect::default(),
            target_address_space: None,
        }
    }

    /// Sets the method. The default is `GET`.
    #[must_use]
    pub fn with_method(self, method: impl Into<String>) -> Self {
        Self { method: method.into(), ..self }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Replaces all headers.
    #[must_use]
    pub fn with_headers(self, headers: Vec<(String, String)>) -> Self {
        Self { headers, ..self }
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    /// Sets the mode. The default is [`Mode::Cors`].
    #[must_use]
    pub fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// Sets the credentials mode. The default is [`Credentials::SameOrigin`].
    #[must_use]
    pub fn with_credentials(self, credentials: Credentials) -> Self {
        Self { credentials, ..self }
    }

    /// Sets the redirect mode. The default is [`Redirect::Follow`].
    #[must_use]
    pub fn with_redirect(self, redirect: Redirect) -> Self {
        Self { redirect, ..self }
    }

    /// Sets the address space that the server must be in.
    #[must_use]
    pub fn with_target_address_space(self, space: AddressSpace) -> Self {
        Self { target_address_space: Some(space), ..self }
    }

    /// The names of the headers that a browser drops without an error: forbidden headers, and in mode `no-cors` those that
    /// are not safelisted for it.
    pub fn dropped_headers(&self) -> impl Iterator<Item = &str> {
        let is_dropped = |name: &str, value: &str| {
            is_forbidden_request_header(name, value.as_bytes())
                || self.mode == Mode::NoCors
                    && !is_no_cors_safelisted_request_header(name, value.as_bytes(), &Standard)
        };
        self.headers
            .iter()
            .filter(move |(name, value)| is_dropped(name, value.trim()))
            .map(|(name, _)| name.as_str())
    }
}

/// Fetch, "request mode": the modes that a script can choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Cross-origin requests follow the CORS protocol. This is the default.
    #[default]
    Cors,
    /// Only simple requests are possible, and a cross-origin response is opaque.
    NoCors,
    /// Cross-origin requests fail.
    SameOrigin,
}

impl Mode {
    /// The name in the standard, which `Sec-Fetch-Mode` also carries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cors => "cors",
            Self::NoCors => "no-cors",
            Self::SameOrigin => "same-origin",
        }
    }
}

/// Fetch, "request credentials mode": whether requests carry cookies and logins, and responses may set cookies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credentials {
    /// Never.
    Omit,
    /// Only for the page's own origin. This is the default.
    #[default]
    SameOrigin,
    /// Always.
    Include,
}

/// Fetch, "request redirect mode".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Redirect {
    /// Redirects are followed. This is the default.
    #[default]
    Follow,
    /// A redirect is a network error.
    Error,
    /// A redirect leads to an opaque-redirect response.
    Manual,
}
