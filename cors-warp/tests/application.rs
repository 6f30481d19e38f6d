//! The filter and the layer in warp applications of every shape.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cors_warp::{Cors, CorsLayer, Policy, PolicyHandle};
use rstest::rstest;
use tower::{Layer as _, Service as _};
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use warp::reject::Reject;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};

const APP: &str = "https://app.example";

fn policy(origin: &str) -> Policy {
    Policy::builder()
        .allow_origins([origin])
        .allow_methods(["PUT"])
        .allow_headers(["x-a"])
        .expose_headers(["x-b"])
        .allow_credentials(true)
        .build()
        .expect("a valid policy")
}

#[derive(Debug)]
struct Failure;

impl Reject for Failure {}

/// Routes that end in every way that a filter can end, and a count of the handlers that ran.
fn routes() -> (BoxedFilter<(Response,)>, Arc<AtomicUsize>) {
    let hits = Arc::new(AtomicUsize::default());
    let counted = Arc::clone(&hits);
    let count = warp::any().map(move || counted.fetch_add(1, Ordering::Relaxed)).map(|_| ()).untuple_one();

    let ok = warp::path!("ok").and(warp::get()).and(count.clone()).map(|| "ok");
    let options = warp::path!("options").and(warp::options()).and(count.clone()).map(|| "options");
    let own = warp::path!("own").and(count.clone()).map(|| {
        let reply = warp::reply::with_header("own", "access-control-allow-origin", "https://handler.example");
        warp::reply::with_header(reply, "vary", "Accept")
    });
    let cookies = warp::path!("cookies").and(count.clone()).map(|| {
        let mut response = warp::reply().into_response();
        for cookie in ["a=1", "b=2"] {
            response.headers_mut().append("set-cookie", HeaderValue::from_static(cookie));
        }
        response
    });
    let error =
        warp::path!("error").and(count).and_then(async || Err::<Response, _>(warp::reject::custom(Failure)));
    let json = warp::path!("json").and(warp::body::json()).map(|number: u32| number.to_string());
    let query = warp::path!("query").and(warp::query::<Vec<(u32, u32)>>()).map(|_| "query");
    let header = warp::path!("header").and(warp::header::<u32>("x-n")).map(|n: u32| n.to_string());
    let routes = ok.or(options).or(own).or(cookies).or(error).or(json).or(query).or(header);
    (routes.map(Reply::into_response).boxed(), hits)
}

fn preflight(path: &str, origin: &str, method: &str) -> warp::test::RequestBuilder {
    let request = warp::test::request().method("OPTIONS").path(path);
    request.header("origin", origin).header("access-control-request-method", method)
}

fn cors_headers(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII")))
        .filter(|(name, _)| name.starts_with("access-control-") || *name == "vary")
        .collect();
    lines.sort_unstable();
    lines
}

#[rstest]
#[case("GET", "/ok", 200)]
#[case("POST", "/ok", 405)]
#[case("GET", "/nowhere", 404)]
#[case("GET", "/error", 500)]
#[case("POST", "/json", 400)]
#[case("GET", "/query?x", 400)]
#[case("GET", "/header", 400)]
#[case("GET", "/cookies", 200)]
#[tokio::test]
async fn only_the_cors_headers_of_a_response_change(
    #[case] method: &str,
    #[case] path: &str,
    #[case] status: u16,
) {
    let (routes, _) = routes();
    let request = || warp::test::request().method(method).path(path).header("origin", APP);
    let bare = request().reply(&routes).await;
    let app = Cors::new(policy(APP)).wrap(routes);
    let response = request().reply(&app).await;

    assert_eq!(response.status(), status);
    assert_eq!((response.status(), response.body()), (bare.status(), bare.body()));
    let expected = [
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-origin", APP),
        ("access-control-expose-headers", "x-b"),
        ("vary", "Origin"),
    ];
    assert_eq!(cors_headers(response.headers()), expected);

    let mut rest = response.headers().clone();
    for (name, _) in expected {
        rest.remove(name);
    }
    assert_eq!(&rest, bare.headers());
}

#[rstest]
#[case::other_origin(Some("https://evil.example"))]
#[case::no_origin(None)]
#[tokio::test]
async fn a_handler_runs_whatever_the_origin(#[case] origin: Option<&str>) {
    let (routes, hits) = routes();
    let app = Cors::new(policy(APP)).wrap(routes);
    let mut request = warp::test::request().path("/ok");
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let response = request.reply(&app).await;
    assert_eq!(response.body(), "ok");
    assert_eq!(cors_headers(response.headers()), [("vary", "Origin")]);
    assert_eq!(hits.load(Ordering::Relaxed), 1);
}

#[rstest]
#[case::granted("PUT", 204, &[
    ("access-control-allow-credentials", "true"),
    ("access-control-allow-headers", "x-a"),
    ("access-control-allow-methods", "PUT"),
    ("access-control-allow-origin", APP),
])]
#[case::denied("DELETE", 403, &[])]
#[tokio::test]
async fn a_preflight_is_answered_for_every_path(
    #[values("/ok", "/options", "/own", "/error", "/nowhere")] path: &str,
    #[case] method: &str,
    #[case] status: u16,
    #[case] expected: &[(&str, &str)],
) {
    let (routes, hits) = routes();
    let app = Cors::new(policy(APP)).wrap(routes);
    let response = preflight(path, APP, method).reply(&app).await;
    assert_eq!(response.status(), status);
    assert!(response.body().is_empty());
    let headers = cors_headers(response.headers());
    let allow: Vec<_> = headers.iter().copied().filter(|(name, _)| *name != "vary").collect();
    assert_eq!(allow, expected);
    assert!(
        headers
            .iter()
            .any(|(name, value)| *name == "vary" && value.contains("Access-Control-Request-Method"))
    );
    assert_eq!(hits.load(Ordering::Relaxed), 0);
}

#[rstest]
#[case("GET", "/ok")]
#[case("GET", "/nowhere")]
#[case("POST", "/ok")]
#[case("GET", "/error")]
#[case("OPTIONS", "/ok")]
#[tokio::test]
async fn the_layer_and_the_filter_give_the_same_answer(#[case] method: &str, #[case] path: &str) {
    let request = || {
        let request = Request::builder().method(method).uri(path).header("origin", APP);
        request.header("access-control-request-method", "PUT").body(String::new()).unwrap()
    };
    let filter = Cors::new(policy(APP)).wrap(routes().0);
    let Ok(from_filter) = warp::service(filter).call(request()).await;
    let Ok(from_layer) = CorsLayer::new(policy(APP)).layer(warp::service(routes().0)).call(request()).await;
    assert_eq!(from_filter.status(), from_layer.status());
    assert_eq!(from_filter.headers(), from_layer.headers());
    assert!(from_layer.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn an_options_request_that_is_not_a_preflight_reaches_its_handler() {
    let (routes, hits) = routes();
    let app = Cors::new(policy(APP)).wrap(routes);
    let request = warp::test::request().method("OPTIONS").path("/options").header("origin", APP);
    let response = request.reply(&app).await;
    assert_eq!(response.body(), "options");
    assert_eq!(response.headers()["access-control-allow-origin"], APP);
    assert_eq!(hits.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn two_origin_lines_are_not_allowed() {
    let (routes, _) = routes();
    let app = Cors::new(policy(APP)).wrap(routes);
    // warp's test requests keep one line of a header.
    let request =
        Request::get("/ok").header("origin", APP).header("origin", APP).body(String::new()).unwrap();
    let Ok(response) = warp::service(app).call(request).await;
    assert_eq!(cors_headers(response.headers()), [("vary", "Origin")]);
}

#[tokio::test]
async fn cors_headers_of_the_handler_are_replaced_and_its_vary_is_kept() {
    let (routes, _) = routes();
    let app = Cors::new(policy(APP)).wrap(routes);
    let response = warp::test::request().path("/own").header("origin", APP).reply(&app).await;
    let origins: Vec<_> = response.headers().get_all("access-control-allow-origin").iter().collect();
    assert_eq!(origins, [APP]);
    let vary: Vec<_> = response.headers().get_all("vary").iter().map(|line| line.to_str().unwrap()).collect();
    assert_eq!(vary.join(", "), "Accept, Origin");
}

/// Two parts side by side, each with its own policy, as the README recommends.
fn two_policies() -> impl Filter<Extract = impl Reply, Error = Rejection> + Clone {
    let partner = Cors::new(policy("https://partner.example"));
    let api = warp::path("api").and(Cors::new(policy(APP)).wrap(routes().0));
    let partners = warp::path("partners").and(partner.wrap(routes().0));
    api.or(partners).map(Reply::into_response)
}

#[rstest]
#[case("/api/ok", APP, 204)]
#[case("/partners/ok", APP, 403)]
#[case("/api/nowhere", "https://partner.example", 403)]
#[case("/partners/nowhere", "https://partner.example", 204)]
#[tokio::test]
async fn the_path_filter_chooses_the_policy_of_a_preflight(
    #[case] path: &str,
    #[case] origin: &str,
    #[case] status: u16,
) {
    let response = preflight(path, origin, "PUT").reply(&two_policies()).await;
    assert_eq!(response.status(), status);
}

#[rstest]
#[case("/api/ok", 200, Some(APP))]
#[case("/api/nowhere", 404, Some(APP))]
#[case("/partners/ok", 200, None)]
#[case("/elsewhere", 404, None)]
#[tokio::test]
async fn the_path_filter_chooses_the_policy_of_a_response(
    #[case] path: &str,
    #[case] status: u16,
    #[case] allowed: Option<&str>,
) {
    let response = warp::test::request().path(path).header("origin", APP).reply(&two_policies()).await;
    assert_eq!(response.status(), status);
    let origin = response.headers().get("access-control-allow-origin");
    assert_eq!(origin.map(|origin| origin.to_str().unwrap()), allowed);
}

#[tokio::test]
async fn a_preflight_for_a_path_without_a_policy_reaches_the_application() {
    let response = preflight("/elsewhere", APP, "PUT").reply(&two_policies()).await;
    assert_eq!(response.status(), 404);
    assert!(cors_headers(response.headers()).is_empty());
}

#[tokio::test]
async fn recover_works_inside_and_log_works_outside() {
    let recovered = routes().0.recover(async |_| Ok::<_, Infallible>("recovered"));
    let cors = Cors::new(policy(APP));
    let seen = Arc::new(AtomicUsize::default());
    let log = Arc::clone(&seen);
    let app =
        recovered.with(warp::wrap_fn(|routes| cors.wrap(routes))).with(warp::log::custom(move |info| {
            log.store(usize::from(info.status().as_u16()), Ordering::Relaxed);
        }));

    let response = warp::test::request().path("/error").header("origin", APP).reply(&app).await;
    assert_eq!(response.body(), "recovered");
    assert_eq!(response.headers()["access-control-allow-origin"], APP);

    preflight("/ok", APP, "PUT").reply(&app).await;
    assert_eq!(seen.load(Ordering::Relaxed), 204);
}

#[tokio::test]
async fn an_unrecovered_rejection_below_a_logger_is_the_response_of_warp() {
    let app = Cors::new(policy(APP)).wrap(routes().0).with(warp::log("test"));
    let response = warp::test::request().path("/error").header("origin", APP).reply(&app).await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.body(), "Unhandled rejection: Failure");
    assert_eq!(response.headers()["access-control-allow-origin"], APP);
}

#[tokio::test]
async fn a_handle_replaces_the_policy_of_running_routes() {
    let handle = PolicyHandle::new(policy("https://old.example"));
    let app = Cors::new(handle.clone()).wrap(routes().0);
    let allowed = async || {
        let response = warp::test::request().path("/ok").header("origin", APP).reply(&app).await;
        response.headers().contains_key("access-control-allow-origin")
    };
    assert!(!allowed().await);
    handle.replace(policy(APP));
    assert!(allowed().await);
}

#[tokio::test]
async fn the_request_reaches_the_handler_unchanged() {
    let echo = warp::method()
        .and(warp::path::full())
        .and(warp::header::headers_cloned())
        .and(warp::body::bytes())
        .map(
            |method: Method,
             path: warp::path::FullPath,
             headers: HeaderMap,
             body: warp::hyper::body::Bytes| {
                let names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
                format!("{method} {} {names:?} {}", path.as_str(), body.len())
            },
        );
    let app = Cors::new(policy(APP)).wrap(echo);
    let request = warp::test::request().method("PUT").path("/a/b").header("origin", APP).header("x-a", "1");
    let response = request.body("12345").reply(&app).await;
    assert_eq!(response.body(), r#"PUT /a/b ["origin", "x-a", "content-length"] 5"#);
}
