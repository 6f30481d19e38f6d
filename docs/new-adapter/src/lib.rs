#![doc = include_str!("../README.md")]

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
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>> + Clone + Send + 'static,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
    RequestBody: Send + 'static,
    ResponseBody: Default + Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn call(&self, request: Request<RequestBody>) -> Self::Future {
        let (policy, inner) = (self.policy.for_request(&request), self.inner.clone());
        let ask = policy.ask(&request);
        Box::pin(async move {
            // Ready at once, unless the policy has a lookup that must be asked.
            let answer = ask.await;
            let (status, headers) = match policy.decide_with(&request, answer) {
                Decision::Actual(actual) => {
                    let response = inner.call(request);
                    let mut response = response.await?;
                    policy.write_actual(actual, response.headers_mut());
                    return Ok(response);
                }
                Decision::Preflight(preflight) => policy.answer_preflight(preflight, &request),
                Decision::Denied(denied) => policy.answer_denied(denied),
            };
            let mut response = Response::new(ResponseBody::default());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}
