//! The arguments of `fetch()`, and the request that Fetch makes of them.

mod constructor;
mod element;
mod state;
mod xhr;

use url::Url;

pub(crate) use self::constructor::encode_path;
pub(crate) use self::element::element_mode;
pub(crate) use self::state::{Destination, RedirectTaint, Request, RequestMode, Tainting};
use crate::header::{is_forbidden_request_header, is_no_cors_safelisted_request_header};
use crate::steps::Standard;
use crate::{AddressSpace, ReferrerPolicy};

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
    /// The referrer policy, if it is not that of the page.
    pub referrer_policy: Option<ReferrerPolicy>,
    /// The address space that the server must be in (Local Network Access, `targetAddressSpace`).
    pub target_address_space: Option<AddressSpace>,
    /// Whether the request outlives the page. Then its body can have 64 KiB at most.
    pub keepalive: bool,
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
            referrer_policy: None,
            target_address_space: None,
            keepalive: false,
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

    /// Sets the referrer policy. The default is the policy of the page.
    #[must_use]
    pub fn with_referrer_policy(self, policy: ReferrerPolicy) -> Self {
        Self { referrer_policy: Some(policy), ..self }
    }

    /// Sets the address space that the server must be in.
    #[must_use]
    pub fn with_target_address_space(self, space: AddressSpace) -> Self {
        Self { target_address_space: Some(space), ..self }
    }

    /// Lets the request outlive the page, as `keepalive: true` does.
    #[must_use]
    pub fn with_keepalive(self, keepalive: bool) -> Self {
        Self { keepalive, ..self }
    }

    /// The names of the headers that a browser drops without an error: forbidden headers, and in mode `no-cors` those that
    /// are not safelisted for it. A repeated header is safelisted only if its joined value is.
    pub fn dropped_headers(&self) -> impl Iterator<Item = &str> {
        let mut kept: Vec<(&str, String)> = Vec::new();
        self.headers.iter().filter_map(move |(name, value)| {
            let value = value.trim_matches([' ', '\t', '\r', '\n']);
            if is_forbidden_request_header(name, value.as_bytes()) {
                return Some(name.as_str());
            }
            if self.mode != Mode::NoCors {
                return None;
            }
            let first = kept.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name));
            let joined =
                first.as_ref().map_or_else(|| value.to_owned(), |(_, first)| format!("{first}, {value}"));
            if !is_no_cors_safelisted_request_header(name, joined.as_bytes(), &Standard) {
                return Some(name.as_str());
            }
            match first {
                Some((_, kept)) => *kept = joined,
                None => kept.push((name, joined)),
            }
            None
        })
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Mode::Cors, &[("Cookie", "a"), ("x-a", "1")], &["Cookie"])]
    #[case(Mode::NoCors, &[("x-a", "1"), ("Accept", "*/*")], &["x-a"])]
    #[case(Mode::NoCors, &[("Content-Type", "text/plain"), ("content-type", "text/plain")], &["content-type"])]
    #[case(Mode::NoCors, &[("Accept-Language", "en"), ("Accept-Language", "de")], &[])]
    fn dropped_headers(#[case] mode: Mode, #[case] headers: &[(&str, &str)], #[case] expected: &[&str]) {
        let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let url = Url::parse("https://api.example/").unwrap();
        let request = FetchRequest::new(url).with_mode(mode).with_headers(headers);
        assert_eq!(request.dropped_headers().collect::<Vec<_>>(), expected);
    }
}
