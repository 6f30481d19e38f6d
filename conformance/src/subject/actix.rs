//! The adapter `cors-actix`, and how an actix-web application becomes a running server.

use std::io;
use std::net::TcpListener;
use std::thread;

use actix_web::{HttpServer, dev, rt};
use cors_actix::Cors;
use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt, ready};
use tokio::sync::oneshot;

use super::{Server, StartError, Subject, SubjectKind, locked_version};
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
        let cors = Cors::new(policy);
        let hits = Hits::default();
        let application = move || application(hits.clone()).wrap(cors.clone());
        let server = |listener| {
            HttpServer::new(application)
                .workers(1)
                .disable_signals()
                .listen_auto_h2c(listener)
                .map(HttpServer::run)
        };
        ready(serve(server)).boxed()
    }
}

/// Serves an application on an ephemeral loopback port, over HTTP/1.1 and HTTP/2 with prior knowledge.
///
/// actix-web runs in a thread and a system of its own. Stopping closes the listener and every connection.
pub fn serve(server: impl FnOnce(TcpListener) -> io::Result<dev::Server>) -> Result<Server, StartError> {
    let failed = |error: io::Error| StartError::Failed(error.to_string());
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;

    // The listener has a backlog: who connects before the worker is up waits for it.
    let server = server(listener).map_err(failed)?;
    let handle = server.handle();
    let (ended, end) = oneshot::channel();
    let system = thread::Builder::new().name("actix-specimen".to_owned()).spawn(move || {
        let outcome = rt::System::new().block_on(server);
        // Nobody waits for the end of a server that was dropped.
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    fn specimen() -> Server {
        let hits = Hits::default();
        let server = |listener| {
            HttpServer::new(move || application(hits.clone()))
                .workers(1)
                .disable_signals()
                .listen_auto_h2c(listener)
                .map(HttpServer::run)
        };
        serve(server).expect("a server")
    }

    async fn get(server: &Server, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(server.address()).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: api.example\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut response = String::new();
        stream.read_to_string(&mut response).await?;
        Ok(response)
    }

    #[tokio::test]
    async fn streams_in_chunks() {
        let server = specimen();
        let response = get(&server, "/stream").await.expect("a response");
        assert!(response.contains("transfer-encoding: chunked"), "{response}");
        assert!(response.ends_with("4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"), "{response}");
    }

    #[tokio::test]
    async fn a_panic_is_a_response() {
        let response = get(&specimen(), "/panic").await.expect("a response");
        assert!(response.starts_with("HTTP/1.1 500 "), "{response}");
    }

    #[tokio::test]
    async fn is_gone_after_a_stop_even_with_an_idle_connection() {
        let server = specimen();
        let address = server.address();
        let mut idle = TcpStream::connect(address).await.expect("a connection");
        server.stop().await;
        assert!(TcpStream::connect(address).await.is_err());
        let rest = tokio::time::timeout(Duration::from_secs(5), idle.read(&mut [0])).await;
        assert!(matches!(rest, Ok(Ok(0) | Err(_))), "the idle connection is still open: {rest:?}");
    }

    #[tokio::test]
    async fn is_gone_after_a_drop() {
        let server = specimen();
        let address = server.address();
        drop(server);
        let overdue = Instant::now() + Duration::from_secs(5);
        while TcpStream::connect(address).await.is_ok() {
            assert!(Instant::now() < overdue, "still listening on {address}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
