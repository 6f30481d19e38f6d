//! axum: `cors-axum` beside tower-http.

use std::convert::Infallible;
use std::net::TcpListener;
use std::rc::Rc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use axum::{Router, ServiceExt};
use cors_axum::{Cors, CorsLayer};
use http::{HeaderName, HeaderValue, Method};
use tokio::runtime::Runtime;
use tower::Service;
use tower::layer::util::Identity;
use tower_http::cors::AllowOrigin;

use super::Middleware;
use super::tower_service::TowerService;
use crate::measure::{Measurable, Measured};
use crate::request::{BODY, EXPOSED_HEADER, MAX_AGE, METHODS, ORIGINS, REQUEST_HEADERS, ROUTE};
use crate::sources::Sources;

pub(super) fn application(
    middleware: Middleware,
    sources: &Sources,
    runtime: &Rc<Runtime>,
) -> Box<dyn Measurable> {
    match middleware {
        Middleware::Adapter => measured(cors(sources), runtime),
        other => layer_application(other, sources, runtime),
    }
}

/// The same application, with our adapter as a layer of the router.
pub(super) fn layer_application(
    middleware: Middleware,
    sources: &Sources,
    runtime: &Rc<Runtime>,
) -> Box<dyn Measurable> {
    // `axum::serve` does the same for each connection. Otherwise axum would apply the layer to the handler again for each request.
    measured(router(middleware, sources).with_state::<()>(()), runtime)
}

fn measured<S>(service: S, runtime: &Rc<Runtime>) -> Box<dyn Measurable>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + 'static,
{
    Box::new(Measured::new(TowerService::new(service, Body::empty), runtime))
}

pub(super) async fn serve(middleware: Middleware, listener: TcpListener) -> std::io::Result<()> {
    if middleware != Middleware::Adapter {
        return serve_layer(middleware, listener).await;
    }
    let make_service = ServiceExt::<Request>::into_make_service(cors(&Sources::fixed()));
    axum::serve(tokio::net::TcpListener::from_std(listener)?, make_service).await
}

pub(super) async fn serve_layer(middleware: Middleware, listener: TcpListener) -> std::io::Result<()> {
    let router = router(middleware, &Sources::fixed());
    axum::serve(tokio::net::TcpListener::from_std(listener)?, router).await
}

fn cors(sources: &Sources) -> Cors<Router> {
    Cors::new(router(Middleware::Bare, sources).with_state::<()>(()), sources.http.clone())
}

fn router(middleware: Middleware, sources: &Sources) -> Router {
    let router = Router::new().route(ROUTE, any(async || BODY));
    match middleware {
        Middleware::Bare => router,
        Middleware::Adapter => router.layer(CorsLayer::new(sources.http.clone())),
        Middleware::Other => router.layer(other()),
        Middleware::Empty => router.layer(Identity::new()),
    }
}

fn other() -> tower_http::cors::CorsLayer {
    tower_http::cors::CorsLayer::new()
        .allow_origin(AllowOrigin::list(ORIGINS.map(HeaderValue::from_static)))
        .allow_methods(METHODS.map(|method| method.parse::<Method>().unwrap_or_default()))
        .allow_headers(REQUEST_HEADERS.map(HeaderName::from_static))
        .expose_headers([HeaderName::from_static(EXPOSED_HEADER)])
        .allow_credentials(true)
        .max_age(Duration::from_secs(MAX_AGE.into()))
}
