//! `warp::cors` around the warp specimen, as its documentation says: `routes.with(cors)`.

use cors_core::Policy;
use futures_util::future::{self, BoxFuture, FutureExt};
use warp::Filter;
use warp::cors::Builder;

use super::guard::with_own_origins;
use super::unsafe_start::{ANY_ORIGIN, NULL, REFLECTED, no_option, started, unless_it_panics};
use super::{Server, StartError, Subject, SubjectKind, UnsafeStart, locked_version, warp::serve};
use crate::specimen::{Hits, warp::routes};

/// warp's own CORS filter.
#[derive(Clone, Copy, Debug, Default)]
pub struct WarpCors;

impl Subject for WarpCors {
    fn name(&self) -> &str {
        "warp-cors"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Middleware
    }

    fn framework(&self) -> &str {
        "warp"
    }

    fn version(&self) -> &str {
        locked_version("warp")
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        match configure(policy) {
            Ok(cors) => {
                serve(routes(&Hits::default()).with(cors).map(warp::Reply::into_response).boxed()).boxed()
            }
            Err(lacking) => future::err(StartError::Inexpressible(lacking.to_owned())).boxed(),
        }
    }

    fn start_unsafe<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
        start_unsafe(name).boxed()
    }
}

async fn start_unsafe(configuration: &str) -> Result<UnsafeStart, StartError> {
    let with_credentials = || warp::cors().allow_methods(["GET"]).allow_credentials(true);
    let (cors, code) = match configuration {
        ANY_ORIGIN => (
            Ok(with_credentials().allow_any_origin()),
            r#"warp::cors().allow_any_origin().allow_methods(["GET"]).allow_credentials(true)"#,
        ),
        NULL => (
            unless_it_panics(|| with_credentials().allow_origin("null")),
            r#"warp::cors().allow_origin("null").allow_methods(["GET"]).allow_credentials(true)"#,
        ),
        REFLECTED => return no_option("any origin with credentials is reflected"),
        _ => return no_option("it has exact origins only"),
    };
    match cors {
        Ok(cors) => {
            let routes = routes(&Hits::default()).with(cors).map(warp::Reply::into_response);
            started(serve(routes.boxed()).await, code)
        }
        Err(reason) => Ok(UnsafeStart::Refused(reason)),
    }
}

/// warp's filter with this policy, or the reason why it cannot express it.
fn configure(policy: &Policy) -> Result<Builder, &'static str> {
    let policy = &*with_own_origins(policy)?;
    if policy.has_rules() {
        return Err("warp::cors has one set of methods, headers and credentials for all origins");
    }
    if policy.has_predicates() || policy.has_lookup() {
        return Err("functions and lookups of a policy are not translated");
    }
    if policy.allow_methods() == ["*"] {
        return Err("warp::cors cannot allow any method");
    }
    if policy.allow_headers().iter().any(|name| name == "*") {
        return Err("warp::cors cannot allow any header");
    }
    if policy.diagnostics() {
        return Err("warp::cors has no diagnostic mode");
    }
    if policy.allow_origins().any(|origin| origin == "file://") {
        return Err("warp::cors takes only origins with a host");
    }
    if !matches!(policy.preflight_status(), 200 | 204) {
        return Err("warp::cors always answers a preflight with 200");
    }

    // warp denies safelisted methods that are not listed.
    let mut cors = warp::cors()
        .allow_methods(["GET", "HEAD", "POST"])
        .allow_methods(policy.allow_methods().iter().map(String::as_str))
        .allow_headers(policy.allow_headers().iter().map(String::as_str))
        .expose_headers(policy.expose_headers().iter().map(String::as_str))
        .allow_credentials(policy.allow_credentials());
    if let Some(max_age) = policy.max_age() {
        cors = cors.max_age(max_age);
    }
    if policy.allows_any_origin() {
        return Ok(cors.allow_any_origin());
    }
    for origin in policy.allow_origins() {
        if origin == "null" {
            return Err("warp::cors cannot allow the origin null");
        }
        if origin.contains('*') {
            return Err("warp::cors has exact origins only");
        }
        cors = cors.allow_origin(&*origin);
    }
    Ok(cors)
}
