//! warp: `cors-warp` beside `warp::cors`.

use std::net::TcpListener;
use std::rc::Rc;

use cors_warp::CorsLayer;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::runtime::Runtime;
use tower::Layer;
use warp::filters::BoxedFilter;
use warp::{Filter, Reply};

use super::Middleware;
use super::tower_service::TowerService;
use crate::measure::{Measurable, Measured};
use crate::request::{BODY, EXPOSED_HEADER, MAX_AGE, METHODS, ORIGINS, REQUEST_HEADERS, policy};
use crate::sources::Sources;

pub(super) fn application(
    middleware: Middleware,
    sources: &Sources,
    runtime: &Rc<Runtime>,
) -> Box<dyn Measurable> {
    match middleware {
        Middleware::Adapter => {
            measured(CorsLayer::new(sources.http.clone()).layer(warp::service(routes())), runtime)
        }
        other => filter_application(other, sources, runtime),
    }
}

/// The same application, with our filter instead of our service.
pub(super) fn filter_application(
    middleware: Middleware,
    sources: &Sources,
    runtime: &Rc<Runtime>,
) -> Box<dyn Measurable> {
    match middleware {
        Middleware::Bare => measured(warp::service(routes()), runtime),
        Middleware::Adapter => measured(warp::service(filter(sources)), runtime),
        Middleware::Other => measured(warp::service(routes().with(other())), runtime),
        Middleware::Empty => measured(warp::service(empty()), runtime),
    }
}

fn measured<S>(service: S, runtime: &Rc<Runtime>) -> Box<dyn Measurable>
where
    S: tower::Service<
            http::Request<String>,
            Response = warp::reply::Response,
            Error = std::convert::Infallible,
        > + Clone
        + 'static,
{
    Box::new(Measured::new(TowerService::new(service, String::new), runtime))
}

pub(super) async fn serve(middleware: Middleware, listener: TcpListener) -> std::io::Result<()> {
    if middleware != Middleware::Adapter {
        return serve_filter(middleware, listener).await;
    }
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let service = TowerToHyperService::new(CorsLayer::new(policy()).layer(warp::service(routes())));
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone()));
    }
}

pub(super) async fn serve_filter(middleware: Middleware, listener: TcpListener) -> std::io::Result<()> {
    let application: BoxedFilter<(warp::reply::Response,)> = match middleware {
        Middleware::Bare => routes().map(Reply::into_response).boxed(),
        Middleware::Adapter => filter(&Sources::fixed()).boxed(),
        Middleware::Other => routes().with(other()).map(Reply::into_response).boxed(),
        Middleware::Empty => empty().map(Reply::into_response).boxed(),
    };
    warp::serve(application).incoming(tokio::net::TcpListener::from_std(listener)?).run().await;
    Ok(())
}

fn filter(
    sources: &Sources,
) -> impl Filter<Extract = (warp::reply::Response,), Error = std::convert::Infallible>
+ Clone
+ Send
+ Sync
+ 'static
+ use<> {
    cors_warp::Cors::new(sources.http.clone()).wrap(routes())
}

fn routes() -> impl Filter<Extract = (&'static str,), Error = warp::Rejection> + Clone + Send + Sync + 'static
{
    warp::path!("item").map(|| BODY)
}

/// A filter that reads the headers and passes the request on to the routes. A filter from another crate has no cheaper way to do it.
fn empty() -> impl Filter<Extract = (&'static str,), Error = warp::Rejection> + Clone + Send + Sync + 'static
{
    warp::header::headers_cloned().map(drop).untuple_one().and(routes().boxed())
}

fn other() -> warp::cors::Builder {
    warp::cors()
        .allow_origins(ORIGINS)
        .allow_methods(METHODS)
        .allow_headers(REQUEST_HEADERS)
        .expose_headers([EXPOSED_HEADER])
        .allow_credentials(true)
        .max_age(MAX_AGE)
}
