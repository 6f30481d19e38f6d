use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, dev, error, middleware, web};
use cors_actix::Policy;
use futures_util::stream;
use rstest::rstest;

use super::{APP, builder, cors, lines, preflight};

#[rstest]
#[case::granted(preflight("/", "PUT"), 204)]
#[case::with_headers(preflight("/", "PUT").insert_header(("access-control-request-headers", "x-a")), 204)]
#[case::not_found(preflight("/nowhere", "PUT"), 204)]
#[case::method_not_listed(preflight("/", "DELETE"), 403)]
#[case::header_not_listed(preflight("/", "PUT").insert_header(("access-control-request-headers", "x-b")), 403)]
#[case::origin_not_listed(preflight("/", "PUT").insert_header(("origin", "https://evil.example")), 403)]
#[case::two_origins(preflight("/", "PUT").append_header(("origin", APP)), 403)]
#[actix_web::test]
async fn is_answered_by_the_policy(#[case] request: TestRequest, #[case] status: u16) {
    let application = init_service(App::new().wrap(cors(builder().max_age(Duration::from_secs(60))))).await;
    let response = call_service(&application, request.to_request()).await;

    assert_eq!(response.status().as_u16(), status);
    let headers = response.headers();
    let vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    assert_eq!(lines(headers, "vary"), [vary]);
    if status == 204 {
        assert_eq!(lines(headers, "access-control-allow-origin"), [APP]);
        assert_eq!(lines(headers, "access-control-allow-methods"), ["PUT"]);
        assert_eq!(lines(headers, "access-control-allow-headers"), ["x-a"]);
        assert_eq!(lines(headers, "access-control-max-age"), ["60"]);
    } else {
        assert!(!headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{headers:?}");
    }
    assert!(read_body(response).await.is_empty());
}

#[actix_web::test]
async fn echoes_the_request_for_a_wildcard_with_credentials() {
    let policy =
        Policy::builder().allow_origins(APP).allow_methods("*").allow_headers("*").allow_credentials(true);
    let application = init_service(App::new().wrap(cors(policy))).await;
    let request = preflight("/", "PATCH")
        .append_header(("access-control-request-headers", "x-a"))
        .append_header(("access-control-request-headers", "x-b"));
    let response = call_service(&application, request.to_request()).await;
    assert_eq!(lines(response.headers(), "access-control-allow-methods"), ["PATCH"]);
    assert_eq!(lines(response.headers(), "access-control-allow-headers"), ["x-a", "x-b"]);
}

#[actix_web::test]
async fn has_the_status_of_the_policy() {
    let application = init_service(App::new().wrap(cors(builder().preflight_status(200)))).await;
    let response = call_service(&application, preflight("/", "PUT").to_request()).await;
    assert_eq!(response.status().as_u16(), 200);
}

#[actix_web::test]
async fn does_not_reach_the_application() {
    let ran = Rc::new(Cell::new(false));
    let seen = Rc::clone(&ran);
    let read = Rc::new(Cell::new(false));
    let polled = Rc::clone(&read);

    let touch = web::to(move || {
        seen.set(true);
        async { "ran" }
    });
    let refuse = middleware::from_fn(async |_: dev::ServiceRequest, _: middleware::Next<_>| {
        Err::<dev::ServiceResponse, _>(error::ErrorUnauthorized("no session"))
    });
    let application = init_service(App::new().route("/", touch).wrap(refuse).wrap(cors(builder()))).await;

    let request = preflight("/", "PUT").to_request();
    let body: dev::Payload = dev::Payload::Stream {
        payload: Box::pin(stream::once(async move {
            polled.set(true);
            Ok(web::Bytes::from_static(b"body"))
        })),
    };
    let (request, _) = request.replace_payload(body);
    let response = call_service(&application, request).await;

    assert_eq!(response.status().as_u16(), 204);
    assert!(!ran.get(), "the handler ran");
    assert!(!read.get(), "the body was read");
}

#[rstest]
#[case::without_method(TestRequest::default().insert_header((header::ORIGIN, APP)))]
#[case::without_origin(TestRequest::default().insert_header((header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")))]
#[actix_web::test]
async fn other_options_requests_reach_the_application(#[case] request: TestRequest) {
    let options = web::route().guard(actix_web::guard::Options()).to(async || "options");
    let application = init_service(App::new().route("/", options).wrap(cors(builder()))).await;
    let request = request.method(actix_web::http::Method::OPTIONS);
    let response = call_service(&application, request.to_request()).await;
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(read_body(response).await, "options");
}
