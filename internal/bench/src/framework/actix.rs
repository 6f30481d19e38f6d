//! actix-web: `cors-actix` beside actix-cors.

use std::future::{Ready, ready};
use std::net::TcpListener;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{self, Poll, ready as poll_ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, HttpServer, rt, web};
use pin_project_lite::pin_project;
use tokio::runtime::Runtime;

use super::Middleware;
use crate::measure::{Answer, Application, Measurable, Measured};
use crate::request::{BODY, EXPOSED_HEADER, Kind, MAX_AGE, METHODS, ORIGINS, REQUEST_HEADERS, ROUTE, policy};
use crate::sources::Sources;

/// An application. A macro, because each middleware gives it another type.
macro_rules! application {
    ($($wrap:tt)*) => {
        App::new().route(ROUTE, web::to(async || BODY)) $($wrap)*
    };
}

pub(super) fn application(
    middleware: Middleware,
    sources: &Sources,
    runtime: &Rc<Runtime>,
) -> Box<dyn Measurable> {
    runtime.block_on(async {
        match middleware {
            Middleware::Bare => measured(init_service(application!()).await, runtime),
            Middleware::Adapter => {
                let cors = cors_actix::Cors::new(sources.actix.clone());
                measured(init_service(application!(.wrap(cors))).await, runtime)
            }
            Middleware::Other => measured(init_service(application!(.wrap(other()))).await, runtime),
            Middleware::Empty => measured(init_service(application!(.wrap(Empty))).await, runtime),
        }
    })
}

pub(super) fn serve(middleware: Middleware, listener: TcpListener) -> std::io::Result<()> {
    rt::System::new().block_on(async {
        match middleware {
            Middleware::Bare => HttpServer::new(|| application!()).workers(1).listen(listener)?.run().await,
            Middleware::Adapter => {
                let cors = cors_actix::Cors::new(policy());
                let server = HttpServer::new(move || application!(.wrap(cors.clone())));
                server.workers(1).listen(listener)?.run().await
            }
            Middleware::Other => {
                HttpServer::new(|| application!(.wrap(other()))).workers(1).listen(listener)?.run().await
            }
            Middleware::Empty => {
                let server = HttpServer::new(|| application!(.wrap(Empty)));
                server.workers(1).listen(listener)?.run().await
            }
        }
    })
}

fn other() -> actix_cors::Cors {
    let cors = ORIGINS.iter().fold(actix_cors::Cors::default(), |cors, origin| cors.allowed_origin(origin));
    cors.allowed_methods(METHODS)
        .allowed_headers(REQUEST_HEADERS)
        .expose_headers([EXPOSED_HEADER])
        .supports_credentials()
        .max_age(usize::try_from(MAX_AGE).ok())
}

/// A middleware that does nothing, but could answer in the application's place. So its responses have either of two bodies, as in
/// the guide of actix-web.
struct Empty;

impl<S, B> Transform<S, ServiceRequest> for Empty
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = EmptyService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(EmptyService { service }))
    }
}

struct EmptyService<S> {
    service: S,
}

impl<S, B> Service<ServiceRequest> for EmptyService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = EmptyFuture<S::Future>;

    actix_web::dev::forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        EmptyFuture { response: self.service.call(request) }
    }
}

pin_project! {
    struct EmptyFuture<F> {
        #[pin]
        response: F,
    }
}

impl<F, B> Future for EmptyFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Self::Output> {
        let result = poll_ready!(self.project().response.poll(context));
        Poll::Ready(result.map(ServiceResponse::map_into_left_body))
    }
}

fn measured<S, B>(service: S, runtime: &Rc<Runtime>) -> Box<dyn Measurable>
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    Box::new(Measured::new(Actix { service, headers: Kind::ALL.map(headers) }, runtime))
}

type Headers = Vec<(HeaderName, HeaderValue)>;

#[expect(clippy::expect_used, reason = "the headers are constants")]
fn headers(kind: Kind) -> Headers {
    let header = |(name, value)| {
        let value = HeaderValue::from_maybe_shared(value).expect("visible ASCII");
        (HeaderName::from_static(name), value)
    };
    kind.shared_headers().into_iter().map(header).collect()
}

struct Actix<S> {
    service: S,
    headers: [Headers; 4],
}

impl<S, B> Application for Actix<S>
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Request<'a>
        = actix_http::Request
    where
        Self: 'a;
    type Response<'a>
        = Result<ServiceResponse<B>, Error>
    where
        Self: 'a;

    fn request(&self, kind: Kind) -> actix_http::Request {
        let method = kind.method().parse::<Method>().unwrap_or_default();
        let mut request = TestRequest::default().method(method).uri(ROUTE);
        for header in &self.headers[kind as usize] {
            request = request.insert_header(header.clone());
        }
        request.to_request()
    }

    async fn respond<'a>(&'a self, request: actix_http::Request) -> Self::Response<'a> {
        self.service.call(request).await
    }

    fn answer<'a>(&'a self, response: &Self::Response<'a>) -> Answer {
        let Ok(response) = response else {
            return Answer::new(500, None, None);
        };
        let value = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        Answer::new(response.status().as_u16(), value("access-control-allow-origin"), value("vary"))
    }
}
