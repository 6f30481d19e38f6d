//! The development proxy in front of servers on the loopback interface.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use cors_cli::proxy::{Mode, Options, Proxy, Rest, SetupError, Target};
use cors_core::{Guard, Policy};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

const APP: &str = "https://app.example";

fn body(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// A server whose handler answers every request.
async fn upstream<F, A>(handler: F) -> SocketAddr
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let handler = handler.clone();
            let service = service_fn(move |request| {
                let answer = handler(request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            tokio::spawn(
                http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades(),
            );
        }
    });
    address
}

/// A server that shows the head of each request in its body, and sends CORS headers of its own.
async fn echo() -> SocketAddr {
    upstream(|request: Request<Incoming>| async move {
        let mut text = format!("{} {}\n", request.method(), request.uri());
        for (name, value) in request.headers() {
            text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
        }
        Response::builder()
            .header("access-control-allow-origin", "https://other.example")
            .header("access-control-allow-credentials", "true")
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .header("keep-alive", "timeout=5")
            .header("set-cookie", "a=1; Domain=api.example; Secure")
            .header("set-cookie", "b=2; Path=/")
            .body(body(text))
            .unwrap()
    })
    .await
}

fn policy() -> Policy {
    let policy = Policy::builder().allow_origins(APP).allow_methods("PUT").expose_headers("x-request-id");
    policy.guard(Guard::builder()).build().unwrap()
}

fn options(to: &str, mode: Mode) -> Options {
    Options { to: to.parse().unwrap(), mode, authorities: None, local_cookies: false, own_origin: false }
}

async fn proxy(options: Options) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(Proxy::new(options).unwrap().serve(listener));
    address
}

/// A proxy with the policy in front of a server.
async fn with_policy(server: SocketAddr) -> SocketAddr {
    proxy(options(&format!("http://{server}"), Mode::Policy(policy()))).await
}

/// Sends bytes, and returns what comes back until the connection is closed.
async fn raw(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer));
    // A reset is an end too.
    let _ = read.await.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn lines(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }
}

/// Sends a request with these header lines.
async fn ask(address: SocketAddr, method: &str, path: &str, lines: &[(&str, &str)]) -> Answer {
    let lines: String = lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{lines}\r\n");
    let answer = raw(address, &request).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect(&answer);
    let mut head = head.split("\r\n");
    let status = head.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = head.map(|line| {
        let (name, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
        (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap())
    });
    let mut map = HeaderMap::new();
    headers.for_each(|(name, value)| {
        map.append(name, value);
    });
    Answer { status, headers: map, body: body.to_owned() }
}

#[tokio::test]
async fn the_policy_replaces_the_servers_own_headers() {
    let proxy = with_policy(echo().await).await;
    let answer = ask(proxy, "GET", "/users?a=b", &[("origin", APP)]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.lines("access-control-allow-origin"), [APP]);
    assert_eq!(answer.lines("access-control-allow-credentials"), [""; 0]);
    assert_eq!(answer.lines("access-control-expose-headers"), ["x-request-id"]);
    assert!(answer.body.starts_with("GET /users?a=b\n"), "{}", answer.body);

    let stranger = ask(proxy, "GET", "/users", &[("origin", "https://evil.example")]).await;
    assert_eq!(stranger.lines("access-control-allow-origin"), [""; 0]);
    assert!(stranger.lines("vary").contains(&"Origin") || stranger.lines("vary").contains(&"origin"));
}

#[rstest]
#[case::granted(APP, "PUT", 204, &["GET, HEAD, POST, PUT"])]
#[case::stranger("https://evil.example", "PUT", 403, &[])]
#[case::method(APP, "DELETE", 403, &[])]
#[tokio::test]
async fn preflights_never_reach_the_server(
    #[case] origin: &str,
    #[case] method: &str,
    #[case] status: u16,
    #[case] methods: &[&str],
) {
    // The port of a listener that was dropped: nothing answers there.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let proxy = with_policy(gone).await;
    let lines = [("origin", origin), ("access-control-request-method", method)];
    let answer = ask(proxy, "OPTIONS", "/users", &lines).await;
    assert_eq!(answer.status, status);
    let sent = answer.lines("access-control-allow-methods");
    assert_eq!(sent.is_empty(), methods.is_empty(), "{sent:?}");
    assert!(sent.iter().all(|line| line.contains("PUT")), "{sent:?}");
}

#[tokio::test]
async fn the_guard_denies_before_the_server_sees_it() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let proxy = with_policy(gone).await;
    let answer =
        ask(proxy, "POST", "/", &[("origin", "https://evil.example"), ("content-length", "0")]).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn a_server_that_is_down_is_a_502_that_the_page_can_read() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let proxy = with_policy(gone).await;
    let answer = ask(proxy, "GET", "/users", &[("origin", APP)]).await;
    assert_eq!(answer.status, 502);
    assert!(
        answer.body.contains(&format!("http://{gone} cannot be reached: "))
            && answer.body.contains("refused"),
        "{}",
        answer.body
    );
    assert_eq!(answer.lines("access-control-allow-origin"), [APP]);
}

#[tokio::test]
async fn headers_of_one_connection_do_not_pass() {
    let server = echo().await;
    let proxy = with_policy(server).await;
    let lines = [
        ("connection", "x-mine"),
        ("x-mine", "1"),
        ("proxy-authorization", "Basic eA=="),
        ("te", "trailers"),
        ("x-other", "2"),
    ];
    let answer = ask(proxy, "GET", "/", &lines).await;
    assert!(answer.body.contains("x-other: 2\n"), "{}", answer.body);
    assert!(answer.body.contains(&format!("host: {server}\n")), "{}", answer.body);
    assert!(answer.body.contains("via: 1.1 cors-proxy-"), "{}", answer.body);
    for name in ["x-mine", "proxy-authorization", "te:", "connection"] {
        assert!(!answer.body.contains(name), "{name}: {}", answer.body);
    }
    for name in ["x-hop", "keep-alive"] {
        assert_eq!(answer.lines(name), [""; 0]);
    }
}

/// Chunks as they are sent. The sender keeps the body open.
fn channel() -> (mpsc::UnboundedSender<Result<&'static str, std::io::Error>>, Body) {
    let (sender, mut receiver) = mpsc::unbounded_channel::<Result<&'static str, std::io::Error>>();
    let stream = futures_util::stream::poll_fn(move |context| {
        receiver.poll_recv(context).map(|chunk| {
            chunk.map(|chunk| chunk.map(|text| Frame::data(Bytes::from_static(text.as_bytes()))))
        })
    });
    (sender, BodyExt::boxed_unsync(StreamBody::new(stream)))
}

/// Reads until `end` has come.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.contains(end) {
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer));
        let count = read.await.expect("in time").unwrap();
        assert!(count > 0, "the connection ended after {text:?}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    text
}

#[tokio::test]
async fn a_response_is_streamed_and_its_end_is_cut_off_where_the_server_cuts_it_off() {
    let (senders, mut bodies) = mpsc::unbounded_channel();
    let server = upstream(move |_| {
        let (sender, body) = channel();
        senders.send(sender).unwrap();
        async move { Response::new(body) }
    })
    .await;
    let proxy = with_policy(server).await;
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    stream.write_all(format!("GET / HTTP/1.1\r\nhost: {proxy}\r\n\r\n").as_bytes()).await.unwrap();
    let sender = bodies.recv().await.unwrap();
    // Each chunk arrives although the body has not ended.
    sender.send(Ok("one")).unwrap();
    assert!(read_until(&mut stream, "one").await.starts_with("HTTP/1.1 200 OK\r\n"));
    sender.send(Ok("two")).unwrap();
    read_until(&mut stream, "two").await;
    sender.send(Err(std::io::Error::other("cut off"))).unwrap();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest));
    let _ = read.await.expect("the connection ends");
    // The last chunk would say that the body is complete.
    assert!(!String::from_utf8_lossy(&rest).contains("0\r\n\r\n"), "{rest:?}");
}

#[tokio::test]
async fn a_request_is_streamed() {
    let (seen, mut chunks) = mpsc::unbounded_channel();
    let server = upstream(move |mut request: Request<Incoming>| {
        let seen = seen.clone();
        async move {
            while let Some(Ok(frame)) = request.body_mut().frame().await {
                seen.send(frame.into_data().unwrap()).unwrap();
            }
            Response::new(body("done"))
        }
    })
    .await;
    let proxy = with_policy(server).await;
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: {proxy}\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(chunks.recv().await.unwrap(), "one");
    stream.write_all(b"3\r\ntwo\r\n").await.unwrap();
    assert_eq!(chunks.recv().await.unwrap(), "two");
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    assert!(read_until(&mut stream, "done").await.contains("200 OK"));
}

/// A server that accepts an upgrade and sends back what it gets.
async fn echo_after_upgrade() -> SocketAddr {
    upstream(|mut request: Request<Incoming>| async move {
        if request.headers().get("upgrade").is_none_or(|value| value != "websocket") {
            return Response::new(body("no upgrade"));
        }
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut stream = TokioIo::new(upgrade.await.unwrap());
            let mut buffer = [0; 64];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                stream.write_all(&buffer[..count]).await.unwrap();
            }
        });
        Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-accept", "x")
            .body(body(""))
            .unwrap()
    })
    .await
}

#[rstest]
#[case::policy(true)]
#[case::same_origin(false)]
#[tokio::test]
async fn websockets_pass(#[case] has_policy: bool) {
    let server = echo_after_upgrade().await;
    let (proxy, path) = match has_policy {
        true => (with_policy(server).await, "/"),
        false => {
            let folder = tempfile::tempdir().unwrap();
            let rest = Rest::Folder(folder.path().to_owned());
            (
                proxy(options(&format!("http://{server}"), Mode::SameOrigin { prefix: "/api".into(), rest }))
                    .await,
                "/api/",
            )
        }
    };
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {proxy}\r\nconnection: Upgrade\r\nupgrade: websocket\r\norigin: {APP}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 101 ") && answer.contains("sec-websocket-accept: x\r\n"),
        "{answer}"
    );
    for text in ["hello", "again"] {
        stream.write_all(text.as_bytes()).await.unwrap();
        read_until(&mut stream, text).await;
    }
}

#[tokio::test]
async fn a_foreign_websocket_is_denied() {
    let proxy = with_policy(echo_after_upgrade().await).await;
    let lines = [("connection", "Upgrade"), ("upgrade", "websocket"), ("origin", "https://evil.example")];
    assert_eq!(ask(proxy, "GET", "/", &lines).await.status, 403);
}

#[tokio::test]
async fn page_and_server_have_one_origin() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<p>hello").unwrap();
    let server = echo().await;
    let rest = Rest::Folder(folder.path().to_owned());
    let mode = Mode::SameOrigin { prefix: "/api/".into(), rest };
    let proxy = proxy(Options {
        local_cookies: true,
        own_origin: true,
        ..options(&format!("http://{server}/v1"), mode)
    })
    .await;

    let page = ask(proxy, "GET", "/", &[]).await;
    assert_eq!((page.status, page.body.as_str()), (200, "<p>hello"));
    assert_eq!(page.lines("content-type"), ["text/html"]);
    assert_eq!(ask(proxy, "GET", "/../Cargo.toml", &[]).await.status, 404);
    assert_eq!(ask(proxy, "GET", "/apis", &[]).await.status, 404);

    let own = format!("http://{proxy}");
    let answer = ask(proxy, "GET", "/api/users?a", &[("origin", &own)]).await;
    assert!(answer.body.starts_with("GET /v1/users?a\n"), "{}", answer.body);
    assert!(answer.body.contains(&format!("origin: http://{server}\n")), "{}", answer.body);
    // Another origin must not read with the cookies of this one.
    assert_eq!(answer.lines("access-control-allow-origin"), [""; 0]);
    assert_eq!(answer.lines("set-cookie"), ["a=1", "b=2; Path=/api"]);

    let stranger = ask(proxy, "GET", "/api/", &[("origin", "https://evil.example")]).await;
    assert!(stranger.body.contains("origin: https://evil.example\n"), "{}", stranger.body);
}

#[tokio::test]
async fn the_rest_can_be_another_server() {
    let bundler = upstream(|request: Request<Incoming>| async move {
        Response::new(body(format!("bundler {}", request.uri())))
    })
    .await;
    let server = echo().await;
    let rest = Rest::Server(format!("http://{bundler}").parse().unwrap());
    let mode = Mode::SameOrigin { prefix: "/api".into(), rest };
    let proxy = proxy(options(&format!("http://{server}"), mode)).await;
    assert_eq!(ask(proxy, "GET", "/@vite/client", &[]).await.body, "bundler /@vite/client");
    assert!(ask(proxy, "GET", "/api", &[]).await.body.starts_with("GET /\n"));
}

#[tokio::test]
async fn a_redirect_leads_back_to_the_proxy() {
    let (addresses, location) = tokio::sync::watch::channel(String::new());
    let server = upstream(move |_| {
        let location = location.borrow().clone();
        async move { Response::builder().status(302).header("location", location).body(body("")).unwrap() }
    })
    .await;
    addresses.send_replace(format!("http://{server}/login?a"));
    let proxy = with_policy(server).await;
    assert_eq!(ask(proxy, "GET", "/", &[]).await.lines("location"), ["/login?a"]);
}

#[rstest]
#[case::absolute(
    "GET http://evil.example/ HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
    "HTTP/1.1 400 "
)]
#[case::connect(
    "CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\nconnection: close\r\n\r\n",
    "HTTP/1.1 405 "
)]
#[tokio::test]
async fn it_is_not_an_open_proxy(#[case] request: &str, #[case] expected: &str) {
    let proxy = with_policy(echo().await).await;
    let answer = raw(proxy, request).await;
    assert!(answer.starts_with(expected) && answer.contains("in front of one server"), "{answer}");
}

#[tokio::test]
async fn a_proxy_of_itself_is_a_508() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let options = options(&format!("http://{address}"), Mode::Policy(policy()));
    tokio::spawn(Proxy::new(options).unwrap().serve(listener));
    let answer = ask(address, "GET", "/", &[]).await;
    assert_eq!(answer.status, 508);
}

#[test]
fn wrong_options_are_refused() {
    let with = |mode| Proxy::new(options("http://localhost:1", mode)).map(drop);
    let rest = |path: &str| Rest::Folder(path.into());
    let no_folder = with(Mode::SameOrigin { prefix: "/api".into(), rest: rest("no/such/folder") });
    assert!(matches!(no_folder, Err(SetupError::NoFolder(_))));
    for prefix in ["api", "/", "", "//api", "/a?b"] {
        let wrong = with(Mode::SameOrigin { prefix: prefix.into(), rest: rest(".") });
        assert!(matches!(wrong, Err(SetupError::Prefix(_))), "{prefix}");
    }
    let authorities = Some("Cargo.toml".into());
    let no_certificates = Options { authorities, ..options("http://localhost:1", Mode::Policy(policy())) };
    assert!(matches!(Proxy::new(no_certificates), Err(SetupError::Tls(_))));
    assert!("localhost:3000".parse::<Target>().is_err());
}
