#![doc = include_str!("../README.md")]

use std::future::ready;
use std::pin::Pin;

use cors_core::Decision;
pub use cors_core::{
    Danger, Policy, PolicyBuilder, PolicyError, Problem, ProblemCode, Reason, Warning, WarningCode,
};
use http::{HeaderValue, Request, Response};
use hyper::service::Service;

/// A policy that can be replaced while the server runs. Each request uses one policy from start to end.
pub type PolicyHandle = cors_core::PolicyHandle<HeaderValue>;

/// What [`Cors::new`] accepts: a [`Policy`] or a [`PolicyHandle`].
pub type PolicySource = cors_core::PolicySource<HeaderValue>;

/// A hyper service behind a CORS policy.
#[derive(Clone, Debug)]
pub struct Cors<S> {
    inner: S,
    policy: PolicySource,
}

impl<S> Cors<S> {
    /// Puts a [`Policy`] or a [`PolicyHandle`] in front of `inner`.
    pub fn new(policy: impl Into<PolicySource>, inner: S) -> Self {
        let policy = policy.into();
        policy.log_warnings();
        Self { inner, policy }
    }
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for Cors<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>>,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
    ResponseBody: Default + Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn call(&self, request: Request<RequestBody>) -> Self::Future {
        let policy = self.policy.current();
        match policy.decide(&request) {
            Decision::Preflight(preflight) => {
                let (status, headers) = policy.answer_preflight(preflight, &request);
                let mut response = Response::new(ResponseBody::default());
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                Box::pin(ready(Ok(response)))
            }
            Decision::Actual(actual) => {
                let response = self.inner.call(request);
                Box::pin(async move {
                    let mut response = response.await?;
                    policy.write_actual(actual, response.headers_mut());
                    Ok(response)
                })
            }
        }
    }
}
