//! The adapter `cors-actix` as a subject, and a server for actix-web applications.

use std::io;
use std::net::TcpListener;
use std::thread;

use actix_web::http::header::HeaderValue;
use actix_web::{HttpServer, dev, rt};
use cors_actix::Cors;
use cors_core::{Policy, PolicySource};
use futures_util::future::{BoxFuture, FutureExt, ready};
use tokio::sync::oneshot;

use super::written::written;
use super::{
    HostPolicies, Server, StartError, Starting, Subject, SubjectKind, by_host, by_policy, locked_version,
};
use crate::specimen::{Hits, actix::application};

/// `cors-actix`'s `Cors` around the actix-web specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct CorsActix;

impl Subject for CorsActix {
    fn name(&self) -> &str {
        "cors-actix"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Adapter
    }

    fn framework(&self) -> &str {
        "actix-web"
    }

    fn version(&self) -> &str {
        locked_version("cors-actix")
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
    let (code, cors) = (cors.code(), cors.value);
    let hits = Hits::default();
    let application = move || application(hits.clone()).wrap(cors.clone());
    let server = |listener| {
        HttpServer::new(application)
            .workers(1)
            .disable_signals()
            .listen_auto_h2c(listener)
            .map(HttpServer::run)
    };
    (code, ready(serve(server)).boxed())
}

/// Serves an application on an ephemeral loopback port, over HTTP/1.1 and HTTP/2 with prior knowledge.
///
/// actix-web runs in a thread and a system of its own. Stopping it closes the listener and all connections.
pub fn serve(server: impl FnOnce(TcpListener) -> io::Result<dev::Server>) -> Result<Server, StartError> {
    let failed = |error: io::Error| StartError::Failed(error.to_string());
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;

    // The listener queues connections until the worker has started.
    let server = server(listener).map_err(failed)?;
    let handle = server.handle();
    let (ended, end) = oneshot::channel();
    let system = thread::Builder::new().name("actix-specimen".to_owned()).spawn(move || {
        let outcome = rt::System::new().block_on(server);
        // The receiver is gone if the server was dropped.
        let _ = ended.send(outcome);
    });
    system.map_err(failed)?;

    Ok(Server::new(address, move || {
        let stopped = handle.stop(false);
        async move {
            stopped.await;
            let _ = end.await;
        }
        .boxed()
    }))
}
