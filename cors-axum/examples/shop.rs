//! A shop's API with three kinds of callers, each with a policy of its own.
//!
//! - `/catalogue`: anybody's page may read it, without credentials.
//! - `/basket`: the shop's own pages, with the session cookie.
//! - `/admin`: one page, with a token, behind an authentication that preflights never meet.
//!
//! Run it with `cargo run --package cors-axum --example shop`, then ask as a browser would:
//!
//! ```sh
//! curl --include --request OPTIONS http://127.0.0.1:3000/admin/prices/7 \
//!   --header 'Origin: https://admin.shop.example' \
//!   --header 'Access-Control-Request-Method: PUT' \
//!   --header 'Access-Control-Request-Headers: authorization'
//! ```

use std::error::Error;

use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, put};
use axum::{Json, Router};
use cors_axum::{CorsLayer, Policy, PolicyError};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let application = application()?;
    let listener = TcpListener::bind(("127.0.0.1", 3000)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, application).await?;
    Ok(())
}

/// The groups of routes stand side by side, so that each response has the one policy of its group.
fn application() -> Result<Router, PolicyError> {
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

    Ok(Router::new()
        .merge(catalogue().layer(CorsLayer::new(everybody)))
        .nest("/basket", basket().layer(CorsLayer::new(customers)))
        .nest("/admin", admin().layer(CorsLayer::new(staff))))
}

fn catalogue() -> Router {
    Router::new().route("/catalogue", get(async || Json(["apples", "pears"])))
}

fn basket() -> Router {
    Router::new()
        .route("/", get(read_basket))
        .route(
            "/{article}",
            put(async |Path(article): Path<String>| format!("{article} put into the basket\n")),
        )
        .fallback(not_found)
}

fn admin() -> Router {
    Router::new()
        .route("/prices/{article}", put(change_price).delete(async || StatusCode::NO_CONTENT))
        .fallback(not_found)
        // Inside of the CORS layer, which `application` puts around it.
        .layer(middleware::from_fn(authenticate))
}

async fn read_basket(headers: HeaderMap) -> Result<&'static str, StatusCode> {
    // Where a session would be looked up.
    if headers.contains_key(header::COOKIE) { Ok("apples\n") } else { Err(StatusCode::UNAUTHORIZED) }
}

async fn change_price(Path(article): Path<String>) -> ([(HeaderName, &'static str); 1], String) {
    ([(header::ETAG, "\"2\"")], format!("price of {article} changed\n"))
}

async fn authenticate(request: Request, next: Next) -> Result<Response, StatusCode> {
    // Where a token would be verified.
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(next.run(request).await)
}

async fn not_found() -> StatusCode {
    StatusCode::NOT_FOUND
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use rstest::rstest;
    use tower::ServiceExt;

    use super::*;

    #[rstest]
    #[case::anybody_reads("GET", "/catalogue", "https://anybody.example", 200, Some("*"))]
    #[case::customer_logs_in("GET", "/basket", "https://shop.example", 401, Some("https://shop.example"))]
    #[case::subdomain("GET", "/basket", "https://m.shop.example", 401, Some("https://m.shop.example"))]
    #[case::stranger("GET", "/basket", "https://anybody.example", 401, None)]
    #[case::staff(
        "PUT",
        "/admin/prices/7",
        "https://admin.shop.example",
        401,
        Some("https://admin.shop.example")
    )]
    #[case::no_page("GET", "/admin/x", "https://admin.shop.example", 401, Some("https://admin.shop.example"))]
    #[case::customer_is_no_staff("PUT", "/admin/prices/7", "https://shop.example", 401, None)]
    #[tokio::test]
    async fn a_page_may_read(
        #[case] method: &str,
        #[case] path: &str,
        #[case] origin: &str,
        #[case] status: u16,
        #[case] allow_origin: Option<&str>,
    ) {
        let request = Request::builder().method(method).uri(path).header(header::ORIGIN, origin);
        let request = request.body(Body::empty()).expect("a request");
        let response = application().expect("safe policies").oneshot(request).await.expect("a response");
        let found = response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(response.status(), status);
        assert_eq!(found.map(|value| value.to_str().expect("text")), allow_origin);
    }

    #[rstest]
    #[case::staff("/admin/prices/7", "https://admin.shop.example", 204)]
    #[case::customer("/basket/7", "https://shop.example", 204)]
    #[case::customer_is_no_staff("/admin/prices/7", "https://shop.example", 403)]
    #[case::stranger("/basket/7", "https://anybody.example", 403)]
    #[case::catalogue_is_read_only("/catalogue", "https://shop.example", 403)]
    #[tokio::test]
    async fn a_page_may_put(#[case] path: &str, #[case] origin: &str, #[case] status: u16) {
        let request = Request::options(path)
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
            .body(Body::empty())
            .expect("a request");
        let response = application().expect("safe policies").oneshot(request).await.expect("a response");
        assert_eq!(response.status(), status);
    }
}
