//! A Poem application whose handlers respond in every way, and what the tests need to call it.

use cors_poem::Policy;
use futures_util::stream;
use poem::error::{InternalServerError, ResponseError};
use poem::http::{Method, StatusCode, header};
use poem::web::{Json, Redirect};
use poem::{Body, Error, IntoResponse, Request, Response, Route, get, handler, post};

pub(crate) const PAGE: &str = "https://app.example";

pub(crate) fn policy() -> Policy {
    policy_for(PAGE)
}

pub(crate) fn policy_for(origin: &str) -> Policy {
    Policy::builder()
        .allow_origins(origin)
        .allow_methods(["PUT"])
        .allow_headers(["x-a"])
        .expose_headers(["x-b"])
        .build()
        .expect("a valid policy")
}

pub(crate) fn request(method: Method, path: &str) -> Request {
    Request::builder().method(method).uri_str(path).header(header::ORIGIN, PAGE).finish()
}

pub(crate) fn lines<'r>(response: &'r Response, name: &str) -> Vec<&'r str> {
    response.headers().get_all(name).iter().map(|value| value.to_str().expect("ASCII")).collect()
}

pub(crate) async fn body(response: Response) -> String {
    response.into_body().into_string().await.expect("a body")
}

#[handler]
fn hello() -> &'static str {
    "hello"
}

/// An error type of the application, with a response and a source of its own.
#[derive(Debug)]
pub(crate) struct Broken(std::io::Error);

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("it broke")
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl ResponseError for Broken {
    fn status(&self) -> StatusCode {
        StatusCode::BAD_GATEWAY
    }

    fn as_response(&self) -> Response {
        Response::builder().status(self.status()).header("x-broken", "yes").body("its own response")
    }
}

#[handler]
fn breaks() -> poem::Result<()> {
    Err(Broken(std::io::Error::other("the cause")).into())
}

#[handler]
fn fails() -> poem::Result<()> {
    Err(InternalServerError(std::io::Error::other("broken")))
}

#[handler]
fn answers_with_an_error() -> poem::Result<()> {
    Err(Error::from_response("no tea".with_status(StatusCode::IM_A_TEAPOT).into_response()))
}

#[handler]
fn number(Json(number): Json<u32>) -> Json<u32> {
    Json(number)
}

#[handler]
fn panics() -> &'static str {
    std::panic::resume_unwind(Box::new("on purpose"))
}

#[handler]
fn streams() -> Body {
    Body::from_bytes_stream(stream::iter(["one ", "two"].map(Ok::<_, std::io::Error>)))
}

#[handler]
fn sets_cookies() -> Response {
    Response::builder().header(header::SET_COOKIE, "a=1").header(header::SET_COOKIE, "b=2").body("set")
}

#[handler]
fn redirects() -> Redirect {
    Redirect::temporary("/hello")
}

#[handler]
fn has_its_own_cors() -> Response {
    Response::builder()
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "DELETE")
        .header(header::VARY, "accept, origin")
        .body("own")
}

pub(crate) fn routes() -> Route {
    Route::new()
        .at("/hello", get(hello))
        .at("/fails", get(fails))
        .at("/breaks", get(breaks))
        .at("/teapot", get(answers_with_an_error))
        .at("/number", post(number))
        .at("/panics", get(panics))
        .at("/streams", get(streams))
        .at("/cookies", get(sets_cookies))
        .at("/redirects", get(redirects))
        .at("/own", get(has_its_own_cors))
}
