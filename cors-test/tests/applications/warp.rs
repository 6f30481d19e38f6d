//! warp.

use cors_test::App;
use cors_warp::{Cors, Policy};
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::{Response, with_header, with_status};
use warp::{Filter, Reply};

use crate::checks::{self, ALLOWED_HEADERS, ALLOWED_METHODS, APP, EXPOSED_HEADERS, Panics};

#[derive(Debug)]
struct Failure;

impl warp::reject::Reject for Failure {}

fn panics() -> &'static str {
    panic!("boom")
}

fn routes() -> BoxedFilter<(Response,)> {
    let read = warp::path!("items")
        .and(warp::get())
        .map(|| with_header(with_header("items", "x-total", "2"), "x-secret", "1"));
    let write = warp::path!("items")
        .and(warp::put().or(warp::delete()).unify())
        .and(warp::body::bytes())
        .map(|body: bytes::Bytes| body.to_vec());
    let me =
        warp::path!("me").and(warp::header::optional("cookie")).map(|cookie: Option<String>| match cookie {
            Some(cookie) => cookie.into_response(),
            None => with_status("who are you?", StatusCode::UNAUTHORIZED).into_response(),
        });
    let error = warp::path!("error").and_then(async || Err::<Response, _>(warp::reject::custom(Failure)));
    let panic = warp::path!("panic").map(panics);
    read.or(write).or(me).or(error).or(panic).map(Reply::into_response).boxed()
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

async fn of_an_adapter<K>(app: &impl App<K>) {
    checks::of_an_adapter(app, Panics::BreakOff).await;
}

#[tokio::test]
async fn an_adapter() {
    of_an_adapter(&Cors::new(policy()).wrap(routes())).await;
    let service = tower::Layer::layer(&cors_warp::CorsLayer::new(policy()), warp::service(routes()));
    of_an_adapter(&service).await;
}

#[tokio::test]
async fn without_cors() {
    insta::assert_snapshot!(checks::without_cors(&routes()).await);
}

#[tokio::test]
async fn faulty() {
    let app = routes().with(warp::reply::with::header("access-control-allow-origin", "*"));
    insta::assert_snapshot!(checks::faulty(&app).await);
}

#[tokio::test]
async fn without_vary() {
    let app = warp::header::optional("origin").and(routes()).map(
        |origin: Option<String>, mut response: Response| {
            if let Some(origin) = origin.filter(|origin| origin == APP).and_then(|origin| origin.parse().ok())
            {
                response.headers_mut().insert("access-control-allow-origin", origin);
            }
            response
        },
    );
    insta::assert_snapshot!(checks::without_vary(&app).await);
}
