//! The middleware that lets errors pass through `Cors` unchanged.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cors_core::{Actual, PreparedPolicy};
use poem::http::HeaderValue;
use poem::{Endpoint, Middleware, Request, Response, Result};

/// Middleware that lets errors leave the [`Cors`](crate::Cors) middleware inside of it as errors, and writes their
/// CORS headers here instead.
///
/// Put it last, outside of everything that looks at errors. Then an error handler or a logger between the two works as
/// if there were no `Cors`, and the response that it makes still gets the headers of the policy that was asked:
///
/// ```
/// use cors_poem::{Cors, KeepErrors, Policy};
/// use poem::error::NotFoundError;
/// use poem::http::StatusCode;
/// use poem::{Endpoint, EndpointExt, IntoResponse, Request, Route};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = Policy::builder().allow_origins("https://app.example").build()?;
/// let app = Route::new()
///     .nest("/api", Route::new().with(Cors::new(policy)))
///     .catch_error(async |_: NotFoundError| "nothing here".with_status(StatusCode::NOT_FOUND))
///     .with(KeepErrors);
///
/// let request = Request::builder().uri_str("/api/none").header("origin", "https://app.example").finish();
/// let response = app.get_response(request).await;
/// assert_eq!(response.header("access-control-allow-origin"), Some("https://app.example"));
/// assert_eq!(response.into_body().into_string().await?, "nothing here");
/// # Ok(())
/// # }
/// ```
///
/// It costs two small allocations for each request: a place in the request's extensions where `Cors` leaves its
/// decision.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a middleware does nothing until it is passed to `with`"]
pub struct KeepErrors;

impl<E: Endpoint> Middleware<E> for KeepErrors {
    type Output = KeepErrorsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        KeepErrorsEndpoint { inner }
    }
}

/// An endpoint whose errors keep their type until here; [`KeepErrors`] makes it.
#[derive(Clone, Debug)]
pub struct KeepErrorsEndpoint<E> {
    inner: E,
}

impl<E: Endpoint> Endpoint for KeepErrorsEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let outside = Outside::default();
        request.set_data(outside.clone());
        let mut response = self.inner.get_response(request).await;
        // Empty if no `Cors` was asked, or if it answered a preflight itself.
        let decided = outside.decided().take();
        if let Some((policy, actual)) = decided {
            policy.write_actual(actual, response.headers_mut());
        }
        Ok(response)
    }
}

/// The place where `Cors` leaves its decision for an outer `KeepErrors`.
#[derive(Clone, Default)]
pub(crate) struct Outside(Arc<Mutex<Option<Decided>>>);

/// A decision together with the policy that made it.
type Decided = (PreparedPolicy<HeaderValue>, Actual<HeaderValue>);

impl Outside {
    /// Takes the place out of the request, so that of two `Cors` around one route the outer one decides.
    pub(crate) fn take(request: &mut Request) -> Option<Self> {
        request.extensions_mut().remove()
    }

    /// Leaves the decision before the endpoint runs, so that it counts even if something outside gives up waiting.
    pub(crate) fn leave(&self, policy: PreparedPolicy<HeaderValue>, actual: Actual<HeaderValue>) {
        *self.decided() = Some((policy, actual));
    }

    fn decided(&self) -> MutexGuard<'_, Option<Decided>> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
