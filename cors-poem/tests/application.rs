//! The middleware in Poem applications of every shape, asked as Poem's server asks them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cors_poem::{Cors, ErrorWithCors, Policy, PolicyHandle};
use futures_util::stream;
use poem::error::{InternalServerError, MethodNotAllowedError, NotFoundError};
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
        .expect("a policy")
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
) {
    let app = routes().with(CatchPanic::new()).with(Cors::new(policy()));
    let response = app.get_response(request(method, path)).await;
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(lines(&response, "access-control-allow-origin"), [PAGE]);
    assert_eq!(lines(&response, "access-control-expose-headers"), ["x-b"]);
    assert_eq!(lines(&response, "vary"), ["Origin"]);
    assert_eq!(body(response).await, text);
}

#[tokio::test]
async fn nothing_else_about_a_response_changes() {
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
async fn a_preflight_is_answered_before_the_application(#[case] path: &str) {
    let ran = Arc::new(AtomicUsize::new(0));
    let count = ran.clone();
    let counted = routes().before(move |request| {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok(request) }
    });
    let app = counted.with(Cors::new(policy()));

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
#[case::not_the_others("/first/hello", "https://second.example", false)]
#[case::not_found_within("/second/nothing", "https://second.example", true)]
#[case::root_of_a_nest("/first", "https://first.example", true)]
#[case::single_endpoint("/third", "https://third.example", true)]
#[case::no_policy_of("/nothing", "https://first.example", false)]
#[tokio::test]
async fn the_policy_of_the_path_decides(#[case] path: &str, #[case] origin: &str, #[case] allowed: bool) {
    let cors = |origin| Cors::new(policy_for(origin));
    let app = Route::new()
        .nest("/first", routes().with(cors("https://first.example")))
        .nest("/second", routes().with(cors("https://second.example")))
        .at("/third", get(hello).with(cors("https://third.example")));

    for mut request in [request(Method::GET, path), preflight(path, "PUT")] {
        request.headers_mut().insert(header::ORIGIN, origin.parse().expect("a value"));
        let response = app.get_response(request).await;
        assert_eq!(lines(&response, "access-control-allow-origin").contains(&origin), allowed);
    }
}

#[tokio::test]
async fn the_outer_of_two_policies_decides() {
    let app = routes().with(Cors::new(policy_for("https://other.example"))).with(Cors::new(policy()));
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

#[rstest]
#[case::not_found("/nothing", "404 not found")]
#[case::application("/fails", "500 broken")]
#[case::response("/teapot", "418 418 I'm a teapot")]
#[tokio::test]
async fn a_logger_outside_sees_the_error(#[case] path: &str, #[case] expected: &str) {
    let log = Mutex::new(Vec::new());
    let app = routes()
        .with(Cors::new(policy()))
        .inspect_all_err(|error| {
            log.lock().expect("a log").push(format!("{} {error}", error.status().as_u16()));
        })
        .with(Tracing);
    let response = app.get_response(request(Method::GET, path)).await;
    assert_eq!(lines(&response, "access-control-allow-origin"), [PAGE]);
    assert_eq!(*log.lock().expect("a log"), [expected]);
}

#[tokio::test]
async fn an_error_handler_outside_borrows_the_headers() {
    let app = routes().with(Cors::new(policy())).catch_error(async |error: ErrorWithCors| {
        error.respond(|error| match error.downcast::<MethodNotAllowedError>() {
            Ok(_) => "custom 405".with_status(StatusCode::METHOD_NOT_ALLOWED).into_response(),
            Err(error) => error.into_response(),
        })
    });
    for (method, path, text) in
        [(Method::PATCH, "/hello", "custom 405"), (Method::GET, "/nothing", "not found")]
    {
        let response = app.get_response(request(method, path)).await;
        assert_eq!(lines(&response, "access-control-allow-origin"), [PAGE]);
        assert_eq!(lines(&response, "vary"), ["Origin"]);
        assert_eq!(body(response).await, text);
    }
}

#[tokio::test]
async fn an_error_keeps_the_pattern_of_its_route() {
    let app = Route::new().nest("/api", routes().with(Cors::new(policy())));
    let error = app.call(request(Method::GET, "/api/fails")).await.expect_err("an error");
    assert_eq!(error.data::<PathPattern>().map(|pattern| &*pattern.0), Some("/api/fails"));
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
