use actix_web::dev::ServiceResponse;
use actix_web::http::header;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, error, middleware, web};
use cors_actix::Policy;
use futures_util::{StreamExt, stream};
use rstest::rstest;

use super::{APP, builder, cors, get, lines};

/// Sends a request to an application that can respond in many ways.
async fn answer(request: TestRequest) -> ServiceResponse<impl actix_web::body::MessageBody> {
    let application = App::new()
        .app_data(web::PayloadConfig::new(4))
        .route("/ok", web::get().to(async || "ok"))
        .route("/bytes", web::post().to(async |_: web::Bytes| "ok"))
        .route("/number/{n}", web::get().to(async |n: web::Path<u8>| n.to_string()))
        .route("/json", web::post().to(async |n: web::Json<u8>| n.to_string()))
        .route("/error", web::get().to(async || Err::<&str, _>(error::ErrorConflict("conflict"))))
        .service(web::resource("/get").route(web::get().to(async || "ok")))
        .service(web::redirect("/moved", "/ok"))
        .route(
            "/stream",
            web::get().to(async || {
                let chunks = stream::iter(["a", "b"]).map(|chunk| Ok::<_, error::Error>(chunk.into()));
                HttpResponse::Ok().streaming(chunks)
            }),
        )
        .route(
            "/cookies",
            web::get().to(async || {
                HttpResponse::Ok()
                    .append_header((header::SET_COOKIE, "a=1"))
                    .append_header((header::SET_COOKIE, "b=2"))
                    .append_header((header::VARY, "Accept"))
                    .finish()
            }),
        )
        .route(
            "/own",
            web::get().to(async || {
                HttpResponse::Ok()
                    .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
                    .insert_header((header::ACCESS_CONTROL_MAX_AGE, "1"))
                    .finish()
            }),
        )
        .wrap(cors(builder().allow_credentials(true).expose_headers("x-a")));
    call_service(&init_service(application).await, request.to_request()).await
}

#[rstest]
#[case::handler(get("/ok"), 200)]
#[case::not_found(get("/nowhere"), 404)]
#[case::method_not_allowed(get("/get").method(actix_web::http::Method::POST), 405)]
#[case::path_extractor(get("/number/x"), 404)]
#[case::body_extractor(get("/json").method(actix_web::http::Method::POST).set_json("x"), 400)]
#[case::too_large(get("/bytes").method(actix_web::http::Method::POST).set_payload("12345"), 413)]
#[case::error(get("/error"), 409)]
#[case::redirect(get("/moved"), 307)]
#[case::stream(get("/stream"), 200)]
#[actix_web::test]
async fn has_cors_headers_from_every_source(#[case] request: TestRequest, #[case] status: u16) {
    let response = answer(request).await;
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [APP]);
    assert_eq!(lines(response.headers(), "access-control-allow-credentials"), ["true"]);
    assert_eq!(lines(response.headers(), "access-control-expose-headers"), ["x-a"]);
    assert_eq!(lines(response.headers(), "vary"), ["Origin"]);
}

#[rstest]
#[case::plain(TestRequest::get().uri("/own"))]
#[case::not_allowed(get("/own").insert_header((header::ORIGIN, "https://evil.example")))]
#[case::not_found(get("/nowhere").insert_header((header::ORIGIN, "https://evil.example")))]
#[actix_web::test]
async fn has_no_cors_headers_for_other_requests(#[case] request: TestRequest) {
    let response = answer(request).await;
    let headers = response.headers();
    assert!(!headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{headers:?}");
    assert_eq!(lines(headers, "vary"), ["Origin"]);
}

#[actix_web::test]
async fn keeps_other_header_lines() {
    let response = answer(get("/cookies")).await;
    assert_eq!(lines(response.headers(), "set-cookie"), ["a=1", "b=2"]);
    assert_eq!(lines(response.headers(), "vary"), ["Accept", "Origin"]);
}

#[actix_web::test]
async fn drops_cors_headers_of_the_application() {
    let response = answer(get("/own")).await;
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [APP]);
    assert_eq!(lines(response.headers(), "access-control-max-age"), [""; 0]);
}

#[actix_web::test]
async fn keeps_its_body() {
    assert_eq!(read_body(answer(get("/stream")).await).await, "ab");
    assert_eq!(read_body(answer(get("/error")).await).await, "conflict");
}

#[actix_web::test]
async fn does_not_vary_if_any_origin_is_allowed() {
    let policy = Policy::builder().allow_origins("*");
    // `Logger` changes the body's type, and works both inside and outside.
    let application = App::new()
        .route("/", web::get().to(async || "ok"))
        .wrap(middleware::Logger::default())
        .wrap(cors(policy))
        .wrap(middleware::Logger::default());
    let application = init_service(application).await;
    for request in [get("/"), TestRequest::get().uri("/")] {
        let response = call_service(&application, request.to_request()).await;
        assert_eq!(lines(response.headers(), "access-control-allow-origin"), ["*"]);
        assert_eq!(lines(response.headers(), "vary"), [""; 0]);
    }
}
