//! The specimen as a warp application.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reject::{self, Reject};
use warp::{Filter, Rejection, Reply};

use super::{
    CHALLENGE, CHUNK_PAUSE, CHUNKS, ECHO_HEADERS, Echo, Hits, JSON, JSON_LIMIT, Number, OPTIONS_HEADER,
    OWN_CORS_HEADERS, PRIVATE, Redirect, SLASH, cookies_read, cookies_to_set, item, panic_on_purpose, route,
    status, vary_lines,
};

/// The application without any CORS. Put the middleware under test around it.
///
/// Rejections are left to warp: 404, 405, a wrong body of `/json`, and that of `/error`.
pub fn routes(hits: &Hits) -> BoxedFilter<(warp::reply::Response,)> {
    let echo = warp::path!("echo")
        .and(warp::method())
        .and(warp::path::full())
        .and(query())
        .and(warp::header::headers_cloned())
        .and(warp::body::bytes())
        .and(counted(hits, route::ECHO))
        .map(echo);
    let status =
        warp::path!("status" / String).and(get()).and(counted(hits, route::STATUS)).map(answer_status);
    let redirect = warp::path!("redirect").and(query()).and(counted(hits, route::REDIRECT)).map(redirect);
    let set_cookies = warp::path!("cookie" / "set")
        .and(get())
        .and(query())
        .and(counted(hits, route::COOKIE_SET))
        .map(|query: String| lines(&header::SET_COOKIE, cookies_to_set(&query)));
    let read_cookies = warp::path!("cookie" / "read")
        .and(get())
        .and(warp::header::headers_cloned())
        .and(counted(hits, route::COOKIE_READ))
        .map(read_cookies);
    let private = warp::path!("private")
        .and(authenticated())
        .and(get().or(warp::put()).unify())
        .and(counted(hits, route::PRIVATE))
        .map(|| PRIVATE)
        .recover(challenge);
    let options = warp::path!("options")
        .and(get().or(warp::options()).unify())
        .and(counted(hits, route::OPTIONS))
        .map(|| with_headers([OPTIONS_HEADER], String::new()));
    let vary = warp::path!("vary")
        .and(get())
        .and(query())
        .and(counted(hits, route::VARY))
        .map(|query: String| lines(&header::VARY, vary_lines(&query)));
    let own_cors = warp::path!("own-cors")
        .and(get())
        .and(counted(hits, route::OWN_CORS))
        .map(|| with_headers(OWN_CORS_HEADERS, String::new()));
    let error = warp::path!("error").and(get()).and(counted(hits, route::ERROR)).and_then(error);
    let number = warp::path!("json")
        .and(warp::post())
        .and(warp::body::content_length_limit(JSON_LIMIT as u64))
        .and(warp::body::json())
        .and(counted(hits, route::JSON))
        .map(|number: Number| warp::reply::json(&number));
    let panic = warp::path!("panic").and(get()).and(counted(hits, route::PANIC)).then(panic);
    let stream = warp::path!("stream").and(get()).and(counted(hits, route::STREAM)).map(stream_chunks);
    let item = warp::path!("item" / String)
        .and(warp::put().or(warp::delete()).unify())
        .and(warp::method())
        .and(counted(hits, route::ITEM))
        .map(|id: String, method: Method| item(method.as_str(), &id));
    let counts = hits.clone();
    let hits_so_far = warp::path!("hits").and(get()).map(move || json(counts.to_json()));

    // Boxed in groups, because the type of each `or` contains those of all before it.
    let first = boxed(echo.or(status).or(redirect).or(set_cookies).or(read_cookies).or(private));
    let second = boxed(options.or(vary).or(own_cors).or(error).or(number).or(panic));
    let third = boxed(stream.or(slash(hits)).or(item).or(hits_so_far));
    boxed(first.or(second).or(third))
}

fn boxed<R: Reply + 'static>(
    routes: impl Filter<Extract = (R,), Error = Rejection> + Send + Sync + 'static,
) -> BoxedFilter<(warp::reply::Response,)> {
    routes.map(Reply::into_response).boxed()
}

/// Counts a run of the handler that comes next.
fn counted(
    hits: &Hits,
    route: &'static str,
) -> impl Filter<Extract = (), Error = Infallible> + Clone + use<> {
    let hits = hits.clone();
    warp::any().map(move || hits.count(route)).untuple_one()
}

/// `GET`, and `HEAD` as well.
fn get() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::get().or(warp::head()).unify()
}

/// The query as it was sent, empty if there is none.
fn query() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    warp::query::raw().or(warp::any().map(String::new)).unify()
}

fn echo(method: Method, path: FullPath, query: String, headers: HeaderMap, body: Bytes) -> impl Reply {
    let lines = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let echo = Echo::new(method.as_str(), path.as_str(), Some(&query), lines, body.len());
    with_headers(ECHO_HEADERS.into_iter().chain([(header::CONTENT_TYPE.as_str(), JSON)]), echo.to_json())
}

fn answer_status(code: String) -> Result<impl Reply, StatusCode> {
    let (code, body) = status(&code).ok_or(StatusCode::BAD_REQUEST)?;
    let code = StatusCode::from_u16(code).map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(warp::reply::with_status(body, code))
}

fn redirect(query: String) -> Result<impl Reply, StatusCode> {
    let redirect = Redirect::from_query(&query).ok_or(StatusCode::BAD_REQUEST)?;
    Response::builder()
        .status(redirect.code)
        .header(header::LOCATION, redirect.to)
        .body("")
        .map_err(|_| StatusCode::BAD_REQUEST)
}

fn read_cookies(headers: HeaderMap) -> impl Reply {
    json(cookies_read(headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes)))
}

/// The authentication of `/private`: accepts any `Authorization`.
fn authenticated() -> impl Filter<Extract = (), Error = Rejection> + Clone {
    warp::header::value(header::AUTHORIZATION.as_str())
        .map(|_credentials| ())
        .untuple_one()
        .or_else(async |_missing| Err(reject::custom(Unauthenticated)))
}

async fn challenge(rejection: Rejection) -> Result<impl Reply, Rejection> {
    if rejection.find::<Unauthenticated>().is_none() {
        return Err(rejection);
    }
    let reply = warp::reply::with_header("", header::WWW_AUTHENTICATE, CHALLENGE);
    Ok(warp::reply::with_status(reply, StatusCode::UNAUTHORIZED))
}

async fn error() -> Result<&'static str, Rejection> {
    Err(reject::custom(Failure))
}

/// Answers 500 to a panic. By itself, warp closes the connection of a handler that panics.
async fn panic() -> StatusCode {
    let handler = AssertUnwindSafe(async { panic_on_purpose() });
    handler.catch_unwind().await.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn stream_chunks() -> impl Reply {
    warp::reply::stream(stream::unfold(0, |sent| async move {
        let chunk = CHUNKS.get(sent)?;
        if sent > 0 {
            tokio::time::sleep(CHUNK_PAUSE).await;
        }
        Some((Ok::<_, Infallible>(*chunk), sent + 1))
    }))
}

/// Tells `/slash` and `/slash/` apart, which are one path to warp. The redirect is its `redirect::permanent`.
fn slash(hits: &Hits) -> BoxedFilter<(warp::reply::Response,)> {
    let slash = warp::path!("slash").and(get()).and(warp::path::full());
    let with_slash = slash
        .and_then(
            async |path: FullPath| {
                if path.as_str().ends_with('/') { Ok(()) } else { Err(warp::reject()) }
            },
        )
        .untuple_one()
        .and(counted(hits, route::SLASH))
        .map(|| SLASH);
    let without = warp::path!("slash").and(get()).and(query()).map(|query: String| {
        let to = if query.is_empty() { route::SLASH.to_owned() } else { format!("{}?{query}", route::SLASH) };
        to.parse::<Uri>().map(warp::redirect::permanent).map_err(|_| StatusCode::BAD_REQUEST)
    });
    boxed(with_slash.or(without))
}

/// The rejection of the authentication of `/private`.
#[derive(Debug)]
struct Unauthenticated;

impl Reject for Unauthenticated {}

/// The application's own error.
#[derive(Debug)]
struct Failure;

impl Reject for Failure {}

fn json(text: String) -> impl Reply {
    with_headers([(header::CONTENT_TYPE.as_str(), JSON)], text)
}

fn with_headers(
    headers: impl IntoIterator<Item = (&'static str, &'static str)>,
    body: String,
) -> warp::reply::Response {
    let mut response = body.into_response();
    for (name, value) in headers {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// 200 with one line of the header `name` for every value, or 400 if one of them is not a valid header value.
fn lines(name: &HeaderName, values: Vec<String>) -> Result<impl Reply, StatusCode> {
    let mut response = warp::reply().into_response();
    for value in values {
        let value = HeaderValue::try_from(value).map_err(|_| StatusCode::BAD_REQUEST)?;
        response.headers_mut().append(name, value);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use http::Request;
    use http_body_util::BodyDataStream;
    use rstest::rstest;
    use tower::ServiceExt;

    use super::*;

    async fn answer(request: Request<String>) -> (StatusCode, HeaderMap, String) {
        let Ok(response) = warp::service(routes(&Hits::default())).oneshot(request).await;
        let (head, body) = response.into_parts();
        let chunks: Vec<Bytes> = BodyDataStream::new(body).try_collect().await.unwrap();
        (head.status, head.headers, String::from_utf8_lossy(&chunks.concat()).into_owned())
    }

    fn request(method: &str, path: &str) -> Request<String> {
        Request::builder().method(method).uri(path).body(String::new()).unwrap()
    }

    /// The bodies that warp gives rejections that nothing recovers from.
    #[rstest]
    #[case::error("GET", "/error", "Unhandled rejection: Failure")]
    #[case::method_not_allowed("PATCH", "/item/7", "HTTP method not allowed")]
    #[tokio::test]
    async fn a_failure_has_a_body(#[case] method: &str, #[case] path: &str, #[case] expected: &str) {
        let (_, _, body) = answer(request(method, path)).await;
        assert_eq!(body, expected);
    }

    #[rstest]
    #[case::number(r#"{"n":1}"#, 200)]
    #[case::other(r#"{"m":1}"#, 400)]
    #[case::no_json("n=1", 400)]
    #[tokio::test]
    async fn json_is_extracted(#[case] body: &str, #[case] expected: u16) {
        let request = Request::post("/json").header("content-type", "application/json");
        let request = request.header("content-length", body.len()).body(body.to_owned());
        assert_eq!(answer(request.unwrap()).await.0.as_u16(), expected);
    }
}
