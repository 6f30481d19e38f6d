//! A shop's API with three policies.
//!
//! - `/catalogue`: pages of any site may read it, without credentials.
//! - `/basket`: only the shop's own pages, with the session cookie.
//! - `/admin`: only the administration page, with a token. Preflights do not reach the token check.
//!
//! Run it with `cargo run --package cors-rocket --example market`, then send what a browser would send:
//!
//! ```sh
//! curl --include --request OPTIONS http://127.0.0.1:8000/admin/prices/7 \
//!   --header 'Origin: https://admin.shop.example' \
//!   --header 'Access-Control-Request-Method: PUT' \
//!   --header 'Access-Control-Request-Headers: authorization'
//! ```

use std::error::Error;
use std::time::Duration;

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
    // Attach `Cors` before other fairings, so that they cannot change a request before its policy is chosen.
    Ok(rocket::build()
        .attach(cors()?)
        .mount("/catalogue", routes![catalogue])
        .mount("/basket", routes![read_basket, put_into_basket])
        .mount("/admin", routes![change_price, delete_price])
        .register("/", catchers![not_found]))
}

/// Returns one policy for each path that routes are mounted at.
fn cors() -> Result<Cors, PolicyError> {
    let public = Policy::builder().allow_origins("*").max_age(Duration::from_secs(7200)).build()?;
    let customers = Policy::builder()
        .allow_origins(["https://shop.example", "https://*.shop.example"])
        .allow_methods(["PUT"])
        .allow_headers(["content-type"])
        .allow_credentials(true)
        .max_age(Duration::from_secs(7200))
        .build()?;
    let staff = Policy::builder()
        .allow_origins(["https://admin.shop.example"])
        .allow_methods(["PUT", "DELETE"])
        .allow_headers(["authorization", "content-type"])
        .expose_headers(["etag"])
        .max_age(Duration::from_secs(600))
        .build()?;
    Ok(Cors::new(public).with_path("/basket", customers).with_path("/admin", staff))
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

/// A request with a valid token. Preflights never have a token, and this guard does not run for them.
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
    "not found\n"
}
