//! Salvo's own middleware, `salvo::cors::Cors`, configured as its documentation recommends: on the service and not on a router.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt};
use salvo::conn::tcp::TcpAcceptor;
use salvo::cors::{AllowHeaders, AllowMethods, AllowOrigin, Any, Cors, CorsHandler};
use salvo::http::{HeaderValue, Method};
use salvo::{Depot, Request, Service};
use tokio::net::TcpListener;

use super::origin_pattern::OriginPattern;
use super::translate::{common_lack, header_names, inexpressible, parse_all};
use super::unsafe_start::{ANY_ORIGIN, NULL, REFLECTED, no_option, unless_it_panics};
use super::written::{Written, written};
use super::{Server, StartError, Subject, SubjectKind, UnsafeStart, locked_version};
use crate::specimen::{self, Hits};

/// How long a stopped server may take to finish the responses that it has begun.
const GRACE: Duration = Duration::from_secs(1);

/// `salvo::cors::Cors` around the Salvo specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct SalvoCors;

impl Subject for SalvoCors {
    fn name(&self) -> &str {
        "salvo-cors"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Middleware
    }

    fn framework(&self) -> &str {
        "salvo"
    }

    fn version(&self) -> &str {
        locked_version("salvo")
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        async { serve_with(middleware(policy)?).await }.boxed()
    }

    fn start_unsafe<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
        start_unsafe(name).boxed()
    }
}

async fn start_unsafe(configuration: &str) -> Result<UnsafeStart, StartError> {
    let cors = written!(Cors::new());
    let cors = match configuration {
        ANY_ORIGIN => written!(cors.allow_origin(Any)),
        REFLECTED => written!(cors.allow_origin(written!(AllowOrigin::mirror_request()))),
        NULL => written!(cors.allow_origin(["null"])),
        _ => return no_option("it compares whole origins; a closure is the application's own code"),
    };
    match unless_it_panics(|| written!(cors.allow_credentials(true).into_handler())) {
        Ok(cors) => Ok(serve_with(cors).await?.into()),
        Err(reason) => Ok(UnsafeStart::Refused(reason)),
    }
}

async fn serve_with(cors: Written<CorsHandler>) -> Result<Server, StartError> {
    let service =
        Written::new(Service::new(specimen::salvo::router(Hits::default())), "Service::new(router)");
    let service = written!(service.hoop(cors));
    let code = service.code();
    Ok(serve(service.value).await?.configured_as(code))
}

fn middleware(policy: &Policy) -> Result<Written<CorsHandler>, StartError> {
    if let Some(lack) = lack(policy) {
        return Err(inexpressible(lack));
    }
    let cors = written!(Cors::new());
    let mut cors =
        written!(cors.allow_origin(allow_origin(policy)?).allow_credentials(policy.allow_credentials()));
    if !policy.allow_methods().is_empty() {
        cors = written!(cors.allow_methods(allow_methods(policy)?));
    }
    if !policy.allow_headers().is_empty() {
        cors = written!(cors.allow_headers(allow_headers(policy)?));
    }
    cors = match policy.expose_headers() {
        [] => cors,
        [any] if any == "*" => written!(cors.expose_headers(Any)),
        names => written!(cors.expose_headers(header_names(names)?)),
    };
    if let Some(max_age) = policy.max_age() {
        cors = written!(cors.max_age(max_age));
    }
    Ok(written!(cors.into_handler()))
}

/// Something in the policy for which it has no option.
fn lack(policy: &Policy) -> Option<&'static str> {
    if let Some(lack) = common_lack(policy) {
        return Some(lack);
    }
    if policy.guard().is_some() {
        return Some("it denies no requests");
    }
    if policy.diagnostics() {
        return Some("it has no diagnostic mode");
    }
    // To a browser 200 and 204 are the same.
    if !matches!(policy.preflight_status(), 200 | 204) {
        return Some("preflights are always answered with 204");
    }
    None
}

/// A list for exact origins, even for one (a single value would be sent in every response), and a closure if there is a
/// pattern.
fn allow_origin(policy: &Policy) -> Result<Written<AllowOrigin>, StartError> {
    if policy.allows_any_origin() {
        return Ok(written!(AllowOrigin::any()));
    }
    let (patterns, exact): (Vec<_>, Vec<_>) = policy.allow_origins().partition(|entry| entry.contains('*'));
    let exact = parse_all(&exact, HeaderValue::from_str)?;
    if patterns.is_empty() {
        return Ok(written!(AllowOrigin::list(exact)));
    }
    let patterns = parse_all(&patterns, |pattern| OriginPattern::parse(pattern).ok_or(()))?;
    let matching = written!({ exact, patterns } move |origin: Option<&HeaderValue>, _: &Request, _: &Depot| {
        let is_allowed = |origin: &&HeaderValue| {
            exact.contains(origin) || patterns.iter().any(|pattern| pattern.matches(origin.as_bytes()))
        };
        origin.filter(is_allowed).cloned()
    });
    Ok(written!(AllowOrigin::dynamic(matching)))
}

fn allow_methods(policy: &Policy) -> Result<Written<AllowMethods>, StartError> {
    match policy.allow_methods() {
        [any] if any == "*" && policy.allow_credentials() => Ok(written!(AllowMethods::mirror_request())),
        [any] if any == "*" => Ok(written!(AllowMethods::any())),
        methods => {
            let methods = parse_all(methods, |method| Method::from_bytes(method.as_bytes()))?;
            Ok(written!(AllowMethods::list(methods)))
        }
    }
}

fn allow_headers(policy: &Policy) -> Result<Written<AllowHeaders>, StartError> {
    match policy.allow_headers() {
        [any] if any == "*" && policy.allow_credentials() => {
            Err(inexpressible("all headers, with credentials, cannot be allowed without `Authorization`"))
        }
        [any] if any == "*" => Ok(written!(AllowHeaders::any())),
        [any, _authorization] if any == "*" => Ok(written!(AllowHeaders::mirror_request())),
        names => Ok(written!(AllowHeaders::list(header_names(names)?))),
    }
}

/// Serves an application on an ephemeral loopback port, over HTTP/1.1 and HTTP/2 with prior knowledge.
///
/// Stopping it closes the listener at once, and the connections when their responses have ended or after one second.
pub async fn serve(application: Service) -> Result<Server, StartError> {
    let failed = |error: io::Error| StartError::Failed(error.to_string());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let server = salvo::Server::new(TcpAcceptor::try_from(listener).map_err(failed)?);
    let handle = server.handle();
    let server = tokio::spawn(server.try_serve(application));

    Ok(Server::new(address, move || {
        handle.stop_graceful(GRACE);
        server.map(drop).boxed()
    }))
}

#[cfg(test)]
mod tests {
    use cors_core::{Guard, PolicyBuilder, Rule};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain(|policy: PolicyBuilder| policy, None)]
    #[case::any(|policy: PolicyBuilder| policy.allow_methods("*").allow_headers("*").expose_headers("*"), None)]
    #[case::any_method(|policy: PolicyBuilder| policy.allow_methods("*").allow_credentials(true), None)]
    #[case::any_header(
        |policy: PolicyBuilder| policy.allow_headers("*").allow_credentials(true),
        Some("all headers, with credentials, cannot be allowed without `Authorization`")
    )]
    #[case::any_header_indeed(|policy: PolicyBuilder| policy.allow_headers(["*", "authorization"]).allow_credentials(true), None)]
    #[case::status(|policy: PolicyBuilder| policy.preflight_status(201), Some("preflights are always answered with 204"))]
    #[case::diagnostics(|policy: PolicyBuilder| policy.diagnostics(true), Some("it has no diagnostic mode"))]
    #[case::guard(|policy: PolicyBuilder| policy.guard(Guard::builder()), Some("it denies no requests"))]
    #[case::rules(
        |policy: PolicyBuilder| policy.rule(Rule::builder().allow_origins("https://partner.example")),
        Some("it has one set of methods, headers and credentials for all origins")
    )]
    fn some_policies_cannot_be_expressed(
        #[case] extend: fn(PolicyBuilder) -> PolicyBuilder,
        #[case] expected: Option<&str>,
    ) {
        let policy =
            extend(Policy::builder().allow_origins(["https://app.example", "https://*.app.example"]));
        // What it does not accept panics here.
        let found = middleware(&policy.build().expect("a safe policy")).err().map(|error| error.to_string());
        assert_eq!(found, expected.map(|lack| format!("cannot express the policy: {lack}")));
    }
}
