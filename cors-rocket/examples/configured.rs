//! Reads the policy from Rocket's configuration: `Rocket.toml`, the environment, or both.
//!
//! ```sh
//! ROCKET_CORS='{allow_origins=["https://app.example"], allow_methods=["PUT"]}' \
//!   cargo run --package cors-rocket --features serde --example configured
//! ```
//!
//! Misspell a field to see the error messages.

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
