//! tower-http's `CorsLayer`, and its `CsrfLayer` for a guard, around the axum specimen, configured as its documentation recommends.

use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, Any, CorsLayer};

use super::axum::serve;
use super::guard::csrf_layer;
use super::origin_pattern::OriginPattern;
use super::translate::{common_lack, header_names, inexpressible, parse_all};
use super::unsafe_start::{ANY_ORIGIN, NULL, REFLECTED, no_option, started, unless_it_panics};
use super::written::{Written, written};
use super::{Dispute, Server, StartError, Subject, SubjectKind, UnsafeStart, locked_version};
use crate::specimen::{self, Hits};

/// tower-http's `CorsLayer` and `CsrfLayer` around the axum specimen.
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

    fn disputes(&self) -> &[Dispute] {
        DISPUTES
    }

    fn start_unsafe<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
        start_unsafe(name).boxed()
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        start(policy).boxed()
    }
}

async fn start(policy: &Policy) -> Result<Server, StartError> {
    let (cors, csrf) = (layer(policy)?, csrf_layer(policy).map_err(inexpressible)?);
    let mut router = Written::new(specimen::axum::router(Hits::default()), "router");
    // Inside, so that preflights are answered first, and a page that may read can see that it was denied.
    if let Some(csrf) = csrf {
        router = written!(router.layer(csrf));
    }
    let router = written!(router.layer(cors));
    let code = router.code();
    Ok(serve(router.value).await?.configured_as(code))
}

const ANSWERS_OPTIONS: &str = "the middleware is meant to answer all OPTIONS requests itself";
const ABOUT_OPTIONS: &str = "https://github.com/tower-rs/tower-http/issues/497";

const DISPUTES: &[Dispute] = &[
    Dispute::new("guard/options", ANSWERS_OPTIONS, ABOUT_OPTIONS),
    Dispute::new("interference/options-without-origin", ANSWERS_OPTIONS, ABOUT_OPTIONS),
    Dispute::new("interference/own-options-handler", ANSWERS_OPTIONS, ABOUT_OPTIONS),
];

async fn start_unsafe(configuration: &str) -> Result<UnsafeStart, StartError> {
    let origin = match configuration {
        ANY_ORIGIN => written!(AllowOrigin::any()),
        REFLECTED => written!(AllowOrigin::mirror_request()),
        NULL => written!(AllowOrigin::list([HeaderValue::from_static("null")])),
        _ => return no_option("it compares whole origins; a predicate is the application's own code"),
    };
    let cors = written!(CorsLayer::new());
    let cors = written!(cors.allow_origin(origin).allow_credentials(true));
    let code = cors.code();
    match unless_it_panics(|| specimen::axum::router(Hits::default()).layer(cors.value)) {
        Ok(router) => started(serve(router).await, &code),
        Err(reason) => Ok(UnsafeStart::Refused(reason)),
    }
}

fn layer(policy: &Policy) -> Result<Written<CorsLayer>, StartError> {
    if let Some(lack) = common_lack(policy) {
        return Err(inexpressible(lack));
    }
    // It answers preflights with 200 and has no option for that; to a browser 200 and the default 204 are the same.
    if !matches!(policy.preflight_status(), 200 | 204) {
        return Err(inexpressible("preflights are always answered with 200"));
    }
    let layer = written!(CorsLayer::new());
    let mut layer =
        written!(layer.allow_origin(allow_origin(policy)?).allow_credentials(policy.allow_credentials()));
    if !policy.allow_methods().is_empty() {
        layer = written!(layer.allow_methods(allow_methods(policy)?));
    }
    if !policy.allow_headers().is_empty() {
        layer = written!(layer.allow_headers(allow_headers(policy)?));
    }
    layer = match policy.expose_headers() {
        [] => layer,
        [any] if any == "*" => written!(layer.expose_headers(Any)),
        names => written!(layer.expose_headers(header_names(names)?)),
    };
    if let Some(max_age) = policy.max_age() {
        layer = written!(layer.max_age(max_age));
    }
    Ok(layer)
}

/// A list for exact origins, even for one (a single value would be sent in every response), and a predicate if there is a
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
    let patterns = patterns
        .iter()
        .map(|pattern| OriginPattern::parse(pattern).ok_or_else(|| inexpressible(pattern)))
        .collect::<Result<Vec<_>, _>>()?;
    let predicate = written!({ exact, patterns } move |origin: &HeaderValue, _: &Parts| {
        exact.contains(origin) || patterns.iter().any(|pattern| pattern.matches(origin.as_bytes()))
    });
    Ok(written!(AllowOrigin::predicate(predicate)))
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

#[cfg(test)]
mod tests {
    use cors_core::{PolicyBuilder, Rule};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain(|policy: PolicyBuilder| policy, None)]
    #[case::status(|policy: PolicyBuilder| policy.preflight_status(201), Some("preflights are always answered with 200"))]
    #[case::any_header(
        |policy: PolicyBuilder| policy.allow_headers("*").allow_credentials(true),
        Some("all headers, with credentials, cannot be allowed without `Authorization`")
    )]
    #[case::any_header_indeed(|policy: PolicyBuilder| policy.allow_headers(["*", "authorization"]).allow_credentials(true), None)]
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
        let found = layer(&policy.build().expect("a safe policy")).err().map(|error| error.to_string());
        assert_eq!(found, expected.map(|lack| format!("cannot express the policy: {lack}")));
    }
}
