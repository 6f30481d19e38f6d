//! The new adapter as a subject of the suite.

use cors_conformance::specimen::Hits;
use cors_conformance::subject::{Server, StartError, Subject, SubjectKind};
use cors_core::Policy;
use cors_subjects::specimen;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::adapter::Cors;

/// The adapter of this example around the specimen application.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CorsHyper;

impl Subject for CorsHyper {
    fn name(&self) -> &str {
        "cors-hyper"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Adapter
    }

    fn framework(&self) -> &str {
        "hyper"
    }

    fn version(&self) -> &str {
        "0.1.0"
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        start(policy).boxed()
    }
}

async fn start(policy: &Policy) -> Result<Server, StartError> {
    let failed = |error: std::io::Error| StartError::Failed(error.to_string());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let application = TowerToHyperService::new(specimen::axum::router(Hits::default()));
    let server = tokio::spawn(serve(listener, Cors::new(policy, application)));
    Ok(Server::new(address, move || {
        server.abort();
        server.map(drop).boxed()
    }))
}

async fn serve(listener: TcpListener, service: Cors<TowerToHyperService<axum::Router>>) {
    // What the set holds is aborted with it: the connections end with the server.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let service = service.clone();
        connections.spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
