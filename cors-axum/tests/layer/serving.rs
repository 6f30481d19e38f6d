//! The middleware over the wire, in three kinds of servers.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;

use axum::body::Body;
use axum::routing::get;
use axum::{Router, ServiceExt as AxumServiceExt};
use cors_axum::{Cors, CorsLayer};
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::support::{PAGE, actual, lines, policy, preflight};

type TestResult = Result<(), Box<dyn Error + Send + Sync>>;

async fn axum_server() -> Result<TcpStream, Box<dyn Error + Send + Sync>> {
    let application = Cors::new(Router::new().route("/", get(async || "hello")), policy());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(
        axum::serve(listener, AxumServiceExt::<axum::extract::Request>::into_make_service(application))
            .into_future(),
    );
    Ok(TcpStream::connect(address).await?)
}

/// Sends a preflight and then a request to `/`, as a page causes them.
async fn assert_served<F>(version: Version, mut send: impl FnMut(Request<Empty<Bytes>>) -> F) -> TestResult
where
    F: Future<Output = hyper::Result<Response<Incoming>>>,
{
    let response = send(preflight("/", PAGE)).await?;
    assert_eq!((response.version(), response.status()), (version, StatusCode::NO_CONTENT));
    assert_allowed(response.headers());
    assert_eq!(response.into_body().collect().await?.to_bytes(), "");

    let response = send(actual("GET", "/", PAGE)).await?;
    assert_eq!((response.version(), response.status()), (version, StatusCode::OK));
    assert_allowed(response.headers());
    assert_eq!(response.into_body().collect().await?.to_bytes(), "hello");
    Ok(())
}

fn assert_allowed(headers: &HeaderMap) {
    assert_eq!(lines(headers, "access-control-allow-origin"), [PAGE]);
}

#[tokio::test]
async fn axum_over_http_1() -> TestResult {
    let (mut sender, connection) = conn::http1::handshake(TokioIo::new(axum_server().await?)).await?;
    tokio::spawn(connection);
    assert_served(Version::HTTP_11, |request| sender.send_request(request)).await
}

#[tokio::test]
async fn axum_over_http_2() -> TestResult {
    let stream = TokioIo::new(axum_server().await?);
    let (mut sender, connection) = conn::http2::handshake(TokioExecutor::new(), stream).await?;
    tokio::spawn(connection);
    assert_served(Version::HTTP_2, |mut request| {
        *request.uri_mut() = "http://api.example/".parse().expect("a URL");
        sender.send_request(request)
    })
    .await
}

#[tokio::test]
async fn hyper_without_a_framework() -> TestResult {
    let service = ServiceBuilder::new().layer(CorsLayer::new(policy())).service(service_fn(
        async |_: Request<Incoming>| {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
        },
    ));
    let (client, server) = tokio::io::duplex(1024);
    let service = TowerToHyperService::new(service);
    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(server), service));
    let (mut sender, connection) = conn::http1::handshake(TokioIo::new(client)).await?;
    tokio::spawn(connection);
    assert_served(Version::HTTP_11, |request| sender.send_request(request)).await
}

#[tokio::test]
async fn tonic_services() -> TestResult {
    let routes = tonic::service::Routes::default().prepare();
    let service = ServiceBuilder::new().layer(CorsLayer::new(policy())).service(routes);
    let response = service.clone().oneshot(preflight::<Body>("/shop.Prices/Get", PAGE)).await?;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);

    let response = service.oneshot(actual::<tonic::body::Body>("POST", "/shop.Prices/Get", PAGE)).await?;
    assert_eq!(lines(response.headers(), "grpc-status"), ["12"]);
    assert_allowed(response.headers());
    Ok(())
}
