//! actix-web.

use actix_web::dev::Service as _;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use actix_web::test::init_service;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, error};
use cors_actix::{Cors, Policy};
use cors_test::{BlockReason, Page, Request};

use crate::checks::{self, ALLOWED_HEADERS, ALLOWED_METHODS, APP, EXPOSED_HEADERS, Panics, url};

const ALLOW_ORIGIN: HeaderName = HeaderName::from_static("access-control-allow-origin");

async fn items() -> HttpResponse {
    HttpResponse::Ok().insert_header(("x-total", "2")).insert_header(("x-secret", "1")).body("items")
}

async fn me(request: HttpRequest) -> HttpResponse {
    match request.headers().get("cookie") {
        Some(cookies) => HttpResponse::Ok().body(cookies.as_bytes().to_vec()),
        None => HttpResponse::Unauthorized().finish(),
    }
}

async fn failure() -> actix_web::Result<&'static str> {
    Err(error::ErrorInternalServerError("broken"))
}

async fn panics() -> &'static str {
    panic!("boom")
}

fn routes(config: &mut ServiceConfig) {
    let echo = async |body: web::Bytes| body;
    let items = web::resource("/items")
        .route(web::get().to(items))
        .route(web::put().to(echo))
        .route(web::delete().to(echo));
    config
        .service(items)
        .route("/me", web::get().to(me))
        .route("/error", web::get().to(failure))
        .route("/panic", web::get().to(panics));
}

fn policy() -> Policy {
    Policy::builder()
        .allow_origins([APP])
        .allow_methods(ALLOWED_METHODS)
        .allow_headers(ALLOWED_HEADERS)
        .expose_headers(EXPOSED_HEADERS)
        .allow_credentials(true)
        .build()
        .expect("a valid policy")
}

#[actix_web::test]
async fn an_adapter() {
    let app = init_service(App::new().configure(routes).wrap(Cors::new(policy()))).await;
    checks::of_an_adapter(&app, Panics::BreakOff).await;
}

#[actix_web::test]
async fn without_cors() {
    let app = init_service(App::new().configure(routes)).await;
    insta::assert_snapshot!(checks::without_cors(&app).await);
}

#[actix_web::test]
async fn faulty() {
    let star = DefaultHeaders::new().add((ALLOW_ORIGIN, "*"));
    let app = init_service(App::new().configure(routes).wrap(star)).await;
    insta::assert_snapshot!(checks::faulty(&app).await);
}

fn allow(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    if let Some(origin) = origin.filter(|origin| origin == APP) {
        headers.insert(ALLOW_ORIGIN, origin);
    }
}

#[actix_web::test]
async fn without_vary() {
    let app = App::new().configure(routes).wrap_fn(|request, next| {
        let origin = request.headers().get("origin").cloned();
        let response = next.call(request);
        async move {
            let mut response = response.await?;
            allow(response.headers_mut(), origin);
            Ok(response)
        }
    });
    insta::assert_snapshot!(checks::without_vary(&init_service(app).await).await);
}

/// An error of a middleware outside of the policy becomes a response without CORS headers.
#[actix_web::test]
async fn an_error_of_a_middleware() {
    let app = App::new().configure(routes).wrap(Cors::new(policy())).wrap_fn(|_, _| async {
        Err::<actix_web::dev::ServiceResponse, _>(error::ErrorServiceUnavailable("closed"))
    });
    let app = init_service(app).await;
    let answer = Page::at(APP).fetch(&app, url("/items")).await;
    answer.assert_blocked_by(BlockReason::MissingAllowOrigin).assert_reached();
    assert!(answer.to_string().contains("got 503") && answer.to_string().contains("closed"), "{answer}");
}

/// Other people's middleware.
#[actix_web::test]
async fn actix_cors() {
    let cors = actix_cors::Cors::default().allowed_origin(APP).allowed_methods(["GET"]);
    let app = init_service(App::new().configure(routes).wrap(cors)).await;
    Page::at(APP).fetch(&app, url("/items")).await.assert_readable();
    let put = Request::put(&url("/items"));
    Page::at(APP).fetch(&app, put).await.assert_blocked().assert_not_reached();
}
