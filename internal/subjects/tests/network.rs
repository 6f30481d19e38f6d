//! The loopback network with real sockets.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use cors_browser::{FailureKind, Network, NetworkError, WireRequest, WireResponse};
use cors_conformance::network::*;
use cors_conformance::scenario::{HttpVersion, RawRequest};
use cors_conformance::specimen::Echo;
use url::Url;

/// A server that echoes requests, and a count of the connections to it.
async fn echo_server() -> (SocketAddr, Arc<AtomicUsize>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let app = axum::Router::new()
        .route(
            "/redirect",
            axum::routing::get(|| async {
                (
                    axum::http::StatusCode::FOUND,
                    [("location", "/elsewhere"), ("content-encoding", "gzip")],
                    "not gzip",
                )
            }),
        )
        .route("/slow", axum::routing::get(std::future::pending::<()>))
        .route("/long", axum::routing::get(|| async { vec![b'a'; BODY_LIMIT + 1] }))
        .fallback(|request: axum::extract::Request| async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, BODY_LIMIT).await.unwrap();
            let lines = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            let authority = head.uri.authority().map(ToString::to_string).unwrap_or_default();
            let echo = Echo::new(head.method.as_str(), head.uri.path(), head.uri.query(), lines, body.len())
                .to_json();
            ([("set-cookie", "a=1"), ("x-authority", authority.leak())], [("x-line", "1")], echo)
        });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let counted = CountingListener { listener, connections: connections.clone() };
    tokio::spawn(async { axum::serve(counted, app).await });
    (address, connections)
}

struct CountingListener {
    listener: TcpListener,
    connections: Arc<AtomicUsize>,
}

impl axum::serve::Listener for CountingListener {
    type Io = tokio::net::TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let accepted = self.listener.accept().await.unwrap();
        self.connections.fetch_add(1, Ordering::SeqCst);
        accepted
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A server that reads from each connection, writes these bytes, and ends the response.
async fn canned_server(response: impl Into<Vec<u8>>) -> SocketAddr {
    let response = response.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let response = response.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(&response).await;
                let _ = stream.shutdown().await;
                // Closing with unread bytes would reset the connection, and the client might lose the response.
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            });
        }
    });
    address
}

fn api(path: &str) -> Url {
    Url::parse("https://api.example:8443").unwrap().join(path).unwrap()
}

fn get(path: &str) -> WireRequest {
    WireRequest { method: "GET".to_owned(), url: api(path), headers: Vec::new(), body: None }
}

fn raw(path: &str) -> RawRequest {
    RawRequest {
        origin: api("/"),
        method: "GET".to_owned(),
        target: path.to_owned(),
        is_http10: false,
        headers: Vec::new(),
        body: None,
    }
}

fn json(response: &WireResponse) -> serde_json::Value {
    serde_json::from_slice(&response.body).unwrap()
}

#[rstest]
#[case(HttpVersion::Http11)]
#[case(HttpVersion::Http2)]
#[tokio::test]
async fn a_request_reaches_the_server_of_its_origin(#[case] version: HttpVersion) {
    let (address, connections) = echo_server().await;
    let network = LoopbackNetwork::new(version).with_route(&api("/"), address);
    for _ in 0..3 {
        let request = WireRequest {
            method: "PUT".to_owned(),
            url: api("/a/b?c=d"),
            headers: vec![
                ("x-a".to_owned(), b"1".to_vec()),
                ("origin".to_owned(), b"https://app.example".to_vec()),
                ("x-a".to_owned(), b"2".to_vec()),
            ],
            body: Some(b"hello".to_vec()),
        };
        let response = network.send(request).await.unwrap();
        assert_eq!(response.status, 200);
        let echo = json(&response);
        assert_eq!(echo["method"], "PUT");
        assert_eq!(echo["path"], "/a/b");
        assert_eq!(echo["query"], "c=d");
        assert_eq!(echo["body_length"], 5);
        assert_eq!(echo["headers"]["x-a"], serde_json::json!(["1", "2"]));
        assert_eq!(echo["headers"]["accept"], serde_json::Value::Null);
        let authority = response.lines("x-authority").next().unwrap();
        match version {
            HttpVersion::Http11 => {
                assert_eq!(echo["headers"]["host"], serde_json::json!(["api.example:8443"]));
            }
            HttpVersion::Http2 => assert_eq!(authority, b"api.example:8443"),
        }
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1, "the connection is reused");
}

#[tokio::test]
async fn redirects_and_content_codings_are_left_alone() {
    let (address, _) = echo_server().await;
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&api("/"), address);
    let response = network.send(get("/redirect")).await.unwrap();
    assert_eq!(response.status, 302);
    assert_eq!(response.lines("location").collect::<Vec<_>>(), [b"/elsewhere"]);
    assert_eq!(response.body, b"not gzip");
}

#[tokio::test]
async fn an_unknown_origin_is_an_unresolved_host() {
    let (address, _) = echo_server().await;
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&api("/"), address);
    let request = WireRequest { url: Url::parse("https://other.example/").unwrap(), ..get("/") };
    let error = network.send(request).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Unresolved);
    assert_eq!(
        error.detail,
        "no server stands for https://other.example; there are https://api.example:8443"
    );
}

/// Why no response came, or why its body broke off.
fn failure(result: Result<WireResponse, NetworkError>) -> NetworkError {
    result.map_or_else(|error| error, |response| response.body_error.unwrap())
}

#[rstest]
#[case::slow("/slow", FailureKind::Timeout, "no complete response within")]
#[case::long("/long", FailureKind::EndlessBody, "the body is longer than")]
#[tokio::test]
async fn time_and_length_are_limited(#[case] path: &str, #[case] kind: FailureKind, #[case] detail: &str) {
    let (address, _) = echo_server().await;
    for version in [HttpVersion::Http11, HttpVersion::Http2] {
        let network = LoopbackNetwork::new(version)
            .with_route(&api("/"), address)
            .with_time_limit(Duration::from_secs(2));
        for result in [network.send(get(path)).await, network.send_raw(&raw(path)).await] {
            let error = failure(result);
            assert_eq!(error.kind, kind, "{error}");
            assert!(error.detail.starts_with(detail), "{error}");
        }
    }
}

#[tokio::test]
async fn a_closed_idle_connection_is_replaced() {
    let address = canned_server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&api("/"), address);
    for _ in 0..3 {
        assert_eq!(network.send(get("/")).await.unwrap().body, b"ok");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_raw_request_arrives_byte_for_byte() {
    let (address, _) = echo_server().await;
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&api("/"), address);
    let request = RawRequest {
        method: "POST".to_owned(),
        headers: vec![
            ("Origin".to_owned(), b"https://a.example".to_vec()),
            ("origin".to_owned(), b"https://b.example \xff".to_vec()),
        ],
        body: Some(b"four".to_vec()),
        ..raw("/echo?x")
    };
    let response = network.send_raw(&request).await.unwrap();
    let echo = json(&response);
    assert_eq!(
        echo["headers"]["origin"],
        serde_json::json!(["https://a.example", "https://b.example \u{fffd}"])
    );
    assert_eq!(echo["headers"]["host"], serde_json::json!(["api.example:8443"]));
    assert_eq!(echo["body_length"], 4);
}

#[rstest]
#[case(HttpVersion::Http11)]
#[case(HttpVersion::Http2)]
#[tokio::test]
async fn a_raw_request_with_http_1_0_has_no_host(#[case] version: HttpVersion) {
    let (address, _) = echo_server().await;
    let network = LoopbackNetwork::new(version).with_route(&api("/"), address);
    let without = RawRequest { is_http10: true, ..raw("/echo") };
    let echo = json(&network.send_raw(&without).await.unwrap());
    assert_eq!(echo["headers"], serde_json::json!({}));
    let with = RawRequest { headers: vec![("host".to_owned(), b"b.example".to_vec())], ..without };
    let echo = json(&network.send_raw(&with).await.unwrap());
    assert_eq!(echo["headers"], serde_json::json!({ "host": ["b.example"] }));
}

#[tokio::test]
async fn a_raw_request_may_break_the_rules_of_http() {
    let (address, _) = echo_server().await;
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&api("/"), address);
    let request = RawRequest { headers: vec![("origin".to_owned(), b"a\0b".to_vec())], ..raw("/") };
    // This server's HTTP implementation rejects the request.
    assert_eq!(network.send_raw(&request).await.unwrap().status, 400);
    let network = LoopbackNetwork::new(HttpVersion::Http2).with_route(&api("/"), address);
    let error = network.send_raw(&request).await.unwrap_err();
    assert!(error.detail.contains("cannot be sent"), "{error}");
    assert_eq!(error.kind, FailureKind::Unsendable);
}

#[rstest]
#[case("HTTP/1.1 204 No Content\r\n\r\n", "GET", "")]
#[case("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more", "GET", "ok")]
#[case("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "HEAD", "")]
#[case(
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n5;a=b\r\n more\r\n0\r\n\r\n",
    "GET",
    "ok more"
)]
#[case("HTTP/1.1 200 OK\r\n\r\nuntil the end", "GET", "until the end")]
#[case("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "GET", "ok")]
#[tokio::test]
async fn the_end_of_the_body_of_a_raw_response(
    #[case] response: &'static str,
    #[case] method: &str,
    #[case] body: &str,
) {
    let address = canned_server(response).await;
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&api("/"), address);
    let request = RawRequest { method: method.to_owned(), ..raw("/") };
    let response = network.send_raw(&request).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&response.body), body);
}

#[rstest]
#[case("", FailureKind::BrokenOff, "the connection was closed without a response")]
#[case("SSH-2.0-x\r\n", FailureKind::Malformed, "the response is not HTTP/1.1")]
#[case(
    "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok",
    FailureKind::BrokenOff,
    "the body ended after 2 of 9 bytes"
)]
#[case(
    "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nok",
    FailureKind::Malformed,
    "`Content-Length: x` is not a number"
)]
#[case(
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
    FailureKind::BrokenOff,
    "the body ended between"
)]
#[case(
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    FailureKind::Malformed,
    "a chunk of the body has no size"
)]
#[tokio::test]
async fn a_broken_raw_response(#[case] response: &str, #[case] kind: FailureKind, #[case] detail: &str) {
    let address = canned_server(response).await;
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&api("/"), address);
    let error = failure(network.send_raw(&raw("/")).await);
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.detail.starts_with(detail), "{error}");
}

/// The errors of `send` and `send_raw`.
async fn errors(network: &LoopbackNetwork) -> [NetworkError; 2] {
    [network.send(get("/")).await, network.send_raw(&raw("/")).await].map(failure)
}

#[rstest]
#[case::closed("", FailureKind::BrokenOff)]
#[case::another_protocol("SSH-2.0-x\r\n\r\n", FailureKind::Malformed)]
#[case::incomplete_body("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", FailureKind::BrokenOff)]
#[case::bad_chunk("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", FailureKind::Malformed)]
#[case::long_head(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1 << 20)), FailureKind::EndlessHead)]
#[case::many_headers(format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: 1\r\n".repeat(1000)), FailureKind::EndlessHead)]
#[tokio::test]
async fn a_failed_response_over_http_1(#[case] response: impl Into<Vec<u8>>, #[case] kind: FailureKind) {
    let address = canned_server(response).await;
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&api("/"), address);
    for error in errors(&network).await {
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.kind.was_sent(), "{error}");
    }
}

#[rstest]
#[case::http_1("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n", FailureKind::Malformed)]
#[case::closed("", FailureKind::BrokenOff)]
#[tokio::test]
async fn a_failed_response_over_http_2(#[case] response: &str, #[case] kind: FailureKind) {
    let address = canned_server(response).await;
    let network = LoopbackNetwork::new(HttpVersion::Http2).with_route(&api("/"), address);
    let error = network.send(get("/")).await.unwrap_err();
    assert_eq!(error.kind, kind, "{error}");
}

#[rstest]
#[case(HttpVersion::Http11)]
#[case(HttpVersion::Http2)]
#[tokio::test]
async fn a_request_that_cannot_be_written_is_not_sent(#[case] version: HttpVersion) {
    let (address, connections) = echo_server().await;
    let network = LoopbackNetwork::new(version).with_route(&api("/"), address);
    for request in [
        WireRequest { method: "A B".to_owned(), ..get("/") },
        WireRequest { headers: vec![("x y".to_owned(), b"1".to_vec())], ..get("/") },
        WireRequest { headers: vec![("x".to_owned(), b"1\n2".to_vec())], ..get("/") },
    ] {
        let error = network.send(request).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::Unsendable, "{error}");
        assert!(!error.kind.was_sent());
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_refused_connection_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&api("/"), address);
    for error in errors(&network).await {
        assert_eq!(error.kind, FailureKind::Refused, "{error}");
        assert!(!error.kind.was_sent());
    }
}

#[rstest]
#[case::control_byte("x-a: 1\x01\x7f2", "x-a", b"1\x01\x7f2")]
#[case::nul("x-a: 1\x002", "x-a", b"1\x002")]
#[case::space_before_the_colon("x-a : 1", "x-a ", b"1")]
#[case::folded("x-a: 1\r\n  2", "x-a", b"1 2")]
#[case::beside_a_line_without_a_colon("nonsense\r\nx-a: 1", "x-a", b"1")]
#[case::beside_a_name_that_is_not_a_token("x(b: 1\r\nx-a: 1", "x-a", b"1")]
#[tokio::test]
async fn heads_are_read_as_leniently_as_in_browsers(
    #[case] lines: &str,
    #[case] name: &str,
    #[case] value: &[u8],
) {
    let response = format!("HTTP/1.1 200 OK\r\n{lines}\r\ncontent-length: 2\r\n\r\nok");
    let address = canned_server(response).await;
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&api("/"), address);
    let response = network.send(get("/")).await.unwrap();
    let expected = [(name.to_owned(), value.to_vec()), ("content-length".to_owned(), b"2".to_vec())];
    assert_eq!(response.headers, expected);
    assert_eq!(response.body, b"ok");
}

#[tokio::test]
async fn a_broken_body_keeps_what_came() {
    let address = canned_server("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok").await;
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&api("/"), address);
    let response = network.send(get("/")).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, &b"ok"[..]));
    assert_eq!(response.body_error.unwrap().kind, FailureKind::BrokenOff);
}

/// Answers each connection with a successful WebSocket handshake, and sends the head of its request.
async fn web_socket_server() -> (SocketAddr, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (heads, received) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                stream.read_buf(&mut head).await.unwrap();
            }
            heads.send(String::from_utf8(head).unwrap()).unwrap();
            let answer =
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
            // The connection stays open, as that of a WebSocket.
            tokio::spawn(async move { stream.read_u8().await });
        }
    });
    (address, received)
}

#[tokio::test]
async fn a_web_socket_handshake_is_an_exchange() {
    let (address, mut heads) = web_socket_server().await;
    let url = Url::parse("https://api.example/chat").unwrap();
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&url, address);
    // The second handshake needs a connection of its own.
    for _ in 0..2 {
        let headers = vec![
            ("Upgrade".to_owned(), b"websocket".to_vec()),
            ("Connection".to_owned(), b"Upgrade".to_vec()),
        ];
        let request = WireRequest { method: "GET".to_owned(), url: url.clone(), headers, body: None };
        let response = network.send(request).await.unwrap();
        assert_eq!((response.status, response.body.len()), (101, 0));
        assert_eq!(response.lines("upgrade").collect::<Vec<_>>(), [b"websocket"]);
        let head = heads.recv().await.unwrap().to_lowercase();
        for line in ["get /chat http/1.1\r\n", "\r\nupgrade: websocket\r\n", "\r\nconnection: upgrade\r\n"] {
            assert!(head.contains(line), "{head}");
        }
    }
}
