//! The service: decides about a request before the inner service sees it.

use std::task::{Context, Poll};

use cors_core::{Decision, PolicySource};
use http::{HeaderValue, Request, Response};
use tower_service::Service;

use crate::ResponseFuture;

/// A service behind a CORS policy.
///
/// It answers every CORS-preflight request itself, with an empty body, and writes the policy's headers into the inner
/// service's response to everything else.
#[derive(Clone, Debug)]
pub struct Cors<S> {
    inner: S,
    policy: PolicySource<HeaderValue>,
}

impl<S> Cors<S> {
    /// Puts `policy` in front of `inner`; what [`CorsLayer`](crate::CorsLayer) does for services of its own kind.
    pub fn new(inner: S, policy: impl Into<PolicySource<HeaderValue>>) -> Self {
        Self { inner, policy: policy.into() }
    }

    /// The service inside.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// The service inside, to be changed.
    pub fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside, without its policy.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for Cors<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>>,
    ResponseBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // Which request comes next is not known yet, so even a preflight waits for the inner service; it takes
        // nothing from it.
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        // One request sees one policy from start to end, even if a handle replaces it meanwhile.
        let policy = self.policy.current();
        match policy.decide(&request) {
            Decision::Preflight(preflight) => ResponseFuture::preflight(&policy, preflight, &request),
            Decision::Pass(pass) => ResponseFuture::pass(self.inner.call(request), policy, pass),
        }
    }
}
