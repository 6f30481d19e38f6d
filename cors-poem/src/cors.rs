//! The middleware.

use cors_core::{Decision, Preflight, PreparedPolicy};
use poem::http::{HeaderMap, HeaderValue, Method};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::PolicySource;
use crate::error::ErrorWithCors;

/// Middleware that answers CORS-preflight requests and writes the CORS headers of every other response, as a
/// [`Policy`](crate::Policy) says.
///
/// It belongs last in the chain of `with`, so that every response passes through it: see ["Where to put
/// it"](crate#where-to-put-it).
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
#[must_use = "a middleware does nothing until it is given to `with`"]
pub struct Cors {
    policy: PolicySource,
}

impl Cors {
    /// Takes a [`Policy`](crate::Policy), or a [`PolicyHandle`](crate::PolicyHandle) if the policy is to change
    /// while the server runs.
    pub fn new(policy: impl Into<PolicySource>) -> Self {
        Self { policy: policy.into() }
    }
}

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = CorsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        CorsEndpoint { policy: self.policy.clone(), inner }
    }
}

/// An endpoint behind [`Cors`].
#[derive(Clone, Debug)]
pub struct CorsEndpoint<E> {
    policy: PolicySource,
    inner: E,
}

impl<E: Endpoint> Endpoint for CorsEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let policy = self.policy.current();
        let pass = match policy.decide(&head(&request)) {
            Decision::Preflight(preflight) => return Ok(answer(&policy, preflight, &request)),
            Decision::Actual(pass) => pass,
        };
        match self.inner.call(request).await {
            Ok(output) => {
                let mut response = output.into_response();
                policy.write_actual(pass, response.headers_mut());
                Ok(response)
            }
            Err(error) => Err(ErrorWithCors::wrap(error, policy, pass)),
        }
    }
}

/// Answers a CORS-preflight request; nothing inside the middleware sees it.
fn answer(policy: &PreparedPolicy<HeaderValue>, preflight: Preflight, request: &Request) -> Response {
    let (status, headers) = policy.answer_preflight(preflight, &head(request));
    let mut response = Response::from(status);
    *response.headers_mut() = headers;
    response
}

/// What the decision reads of a request.
fn head(request: &Request) -> (&Method, &HeaderMap) {
    (request.method(), request.headers())
}
