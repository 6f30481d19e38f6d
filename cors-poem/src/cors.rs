//! The middleware that applies a policy.

use cors_core::{Decision, PolicySource};
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::keep_errors::Outside;

/// Middleware that answers CORS-preflight requests, and writes the CORS headers of every other response, as a
/// [`Policy`](crate::Policy) says.
///
/// It belongs last in the chain of `with`, so that every response passes through it: see ["Where to put
/// it"](crate#where-to-put-it).
///
/// An error of the endpoint inside becomes its response here, because Poem has no other place where an error can get
/// headers. [`KeepErrors`](crate::KeepErrors) lets errors pass instead.
///
/// ```
/// use cors_poem::{Cors, Policy};
/// use poem::{EndpointExt, Route, get, handler};
///
/// #[handler]
/// fn hello() -> &'static str {
///     "hello"
/// }
///
/// # fn main() -> Result<(), cors_poem::PolicyError> {
/// let policy = Policy::builder().allow_origins("https://app.example").build()?;
/// let app = Route::new().at("/hello", get(hello)).with(Cors::new(policy));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a middleware does nothing until it is passed to `with`"]
pub struct Cors {
    policy: PolicySource<HeaderValue>,
}

impl Cors {
    /// Takes a [`Policy`](crate::Policy), or a [`PolicyHandle`](crate::PolicyHandle) if the policy must be replaceable
    /// while the server runs.
    pub fn new(policy: impl Into<PolicySource<HeaderValue>>) -> Self {
        let policy = policy.into();
        policy.log_warnings();
        Self { policy }
    }
}

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = CorsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        CorsEndpoint { policy: self.policy.clone(), inner }
    }
}

/// An endpoint with a CORS policy; [`Cors`] makes it.
#[derive(Clone, Debug)]
pub struct CorsEndpoint<E> {
    policy: PolicySource<HeaderValue>,
    inner: E,
}

impl<E: Endpoint> Endpoint for CorsEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        // One request uses one policy from start to end, even if a handle replaces it in the meantime.
        let policy = self.policy.for_request(&head(&request));
        let ask = policy.ask(&head(&request));
        let looked_up = ask.await;
        let actual = match policy.decide_with(&head(&request), looked_up) {
            Decision::Preflight(preflight) => {
                return Ok(answer(policy.answer_preflight(preflight, &head(&request))));
            }
            Decision::Denied(denied) => return Ok(answer(policy.answer_denied(denied))),
            Decision::Actual(actual) => actual,
        };
        if let Some(outside) = Outside::take(&mut request) {
            outside.leave(policy, actual);
            return self.inner.call(request).await.map(IntoResponse::into_response);
        }
        let mut response = self.inner.get_response(request).await;
        policy.write_actual(actual, response.headers_mut());
        Ok(response)
    }
}

/// The answer to a preflight or a denied request. Nothing inside the middleware sees such a request.
fn answer((status, headers): (StatusCode, HeaderMap)) -> Response {
    let mut response = Response::from(status);
    *response.headers_mut() = headers;
    response
}

/// The part of a request that the policy is chosen by, and that the decision reads. Its target is the one that arrived, also inside
/// of a `nest`.
fn head(request: &Request) -> (&Method, &Uri, &HeaderMap) {
    (request.method(), request.original_uri(), request.headers())
}
