//! A shop's API with three policies.
//!
//! - `/catalogue`: pages of any site may read it, without credentials.
//! - `/basket`: only the shop's own pages, with the session cookie.
//! - `/admin`: only the administration page, with a token. Preflights do not reach the token check.
//!
//! Run it with `cargo run --package cors-axum --example shop`, then send what a browser would send:
//!
//! ```sh
//! curl --include --request OPTIONS http://127.0.0.1:3000/admin/prices/7 \
//!   --header 'Origin: https://admin.shop.example' \
//!   --header 'Access-Control-Request-Method: PUT' \
//!   --header 'Access-Control-Request-Headers: authorization'
//! ```

use std::error::Error;
use std::time::Duration;

use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, put};
use axum::{Json, Router};
use cors_axum::{Cors, Policy, PolicyError};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let application = application()?;
    let listener = TcpListener::bind(("127.0.0.1", 3000)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, application).await?;
    Ok(())
}

/// Each group of routes is a router with `Cors` around it, so every response has the policy of its group.
fn application() -> Result<Router, PolicyError> {
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

    Ok(Router::new()
        .nest_service("/catalogue", Cors::new(catalogue(), public))
        .nest_service("/basket", Cors::new(basket(), customers))
        .nest_service("/admin", Cors::new(admin(), staff)))
}

fn catalogue() -> Router {
    Router::new().route("/", get(async || Json(["apples", "pears"])))
}

fn basket() -> Router {
    Router::new().route("/", get(read_basket)).route(
        "/{article}",
        put(async |Path(article): Path<String>| format!("{article} put into the basket\n")),
    )
}

fn admin() -> Router {
    Router::new()
        .route("/prices/{article}", put(change_price).delete(async || StatusCode::NO_CONTENT))
        .layer(middleware::from_fn(authenticate))
}

async fn read_basket(headers: HeaderMap) -> Result<&'static str, StatusCode> {
    // A real application would look up the session here.
    if headers.contains_key(header::COOKIE) { Ok("apples\n") } else { Err(StatusCode::UNAUTHORIZED) }
}

async fn change_price(Path(article): Path<String>) -> ([(HeaderName, &'static str); 1], String) {
    ([(header::ETAG, "\"2\"")], format!("price of {article} changed\n"))
}

async fn authenticate(request: Request, next: Next) -> Result<Response, StatusCode> {
    // A real application would verify the token here.
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use rstest::rstest;
    use tower::ServiceExt;

    use super::*;

    #[rstest]
    #[case::any_page("GET", "/catalogue", "https://other.example", 200, Some("*"))]
    #[case::customer("GET", "/basket", "https://shop.example", 401, Some("https://shop.example"))]
    #[case::subdomain("GET", "/basket", "https://m.shop.example", 401, Some("https://m.shop.example"))]
    #[case::other_site("GET", "/basket", "https://other.example", 401, None)]
    #[case::staff(
        "PUT",
        "/admin/prices/7",
        "https://admin.shop.example",
        401,
        Some("https://admin.shop.example")
    )]
    #[case::not_found(
        "GET",
        "/admin/x",
        "https://admin.shop.example",
        401,
        Some("https://admin.shop.example")
    )]
    #[case::customer_is_not_staff("PUT", "/admin/prices/7", "https://shop.example", 401, None)]
    #[tokio::test]
    async fn responses_have_the_headers_of_their_group(
        #[case] method: &str,
        #[case] path: &str,
        #[case] origin: &str,
        #[case] status: u16,
        #[case] allow_origin: Option<&str>,
    ) {
        let request = Request::builder().method(method).uri(path).header(header::ORIGIN, origin);
        let request = request.body(Body::empty()).expect("a valid request");
        let response = application().expect("valid policies").oneshot(request).await.expect("a response");
        let found = response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(response.status(), status);
        assert_eq!(found.map(|value| value.to_str().expect("visible ASCII")), allow_origin);
    }

    #[rstest]
    #[case::staff("/admin/prices/7", "https://admin.shop.example", 204)]
    #[case::customer("/basket/7", "https://shop.example", 204)]
    #[case::customer_is_not_staff("/admin/prices/7", "https://shop.example", 403)]
    #[case::other_site("/basket/7", "https://other.example", 403)]
    #[case::catalogue_is_read_only("/catalogue", "https://shop.example", 403)]
    #[tokio::test]
    async fn preflights_use_the_policy_of_their_group(
        #[case] path: &str,
        #[case] origin: &str,
        #[case] status: u16,
    ) {
        let request = Request::options(path)
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
            .body(Body::empty())
            .expect("a valid request");
        let response = application().expect("valid policies").oneshot(request).await.expect("a response");
        assert_eq!(response.status(), status);
    }
}
