//! The traits that an adapter implements for its framework's requests and responses.

use crate::{RequestHeader, RequestInfo, ResponseHeader};

/// Gives read access to the parts of a request that a decision looks at.
///
/// With the feature `http` it is implemented for `http::Request`, `http::request::Parts` and the triple
/// `(&http::Method, &http::Uri, &http::HeaderMap)`. An adapter for a framework with its own types implements it on a wrapper:
///
/// ```
/// use cors_core::{RequestHead, RequestHeader, RequestInfo};
///
/// struct MyRequest {
///     method: String,
///     path: String,
///     headers: Vec<(String, String)>,
/// }
///
/// impl MyRequest {
///     fn lines_of<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a String> {
///         let lines = self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name));
///         lines.map(|(_, value)| value)
///     }
/// }
///
/// impl RequestInfo for MyRequest {
///     fn method(&self) -> &str {
///         &self.method
///     }
///
///     fn host(&self) -> Option<&str> {
///         // With HTTP/2 the authority of the request's target comes first.
///         self.lines_of("host").map(String::as_str).next()
///     }
///
///     fn path(&self) -> &str {
///         &self.path
///     }
///
///     fn header(&self, name: &str) -> Option<&[u8]> {
///         self.lines_of(name).map(String::as_bytes).next()
///     }
/// }
///
/// impl RequestHead for MyRequest {
///     type Value = String;
///
///     fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
///         self.lines_of(name.name()).map(String::as_bytes)
///     }
///
///     fn values(&self, name: RequestHeader) -> impl Iterator<Item = String> {
///         self.lines_of(name.name()).cloned()
///     }
/// }
/// ```
pub trait RequestHead: RequestInfo {
    /// A header value that can be copied into the response.
    ///
    /// It is kept while the application handles the request. Cloning should be cheap: a reference count, or a borrow
    /// if the framework's request outlives its response.
    type Value;

    /// Returns whether the method is `OPTIONS`, in upper case: methods are case-sensitive (RFC 9110, section 9.1).
    ///
    /// The default implementation looks at [`method`](RequestInfo::method).
    fn is_options(&self) -> bool {
        self.method() == "OPTIONS"
    }

    /// Returns whether this is a CORS-preflight request: `OPTIONS` with `Origin` and `Access-Control-Request-Method` (Fetch,
    /// "CORS-preflight request").
    fn is_preflight(&self) -> bool {
        let has = |name| self.lines(name).next().is_some();
        self.is_options() && has(RequestHeader::Origin) && has(RequestHeader::AccessControlRequestMethod)
    }

    /// Returns the authority that the request is for, as [`host`](RequestInfo::host) does. With more than one `Host` line it returns
    /// `None`, because it is not known which one the client meant.
    ///
    /// The default implementation calls [`host`](RequestInfo::host) and [`lines`](Self::lines). Override it if both are found at once.
    fn only_host(&self) -> Option<&str> {
        self.host().filter(|_| self.lines(RequestHeader::Host).nth(1).is_none())
    }

    /// Returns all lines of this header in order, as the bytes that were received.
    ///
    /// Lines must not be joined: two `Origin` lines are not one origin.
    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]>;

    /// Returns the same lines as [`lines`](Self::lines), in the same order, as values for the response.
    fn values(&self, name: RequestHeader) -> impl Iterator<Item = Self::Value>;
}

/// Gives write access to the headers of a response.
///
/// With the feature `http` it is implemented for `http::HeaderMap`.
pub trait ResponseHead {
    /// The framework's type for a header value; the same type as [`RequestHead::Value`].
    type Value;

    /// Adds one line of this header and keeps the lines that are already there.
    fn append(&mut self, name: ResponseHeader, value: Self::Value);

    /// Returns the lines of `Vary` that the response has so far.
    fn vary(&self) -> impl Iterator<Item = &[u8]>;

    /// Adds a line to `Vary`, unless `covers` returns `true` for a line that is already there.
    ///
    /// The default implementation calls [`vary`](Self::vary) and [`append`](Self::append). Override it if the framework
    /// can look up and change a header in one step.
    fn add_vary(&mut self, value: Self::Value, covers: impl FnMut(&[u8]) -> bool) {
        if !self.vary().any(covers) {
            self.append(ResponseHeader::Vary, value);
        }
    }

    /// Removes every header whose name starts with `prefix`, ignoring case. `prefix` is in lower case.
    fn remove_with_prefix(&mut self, prefix: &str);
}
