//! Poem.

use cors_poem::{Cors, Policy};
use poem::http::{HeaderMap, StatusCode};
use poem::{Endpoint, EndpointExt, Error, IntoResponse, Request, Response, Route, get, handler};

use crate::checks::{self, ALLOWED_HEADERS, ALLOWED_METHODS, APP, EXPOSED_HEADERS, Panics};

#[handler]
fn items() -> impl IntoResponse {
    "items".with_header("x-total", "2").with_header("x-secret", "1")
}

#[handler]
fn echo(body: String) -> String {
    body
}

#[handler]
fn me(headers: &HeaderMap) -> poem::Result<Vec<u8>> {
    let cookies = headers.get("cookie").ok_or_else(|| Error::from_status(StatusCode::UNAUTHORIZED))?;
    Ok(cookies.as_bytes().to_vec())
}

#[handler]
fn failure() -> poem::Result<()> {
    Err(Error::from_string("broken", StatusCode::INTERNAL_SERVER_ERROR))
}

#[handler]
fn panics() -> &'static str {
    panic!("boom")
}

fn route() -> Route {
    Route::new()
        .at("/items", get(items).put(echo).delete(echo))
        .at("/me", get(me))
        .at("/error", get(failure))
        .at("/panic", get(panics))
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

#[tokio::test]
async fn an_adapter() {
    checks::of_an_adapter(&route().with(Cors::new(policy())), Panics::BreakOff).await;
}

#[tokio::test]
async fn without_cors() {
    insta::assert_snapshot!(checks::without_cors(&route()).await);
}

#[tokio::test]
async fn faulty() {
    let app = route().after(async |result: poem::Result<Response>| {
        let response = result.map_or_else(Error::into_response, IntoResponse::into_response);
        Ok::<_, Error>(response.with_header("access-control-allow-origin", "*"))
    });
    insta::assert_snapshot!(checks::faulty(&app).await);
}

#[tokio::test]
async fn without_vary() {
    let app = route().around(async |next: std::sync::Arc<Route>, request: Request| {
        let origin = request.headers().get("origin").filter(|origin| *origin == APP).cloned();
        let mut response = next.get_response(request).await;
        if let Some(origin) = origin {
            response.headers_mut().insert("access-control-allow-origin", origin);
        }
        Ok(response)
    });
    insta::assert_snapshot!(checks::without_vary(&app).await);
}
