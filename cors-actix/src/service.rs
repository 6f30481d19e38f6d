//! The service around the application, and the future of each response.

use std::future::{Future, Ready, ready};
use std::mem;
use std::pin::Pin;
use std::task::{self, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{RequestHead, Service, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{Error, HttpResponse};
use cors_core::{Actual, Ask, Decision, PolicySource, Preflight, PreparedPolicy, RequestHead as _};
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
        let policy = self.policy.for_request(&Request(request.head()));
        let ask = policy.ask(&Request(request.head()));
        let Some(answer) = ask.now() else { return self.wait(request, policy, ask) };
        match policy.decide_with(&Request(request.head()), answer) {
            // This drops the request and its unread body.
            Decision::Preflight(preflight) => {
                CorsFuture::preflight(preflight_response(&policy, preflight, request))
            }
            Decision::Actual(actual) => {
                let pending = PendingHeaders { policy, actual };
                CorsFuture::actual(self.service.call(request), Pending::Decided(pending))
            }
        }
    }
}

impl<S> CorsService<S> {
    /// Answers a request that can only be decided when the policy's lookup has answered.
    #[cold]
    fn wait<B>(
        &self,
        request: ServiceRequest,
        policy: PreparedPolicy<HeaderValue>,
        ask: Ask,
    ) -> CorsFuture<S::Future, B>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    {
        if Request(request.head()).is_preflight() {
            return CorsFuture { state: State::AskedPreflight { ask, policy, request: Some(request) } };
        }
        // The application's future does nothing until it is polled, and that happens after the answer.
        let head = Box::new(request.head().clone());
        CorsFuture::actual(self.service.call(request), Pending::Asked { ask, policy, head })
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
        AskedPreflight {
            ask: Ask,
            policy: PreparedPolicy<HeaderValue>,
            request: Option<ServiceRequest>,
        },
        Actual {
            #[pin]
            response: F,
            pending: Pending,
        },
    }
}

impl<F, B> CorsFuture<F, B> {
    fn preflight(response: ServiceResponse<EitherBody<B>>) -> Self {
        Self { state: State::Preflight { response: ready(Ok(response)) } }
    }

    fn actual(response: F, pending: Pending) -> Self {
        Self { state: State::Actual { response, pending } }
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
            StateProjection::AskedPreflight { ask, policy, request } => {
                let answer = task::ready!(Pin::new(ask).poll(context));
                let Some(request) = request.take() else { return Poll::Pending };
                match policy.decide_with(&Request(request.head()), answer) {
                    Decision::Preflight(preflight) => {
                        Poll::Ready(Ok(preflight_response(policy, preflight, request)))
                    }
                    // Cannot happen: an answer does not change what is a preflight.
                    Decision::Actual(_) => {
                        let response = HttpResponse::new(StatusCode::FORBIDDEN);
                        Poll::Ready(Ok(request.into_response(response).map_into_right_body()))
                    }
                }
            }
            StateProjection::Actual { response, pending } => {
                if let Pending::Asked { ask, policy, head } = pending {
                    let answer = task::ready!(Pin::new(ask).poll(context));
                    *pending = match policy.decide_with(&Request(head), answer) {
                        Decision::Actual(actual) => {
                            Pending::Decided(PendingHeaders { policy: policy.clone(), actual })
                        }
                        // Cannot happen: an answer does not change what is a preflight.
                        Decision::Preflight(_) => Pending::Done,
                    };
                }
                let mut result = task::ready!(response.poll(context));
                if let Pending::Decided(pending) = mem::replace(pending, Pending::Done) {
                    pending.write(&mut result);
                }
                Poll::Ready(result.map(ServiceResponse::map_into_left_body))
            }
        }
    }
}

/// What is left to do for the headers of a response.
enum Pending {
    /// The policy's lookup was asked about the request with this head.
    Asked {
        ask: Ask,
        policy: PreparedPolicy<HeaderValue>,
        head: Box<RequestHead>,
    },
    Decided(PendingHeaders),
    Done,
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
