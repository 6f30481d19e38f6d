//! The middleware as actix-web runs it: one service around the application, one future per request.

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
            // The request, and with it the body that nobody reads, ends here.
            Decision::Preflight(preflight) => CorsFuture::answered(answer(&policy, preflight, request)),
            Decision::Actual(pass) => CorsFuture::passed(self.service.call(request), policy, pass),
        }
    }
}

fn answer<B>(
    policy: &PreparedPolicy<HeaderValue>,
    preflight: Preflight,
    request: ServiceRequest,
) -> ServiceResponse<EitherBody<B>> {
    // A policy has no status outside of 200 to 299, and the decision none but that and 403.
    let status = StatusCode::from_u16(preflight.status()).unwrap_or(StatusCode::FORBIDDEN);
    let mut response = HttpResponse::new(status);
    policy.write_preflight(preflight, &Request(request.head()), &mut Response(response.headers_mut()));
    request.into_response(response).map_into_right_body()
}

pin_project! {
    /// The response to come: the policy's own to a preflight, or the application's with the policy's headers.
    pub struct CorsFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Answered {
            #[pin]
            response: Ready<Result<ServiceResponse<EitherBody<B>>, Error>>,
        },
        Passed {
            #[pin]
            response: F,
            stamp: Option<Stamp>,
        },
    }
}

impl<F, B> CorsFuture<F, B> {
    fn answered(response: ServiceResponse<EitherBody<B>>) -> Self {
        Self { state: State::Answered { response: ready(Ok(response)) } }
    }

    fn passed(response: F, policy: PreparedPolicy<HeaderValue>, pass: Actual<HeaderValue>) -> Self {
        Self { state: State::Passed { response, stamp: Some(Stamp { policy, pass }) } }
    }
}

impl<F, B> Future for CorsFuture<F, B>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Answered { response } => response.poll(context),
            StateProjection::Passed { response, stamp } => {
                let mut result = task::ready!(response.poll(context));
                if let Some(stamp) = stamp.take() {
                    stamp.put_on(&mut result);
                }
                Poll::Ready(result.map(ServiceResponse::map_into_left_body))
            }
        }
    }
}

/// What is left to write when the application has answered.
struct Stamp {
    policy: PreparedPolicy<HeaderValue>,
    pass: Actual<HeaderValue>,
}

impl Stamp {
    fn put_on<B>(self, result: &mut Result<ServiceResponse<B>, Error>) {
        let Self { policy, pass } = self;
        match result {
            Ok(response) => policy.write_actual(pass, &mut Response(response.headers_mut())),
            // The response of an error is made by whoever ends up with it, outside of this middleware. The error itself
            // stays what it is, so that it can still be told by its type.
            Err(error) => error.add_response_mapper(move |mut response| {
                policy.write_actual(pass.clone(), &mut Response(response.headers_mut()));
                response
            }),
        }
    }
}
