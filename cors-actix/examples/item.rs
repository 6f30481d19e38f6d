//! An API for the pages of `https://app.example`, and a public API for the pages of any site.
//!
//! Run it with `cargo run --package cors-actix --example item`, then send what a browser would send:
//!
//! ```sh
//! curl -i http://127.0.0.1:8080/api/item/1 -H 'Origin: https://app.example'
//! curl -i http://127.0.0.1:8080/api/item/1 -X OPTIONS -H 'Origin: https://app.example' -H 'Access-Control-Request-Method: PUT'
//! curl -i http://127.0.0.1:8080/public/time -H 'Origin: https://other.example'
//! ```

use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::{App, HttpResponse, HttpServer, Responder, get, put, web};
use cors_actix::{Cors, Policy};

#[get("/item/{id}")]
async fn read(id: web::Path<u32>) -> impl Responder {
    format!("item {id}")
}

#[put("/item/{id}")]
async fn write(_id: web::Path<u32>, _body: String) -> impl Responder {
    HttpResponse::NoContent()
}

#[get("/time")]
async fn time() -> impl Responder {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|time| time.as_secs().to_string())
        .map_err(actix_web::error::ErrorInternalServerError)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Policy::builder()
        .allow_origins(["https://app.example", "http://localhost:*"])
        .allow_methods("PUT")
        .allow_headers(["authorization", "content-type"])
        .max_age(Duration::from_secs(7200))
        .build()?;
    let public = Policy::builder().allow_origins("*").build()?;

    let (app, public) = (Cors::new(app), Cors::new(public));
    let server = HttpServer::new(move || {
        App::new()
            .service(web::scope("/api").service(read).service(write).wrap(app.clone()))
            .service(web::scope("/public").service(time).wrap(public.clone()))
    });
    let server = server.workers(1).bind(("127.0.0.1", 8080))?;
    println!("listening on http://127.0.0.1:8080");
    server.run().await?;
    Ok(())
}
