//! axum: `cors-axum` beside tower-http.

use std::net::TcpListener;
use std::rc::Rc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use http::{HeaderName, HeaderValue, Method};
use tokio::runtime::Runtime;
use tower::layer::util::Identity;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::Middleware;
use super::tower_service::TowerService;
use crate::measure::{Measurable, Measured};
use crate::request::{BODY, EXPOSED_HEADER, MAX_AGE, METHODS, ORIGINS, REQUEST_HEADERS, ROUTE, policy};

pub(super) fn application(middleware: Middleware, runtime: &Rc<Runtime>) -> Box<dyn Measurable> {
    // `axum::serve` does the same for each connection. Otherwise axum would apply the layer to the handler again for each request.
    let router = router(middleware).with_state::<()>(());
    Box::new(Measured::new(TowerService::new(router, Body::empty), runtime))
}

pub(super) async fn serve(middleware: Middleware, listener: TcpListener) -> std::io::Result<()> {
    axum::serve(tokio::net::TcpListener::from_std(listener)?, router(middleware)).await
}

fn router(middleware: Middleware) -> Router {
    let router = Router::new().route(ROUTE, any(async || BODY));
    match middleware {
        Middleware::Bare => router,
        Middleware::Adapter => router.layer(cors_axum::CorsLayer::new(policy())),
        Middleware::Other => router.layer(other()),
        Middleware::Empty => router.layer(Identity::new()),
    }
}

fn other() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(ORIGINS.map(HeaderValue::from_static)))
        .allow_methods(METHODS.map(|method| method.parse::<Method>().unwrap_or_default()))
        .allow_headers(REQUEST_HEADERS.map(HeaderName::from_static))
        .expose_headers([HeaderName::from_static(EXPOSED_HEADER)])
        .allow_credentials(true)
        .max_age(Duration::from_secs(MAX_AGE.into()))
}
