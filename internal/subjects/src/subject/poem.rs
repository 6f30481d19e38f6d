//! The adapter `cors-poem` as a subject, and a server for Poem applications.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use cors_core::{Policy, PolicySource};
use cors_poem::Cors;
use futures_util::future::{BoxFuture, FutureExt};
use poem::http::HeaderValue;
use poem::listener::TcpAcceptor;
use poem::{Endpoint, EndpointExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::written::written;
use super::{
    HostPolicies, KnownLimit, Server, StartError, Starting, Subject, SubjectKind, by_host, by_policy,
    locked_version,
};
use crate::specimen::{self, Hits};

/// How long a stopped server may take to finish the responses that it has begun.
const GRACE: Duration = Duration::from_secs(1);

/// Where Poem's answers do not follow HTTP, whatever middleware is around them.
const LIMITS: &[KnownLimit] = &[KnownLimit::new(
    "http2/head-not-found",
    "Poem sends the body of its 404 to HEAD, which hyper removes over HTTP/1.1 only",
    "https://docs.rs/poem/3/poem/struct.RouteMethod.html",
)];

/// `cors-poem`'s `Cors` around the Poem specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct CorsPoem;

impl Subject for CorsPoem {
    fn name(&self) -> &str {
        "cors-poem"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Adapter
    }

    fn framework(&self) -> &str {
        "poem"
    }

    fn version(&self) -> &str {
        locked_version("cors-poem")
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
    (code, serve(specimen::poem::application(Hits::default()).with(cors.value)).boxed())
}

/// Serves an application on an ephemeral loopback port, over HTTP/1.1 and HTTP/2 with prior knowledge.
///
/// Stopping it closes the listener at once, and the connections when their responses have ended or after one second.
pub async fn serve(application: impl Endpoint + 'static) -> Result<Server, StartError> {
    let failed = |error: io::Error| StartError::Failed(error.to_string());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let acceptor = TcpAcceptor::from_tokio(listener).map_err(failed)?;

    let (stop, stopped) = oneshot::channel::<()>();
    // A sender that is dropped stops the server, too.
    let stopped = stopped.map(drop);
    let server = poem::Server::new_with_acceptor(acceptor);
    let server = tokio::spawn(server.run_with_graceful_shutdown(application, stopped, Some(GRACE)));

    Ok(Server::new(address, move || {
        // An error says that the server has ended already.
        let _ = stop.send(());
        server.map(drop).boxed()
    }))
}
