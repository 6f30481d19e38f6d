//! Rocket.

use cors_rocket::{Cors, Policy};
use cors_test::{Page, Request};
use rocket::fairing::AdHoc;
use rocket::http::{Header, Status};
use rocket::local::asynchronous::Client;
use rocket::{Build, Config, Responder, Rocket, delete, get, put, routes};

use crate::checks::{self, ALLOWED_HEADERS, ALLOWED_METHODS, APP, EXPOSED_HEADERS, Panics, url};

#[derive(Responder)]
struct Items {
    text: &'static str,
    total: Header<'static>,
    secret: Header<'static>,
}

#[get("/items")]
fn items() -> Items {
    Items { text: "items", total: Header::new("x-total", "2"), secret: Header::new("x-secret", "1") }
}

#[put("/items", data = "<body>")]
fn change(body: String) -> String {
    body
}

#[delete("/items", data = "<body>")]
fn delete(body: String) -> String {
    body
}

#[get("/me")]
fn me(cookies: &rocket::http::CookieJar<'_>) -> Result<String, Status> {
    let mut all: Vec<_> = cookies.iter().map(ToString::to_string).collect();
    all.sort();
    if all.is_empty() { Err(Status::Unauthorized) } else { Ok(all.join("; ")) }
}

#[get("/error")]
fn error() -> Status {
    Status::InternalServerError
}

#[get("/panic")]
fn panics() -> &'static str {
    panic!("boom")
}

fn rocket() -> Rocket<Build> {
    let config = Config { log_level: rocket::config::LogLevel::Off, ..Config::debug_default() };
    rocket::custom(config).mount("/", routes![items, change, delete, me, error, panics])
}

async fn client(rocket: Rocket<Build>) -> Client {
    Client::untracked(rocket).await.expect("a valid application")
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

#[rocket::async_test]
async fn an_adapter() {
    let client = client(rocket().attach(Cors::new(policy()))).await;
    checks::of_an_adapter(&client, Panics::Answer(500)).await;
}

#[rocket::async_test]
async fn without_cors() {
    insta::assert_snapshot!(checks::without_cors(&client(rocket()).await).await);
}

#[rocket::async_test]
async fn faulty() {
    let star = AdHoc::on_response("star", |_, response| {
        Box::pin(async move {
            response.set_raw_header("Access-Control-Allow-Origin", "*");
        })
    });
    insta::assert_snapshot!(checks::faulty(&client(rocket().attach(star)).await).await);
}

#[rocket::async_test]
async fn without_vary() {
    let careless = AdHoc::on_response("careless", |request, response| {
        Box::pin(async move {
            if let Some(origin) = request.headers().get_one("Origin").filter(|origin| *origin == APP) {
                response.set_raw_header("Access-Control-Allow-Origin", origin.to_owned());
            }
        })
    });
    insta::assert_snapshot!(checks::without_vary(&client(rocket().attach(careless)).await).await);
}

/// Rocket's server answers 400 to methods that it does not know.
#[rocket::async_test]
async fn a_method_that_rocket_does_not_know() {
    let policy =
        Policy::builder().allow_origins([APP]).allow_methods(["PURGE"]).build().expect("a valid policy");
    let client = client(rocket().attach(Cors::new(policy))).await;
    let answer = Page::at(APP).fetch(&client, Request::new("PURGE", &url("/items"))).await;
    answer.assert_preflighted().assert_reached();
    assert!(answer.to_string().contains("sent PURGE https://api.example/items\n"), "{answer}");
    assert!(answer.to_string().contains("got 400"), "{answer}");
}

#[rocket::async_test]
async fn the_address_of_the_server() {
    #[get("/host")]
    fn host(host: &rocket::http::uri::Host<'_>) -> String {
        host.to_string()
    }
    let client = client(rocket().mount("/", routes![host]).attach(Cors::new(policy()))).await;
    let answer = Page::at(APP).fetch(&client, "https://api.example:8443/host").await;
    assert_eq!(answer.text().as_deref(), Some("api.example:8443"));
}
