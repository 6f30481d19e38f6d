//! The specimen as a Poem application.

use std::sync::Arc;

use futures_util::stream;
use poem::error::ResponseError;
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use poem::middleware::{AddData, CatchPanic, SizeLimit};
use poem::web::{Data, Json, Path, Redirect as Redirection};
use poem::{
    Body, Endpoint, EndpointExt, Error, IntoResponse, Request, Response, Result, Route, get, handler, post,
    put,
};

use super::{
    CHALLENGE, CHUNK_PAUSE, CHUNKS, ECHO_HEADERS, Echo, FAILURE, Hits, JSON, JSON_LIMIT, Number,
    OPTIONS_HEADER, OWN_CORS_HEADERS, PRIVATE, Redirect, SLASH, cookies_read, cookies_to_set, item,
    panic_on_purpose, route, status, vary_lines,
};

/// The application without any CORS; put the middleware under test around it with [`EndpointExt::with`].
pub fn application(hits: Hits) -> impl Endpoint<Output = Response> + 'static {
    Route::new()
        .at(route::ECHO, echo)
        .at("/status/:code", get(answer_status))
        .at(route::REDIRECT, redirect)
        .at(route::COOKIE_SET, get(set_cookies))
        .at(route::COOKIE_READ, get(read_cookies))
        .at(route::PRIVATE, get(private).put(private).around(authenticate))
        .at(route::OPTIONS, get(options).options(options))
        .at(route::VARY, get(vary))
        .at(route::OWN_CORS, get(own_cors))
        .at(route::ERROR, get(error))
        .at(route::JSON, post(number.with(SizeLimit::new(JSON_LIMIT))))
        .at(route::PANIC, get(panic))
        .at(route::STREAM, get(stream_chunks))
        .at(route::SLASH, get(slash))
        .at("/slash", add_slash)
        .at("/item/:id", put(answer_item).delete(answer_item))
        .at(route::HITS, get(answer_hits))
        .with(CatchPanic::new())
        .with(AddData::new(hits))
}

#[handler]
fn echo(Data(hits): Data<&Hits>, request: &Request, body: Vec<u8>) -> Response {
    hits.count(route::ECHO);
    let uri = request.uri();
    let lines = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let echo = Echo::new(request.method().as_str(), uri.path(), uri.query(), lines, body.len());
    let response = ECHO_HEADERS
        .iter()
        .fold(Response::builder(), |response, (name, value)| response.header(*name, *value));
    response.content_type(JSON).body(echo.to_json())
}

#[handler]
fn answer_status(Data(hits): Data<&Hits>, Path(code): Path<String>) -> Result<Response> {
    hits.count(route::STATUS);
    let (code, body) = status(&code).ok_or_else(bad_request)?;
    let code = StatusCode::from_u16(code).map_err(|_| bad_request())?;
    Ok(body.with_status(code).into_response())
}

#[handler]
fn redirect(Data(hits): Data<&Hits>, uri: &Uri) -> Result<Response> {
    hits.count(route::REDIRECT);
    let redirect = Redirect::from_query(uri.query().unwrap_or_default()).ok_or_else(bad_request)?;
    let code = StatusCode::from_u16(redirect.code).map_err(|_| bad_request())?;
    let location = header_value(redirect.to)?;
    Ok(Response::builder().status(code).header(header::LOCATION, location).finish())
}

#[handler]
fn set_cookies(Data(hits): Data<&Hits>, uri: &Uri) -> Result<Response> {
    hits.count(route::COOKIE_SET);
    append_lines(&header::SET_COOKIE, cookies_to_set(uri.query().unwrap_or_default()))
}

#[handler]
fn read_cookies(Data(hits): Data<&Hits>, headers: &HeaderMap) -> Response {
    hits.count(route::COOKIE_READ);
    json(cookies_read(headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes)))
}

/// The authentication of `/private`: accepts any `Authorization`.
async fn authenticate<E: Endpoint>(inner: Arc<E>, request: Request) -> Result<Response> {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        let response = StatusCode::UNAUTHORIZED.with_header(header::WWW_AUTHENTICATE, CHALLENGE);
        return Err(Error::from_response(response.into_response()));
    }
    inner.call(request).await.map(IntoResponse::into_response)
}

#[handler]
fn private(Data(hits): Data<&Hits>) -> &'static str {
    hits.count(route::PRIVATE);
    PRIVATE
}

#[handler]
fn options(Data(hits): Data<&Hits>) -> Response {
    hits.count(route::OPTIONS);
    Response::builder().header(OPTIONS_HEADER.0, OPTIONS_HEADER.1).finish()
}

#[handler]
fn vary(Data(hits): Data<&Hits>, uri: &Uri) -> Result<Response> {
    hits.count(route::VARY);
    append_lines(&header::VARY, vary_lines(uri.query().unwrap_or_default()))
}

#[handler]
fn own_cors(Data(hits): Data<&Hits>) -> Response {
    hits.count(route::OWN_CORS);
    let headers = OWN_CORS_HEADERS.iter();
    headers.fold(Response::builder(), |response, (name, value)| response.header(*name, *value)).finish()
}

#[handler]
fn error(Data(hits): Data<&Hits>) -> Result<()> {
    hits.count(route::ERROR);
    Err(Failure.into())
}

#[handler]
fn number(Data(hits): Data<&Hits>, Json(number): Json<Number>) -> impl IntoResponse {
    hits.count(route::JSON);
    Json(number).with_content_type(JSON)
}

#[handler]
fn panic(Data(hits): Data<&Hits>) -> StatusCode {
    hits.count(route::PANIC);
    panic_on_purpose()
}

#[handler]
fn stream_chunks(Data(hits): Data<&Hits>) -> Response {
    hits.count(route::STREAM);
    let chunks = stream::unfold(0, async |sent| {
        let chunk = CHUNKS.get(sent)?;
        if sent > 0 {
            tokio::time::sleep(CHUNK_PAUSE).await;
        }
        Some((Ok::<_, std::io::Error>(*chunk), sent + 1))
    });
    Body::from_bytes_stream(chunks).into_response()
}

#[handler]
fn slash(Data(hits): Data<&Hits>) -> &'static str {
    hits.count(route::SLASH);
    SLASH
}

/// The redirect to `/slash/`, which Poem does not make by itself.
#[handler]
fn add_slash(uri: &Uri) -> Redirection {
    match uri.query() {
        Some(query) => Redirection::permanent(format_args!("{}?{query}", route::SLASH)),
        None => Redirection::permanent(route::SLASH),
    }
}

#[handler]
fn answer_item(Data(hits): Data<&Hits>, method: Method, Path(id): Path<String>) -> String {
    hits.count(route::ITEM);
    item(method.as_str(), &id)
}

#[handler]
fn answer_hits(Data(hits): Data<&Hits>) -> Response {
    json(hits.to_json())
}

/// The application's own error.
#[derive(Debug, thiserror::Error)]
#[error("{FAILURE}")]
struct Failure;

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

fn json(text: String) -> Response {
    Response::builder().content_type(JSON).body(text)
}

/// 200 with one line of the header `name` for every value, or 400 if one of them is not a valid header value.
fn append_lines(name: &HeaderName, values: Vec<String>) -> Result<Response> {
    let mut response = Response::builder().finish();
    for value in values {
        response.headers_mut().append(name, header_value(value)?);
    }
    Ok(response)
}

fn header_value(text: String) -> Result<HeaderValue> {
    HeaderValue::try_from(text).map_err(|_| bad_request())
}

fn bad_request() -> Error {
    Error::from_status(StatusCode::BAD_REQUEST)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    async fn answer(request: Request) -> Response {
        application(Hits::default()).get_response(request).await
    }

    fn request(method: &str, path: &str) -> Request {
        let method = method.parse().expect("a method");
        Request::builder().method(method).uri_str(path).finish()
    }

    /// The bodies that Poem gives failures.
    #[rstest]
    #[case::error("GET", "/error", FAILURE)]
    #[case::panic("GET", "/panic", "internal server error")]
    #[case::not_found("GET", "/nowhere", "not found")]
    #[case::method_not_allowed("PATCH", "/item/7", "method not allowed")]
    #[tokio::test]
    async fn a_failure_has_a_body(#[case] method: &str, #[case] path: &str, #[case] expected: &str) {
        let body = answer(request(method, path)).await.into_body();
        assert_eq!(body.into_string().await.expect("a body"), expected);
    }

    #[rstest]
    #[case::number(r#"{"n":1}"#, 200)]
    #[case::no_number(r#"{"n":"one"}"#, 400)]
    #[case::no_json("n=1", 400)]
    #[tokio::test]
    async fn json_is_extracted(#[case] body: &str, #[case] expected: u16) {
        let post = Request::builder().method(Method::POST).uri_str("/json").content_type(JSON);
        let post = post.header("content-length", body.len());
        let response = answer(post.body(body.to_owned())).await;
        assert_eq!(response.status().as_u16(), expected);
    }
}
