use actix_web::dev::Service;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, web};
use allocation_counter::measure;
use futures_util::FutureExt;
use rstest::rstest;

use super::{builder, cors, get, preflight};

/// The allocations of one request to an application, once actix-web's pools are filled.
macro_rules! allocations {
    ($application:expr, $request:expr) => {{
        let service = init_service($application).await;
        let mut counted = 0;
        for _ in 0..3 {
            let request = $request.to_request();
            // The first clone of a value makes it share its bytes. A server's share the buffer that they were read into.
            request.head().headers.iter().for_each(|(_, value)| drop(value.clone()));
            let answer = || drop(service.call(request).now_or_never().expect("an answer at once"));
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
async fn none_is_added_to_a_request(#[case] request: fn() -> TestRequest) {
    let bare = allocations!(App::new().route("/", application_route()), request());
    let policy = builder().allow_credentials(true).expose_headers("x-a");
    let ours = allocations!(App::new().route("/", application_route()).wrap(cors(policy)), request());
    assert!(bare > 0, "nothing was counted");
    assert_eq!(ours, bare);
}

#[actix_web::test]
async fn a_preflight_takes_fewer_than_a_request() {
    let bare = allocations!(App::new().route("/", application_route()), get("/"));
    let ours =
        allocations!(App::new().route("/", application_route()).wrap(cors(builder())), preflight("/", "PUT"));
    assert!(ours < bare, "{ours} for a preflight, {bare} for a request");
}
