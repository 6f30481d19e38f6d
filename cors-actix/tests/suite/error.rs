//! Errors from middleware. They leave the application as an `Err` and become a response outside of it.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{StatusCode, header::HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::{App, Error, HttpResponse, ResponseError};
use rstest::rstest;

use super::{APP, builder, cors, get, lines};

#[derive(Debug, PartialEq)]
struct Unauthorized(&'static str);

impl fmt::Display for Unauthorized {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "unauthorized: {}", self.0)
    }
}

impl ResponseError for Unauthorized {
    fn status_code(&self) -> StatusCode {
        StatusCode::UNAUTHORIZED
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code())
            .insert_header((header::WWW_AUTHENTICATE, "Basic"))
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .insert_header((header::VARY, "Cookie"))
            .body(self.to_string())
    }
}

async fn refuse<B>(_: ServiceRequest, _: Next<B>) -> Result<ServiceResponse<B>, Error> {
    Err(Unauthorized("no session").into())
}

async fn error(request: TestRequest) -> Error {
    let application = init_service(App::new().wrap(from_fn(refuse)).wrap(cors(builder()))).await;
    match try_call_service(&application, request.to_request()).await {
        Ok(response) => panic!("a response: {response:?}"),
        Err(error) => error,
    }
}

#[rstest]
#[case::allowed(get("/"), &[APP], &["Cookie", "Origin"])]
#[case::plain(TestRequest::get(), &[], &["Cookie", "Origin"])]
#[case::not_allowed(get("/").insert_header(("origin", "https://evil.example")), &[], &["Cookie", "Origin"])]
#[actix_web::test]
async fn becomes_a_response_with_cors_headers(
    #[case] request: TestRequest,
    #[case] allow_origin: &[&str],
    #[case] vary: &[&str],
) {
    let error = error(request).await;
    // A logger outside calls `error_response` too, so a second call must give the same result.
    for _ in 0..2 {
        let response = error.error_response();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(lines(response.headers(), "access-control-allow-origin"), allow_origin);
        assert_eq!(lines(response.headers(), "vary"), vary);
        assert_eq!(lines(response.headers(), "www-authenticate"), ["Basic"]);
    }
}

#[actix_web::test]
async fn keeps_its_type_and_text() {
    let error = error(get("/")).await;
    assert_eq!(error.as_error::<Unauthorized>(), Some(&Unauthorized("no session")));
    assert_eq!(error.to_string(), "unauthorized: no session");
    assert_eq!(format!("{error:?}"), "Unauthorized(\"no session\")");
    assert_eq!(error.as_response_error().status_code(), StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn passes_through_an_outer_middleware() {
    let seen = Rc::new(RefCell::new(None));
    let log = Rc::clone(&seen);
    let application =
        App::new().wrap(from_fn(refuse)).wrap(cors(builder())).wrap_fn(move |request, service| {
            let log = Rc::clone(&log);
            let response = service.call(request);
            async move {
                let response = response.await;
                *log.borrow_mut() = response.as_ref().err().map(ToString::to_string);
                response
            }
        });
    let application = init_service(application).await;
    assert!(try_call_service(&application, get("/").to_request()).await.is_err());
    assert_eq!(seen.borrow().as_deref(), Some("unauthorized: no session"));
}

#[actix_web::test]
async fn has_the_headers_of_the_outer_policy() {
    let inner = cors(builder().expose_headers("x-inner"));
    let outer = cors(builder().expose_headers("x-outer"));
    let application = init_service(App::new().wrap(from_fn(refuse)).wrap(inner).wrap(outer)).await;
    let error = try_call_service(&application, get("/").to_request()).await.map(drop).expect_err("an error");
    let response = error.error_response();
    let headers: &HeaderMap = response.headers();
    assert_eq!(headers.get("access-control-expose-headers"), Some(&HeaderValue::from_static("x-outer")));
    assert_eq!(lines(headers, "vary"), ["Cookie", "Origin"]);
}
