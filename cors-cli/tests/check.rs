//! Checks against servers on the loopback interface, most of them broken.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cors_browser::{FailureKind, FetchRequest, Origin, Page, Profile, Redirect};
use cors_cli::check::audit::{Access, REQUEST_LIMIT, Severity};
use cors_cli::check::{
    Check, CheckReport, Connecting, HttpVersion, LiveNetwork, PageResult, Setup, run, run_in, to_json,
    to_text,
};
use cors_cli::tls::TlsError;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rstest::rstest;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use url::Url;

const APP: &str = "https://app.example";

fn fetch(base: &str, method: &str, path: &str) -> FetchRequest {
    let url = Url::parse(&format!("{base}{path}")).unwrap();
    FetchRequest::new(url).with_method(method)
}

fn check(request: FetchRequest) -> Check {
    Check {
        page: Page::new(Origin::parse(APP).unwrap()),
        request,
        profile: Profile::chromium(),
        audit: false,
        setup: Setup::default(),
    }
}

async fn play(check: Check, authorities: Option<&Path>, seconds: f64) -> CheckReport {
    let network =
        LiveNetwork::new(authorities, Duration::from_secs_f64(seconds)).unwrap().with_shared_limit();
    let report = run(check, Arc::new(network)).await;
    // Every result can be printed in both formats.
    assert!(!to_text(&report).is_empty());
    let json: Value = serde_json::from_str(&to_json(&report).unwrap()).unwrap();
    assert_eq!(json["exchanges"].as_array().map(Vec::is_empty), Some(false));
    report
}

#[rstest]
#[case::nothing("")]
#[case::text("a text")]
#[case::bad("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
fn a_file_without_certificates_is_refused(#[case] text: &str) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let error = LiveNetwork::new(Some(file.path()), Duration::from_secs(1)).unwrap_err();
    assert!(matches!(error, TlsError::Certificates { .. }), "{error}");
}

/// A server that answers the first bytes on every connection with `bytes`, without an end if `repeats`. Then it closes the
/// connection if `closes`, and keeps it open otherwise.
async fn broken(bytes: Vec<u8>, repeats: bool, closes: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let bytes = bytes.clone();
            tokio::spawn(async move { answer(&mut stream, &bytes, repeats, closes).await });
        }
    });
    address
}

async fn answer(stream: &mut TcpStream, bytes: &[u8], repeats: bool, closes: bool) -> std::io::Result<()> {
    let _ = stream.read(&mut [0; 1024]).await?;
    stream.write_all(bytes).await?;
    if repeats {
        loop {
            stream.write_all(&[b'a'; 1 << 16]).await?;
        }
    }
    if !closes {
        std::future::pending::<()>().await;
    }
    Ok(())
}

const OK: &str = "HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\n";

#[rstest]
#[case::silent("", false, FailureKind::Timeout)]
#[case::gone("", true, FailureKind::BrokenOff)]
#[case::garbage("\x16\x03\x01\0\0\r\n\r\n", true, FailureKind::Malformed)]
#[case::greeting("220 mail.example ESMTP\r\n", false, FailureKind::Malformed)]
#[case::bad_status("HTTP/1.1 abc OK\r\n\r\n", true, FailureKind::Malformed)]
#[case::half_a_head("HTTP/1.1 200 OK\r\nx-a", true, FailureKind::BrokenOff)]
#[case::two_lengths(
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    true,
    FailureKind::Malformed
)]
#[case::other_protocol(
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
    false,
    FailureKind::BrokenOff
)]
#[tokio::test]
async fn a_broken_server_is_a_failure(#[case] bytes: &str, #[case] closes: bool, #[case] kind: FailureKind) {
    let address = broken(bytes.into(), false, closes).await;
    let report = play(check(fetch(&format!("http://{address}"), "GET", "/")), None, 0.5).await;
    let failure = report.failure().unwrap_or_else(|| panic!("{}", to_text(&report)));
    assert_eq!((failure.kind, report.exit_code()), (kind, 2), "{failure}");
}

/// Lines that are not headers, control bytes and broken bodies do not keep a browser from judging the head.
#[rstest]
#[case::bad_name("bad name: 1\r\n", "ab", true)]
#[case::no_colon("whatever\r\n", "ab", true)]
#[case::control("x-a: \x01\r\n", "ab", true)]
#[case::half_a_body("content-length: 9\r\n", "ab", true)]
#[case::slow_body("content-length: 9\r\n", "ab", false)]
#[case::bad_chunk("transfer-encoding: chunked\r\n", "zz\r\n", true)]
#[tokio::test]
async fn a_flaw_does_not_hide_the_verdict(#[case] lines: &str, #[case] body: &str, #[case] closes: bool) {
    for (head, result) in [("HTTP/1.1 200 OK\r\n", PageResult::Blocked), (OK, PageResult::Readable)] {
        let address = broken(format!("{head}{lines}\r\n{body}").into(), false, closes).await;
        let report = play(check(fetch(&format!("http://{address}"), "GET", "/")), None, 0.5).await;
        assert_eq!(report.page_result(), result, "{}", to_text(&report));
        assert!(report.failure().is_none(), "{}", to_text(&report));
    }
}

/// The verdict is that about the head, and comes soon, whatever the body does.
#[rstest]
#[case::endless("", true, "only the first 64 KiB of the body were read")]
#[case::stream(
    "content-type: text/event-stream\r\n",
    false,
    "the rest of the body was not read, because it took long"
)]
#[case::long("content-length: 41943040\r\n", true, "only the first 64 KiB of the body were read")]
#[tokio::test]
async fn a_body_does_not_change_the_verdict(#[case] lines: &str, #[case] repeats: bool, #[case] error: &str) {
    for (head, result) in [("HTTP/1.1 200 OK\r\n", PageResult::Blocked), (OK, PageResult::Readable)] {
        let begun = Instant::now();
        let address = broken(format!("{head}{lines}\r\nab").into(), repeats, false).await;
        let report = play(check(fetch(&format!("http://{address}"), "GET", "/")), None, 60.0).await;
        assert_eq!((report.page_result(), report.failure()), (result, None), "{}", to_text(&report));
        let json: Value = serde_json::from_str(&to_json(&report).unwrap()).unwrap();
        assert_eq!(json["exchanges"][0]["response"]["body_error"], error);
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}

/// A preflight has answered when its head is there.
#[rstest]
#[case::stalls("content-length: 9\r\n\r\nab", false)]
#[case::streams("\r\nab", true)]
#[case::stalls_in_chunks("transfer-encoding: chunked\r\n\r\n2\r\nab\r\n", false)]
#[tokio::test]
async fn a_preflight_is_not_waited_for(#[case] rest: &str, #[case] repeats: bool) {
    let begun = Instant::now();
    let head = "HTTP/1.1 200 OK\r\naccess-control-allow-origin: https://app.example\r\n";
    let address = broken(format!("{head}{rest}").into(), repeats, false).await;
    let report = play(check(fetch(&format!("http://{address}"), "PUT", "/")), None, 60.0).await;
    let json: Value = serde_json::from_str(&to_json(&report).unwrap()).unwrap();
    assert_eq!(json["reason"], "method-not-allowed", "{}", to_text(&report));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// A body that a server must not send after a 204 is not the beginning of the next response.
#[tokio::test]
async fn a_body_after_204_spoils_no_other_response() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                    let response = "HTTP/1.1 204 No Content\r\naccess-control-allow-origin: https://app.example\r\n\
                                    access-control-allow-methods: PUT\r\n\r\nleftover";
                    let _ = stream.write_all(response.as_bytes()).await;
                }
            });
        }
    });
    for _ in 0..20 {
        let report = play(check(fetch(&format!("http://{address}"), "PUT", "/")), None, 10.0).await;
        assert_eq!(report.page_result(), PageResult::Readable, "{}", to_text(&report));
    }
}

/// However slowly a server answers, and however often it redirects, the time limit holds.
#[rstest]
#[case::head("HTTP/1.1 200 OK\r\nx-a: ")]
#[case::redirects(
    "HTTP/1.1 302 Found\r\nlocation: /\r\naccess-control-allow-origin: *\r\ncontent-length: 0\r\n\r\n"
)]
#[tokio::test]
async fn a_slow_server_is_left_in_time(#[case] response: &'static str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                tokio::time::sleep(Duration::from_millis(300)).await;
                let _ = stream.write_all(response.as_bytes()).await;
                while stream.write_all(b"a").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
        }
    });
    let begun = Instant::now();
    let report = play(check(fetch(&format!("http://{address}"), "GET", "/")), None, 1.0).await;
    assert_eq!(
        report.failure().map(|failure| failure.kind),
        Some(FailureKind::Timeout),
        "{}",
        to_text(&report)
    );
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn endless_headers_are_a_failure() {
    let address = broken(format!("{OK}x-a: ").into(), true, false).await;
    let report = play(check(fetch(&format!("http://{address}"), "GET", "/")), None, 60.0).await;
    assert_eq!(report.failure().map(|failure| failure.kind), Some(FailureKind::EndlessHead));
    assert_eq!(report.console().unwrap(), "Failed to load resource: net::ERR_RESPONSE_HEADERS_TOO_BIG");
}

#[rstest]
#[case::many(150, 2, None)]
#[case::long(2, 100_000, None)]
#[case::too_many(1001, 2, Some(FailureKind::EndlessHead))]
#[case::too_long(3, 100_000, Some(FailureKind::EndlessHead))]
#[tokio::test]
async fn a_long_head_is_read(#[case] lines: usize, #[case] length: usize, #[case] kind: Option<FailureKind>) {
    let lines: String = (0..lines).map(|number| format!("x-{number}: {}\r\n", "a".repeat(length))).collect();
    let response = format!("{OK}{lines}content-length: 0\r\n\r\n");
    let address = broken(response.into(), false, true).await;
    let report = play(check(fetch(&format!("http://{address}"), "GET", "/")), None, 10.0).await;
    assert_eq!(report.failure().map(|failure| failure.kind), kind, "{:?}", report.failure());
}

/// RFC 9112, sections 5.1 and 5.2 forbid servers to send these. Chromium reads them.
#[rstest]
#[case::space_before_the_colon("access-control-allow-origin : *\r\n", "*")]
#[case::folded("access-control-allow-origin:\r\n  *\r\n", "*")]
#[case::folded_within("x-a: 1\r\n\t2\r\naccess-control-allow-origin: *\r\n", "*")]
#[tokio::test]
async fn obsolete_header_syntax_is_read(#[case] lines: &str, #[case] allowed: &str) {
    let response = format!("HTTP/1.1 200 OK\r\n{lines}content-length: 0\r\n\r\n");
    let address = broken(response.into(), false, true).await;
    let report = play(check(fetch(&format!("http://{address}"), "GET", "/")), None, 10.0).await;
    assert_eq!(report.page_result(), PageResult::Readable, "{}", to_text(&report));
    let json: Value = serde_json::from_str(&to_json(&report).unwrap()).unwrap();
    let headers = &json["exchanges"][0]["response"]["headers"];
    assert_eq!(headers["access-control-allow-origin"], serde_json::json!([allowed]));
}

#[rstest]
#[case::no_tls("http://127.0.0.1:{port}", FailureKind::Refused)]
#[case::tls("https://127.0.0.1:{port}", FailureKind::Refused)]
// A label has at most 63 letters, so this fails without a resolver.
#[case::no_name(&format!("http://{}.invalid", "a".repeat(64)), FailureKind::Unresolved)]
#[tokio::test]
async fn a_server_that_does_not_exist_is_a_failure(#[case] base: &str, #[case] kind: FailureKind) {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let base = base.replace("{port}", &port.to_string());
    let page = Page::new(Origin::parse("http://app.example").unwrap());
    let report = play(Check { page, ..check(fetch(&base, "PUT", "/")) }, None, 10.0).await;
    assert_eq!(report.failure().map(|failure| failure.kind), Some(kind), "{}", to_text(&report));
    assert_eq!(report.exit_code(), 2);
}

#[tokio::test]
async fn a_server_without_tls_is_a_failure_over_https() {
    let address =
        broken(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_vec(), false, true).await;
    let report = play(check(fetch(&format!("https://{address}"), "GET", "/")), None, 10.0).await;
    assert_eq!(report.failure().map(|failure| failure.kind), Some(FailureKind::Tls));
}

#[tokio::test]
async fn the_browser_ends_a_loop_of_redirects() {
    let response = format!("{}location: /\r\ncontent-length: 0\r\n\r\n", OK.replace("200 OK", "302 Found"));
    let address = broken(response.into(), false, true).await;
    let report = play(check(fetch(&format!("http://{address}"), "GET", "/")), None, 10.0).await;
    let json: Value = serde_json::from_str(&to_json(&report).unwrap()).unwrap();
    assert_eq!(json["reason"], "too-many-redirects");
    assert_eq!(json["exchanges"].as_array().map(Vec::len), Some(21));
    assert_eq!(report.exit_code(), 1);
}

#[tokio::test]
async fn an_audit_stops_if_every_origin_is_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            let text = String::from_utf8_lossy(&request[..length]).to_lowercase();
            let origin = text.lines().find_map(|line| line.strip_prefix("origin: ")).unwrap_or("*");
            let response = format!(
                "HTTP/1.1 302 Found\r\naccess-control-allow-origin: {origin}\r\naccess-control-allow-credentials: true\r\n\
                 location: /again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(response.as_bytes()).await.unwrap();
        }
    });
    let request = fetch(&format!("http://{address}"), "GET", "/").with_redirect(Redirect::Error);
    let report = play(Check { audit: true, ..check(request) }, None, 10.0).await;
    let audit = report.audit().unwrap();
    assert!(audit.probes.iter().all(|probe| probe.access == Access::WithCookies), "{audit:#?}");
    assert!(audit.findings[0].severity == Severity::High && audit.skipped > 10, "{audit:#?}");
    assert_eq!(count.load(Ordering::SeqCst), 1 + audit.requests);
    assert!(audit.requests <= REQUEST_LIMIT);
}

/// A server over TLS for `localhost` that speaks these protocols and tells the page which version it spoke. The file has its
/// certificate.
async fn secure(protocols: &[&str]) -> (SocketAddr, tempfile::NamedTempFile) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let encoded = STANDARD.encode(certified.cert.der());
    write!(file, "-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n").unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate ends the handshake.
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let service = service_fn(|request: Request<Incoming>| async move {
                    let response = Response::builder()
                        .header("access-control-allow-origin", "*")
                        .header("access-control-allow-methods", "PUT")
                        .header("access-control-expose-headers", "x-version")
                        .header("x-version", format!("{:?}", request.version()));
                    response.body(Full::new(Bytes::from_static(b"ok")))
                });
                let stream = TokioIo::new(stream);
                let _ = match is_http2 {
                    true => http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await,
                    false => http1::Builder::new().serve_connection(stream, service).await,
                };
            });
        }
    });
    (address, file)
}

/// The version of HTTP is the newest that both sides speak, or the one that the user wants.
#[rstest]
#[case(&["h2"], None, Some("HTTP/2.0"))]
#[case(&["h2", "http/1.1"], None, Some("HTTP/2.0"))]
#[case(&["http/1.1"], None, Some("HTTP/1.1"))]
#[case(&["h2", "http/1.1"], Some(HttpVersion::Http1), Some("HTTP/1.1"))]
#[case(&["h2", "http/1.1"], Some(HttpVersion::Http2), Some("HTTP/2.0"))]
#[case(&["http/1.1"], Some(HttpVersion::Http2), None)]
#[case(&[], Some(HttpVersion::Http2), None)]
#[case(&["h2"], Some(HttpVersion::Http1), None)]
#[tokio::test]
async fn http_versions(
    #[case] protocols: &[&str],
    #[case] version: Option<HttpVersion>,
    #[case] expected: Option<&str>,
) {
    let (address, file) = secure(protocols).await;
    let authorities = Some(file.path().to_owned());
    let connecting = Connecting { authorities, version, ..Connecting::default() };
    let network = LiveNetwork::connecting(connecting, Duration::from_secs(10)).unwrap();
    let request = fetch(&format!("https://localhost:{}", address.port()), "PUT", "/");
    let report = run(check(request), Arc::new(network)).await;
    let json: Value = serde_json::from_str(&to_json(&report).unwrap()).unwrap();
    let spoken = &json["exchanges"][1]["response"]["headers"]["x-version"][0];
    assert_eq!(spoken.as_str(), expected, "{}", to_text(&report));
    assert_eq!(report.failure().is_some(), expected.is_none(), "{}", to_text(&report));
}

/// Names go to the addresses that the user gives, with the port and the certificate of the name.
#[tokio::test]
async fn a_name_is_resolved_as_the_user_says() {
    let (address, file) = secure(&["h2", "http/1.1"]).await;
    let port = address.port();
    let network = |entries: &[String]| {
        let connecting = Connecting {
            authorities: Some(file.path().to_owned()),
            addresses: entries.iter().map(|entry| entry.parse().unwrap()).collect(),
            ..Connecting::default()
        };
        Arc::new(LiveNetwork::connecting(connecting, Duration::from_secs(10)).unwrap())
    };
    // The first address of the entry does not answer on this port.
    let right = network(&[format!("localhost:{port}:127.0.0.2,127.0.0.1")]);
    let request = fetch(&format!("https://localhost:{port}"), "GET", "/");
    let report = run(check(request.clone()), right).await;
    assert_eq!(report.page_result(), PageResult::Readable, "{}", to_text(&report));
    let wrong = network(&[format!("localhost:{port}:127.0.0.2")]);
    let report = run(check(request), wrong).await;
    assert_eq!(report.failure().map(|failure| failure.kind), Some(FailureKind::Refused));

    // A name without an address, over HTTP.
    let plain = broken(format!("{OK}content-length: 0\r\n\r\n").into(), false, true).await;
    let network = network(&[format!("*:{}:127.0.0.1", plain.port())]);
    let request = fetch(&format!("http://api.invalid:{}", plain.port()), "GET", "/");
    let page = Page::new(Origin::parse("http://app.example").unwrap());
    let report = run(Check { page, ..check(request) }, network).await;
    assert_eq!(report.page_result(), PageResult::Readable, "{}", to_text(&report));
}

/// Without verification there is a verdict, and the report says first that no browser gets that far.
#[tokio::test]
async fn a_certificate_that_is_ignored_is_named() {
    let (address, file) = secure(&["h2"]).await;
    let (unknown, other_name) =
        ("does not come from a CA that this machine trusts", "is for another host name");
    for (host, authorities, problem) in [
        ("localhost", None, Some(unknown)),
        ("127.0.0.1", Some(file.path()), Some(other_name)),
        ("localhost", Some(file.path()), None),
    ] {
        let connecting = Connecting {
            authorities: authorities.map(Path::to_owned),
            accepts_every_certificate: true,
            ..Connecting::default()
        };
        let network = Arc::new(LiveNetwork::connecting(connecting, Duration::from_secs(10)).unwrap());
        let request = fetch(&format!("https://{host}:{}", address.port()), "GET", "/");
        let report = run(check(request), network.clone()).await.with_connection_notes(network.notes());
        assert_eq!(report.page_result(), PageResult::Readable, "{}", to_text(&report));
        let text = to_text(&report);
        let warning =
            problem.map(|problem| format!("NOT A BROWSER'S VERDICT: the certificate of {host} {problem}, "));
        match warning {
            Some(warning) => {
                let verdict = text.find("readable: ").unwrap();
                assert!(text.find(&warning).is_some_and(|at| at < verdict), "{text}");
                assert_eq!(text.matches(&warning[25..]).count(), 1, "{text}");
                assert_eq!(report.notes()[0].code, "certificate-ignored");
            }
            None => assert!(!text.contains("certificate"), "{text}"),
        }
    }
    // If the certificate is verified, the request fails.
    let request = fetch(&format!("https://localhost:{}", address.port()), "GET", "/");
    let report = play(check(request), None, 10.0).await;
    assert_eq!(report.failure().map(|failure| failure.kind), Some(FailureKind::Certificate));
}

/// Random numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).unwrap()
    }

    fn pick<'a>(&mut self, choices: &[&'a [u8]]) -> &'a [u8] {
        choices[self.below(choices.len())]
    }
}

/// A response of parts that are valid or not.
fn random_response(numbers: &mut Numbers) -> Vec<u8> {
    let statuses: [&[u8]; 12] = [
        b"200 OK",
        b"204 No Content",
        b"302 Found",
        b"308 Moved",
        b"400 Bad",
        b"401 No",
        b"403 No",
        b"407 Proxy",
        b"429 Slow",
        b"503 Down",
        b"999 \xff",
        b"101 Switching",
    ];
    let names: [&[u8]; 14] = [
        b"access-control-allow-origin",
        b"access-control-allow-methods",
        b"access-control-allow-headers",
        b"access-control-allow-credentials",
        b"Access-Control-Allow-Orgin",
        b"access-control-max-age",
        b"location",
        b"vary",
        b"cache-control",
        b"content-type",
        b"content-length",
        b"transfer-encoding",
        b"server",
        b"\xc3\xa9",
    ];
    let values: [&[u8]; 18] = [
        b"*",
        b"https://app.example",
        b"null",
        b"https://a https://b",
        b"\"PUT\"",
        b"PUT, x-a",
        b"true",
        b"/",
        b"//[",
        b"mailto:a",
        b"max-age=99999999999999999999",
        b"\xff\xfe\x80",
        b"",
        b"text/html",
        b"chunked",
        b"3",
        b"18446744073709551616",
        b"Origin,,*",
    ];
    let bodies: [&[u8]; 6] =
        [b"", b"abc", b"\x1b[2J\xf0\x9f", b"<!DOCTYPE html>", b"3\r\nabc\r\n0\r\n\r\n", b"zz\r\n"];
    let mut response = b"HTTP/1.1 ".to_vec();
    response.extend(numbers.pick(&statuses));
    response.extend(b"\r\n");
    for _ in 0..numbers.below(8) {
        response.extend(numbers.pick(&names));
        response.extend(b": ");
        response.extend(numbers.pick(&values));
        response.extend(b"\r\n");
    }
    response.extend(b"\r\n");
    response.extend(numbers.pick(&bodies));
    // Some break off anywhere.
    if numbers.below(4) == 0 {
        response.truncate(numbers.below(response.len() + 1));
    }
    response
}

/// Whatever a server sends, the check ends in time and can be printed.
#[tokio::test]
async fn no_response_makes_a_check_panic() {
    let browsers = [Profile::chromium(), Profile::firefox(), Profile::webkit(), Profile::standard()];
    let mut numbers = Numbers(1);
    for number in 0..60 {
        let response = random_response(&mut numbers);
        let address = broken(response.clone(), false, true).await;
        let method = ["GET", "PUT", "POST"][number % 3];
        let request = fetch(&format!("http://{address}"), method, "/?a").with_header("x-a", "1");
        let network = LiveNetwork::new(None, Duration::from_secs(2)).unwrap().with_shared_limit();
        let begun = Instant::now();
        let report = run_in(&browsers, check(request), Arc::new(network)).await;
        let text = to_text(&report);
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(serde_json::from_str::<Value>(&to_json(&report).unwrap()).is_ok());
        assert!(begun.elapsed() < Duration::from_secs(5), "{}", response.escape_ascii());
    }
}
