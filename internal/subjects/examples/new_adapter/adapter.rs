//! CORS for plain hyper.

use std::pin::Pin;

use cors_core::{Decision, PolicySource};
use http::{HeaderValue, Request, Response};
use hyper::service::Service;

/// A hyper service behind a CORS policy.
#[derive(Clone, Debug)]
pub(crate) struct Cors<S> {
    inner: S,
    policy: PolicySource<HeaderValue>,
}

impl<S> Cors<S> {
    /// Puts `policy` in front of `inner`.
    pub(crate) fn new(policy: impl Into<PolicySource<HeaderValue>>, inner: S) -> Self {
        Self { inner, policy: policy.into() }
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
                Box::pin(std::future::ready(Ok(response)))
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
