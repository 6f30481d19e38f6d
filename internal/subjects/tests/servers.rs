//! Every subject's server speaks the protocols that the scenarios need, and always stops.

use std::time::{Duration, Instant};

use cors_browser::{Network, WireRequest};
use cors_conformance::network::LoopbackNetwork;
use cors_conformance::scenario::HttpVersion;
use cors_conformance::subject::{Server, Subject};
use cors_core::Policy;
use cors_subjects::registry::subjects;
use futures_util::future::join_all;
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// Longer than any server takes to stop, even on a busy machine.
const OVERDUE: Duration = Duration::from_secs(10);

#[rstest]
#[case::http_1(HttpVersion::Http11)]
#[case::http_2_with_prior_knowledge(HttpVersion::Http2)]
#[tokio::test]
async fn every_server_speaks(#[case] version: HttpVersion) {
    for subject in subjects() {
        if version == HttpVersion::Http2 && !subject.speaks_http2() {
            continue;
        }
        let server = start(&*subject).await;
        let url = Url::parse("https://api.example/item/1").expect("a URL");
        let network = LoopbackNetwork::new(version).with_route(&url, server.address());
        let headers = vec![("origin".to_owned(), b"https://app.example".to_vec())];
        let request = WireRequest { method: "PUT".to_owned(), url, headers, body: None };
        let response = network.send(request).await.expect("a response");
        assert_eq!((response.status, &*response.body), (200, &b"PUT 1"[..]), "{}", subject.name());
        let allowed = ("access-control-allow-origin".to_owned(), b"https://app.example".to_vec());
        assert!(response.headers.contains(&allowed), "{}: {:?}", subject.name(), response.headers);
    }
}

#[tokio::test]
async fn every_server_streams_in_chunks() {
    for subject in subjects() {
        let server = start(&*subject).await;
        let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
        let request = b"GET /stream HTTP/1.1\r\nhost: api.example\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.expect("a request");
        let mut response = String::new();
        stream.read_to_string(&mut response).await.expect("a response");
        let name = subject.name();
        assert!(response.contains("transfer-encoding: chunked"), "{name}: {response}");
        let chunks = "4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n";
        assert!(response.ends_with(chunks), "{name}: {response}");
    }
}

#[tokio::test]
async fn many_servers_start_at_once_and_stop_soon_even_with_idle_connections() {
    for subject in subjects() {
        let servers = join_all((0..10).map(|_| start(&*subject))).await;
        let mut idle = Vec::new();
        for server in &servers {
            let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
            stream.write_all(b"GET /hits HTTP/1.1\r\nhost: api.example\r\n\r\n").await.expect("a request");
            stream.read_u8().await.expect("a response");
            idle.push(stream);
        }
        let addresses: Vec<_> = servers.iter().map(Server::address).collect();
        let stopped = join_all(servers.into_iter().map(Server::stop));
        tokio::time::timeout(OVERDUE, stopped)
            .await
            .unwrap_or_else(|_| panic!("{} still runs", subject.name()));
        for address in addresses {
            assert!(TcpStream::connect(address).await.is_err(), "{} listens on {address}", subject.name());
        }
    }
}

#[tokio::test]
async fn every_server_is_gone_after_a_drop() {
    for subject in subjects() {
        let server = start(&*subject).await;
        let address = server.address();
        drop(server);
        let overdue = Instant::now() + OVERDUE;
        while TcpStream::connect(address).await.is_ok() {
            assert!(Instant::now() < overdue, "{} still listens on {address}", subject.name());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn start(subject: &dyn Subject) -> Server {
    let policy = Policy::builder()
        .allow_origins(["https://app.example"])
        .allow_methods(["PUT"])
        .build()
        .expect("a safe policy");
    subject.start(&policy).await.unwrap_or_else(|error| panic!("{}: {error}", subject.name()))
}
