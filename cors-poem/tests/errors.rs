//! Errors on their way through the middleware, with and without `KeepErrors`.

mod support;

use std::error::Error as _;
use std::sync::Mutex;

use cors_poem::{Cors, KeepErrors};
use poem::error::{MethodNotAllowedError, NotFoundError};
use poem::http::{Method, StatusCode};
use poem::middleware::{CatchPanic, Tracing};
use poem::{Endpoint, EndpointExt, Error, IntoResponse, PathPattern, Route};
use rstest::rstest;

use self::support::{Broken, PAGE, body, lines, policy, request, routes};

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
