//! The middleware in Poem applications of every shape, called as Poem's server calls them.

use std::error::Error as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cors_poem::{Cors, KeepErrors, Policy, PolicyHandle};
use futures_util::stream;
use poem::error::{InternalServerError, MethodNotAllowedError, NotFoundError, ResponseError};
use poem::http::{Method, StatusCode, header};
use poem::middleware::{CatchPanic, Tracing};
use poem::web::{Json, Redirect};
use poem::{
    Body, Endpoint, EndpointExt, Error, IntoResponse, PathPattern, Request, Response, Route, get, handler,
    post,
};
use rstest::rstest;

const PAGE: &str = "https://app.example";

fn policy() -> Policy {
    policy_for(PAGE)
}

fn policy_for(origin: &str) -> Policy {
    Policy::builder()
        .allow_origins(origin)
        .allow_methods(["PUT"])
        .allow_headers(["x-a"])
        .expose_headers(["x-b"])
        .build()
        .expect("a valid policy")
}

fn request(method: Method, path: &str) -> Request {
    Request::builder().method(method).uri_str(path).header(header::ORIGIN, PAGE).finish()
}

fn preflight(path: &str, method: &str) -> Request {
    Request::builder()
        .method(Method::OPTIONS)
        .uri_str(path)
        .header(header::ORIGIN, PAGE)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, method)
        .finish()
}

fn lines<'r>(response: &'r Response, name: &str) -> Vec<&'r str> {
    response.headers().get_all(name).iter().map(|value| value.to_str().expect("ASCII")).collect()
}

async fn body(response: Response) -> String {
    response.into_body().into_string().await.expect("a body")
}

#[handler]
fn hello() -> &'static str {
    "hello"
}

/// An error type of the application, with a response and a source of its own.
#[derive(Debug)]
struct Broken(std::io::Error);

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("it broke")
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl ResponseError for Broken {
    fn status(&self) -> StatusCode {
        StatusCode::BAD_GATEWAY
    }

    fn as_response(&self) -> Response {
        Response::builder().status(self.status()).header("x-broken", "yes").body("its own response")
    }
}

#[handler]
fn breaks() -> poem::Result<()> {
    Err(Broken(std::io::Error::other("the cause")).into())
}

#[handler]
fn fails() -> poem::Result<()> {
    Err(InternalServerError(std::io::Error::other("broken")))
}

#[handler]
fn answers_with_an_error() -> poem::Result<()> {
    Err(Error::from_response("no tea".with_status(StatusCode::IM_A_TEAPOT).into_response()))
}

#[handler]
fn number(Json(number): Json<u32>) -> Json<u32> {
    Json(number)
}

#[handler]
fn panics() -> &'static str {
    std::panic::resume_unwind(Box::new("on purpose"))
}

#[handler]
fn streams() -> Body {
    Body::from_bytes_stream(stream::iter(["one ", "two"].map(Ok::<_, std::io::Error>)))
}

#[handler]
fn sets_cookies() -> Response {
    Response::builder().header(header::SET_COOKIE, "a=1").header(header::SET_COOKIE, "b=2").body("set")
}

#[handler]
fn redirects() -> Redirect {
    Redirect::temporary("/hello")
}

#[handler]
fn has_its_own_cors() -> Response {
    Response::builder()
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "DELETE")
        .header(header::VARY, "accept, origin")
        .body("own")
}

fn routes() -> Route {
    Route::new()
        .at("/hello", get(hello))
        .at("/fails", get(fails))
        .at("/breaks", get(breaks))
        .at("/teapot", get(answers_with_an_error))
        .at("/number", post(number))
        .at("/panics", get(panics))
        .at("/streams", get(streams))
        .at("/cookies", get(sets_cookies))
        .at("/redirects", get(redirects))
        .at("/own", get(has_its_own_cors))
}

#[rstest]
#[case::success(Method::GET, "/hello", 200, "hello")]
#[case::head(Method::HEAD, "/hello", 200, "")]
#[case::error(Method::GET, "/fails", 500, "broken")]
#[case::error_with_a_response_of_its_type(Method::GET, "/breaks", 502, "its own response")]
#[case::error_from_a_response(Method::GET, "/teapot", 418, "no tea")]
#[case::extractor(Method::POST, "/number", 415, "expect content type `application/json`")]
#[case::panic(Method::GET, "/panics", 500, "internal server error")]
#[case::stream(Method::GET, "/streams", 200, "one two")]
#[case::redirect(Method::GET, "/redirects", 307, "")]
#[case::not_found(Method::GET, "/nothing", 404, "not found")]
#[case::method_not_allowed(Method::DELETE, "/hello", 405, "method not allowed")]
#[case::options_of_the_application(Method::OPTIONS, "/hello", 405, "method not allowed")]
#[tokio::test]
async fn every_response_carries_the_headers(
    #[case] method: Method,
    #[case] path: &str,
    #[case] status: u16,
    #[case] text: &str,
    #[values(false, true)] keeps_errors: bool,
) {
    let app = routes().with(CatchPanic::new()).with(Cors::new(policy())).with_if(keeps_errors, KeepErrors);
    let response = app.get_response(request(method, path)).await;
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(lines(&response, "access-control-allow-origin"), [PAGE]);
    assert_eq!(lines(&response, "access-control-expose-headers"), ["x-b"]);
    assert_eq!(lines(&response, "vary"), ["Origin"]);
    assert_eq!(body(response).await, text);
}

#[tokio::test]
async fn the_rest_of_a_response_does_not_change() {
    let app = routes().with(Cors::new(policy()));
    let response = app.get_response(request(Method::GET, "/cookies")).await;
    assert_eq!(lines(&response, "set-cookie"), ["a=1", "b=2"]);

    let own = app.get_response(request(Method::GET, "/own")).await;
    assert_eq!(lines(&own, "access-control-allow-origin"), [PAGE]);
    assert_eq!(lines(&own, "access-control-allow-methods"), [""; 0]);
    assert_eq!(lines(&own, "vary"), ["accept, origin"]);
}

#[rstest]
#[case::known("/hello")]
#[case::unknown("/nothing")]
#[case::redirected("/redirects")]
#[tokio::test]
async fn a_preflight_is_answered_before_the_application(
    #[case] path: &str,
    #[values(false, true)] keeps_errors: bool,
) {
    let ran = Arc::new(AtomicUsize::new(0));
    let count = ran.clone();
    let counted = routes().before(move |request| {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok(request) }
    });
    let app = counted.with(Cors::new(policy())).with_if(keeps_errors, KeepErrors);

    let granted = app.get_response(preflight(path, "PUT")).await;
    assert_eq!(granted.status(), StatusCode::NO_CONTENT);
    assert_eq!(lines(&granted, "access-control-allow-origin"), [PAGE]);
    assert_eq!(lines(&granted, "access-control-allow-methods"), ["PUT"]);
    assert_eq!(lines(&granted, "access-control-allow-headers"), ["x-a"]);
    assert!(lines(&granted, "access-control-expose-headers").is_empty());
    assert_eq!(body(granted).await, "");

    let denied = app.call(preflight(path, "DELETE")).await.expect("a response, not an error");
    assert_eq!(denied.status(), StatusCode::FORBIDDEN);
    assert!(lines(&denied, "access-control-allow-origin").is_empty());
    assert_eq!(ran.load(Ordering::Relaxed), 0);
}

#[rstest]
#[case::first("/first/hello", "https://first.example", true)]
#[case::second("/second/hello", "https://second.example", true)]
#[case::origin_of_another_policy("/first/hello", "https://second.example", false)]
#[case::not_found_within("/second/nothing", "https://second.example", true)]
#[case::root_of_a_nest("/first", "https://first.example", true)]
#[case::single_endpoint("/third", "https://third.example", true)]
#[case::path_without_a_policy("/nothing", "https://first.example", false)]
#[tokio::test]
async fn the_policy_of_the_path_decides(
    #[case] path: &str,
    #[case] origin: &str,
    #[case] allowed: bool,
    #[values(false, true)] keeps_errors: bool,
) {
    let cors = |origin| Cors::new(policy_for(origin));
    let app = Route::new()
        .nest("/first", routes().with(cors("https://first.example")))
        .nest("/second", routes().with(cors("https://second.example")))
        .at("/third", get(hello).with(cors("https://third.example")))
        .with_if(keeps_errors, KeepErrors);

    for mut request in [request(Method::GET, path), preflight(path, "PUT")] {
        request.headers_mut().insert(header::ORIGIN, origin.parse().expect("a value"));
        let response = app.get_response(request).await;
        assert_eq!(lines(&response, "access-control-allow-origin").contains(&origin), allowed);
    }
}

#[rstest]
#[tokio::test]
async fn the_outer_of_two_policies_decides(#[values(false, true)] keeps_errors: bool) {
    let app = routes()
        .with(Cors::new(policy_for("https://other.example")))
        .with(Cors::new(policy()))
        .with_if(keeps_errors, KeepErrors);
    for path in ["/hello", "/fails"] {
        let response = app.get_response(request(Method::GET, path)).await;
        assert_eq!(lines(&response, "access-control-allow-origin"), [PAGE]);
        assert_eq!(lines(&response, "vary"), ["Origin"]);
    }
}

#[tokio::test]
async fn an_error_handler_inside_finds_its_error() {
    let app = routes()
        .catch_error(async |_: NotFoundError| "custom 404".with_status(StatusCode::NOT_FOUND))
        .catch_all_error(async |error: Error| format!("custom {error}").with_status(error.status()))
        .with(Cors::new(policy()));
    for (path, text) in [("/nothing", "custom 404"), ("/fails", "custom broken")] {
        let response = app.get_response(request(Method::GET, path)).await;
        assert_eq!(lines(&response, "access-control-allow-origin"), [PAGE]);
        assert_eq!(body(response).await, text);
    }
}

#[tokio::test]
async fn an_error_handler_outside_cannot_lose_the_headers() {
    let app = routes()
        .with(Cors::new(policy()))
        .catch_all_error(async |_: Error| "outside".with_status(StatusCode::INTERNAL_SERVER_ERROR));
    let response = app.get_response(request(Method::GET, "/breaks")).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(lines(&response, "access-control-allow-origin"), [PAGE]);
    assert_eq!(lines(&response, "x-broken"), ["yes"]);
}

#[rstest]
#[case::own_type(Method::GET, "/breaks", "caught it broke: the cause")]
#[case::type_of_poem(Method::PATCH, "/hello", "caught 405")]
#[case::any_type(Method::GET, "/nothing", "caught not found")]
#[tokio::test]
async fn keep_errors_lets_an_error_handler_outside_find_its_error(
    #[case] method: Method,
    #[case] path: &str,
    #[case] text: &str,
) {
    let app = routes()
        .with(Cors::new(policy()))
        .catch_error(async |error: Broken| format!("caught {error}: {}", error.source().expect("a source")))
        .catch_error(async |_: MethodNotAllowedError| "caught 405")
        .catch_all_error(async |error: Error| format!("caught {error}"))
        .with(KeepErrors);
    let response = app.get_response(request(method, path)).await;
    assert_eq!(lines(&response, "access-control-allow-origin"), [PAGE]);
    assert_eq!(lines(&response, "vary"), ["Origin"]);
    assert_eq!(body(response).await, text);
}

#[rstest]
#[case::not_found("/nothing", "404 not found")]
#[case::application("/fails", "500 broken")]
#[case::own_type("/breaks", "502 it broke")]
#[case::response("/teapot", "418 418 I'm a teapot")]
#[tokio::test]
async fn keep_errors_lets_a_logger_outside_see_the_error(#[case] path: &str, #[case] expected: &str) {
    let log = Mutex::new(Vec::new());
    let app = routes()
        .with(Cors::new(policy()))
        .inspect_all_err(|error| {
            log.lock().expect("a log").push(format!("{} {error}", error.status().as_u16()));
        })
        .with(Tracing)
        .with(KeepErrors);
    let response = app.get_response(request(Method::GET, path)).await;
    assert_eq!(lines(&response, "access-control-allow-origin"), [PAGE]);
    assert_eq!(*log.lock().expect("a log"), [expected]);
}

#[tokio::test]
async fn keep_errors_covers_a_panic_that_is_caught_outside_of_the_policy() {
    let app = routes().with(Cors::new(policy())).with(CatchPanic::new()).with(KeepErrors);
    let response = app.get_response(request(Method::GET, "/panics")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(lines(&response, "access-control-allow-origin"), [PAGE]);
}

#[tokio::test]
async fn keep_errors_inside_of_the_policy_changes_nothing() {
    let app = routes().with(KeepErrors).with(Cors::new(policy()));
    let response = app.get_response(request(Method::GET, "/breaks")).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(lines(&response, "access-control-allow-origin"), [PAGE]);
}

#[rstest]
#[tokio::test]
async fn an_error_response_keeps_the_pattern_of_its_route(#[values(false, true)] keeps_errors: bool) {
    let app = Route::new().nest("/api", routes().with(Cors::new(policy()))).with_if(keeps_errors, KeepErrors);
    let response = app.get_response(request(Method::GET, "/api/fails")).await;
    assert_eq!(response.data::<PathPattern>().map(|pattern| &*pattern.0), Some("/api/fails"));
}

#[tokio::test]
async fn a_handle_replaces_the_policy() {
    let handle = PolicyHandle::new(policy_for("https://other.example"));
    let app = routes().with(Cors::new(handle.clone()));
    let before = app.get_response(request(Method::GET, "/hello")).await;
    assert!(lines(&before, "access-control-allow-origin").is_empty());

    handle.replace(policy());
    let after = app.get_response(request(Method::GET, "/hello")).await;
    assert_eq!(lines(&after, "access-control-allow-origin"), [PAGE]);
}
