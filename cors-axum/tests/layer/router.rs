//! `Cors` around whole routers, the recommended way.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Path, Request, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use axum::routing::{get, put};
use cors_axum::Cors;
use rstest::rstest;
use tower::ServiceExt;

use crate::support::{OTHER, PAGE, actual, application, lines, policy, policy_for, preflight};

const ADMIN: &str = "https://admin.example";

async fn send(router: Router, request: Request) -> Response {
    Cors::new(router, policy()).oneshot(request).await.expect("a response")
}

fn names(response: &Response) -> BTreeSet<&str> {
    response.headers().keys().map(HeaderName::as_str).collect()
}

#[rstest]
#[case::handler("/")]
#[case::not_found("/nowhere")]
#[case::unauthorized("/private")]
#[case::redirect("/old")]
#[case::own_options("/options")]
#[tokio::test]
async fn preflights_have_the_headers_of_the_policy_and_no_others(#[case] path: &str) {
    let granted = send(application(), preflight(path, PAGE)).await;
    assert_eq!(granted.status(), StatusCode::NO_CONTENT);
    let expected = [
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-max-age",
        "vary",
    ];
    assert_eq!(names(&granted), expected.into());

    let denied = send(application(), preflight(path, OTHER)).await;
    assert_eq!(denied.status(), StatusCode::FORBIDDEN);
    assert_eq!(names(&denied), ["vary"].into());
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
    let response = send(application(), actual(method, path, PAGE)).await;
    assert_eq!(response.status(), status);
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [PAGE]);
    assert_eq!(lines(response.headers(), "access-control-expose-headers"), ["x-request-id"]);
    assert_eq!(lines(response.headers(), "vary"), ["Origin"]);
}

fn groups() -> Router {
    let shop = Router::new().route("/prices", get(async || "prices"));
    let admin = Router::new().route("/prices", put(async || "changed"));
    Router::new()
        .nest_service("/admin", Cors::new(admin, policy_for(ADMIN)))
        .fallback_service(Cors::new(shop, policy_for(PAGE)))
}

#[rstest]
#[case::shop("/prices", 200, PAGE, ADMIN)]
#[case::shop_not_found("/nowhere", 404, PAGE, ADMIN)]
#[case::admin_method_not_allowed("/admin/prices", 405, ADMIN, PAGE)]
#[case::admin_not_found("/admin/nowhere", 404, ADMIN, PAGE)]
#[case::admin_itself("/admin", 404, ADMIN, PAGE)]
#[tokio::test]
async fn each_group_of_routes_has_its_own_policy(
    #[case] path: &str,
    #[case] status: u16,
    #[case] listed: &str,
    #[case] unlisted: &str,
) {
    for (origin, expected) in [(listed, vec![listed]), (unlisted, vec![])] {
        let response = groups().oneshot(actual::<Body>("GET", path, origin)).await.expect("a response");
        assert_eq!(response.status(), status);
        assert_eq!(lines(response.headers(), "access-control-allow-origin"), expected);

        let mut request: Request = preflight(path, origin);
        request
            .headers_mut()
            .insert("access-control-request-method", "POST".parse().expect("a header value"));
        let response = groups().oneshot(request).await.expect("a response");
        assert_eq!(response.status().is_success(), origin == listed);
        assert_eq!(lines(response.headers(), "access-control-allow-origin"), expected);
        assert!(!response.headers().contains_key("allow"), "{response:?}");
    }
}

#[tokio::test]
async fn nested_routers_keep_state_parameters_and_matched_path() {
    async fn handler(State(state): State<u8>, path: MatchedPath, Path(ids): Path<(u8, u8)>) -> String {
        format!("{state} {} {ids:?}", path.as_str())
    }
    let inner = Router::new().route("/item/{item}", get(handler)).with_state(7);
    let router = Router::new().nest_service("/shop/{shop}", Cors::new(inner, policy()));
    let response = router.oneshot(actual::<Body>("GET", "/shop/1/item/2", PAGE)).await.expect("a response");
    let body = axum::body::to_bytes(response.into_body(), 1024).await.expect("a body");
    assert_eq!(body, "7 /shop/{shop}/item/{item} (1, 2)");
}

#[tokio::test]
async fn axum_can_serve_it() {
    let service = Cors::new(application(), policy());
    let _ = axum::ServiceExt::<Request>::into_make_service(service.clone());
    let _: Router = Router::new().fallback_service(service);
}
