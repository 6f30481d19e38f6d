//! The service around the application, and the future of each response.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{self, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{Error, HttpResponse};
use cors_core::{Actual, Ask, Decision, LookupAnswer, PolicySource, PreparedPolicy};
use pin_project_lite::pin_project;

use crate::head::{Request, Response};

/// The service that [`Cors`](crate::Cors) puts around an application, a scope or a resource.
#[derive(Clone, Debug)]
pub struct CorsService<S> {
    /// Shared with requests that wait for the policy's lookup.
    service: Rc<S>,
    policy: PolicySource<HeaderValue>,
}

impl<S> CorsService<S> {
    pub(crate) fn new(service: S, policy: PolicySource<HeaderValue>) -> Self {
        Self { service: Rc::new(service), policy }
    }
}

impl<S, B> Service<ServiceRequest> for CorsService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = CorsFuture<S, B>;

    fn poll_ready(&self, context: &mut task::Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let policy = self.policy.for_request(&Request(request.head()));
        let ask = policy.ask(&Request(request.head()));
        let state = match ask.now() {
            Some(answer) => State::decide(&*self.service, request, policy, answer),
            None => {
                let service = Rc::clone(&self.service);
                State::Waiting { waiting: Some(Box::new(Waiting { ask, policy, service, request })) }
            }
        };
        CorsFuture { state }
    }
}

/// A request that waits for the answer of the policy's lookup. The application does not know of it yet.
struct Waiting<S> {
    ask: Ask,
    policy: PreparedPolicy<HeaderValue>,
    service: Rc<S>,
    request: ServiceRequest,
}

pin_project! {
    /// The future of [`CorsService`]: the answer to a preflight or a denied request, or the application's response with the
    /// policy's headers.
    pub struct CorsFuture<S: Service<ServiceRequest>, B> {
        #[pin]
        state: State<S, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<ServiceRequest>, B> {
        Answer {
            #[pin]
            response: Ready<Result<ServiceResponse<EitherBody<B>>, Error>>,
        },
        Waiting {
            waiting: Option<Box<Waiting<S>>>,
        },
        Actual {
            #[pin]
            response: S::Future,
            pending: Option<PendingHeaders>,
        },
    }
}

impl<S, B> State<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    fn decide(
        service: &S,
        request: ServiceRequest,
        policy: PreparedPolicy<HeaderValue>,
        answer: LookupAnswer,
    ) -> Self {
        let response = match policy.decide_with(&Request(request.head()), answer) {
            Decision::Actual(actual) => {
                let response = service.call(request);
                return Self::Actual { response, pending: Some(PendingHeaders { policy, actual }) };
            }
            Decision::Preflight(preflight) => {
                let mut response = empty_response(preflight.status());
                policy.write_preflight(
                    preflight,
                    &Request(request.head()),
                    &mut Response::new(response.headers_mut()),
                );
                response
            }
            Decision::Denied(denied) => {
                let mut response = empty_response(denied.status());
                policy.write_denied(denied, &mut Response::new(response.headers_mut()));
                response
            }
        };
        // This drops the request and its unread body.
        Self::Answer { response: ready(Ok(request.into_response(response).map_into_right_body())) }
    }
}

fn empty_response(status: u16) -> HttpResponse {
    // Every status of a decision is one, so the conversion cannot fail.
    HttpResponse::new(StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN))
}

impl<S, B> Future for CorsFuture<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut this = self.as_mut().project();
            match this.state.as_mut().project() {
                StateProjection::Answer { response } => return response.poll(context),
                StateProjection::Waiting { waiting } => {
                    let Some(asked) = waiting else { return Poll::Pending };
                    let answer = task::ready!(Pin::new(&mut asked.ask).poll(context));
                    // It is always there: the state ends here.
                    let Some(asked) = waiting.take() else { return Poll::Pending };
                    let Waiting { policy, service, request, .. } = *asked;
                    let state = State::decide(&*service, request, policy, answer);
                    this.state.set(state);
                }
                StateProjection::Actual { response, pending } => {
                    let mut result = task::ready!(response.poll(context));
                    if let Some(pending) = pending.take() {
                        pending.write(&mut result);
                    }
                    return Poll::Ready(result.map(ServiceResponse::map_into_left_body));
                }
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
            Ok(response) => policy.write_actual(actual, &mut Response::new(response.headers_mut())),
            // An error becomes a response outside of this middleware. The mapper adds the headers at that point, and outer
            // middleware can still recognize the error by its type.
            Err(error) => error.add_response_mapper(move |mut response| {
                policy.write_actual(actual.clone(), &mut Response::new(response.headers_mut()));
                response
            }),
        }
    }
}
