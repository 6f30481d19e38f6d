//! What an operator is told about a lookup that failed.

use std::fmt;

/// A lookup that failed: the origin that it was about, and why it failed.
///
/// [`Event::LookupFailed`](crate::Event::LookupFailed) contains it.
#[derive(Clone, Copy)]
pub struct LookupFailure<'a> {
    origin: &'a str,
    error: &'a dyn fmt::Display,
    is_overload: bool,
}

impl<'a> LookupFailure<'a> {
    pub(super) fn new(origin: &'a str, error: &'a dyn fmt::Display) -> Self {
        Self { origin, error, is_overload: false }
    }

    pub(super) fn overload(origin: &'a str, error: &'a dyn fmt::Display) -> Self {
        Self { origin, error, is_overload: true }
    }

    /// The origin. A client sent it, but it is a valid origin, so it is short and in ASCII.
    pub fn origin(&self) -> &'a str {
        self.origin
    }

    /// The text of the error. The program or its database wrote it, so it can contain any characters.
    pub fn error(&self) -> impl fmt::Display + 'a {
        self.error
    }

    /// Returns whether the question was not asked, because
    /// [as many as allowed](crate::LookupOptions::max_questions) were waiting for an answer.
    pub fn is_overload(&self) -> bool {
        self.is_overload
    }
}

impl fmt::Display for LookupFailure<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.origin, self.error)
    }
}

impl fmt::Debug for LookupFailure<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LookupFailure")
            .field("origin", &self.origin)
            .field("error", &format_args!("{}", self.error))
            .field("is_overload", &self.is_overload)
            .finish()
    }
}
