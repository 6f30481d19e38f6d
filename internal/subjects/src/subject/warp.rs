//! The adapter `cors-warp` as a subject, and a server for warp filters.

use std::time::Duration;

use cors_core::{Policy, PolicySource};
use cors_warp::Cors;
use futures_util::future::{BoxFuture, FutureExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::HeaderValue;
use warp::reply::Response;

use super::written::written;
use super::{
    HostPolicies, KnownLimit, Server, StartError, Starting, Subject, SubjectKind, by_host, by_policy,
    locked_version,
};
use crate::specimen::{Hits, warp::routes};

/// How long a stopped server may take to finish the responses that it has begun.
const GRACE: Duration = Duration::from_secs(1);

/// Where warp's answers do not follow HTTP, whatever middleware is around them.
const LIMITS: &[KnownLimit] = &[KnownLimit::new(
    "http2/head",
    "warp sends the body of an answer to HEAD, which hyper removes over HTTP/1.1 only",
    "https://docs.rs/warp/0.4/warp/filters/method/fn.head.html",
)];

/// `cors-warp`'s `Cors` around the warp specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct CorsWarp;

impl Subject for CorsWarp {
    fn name(&self) -> &str {
        "cors-warp"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Adapter
    }

    fn framework(&self) -> &str {
        "warp"
    }

    fn version(&self) -> &str {
        locked_version("cors-warp")
    }

    fn limits(&self) -> &[KnownLimit] {
        LIMITS
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        by_policy(policy, start)
    }

    fn start_by_host<'a>(&'a self, policies: &'a HostPolicies) -> BoxFuture<'a, Result<Server, StartError>> {
        by_host(policies, start)
    }
}

fn start(policy: PolicySource<HeaderValue>) -> Starting {
    let cors = written!(Cors::new(policy));
    let code = cors.code();
    (code, serve(cors.value.wrap(routes(&Hits::default())).boxed()).boxed())
}

/// Serves an application on an ephemeral loopback port, over HTTP/1.1 and HTTP/2 with prior knowledge.
///
/// Stopping it closes the listener at once, and the connections when their responses have ended or after one second.
pub async fn serve(application: BoxedFilter<(Response,)>) -> Result<Server, StartError> {
    let failed = |error: std::io::Error| StartError::Failed(error.to_string());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;

    let (stop, stopped) = oneshot::channel::<()>();
    // A sender that is dropped stops the server, too.
    let stopped = stopped.map(drop).shared();
    let served = warp::serve(application).incoming(listener).graceful(stopped.clone()).run();
    let server = tokio::spawn(async move {
        let overdue = stopped.then(|()| tokio::time::sleep(GRACE));
        tokio::select! {
            () = served => {}
            () = overdue => {}
        }
    });

    Ok(Server::new(address, move || {
        // An error says that the server has ended already.
        let _ = stop.send(());
        server.map(drop).boxed()
    }))
}
