//! The adapter `cors-axum` as a subject, and a server for axum applications.

use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use cors_axum::CorsLayer;
use cors_core::{Policy, PolicySource};
use futures_util::future::{BoxFuture, FutureExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower::Layer;

use super::written::written;
use super::{
    HostPolicies, Server, StartError, Starting, Subject, SubjectKind, by_host, by_policy, locked_version,
};
use crate::specimen::{self, Hits};

/// How long a stopped server may take to finish the responses that it has begun.
const GRACE: Duration = Duration::from_secs(1);

/// `cors-axum`'s `CorsLayer` around the axum specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct CorsAxum;

impl Subject for CorsAxum {
    fn name(&self) -> &str {
        "cors-axum"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Adapter
    }

    fn framework(&self) -> &str {
        "axum"
    }

    fn version(&self) -> &str {
        locked_version("cors-axum")
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        by_policy(policy, start)
    }

    fn start_by_host<'a>(&'a self, policies: &'a HostPolicies) -> BoxFuture<'a, Result<Server, StartError>> {
        by_host(policies, start)
    }
}

fn start(policy: PolicySource<HeaderValue>) -> Starting {
    // Around the router and not into it with `Router::layer`, as the adapter recommends: axum adds `Allow` to the answers of
    // layers that are inside of a router.
    let cors = written!(CorsLayer::new(policy));
    let code = cors.code();
    let app = cors.value.layer(specimen::axum::router(Hits::default()));
    (code, serve(Router::new().fallback_service(app)).boxed())
}

/// Serves an application on an ephemeral loopback port, over HTTP/1.1 and HTTP/2 with prior knowledge.
///
/// Stopping it closes the listener at once, and the connections when their responses have ended or after one second.
pub async fn serve(application: Router) -> Result<Server, StartError> {
    let failed = |error: std::io::Error| StartError::Failed(error.to_string());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;

    let (stop, stopped) = oneshot::channel::<()>();
    // A sender that is dropped stops the server, too.
    let stopped = stopped.map(drop).shared();
    let served = axum::serve(listener, application).with_graceful_shutdown(stopped.clone());
    let server = tokio::spawn(async move {
        let overdue = stopped.then(|()| tokio::time::sleep(GRACE));
        tokio::select! {
            _ = served.into_future() => {}
            () = overdue => {}
        }
    });

    Ok(Server::new(address, move || {
        // An error says that the server has ended already.
        let _ = stop.send(());
        server.map(drop).boxed()
    }))
}
