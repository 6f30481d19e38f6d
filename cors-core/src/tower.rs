//! The adapter for every service of the tower ecosystem that speaks the types of the `http` crate.
//!
//! Adapters for frameworks of that kind offer it under their own names; it is enough by itself for plain hyper, tonic, or
//! a framework that takes tower's layers.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Decision, Pass, PolicySource, PreparedPolicy};

/// Puts [`Cors`] around a service.
///
/// One layer can be given to several routers; cloning it copies no policy.
///
/// ```
/// use std::convert::Infallible;
///
/// use cors_core::Policy;
/// use cors_core::tower::CorsLayer;
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cors_core::PolicyError> {
/// let policy = Policy::builder().allow_origins(["https://app.example.com"]).build()?;
/// let service = ServiceBuilder::new().layer(CorsLayer::new(policy)).service(service_fn(
///     async |_request: Request<String>| Ok::<_, Infallible>(Response::new("hello".to_owned())),
/// ));
///
/// let request = Request::get("/").header("origin", "https://app.example.com").body(String::new());
/// # let request = request.unwrap();
/// let Ok(response) = service.oneshot(request).await;
/// assert_eq!(response.headers()["access-control-allow-origin"], "https://app.example.com");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is put around a service"]
pub struct CorsLayer {
    policy: PolicySource<HeaderValue>,
}

impl CorsLayer {
    /// A layer that enforces `policy`: a [`Policy`](crate::Policy), or a [`PolicyHandle`](crate::PolicyHandle) if it
    /// is to be replaced while the server runs.
    pub fn new(policy: impl Into<PolicySource<HeaderValue>>) -> Self {
        Self { policy: policy.into() }
    }
}

impl<S> Layer<S> for CorsLayer {
    type Service = Cors<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Cors::new(inner, self.policy.clone())
    }
}

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
    /// Puts `policy` in front of `inner`; what [`CorsLayer`] does for services of its own kind.
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
            Decision::Preflight(preflight) => {
                let (status, headers) = policy.answer_preflight(preflight, &request);
                ResponseFuture { state: State::Preflight { status, headers } }
            }
            Decision::Pass(pass) => {
                let inner = self.inner.call(request);
                ResponseFuture { state: State::Pass { inner, policy, pass: Some(pass) } }
            }
        }
    }
}

pin_project! {
    /// The response of [`Cors`].
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Preflight { status: StatusCode, headers: HeaderMap },
        Pass { #[pin] inner: F, policy: PreparedPolicy<HeaderValue>, pass: Option<Pass<HeaderValue>> },
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Preflight { status, headers } => {
                let mut response = Response::new(B::default());
                *response.status_mut() = *status;
                *response.headers_mut() = mem::take(headers);
                Poll::Ready(Ok(response))
            }
            StateProjection::Pass { inner, policy, pass } => {
                // An error is no response yet: there is nothing to write into.
                let mut response = ready!(inner.poll(context))?;
                if let Some(pass) = pass.take() {
                    policy.write(pass, response.headers_mut());
                }
                Poll::Ready(Ok(response))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tower::{ServiceExt, service_fn};

    use super::*;
    use crate::Policy;

    const APP: &str = "https://app.example";

    async fn answer(
        method: &str,
        inner: Result<Response<&'static str>, &'static str>,
    ) -> Result<Response<&'static str>, &'static str> {
        let policy = Policy::builder().allow_origins([APP]).allow_methods(["PUT"]).build().unwrap();
        let inner = service_fn(move |_: Request<()>| std::future::ready(inner.clone()));
        let request = Request::builder()
            .method(method)
            .header("origin", APP)
            .header("access-control-request-method", "PUT");
        CorsLayer::new(policy).layer(inner).oneshot(request.body(()).unwrap()).await
    }

    #[rstest]
    #[case::preflight("OPTIONS", 204, "")]
    #[case::actual("PUT", 200, "inside")]
    #[tokio::test]
    async fn only_an_actual_request_reaches_the_service_inside(
        #[case] method: &str,
        #[case] status: u16,
        #[case] body: &str,
    ) {
        let response = answer(method, Ok(Response::new("inside"))).await.unwrap();
        assert_eq!((response.status().as_u16(), *response.body()), (status, body));
        assert_eq!(response.headers()["access-control-allow-origin"], APP);
    }

    #[tokio::test]
    async fn an_error_of_the_service_inside_passes_as_it_is() {
        assert_eq!(answer("PUT", Err("broken")).await.unwrap_err(), "broken");
    }
}
