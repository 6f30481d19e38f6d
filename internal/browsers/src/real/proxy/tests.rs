use futures_util::future::{BoxFuture, FutureExt, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;
use cors_browser::{Exchange, ExchangeKind, FailureKind};
use cors_conformance::network::LoopbackNetwork;
use cors_conformance::scenario::HttpVersion;
use cors_conformance::subject::front::{Authority, Front, Security};
use cors_subjects::subject::axum::serve;

/// A network that answers each request with the request itself, answers `/odd` with odd headers, and does not answer `/broken`.
struct Echo;

impl Network for Echo {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>> {
        if request.url.path() == "/half" {
            let error = NetworkError::new(FailureKind::BrokenOff, "broken");
            let response = WireResponse::new(200).with_header("content-length", "9").with_body("half");
            return ready(Ok(response.with_body_error(error))).boxed();
        }
        if request.url.path() == "/odd" {
            let mut response = WireResponse::new(207).with_body("odd");
            response.headers =
                vec![("x-a ".to_owned(), b"1".to_vec()), ("x-b".to_owned(), b"a\x01b".to_vec())];
            return ready(Ok(response)).boxed();
        }
        if request.url.path() == "/broken" {
            return ready(Err(NetworkError::new(FailureKind::BrokenOff, "broken"))).boxed();
        }
        let body = format!(
            "{} {} [{}]",
            request.method,
            request.url,
            String::from_utf8_lossy(&request.body.unwrap_or_default())
        );
        let headers = vec![
            ("set-cookie".to_owned(), b"a=1".to_vec()),
            ("set-cookie".to_owned(), b"b=2".to_vec()),
            ("transfer-encoding".to_owned(), b"chunked".to_vec()),
        ];
        ready(Ok(WireResponse { headers, ..WireResponse::new(207).with_body(body) })).boxed()
    }
}

async fn proxy(network: impl Network + 'static) -> (Proxy, Arc<Certificates>) {
    let certificates = Arc::new(Certificates::new().unwrap());
    (Proxy::start(Arc::new(network), certificates.clone()).await.unwrap(), certificates)
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address()).await.unwrap()
}

/// Sends a request on a connection that is closed afterwards, and reads the whole answer.
async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), head: &str, body: &str) -> String {
    let request = format!("{head}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Ignore: the proxy may end TLS without `close_notify`.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// Opens a tunnel.
async fn tunnel(proxy: &Proxy, target: &str) -> TcpStream {
    let mut stream = connect(proxy).await;
    stream
        .write_all(format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = [0; 512];
    let mut read = 0;
    while !answer[..read].ends_with(b"\r\n\r\n") {
        read += stream.read(&mut answer[read..]).await.unwrap();
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    stream
}

fn connector(trusted: &Authority) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(trusted.der().to_vec())).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

fn request_lines(exchanges: &[Exchange]) -> Vec<String> {
    exchanges.iter().map(|exchange| format!("{} {}", exchange.request.method, exchange.request.url)).collect()
}

#[tokio::test]
async fn plain_requests_go_to_the_origin_in_their_target() {
    let (proxy, _) = proxy(Echo).await;
    let head = "PUT http://localhost:3000/x?y HTTP/1.1\r\nhost: localhost:3000\r\nproxy-connection: keep-alive\r\n\
                Origin: http://app.example\r\ncontent-length: 5";
    let answer = exchange(&mut connect(&proxy).await, head, "hello").await;
    assert!(answer.starts_with("HTTP/1.1 207 "), "{answer}");
    assert!(answer.contains("PUT http://localhost:3000/x?y [hello]"), "{answer}");
    assert_eq!(answer.matches("set-cookie: ").count(), 2, "{answer}");
    // The server sent no length, so the proxy must not add one.
    assert!(!answer.contains("content-length"), "{answer}");

    let exchanges = proxy.record.take();
    assert_eq!(request_lines(&exchanges), ["PUT http://localhost:3000/x?y"]);
    assert_eq!(exchanges[0].kind, ExchangeKind::Actual);
    let expected = [("Origin", "http://app.example"), ("content-length", "5")]
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    assert_eq!(exchanges[0].request.headers, expected);
    assert_eq!(exchanges[0].response.as_ref().unwrap().status, 207);
}

#[tokio::test]
async fn tls_ends_at_the_proxy_with_a_certificate_for_each_host() {
    let (proxy, certificates) = proxy(Echo).await;
    let connector = connector(certificates.authority());
    for (target, name, origin) in [
        ("api.example:443", "api.example", "https://api.example"),
        ("api.example:8443", "api.example", "https://api.example:8443"),
        ("[2001:db8::7]:443", "2001:db8::7", "https://[2001:db8::7]"),
        ("192.0.2.7:443", "192.0.2.7", "https://192.0.2.7"),
    ] {
        let stream = tunnel(&proxy, target).await;
        let mut stream = connector.connect(ServerName::try_from(name).unwrap(), stream).await.unwrap();
        let answer = exchange(&mut stream, &format!("GET /x HTTP/1.1\r\nhost: {target}"), "").await;
        assert!(answer.contains(&format!("GET {origin}/x []")), "{answer}");
        assert_eq!(request_lines(&proxy.record.take()), [format!("GET {origin}/x")]);
    }
}

#[tokio::test]
async fn pages_are_served_at_every_origin_and_not_recorded() {
    let (proxy, _) = proxy(Echo).await;
    for origin in ["http://app.example", "http://localhost:8080"] {
        let head = format!("GET {origin}{PAGES} HTTP/1.1\r\nhost: x");
        let answer = exchange(&mut connect(&proxy).await, &head, "").await;
        assert!(answer.ends_with(PAGE), "{answer}");
        assert!(answer.contains("content-type: text/html"), "{answer}");
    }
    assert!(proxy.record.take().is_empty());
}

#[tokio::test]
async fn without_a_response_the_connection_is_closed() {
    let (proxy, _) = proxy(Echo).await;
    let answer =
        exchange(&mut connect(&proxy).await, "GET http://api.example/broken HTTP/1.1\r\nhost: x", "").await;
    assert_eq!(answer, "");
    assert_eq!(proxy.record.take()[0].response, Err(NetworkError::new(FailureKind::BrokenOff, "broken")));
}

#[tokio::test]
async fn a_body_that_breaks_off_does_so_for_the_browser() {
    let (proxy, _) = proxy(Echo).await;
    let answer =
        exchange(&mut connect(&proxy).await, "GET http://api.example/half HTTP/1.1\r\nhost: x", "").await;
    assert!(answer.contains("content-length: 9"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhalf"), "{answer}");
}

#[tokio::test]
async fn headers_that_break_the_grammar_reach_the_browser() {
    let (proxy, certificates) = proxy(Echo).await;
    let head = "GET /odd HTTP/1.1\r\nhost: api.example";
    let name = ServerName::try_from("api.example").unwrap();
    let stream = tunnel(&proxy, "api.example:443").await;
    let mut stream = connector(certificates.authority()).connect(name, stream).await.unwrap();
    let answer = exchange(&mut stream, head, "").await;
    assert_eq!(answer, "HTTP/1.1 207 \r\nx-a : 1\r\nx-b: a\x01b\r\nConnection: close\r\n\r\nodd");
}

#[tokio::test]
async fn an_untrusted_certificate_reaches_the_browser() {
    let (trusted, untrusted) = (Authority::new().unwrap(), Authority::new().unwrap());
    let application = ::axum::Router::new().route("/", ::axum::routing::get(|| async { "hello" }));
    let security = Security::Tls(untrusted.issue("api.example").unwrap());
    let front = Front::start(0, security, serve(application).await.unwrap()).await.unwrap();
    let url = Url::parse("https://api.example/").unwrap();
    let network =
        LoopbackNetwork::new(HttpVersion::Http11).with_tls_route(&url, front.address(), trusted.der());
    let (proxy, certificates) = proxy(network).await;

    let name = ServerName::try_from("api.example").unwrap();
    let refused = connector(certificates.authority())
        .connect(name.clone(), tunnel(&proxy, "api.example:443").await)
        .await;
    assert!(refused.unwrap_err().to_string().contains("UnknownIssuer"));
    let mut stream =
        connector(&untrusted).connect(name, tunnel(&proxy, "api.example:443").await).await.unwrap();
    let answer = exchange(&mut stream, "GET / HTTP/1.1\r\nhost: api.example", "").await;
    assert!(answer.ends_with("hello"), "{answer}");
    assert!(proxy.record.take().is_empty());
}

#[tokio::test]
async fn dropping_the_proxy_closes_its_connections() {
    let (proxy, _) = proxy(Echo).await;
    let address = proxy.address();
    let mut idle = connect(&proxy).await;
    drop(proxy);
    let mut buffer = [0; 1];
    assert_eq!(idle.read(&mut buffer).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_error_to_accept_is_followed_by_a_pause() {
    const TOO_MANY_OPEN_FILES: i32 = 24;
    let begun = std::time::Instant::now();
    let mut calls = 0;
    let accepted = accept(|| {
        calls += 1;
        let result =
            if calls <= 2 { Err(io::Error::from_raw_os_error(TOO_MANY_OPEN_FILES)) } else { Ok(calls) };
        ready(result)
    })
    .await;
    assert_eq!(accepted, 3);
    assert!(begun.elapsed() >= ACCEPT_PAUSE * 2);
}
