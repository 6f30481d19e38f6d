//! The existing middleware `actix-cors`, configured as its documentation advises.

use actix_cors::Cors;
use actix_web::HttpServer;
use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt, ready};

use super::actix::serve;
use super::{Server, StartError, Subject, SubjectKind, locked_version};
use crate::specimen::{Hits, actix::application};

/// `actix-cors`'s `Cors` around the actix-web specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct ActixCors;

impl Subject for ActixCors {
    fn name(&self) -> &str {
        "actix-cors"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Middleware
    }

    fn framework(&self) -> &str {
        "actix-web"
    }

    fn version(&self) -> &str {
        locked_version("actix-cors")
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        if let Some(lack) = lack(policy) {
            return ready(Err(StartError::Inexpressible(lack.to_owned()))).boxed();
        }
        let policy = policy.clone();
        let hits = Hits::default();
        let application = move || application(hits.clone()).wrap(configure(&policy));
        let server = |listener| {
            HttpServer::new(application)
                .workers(1)
                .disable_signals()
                .listen_auto_h2c(listener)
                .map(HttpServer::run)
        };
        ready(serve(server)).boxed()
    }
}

/// What the policy says that `actix-cors` has no way to say.
fn lack(policy: &Policy) -> Option<&'static str> {
    let has_other_status = !matches!(policy.preflight_status(), 200 | 204);
    if has_other_status {
        return Some("a preflight is always answered with 200");
    }
    policy.diagnostics().then_some("there is no diagnostic mode")
}

fn configure(policy: &Policy) -> Cors {
    let mut cors = Cors::default();

    if policy.allows_any_origin() {
        // "Configures use of wildcard (`*`) origin in responses when appropriate."
        cors = cors.allow_any_origin().send_wildcard();
    }
    for origin in policy.allow_origins().filter(|origin| origin != "*") {
        cors = match Pattern::new(&origin) {
            Some(pattern) => cors
                .allowed_origin_fn(move |origin, _| origin.to_str().is_ok_and(|text| pattern.matches(text))),
            None => cors.allowed_origin(&origin),
        };
    }

    cors = match policy.allow_methods() {
        [any] if any == "*" => cors.allow_any_method(),
        // A method that is not listed is refused here even if it is CORS-safelisted.
        methods => {
            cors.allowed_methods(["GET", "HEAD", "POST"]).allowed_methods(methods.iter().map(String::as_str))
        }
    };
    cors = match policy.allow_headers() {
        // "Any header" includes `Authorization` here.
        [any, ..] if any == "*" => cors.allow_any_header(),
        headers => cors.allowed_headers(headers.iter().map(String::as_str)),
    };
    cors = match policy.expose_headers() {
        [any] if any == "*" => cors.expose_any_header(),
        headers => cors.expose_headers(headers.iter().map(String::as_str)),
    };
    if policy.allow_credentials() {
        cors = cors.supports_credentials();
    }
    if policy.allow_private_network() {
        cors = cors.allow_private_network_access();
    }
    cors.max_age(policy.max_age().and_then(|seconds| usize::try_from(seconds).ok()))
}

/// A pattern with `*`, as the function that a careful user would give to `allowed_origin_fn`: the documentation's
/// example compares the end of the origin, and this one the beginning and the port, too.
struct Pattern {
    /// Up to the first `*`: `https://` or `http://localhost:`.
    start: String,
    /// After the `*` that stands for subdomains, without the port.
    domain: Option<String>,
    port: Port,
}

enum Port {
    Any,
    /// With its colon, or nothing for the default one.
    Exact(String),
}

impl Pattern {
    fn new(pattern: &str) -> Option<Self> {
        let (scheme, rest) = pattern.split_once("://").filter(|_| pattern.contains('*'))?;
        let (host, port) = split_port(rest);
        let port = if port == ":*" { Port::Any } else { Port::Exact(port.to_owned()) };
        Some(match host.strip_prefix('*') {
            Some(domain) => Self { start: format!("{scheme}://"), domain: Some(domain.to_owned()), port },
            None => Self { start: format!("{scheme}://{host}"), domain: None, port },
        })
    }

    fn matches(&self, origin: &str) -> bool {
        let Some(rest) = origin.strip_prefix(&self.start) else {
            return false;
        };
        let (host, port) = split_port(rest);
        let is_host = match &self.domain {
            Some(domain) => host.len() > domain.len() && host.ends_with(domain.as_str()),
            None => host.is_empty(),
        };
        let is_port = match &self.port {
            Port::Any => true,
            Port::Exact(exact) => port == exact,
        };
        is_host && is_port
    }
}

/// The port with its colon, which is not one of those of an IPv6 address.
fn split_port(authority: &str) -> (&str, &str) {
    let end_of_address = authority.find(']').unwrap_or(0);
    let colon = authority[end_of_address..].find(':').map_or(authority.len(), |colon| end_of_address + colon);
    authority.split_at(colon)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://*.example.org", "https://a.b.example.org", true)]
    #[case("https://*.example.org", "https://example.org", false)]
    #[case("https://*.example.org", "https://evilexample.org", false)]
    #[case("https://*.example.org", "http://a.example.org", false)]
    #[case("https://*.example.org", "https://a.example.org:8443", false)]
    #[case("https://*.example.org:8443", "https://a.example.org:8443", true)]
    #[case("https://*.example.org:*", "https://a.example.org:8443", true)]
    #[case("http://localhost:*", "http://localhost:3000", true)]
    #[case("http://localhost:*", "http://localhost", true)]
    #[case("http://localhost:*", "http://localhost.example:3000", false)]
    #[case("http://[::1]:*", "http://[::1]:3000", true)]
    fn a_pattern_matches_what_the_policy_means(
        #[case] pattern: &str,
        #[case] origin: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(Pattern::new(pattern).map(|pattern| pattern.matches(origin)), Some(expected));
    }

    #[test]
    fn an_exact_origin_is_no_pattern() {
        assert!(Pattern::new("https://app.example").is_none());
    }
}
