//! Known limits: what Rocket does to a request before any fairing runs.
//!
//! Every limit here is in the README under "Known limits". A test that fails because Rocket has changed means that the
//! limit is gone: remove it from both.

use std::error::Error;
use std::time::Duration;

use cors_rocket::{Cors, Policy};
use rocket::config::LogLevel;
use rocket::fairing::AdHoc;
use rocket::{Config, Shutdown, get, routes};
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

type TestResult = Result<(), Box<dyn Error>>;

#[get("/")]
fn index() -> &'static str {
    "hello"
}

#[rocket::options("/")]
fn options() -> &'static str {
    "from the application"
}

/// A Rocket server on a free port. Local requests skip the code that the limits are in.
struct Server {
    port: u16,
    shutdown: Shutdown,
}

impl Server {
    async fn start() -> Result<Self, Box<dyn Error>> {
        let policy = Policy::builder()
            .allow_origins(["https://app.example"])
            .allow_methods(["PUT", "PURGE"])
            .allow_headers(["x-a"])
            .build()?;
        let (sender, receiver) = oneshot::channel();
        let started = AdHoc::on_liftoff("started", |rocket| {
            Box::pin(async move {
                let _ = sender.send(Self { port: rocket.config().port, shutdown: rocket.shutdown() });
            })
        });
        let config = Config { port: 0, log_level: LogLevel::Off, ..Config::debug_default() };
        let application = rocket::custom(config)
            .attach(Cors::new(policy))
            .attach(started)
            .mount("/", routes![index, options]);
        tokio::spawn(application.launch());
        Ok(receiver.await?)
    }

    async fn connect(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect(("127.0.0.1", self.port)).await
    }

    /// Sends one request and returns the whole response.
    async fn send(&self, request: &[u8]) -> std::io::Result<String> {
        let mut stream = self.connect().await?;
        stream.write_all(request).await?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await?;
        Ok(String::from_utf8_lossy(&response).to_ascii_lowercase())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.clone().notify();
    }
}

fn request(first_line: &str, headers: &[&[u8]]) -> Vec<u8> {
    let mut request =
        format!("{first_line} HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n").into_bytes();
    for header in headers {
        request.extend_from_slice(header);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request
}

const ORIGIN: &[u8] = b"Origin: https://app.example";
const PUT: &[u8] = b"Access-Control-Request-Method: PUT";

#[tokio::test]
async fn without_the_limits_requests_are_answered_as_usual() -> TestResult {
    let server = Server::start().await?;
    let response = server.send(&request("OPTIONS /", &[ORIGIN, PUT])).await?;
    assert!(response.starts_with("http/1.1 204"), "{response}");
    assert!(response.contains("access-control-allow-origin: https://app.example"), "{response}");
    let response = server.send(&request("GET /", &[ORIGIN])).await?;
    assert!(response.starts_with("http/1.1 200"), "{response}");
    assert!(response.contains("access-control-allow-origin: https://app.example"), "{response}");
    Ok(())
}

#[rstest]
#[case::extension_method("PURGE /")]
#[case::lower_case_method("put /")]
#[case::authority_form("OPTIONS api.example:80")]
#[tokio::test]
async fn unknown_methods_and_targets_get_a_bare_400(#[case] first_line: &str) -> TestResult {
    let server = Server::start().await?;
    let response = server.send(&request(first_line, &[ORIGIN])).await?;
    assert!(response.starts_with("http/1.1 400"), "{response}");
    assert!(!response.contains("access-control-") && !response.contains("vary:"), "{response}");
    Ok(())
}

#[tokio::test]
async fn preflights_for_unknown_methods_are_granted() -> TestResult {
    let server = Server::start().await?;
    let method = b"Access-Control-Request-Method: PURGE";
    let response = server.send(&request("OPTIONS /", &[ORIGIN, method])).await?;
    assert!(response.starts_with("http/1.1 204"), "{response}");
    Ok(())
}

#[rstest]
#[case::second_origin(&[ORIGIN, b"Origin: \xff", PUT])]
#[case::request_headers(&[ORIGIN, PUT, b"Access-Control-Request-Headers: x-a,\xff"])]
#[tokio::test]
async fn lines_that_are_not_utf8_are_ignored(#[case] headers: &[&[u8]]) -> TestResult {
    let server = Server::start().await?;
    let response = server.send(&request("OPTIONS /", headers)).await?;
    assert!(response.starts_with("http/1.1 204"), "{response}");
    assert!(response.contains("access-control-allow-origin: https://app.example"), "{response}");
    Ok(())
}

#[tokio::test]
async fn preflights_whose_origin_is_not_utf8_reach_the_application() -> TestResult {
    let server = Server::start().await?;
    let response = server.send(&request("OPTIONS /", &[b"Origin: \xff", PUT])).await?;
    assert!(response.starts_with("http/1.1 200"), "{response}");
    assert!(response.ends_with("from the application"), "{response}");
    assert!(!response.contains("access-control-"), "{response}");
    Ok(())
}

#[tokio::test]
async fn preflights_wait_for_the_first_bytes_of_an_announced_body() -> TestResult {
    let server = Server::start().await?;
    let mut stream = server.connect().await?;
    stream.write_all(&request("OPTIONS /", &[ORIGIN, PUT, b"Content-Length: 14"])).await?;
    let mut start = [0; 12];
    let early = timeout(Duration::from_millis(300), stream.read_exact(&mut start)).await;
    assert!(early.is_err(), "an answer without the body: {early:?}");
    stream.write_all(b"fourteen bytes").await?;
    stream.read_exact(&mut start).await?;
    assert_eq!(&start, b"HTTP/1.1 204");
    Ok(())
}
