//! The request of a page.

use cors_browser::{Credentials, FetchRequest, Mode, Redirect};
use url::Url;

/// The arguments of a script's `fetch()`.
///
/// The browser adds its own headers, and asks with a preflight first if the request needs one.
///
/// ```
/// use cors_test::{Credentials, Request};
///
/// let request = Request::put("https://api.example.com/items/1")
///     .with_header("X-Api-Key", "k")
///     .with_json(r#"{"name":"tea"}"#)
///     .with_credentials(Credentials::Include);
/// # drop(request);
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    /// The request, or why its URL is invalid. The page reports it, so that the message names the line of the test.
    fetch: Result<FetchRequest, String>,
}

impl Request {
    /// Creates a request with this method, as the script writes it.
    pub fn new(method: &str, url: &str) -> Self {
        Self { fetch: parse(url).map(|url| FetchRequest::new(url).with_method(method)) }
    }

    /// Creates a `GET` request. A URL in the place of a request means the same.
    pub fn get(url: &str) -> Self {
        Self::new("GET", url)
    }

    /// Creates a `HEAD` request.
    pub fn head(url: &str) -> Self {
        Self::new("HEAD", url)
    }

    /// Creates a `POST` request.
    pub fn post(url: &str) -> Self {
        Self::new("POST", url)
    }

    /// Creates a `PUT` request.
    pub fn put(url: &str) -> Self {
        Self::new("PUT", url)
    }

    /// Creates a `PATCH` request.
    pub fn patch(url: &str) -> Self {
        Self::new("PATCH", url)
    }

    /// Creates a `DELETE` request.
    pub fn delete(url: &str) -> Self {
        Self::new("DELETE", url)
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(self, name: &str, value: &str) -> Self {
        self.map(|fetch| fetch.with_header(name, value))
    }

    /// Sets the body. Text without a `Content-Type` is sent as `text/plain;charset=UTF-8`.
    #[must_use]
    pub fn with_body(self, body: impl Into<Vec<u8>>) -> Self {
        self.map(|fetch| fetch.with_body(body))
    }

    /// Sets the body to this JSON text, and adds `Content-Type: application/json`.
    #[must_use]
    pub fn with_json(self, json: impl Into<Vec<u8>>) -> Self {
        self.with_header("Content-Type", "application/json").with_body(json)
    }

    /// Sets the credentials mode. The default is [`Credentials::SameOrigin`], as for `fetch()`: a request to another origin has
    /// no cookies.
    #[must_use]
    pub fn with_credentials(self, credentials: Credentials) -> Self {
        self.map(|fetch| fetch.with_credentials(credentials))
    }

    /// Sets the mode. The default is [`Mode::Cors`].
    #[must_use]
    pub fn with_mode(self, mode: Mode) -> Self {
        self.map(|fetch| fetch.with_mode(mode))
    }

    /// Sets the redirect mode. The default is [`Redirect::Follow`].
    #[must_use]
    pub fn with_redirect(self, redirect: Redirect) -> Self {
        self.map(|fetch| fetch.with_redirect(redirect))
    }

    /// The request, or what is wrong with its URL.
    pub(crate) fn into_fetch(self) -> Result<FetchRequest, String> {
        self.fetch
    }

    fn map(self, change: impl FnOnce(FetchRequest) -> FetchRequest) -> Self {
        Self { fetch: self.fetch.map(change) }
    }
}

/// A `GET` request for this URL.
impl From<&str> for Request {
    fn from(url: &str) -> Self {
        Self::get(url)
    }
}

/// A `GET` request for this URL.
impl From<String> for Request {
    fn from(url: String) -> Self {
        Self::get(&url)
    }
}

/// A `GET` request for this URL.
impl From<Url> for Request {
    fn from(url: Url) -> Self {
        FetchRequest::new(url).into()
    }
}

/// A request with every option of the model.
impl From<FetchRequest> for Request {
    fn from(fetch: FetchRequest) -> Self {
        Self { fetch: Ok(fetch) }
    }
}

/// A request with the method, the URL, the headers and the body of this one. Header values that are not ASCII are read as Latin-1, as
/// scripts write them.
#[cfg(feature = "http")]
impl<B: Into<Vec<u8>>> From<http::Request<B>> for Request {
    fn from(request: http::Request<B>) -> Self {
        let (parts, body) = request.into_parts();
        let mut converted = Self::new(parts.method.as_str(), &parts.uri.to_string());
        for (name, value) in &parts.headers {
            let value: String = value.as_bytes().iter().copied().map(char::from).collect();
            converted = converted.with_header(name.as_str(), &value);
        }
        let body = body.into();
        if body.is_empty() { converted } else { converted.with_body(body) }
    }
}

/// Reads an absolute URL.
pub(crate) fn parse(url: &str) -> Result<Url, String> {
    match Url::parse(url) {
        Ok(parsed) if parsed.has_host() => Ok(parsed),
        Ok(_) => Err(format!(
            "`{url}` is not the URL of a server. Write the scheme and the host that the application has in production, such as \
             `https://api.example.com/items`."
        )),
        Err(url::ParseError::RelativeUrlWithoutBase) => Err(format!(
            "`{url}` is not an absolute URL. The origin of the server decides what a browser does: write the URL that the \
             application has in production, such as `https://api.example.com{}`.",
            if url.starts_with('/') { url } else { "/items" }
        )),
        Err(error) => Err(format!("`{url}` is not a valid URL: {error}.")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/items", "is not an absolute URL")]
    #[case("/items", "such as `https://api.example.com/items`")]
    #[case("api.example.com", "such as `https://api.example.com/items`")]
    #[case("data:,x", "is not the URL of a server")]
    #[case("https://", "is not a valid URL: empty host")]
    fn invalid_urls(#[case] url: &str, #[case] expected: &str) {
        let message = Request::get(url).with_header("a", "b").into_fetch().unwrap_err();
        assert!(message.contains(expected) && message.contains(url), "{message}");
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_request_of_the_http_crate() {
        let request = http::Request::post("https://api.example/x?y").header("x-a", "1").body("b").unwrap();
        let fetch = Request::from(request).into_fetch().unwrap();
        assert_eq!((fetch.method.as_str(), fetch.url.as_str()), ("POST", "https://api.example/x?y"));
        assert_eq!(fetch.headers, [("x-a".to_owned(), "1".to_owned())]);
        assert_eq!(fetch.body.as_deref(), Some(&b"b"[..]));
    }
}
