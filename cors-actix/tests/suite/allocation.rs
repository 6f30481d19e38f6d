use actix_web::dev::Service;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, web};
use allocation_counter::measure;
use futures_util::FutureExt;
use rstest::rstest;

use super::{builder, cors, get, preflight};

/// Counts the allocations of one request, after the first requests have filled actix-web's pools.
macro_rules! allocations {
    ($application:expr, $request:expr) => {{
        let service = init_service($application).await;
        let mut counted = 0;
        for _ in 0..3 {
            let request = $request.to_request();
            // The first clone of a test request's value allocates. In a server, values share the read buffer already.
            request.head().headers.iter().for_each(|(_, value)| drop(value.clone()));
            let answer = || drop(service.call(request).now_or_never().expect("an immediate response"));
            counted = measure(answer).count_total;
        }
        counted
    }};
}

fn application_route() -> actix_web::Route {
    web::get().to(async || "ok")
}

#[rstest]
#[case::plain(|| TestRequest::get().uri("/"))]
#[case::actual(|| get("/"))]
#[case::not_allowed(|| get("/").insert_header(("origin", "https://evil.example")))]
#[case::not_found(|| get("/nowhere"))]
#[actix_web::test]
async fn requests_allocate_nothing_more(#[case] request: fn() -> TestRequest) {
    let bare = allocations!(App::new().route("/", application_route()), request());
    let policy = builder().allow_credentials(true).expose_headers("x-a");
    let ours = allocations!(App::new().route("/", application_route()).wrap(cors(policy)), request());
    assert!(bare > 0, "nothing was counted");
    assert_eq!(ours, bare);
}

#[actix_web::test]
async fn preflights_allocate_less_than_requests() {
    let bare = allocations!(App::new().route("/", application_route()), get("/"));
    let ours =
        allocations!(App::new().route("/", application_route()).wrap(cors(builder())), preflight("/", "PUT"));
    assert!(ours < bare, "{ours} for a preflight, {bare} for a request");
}
