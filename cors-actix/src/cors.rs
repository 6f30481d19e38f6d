//! The middleware that an application is wrapped in.

use std::future::{Ready, ready};

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::HeaderValue;
use cors_core::PolicySource;

use crate::CorsService;

/// Answers every CORS-preflight request, and adds the policy's headers to every other response.
///
/// Wrap an application, a scope or a resource in it with `wrap`. Call `wrap(cors)` after the `wrap` of any middleware that
/// can answer requests itself: the last `wrap` is the outermost and sees a request first.
///
/// Clones are cheap and share the policy. Create one `Cors`, and clone it in the closure that builds the application for
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
    /// Creates the middleware from a [`Policy`](crate::Policy), or from a [`PolicyHandle`](crate::PolicyHandle) that can
    /// replace the policy while the server runs.
    pub fn new(policy: impl Into<PolicySource<HeaderValue>>) -> Self {
        let policy = policy.into();
        policy.log_warnings();
        Self { policy }
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
