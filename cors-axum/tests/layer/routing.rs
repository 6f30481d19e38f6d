//! The layer among axum's routers: where it reaches, and which of two policies decides.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get, options, post, put};
use axum::{Json, Router};
use cors_axum::CorsLayer;
use rstest::rstest;
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;

use crate::support::{PAGE, STRANGER, actual, lines, policy, policy_for, preflight};

const ADMIN: &str = "https://admin.example";

async fn answer(router: Router, request: Request) -> Response {
    router.oneshot(request).await.expect("a response")
}

/// Which origin may read the response, if any.
async fn reader(router: &Router, method: &str, path: &str, origin: &str) -> Option<String> {
    let response = answer(router.clone(), actual(method, path, origin)).await;
    let lines = lines(response.headers(), "access-control-allow-origin").join(" and ");
    (!lines.is_empty()).then_some(lines)
}

async fn preflight_status(router: &Router, path: &str, origin: &str) -> u16 {
    answer(router.clone(), preflight(path, origin)).await.status().as_u16()
}

/// Everything that can answer in place of a handler.
fn application() -> Router {
    let authenticate = middleware::from_fn(async |request: Request, next: Next| {
        if request.headers().contains_key(header::AUTHORIZATION) {
            return next.run(request).await;
        }
        StatusCode::UNAUTHORIZED.into_response()
    });
    Router::new()
        .route("/", get(async || "hello"))
        .route("/private", put(async || "private").layer(authenticate))
        .route("/json", post(async |Json(number): Json<u8>| Json(number)))
        .route("/error", get(async || Err::<(), _>(StatusCode::SERVICE_UNAVAILABLE)))
        .route("/panic", get(async || -> () { std::panic::resume_unwind(Box::new("on purpose")) }))
        .route("/old", any(async || Redirect::permanent("/")))
        .route("/options", options(async || "options"))
        .layer(CatchPanicLayer::new())
}

#[rstest]
#[case::handler("GET", "/", 200)]
#[case::head("HEAD", "/", 200)]
#[case::not_found("GET", "/nowhere", 404)]
#[case::method_not_allowed("DELETE", "/", 405)]
#[case::options_not_allowed("OPTIONS", "/", 405)]
#[case::own_options("OPTIONS", "/options", 200)]
#[case::unauthorized("PUT", "/private", 401)]
#[case::extractor_failure("POST", "/json", 415)]
#[case::error("GET", "/error", 503)]
#[case::panic("GET", "/panic", 500)]
#[case::redirect("POST", "/old", 308)]
#[tokio::test]
async fn every_response_is_labelled(#[case] method: &str, #[case] path: &str, #[case] status: u16) {
    let application = application().layer(CorsLayer::new(policy()));
    let response = answer(application, actual(method, path, PAGE)).await;
    assert_eq!(response.status(), status);
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [PAGE]);
    assert_eq!(lines(response.headers(), "access-control-expose-headers"), ["x-request-id"]);
    assert_eq!(lines(response.headers(), "vary"), ["Origin"]);
}

#[rstest]
#[case::handler("/")]
#[case::not_found("/nowhere")]
#[case::unauthorized("/private")]
#[case::redirect("/old")]
#[case::own_options("/options")]
#[tokio::test]
async fn every_preflight_is_answered_by_the_policy(#[case] path: &str) {
    let application = application().layer(CorsLayer::new(policy()));
    assert_eq!(preflight_status(&application, path, PAGE).await, 204);
    assert_eq!(preflight_status(&application, path, STRANGER).await, 403);
}

/// axum's method router says what it would take, whoever answers in its place.
#[tokio::test]
async fn a_preflight_has_an_allow_header_unless_the_layer_is_around_the_whole_router() {
    let allow = |response: &Response| lines(response.headers(), "allow").join(" and ");
    let inside = answer(application().layer(CorsLayer::new(policy())), preflight("/", PAGE)).await;
    assert_eq!((inside.status().as_u16(), allow(&inside).as_str()), (204, "GET,HEAD"));

    let around = CorsLayer::new(policy()).layer(application());
    let ask = async |request: Request| around.clone().oneshot(request).await.expect("a response");
    let outside = ask(preflight("/", PAGE)).await;
    assert_eq!((outside.status().as_u16(), allow(&outside).as_str()), (204, ""));
    for (path, status) in [("/", 200), ("/nowhere", 404)] {
        let response = ask(actual("GET", path, PAGE)).await;
        assert_eq!(response.status(), status);
        assert_eq!(lines(response.headers(), "access-control-allow-origin"), [PAGE]);
    }
}

#[tokio::test]
async fn fallbacks_are_labelled() {
    let application = Router::new()
        .route("/", get(async || "hello"))
        .fallback(async || (StatusCode::NOT_FOUND, "own 404"))
        .method_not_allowed_fallback(async || (StatusCode::METHOD_NOT_ALLOWED, "own 405"))
        .layer(CorsLayer::new(policy()));
    assert_eq!(reader(&application, "GET", "/nowhere", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(reader(&application, "DELETE", "/", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(preflight_status(&application, "/nowhere", PAGE).await, 204);
}

#[tokio::test]
async fn groups_of_routes_side_by_side_have_a_policy_each() {
    let admin = Router::new()
        .route("/prices", put(async || "changed"))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(CorsLayer::new(policy_for(ADMIN)));
    let application = Router::new()
        .route("/prices", get(async || "prices"))
        .layer(CorsLayer::new(policy()))
        .nest("/admin", admin);

    assert_eq!(reader(&application, "GET", "/prices", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(reader(&application, "GET", "/prices", ADMIN).await, None);
    assert_eq!(reader(&application, "PUT", "/admin/prices", ADMIN).await.as_deref(), Some(ADMIN));
    assert_eq!(reader(&application, "PUT", "/admin/prices", PAGE).await, None);
    assert_eq!(reader(&application, "GET", "/admin/nowhere", ADMIN).await.as_deref(), Some(ADMIN));
    assert_eq!(preflight_status(&application, "/prices", PAGE).await, 204);
    assert_eq!(preflight_status(&application, "/prices", ADMIN).await, 403);
    assert_eq!(preflight_status(&application, "/admin/prices", PAGE).await, 403);
}

#[tokio::test]
async fn a_nested_router_without_a_fallback_leaves_its_404_to_the_outer_policy() {
    let admin =
        Router::new().route("/prices", put(async || "changed")).layer(CorsLayer::new(policy_for(ADMIN)));
    let application = Router::new()
        .route("/prices", get(async || "prices"))
        .layer(CorsLayer::new(policy()))
        .nest("/admin", admin);
    assert_eq!(reader(&application, "GET", "/admin/nowhere", ADMIN).await, None);
    assert_eq!(reader(&application, "GET", "/admin/nowhere", PAGE).await.as_deref(), Some(PAGE));
}

#[tokio::test]
async fn a_layer_around_a_layer_replaces_its_answer() {
    let admin =
        Router::new().route("/prices", put(async || "changed")).layer(CorsLayer::new(policy_for(ADMIN)));
    let application = Router::new().nest("/admin", admin).layer(CorsLayer::new(policy()));
    assert_eq!(reader(&application, "PUT", "/admin/prices", ADMIN).await, None);
    assert_eq!(reader(&application, "PUT", "/admin/prices", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(preflight_status(&application, "/admin/prices", ADMIN).await, 403);
    assert_eq!(preflight_status(&application, "/admin/prices", PAGE).await, 204);
}

#[tokio::test]
async fn merged_routers_keep_their_policies_and_the_last_one_labels_the_shared_404() {
    let first = Router::new().route("/a", get(async || "a")).layer(CorsLayer::new(policy()));
    let last = Router::new().route("/b", get(async || "b")).layer(CorsLayer::new(policy_for(ADMIN)));
    let application = first.merge(last);
    assert_eq!(reader(&application, "GET", "/a", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(reader(&application, "GET", "/b", ADMIN).await.as_deref(), Some(ADMIN));
    assert_eq!(reader(&application, "GET", "/b", PAGE).await, None);
    assert_eq!(reader(&application, "GET", "/nowhere", ADMIN).await.as_deref(), Some(ADMIN));
    assert_eq!(reader(&application, "GET", "/nowhere", PAGE).await, None);
}

#[tokio::test]
async fn the_later_of_two_layers_on_one_path_answers_its_preflights() {
    let first = Router::new().route("/a", get(async || "a")).layer(CorsLayer::new(policy()));
    let last = Router::new().route("/a", post(async || "a")).layer(CorsLayer::new(policy_for(ADMIN)));
    let application = first.merge(last);
    assert_eq!(reader(&application, "GET", "/a", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(reader(&application, "POST", "/a", ADMIN).await.as_deref(), Some(ADMIN));
    assert_eq!(preflight_status(&application, "/a", PAGE).await, 403);
}

#[tokio::test]
async fn a_method_router_can_have_a_policy_of_its_own() {
    let application = Router::new().route("/a", put(async || "a").layer(CorsLayer::new(policy())));
    assert_eq!(reader(&application, "PUT", "/a", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(reader(&application, "DELETE", "/a", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(preflight_status(&application, "/a", PAGE).await, 204);
}

#[tokio::test]
async fn route_layer_leaves_responses_out() {
    let routes = Router::new().route("/a", put(async || "a")).route_layer(CorsLayer::new(policy()));
    assert_eq!(preflight_status(&routes, "/a", PAGE).await, 204);
    assert_eq!(reader(&routes, "GET", "/nowhere", PAGE).await, None);

    let methods = Router::new().route("/a", put(async || "a").route_layer(CorsLayer::new(policy())));
    assert_eq!(preflight_status(&methods, "/a", PAGE).await, 405);
}

#[tokio::test]
async fn a_service_builder_puts_its_first_layer_outermost() {
    let layers = ServiceBuilder::new().layer(CorsLayer::new(policy())).layer(CatchPanicLayer::new());
    let application = Router::new()
        .route("/panic", get(async || -> () { std::panic::resume_unwind(Box::new("on purpose")) }))
        .layer(layers);
    let response = answer(application.clone(), actual("GET", "/panic", PAGE)).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [PAGE]);
    assert_eq!(preflight_status(&application, "/panic", PAGE).await, 204);
}

#[tokio::test]
async fn the_whole_router_can_be_wrapped_as_a_service() {
    use axum::ServiceExt;
    use tower::Layer;
    use tower::ServiceExt as _;

    let application = CorsLayer::new(policy()).layer(application());
    let response =
        application.clone().oneshot(actual::<Body>("GET", "/nowhere", PAGE)).await.expect("a response");
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [PAGE]);
    // What `axum::serve` takes.
    let _ = ServiceExt::<Request>::into_make_service(application);
}
