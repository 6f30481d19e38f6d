use actix_web::http::header;
use actix_web::middleware::{Compat, Condition, NormalizePath, TrailingSlash};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use cors_actix::{Cors, Policy, PolicyBuilder, PolicyHandle};
use rstest::rstest;

use super::{APP, builder, cors, get, lines, preflight};

/// A policy that allows one method.
fn allowing(method: &str) -> PolicyBuilder {
    Policy::builder().allow_origins(APP).allow_methods(method)
}

#[rstest]
#[case::route_in_scope("/api/item", &["PUT"])]
#[case::no_route_in_scope("/api/nowhere", &["PUT"])]
#[case::scope_itself("/api", &["PUT"])]
#[case::nested_scope("/api/nested/item", &["PUT"])]
#[case::another_scope("/admin/item", &["DELETE"])]
#[case::resource("/resource", &["PATCH"])]
#[case::outside("/item", &[])]
#[case::longer_segment("/apis", &[])]
#[actix_web::test]
async fn preflights_use_the_policy_of_their_path(#[case] path: &str, #[case] allow_methods: &[&str]) {
    let get = || web::get().to(async || "ok");
    let application = App::new()
        .service(
            web::scope("/api")
                .service(web::scope("/nested").route("/item", get()))
                .route("/item", get())
                .wrap(cors(allowing("PUT"))),
        )
        .service(web::scope("/admin").route("/item", get()).wrap(cors(allowing("DELETE"))))
        .service(web::resource("/resource").route(get()).wrap(cors(allowing("PATCH"))))
        .route("/item", get());
    let application = init_service(application).await;

    let method = allow_methods.first().copied().unwrap_or("PUT");
    let response = call_service(&application, preflight(path, method).to_request()).await;
    assert_eq!(lines(response.headers(), "access-control-allow-methods"), allow_methods);
    assert_eq!(response.status().is_success(), !allow_methods.is_empty());
}

#[rstest]
#[case::not_found("/api/nowhere", 404)]
#[case::default_service("/fallback/nowhere", 418)]
#[actix_web::test]
async fn not_found_in_a_scope_has_its_headers(#[case] path: &str, #[case] status: u16) {
    let fallback = web::to(async || HttpResponse::ImATeapot());
    let application = App::new()
        .service(web::scope("/api").wrap(cors(builder())))
        .service(web::scope("/fallback").default_service(fallback).wrap(cors(builder())));
    let application = init_service(application).await;
    let response = call_service(&application, get(path).to_request()).await;
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [APP]);
}

#[rstest]
#[case::inside(true)]
#[case::outside(false)]
#[actix_web::test]
async fn normalized_paths_keep_their_policy(#[case] is_inside: bool) {
    let normalize = || NormalizePath::new(TrailingSlash::Trim);
    let application = App::new()
        .service(web::scope("/api").route("/item", web::get().to(async || "ok")).wrap(cors(builder())))
        .wrap(Condition::new(is_inside, normalize()))
        .wrap(cors(builder()))
        .wrap(Condition::new(!is_inside, normalize()));
    let application = init_service(application).await;

    let response = call_service(&application, preflight("/api//item/", "PUT").to_request()).await;
    assert_eq!(response.status().as_u16(), 204);
    let response = call_service(&application, get("/api//item/").to_request()).await;
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(lines(response.headers(), "access-control-allow-origin"), [APP]);
}

#[actix_web::test]
async fn the_outermost_policy_wins() {
    let application = App::new()
        .service(
            web::scope("/api")
                .route("", web::get().to(async || "ok"))
                .wrap(cors(builder().expose_headers("x-inner"))),
        )
        .wrap(cors(builder().expose_headers("x-outer")));
    let application = init_service(application).await;
    let response = call_service(&application, get("/api").to_request()).await;
    assert_eq!(lines(response.headers(), "access-control-expose-headers"), ["x-outer"]);
    assert_eq!(lines(response.headers(), "vary"), ["Origin"]);
}

#[actix_web::test]
async fn works_with_condition_and_compat() {
    let application = App::new()
        .service(web::scope("/on").wrap(Condition::new(true, Compat::new(cors(builder())))))
        .service(web::scope("/off").wrap(Condition::new(false, cors(builder()))));
    let application = init_service(application).await;
    for (path, status) in [("/on", 204), ("/off", 404)] {
        let response = call_service(&application, preflight(path, "PUT").to_request()).await;
        assert_eq!(response.status().as_u16(), status);
    }
}

#[actix_web::test]
async fn handles_replace_the_policy_of_every_clone() {
    let handle = PolicyHandle::new(builder().build().expect("a valid policy"));
    let cors = Cors::new(handle.clone());
    let application =
        App::new().service(web::scope("/a").wrap(cors.clone())).service(web::scope("/b").wrap(cors));
    let application = init_service(application).await;

    let policy = Policy::builder().allow_origins("https://new.example").allow_methods("PUT").build();
    handle.replace(policy.expect("a valid policy"));
    for (path, origin, status) in [("/a", APP, 403), ("/b", "https://new.example", 204)] {
        let request: TestRequest = preflight(path, "PUT").insert_header((header::ORIGIN, origin));
        let response = call_service(&application, request.to_request()).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
    }
}
