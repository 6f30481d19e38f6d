//! `CorsLayer` in `Router::layer`: which responses it covers, and which of two policies applies.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post, put};
use cors_axum::CorsLayer;
use rstest::rstest;
use tower::{ServiceBuilder, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;

use crate::support::{OTHER, PAGE, actual, application, lines, policy, policy_for, preflight};

const ADMIN: &str = "https://admin.example";

async fn answer(router: Router, request: Request) -> Response {
    router.oneshot(request).await.expect("a response")
}

/// Returns the origin that may read the response, if any.
async fn allowed_origin(router: &Router, method: &str, path: &str, origin: &str) -> Option<String> {
    let response = answer(router.clone(), actual(method, path, origin)).await;
    let lines = lines(response.headers(), "access-control-allow-origin").join(" and ");
    (!lines.is_empty()).then_some(lines)
}

async fn preflight_status(router: &Router, path: &str, origin: &str) -> u16 {
    answer(router.clone(), preflight(path, origin)).await.status().as_u16()
}

#[rstest]
#[case::handler("GET", "/", 200)]
#[case::head("HEAD", "/", 200)]
#[case::not_found("GET", "/nowhere", 404)]
#[case::method_not_allowed("DELETE", "/", 405)]
#[case::options_not_allowed("OPTIONS", "/", 405)]
#[case::own_options("OPTIONS", "/options", 200)]
#[case::unauthorized("PUT", "/private", 401)]
#[case::extractor_rejection("POST", "/json", 415)]
#[case::error("GET", "/error", 503)]
#[case::panic("GET", "/panic", 500)]
#[case::redirect("POST", "/old", 308)]
#[tokio::test]
async fn all_responses_have_cors_headers(#[case] method: &str, #[case] path: &str, #[case] status: u16) {
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
async fn all_preflights_are_answered_by_the_policy(#[case] path: &str) {
    let application = application().layer(CorsLayer::new(policy()));
    assert_eq!(preflight_status(&application, path, PAGE).await, 204);
    assert_eq!(preflight_status(&application, path, OTHER).await, 403);
}

/// A limit of axum: its method router adds `Allow` to every answer to a method that no handler takes. `Cors` around the whole
/// router does not have it, see `router.rs`.
#[rstest]
#[case::granted(PAGE, 204)]
#[case::denied(OTHER, 403)]
#[tokio::test]
async fn preflights_have_an_allow_header_with_router_layer(#[case] origin: &str, #[case] status: u16) {
    let response = answer(application().layer(CorsLayer::new(policy())), preflight("/", origin)).await;
    assert_eq!(response.status(), status);
    assert_eq!(lines(response.headers(), "allow"), ["GET,HEAD"]);
}

#[tokio::test]
async fn fallbacks_have_cors_headers() {
    let application = Router::new()
        .route("/", get(async || "hello"))
        .fallback(async || (StatusCode::NOT_FOUND, "own 404"))
        .method_not_allowed_fallback(async || (StatusCode::METHOD_NOT_ALLOWED, "own 405"))
        .layer(CorsLayer::new(policy()));
    assert_eq!(allowed_origin(&application, "GET", "/nowhere", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(allowed_origin(&application, "DELETE", "/", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(preflight_status(&application, "/nowhere", PAGE).await, 204);
}

#[tokio::test]
async fn nested_and_outer_routes_each_have_their_policy() {
    let admin = Router::new()
        .route("/prices", put(async || "changed"))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(CorsLayer::new(policy_for(ADMIN)));
    let application = Router::new()
        .route("/prices", get(async || "prices"))
        .layer(CorsLayer::new(policy()))
        .nest("/admin", admin);

    assert_eq!(allowed_origin(&application, "GET", "/prices", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(allowed_origin(&application, "GET", "/prices", ADMIN).await, None);
    assert_eq!(allowed_origin(&application, "PUT", "/admin/prices", ADMIN).await.as_deref(), Some(ADMIN));
    assert_eq!(allowed_origin(&application, "PUT", "/admin/prices", PAGE).await, None);
    assert_eq!(allowed_origin(&application, "GET", "/admin/nowhere", ADMIN).await.as_deref(), Some(ADMIN));
    assert_eq!(preflight_status(&application, "/prices", PAGE).await, 204);
    assert_eq!(preflight_status(&application, "/prices", ADMIN).await, 403);
    assert_eq!(preflight_status(&application, "/admin/prices", PAGE).await, 403);
}

#[tokio::test]
async fn not_found_in_a_nested_router_without_fallback_has_the_outer_policy() {
    let admin =
        Router::new().route("/prices", put(async || "changed")).layer(CorsLayer::new(policy_for(ADMIN)));
    let application = Router::new()
        .route("/prices", get(async || "prices"))
        .layer(CorsLayer::new(policy()))
        .nest("/admin", admin);
    assert_eq!(allowed_origin(&application, "GET", "/admin/nowhere", ADMIN).await, None);
    assert_eq!(allowed_origin(&application, "GET", "/admin/nowhere", PAGE).await.as_deref(), Some(PAGE));
}

#[tokio::test]
async fn the_outer_of_two_layers_wins() {
    let admin =
        Router::new().route("/prices", put(async || "changed")).layer(CorsLayer::new(policy_for(ADMIN)));
    let application = Router::new().nest("/admin", admin).layer(CorsLayer::new(policy()));
    assert_eq!(allowed_origin(&application, "PUT", "/admin/prices", ADMIN).await, None);
    assert_eq!(allowed_origin(&application, "PUT", "/admin/prices", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(preflight_status(&application, "/admin/prices", ADMIN).await, 403);
    assert_eq!(preflight_status(&application, "/admin/prices", PAGE).await, 204);
}

#[tokio::test]
async fn merged_routers_keep_their_policies_and_the_last_one_covers_the_shared_404() {
    let first = Router::new().route("/a", get(async || "a")).layer(CorsLayer::new(policy()));
    let last = Router::new().route("/b", get(async || "b")).layer(CorsLayer::new(policy_for(ADMIN)));
    let application = first.merge(last);
    assert_eq!(allowed_origin(&application, "GET", "/a", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(allowed_origin(&application, "GET", "/b", ADMIN).await.as_deref(), Some(ADMIN));
    assert_eq!(allowed_origin(&application, "GET", "/b", PAGE).await, None);
    assert_eq!(allowed_origin(&application, "GET", "/nowhere", ADMIN).await.as_deref(), Some(ADMIN));
    assert_eq!(allowed_origin(&application, "GET", "/nowhere", PAGE).await, None);
}

#[tokio::test]
async fn the_later_of_two_layers_on_one_path_answers_its_preflights() {
    let first = Router::new().route("/a", get(async || "a")).layer(CorsLayer::new(policy()));
    let last = Router::new().route("/a", post(async || "a")).layer(CorsLayer::new(policy_for(ADMIN)));
    let application = first.merge(last);
    assert_eq!(allowed_origin(&application, "GET", "/a", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(allowed_origin(&application, "POST", "/a", ADMIN).await.as_deref(), Some(ADMIN));
    assert_eq!(preflight_status(&application, "/a", PAGE).await, 403);
}

#[tokio::test]
async fn method_routers_can_have_their_own_policy() {
    let application = Router::new().route("/a", put(async || "a").layer(CorsLayer::new(policy())));
    assert_eq!(allowed_origin(&application, "PUT", "/a", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(allowed_origin(&application, "DELETE", "/a", PAGE).await.as_deref(), Some(PAGE));
    assert_eq!(preflight_status(&application, "/a", PAGE).await, 204);
}

#[tokio::test]
async fn route_layer_does_not_cover_all_responses() {
    let routes = Router::new().route("/a", put(async || "a")).route_layer(CorsLayer::new(policy()));
    assert_eq!(preflight_status(&routes, "/a", PAGE).await, 204);
    assert_eq!(allowed_origin(&routes, "GET", "/nowhere", PAGE).await, None);

    let methods = Router::new().route("/a", put(async || "a").route_layer(CorsLayer::new(policy())));
    assert_eq!(preflight_status(&methods, "/a", PAGE).await, 405);
}

#[tokio::test]
async fn the_first_layer_of_a_service_builder_is_the_outermost() {
    let layers = ServiceBuilder::new().layer(CorsLayer::new(policy())).layer(CatchPanicLayer::new());
    let application = Router::new()
        .route("/panic", get(async || -> () { std::panic::resume_unwind(Box::new("on purpose")) }))
        .layer(layers);
    let response = answer(application.clone(), actual("GET", "/panic", PAGE)).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [PAGE]);
    assert_eq!(preflight_status(&application, "/panic", PAGE).await, 204);
}
