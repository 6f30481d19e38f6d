//! The specimen application in plain hyper, which has no router: one function answers every request.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

pub use cors_conformance::specimen::Hits;
use cors_conformance::specimen::{
    CHALLENGE, CHUNK_PAUSE, CHUNKS, ECHO_HEADERS, Echo, FAILURE, JSON, JSON_LIMIT, Number, OPTIONS_HEADER,
    OWN_CORS_HEADERS, PRIVATE, Redirect, SLASH, TEXT, cookies_read, cookies_to_set, item, panic_on_purpose,
    route, status, vary_lines,
};
use futures_util::{FutureExt, stream};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};

type Body = BoxBody<Bytes, Infallible>;

/// Answers a request as [`cors_conformance::specimen`] requires.
pub async fn respond(request: Request<Incoming>, hits: Hits) -> Result<Response<Body>, Infallible> {
    let is_head = request.method() == Method::HEAD;
    // A panic would close the connection. Frameworks turn it into a response, and so does this one.
    let response = AssertUnwindSafe(route_request(request, hits)).catch_unwind().await;
    let response = response.unwrap_or_else(|_| text(StatusCode::INTERNAL_SERVER_ERROR, FAILURE));
    Ok(if is_head { response.map(|_| Body::default()) } else { response })
}

async fn route_request(request: Request<Incoming>, hits: Hits) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    // A route for GET answers HEAD as well.
    let method = match request.method() {
        &Method::HEAD => Method::GET,
        method => method.clone(),
    };
    let segments: Vec<_> = path.split('/').skip(1).collect();
    match (method.as_str(), segments.as_slice()) {
        (_, ["echo"]) => {
            hits.count(route::ECHO);
            echo(request).await
        }
        ("GET", ["status", code]) => {
            hits.count(route::STATUS);
            let answer = status(code).and_then(|(code, body)| Some((StatusCode::from_u16(code).ok()?, body)));
            answer.map_or_else(|| empty(StatusCode::BAD_REQUEST), |(code, body)| text(code, body))
        }
        (_, ["redirect"]) => {
            hits.count(route::REDIRECT);
            let redirect = Redirect::from_query(&query)
                .and_then(|redirect| Some((StatusCode::from_u16(redirect.code).ok()?, redirect.to)));
            let Some((code, to)) = redirect else { return empty(StatusCode::BAD_REQUEST) };
            with_lines(empty(code), "location", [to])
        }
        ("GET", ["cookie", "set"]) => {
            hits.count(route::COOKIE_SET);
            with_lines(empty(StatusCode::OK), "set-cookie", cookies_to_set(&query))
        }
        ("GET", ["cookie", "read"]) => {
            hits.count(route::COOKIE_READ);
            let lines = request.headers().get_all(header::COOKIE).iter();
            json(cookies_read(lines.map(|line| line.as_bytes())))
        }
        // The authentication of `/private` covers every method.
        (_, ["private"]) if !request.headers().contains_key(header::AUTHORIZATION) => {
            with_lines(empty(StatusCode::UNAUTHORIZED), "www-authenticate", [CHALLENGE.to_owned()])
        }
        ("GET" | "PUT", ["private"]) => {
            hits.count(route::PRIVATE);
            text(StatusCode::OK, PRIVATE)
        }
        ("GET" | "OPTIONS", ["options"]) => {
            hits.count(route::OPTIONS);
            with_headers(empty(StatusCode::OK), [OPTIONS_HEADER])
        }
        ("GET", ["vary"]) => {
            hits.count(route::VARY);
            with_lines(empty(StatusCode::OK), "vary", vary_lines(&query))
        }
        ("GET", ["own-cors"]) => {
            hits.count(route::OWN_CORS);
            with_headers(empty(StatusCode::OK), OWN_CORS_HEADERS)
        }
        ("GET", ["error"]) => {
            hits.count(route::ERROR);
            text(StatusCode::INTERNAL_SERVER_ERROR, FAILURE)
        }
        ("POST", ["json"]) => number(request, hits).await,
        ("GET", ["panic"]) => {
            hits.count(route::PANIC);
            panic_on_purpose()
        }
        ("GET", ["stream"]) => {
            hits.count(route::STREAM);
            Response::new(chunks())
        }
        ("GET", ["slash", ""]) => {
            hits.count(route::SLASH);
            text(StatusCode::OK, SLASH)
        }
        ("GET", ["slash"]) => {
            with_lines(empty(StatusCode::PERMANENT_REDIRECT), "location", [route::SLASH.to_owned()])
        }
        ("PUT" | "DELETE", ["item", id]) => {
            hits.count(route::ITEM);
            text(StatusCode::OK, item(method.as_str(), id))
        }
        ("GET", ["hits"]) => json(hits.to_json()),
        (_, segments) if is_known(segments) => empty(StatusCode::METHOD_NOT_ALLOWED),
        _ => empty(StatusCode::NOT_FOUND),
    }
}

/// Whether another method of this path has a route.
fn is_known(segments: &[&str]) -> bool {
    matches!(
        segments,
        ["status" | "item", _]
            | ["cookie", "set" | "read"]
            | ["slash"]
            | ["slash", ""]
            | ["private" | "options" | "vary" | "own-cors" | "error" | "json" | "panic" | "stream" | "hits"]
    )
}

async fn echo(request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return empty(StatusCode::BAD_REQUEST) };
    let lines = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let length = body.to_bytes().len();
    let echo = Echo::new(head.method.as_str(), head.uri.path(), head.uri.query(), lines, length);
    with_headers(json(echo.to_json()), ECHO_HEADERS)
}

async fn number(request: Request<Incoming>, hits: Hits) -> Response<Body> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next());
    if media_type.is_none_or(|media_type| !media_type.trim().eq_ignore_ascii_case(JSON)) {
        return empty(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let Ok(body) = Limited::new(request.into_body(), JSON_LIMIT).collect().await else {
        return empty(StatusCode::PAYLOAD_TOO_LARGE);
    };
    // A framework extracts the body before it calls the handler, so only a valid body counts.
    let Ok(Number { n }) = serde_json::from_slice(&body.to_bytes()) else {
        return empty(StatusCode::UNPROCESSABLE_ENTITY);
    };
    hits.count(route::JSON);
    json(format!("{{\"n\":{n}}}"))
}

fn chunks() -> Body {
    let chunks = stream::unfold(0, async |sent| {
        let chunk = CHUNKS.get(sent)?;
        if sent > 0 {
            tokio::time::sleep(CHUNK_PAUSE).await;
        }
        Some((Ok(Frame::data(Bytes::from_static(chunk.as_bytes()))), sent + 1))
    });
    BodyExt::boxed(StreamBody::new(chunks))
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = status;
    response
}

fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let response = empty(status).map(|_| Full::new(text.into()).boxed());
    with_headers(response, [("content-type", TEXT)])
}

fn json(text: String) -> Response<Body> {
    let response = Response::new(Full::new(Bytes::from(text)).boxed());
    with_headers(response, [("content-type", JSON)])
}

fn with_headers<const N: usize>(
    response: Response<Body>,
    headers: [(&'static str, &'static str); N],
) -> Response<Body> {
    headers
        .into_iter()
        .fold(response, |response, (name, value)| with_lines(response, name, [value.to_owned()]))
}

/// Adds one header line for each value; 400 if a value is not valid in a header.
fn with_lines(
    mut response: Response<Body>,
    name: &'static str,
    values: impl IntoIterator<Item = String>,
) -> Response<Body> {
    for value in values {
        let Ok(value) = value.try_into() else { return empty(StatusCode::BAD_REQUEST) };
        response.headers_mut().append(name, value);
    }
    response
}
