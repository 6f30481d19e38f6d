//! The adapter passes the CORS conformance suite.

use cors_conformance::Suite;
use cors_conformance::subject::{BoxFuture, Policy, Server, StartError, Subject};
use cors_hyper::Cors;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

mod specimen;

/// The specimen application behind the adapter.
struct CorsHyper;

impl Subject for CorsHyper {
    fn name(&self) -> &str {
        "cors-hyper"
    }

    fn framework(&self) -> &str {
        "hyper"
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        Box::pin(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let address = listener.local_addr()?;
            Ok(Server::from_task(address, tokio::spawn(serve(listener, policy.clone()))))
        })
    }
}

async fn serve(listener: TcpListener, policy: Policy) {
    let hits = specimen::Hits::default();
    let application = service_fn(move |request| specimen::respond(request, hits.clone()));
    let service = Cors::new(policy, application);
    // The set aborts the connections when the server is stopped.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let service = service.clone();
        connections.spawn(async move {
            // HTTP/1.1, and HTTP/2 with prior knowledge.
            let server = auto::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_conforms() {
    Suite::embedded().run(CorsHyper).await.assert_clean();
}
