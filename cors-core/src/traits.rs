//! What an adapter implements: a view of its framework's requests, and a pen for its responses.

use crate::{RequestHeader, ResponseHeader};

/// The part of a request that CORS reads, lent by a framework.
pub trait RequestHead {
    /// A header value that can be echoed into a response.
    ///
    /// Owned, so that it outlives the request on its way through the application, and cheap to clone: a reference
    /// count, or a borrow where the framework's request outlives its response.
    type Value;

    /// Whether the request's method is `OPTIONS`; methods are case-sensitive (RFC 9110, section 9.1).
    fn is_options(&self) -> bool;

    /// Every line of this header, in order, as the bytes that arrived.
    ///
    /// Lines must not be joined: two `Origin` lines are not one origin.
    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]>;

    /// The same lines as [`lines`](Self::lines), as values to echo.
    fn values(&self, name: RequestHeader) -> impl Iterator<Item = Self::Value>;
}

/// The headers of a response, to be written by a decision.
pub trait ResponseHead {
    /// The framework's type for a header value; the same as [`RequestHead::Value`].
    type Value;

    /// Sets this header to one line, replacing every line that is there.
    fn set(&mut self, name: ResponseHeader, value: Self::Value);

    /// Adds one line of this header after those that are there.
    fn append(&mut self, name: ResponseHeader, value: Self::Value);

    /// The lines of `Vary` that the response has so far.
    fn vary(&self) -> impl Iterator<Item = &[u8]>;

    /// Adds a line to `Vary`, unless one that is there makes it superfluous.
    ///
    /// A framework whose headers can be looked up and written in one go does so here; others need not say anything.
    fn add_vary(&mut self, value: Self::Value, makes_superfluous: impl FnMut(&[u8]) -> bool) {
        if !self.vary().any(makes_superfluous) {
            self.append(ResponseHeader::Vary, value);
        }
    }

    /// Removes every header whose name begins with `prefix`, which is in lower case; names are compared without regard
    /// to case.
    fn remove_with_prefix(&mut self, prefix: &str);
}
