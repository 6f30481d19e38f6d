//! Rocket: `cors-rocket` beside rocket_cors.

use std::net::TcpListener;
use std::rc::Rc;

use rocket::config::Shutdown;
use rocket::fairing::{self, Fairing, Info};
use rocket::http::{Header, Method};
use rocket::local::asynchronous::{Client, LocalRequest, LocalResponse};
use rocket::log::LogLevel;
use rocket::{Build, Config, Rocket, get, options, put, routes};
use rocket_cors::{AllowedHeaders, AllowedOrigins, CorsOptions};
use tokio::runtime::Runtime;

use super::Middleware;
use crate::measure::{Answer, Application, Measurable, Measured};
use crate::request::{BODY, EXPOSED_HEADER, Kind, MAX_AGE, METHODS, ORIGINS, REQUEST_HEADERS, ROUTE};
use crate::sources::Sources;

#[expect(clippy::expect_used, reason = "the application is the same in every run")]
pub(super) fn application(
    middleware: Middleware,
    sources: &Sources,
    runtime: &Rc<Runtime>,
) -> Box<dyn Measurable> {
    let client = runtime.block_on(Client::untracked(rocket(middleware, sources, 0)));
    Box::new(Measured::new(Local(client.expect("the application ignites")), runtime))
}

pub(super) async fn serve(middleware: Middleware, listener: TcpListener) -> std::io::Result<()> {
    // Rocket binds the port itself.
    let port = listener.local_addr()?.port();
    drop(listener);
    let ended = rocket(middleware, &Sources::fixed(), port).launch().await;
    ended.map(drop).map_err(|error| std::io::Error::other(error.to_string()))
}

fn rocket(middleware: Middleware, sources: &Sources, port: u16) -> Rocket<Build> {
    let shutdown = Shutdown { ctrlc: false, ..Shutdown::default() };
    let config = Config { port, log_level: LogLevel::Off, shutdown, ..Config::release_default() };
    let bare = rocket::custom(config).mount("/", routes![get_item, put_item, options_item]);
    match middleware {
        Middleware::Bare => bare,
        Middleware::Adapter => bare.attach(cors_rocket::Cors::new(sources.rocket.clone())),
        Middleware::Other => bare.attach(other()),
        Middleware::Empty => bare.attach(Empty),
    }
}

#[get("/item")]
fn get_item() -> &'static str {
    BODY
}

#[put("/item")]
fn put_item() -> &'static str {
    BODY
}

#[options("/item")]
fn options_item() -> &'static str {
    BODY
}

#[expect(clippy::expect_used, reason = "the policy consists of constants")]
fn other() -> rocket_cors::Cors {
    CorsOptions::default()
        .allowed_origins(AllowedOrigins::some_exact(&ORIGINS))
        .allowed_methods(METHODS.iter().filter_map(|method| method.parse().ok()).collect())
        .allowed_headers(AllowedHeaders::some(&REQUEST_HEADERS))
        .expose_headers([EXPOSED_HEADER.to_owned()].into())
        .allow_credentials(true)
        .max_age(usize::try_from(MAX_AGE).ok())
        .to_cors()
        .expect("the policy is valid")
}

/// A fairing that is called for every request and every response, and does nothing.
struct Empty;

#[rocket::async_trait]
impl Fairing for Empty {
    fn info(&self) -> Info {
        Info { name: "empty", kind: fairing::Kind::Request | fairing::Kind::Response }
    }
}

struct Local(Client);

impl Application for Local {
    type Request<'a> = LocalRequest<'a>;
    type Response<'a> = LocalResponse<'a>;

    fn request(&self, kind: Kind) -> LocalRequest<'_> {
        let method = kind.method().parse::<Method>().unwrap_or(Method::Get);
        let headers = kind.headers().into_iter().map(|(name, value)| Header::new(name, value));
        headers.fold(self.0.req(method, ROUTE), LocalRequest::header)
    }

    async fn respond<'a>(&'a self, request: LocalRequest<'a>) -> LocalResponse<'a> {
        request.dispatch().await
    }

    fn answer<'a>(&'a self, response: &LocalResponse<'a>) -> Answer {
        let value = |name: &str| response.headers().get_one(name);
        Answer::new(response.status().code, value("access-control-allow-origin"), value("vary"))
    }
}
