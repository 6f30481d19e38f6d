//! An application with one policy for its API and another one for its fonts.
//!
//! ```text
//! cargo run -p cors-warp --example policies
//! curl -i -X OPTIONS http://127.0.0.1:3030/api/item/1 -H 'Origin: https://app.example' -H 'Access-Control-Request-Method: PUT'
//! curl -i -X PUT http://127.0.0.1:3030/api/item/1 -H 'Origin: https://app.example'
//! curl -i http://127.0.0.1:3030/api/nowhere -H 'Origin: https://app.example'
//! ```

use std::time::Duration;

use cors_warp::{Cors, Policy, PolicyError};
use warp::Filter;
use warp::http::StatusCode;

#[tokio::main]
async fn main() -> Result<(), PolicyError> {
    let partners = Policy::builder()
        .allow_origins(["https://app.example", "https://*.partner.example"])
        .allow_methods(["PUT", "DELETE"])
        .allow_headers(["authorization", "content-type"])
        .expose_headers(["x-request-id"])
        .allow_credentials(true)
        .max_age(Duration::from_secs(7200))
        .build()?;
    let public = Policy::builder().allow_origins("*").build()?;

    let write = warp::path!("item" / u32).and(warp::put()).map(|id| format!("wrote {id}\n"));
    let delete = warp::path!("item" / u32).and(warp::delete()).map(|_| StatusCode::NO_CONTENT);
    let font = warp::path!("sans.woff2").and(warp::get()).map(|| "a font\n");

    let api = warp::path("api").and(Cors::new(partners).wrap(write.or(delete)));
    let fonts = warp::path("fonts").and(Cors::new(public).wrap(font));

    println!("listening on http://127.0.0.1:3030");
    warp::serve(api.or(fonts)).run(([127, 0, 0, 1], 3030)).await;
    Ok(())
}
