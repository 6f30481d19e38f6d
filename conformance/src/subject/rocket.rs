//! The adapter `cors-rocket`, and how a Rocket application becomes a running server.

use std::net::SocketAddr;

use cors_core::Policy;
use cors_rocket::Cors;
use futures_util::future::{BoxFuture, FutureExt};
use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Build, Orbit, Rocket, Shutdown};
use tokio::sync::mpsc;

use super::{Server, StartError, Subject, SubjectKind, locked_version};
use crate::specimen::{self, Hits};

/// `cors-rocket`'s `Cors` attached to the Rocket specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct CorsRocket;

impl Subject for CorsRocket {
    fn name(&self) -> &str {
        "cors-rocket"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Adapter
    }

    fn framework(&self) -> &str {
        "rocket"
    }

    fn version(&self) -> &str {
        locked_version("cors-rocket")
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        serve(specimen::rocket::build(Hits::default()).attach(Cors::new(policy))).boxed()
    }
}

/// Serves an application where its configuration says, over HTTP/1.1 and HTTP/2 with prior knowledge.
///
/// Stopping closes the listener and cuts the connections that are left.
pub async fn serve(application: Rocket<Build>) -> Result<Server, StartError> {
    let (launched, mut launches) = mpsc::channel(1);
    let server = tokio::spawn(application.attach(Launched(launched)).launch().map(|ended| match ended {
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }));
    let Some((address, shutdown)) = launches.recv().await else {
        let why = server.await.ok().flatten();
        return Err(StartError::Failed(why.unwrap_or_else(|| "Rocket ended before it listened".to_owned())));
    };
    Ok(Server::new(address, move || {
        shutdown.notify();
        server.map(drop).boxed()
    }))
}

/// Tells where a server listens, and how to stop it.
struct Launched(mpsc::Sender<(SocketAddr, Shutdown)>);

#[rocket::async_trait]
impl Fairing for Launched {
    fn info(&self) -> Info {
        Info { name: "Launched", kind: Kind::Liftoff }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        let config = rocket.config();
        let address = SocketAddr::new(config.address, config.port);
        if self.0.send((address, rocket.shutdown())).await.is_err() {
            // Nobody waits for it any more.
            rocket.shutdown().notify();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;
    use tokio::net::TcpStream;
    use url::Url;

    use super::*;
    use crate::browser::{Network, WireRequest};
    use crate::network::LoopbackNetwork;
    use crate::scenario::HttpVersion;

    async fn start() -> Server {
        let policy = Policy::builder().allow_origins("https://app.example").allow_methods("PUT").build();
        CorsRocket.start(&policy.expect("a safe policy")).await.expect("a server")
    }

    #[rstest]
    #[case::http_1(HttpVersion::Http11)]
    #[case::http_2_with_prior_knowledge(HttpVersion::Http2)]
    #[tokio::test]
    async fn speaks(#[case] version: HttpVersion) {
        let server = start().await;
        let url = Url::parse("https://api.example/item/1").expect("a URL");
        let network = LoopbackNetwork::new(version).with_route(&url, server.address());
        let headers = [("origin", "https://app.example"), ("access-control-request-method", "PUT")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.into())).into();
        let request = WireRequest { method: "OPTIONS".to_owned(), url, headers, body: None };
        let response = network.send(request).await.expect("a response");
        assert_eq!(response.status, 204);
        let methods = ("access-control-allow-methods".to_owned(), b"PUT".to_vec());
        assert!(response.headers.contains(&methods), "{:?}", response.headers);
    }

    #[tokio::test]
    async fn many_start_at_once_and_stop_soon_even_with_idle_connections() {
        let servers = futures_util::future::join_all((0..20).map(|_| start())).await;
        let mut connections = Vec::new();
        for server in &servers {
            connections.push(TcpStream::connect(server.address()).await.expect("a connection"));
        }
        let addresses: Vec<_> = servers.iter().map(Server::address).collect();
        let stopped = futures_util::future::join_all(servers.into_iter().map(Server::stop));
        tokio::time::timeout(Duration::from_secs(5), stopped).await.expect("they stop");
        for address in addresses {
            assert!(TcpStream::connect(address).await.is_err());
        }
    }

    #[tokio::test]
    async fn is_gone_after_a_drop() {
        let server = start().await;
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
