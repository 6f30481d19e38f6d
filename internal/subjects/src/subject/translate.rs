//! What the other middlewares share when a policy is translated into their options.

use cors_core::Policy;
use http::HeaderName;

use super::StartError;

/// Something in the policy for which none of them has an option.
pub(super) fn common_lack(policy: &Policy) -> Option<&'static str> {
    if policy.has_rules() {
        return Some("it has one set of methods, headers and credentials for all origins");
    }
    if policy.has_predicates() || policy.has_lookup() {
        return Some("functions and lookups of a policy are not translated");
    }
    None
}

pub(super) fn inexpressible(lack: &str) -> StartError {
    StartError::Inexpressible(lack.to_owned())
}

pub(super) fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

/// # Errors
///
/// A name has characters that header names cannot have.
pub(super) fn header_names(names: &[String]) -> Result<Vec<HeaderName>, StartError> {
    parse_all(names, |name| HeaderName::from_bytes(name.as_bytes()))
}

/// # Errors
///
/// A text cannot be parsed; the error names it.
pub(super) fn parse_all<I, T, E>(texts: I, parse: impl Fn(&str) -> Result<T, E>) -> Result<Vec<T>, StartError>
where
    I: IntoIterator<Item: AsRef<str>>,
{
    texts.into_iter().map(|text| parse(text.as_ref()).map_err(|_| inexpressible(text.as_ref()))).collect()
}
