//! A small API with two policies. Run `cargo run -p cors-poem --example app`, and then:
//!
//! ```text
//! curl -i -X OPTIONS localhost:3000/notes/1 -H 'Origin: https://app.example' -H 'Access-Control-Request-Method: PUT'
//! curl -i localhost:3000/notes/1 -H 'Origin: https://app.example'
//! curl -i localhost:3000/time -H 'Origin: https://anywhere.example'
//! ```

use std::time::{Duration, SystemTime};

use cors_poem::{Cors, Policy, PolicyError};
use poem::error::InternalServerError;
use poem::listener::TcpListener;
use poem::middleware::{CatchPanic, Tracing};
use poem::web::Path;
use poem::{Endpoint, EndpointExt, Result, Route, Server, get, handler};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = app()?;
    println!("listening on http://127.0.0.1:3000");
    Server::new(TcpListener::bind("127.0.0.1:3000")).run(app).await?;
    Ok(())
}

fn app() -> Result<impl Endpoint, PolicyError> {
    let pages = Policy::builder()
        .allow_origins(["https://app.example", "http://localhost:*"])
        .allow_methods(["PUT"])
        .allow_headers(["authorization", "content-type"])
        .max_age(Duration::from_secs(7200))
        .build()?;
    let public = Policy::builder().allow_origins("*").build()?;

    let notes = Route::new().at("/:id", get(read).put(write)).with(CatchPanic::new());
    Ok(Route::new()
        .nest("/notes", notes.with(Cors::new(pages)))
        .at("/time", get(time).with(Cors::new(public)))
        .with(Tracing))
}

#[handler]
fn read(Path(id): Path<u32>) -> String {
    format!("note {id}\n")
}

#[handler]
fn write(Path(id): Path<u32>, text: String) -> String {
    format!("note {id} now has {} bytes\n", text.len())
}

#[handler]
fn time() -> Result<String> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(InternalServerError)?;
    Ok(format!("{} s since 1970\n", since.as_secs()))
}
