//! `warp::cors` around the warp specimen, as its documentation says: `routes.with(cors)`.

use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt};
use warp::Filter;
use warp::cors::Builder;

use super::guard::with_own_origins;
use super::translate::{common_lack, inexpressible, texts};
use super::unsafe_start::{ANY_ORIGIN, NULL, REFLECTED, no_option, unless_it_panics};
use super::written::{Written, written};
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
        start(policy).boxed()
    }

    fn start_unsafe<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
        start_unsafe(name).boxed()
    }
}

async fn start(policy: &Policy) -> Result<Server, StartError> {
    let cors = configure(policy).map_err(inexpressible)?;
    serve_with(cors).await
}

async fn serve_with(cors: Written<Builder>) -> Result<Server, StartError> {
    let code = cors.code();
    let routes = routes(&Hits::default()).with(cors.value).map(warp::Reply::into_response);
    Ok(serve(routes.boxed()).await?.configured_as(code))
}

async fn start_unsafe(configuration: &str) -> Result<UnsafeStart, StartError> {
    let cors = written!(warp::cors());
    let cors = written!(cors.allow_methods(["GET"]).allow_credentials(true));
    let cors = match configuration {
        ANY_ORIGIN => Ok(written!(cors.allow_any_origin())),
        NULL => unless_it_panics(|| written!(cors.allow_origin("null"))),
        REFLECTED => return no_option("any origin with credentials is reflected"),
        _ => return no_option("it has exact origins only"),
    };
    match cors {
        Ok(cors) => Ok(serve_with(cors).await?.into()),
        Err(reason) => Ok(UnsafeStart::Refused(reason)),
    }
}

/// warp's filter with this policy, or the reason why it cannot express it.
fn configure(policy: &Policy) -> Result<Written<Builder>, &'static str> {
    let policy = &*with_own_origins(policy)?;
    if let Some(lack) = common_lack(policy) {
        return Err(lack);
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
    let cors = written!(warp::cors());
    let mut cors = written!(cors.allow_methods(["GET", "HEAD", "POST"]));
    if !policy.allow_methods().is_empty() {
        cors = written!(cors.allow_methods(texts(policy.allow_methods())));
    }
    if !policy.allow_headers().is_empty() {
        cors = written!(cors.allow_headers(texts(policy.allow_headers())));
    }
    if !policy.expose_headers().is_empty() {
        cors = written!(cors.expose_headers(texts(policy.expose_headers())));
    }
    cors = written!(cors.allow_credentials(policy.allow_credentials()));
    if let Some(max_age) = policy.max_age() {
        cors = written!(cors.max_age(max_age));
    }
    if policy.allows_any_origin() {
        return Ok(written!(cors.allow_any_origin()));
    }
    for origin in policy.allow_origins() {
        if origin == "null" {
            return Err("warp::cors cannot allow the origin null");
        }
        if origin.contains('*') {
            return Err("warp::cors has exact origins only");
        }
        cors = written!(cors.allow_origin(&*origin));
    }
    Ok(cors)
}
