//! A tower layer for every service that uses the types of the `http` crate.
//!
//! Some adapters export it under their own name. It also works by itself, for hyper, tonic and other frameworks that accept
//! tower layers.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Actual, Ask, Decision, LookupAnswer, PolicySource, PreparedPolicy};

/// Wraps a service in [`Cors`].
///
/// One layer can be used for several routers. Cloning it does not copy the policy.
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
#[must_use = "a layer does nothing until it wraps a service"]
pub struct CorsLayer {
    policy: PolicySource<HeaderValue>,
}

impl CorsLayer {
    /// Creates a layer from a [`Policy`](crate::Policy), or from a [`PolicyHandle`](crate::PolicyHandle) if the policy can
    /// change while the server runs.
    pub fn new(policy: impl Into<PolicySource<HeaderValue>>) -> Self {
        let policy = policy.into();
        policy.log_warnings();
        Self { policy }
    }
}

impl<S> Layer<S> for CorsLayer {
    type Service = Cors<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Cors::new(inner, self.policy.clone())
    }
}

/// A service with a CORS policy.
///
/// It answers all CORS-preflight requests, and the requests that a guard denies, with an empty body. It adds the policy's headers
/// to the inner service's response to every other request.
///
/// The inner service must be `Clone`, as those of axum, hyper and tonic are: a request that waits for a lookup keeps a clone, so
/// that the service is called only if the guard does not deny the request.
#[derive(Clone, Debug)]
pub struct Cors<S> {
    inner: S,
    policy: PolicySource<HeaderValue>,
}

impl<S> Cors<S> {
    /// Wraps `inner`, as [`CorsLayer`] does.
    pub fn new(inner: S, policy: impl Into<PolicySource<HeaderValue>>) -> Self {
        let policy = policy.into();
        policy.log_warnings();
        Self { inner, policy }
    }

    /// Returns a reference to the inner service.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service.
    pub fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service without the policy.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for Cors<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>> + Clone,
    ResponseBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, RequestBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // The next request is not known yet, so a preflight waits for the inner service too. It does not use it.
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        // One request uses one policy from start to end, even if a handle replaces it in the meantime.
        let policy = self.policy.for_request(&request);
        let ask = policy.ask(&request);
        let state = match ask.now() {
            Some(answer) => State::decide(&mut self.inner, request, policy, answer),
            None => self.wait(request, policy, ask),
        };
        ResponseFuture { state }
    }
}

impl<S: Clone> Cors<S> {
    /// Keeps a request that can only be decided when the policy's lookup has answered.
    #[cold]
    fn wait<B>(&mut self, request: Request<B>, policy: PreparedPolicy<HeaderValue>, ask: Ask) -> State<S, B>
    where
        S: Service<Request<B>>,
    {
        // The one that was polled for readiness is used, and its clone takes the next request.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        State::Waiting { waiting: Some(Box::new(Waiting { ask, policy, inner, request })) }
    }
}

/// A request that waits for the answer of the policy's lookup. The inner service does not know of it yet.
#[derive(Debug)]
struct Waiting<S, B> {
    ask: Ask,
    policy: PreparedPolicy<HeaderValue>,
    inner: S,
    request: Request<B>,
}

pin_project! {
    /// The response future of [`Cors`].
    pub struct ResponseFuture<S: Service<Request<B>>, B> {
        #[pin]
        state: State<S, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<Request<B>>, B> {
        /// The answer to a preflight, or to a request that the guard denies.
        Answer { status: StatusCode, headers: HeaderMap },
        Waiting { waiting: Option<Box<Waiting<S, B>>> },
        Actual {
            #[pin]
            inner: S::Future,
            policy: PreparedPolicy<HeaderValue>,
            actual: Option<Actual<HeaderValue>>,
        },
    }
}

impl<S: Service<Request<B>>, B> State<S, B> {
    fn decide(
        inner: &mut S,
        request: Request<B>,
        policy: PreparedPolicy<HeaderValue>,
        answer: LookupAnswer,
    ) -> Self {
        let (status, headers) = match policy.decide_with(&request, answer) {
            Decision::Preflight(preflight) => policy.answer_preflight(preflight, &request),
            Decision::Denied(denied) => policy.answer_denied(denied),
            Decision::Actual(actual) => {
                return Self::Actual { inner: inner.call(request), policy, actual: Some(actual) };
            }
        };
        Self::Answer { status, headers }
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for ResponseFuture<S, B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Answer { .. } => "Answer",
            State::Waiting { .. } => "Waiting",
            State::Actual { .. } => "Actual",
        };
        formatter.debug_tuple("ResponseFuture").field(&format_args!("{state}")).finish()
    }
}

impl<S, Q, B> Future for ResponseFuture<S, Q>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Default,
{
    type Output = Result<Response<B>, S::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut this = self.as_mut().project();
            match this.state.as_mut().project() {
                StateProjection::Answer { status, headers } => {
                    let mut response = Response::new(B::default());
                    *response.status_mut() = *status;
                    *response.headers_mut() = mem::take(headers);
                    return Poll::Ready(Ok(response));
                }
                StateProjection::Waiting { waiting } => {
                    let Some(asked) = waiting else { return Poll::Pending };
                    let answer = ready!(Pin::new(&mut asked.ask).poll(context));
                    // It is always there: the state ends here.
                    let Some(asked) = waiting.take() else { return Poll::Pending };
                    let Waiting { policy, mut inner, request, .. } = *asked;
                    let state = State::decide(&mut inner, request, policy, answer);
                    this.state.set(state);
                }
                StateProjection::Actual { inner, policy, actual } => {
                    // An error is not a response yet, so there is nothing to write into.
                    let mut response = ready!(inner.poll(context))?;
                    if let Some(actual) = actual.take() {
                        policy.write_actual(actual, response.headers_mut());
                    }
                    return Poll::Ready(Ok(response));
                }
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
    async fn only_actual_requests_reach_the_inner_service(
        #[case] method: &str,
        #[case] status: u16,
        #[case] body: &str,
    ) {
        let response = answer(method, Ok(Response::new("inside"))).await.unwrap();
        assert_eq!((response.status().as_u16(), *response.body()), (status, body));
        assert_eq!(response.headers()["access-control-allow-origin"], APP);
    }

    #[cfg(feature = "lookup")]
    #[rstest]
    #[case::preflight("OPTIONS", "a.example", Some("granted"))]
    #[case::denied_preflight("OPTIONS", "b.example", Some("denied"))]
    #[case::actual("PUT", "a.example", None)]
    #[case::denied_actual("PUT", "b.example", Some("not allowed"))]
    #[tokio::test]
    async fn a_request_that_waits_for_the_lookup_is_reported_once(
        #[case] method: &str,
        #[case] host: &str,
        #[case] expected: Option<&str>,
    ) {
        use std::sync::{Arc, Mutex};

        use crate::{Event, Lookup, Origin, PolicyHandle};

        let lookup = Lookup::new(|origin: Origin<'static>| async move {
            tokio::task::yield_now().await;
            Ok::<_, std::io::Error>(origin.host() == "a.example")
        });
        let policy =
            Policy::builder().allow_origins(APP).allow_methods(["PUT"]).lookup(lookup).build().unwrap();
        let reported = Arc::new(Mutex::new(Vec::new()));
        let events = Arc::clone(&reported);
        let handle = PolicyHandle::with_observer(policy, move |event: &Event<'_>| {
            events.lock().unwrap().push(match event {
                Event::PreflightGranted => "granted",
                Event::PreflightDenied(_) => "denied",
                Event::OriginNotAllowed(_) => "not allowed",
                _ => "another",
            });
        });
        let inner = service_fn(async |_: Request<()>| Ok::<_, std::convert::Infallible>(Response::new("")));
        let request = Request::builder()
            .method(method)
            .header("origin", format!("https://{host}"))
            .header("access-control-request-method", "PUT");
        let Ok(_) = CorsLayer::new(&handle).layer(inner).oneshot(request.body(()).unwrap()).await;
        assert_eq!(*reported.lock().unwrap(), Vec::from_iter(expected));
    }

    #[tokio::test]
    async fn an_error_of_the_inner_service_is_returned_unchanged() {
        assert_eq!(answer("PUT", Err("broken")).await.unwrap_err(), "broken");
    }
}
