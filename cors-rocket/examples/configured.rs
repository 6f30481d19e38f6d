//! The policy from Rocket's configuration: a file, the environment, or both.
//!
//! Run it with
//!
//! ```sh
//! ROCKET_CORS='{allow_origins=["https://app.example"], allow_methods=["PUT"]}' \
//!   cargo run --package cors-rocket --example configured
//! ```
//!
//! and see what a mistake in it looks like.

use cors_rocket::Cors;
use rocket::{Build, Rocket, get, launch, routes};

#[get("/")]
fn index() -> &'static str {
    "hello\n"
}

#[launch]
fn application() -> Rocket<Build> {
    rocket::build().attach(Cors::from_config()).mount("/", routes![index])
}
