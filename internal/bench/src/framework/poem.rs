//! Poem: `cors-poem` beside its own middleware.

use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;

use poem::http::uri::Scheme;
use poem::listener::TcpAcceptor;
use poem::middleware::Cors;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, EndpointExt, IntoResponse, Request, RequestParts, Response, Route, handler};
use tokio::runtime::Runtime;

use super::{Middleware, tower_service};
use crate::measure::{Answer, Application, Measurable, Measured};
use crate::request::{BODY, EXPOSED_HEADER, Kind, MAX_AGE, METHODS, ORIGINS, REQUEST_HEADERS, ROUTE, policy};
use crate::sources::Sources;

pub(super) fn application(
    middleware: Middleware,
    sources: &Sources,
    runtime: &Rc<Runtime>,
) -> Box<dyn Measurable> {
    match middleware {
        Middleware::Bare => measured(routes(), runtime),
        Middleware::Adapter => measured(routes().with(cors_poem::Cors::new(sources.http.clone())), runtime),
        Middleware::Other => measured(routes().with(other()), runtime),
        Middleware::Empty => measured(routes().around(pass), runtime),
    }
}

fn measured(endpoint: impl Endpoint + 'static, runtime: &Rc<Runtime>) -> Box<dyn Measurable> {
    let requests = Kind::ALL.map(tower_service::request);
    Box::new(Measured::new(Poem { endpoint, requests }, runtime))
}

pub(super) async fn serve(middleware: Middleware, listener: TcpListener) -> std::io::Result<()> {
    let server = poem::Server::new_with_acceptor(TcpAcceptor::from_std(listener)?);
    match middleware {
        Middleware::Bare => server.run(routes()).await,
        Middleware::Adapter => server.run(routes().with(cors_poem::Cors::new(policy()))).await,
        Middleware::Other => server.run(routes().with(other())).await,
        Middleware::Empty => server.run(routes().around(pass)).await,
    }
}

#[handler]
fn item() -> &'static str {
    BODY
}

fn routes() -> Route {
    Route::new().at(ROUTE, item)
}

async fn pass(routes: Arc<Route>, request: Request) -> poem::Result<Response> {
    routes.call(request).await
}

fn other() -> Cors {
    Cors::new()
        .allow_origins(ORIGINS)
        .allow_methods(METHODS)
        .allow_headers(REQUEST_HEADERS)
        .expose_header(EXPOSED_HEADER)
        .allow_credentials(true)
        .max_age(i32::try_from(MAX_AGE).unwrap_or(i32::MAX))
}

struct Poem<E> {
    endpoint: E,
    requests: [http::Request<()>; 4],
}

impl<E: Endpoint> Application for Poem<E> {
    type Request<'a>
        = Request
    where
        Self: 'a;
    type Response<'a>
        = Response
    where
        Self: 'a;

    fn request(&self, kind: Kind) -> Request {
        let (parts, ()) = self.requests[kind as usize].clone().into_parts();
        let parts = RequestParts::from((parts, LocalAddr::default(), RemoteAddr::default(), Scheme::HTTP));
        Request::from_parts(parts, poem::Body::empty())
    }

    async fn respond(&self, request: Request) -> Response {
        // Poem's server does the same.
        match self.endpoint.call(request).await {
            Ok(output) => output.into_response(),
            Err(error) => error.into_response(),
        }
    }

    fn answer(&self, response: &Response) -> Answer {
        tower_service::answer(response.status().as_u16(), response.headers())
    }
}
