//! axum, and other tower services.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cors_axum::{Cors, Policy};
use cors_test::{BlockReason, Credentials, Page, Request, TowerBody};
use tower::{Service, ServiceExt as _};
use tower_http::cors::CorsLayer;

use crate::checks::{self, ALLOWED_HEADERS, ALLOWED_METHODS, APP, EXPOSED_HEADERS, Panics, message, url};

async fn echo(body: String) -> String {
    body
}

async fn me(headers: HeaderMap) -> Result<HeaderValue, StatusCode> {
    headers.get("cookie").cloned().ok_or(StatusCode::UNAUTHORIZED)
}

async fn panics() -> &'static str {
    panic!("boom")
}

fn router() -> Router {
    let items = get(async || ([("x-total", "2"), ("x-secret", "1")], "items")).put(echo).delete(echo);
    Router::new()
        .route("/items", items)
        .route("/me", get(async |headers| me(headers).await.map(|cookie| cookie.as_bytes().to_vec())))
        .route("/error", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/panic", get(panics))
}

fn policy() -> Policy {
    Policy::builder()
        .allow_origins([APP])
        .allow_methods(ALLOWED_METHODS)
        .allow_headers(ALLOWED_HEADERS)
        .expose_headers(EXPOSED_HEADERS)
        .allow_credentials(true)
        .build()
        .expect("a valid policy")
}

#[tokio::test]
async fn an_adapter() {
    checks::of_an_adapter(&Cors::new(router(), policy()), Panics::BreakOff).await;
    checks::of_an_adapter(&router().layer(cors_axum::CorsLayer::new(policy())), Panics::BreakOff).await;
}

#[tokio::test]
async fn without_cors() {
    insta::assert_snapshot!(checks::without_cors(&router()).await);
}

#[tokio::test]
async fn faulty() {
    let star = axum::middleware::map_response(async |mut response: Response| {
        response.headers_mut().insert("access-control-allow-origin", HeaderValue::from_static("*"));
        response
    });
    insta::assert_snapshot!(checks::faulty(&router().layer(star)).await);
}

#[tokio::test]
async fn without_vary() {
    let careless =
        axum::middleware::from_fn(async |request: axum::extract::Request, next: axum::middleware::Next| {
            let origin = request.headers().get("origin").filter(|origin| *origin == APP).cloned();
            let mut response = next.run(request).await;
            if let Some(origin) = origin {
                response.headers_mut().insert("access-control-allow-origin", origin);
            }
            response
        });
    insta::assert_snapshot!(checks::without_vary(&router().layer(careless)).await);
}

/// Other people's middleware, which allows too little here.
#[tokio::test]
async fn tower_http() {
    let app = router().layer(CorsLayer::permissive());
    let page = Page::at(APP);
    page.fetch(&app, Request::put(&url("/items")).with_json("{}")).await.assert_readable();
    let me = Request::get(&url("/me")).with_credentials(Credentials::Include);
    page.fetch(&app, me).await.assert_blocked_by(BlockReason::WildcardOriginWithCredentials);
}

#[tokio::test]
async fn the_readme_shows_a_real_message() {
    let cors = CorsLayer::new().allow_origin(["https://app.example.com".parse().expect("a value")]);
    let app = Router::new().route("/items", get(async || "tea").put(async || "changed")).layer(cors);
    let put = Request::put("https://api.example.com/items");
    let answer = Page::at("https://app.example.com").fetch(&app, put).await;
    let message = message(|| answer.assert_readable());
    let start = message.split("CORS policy:").next().unwrap_or_default();
    let readme = include_str!("../../README.md");
    assert!(start.contains("chromium: ") && readme.contains(start), "{message}");
}

#[tokio::test]
async fn a_service_of_one_body_and_an_error() {
    let service = tower::service_fn(async |request: http::Request<Body>| {
        if request.uri().path() == "/" { Ok("ok".into_response()) } else { Err("the database is gone") }
    });
    let app = service.map_request(|request: http::Request<TowerBody>| request.map(Body::new));
    Page::at(APP).fetch(&app, url("/")).await.assert_blocked_by(BlockReason::MissingAllowOrigin);
    let answer = Page::at(APP).fetch(&app, url("/items")).await;
    answer.assert_blocked_by(BlockReason::NetworkError);
    let text = answer.to_string();
    assert!(
        text.contains("the application returned an error instead of a response: the database is gone"),
        "{text}"
    );
}

#[tokio::test]
async fn a_body_that_does_not_end() {
    let app = router().route(
        "/events",
        get(async || {
            let first = futures_util::stream::iter([Ok::<_, Infallible>("data: 1\n\n")]);
            Body::from_stream(futures_util::StreamExt::chain(first, futures_util::stream::pending()))
        }),
    );
    let answer = Page::at(APP).fetch(&Cors::new(app, policy()), url("/events")).await;
    answer.assert_readable();
    assert_eq!(answer.text().as_deref(), Some("data: 1\n\n"));
    assert!(answer.to_string().contains("the body of the response did not go on for 1 s"), "{answer}");
}

/// A service gets its request when it is ready.
#[derive(Clone)]
struct Slow {
    is_ready: bool,
}

impl Service<http::Request<TowerBody>> for Slow {
    type Response = http::Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.is_ready {
            return Poll::Ready(Ok(()));
        }
        self.is_ready = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, _: http::Request<TowerBody>) -> Self::Future {
        assert!(self.is_ready, "called before it is ready");
        let response = http::Response::builder().header("access-control-allow-origin", "*");
        ready(Ok(response.body(String::new()).expect("a response")))
    }
}

#[tokio::test]
async fn readiness() {
    Page::at(APP).fetch(&Slow { is_ready: false }, url("/items")).await.assert_readable();
}
