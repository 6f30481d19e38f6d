//! The adapter `cors-poem`, and how a Poem application becomes a running server.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use cors_core::Policy;
use cors_poem::Cors;
use futures_util::future::{BoxFuture, FutureExt};
use poem::listener::TcpAcceptor;
use poem::{Endpoint, EndpointExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Server, StartError, Subject, SubjectKind, locked_version};
use crate::specimen::{self, Hits};

/// How long a stopped server may take to finish the responses that it has begun.
const GRACE: Duration = Duration::from_secs(1);

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

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        serve(specimen::poem::application(Hits::default()).with(Cors::new(policy))).boxed()
    }
}

/// Serves an application on an ephemeral loopback port, over HTTP/1.1 and HTTP/2 with prior knowledge.
///
/// Stopping closes the listener at once, lets the responses under way end, and drops the rest.
pub async fn serve(application: impl Endpoint + 'static) -> Result<Server, StartError> {
    let failed = |error: io::Error| StartError::Failed(error.to_string());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let acceptor = TcpAcceptor::from_tokio(listener).map_err(failed)?;

    let (stop, stopped) = oneshot::channel::<()>();
    // A stop that was dropped is a stop, too.
    let stopped = stopped.map(drop);
    let server = poem::Server::new_with_acceptor(acceptor);
    let server = tokio::spawn(server.run_with_graceful_shutdown(application, stopped, Some(GRACE)));

    Ok(Server::new(address, move || {
        // The server may have ended by itself, which is as good.
        let _ = stop.send(());
        server.map(drop).boxed()
    }))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::browser::{Network, WireRequest};
    use crate::network::LoopbackNetwork;
    use crate::scenario::HttpVersion;

    async fn server() -> Server {
        let policy = Policy::builder().allow_origins("https://app.example").build().expect("a policy");
        CorsPoem.start(&policy).await.expect("a server")
    }

    #[tokio::test]
    async fn streams_in_chunks() {
        let server = server().await;
        let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
        let request = "GET /stream HTTP/1.1\r\nhost: api.example\r\norigin: https://app.example\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.expect("a request");
        let mut response = String::new();
        stream.read_to_string(&mut response).await.expect("a response");
        assert!(response.contains("access-control-allow-origin: https://app.example\r\n"), "{response}");
        assert!(response.ends_with("4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"), "{response}");
    }

    #[tokio::test]
    async fn speaks_http_2_with_prior_knowledge() {
        let server = server().await;
        let url: url::Url = "https://api.example/status/404".parse().expect("a URL");
        let network = LoopbackNetwork::new(HttpVersion::Http2).with_route(&url, server.address());
        let headers = vec![("origin".to_owned(), b"https://app.example".to_vec())];
        let request = WireRequest { method: "GET".to_owned(), url, headers, body: None };
        let response = network.send(request).await.expect("a response");
        assert_eq!(response.status, 404);
        let expected = ("access-control-allow-origin".to_owned(), b"https://app.example".to_vec());
        assert!(response.headers.contains(&expected), "{response:?}");
    }

    #[tokio::test]
    async fn is_gone_after_a_stop_even_with_an_idle_connection() {
        let server = server().await;
        let address = server.address();
        let mut idle = TcpStream::connect(address).await.expect("a connection");
        idle.write_all(b"GET /hits HTTP/1.1\r\nhost: api.example\r\n\r\n").await.expect("a request");
        idle.read_u8().await.expect("a response");
        server.stop().await;
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn is_gone_after_a_drop() {
        let server = server().await;
        let address = server.address();
        drop(server);
        for _ in 0..100 {
            if TcpStream::connect(address).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("still listening on {address}");
    }
}
