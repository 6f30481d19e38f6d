//! The specimen as a Rocket application.

use std::convert::Infallible;

use http::HeaderValue;
use rocket::config::Shutdown;
use rocket::data::{Limits, ToByteUnit};
use rocket::http::uri::Origin;
use rocket::http::{Header, Method, Status};
use rocket::log::LogLevel;
use rocket::request::{self, FromRequest};
use rocket::response::content::RawJson;
use rocket::response::stream::TextStream;
use rocket::response::{self, Debug, Responder};
use rocket::route::{BoxFuture, Outcome};
use rocket::serde::json::Json;
use rocket::shield::{NoSniff, Shield};
use rocket::{
    Build, Config, Data, Request, Response, Rocket, Route, State, catch, catchers, delete, get, options,
    post, put, routes,
};

use super::{
    CHALLENGE, CHUNK_PAUSE, CHUNKS, ECHO_HEADERS, Echo, FAILURE, Hits, JSON_LIMIT, Number, OPTIONS_HEADER,
    OWN_CORS_HEADERS, PRIVATE, Redirect, SLASH, cookies_read, cookies_to_set, item, panic_on_purpose, route,
    status, vary_lines,
};

/// The application without any CORS, on a free port of the loopback interface. Attach the middleware under test to it.
///
/// It logs nothing, does not handle the process's signals, and does not wait for connections when it is shut down.
pub fn build(hits: Hits) -> Rocket<Build> {
    let shutdown = Shutdown {
        ctrlc: false,
        #[cfg(unix)]
        signals: Default::default(),
        grace: 0,
        mercy: 0,
        force: false,
        ..Shutdown::default()
    };
    let limits = Limits::default().limit("json", JSON_LIMIT.bytes());
    let config = Config { port: 0, log_level: LogLevel::Off, shutdown, limits, ..Config::release_default() };
    let routes = routes![
        answer_status,
        set_cookies,
        read_cookies,
        read_private,
        write_private,
        own_options,
        get_options,
        vary,
        own_cors,
        error,
        number,
        panic,
        stream,
        slash,
        put_item,
        delete_item,
        answer_hits,
    ];
    silence();
    rocket::custom(config)
        // No other specimen has this header, which decides what elements load.
        .attach(Shield::default().disable::<NoSniff>())
        .manage(hits)
        .mount("/", other_methods(&routes))
        .mount("/", routes)
        .mount("/", METHODS.map(|method| Route::new(method, route::ECHO, echo)))
        .mount("/", METHODS.map(|method| Route::new(method, route::REDIRECT, redirect)))
        .register(route::PRIVATE, catchers![challenge])
}

/// Keeps Rocket from printing.
///
/// Rocket sets its log level for the whole process, first to the default and later to the configured one, so that each server that
/// starts would let the others log. It does not change a logger that is not its own.
fn silence() {
    struct Silent;

    impl log::Log for Silent {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            false
        }

        fn log(&self, _: &log::Record<'_>) {}

        fn flush(&self) {}
    }

    // An error says that the program has a logger, which is to be kept.
    let _ = log::set_logger(&Silent);
}

/// Every method that Rocket knows. It answers 400 to any other.
const METHODS: [Method; 9] = [
    Method::Connect,
    Method::Delete,
    Method::Get,
    Method::Head,
    Method::Options,
    Method::Patch,
    Method::Post,
    Method::Put,
    Method::Trace,
];

/// Routes that answer 405 to methods that a path does not serve. Rocket's router answers 404.
///
/// Rocket answers `HEAD` by itself where there is a `GET`. There is no such route for `OPTIONS`, because Rocket's applications do not
/// have one.
fn other_methods(routes: &[Route]) -> Vec<Route> {
    let mut paths: Vec<_> = routes.iter().map(|route| route.uri.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    let serves = |path: &str, method| routes.iter().any(|route| route.uri == path && route.method == method);
    let pairs = paths.iter().flat_map(|&path| METHODS.map(|method| (path, method)));
    pairs
        .filter(|&(path, method)| !matches!(method, Method::Head | Method::Options) && !serves(path, method))
        .map(|(path, method)| Route::new(method, path, method_not_allowed))
        .collect()
}

fn method_not_allowed<'r>(_: &'r Request<'_>, _: Data<'r>) -> BoxFuture<'r> {
    Outcome::error(Status::MethodNotAllowed).pin()
}

fn echo<'r>(request: &'r Request<'_>, data: Data<'r>) -> BoxFuture<'r> {
    Box::pin(async move {
        count(request, route::ECHO);
        let Ok(body) = data.open(1.mebibytes()).into_bytes().await else {
            return Outcome::Error(Status::BadRequest);
        };
        let uri = request.uri();
        let lines: Vec<_> = request.headers().iter().collect();
        let lines = lines.iter().map(|line| (line.name.as_str(), line.value.as_bytes()));
        let query = uri.query().map(|query| query.as_str());
        let echo = Echo::new(request.method().as_str(), uri.path().as_str(), query, lines, body.len());
        Outcome::from(request, Lines::new(&ECHO_HEADERS, RawJson(echo.to_json())))
    })
}

#[get("/status/<code>")]
fn answer_status(hits: &State<Hits>, code: &str) -> Result<(Status, String), Status> {
    hits.count(route::STATUS);
    let (code, body) = status(code).ok_or(Status::BadRequest)?;
    Ok((Status::new(code), body))
}

fn redirect<'r>(request: &'r Request<'_>, _: Data<'r>) -> BoxFuture<'r> {
    count(request, route::REDIRECT);
    let query = request.uri().query().map_or("", |query| query.as_str());
    let Some(redirect) = Redirect::from_query(query) else {
        return Outcome::error(Status::BadRequest).pin();
    };
    let location = Lines::of("location", vec![redirect.to]);
    Outcome::from(request, location.map(|location| (Status::new(redirect.code), location))).pin()
}

#[get("/cookie/set")]
fn set_cookies(hits: &State<Hits>, uri: &Origin<'_>) -> Result<Lines<()>, Status> {
    hits.count(route::COOKIE_SET);
    Lines::of("set-cookie", cookies_to_set(uri.query().map_or("", |query| query.as_str())))
}

#[get("/cookie/read")]
fn read_cookies(hits: &State<Hits>, cookies: CookieLines) -> RawJson<String> {
    hits.count(route::COOKIE_READ);
    RawJson(cookies_read(cookies.0.iter().map(String::as_bytes)))
}

/// The authentication of `/private`: accepts any `Authorization`.
struct Authenticated;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Authenticated {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match request.headers().contains("authorization") {
            true => request::Outcome::Success(Self),
            false => request::Outcome::Error((Status::Unauthorized, ())),
        }
    }
}

#[catch(401)]
fn challenge() -> Lines<()> {
    Lines::new(&[("www-authenticate", CHALLENGE)], ())
}

#[get("/private")]
fn read_private(hits: &State<Hits>, _authenticated: Authenticated) -> &'static str {
    hits.count(route::PRIVATE);
    PRIVATE
}

#[put("/private")]
fn write_private(hits: &State<Hits>, _authenticated: Authenticated) -> &'static str {
    hits.count(route::PRIVATE);
    PRIVATE
}

#[options("/options")]
fn own_options(hits: &State<Hits>) -> Lines<()> {
    hits.count(route::OPTIONS);
    Lines::new(&[OPTIONS_HEADER], ())
}

#[get("/options")]
fn get_options(hits: &State<Hits>) -> Lines<()> {
    hits.count(route::OPTIONS);
    Lines::new(&[OPTIONS_HEADER], ())
}

#[get("/vary")]
fn vary(hits: &State<Hits>, uri: &Origin<'_>) -> Result<Lines<()>, Status> {
    hits.count(route::VARY);
    Lines::of("vary", vary_lines(uri.query().map_or("", |query| query.as_str())))
}

#[get("/own-cors")]
fn own_cors(hits: &State<Hits>) -> Lines<()> {
    hits.count(route::OWN_CORS);
    Lines::new(&OWN_CORS_HEADERS, ())
}

#[get("/error")]
fn error(hits: &State<Hits>) -> Result<(), Debug<&'static str>> {
    hits.count(route::ERROR);
    Err(Debug(FAILURE))
}

#[post("/json", format = "json", data = "<number>")]
fn number(hits: &State<Hits>, number: Json<Number>) -> Json<Number> {
    hits.count(route::JSON);
    number
}

#[get("/panic")]
fn panic(hits: &State<Hits>) -> Status {
    hits.count(route::PANIC);
    panic_on_purpose()
}

#[get("/stream")]
fn stream(hits: &State<Hits>) -> TextStream![&'static str] {
    hits.count(route::STREAM);
    TextStream! {
        for chunk in CHUNKS {
            yield chunk;
            rocket::tokio::time::sleep(CHUNK_PAUSE).await;
        }
    }
}

/// Answers `/slash` as well, which is the same path to Rocket. It has no redirect of its own.
#[get("/slash")]
fn slash(hits: &State<Hits>, uri: &Origin<'_>) -> Result<&'static str, (Status, Lines<()>)> {
    if !uri.path().ends_with('/') {
        return Err((Status::PermanentRedirect, Lines::new(&[("location", route::SLASH)], ())));
    }
    hits.count(route::SLASH);
    Ok(SLASH)
}

#[put("/item/<id>")]
fn put_item(hits: &State<Hits>, id: &str) -> String {
    hits.count(route::ITEM);
    item("PUT", id)
}

#[delete("/item/<id>")]
fn delete_item(hits: &State<Hits>, id: &str) -> String {
    hits.count(route::ITEM);
    item("DELETE", id)
}

#[get("/hits")]
fn answer_hits(hits: &State<Hits>) -> RawJson<String> {
    RawJson(hits.to_json())
}

fn count(request: &Request<'_>, route: &'static str) {
    if let Some(hits) = request.rocket().state::<Hits>() {
        hits.count(route);
    }
}

/// The lines of `Cookie` in order.
struct CookieLines(Vec<String>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for CookieLines {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Infallible> {
        request::Outcome::Success(Self(request.headers().get("cookie").map(str::to_owned).collect()))
    }
}

/// A body, and lines of headers beside it.
struct Lines<B> {
    lines: Vec<Header<'static>>,
    body: B,
}

impl<B> Lines<B> {
    fn new(lines: &[(&'static str, &'static str)], body: B) -> Self {
        Self { lines: lines.iter().map(|&(name, value)| Header::new(name, value)).collect(), body }
    }
}

impl Lines<()> {
    /// One line of the header `name` for every value, or 400 if one of them is not a valid header value.
    fn of(name: &'static str, values: Vec<String>) -> Result<Self, Status> {
        if values.iter().any(|value| HeaderValue::from_str(value).is_err()) {
            return Err(Status::BadRequest);
        }
        Ok(Self { lines: values.into_iter().map(|value| Header::new(name, value)).collect(), body: () })
    }
}

impl<'r, 'o: 'r, B: Responder<'r, 'o>> Responder<'r, 'o> for Lines<B> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'o> {
        let mut response = Response::build_from(self.body.respond_to(request)?);
        for line in self.lines {
            response.header_adjoin(line);
        }
        response.ok()
    }
}

#[cfg(test)]
mod tests {
    use rocket::http::ContentType;
    use rocket::local::asynchronous::Client;
    use rstest::rstest;

    use super::*;

    async fn client() -> Client {
        Client::untracked(build(Hits::default())).await.expect("the specimen ignites")
    }

    /// Failures are answered by Rocket's own error pages.
    #[rstest]
    #[case::no_status(Method::Get, "/status/x", 400)]
    #[case::error(Method::Get, "/error", 500)]
    #[case::panic(Method::Get, "/panic", 500)]
    #[case::not_found(Method::Get, "/nowhere", 404)]
    #[case::other_method(Method::Patch, "/item/7", 405)]
    #[case::options_of_others(Method::Options, "/item/7", 404)]
    #[case::head_of_others(Method::Head, "/item/7", 405)]
    #[tokio::test]
    async fn a_failure_has_its_status(#[case] method: Method, #[case] path: &str, #[case] expected: u16) {
        let client = client().await;
        assert_eq!(client.req(method, path).dispatch().await.status().code, expected);
    }

    #[rstest]
    #[case::number(r#"{"n":1}"#, 200)]
    #[case::other(r#"{"m":1}"#, 422)]
    #[case::no_json("n=1", 400)]
    #[tokio::test]
    async fn json_is_extracted(#[case] body: &str, #[case] expected: u16) {
        let client = client().await;
        let request = client.post("/json").header(ContentType::JSON).body(body);
        assert_eq!(request.dispatch().await.status().code, expected);
    }
}
