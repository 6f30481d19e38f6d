//! A shop's API with three kinds of callers, each with a policy of its own.
//!
//! - `/catalogue`: anybody's page may read it, without credentials.
//! - `/basket`: the shop's own pages, with the session cookie.
//! - `/admin`: one page, with a token, behind an authentication that preflights never meet.
//!
//! Run it with `cargo run --package cors-rocket --example market`, then ask as a browser would:
//!
//! ```sh
//! curl --include --request OPTIONS http://127.0.0.1:8000/admin/prices/7 \
//!   --header 'Origin: https://admin.shop.example' \
//!   --header 'Access-Control-Request-Method: PUT' \
//!   --header 'Access-Control-Request-Headers: authorization'
//! ```

use std::error::Error;

use cors_rocket::{Cors, Policy, PolicyError};
use rocket::http::{CookieJar, Status};
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use rocket::response::content::RawJson;
use rocket::{Build, Request, Rocket, catch, catchers, delete, get, put, routes};

#[rocket::main]
async fn main() -> Result<(), Box<dyn Error>> {
    application()?.launch().await?;
    Ok(())
}

fn application() -> Result<Rocket<Build>, PolicyError> {
    // Before any other fairing, so that no other one changes a request before its policy is chosen.
    Ok(rocket::build()
        .attach(cors()?)
        .mount("/catalogue", routes![catalogue])
        .mount("/basket", routes![read_basket, put_into_basket])
        .mount("/admin", routes![change_price, delete_price])
        .register("/", catchers![not_found]))
}

/// The paths are those that the routes are mounted at.
fn cors() -> Result<Cors, PolicyError> {
    let everybody =
        Policy::builder().allow_origins("*").max_age(std::time::Duration::from_secs(7200)).build()?;
    let customers = Policy::builder()
        .allow_origins(["https://shop.example", "https://*.shop.example"])
        .allow_methods(["PUT"])
        .allow_headers(["content-type"])
        .allow_credentials(true)
        .max_age(std::time::Duration::from_secs(7200))
        .build()?;
    let staff = Policy::builder()
        .allow_origins(["https://admin.shop.example"])
        .allow_methods(["PUT", "DELETE"])
        .allow_headers(["authorization", "content-type"])
        .expose_headers(["etag"])
        .max_age(std::time::Duration::from_secs(600))
        .build()?;
    Ok(Cors::new(everybody).with_path("/basket", customers).with_path("/admin", staff))
}

#[get("/")]
fn catalogue() -> RawJson<&'static str> {
    RawJson(r#"["apples","pears"]"#)
}

#[get("/")]
fn read_basket(cookies: &CookieJar<'_>) -> String {
    match cookies.get("session") {
        Some(session) => format!("the basket of {}\n", session.value()),
        None => "an empty basket\n".to_owned(),
    }
}

#[put("/<article>")]
fn put_into_basket(article: &str) -> String {
    format!("{article} put into the basket\n")
}

#[put("/prices/<article>")]
fn change_price(_staff: Staff, article: &str) -> String {
    format!("price of {article} changed\n")
}

#[delete("/prices/<_>")]
fn delete_price(_staff: Staff) -> Status {
    Status::NoContent
}

/// Somebody with a token. A preflight never has one, and never gets here.
struct Staff;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Staff {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match request.headers().get_one("authorization") {
            Some("Bearer secret") => Outcome::Success(Self),
            _ => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}

#[catch(404)]
fn not_found() -> &'static str {
    "we do not have that\n"
}
