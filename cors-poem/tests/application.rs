//! The middleware in Poem applications of every shape, called as Poem's server calls them.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cors_poem::{Cors, KeepErrors, PolicyHandle};
use poem::http::{Method, StatusCode, header};
use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt, Request, Route, get, handler};
use rstest::rstest;

use self::support::{PAGE, body, lines, policy, policy_for, request, routes};

#[handler]
fn hello() -> &'static str {
    "hello"
}

fn preflight(path: &str, method: &str) -> Request {
    Request::builder()
        .method(Method::OPTIONS)
        .uri_str(path)
        .header(header::ORIGIN, PAGE)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, method)
        .finish()
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
async fn a_handle_replaces_the_policy() {
    let handle = PolicyHandle::new(policy_for("https://other.example"));
    let app = routes().with(Cors::new(handle.clone()));
    let before = app.get_response(request(Method::GET, "/hello")).await;
    assert!(lines(&before, "access-control-allow-origin").is_empty());

    handle.replace(policy());
    let after = app.get_response(request(Method::GET, "/hello")).await;
    assert_eq!(lines(&after, "access-control-allow-origin"), [PAGE]);
}
