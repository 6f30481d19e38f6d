//! The checks notice what is wrong: servers with one fault each, which every test must find.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_LENGTH, ORIGIN, VARY};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use cors_axum::CorsLayer;
use cors_conformance::specimen::Hits;
use cors_conformance::subject::Server;
use cors_load::expectation::Quirks;
use cors_load::faults::{self, Fault};
use cors_load::policy::{self, PUBLIC_HOST};
use cors_load::process::Target;
use cors_load::report::LoadReport;
use cors_load::server::{Handles, Panics, Policies, UNCAUGHT_PANIC, count_panics};
use cors_load::{Failure, run};
use cors_subjects::{specimen, subject};
use futures_util::future::BoxFuture;
use rstest::rstest;
use tower::Layer;

/// A server in this process.
struct Local {
    server: Server,
    handles: Handles<HeaderValue>,
    /// How many policies behind it is.
    lag: u64,
    panics: Panics,
}

impl Target for Local {
    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    fn replace(&mut self, number: u64) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(std::future::ready(self.handles.replace(number.saturating_sub(self.lag))))
    }

    fn panics(&mut self) -> BoxFuture<'_, Result<(u64, Vec<String>), Failure>> {
        let panics = self.panics.lock().unwrap().clone();
        Box::pin(std::future::ready(Ok(panics)))
    }

    fn process(&self) -> u32 {
        std::process::id()
    }
}

/// A server with nothing wrong, but for what `change` does to its application.
async fn server(change: impl FnOnce(Router) -> Router) -> Local {
    let handles = Handles::new().unwrap();
    let routes = specimen::axum::router(Hits::default());
    let routes = CorsLayer::new(handles.source().unwrap()).layer(routes);
    serve(handles, change(Router::new().fallback_service(routes))).await
}

async fn serve(handles: Handles<HeaderValue>, application: Router) -> Local {
    let server = subject::axum::serve(application).await.unwrap();
    Local { server, handles, lag: 0, panics: Panics::default() }
}

async fn load(server: Local) -> LoadReport {
    run::run(Box::new(server), Quirks::default(), Duration::from_millis(1500), |_| {}).await.unwrap()
}

/// Tests servers until one is found to be faulty: on a busy machine a short test has few requests.
async fn assert_found(start: impl AsyncFn() -> Local, text: &str) {
    let mut examples = Vec::new();
    for _ in 0..10 {
        let report = load(start().await).await;
        if report.examples.iter().any(|example| example.contains(text)) {
            assert!(report.wrong > 0 && !report.is_clean(), "{report:#?}");
            return;
        }
        examples.extend(report.examples);
    }
    panic!("`{text}` was not found: {examples:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_server_is_clean() {
    let report = load(server(|routes| routes).await).await;
    assert!(report.is_clean(), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_policy_is_found() {
    // The exposed header tells the policy.
    assert_found(async || Local { lag: 1, ..server(|routes| routes).await }, "x-policy-").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_of_another_host_is_found() {
    let start = async || {
        let handles = Handles::new().unwrap();
        let public = cors_axum::PolicySource::from(policy::public(0).unwrap());
        let listed = handles.source().unwrap();
        let source = cors_axum::PolicySource::by_request(listed, move |request| {
            (request.host() == Some(PUBLIC_HOST)).then(|| public.clone())
        });
        let routes = CorsLayer::new(source).layer(specimen::axum::router(Hits::default()));
        serve(handles, Router::new().fallback_service(routes)).await
    };
    assert_found(start, "x-public-0").await;
}

async fn echo_the_origin(request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let mut response = next.run(request).await;
    if let Some(origin) = origin {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

async fn forget_vary(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().remove(VARY);
    response
}

async fn add_a_second_line(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(origin) = response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).cloned() {
        response.headers_mut().append(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

async fn see_one_origin(mut request: Request, next: Next) -> Response {
    if let Some(first) = request.headers().get(ORIGIN).cloned() {
        request.headers_mut().insert(ORIGIN, first);
    }
    next.run(request).await
}

async fn answer_another_request(request: Request, next: Next) -> Response {
    let is_item = request.method() == "PUT";
    let mut response = next.run(request).await;
    if is_item {
        response.headers_mut().remove(CONTENT_LENGTH);
        return response.map(|_| Body::from("PUT m1"));
    }
    response
}

async fn fail_without_cors(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() == 404 { StatusCode::NOT_FOUND.into_response() } else { response }
}

async fn lose_connections(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() == 401 { response.map(|_| Body::from_stream(broken())) } else { response }
}

fn broken() -> impl futures_util::Stream<Item = Result<&'static str, std::io::Error>> {
    futures_util::stream::iter([Ok("half"), Err(std::io::Error::other("on purpose"))])
}

#[rstest]
#[case::any_origin(|routes: Router| routes.layer(from_fn(echo_the_origin)), "stranger-")]
#[case::no_vary(|routes: Router| routes.layer(from_fn(forget_vary)), "`Vary` lacks `")]
#[case::two_lines(|routes: Router| routes.layer(from_fn(add_a_second_line)), "more than once")]
#[case::first_of_two_origins(|routes: Router| routes.layer(from_fn(see_one_origin)), "[origin: https://always.example] [origin: ")]
#[case::other_body(|routes: Router| routes.layer(from_fn(answer_another_request)), "the body is that of another request")]
#[case::error_without_cors(|routes: Router| routes.layer(from_fn(fail_without_cors)), "/nowhere")]
#[case::half_a_response(|routes: Router| routes.layer(from_fn(lose_connections)), "no response")]
#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_layer_is_found(#[case] layer: fn(Router) -> Router, #[case] text: &str) {
    assert_found(async || server(layer).await, text).await;
}

async fn panic_at_times(request: Request, next: Next) -> Response {
    if request.uri().path() == "/status/404" {
        panic!("the layer panics");
    }
    next.run(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_found() {
    let server =
        Local { panics: count_panics(), ..server(|routes| routes.layer(from_fn(panic_at_times))).await };
    let report = load(server).await;
    assert!(report.panics > 0 && !report.is_clean(), "{report:#?}");
    assert!(report.examples[0].contains("the layer panics"), "{:#?}", report.examples);
}

/// A layer that does not recover from a fault: after it, CORS is left out.
fn broken_by(routes: Router, is_fault: fn(&Request) -> bool) -> Router {
    let is_broken = Arc::new(AtomicBool::new(false));
    routes.layer(from_fn(move |request: Request, next: Next| {
        let is_broken = Arc::clone(&is_broken);
        async move {
            is_broken.fetch_or(is_fault(&request), Ordering::SeqCst);
            let mut response = next.run(request).await;
            if is_broken.load(Ordering::SeqCst) {
                response.headers_mut().remove(ACCESS_CONTROL_ALLOW_ORIGIN);
            }
            response
        }
    }))
}

fn broken_by_a_panic(routes: Router) -> Router {
    broken_by(routes, |request| ["/panic", UNCAUGHT_PANIC].contains(&request.uri().path()))
}

fn broken_by_a_body(routes: Router) -> Router {
    broken_by(routes, |request| request.method() == "POST")
}

/// A layer that counts the requests that run, and does not notice when a client hangs up.
fn full_of_dead_requests(routes: Router) -> Router {
    let running = Arc::new(AtomicU32::new(0));
    routes.layer(from_fn(move |request: Request, next: Next| {
        let running = Arc::clone(&running);
        async move {
            if running.fetch_add(1, Ordering::SeqCst) > 50 {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            let response = next.run(request).await;
            running.fetch_sub(1, Ordering::SeqCst);
            response
        }
    }))
}

#[rstest]
#[case::panics(Fault::Panics, broken_by_a_panic)]
#[case::uncaught_panics(Fault::UncaughtPanics, broken_by_a_panic)]
#[case::hang_ups(Fault::HangUps, full_of_dead_requests)]
#[case::resets(Fault::Resets, broken_by_a_body)]
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_recover_is_found(#[case] fault: Fault, #[case] layer: fn(Router) -> Router) {
    let outcome = faults::run_on(Box::new(server(layer).await), Quirks::default(), false, fault, 100).await;
    let outcome = outcome.unwrap();
    assert!(!outcome.afterwards && !outcome.is_clean(), "{outcome:#?}");
    let right = server(|routes| routes).await;
    let outcome = faults::run_on(Box::new(right), Quirks::default(), false, fault, 100).await.unwrap();
    assert!(outcome.is_clean(), "{outcome:#?}");
}

/// A layer that serves one request at a time.
fn one_at_a_time(routes: Router) -> Router {
    let turn = Arc::new(tokio::sync::Semaphore::new(1));
    routes.layer(from_fn(move |request: Request, next: Next| {
        let turn = Arc::clone(&turn);
        async move {
            match turn.try_acquire() {
                Ok(_turn) => {
                    // Longer than the pause between two requests of other clients.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    next.run(request).await
                }
                Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
        }
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_overrun_is_found() {
    assert_found(async || server(one_at_a_time).await, "the status is 503").await;
}
