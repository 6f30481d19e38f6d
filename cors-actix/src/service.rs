//! The service around the application, and the future of each response.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{self, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{Error, HttpResponse};
use cors_core::{Actual, Decision, PolicySource, Preflight, PreparedPolicy};
use pin_project_lite::pin_project;

use crate::head::{Request, Response};

/// The service that [`Cors`](crate::Cors) puts around an application, a scope or a resource.
#[derive(Clone, Debug)]
pub struct CorsService<S> {
    service: S,
    policy: PolicySource<HeaderValue>,
}

impl<S> CorsService<S> {
    pub(crate) fn new(service: S, policy: PolicySource<HeaderValue>) -> Self {
        Self { service, policy }
    }
}

impl<S, B> Service<ServiceRequest> for CorsService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = CorsFuture<S::Future, B>;

    fn poll_ready(&self, context: &mut task::Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let policy = self.policy.current();
        match policy.decide(&Request(request.head())) {
            // This drops the request and its unread body.
            Decision::Preflight(preflight) => {
                CorsFuture::preflight(preflight_response(&policy, preflight, request))
            }
            Decision::Actual(actual) => CorsFuture::actual(self.service.call(request), policy, actual),
        }
    }
}

fn preflight_response<B>(
    policy: &PreparedPolicy<HeaderValue>,
    preflight: Preflight,
    request: ServiceRequest,
) -> ServiceResponse<EitherBody<B>> {
    // A policy's status is between 200 and 299, and a denial's is 403, so the conversion cannot fail.
    let status = StatusCode::from_u16(preflight.status()).unwrap_or(StatusCode::FORBIDDEN);
    let mut response = HttpResponse::new(status);
    policy.write_preflight(preflight, &Request(request.head()), &mut Response(response.headers_mut()));
    request.into_response(response).map_into_right_body()
}

pin_project! {
    /// The future of [`CorsService`]: the answer to a preflight, or the application's response with the policy's headers.
    pub struct CorsFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Preflight {
            #[pin]
            response: Ready<Result<ServiceResponse<EitherBody<B>>, Error>>,
        },
        Actual {
            #[pin]
            response: F,
            pending: Option<PendingHeaders>,
        },
    }
}

impl<F, B> CorsFuture<F, B> {
    fn preflight(response: ServiceResponse<EitherBody<B>>) -> Self {
        Self { state: State::Preflight { response: ready(Ok(response)) } }
    }

    fn actual(response: F, policy: PreparedPolicy<HeaderValue>, actual: Actual<HeaderValue>) -> Self {
        Self { state: State::Actual { response, pending: Some(PendingHeaders { policy, actual }) } }
    }
}

impl<F, B> Future for CorsFuture<F, B>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Preflight { response } => response.poll(context),
            StateProjection::Actual { response, pending } => {
                let mut result = task::ready!(response.poll(context));
                if let Some(pending) = pending.take() {
                    pending.write(&mut result);
                }
                Poll::Ready(result.map(ServiceResponse::map_into_left_body))
            }
        }
    }
}

/// What to write once the application has responded.
struct PendingHeaders {
    policy: PreparedPolicy<HeaderValue>,
    actual: Actual<HeaderValue>,
}

impl PendingHeaders {
    fn write<B>(self, result: &mut Result<ServiceResponse<B>, Error>) {
        let Self { policy, actual } = self;
        match result {
            Ok(response) => policy.write_actual(actual, &mut Response(response.headers_mut())),
            // An error becomes a response outside of this middleware. The mapper adds the headers at that point, and outer
            // middleware can still recognize the error by its type.
            Err(error) => error.add_response_mapper(move |mut response| {
                policy.write_actual(actual.clone(), &mut Response(response.headers_mut()));
                response
            }),
        }
    }
}
