//! The specimen as an axum application.

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, OriginalUri, Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{any, get, post, put};
use axum::{Json, Router};
use axum_extra::routing::RouterExt;
use futures_util::stream;
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    CHALLENGE, CHUNK_PAUSE, CHUNKS, ECHO_HEADERS, Echo, FAILURE, Hits, JSON, JSON_LIMIT, Number,
    OPTIONS_HEADER, OWN_CORS_HEADERS, PRIVATE, Redirect, SLASH, cookies_read, cookies_to_set, item,
    panic_on_purpose, route, status, vary_lines,
};

/// The application without any CORS. Put the middleware under test around it.
pub fn router(hits: Hits) -> Router {
    Router::new()
        .route(route::ECHO, any(echo))
        .route(route::STATUS, get(answer_status))
        .route(route::REDIRECT, any(redirect))
        .route(route::COOKIE_SET, get(set_cookies))
        .route(route::COOKIE_READ, get(read_cookies))
        .route(route::PRIVATE, get(private).put(private).layer(middleware::from_fn(authenticate)))
        .route(route::OPTIONS, get(options).options(options))
        .route(route::VARY, get(vary))
        .route(route::OWN_CORS, get(own_cors))
        .route(route::ERROR, get(error))
        .route(route::JSON, post(number).layer(DefaultBodyLimit::max(JSON_LIMIT)))
        .route(route::PANIC, get(panic))
        .route(route::STREAM, get(stream_chunks))
        .route_with_tsr(route::SLASH, get(slash))
        .route(route::ITEM, put(answer_item).delete(answer_item))
        .route(route::HITS, get(answer_hits))
        .layer(CatchPanicLayer::new())
        .with_state(hits)
}

async fn echo(
    State(hits): State<Hits>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    hits.count(route::ECHO);
    let lines = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let echo = Echo::new(method.as_str(), uri.path(), uri.query(), lines, body.len());
    (ECHO_HEADERS, json(echo.to_json()))
}

async fn answer_status(State(hits): State<Hits>, Path(code): Path<String>) -> Result<Response, StatusCode> {
    hits.count(route::STATUS);
    let (code, body) = status(&code).ok_or(StatusCode::BAD_REQUEST)?;
    let code = StatusCode::from_u16(code).map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok((code, body).into_response())
}

async fn redirect(State(hits): State<Hits>, RawQuery(query): RawQuery) -> Result<Response, StatusCode> {
    hits.count(route::REDIRECT);
    let redirect =
        Redirect::from_query(query.as_deref().unwrap_or_default()).ok_or(StatusCode::BAD_REQUEST)?;
    let code = StatusCode::from_u16(redirect.code).map_err(|_| StatusCode::BAD_REQUEST)?;
    let location = header_value(redirect.to)?;
    Ok((code, [(header::LOCATION, location)]).into_response())
}

async fn set_cookies(State(hits): State<Hits>, RawQuery(query): RawQuery) -> Result<Response, StatusCode> {
    hits.count(route::COOKIE_SET);
    append_lines(&header::SET_COOKIE, cookies_to_set(query.as_deref().unwrap_or_default()))
}

async fn read_cookies(State(hits): State<Hits>, headers: HeaderMap) -> impl IntoResponse {
    hits.count(route::COOKIE_READ);
    json(cookies_read(headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes)))
}

/// The authentication of `/private`: accepts any `Authorization`.
async fn authenticate(request: Request, next: Next) -> Response {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, CHALLENGE)]).into_response();
    }
    next.run(request).await
}

async fn private(State(hits): State<Hits>) -> &'static str {
    hits.count(route::PRIVATE);
    PRIVATE
}

async fn options(State(hits): State<Hits>) -> impl IntoResponse {
    hits.count(route::OPTIONS);
    [OPTIONS_HEADER]
}

async fn vary(State(hits): State<Hits>, RawQuery(query): RawQuery) -> Result<Response, StatusCode> {
    hits.count(route::VARY);
    append_lines(&header::VARY, vary_lines(query.as_deref().unwrap_or_default()))
}

async fn own_cors(State(hits): State<Hits>) -> impl IntoResponse {
    hits.count(route::OWN_CORS);
    OWN_CORS_HEADERS
}

async fn error(State(hits): State<Hits>) -> Result<(), Failure> {
    hits.count(route::ERROR);
    Err(Failure)
}

async fn number(State(hits): State<Hits>, Json(number): Json<Number>) -> Json<Number> {
    hits.count(route::JSON);
    Json(number)
}

async fn panic(State(hits): State<Hits>) -> StatusCode {
    hits.count(route::PANIC);
    panic_on_purpose()
}

async fn stream_chunks(State(hits): State<Hits>) -> Body {
    hits.count(route::STREAM);
    Body::from_stream(stream::unfold(0, async |sent| {
        let chunk = CHUNKS.get(sent)?;
        if sent > 0 {
            tokio::time::sleep(CHUNK_PAUSE).await;
        }
        Some((Ok::<_, std::convert::Infallible>(*chunk), sent + 1))
    }))
}

async fn slash(State(hits): State<Hits>) -> &'static str {
    hits.count(route::SLASH);
    SLASH
}

async fn answer_item(State(hits): State<Hits>, method: Method, Path(id): Path<String>) -> String {
    hits.count(route::ITEM);
    item(method.as_str(), &id)
}

async fn answer_hits(State(hits): State<Hits>) -> impl IntoResponse {
    json(hits.to_json())
}

/// The application's own error.
struct Failure;

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, FAILURE).into_response()
    }
}

fn json(text: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, JSON)], text)
}

/// 200 with one line of the header `name` for every value, or 400 if one of them is not a valid header value.
fn append_lines(name: &HeaderName, values: Vec<String>) -> Result<Response, StatusCode> {
    let lines: Vec<_> = values
        .into_iter()
        .map(|value| Ok((name.clone(), header_value(value)?)))
        .collect::<Result<_, StatusCode>>()?;
    Ok(AppendHeaders(lines).into_response())
}

fn header_value(text: String) -> Result<HeaderValue, StatusCode> {
    HeaderValue::try_from(text).map_err(|_| StatusCode::BAD_REQUEST)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use rstest::rstest;
    use tower::ServiceExt;

    use super::*;

    async fn answer(request: Request<Body>) -> (StatusCode, HeaderMap, String) {
        let response = router(Hits::default()).oneshot(request).await.unwrap_or_else(|never| match never {});
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        (head.status, head.headers, String::from_utf8_lossy(&body).into_owned())
    }

    /// The bodies that axum gives an error, and its layer a panic.
    #[rstest]
    #[case::error("/error", FAILURE)]
    #[case::panic("/panic", "Service panicked")]
    #[tokio::test]
    async fn a_failure_has_a_body(#[case] path: &str, #[case] expected: &str) {
        let (_, _, body) = answer(Request::get(path).body(Body::empty()).expect("a request")).await;
        assert_eq!(body, expected);
    }

    #[rstest]
    #[case::number(r#"{"n":1}"#, 200)]
    #[case::other(r#"{"m":1}"#, 422)]
    #[case::no_json("n=1", 400)]
    #[tokio::test]
    async fn json_is_extracted(#[case] body: &'static str, #[case] expected: u16) {
        let request = Request::post("/json").header("content-type", "application/json").body(body.into());
        assert_eq!(answer(request.expect("a request")).await.0.as_u16(), expected);
    }
}
