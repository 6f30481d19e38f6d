//! What the other middlewares share when they are given an unsafe configuration.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cors_conformance::subject::{Server, StartError, UnsafeStart};

pub(super) use cors_conformance::unsafe_configuration::{ANY_ORIGIN, NULL, PREFIX, REFLECTED, UNESCAPED_DOT};

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
