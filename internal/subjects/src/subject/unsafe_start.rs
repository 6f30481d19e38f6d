//! What the other middlewares share when they are given an unsafe configuration.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cors_conformance::subject::{Server, StartError, UnsafeStart};

/// The configurations by their names in the harness protocol.
pub(super) const ANY_ORIGIN: &str = "any-origin-with-credentials";
pub(super) const REFLECTED: &str = "reflected-origin";
pub(super) const NULL: &str = "null-origin";
pub(super) const PREFIX: &str = "prefix";
pub(super) const UNESCAPED_DOT: &str = "unescaped-dot";

/// What `make` returns, or the message with which it panics: that is how some middlewares refuse a configuration.
pub(super) fn unless_it_panics<T>(make: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(make)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        format!("it panics: {}", text.unwrap_or_default())
    })
}

/// A server that was started with `configuration`, which is code.
pub(super) fn started(
    server: Result<Server, StartError>,
    configuration: &str,
) -> Result<UnsafeStart, StartError> {
    server.map(|server| server.configured_as(configuration).into())
}

pub(super) fn no_option(reason: &str) -> Result<UnsafeStart, StartError> {
    Err(StartError::Inexpressible(reason.to_owned()))
}
