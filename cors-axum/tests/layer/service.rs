//! The middleware around a single tower service: which requests reach it, and what its responses become.

use std::cell::Cell;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll};

use cors_axum::{Cors, CorsLayer, Policy, PolicyHandle};
use http::{Request, Response, StatusCode, Version};
use rstest::rstest;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::support::{OTHER, PAGE, actual, lines, policy, policy_for, preflight};

/// Counts the calls that reach it and its clones. It is not `Send`, because the middleware must not require it.
#[derive(Clone)]
struct Inner {
    polls: Rc<Cell<u32>>,
    calls: Rc<Cell<u32>>,
    response: Response<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Broken;

impl Service<Request<&'static str>> for Inner {
    type Response = Response<&'static str>;
    type Error = Broken;
    type Future = Ready<Result<Self::Response, Broken>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.polls.set(self.polls.get() + 1);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<&'static str>) -> Self::Future {
        self.calls.set(self.calls.get() + 1);
        ready(Ok(self.response.clone()))
    }
}

fn inner(response: Response<&'static str>) -> Inner {
    Inner { polls: Rc::default(), calls: Rc::default(), response }
}

async fn answer(policy: Policy, inner: Inner, request: Request<&'static str>) -> Response<&'static str> {
    CorsLayer::new(policy).layer(inner).oneshot(request).await.expect("a response")
}

#[rstest]
#[case::granted(PAGE, StatusCode::NO_CONTENT)]
#[case::denied(OTHER, StatusCode::FORBIDDEN)]
#[tokio::test]
async fn preflights_do_not_reach_the_service(#[case] origin: &str, #[case] status: StatusCode) {
    let inner = inner(Response::new("from inside"));
    let (polls, calls) = (Rc::clone(&inner.polls), Rc::clone(&inner.calls));

    let response = answer(policy(), inner, preflight("/", origin)).await;

    assert_eq!((response.status(), *response.body()), (status, ""));
    assert_eq!(calls.get(), 0);
    assert_eq!(polls.get(), 1, "tower polls for readiness once, before the request is known");
}

#[tokio::test]
async fn granted_preflights_have_the_headers_of_the_policy() {
    let response = answer(policy(), inner(Response::default()), preflight("/", PAGE)).await;
    let headers = response.headers();
    assert_eq!(lines(headers, "access-control-allow-origin"), [PAGE]);
    assert_eq!(lines(headers, "access-control-allow-credentials"), ["true"]);
    assert_eq!(lines(headers, "access-control-allow-methods"), ["PUT"]);
    assert_eq!(lines(headers, "access-control-allow-headers"), ["x-a"]);
    assert_eq!(lines(headers, "access-control-max-age"), ["600"]);
    assert!(!headers.contains_key("access-control-expose-headers"));
}

#[tokio::test]
async fn preflights_have_the_status_of_the_policy() {
    let policy = Policy::builder().allow_origins("*").allow_methods("*").preflight_status(200).build();
    let response =
        answer(policy.expect("a valid policy"), inner(Response::default()), preflight("/", PAGE)).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[rstest]
#[case::plain_options(Request::options("/").body("").expect("a request"))]
#[case::options_with_an_origin(actual("OPTIONS", "/", PAGE))]
#[case::options_without_an_origin(
    Request::options("/").header("access-control-request-method", "PUT").body("").expect("a request")
)]
#[case::not_allowed(actual("PUT", "/", OTHER))]
#[tokio::test]
async fn other_requests_reach_the_service(#[case] request: Request<&'static str>) {
    let inner = inner(Response::new("from inside"));
    let (polls, calls) = (Rc::clone(&inner.polls), Rc::clone(&inner.calls));
    assert_eq!(*answer(policy(), inner, request).await.body(), "from inside");
    assert_eq!((polls.get(), calls.get()), (1, 1));
}

#[tokio::test]
async fn requests_arrive_unchanged() {
    let service = service_fn(async |request: Request<&'static str>| {
        assert_eq!(lines(request.headers(), "origin"), [PAGE, OTHER]);
        assert_eq!(request.version(), Version::HTTP_2);
        assert_eq!(request.extensions().get::<u8>(), Some(&7));
        Ok::<_, Broken>(Response::new(*request.body()))
    });
    let mut request = actual("POST", "/", PAGE);
    request.headers_mut().append("origin", OTHER.parse().expect("a value"));
    *request.version_mut() = Version::HTTP_2;
    request.extensions_mut().insert(7_u8);
    *request.body_mut() = "body";
    let response = CorsLayer::new(policy()).layer(service).oneshot(request).await.expect("a response");
    assert_eq!(*response.body(), "body");
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn the_rest_of_the_response_is_unchanged() {
    let response = Response::builder()
        .status(StatusCode::IM_A_TEAPOT)
        .version(Version::HTTP_2)
        .header("set-cookie", "a=1")
        .header("x-request-id", "7")
        .header("set-cookie", "b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT")
        .extension(7_u8)
        .body("from inside")
        .expect("a response");
    let response = answer(policy(), inner(response), actual("GET", "/", PAGE)).await;
    assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(response.extensions().get::<u8>(), Some(&7));
    assert_eq!(*response.body(), "from inside");
    let headers = response.headers();
    assert_eq!(lines(headers, "set-cookie"), ["a=1", "b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT"]);
    assert_eq!(lines(headers, "x-request-id"), ["7"]);
    assert_eq!(lines(headers, "access-control-allow-origin"), [PAGE]);
    assert_eq!(lines(headers, "access-control-expose-headers"), ["x-request-id"]);
}

#[rstest]
#[case::allowed(PAGE, &[PAGE])]
#[case::not_allowed(OTHER, &[])]
#[tokio::test]
async fn cors_headers_of_the_application_are_removed(#[case] origin: &str, #[case] expected: &[&str]) {
    let response = Response::builder()
        .header("access-control-allow-origin", "*")
        .header("access-control-allow-origin", "https://handler.example")
        .header("access-control-allow-methods", "DELETE")
        .header("access-control-something-new", "1")
        .body("")
        .expect("a response");
    let response = answer(policy(), inner(response), actual("GET", "/", origin)).await;
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), expected);
    assert!(!response.headers().contains_key("access-control-allow-methods"));
    assert!(!response.headers().contains_key("access-control-something-new"));
}

#[rstest]
#[case::none(&[], &["Origin"])]
#[case::other(&["Accept-Encoding"], &["accept-encoding", "origin"])]
#[case::present(&["Cookie, origin"], &["cookie", "origin"])]
#[case::two_lines(&["Cookie", "Accept"], &["cookie", "accept", "origin"])]
#[case::star(&["*"], &["*"])]
#[tokio::test]
async fn vary_is_merged(#[case] own: &[&str], #[case] expected: &[&str]) {
    let mut response = Response::new("");
    for line in own {
        response.headers_mut().append("vary", line.parse().expect("a value"));
    }
    let response = answer(policy(), inner(response), actual("GET", "/", PAGE)).await;
    let mut tokens: Vec<_> = lines(response.headers(), "vary")
        .iter()
        .flat_map(|line| line.split(','))
        .map(|token| token.trim().to_ascii_lowercase())
        .collect();
    let mut expected: Vec<_> = expected.iter().map(|token| token.to_ascii_lowercase()).collect();
    tokens.sort();
    expected.sort();
    assert_eq!(tokens, expected);
}

#[tokio::test]
async fn errors_of_the_service_are_passed_on() {
    let service = service_fn(async |_: Request<&'static str>| Err::<Response<&'static str>, _>(Broken));
    let answer = CorsLayer::new(policy()).layer(service).oneshot(actual("GET", "/", PAGE)).await;
    assert_eq!(answer.expect_err("an error"), Broken);
}

#[tokio::test]
async fn errors_of_readiness_are_passed_on() {
    #[derive(Clone)]
    struct NeverReady;

    impl Service<Request<&'static str>> for NeverReady {
        type Response = Response<&'static str>;
        type Error = Broken;
        type Future = Ready<Result<Self::Response, Broken>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
            Poll::Ready(Err(Broken))
        }

        fn call(&mut self, _: Request<&'static str>) -> Self::Future {
            ready(Err(Broken))
        }
    }

    let answer = CorsLayer::new(policy()).layer(NeverReady).oneshot(preflight("/", PAGE)).await;
    assert_eq!(answer.expect_err("an error"), Broken);
}

#[tokio::test]
async fn requests_in_flight_keep_their_policy_when_it_is_replaced() {
    let handle = PolicyHandle::new(policy_for(PAGE));
    let mut service = CorsLayer::new(handle.clone()).layer(inner(Response::default()));

    let service = service.ready().await.expect("readiness");
    let in_flight = service.call(actual("GET", "/", PAGE));
    handle.replace(policy_for(OTHER));
    let response = in_flight.await.expect("a response");
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [PAGE]);

    let service = service.ready().await.expect("readiness");
    let response = service.call(actual("GET", "/", PAGE)).await.expect("a response");
    assert!(!response.headers().contains_key("access-control-allow-origin"));
    let response = service.call(actual("GET", "/", OTHER)).await.expect("a response");
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [OTHER]);
}

#[tokio::test]
async fn the_outermost_of_nested_layers_wins() {
    let inside = inner(Response::default());
    let calls = Rc::clone(&inside.calls);
    let nested = ServiceBuilder::new()
        .layer(CorsLayer::new(policy_for(PAGE)))
        .layer(CorsLayer::new(policy_for(OTHER)))
        .service(inside);
    let mut nested = nested;

    let response =
        nested.ready().await.expect("readiness").call(actual("GET", "/", PAGE)).await.expect("a response");
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [PAGE]);
    assert_eq!(lines(response.headers(), "vary"), ["Origin"]);

    let response = nested.ready().await.expect("readiness").call(actual("GET", "/", OTHER)).await;
    assert!(!response.expect("a response").headers().contains_key("access-control-allow-origin"));

    let response = nested.ready().await.expect("readiness").call(preflight("/", OTHER)).await;
    assert_eq!(response.expect("a response").status(), StatusCode::FORBIDDEN);
    assert_eq!(calls.get(), 2);
}

#[test]
fn the_inner_service_is_accessible() {
    let mut service = Cors::new(1, policy());
    *service.inner_mut() += 1;
    assert_eq!((*service.inner(), service.into_inner()), (2, 2));
}
