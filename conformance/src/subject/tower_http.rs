//! tower-http's own `CorsLayer` around the axum specimen, configured as its documentation advises.

use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method};
use cors_core::Policy;
use futures_util::future::{self, BoxFuture, FutureExt};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, Any, CorsLayer};
use url::Url;

use super::axum::serve;
use super::{Server, StartError, Subject, SubjectKind, locked_version};
use crate::specimen::{self, Hits};

/// tower-http's `CorsLayer` around the axum specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct TowerHttp;

impl Subject for TowerHttp {
    fn name(&self) -> &str {
        "tower-http"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Middleware
    }

    fn framework(&self) -> &str {
        "axum"
    }

    fn version(&self) -> &str {
        locked_version("tower-http")
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        match layer(policy) {
            Ok(layer) => serve(specimen::axum::router(Hits::default()).layer(layer)).boxed(),
            Err(error) => future::ready(Err(error)).boxed(),
        }
    }
}

fn layer(policy: &Policy) -> Result<CorsLayer, StartError> {
    // It answers preflights with 200 and has no option for that; to a browser 200 and the default 204 are the same.
    if !matches!(policy.preflight_status(), 200 | 204) {
        return Err(inexpressible("preflights are always answered with 200"));
    }
    let mut layer = CorsLayer::new()
        .allow_origin(allow_origin(policy)?)
        .allow_credentials(policy.allow_credentials())
        .allow_private_network(policy.allow_private_network());
    if !policy.allow_methods().is_empty() {
        layer = layer.allow_methods(allow_methods(policy)?);
    }
    if !policy.allow_headers().is_empty() {
        layer = layer.allow_headers(allow_headers(policy)?);
    }
    layer = match policy.expose_headers() {
        [] => layer,
        [any] if any == "*" => layer.expose_headers(Any),
        names => layer.expose_headers(header_names(names)?),
    };
    if let Some(seconds) = policy.max_age() {
        layer = layer.max_age(Duration::from_secs(seconds.into()));
    }
    Ok(layer)
}

/// A list for exact origins, even for a single one (a single value would be sent to everybody); a predicate as soon as
/// there is a pattern.
fn allow_origin(policy: &Policy) -> Result<AllowOrigin, StartError> {
    if policy.allows_any_origin() {
        return Ok(AllowOrigin::any());
    }
    let (patterns, exact): (Vec<_>, Vec<_>) = policy.allow_origins().partition(|entry| entry.contains('*'));
    let exact = parse_all(&exact, HeaderValue::from_str)?;
    if patterns.is_empty() {
        return Ok(AllowOrigin::list(exact));
    }
    let patterns = patterns
        .iter()
        .map(|pattern| Pattern::parse(pattern).ok_or_else(|| inexpressible(pattern)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(AllowOrigin::predicate(move |origin: &HeaderValue, _: &Parts| {
        exact.contains(origin) || patterns.iter().any(|pattern| pattern.matches(origin))
    }))
}

fn allow_methods(policy: &Policy) -> Result<AllowMethods, StartError> {
    match policy.allow_methods() {
        [any] if any == "*" && policy.allow_credentials() => Ok(AllowMethods::mirror_request()),
        [any] if any == "*" => Ok(AllowMethods::any()),
        methods => {
            Ok(AllowMethods::list(parse_all(methods, |method| Method::from_bytes(method.as_bytes()))?))
        }
    }
}

fn allow_headers(policy: &Policy) -> Result<AllowHeaders, StartError> {
    match policy.allow_headers() {
        [any] if any == "*" && policy.allow_credentials() => {
            Err(inexpressible("all headers, with credentials, cannot be allowed without `Authorization`"))
        }
        [any] if any == "*" => Ok(AllowHeaders::any()),
        [any, _authorization] if any == "*" => Ok(AllowHeaders::mirror_request()),
        names => Ok(AllowHeaders::list(header_names(names)?)),
    }
}

fn header_names(names: &[String]) -> Result<Vec<HeaderName>, StartError> {
    parse_all(names, |name| HeaderName::from_bytes(name.as_bytes()))
}

fn parse_all<I, T, E>(texts: I, parse: impl Fn(&str) -> Result<T, E>) -> Result<Vec<T>, StartError>
where
    I: IntoIterator<Item: AsRef<str>>,
{
    texts.into_iter().map(|text| parse(text.as_ref()).map_err(|_| inexpressible(text.as_ref()))).collect()
}

fn inexpressible(what: &str) -> StartError {
    StartError::Inexpressible(what.to_owned())
}

/// A pattern as a careful user of [`AllowOrigin::predicate`] would write it down: `scheme://host`, where the host
/// may begin with `*.` and the port may be `*`.
#[derive(Clone, Debug)]
struct Pattern {
    scheme: String,
    /// With the dot in front, if subdomains are meant.
    host: String,
    subdomains: bool,
    port: Port,
}

#[derive(Clone, Copy, Debug)]
enum Port {
    Any,
    Is(Option<u16>),
}

impl Pattern {
    fn parse(pattern: &str) -> Option<Self> {
        let (scheme, rest) = pattern.split_once("://")?;
        let (rest, any_port) = rest.strip_suffix(":*").map_or((rest, false), |rest| (rest, true));
        let (host, subdomains) = rest.strip_prefix('*').map_or((rest, false), |suffix| (suffix, true));
        let (host, port) = match host.rsplit_once(':') {
            // The colons of an IPv6 address stand before its bracket.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (host, None),
        };
        let port = if any_port { Port::Any } else { Port::Is(port) };
        Some(Self { scheme: scheme.to_owned(), host: host.to_owned(), subdomains, port })
    }

    fn matches(&self, origin: &HeaderValue) -> bool {
        let Some((origin, url)) = origin.to_str().ok().and_then(|text| Some((text, Url::parse(text).ok()?)))
        else {
            return false;
        };
        // What a browser sends is the origin's serialization, and nothing else is to be trusted.
        if url.origin().ascii_serialization() != origin {
            return false;
        }
        let host = url.host_str().unwrap_or_default();
        let host_matches = if self.subdomains {
            host.strip_suffix(&self.host).is_some_and(|subdomain| !subdomain.is_empty())
        } else {
            host == self.host
        };
        let port_matches = match self.port {
            Port::Any => true,
            Port::Is(port) => url.port() == port,
        };
        url.scheme() == self.scheme && host_matches && port_matches
    }
}

#[cfg(test)]
mod tests {
    use cors_core::PolicyBuilder;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://*.example.org", "https://a.example.org", true)]
    #[case("https://*.example.org", "https://a.b.example.org", true)]
    #[case("https://*.example.org", "https://example.org", false)]
    #[case("https://*.example.org", "https://.example.org", false)]
    #[case("https://*.example.org", "https://evilexample.org", false)]
    #[case("https://*.example.org", "https://a.example.org.evil.example", false)]
    #[case("https://*.example.org", "http://a.example.org", false)]
    #[case("https://*.example.org", "https://a.example.org:8443", false)]
    #[case("https://*.example.org", "https://A.example.org", false)]
    #[case("https://*.example.org", "https://a.example.org/", false)]
    #[case("https://*.example.org", "https://user@a.example.org", false)]
    #[case("https://*.example.org:8443", "https://a.example.org:8443", true)]
    #[case("https://*.example.org:8443", "https://a.example.org", false)]
    #[case("http://localhost:*", "http://localhost", true)]
    #[case("http://localhost:*", "http://localhost:3000", true)]
    #[case("http://localhost:*", "http://localhost.evil.example:3000", false)]
    #[case("http://[::1]:*", "http://[::1]:3000", true)]
    #[case("https://*.example.org:*", "https://a.example.org:1", true)]
    #[case("https://*.example.org:*", "null", false)]
    fn a_pattern_matches_origins(#[case] pattern: &str, #[case] origin: &str, #[case] expected: bool) {
        let pattern = Pattern::parse(pattern).expect("a pattern");
        assert_eq!(pattern.matches(&HeaderValue::from_str(origin).expect("a value")), expected);
    }

    #[rstest]
    #[case::plain(|policy: PolicyBuilder| policy, None)]
    #[case::status(|policy: PolicyBuilder| policy.preflight_status(201), Some("preflights are always answered with 200"))]
    #[case::any_header(
        |policy: PolicyBuilder| policy.allow_headers("*").allow_credentials(true),
        Some("all headers, with credentials, cannot be allowed without `Authorization`")
    )]
    #[case::any_header_indeed(|policy: PolicyBuilder| policy.allow_headers(["*", "authorization"]).allow_credentials(true), None)]
    fn some_policies_cannot_be_expressed(
        #[case] extend: fn(PolicyBuilder) -> PolicyBuilder,
        #[case] expected: Option<&str>,
    ) {
        let policy =
            extend(Policy::builder().allow_origins(["https://app.example", "https://*.app.example"]));
        let found = layer(&policy.build().expect("a safe policy")).err().map(|error| error.to_string());
        assert_eq!(found, expected.map(|lack| format!("cannot express the policy: {lack}")));
    }
}
