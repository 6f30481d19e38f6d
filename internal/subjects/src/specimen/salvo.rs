//! The specimen as a Salvo application.

use futures_util::stream;
use salvo::http::header::{self, HeaderName, HeaderValue};
use salvo::http::{Method, ParseError};
use salvo::prelude::*;
use salvo::routing::{Filter, PathState, filters};

use super::{
    CHALLENGE, CHUNK_PAUSE, CHUNKS, ECHO_HEADERS, Echo, FAILURE, Hits, JSON, JSON_LIMIT, Number,
    OPTIONS_HEADER, OWN_CORS_HEADERS, PRIVATE, Redirect as Redirection, SLASH, TEXT, cookies_read,
    cookies_to_set, item, panic_on_purpose, route, status, vary_lines,
};

/// The application without any CORS. Put the middleware under test around it with [`Service::hoop`].
pub fn router(hits: Hits) -> Router {
    Router::new()
        .hoop(CatchPanic::new())
        .hoop(affix_state::inject(hits))
        .push(Router::with_path("echo").filter_fn(is_not_options).goal(echo))
        .push(Router::with_path("status/{code}").push(get(answer_status)))
        .push(Router::with_path("redirect").filter_fn(is_not_options).goal(redirect))
        .push(Router::with_path("cookie/set").push(get(set_cookies)))
        .push(Router::with_path("cookie/read").push(get(read_cookies)))
        .push(
            // The goal of the router itself is for all other methods: without it, they would not get to the authentication.
            Router::with_path("private")
                .hoop(authenticate)
                .push(get(private))
                .put(private)
                .goal(method_not_allowed),
        )
        .push(Router::with_path("options").push(get(options)).options(options))
        .push(Router::with_path("vary").push(get(vary)))
        .push(Router::with_path("own-cors").push(get(own_cors)))
        .push(Router::with_path("error").push(get(error)))
        .push(Router::with_path("json").hoop(max_size(JSON_LIMIT as u64)).post(number))
        .push(Router::with_path("panic").push(get(panic)))
        .push(Router::with_path("stream").push(get(stream_chunks)))
        .push(
            Router::with_path("slash")
                .hoop(TrailingSlash::new_add().redirect_code(StatusCode::PERMANENT_REDIRECT))
                .push(get(slash)),
        )
        .push(Router::with_path("item/{id}").put(answer_item).delete(answer_item))
        .push(Router::with_path("hits").push(get(answer_hits)))
}

/// A route for `GET` that answers `HEAD` as well, which Salvo does not do by itself.
fn get(goal: impl Handler) -> Router {
    Router::with_filter(filters::get().or(filters::head())).goal(goal)
}

/// `OPTIONS` is left to the framework: if a route has this method, Salvo's middleware runs its handler for preflights as well.
fn is_not_options(request: &mut Request, _: &mut PathState<'_>) -> bool {
    request.method() != Method::OPTIONS
}

fn count(depot: &Depot, route: &'static str) {
    if let Ok(hits) = depot.get_typed::<Hits>() {
        hits.count(route);
    }
}

#[handler]
async fn echo(request: &mut Request, depot: &Depot, response: &mut Response) -> Result<(), ParseError> {
    count(depot, route::ECHO);
    let body_length = request.payload().await?.len();
    let lines = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let uri = request.uri();
    let body = Echo::new(request.method().as_str(), uri.path(), uri.query(), lines, body_length);
    for (name, value) in ECHO_HEADERS {
        response.headers_mut().append(name, HeaderValue::from_static(value));
    }
    json(response, body.to_json());
    Ok(())
}

#[handler]
async fn answer_status(
    request: &mut Request,
    depot: &Depot,
    response: &mut Response,
) -> Result<(), StatusError> {
    count(depot, route::STATUS);
    let code = request.param::<&str>("code").unwrap_or_default();
    let (code, body) = status(code).ok_or_else(StatusError::bad_request)?;
    response.status_code(StatusCode::from_u16(code).map_err(|_| StatusError::bad_request())?);
    if !body.is_empty() {
        response.render(body);
    }
    Ok(())
}

#[handler]
async fn redirect(request: &mut Request, depot: &Depot, response: &mut Response) -> Result<(), StatusError> {
    count(depot, route::REDIRECT);
    let query = request.uri().query().unwrap_or_default();
    let answer = Redirection::from_query(query).ok_or_else(StatusError::bad_request)?;
    let location = header_value(answer.to)?;
    response.status_code(StatusCode::from_u16(answer.code).map_err(|_| StatusError::bad_request())?);
    response.headers_mut().insert(header::LOCATION, location);
    Ok(())
}

#[handler]
async fn set_cookies(
    request: &mut Request,
    depot: &Depot,
    response: &mut Response,
) -> Result<(), StatusError> {
    count(depot, route::COOKIE_SET);
    let lines = cookies_to_set(request.uri().query().unwrap_or_default());
    append_lines(response, &header::SET_COOKIE, lines)
}

#[handler]
async fn read_cookies(request: &mut Request, depot: &Depot, response: &mut Response) {
    count(depot, route::COOKIE_READ);
    let lines = request.headers().get_all(header::COOKIE).iter();
    json(response, cookies_read(lines.map(HeaderValue::as_bytes)));
}

/// The authentication of `/private`: accepts any `Authorization`.
#[handler]
async fn authenticate(request: &mut Request, response: &mut Response, control: &mut FlowCtrl) {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        response.render(StatusError::unauthorized());
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        control.skip_rest();
    }
}

#[handler]
async fn private(depot: &Depot) -> &'static str {
    count(depot, route::PRIVATE);
    PRIVATE
}

#[handler]
async fn method_not_allowed() -> StatusError {
    StatusError::method_not_allowed()
}

#[handler]
async fn options(depot: &Depot, response: &mut Response) {
    count(depot, route::OPTIONS);
    let (name, value) = OPTIONS_HEADER;
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

#[handler]
async fn vary(request: &mut Request, depot: &Depot, response: &mut Response) -> Result<(), StatusError> {
    count(depot, route::VARY);
    append_lines(response, &header::VARY, vary_lines(request.uri().query().unwrap_or_default()))
}

#[handler]
async fn own_cors(depot: &Depot, response: &mut Response) {
    count(depot, route::OWN_CORS);
    for (name, value) in OWN_CORS_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}

#[handler]
async fn error(depot: &Depot) -> Result<(), salvo::Error> {
    count(depot, route::ERROR);
    Err(salvo::Error::other(FAILURE))
}

#[handler]
async fn number(request: &mut Request, depot: &Depot) -> Result<Json<Number>, ParseError> {
    let body = request.parse_json().await?;
    count(depot, route::JSON);
    Ok(Json(body))
}

#[handler]
async fn panic(depot: &Depot) {
    count(depot, route::PANIC);
    panic_on_purpose()
}

#[handler]
async fn stream_chunks(depot: &Depot, response: &mut Response) {
    count(depot, route::STREAM);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(TEXT));
    response.stream(stream::unfold(0, async |sent| {
        let chunk = CHUNKS.get(sent)?;
        if sent > 0 {
            tokio::time::sleep(CHUNK_PAUSE).await;
        }
        Some((Ok::<_, std::convert::Infallible>(*chunk), sent + 1))
    }));
}

#[handler]
async fn slash(depot: &Depot) -> &'static str {
    count(depot, route::SLASH);
    SLASH
}

#[handler]
async fn answer_item(request: &mut Request, depot: &Depot) -> String {
    count(depot, route::ITEM);
    item(request.method().as_str(), request.param::<&str>("id").unwrap_or_default())
}

#[handler]
async fn answer_hits(depot: &Depot, response: &mut Response) {
    if let Ok(hits) = depot.get_typed::<Hits>() {
        json(response, hits.to_json());
    }
}

fn json(response: &mut Response, text: String) {
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response.body(text);
}

/// One line of the header `name` for every value, or 400 if one of them is not a valid header value.
fn append_lines(response: &mut Response, name: &HeaderName, values: Vec<String>) -> Result<(), StatusError> {
    let values: Vec<_> = values.into_iter().map(header_value).collect::<Result<_, _>>()?;
    for value in values {
        response.headers_mut().append(name, value);
    }
    Ok(())
}

fn header_value(text: String) -> Result<HeaderValue, StatusError> {
    HeaderValue::try_from(text).map_err(|_| StatusError::bad_request())
}
