//! The specimen as an ntex application.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, stream};
use ntex::http::header::{self, HeaderName, HeaderValue};
use ntex::http::{Method, StatusCode};
use ntex::service::{Middleware, Service, ServiceCtx};
use ntex::util::{Bytes, stream_recv};
use ntex::web::error::PayloadError;
use ntex::web::types::{Json, JsonConfig, Path, Payload};
use ntex::web::{
    self, HttpRequest, HttpResponse, Route, ServiceConfig, WebRequest, WebResponse, WebResponseError, guard,
};

use super::{
    CHALLENGE, CHUNK_PAUSE, CHUNKS, ECHO_HEADERS, Echo, FAILURE, Hits, JSON, JSON_LIMIT, Number,
    OPTIONS_HEADER, OWN_CORS_HEADERS, PRIVATE, Redirect, SLASH, TEXT, cookies_read, cookies_to_set, item,
    panic_on_purpose, route, status, vary_lines,
};

/// The application without any CORS, for [`App::configure`](web::App::configure). Put the middleware under test around it with
/// [`App::middleware`](web::App::middleware).
pub fn application(hits: Hits, application: &mut ServiceConfig) {
    application
        .state(hits)
        .state(JsonConfig::default().limit(JSON_LIMIT))
        .service(web::resource(route::ECHO).to(echo))
        .service(web::resource(route::REDIRECT).to(redirect))
        .service(
            web::resource(route::PRIVATE)
                .middleware(Authenticate)
                .route(get().to(private))
                .route(web::put().to(private)),
        )
        .service(
            web::resource(route::OPTIONS)
                .route(get().to(options))
                .route(web::method(Method::OPTIONS).to(options)),
        )
        .service(web::resource(route::JSON).route(web::post().to(number)))
        .service(
            web::resource(route::ITEM).route(web::put().to(answer_item)).route(web::delete().to(answer_item)),
        )
        .service(web::resource(route::STATUS).route(get().to(answer_status)))
        .service(web::resource(route::COOKIE_SET).route(get().to(set_cookies)))
        .service(web::resource(route::COOKIE_READ).route(get().to(read_cookies)))
        .service(web::resource(route::VARY).route(get().to(vary)))
        .service(web::resource(route::OWN_CORS).route(get().to(own_cors)))
        .service(web::resource(route::ERROR).route(get().to(error)))
        .service(web::resource(route::PANIC).route(get().to(panic)))
        .service(web::resource(route::STREAM).route(get().to(stream_chunks)))
        .service(web::resource(route::SLASH).route(get().to(slash)))
        .service(web::resource("/slash").route(get().to(add_slash)))
        .service(web::resource(route::HITS).route(get().to(answer_hits)));
}

/// A route for `GET` that answers `HEAD` as well, which ntex does not do by itself.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn count(request: &HttpRequest, route: &'static str) {
    if let Some(hits) = request.app_state::<Hits>() {
        hits.count(route);
    }
}

/// The authentication of `/private`: accepts any `Authorization`.
struct Authenticate;

impl<S, C> Middleware<S, C> for Authenticate {
    type Service = Authenticated<S>;

    fn create(&self, service: S, _: C) -> Self::Service {
        Authenticated(service)
    }
}

struct Authenticated<S>(S);

impl<S, E> Service<WebRequest<E>> for Authenticated<S>
where
    S: Service<WebRequest<E>, Response = WebResponse>,
{
    type Response = WebResponse;
    type Error = S::Error;

    async fn call(
        &self,
        request: WebRequest<E>,
        ctx: ServiceCtx<'_, Self>,
    ) -> Result<WebResponse, Self::Error> {
        if !request.headers().contains_key(&header::AUTHORIZATION) {
            let denial = HttpResponse::Unauthorized().header(header::WWW_AUTHENTICATE, CHALLENGE).finish();
            return Ok(request.into_response(denial));
        }
        ctx.call(&self.0, request).await
    }
}

async fn echo(request: HttpRequest, mut body: Payload) -> Result<HttpResponse, PayloadError> {
    count(&request, route::ECHO);
    let mut body_length = 0;
    // Everything after a request with `Upgrade` may be its body, which does not end before the connection.
    if !request.headers().contains_key(&header::UPGRADE) {
        while let Some(chunk) = stream_recv(&mut body).await {
            body_length += chunk?.len();
        }
    }
    let lines = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let uri = request.uri();
    let echo = Echo::new(request.method().as_str(), uri.path(), uri.query(), lines, body_length);
    let mut response = HttpResponse::Ok();
    for (name, value) in ECHO_HEADERS {
        response.header(name, value);
    }
    Ok(response.content_type(JSON).body(echo.to_json()))
}

async fn answer_status(request: HttpRequest, code: Path<String>) -> HttpResponse {
    count(&request, route::STATUS);
    let answer =
        status(&code).and_then(|(code, body)| StatusCode::from_u16(code).ok().map(|code| (code, body)));
    match answer {
        // Without a `Content-Type`, too, which 204 and 304 must not get with an empty body.
        Some((code, body)) if body.is_empty() => HttpResponse::new(code),
        Some((code, body)) => text(code, body),
        None => bad_request(),
    }
}

async fn redirect(request: HttpRequest) -> HttpResponse {
    count(&request, route::REDIRECT);
    let answer = Redirect::from_query(request.query_string())
        .and_then(|to| Some((StatusCode::from_u16(to.code).ok()?, HeaderValue::try_from(to.to).ok()?)));
    match answer {
        Some((code, to)) => HttpResponse::build(code).header(header::LOCATION, to).finish(),
        None => bad_request(),
    }
}

async fn set_cookies(request: HttpRequest) -> HttpResponse {
    count(&request, route::COOKIE_SET);
    append_lines(&header::SET_COOKIE, cookies_to_set(request.query_string()))
}

async fn read_cookies(request: HttpRequest) -> HttpResponse {
    count(&request, route::COOKIE_READ);
    json(cookies_read(request.headers().get_all(&header::COOKIE).map(HeaderValue::as_bytes)))
}

async fn private(request: HttpRequest) -> HttpResponse {
    count(&request, route::PRIVATE);
    text(StatusCode::OK, PRIVATE)
}

async fn options(request: HttpRequest) -> HttpResponse {
    count(&request, route::OPTIONS);
    let (name, value) = OPTIONS_HEADER;
    HttpResponse::Ok().header(name, value).finish()
}

async fn vary(request: HttpRequest) -> HttpResponse {
    count(&request, route::VARY);
    append_lines(&header::VARY, vary_lines(request.query_string()))
}

async fn own_cors(request: HttpRequest) -> HttpResponse {
    count(&request, route::OWN_CORS);
    let mut response = HttpResponse::Ok();
    for (name, value) in OWN_CORS_HEADERS {
        response.header(name, value);
    }
    response.finish()
}

async fn error(request: HttpRequest) -> Result<HttpResponse, Failure> {
    count(&request, route::ERROR);
    Err(Failure)
}

async fn number(request: HttpRequest, number: Json<Number>) -> Json<Number> {
    count(&request, route::JSON);
    number
}

/// Catches its panic itself: ntex has no middleware for it, and closes the connection of a handler that panics.
async fn panic(request: HttpRequest) -> HttpResponse {
    count(&request, route::PANIC);
    let answer = AssertUnwindSafe(async { panic_on_purpose() }).catch_unwind().await;
    answer.unwrap_or_else(|_panic| text(StatusCode::INTERNAL_SERVER_ERROR, "the handler panicked"))
}

async fn stream_chunks(request: HttpRequest) -> HttpResponse {
    count(&request, route::STREAM);
    let chunks = stream::unfold(0, async |sent| {
        let chunk = CHUNKS.get(sent)?;
        if sent > 0 {
            ntex::time::sleep(CHUNK_PAUSE).await;
        }
        Some((Ok::<_, Infallible>(Bytes::from_static(chunk.as_bytes())), sent + 1))
    });
    HttpResponse::Ok().content_type(TEXT).streaming(Box::pin(chunks))
}

async fn slash(request: HttpRequest) -> HttpResponse {
    count(&request, route::SLASH);
    text(StatusCode::OK, SLASH)
}

/// The redirect to `/slash/`, which ntex does not make by itself.
async fn add_slash(request: HttpRequest) -> HttpResponse {
    let to = match request.uri().query() {
        Some(query) => format!("{}?{query}", route::SLASH),
        None => route::SLASH.to_owned(),
    };
    HttpResponse::PermanentRedirect().header(header::LOCATION, to).finish()
}

async fn answer_item(request: HttpRequest, id: Path<String>) -> HttpResponse {
    count(&request, route::ITEM);
    text(StatusCode::OK, item(request.method().as_str(), &id))
}

async fn answer_hits(request: HttpRequest) -> HttpResponse {
    json(request.app_state::<Hits>().map(Hits::to_json).unwrap_or_default())
}

/// The application's own error. `WebResponseError` turns it into a 500 with its text.
#[derive(Debug, thiserror::Error)]
#[error("{FAILURE}")]
struct Failure;

impl WebResponseError for Failure {}

fn text(status: StatusCode, body: impl Into<String>) -> HttpResponse {
    HttpResponse::build(status).content_type(TEXT).body(body.into())
}

fn json(body: String) -> HttpResponse {
    HttpResponse::Ok().content_type(JSON).body(body)
}

fn bad_request() -> HttpResponse {
    HttpResponse::BadRequest().finish()
}

/// 200 with one line of the header `name` for every value, or 400 if one of them is not a valid header value.
fn append_lines(name: &HeaderName, values: Vec<String>) -> HttpResponse {
    let mut response = HttpResponse::Ok().finish();
    for value in values {
        let Ok(value) = HeaderValue::try_from(value) else {
            return bad_request();
        };
        response.headers_mut().append(name.clone(), value);
    }
    response
}
