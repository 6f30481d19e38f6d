//! The specimen as an actix-web application.

use std::panic::AssertUnwindSafe;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Bytes, Data, Json, JsonConfig, Path, Payload, ServiceConfig};
use actix_web::{App, Error, HttpRequest, HttpResponse, ResponseError, Route, guard};
use futures_util::{FutureExt, stream};

use super::{
    CHALLENGE, CHUNK_PAUSE, CHUNKS, ECHO_HEADERS, Echo, FAILURE, Hits, JSON, JSON_LIMIT, Number,
    OPTIONS_HEADER, OWN_CORS_HEADERS, PRIVATE, Redirect, SLASH, TEXT, cookies_read, cookies_to_set, item,
    panic_on_purpose, route, status, vary_lines,
};

/// The application without any CORS; put the middleware under test around it with [`App::wrap`].
pub fn application(
    hits: Hits,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new().app_data(Data::new(hits)).configure(routes).wrap(from_fn(catch_panic))
}

fn routes(application: &mut ServiceConfig) {
    application
        .route(route::ECHO, web::to(echo))
        .route(route::REDIRECT, web::to(redirect))
        .service(
            web::resource(route::PRIVATE)
                .wrap(from_fn(authenticate))
                .route(get().to(private))
                .route(web::put().to(private)),
        )
        .service(
            web::resource(route::OPTIONS)
                .route(get().to(options))
                .route(web::route().guard(guard::Options()).to(options)),
        )
        .service(
            web::resource(route::JSON)
                .app_data(JsonConfig::default().limit(JSON_LIMIT))
                .route(web::post().to(number)),
        )
        .service(
            web::resource(route::ITEM).route(web::put().to(answer_item)).route(web::delete().to(answer_item)),
        )
        .service(web::redirect(route::SLASH.trim_end_matches('/'), route::SLASH).permanent());
    for (path, handler) in [
        (route::STATUS, get().to(answer_status)),
        (route::COOKIE_SET, get().to(set_cookies)),
        (route::COOKIE_READ, get().to(read_cookies)),
        (route::VARY, get().to(vary)),
        (route::OWN_CORS, get().to(own_cors)),
        (route::ERROR, get().to(error)),
        (route::PANIC, get().to(panic)),
        (route::STREAM, get().to(stream_chunks)),
        (route::SLASH, get().to(slash)),
        (route::HITS, get().to(answer_hits)),
    ] {
        // A resource of its own, unlike `ServiceConfig::route`, answers other methods with 405.
        application.service(web::resource(path).route(handler));
    }
}

/// A route for `GET` that answers `HEAD` as well, which actix-web does not do by itself.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Answers 500 to a panic. By itself, actix-web closes the connection of a handler that panics.
async fn catch_panic(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = AssertUnwindSafe(async move { next.call(request).await }).catch_unwind().await;
    response.unwrap_or_else(|_panic| Err(Failure("Service panicked").into()))
}

/// The authentication of `/private`: accepts any `Authorization`.
async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return Err(Unauthorized.into());
    }
    next.call(request).await
}

async fn echo(hits: Data<Hits>, request: HttpRequest, body: Payload) -> Result<HttpResponse, Error> {
    hits.count(route::ECHO);
    // To actix-web, everything after a request with `Upgrade` is its body, which does not end before the connection.
    let body = match request.headers().contains_key(header::UPGRADE) {
        true => Bytes::new(),
        false => body.to_bytes().await?,
    };
    let lines = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let uri = request.uri();
    let echo = Echo::new(request.method().as_str(), uri.path(), uri.query(), lines, body.len());
    let mut response = HttpResponse::Ok();
    for line in ECHO_HEADERS {
        response.append_header(line);
    }
    Ok(response.content_type(JSON).body(echo.to_json()))
}

async fn answer_status(hits: Data<Hits>, code: Path<String>) -> HttpResponse {
    hits.count(route::STATUS);
    let answer =
        status(&code).and_then(|(code, body)| StatusCode::from_u16(code).ok().map(|code| (code, body)));
    answer.map_or_else(bad_request, |(code, body)| text(code, body))
}

async fn redirect(hits: Data<Hits>, request: HttpRequest) -> HttpResponse {
    hits.count(route::REDIRECT);
    let answer = Redirect::from_query(request.query_string())
        .and_then(|to| Some((StatusCode::from_u16(to.code).ok()?, HeaderValue::try_from(to.to).ok()?)));
    answer.map_or_else(bad_request, |(code, to)| {
        HttpResponse::build(code).insert_header((header::LOCATION, to)).finish()
    })
}

async fn set_cookies(hits: Data<Hits>, request: HttpRequest) -> HttpResponse {
    hits.count(route::COOKIE_SET);
    append_lines(&header::SET_COOKIE, cookies_to_set(request.query_string()))
}

async fn read_cookies(hits: Data<Hits>, request: HttpRequest) -> HttpResponse {
    hits.count(route::COOKIE_READ);
    json(cookies_read(request.headers().get_all(header::COOKIE).map(HeaderValue::as_bytes)))
}

async fn private(hits: Data<Hits>) -> HttpResponse {
    hits.count(route::PRIVATE);
    text(StatusCode::OK, PRIVATE.to_owned())
}

async fn options(hits: Data<Hits>) -> HttpResponse {
    hits.count(route::OPTIONS);
    HttpResponse::Ok().append_header(OPTIONS_HEADER).finish()
}

async fn vary(hits: Data<Hits>, request: HttpRequest) -> HttpResponse {
    hits.count(route::VARY);
    append_lines(&header::VARY, vary_lines(request.query_string()))
}

async fn own_cors(hits: Data<Hits>) -> HttpResponse {
    hits.count(route::OWN_CORS);
    let mut response = HttpResponse::Ok();
    for line in OWN_CORS_HEADERS {
        response.append_header(line);
    }
    response.finish()
}

async fn error(hits: Data<Hits>) -> Result<HttpResponse, Failure> {
    hits.count(route::ERROR);
    Err(Failure(FAILURE))
}

async fn number(hits: Data<Hits>, number: Json<Number>) -> Json<Number> {
    hits.count(route::JSON);
    number
}

async fn panic(hits: Data<Hits>) -> HttpResponse {
    hits.count(route::PANIC);
    panic_on_purpose()
}

async fn stream_chunks(hits: Data<Hits>) -> HttpResponse {
    hits.count(route::STREAM);
    HttpResponse::Ok().content_type(TEXT).streaming(stream::unfold(0, async |sent| {
        let chunk = CHUNKS.get(sent)?;
        if sent > 0 {
            actix_web::rt::time::sleep(CHUNK_PAUSE).await;
        }
        Some((Ok::<_, Error>(Bytes::from_static(chunk.as_bytes())), sent + 1))
    }))
}

async fn slash(hits: Data<Hits>) -> HttpResponse {
    hits.count(route::SLASH);
    text(StatusCode::OK, SLASH.to_owned())
}

async fn answer_item(hits: Data<Hits>, request: HttpRequest, id: Path<String>) -> HttpResponse {
    hits.count(route::ITEM);
    text(StatusCode::OK, item(request.method().as_str(), &id))
}

async fn answer_hits(hits: Data<Hits>) -> HttpResponse {
    json(hits.to_json())
}

/// The application's own error. `ResponseError` turns it into a 500 with its text.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(&'static str);

impl ResponseError for Failure {}

/// The error of the authentication, returned as an `Err` and not as a response.
#[derive(Debug, thiserror::Error)]
#[error("unauthorized")]
struct Unauthorized;

impl ResponseError for Unauthorized {
    fn status_code(&self) -> StatusCode {
        StatusCode::UNAUTHORIZED
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::Unauthorized().insert_header((header::WWW_AUTHENTICATE, CHALLENGE)).finish()
    }
}

fn text(status: StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status).content_type(TEXT).body(body)
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

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::http::header::HeaderMap;
    use actix_web::test::{TestRequest, init_service, read_body, try_call_service};
    use rstest::rstest;

    use super::*;

    async fn answer(request: TestRequest) -> (u16, HeaderMap, String) {
        let application = init_service(application(Hits::default())).await;
        let response = try_call_service(&application, request.to_request())
            .await
            .map(ServiceResponse::map_into_boxed_body)
            .unwrap_or_else(|error| {
                ServiceResponse::new(TestRequest::default().to_http_request(), error.error_response())
            });
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, String::from_utf8_lossy(&read_body(response).await).into_owned())
    }

    fn request(method: &str, path: &str) -> TestRequest {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        TestRequest::default().method(method).uri(path)
    }

    /// The bodies that actix-web gives an error, and the specimen a panic.
    #[rstest]
    #[case::error("/error", FAILURE)]
    #[case::panic("/panic", "Service panicked")]
    #[actix_web::test]
    async fn a_failure_has_a_body(#[case] path: &str, #[case] expected: &str) {
        assert_eq!(answer(request("GET", path)).await.2, expected);
    }

    #[rstest]
    #[case::number(r#"{"n":1}"#, 200)]
    #[case::other(r#"{"m":1}"#, 400)]
    #[case::no_json("n=1", 400)]
    #[actix_web::test]
    async fn json_is_extracted(#[case] body: &'static str, #[case] expected: u16) {
        let request = request("POST", "/json").insert_header((header::CONTENT_TYPE, JSON)).set_payload(body);
        assert_eq!(answer(request).await.0, expected);
    }
}
