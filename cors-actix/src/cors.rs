//! The middleware as an application wraps itself in it.

use std::future::{Ready, ready};

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::HeaderValue;
use cors_core::PolicySource;

use crate::CorsService;

/// Answers every CORS-preflight request by a policy, and writes the policy's headers into every other response.
///
/// Goes around an application, a scope or a resource with `wrap`; it belongs outside of everything else that answers
/// requests, which means after it in the source, as the last `wrap` is the first to see a request.
///
/// Clones are cheap and share the policy: make one, and clone it into the closure that builds the application for
/// each worker.
///
/// ```
/// use actix_web::{App, web};
/// use cors_actix::{Cors, Policy};
///
/// let policy = Policy::builder().allow_origins("https://app.example").build()?;
/// let app = App::new().route("/", web::get().to(async || "hello")).wrap(Cors::new(policy));
/// # drop(app);
/// # Ok::<(), cors_actix::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cors {
    policy: PolicySource<HeaderValue>,
}

impl Cors {
    /// The middleware for a [`Policy`](crate::Policy), or for the one that a [`PolicyHandle`](crate::PolicyHandle)
    /// holds when a request arrives.
    pub fn new(policy: impl Into<PolicySource<HeaderValue>>) -> Self {
        Self { policy: policy.into() }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Cors
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = CorsService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, Self::InitError>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(CorsService::new(service, self.policy.clone())))
    }
}
