//! The filter that stands around the routes.

use std::convert::Infallible;
use std::future;

use cors_core::{Actual, Decision, PolicySource, Preflight, PreparedPolicy};
use http::{HeaderMap, HeaderValue, Method};
use warp::reject::Reject;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};

use crate::rejection;

/// A CORS policy as a filter around finished routes.
///
/// Cheap to clone: every clone shares one policy. It is made of a [`Policy`](crate::Policy), or of a
/// [`PolicyHandle`](crate::PolicyHandle) whose policy can be replaced while the server runs.
#[derive(Clone, Debug)]
pub struct Cors {
    policy: PolicySource<HeaderValue>,
}

impl Cors {
    /// A filter that answers as `policy` says.
    pub fn new(policy: impl Into<PolicySource<HeaderValue>>) -> Self {
        Self { policy: policy.into() }
    }

    /// Puts the policy around `routes`: it answers their preflights, and every other response bears its headers.
    ///
    /// What comes back answers **every request**: a rejection of `routes` (404, 405, a failed extractor, the
    /// application's own) becomes the response that warp makes of it, with CORS headers, so that a page can read it.
    /// This has consequences for where to put it:
    ///
    /// - `recover` belongs inside. The result has the error type [`Infallible`], so that a `recover` outside of it does
    ///   not compile.
    /// - A path filter for a part of the application belongs outside: `warp::path("api").and(cors.wrap(api))`. Inside,
    ///   the policy would answer the preflights of every other path, too.
    /// - Method filters such as `warp::get()` belong inside. A preflight's method is `OPTIONS`, and they would turn it
    ///   away before the policy sees it.
    /// - One policy per request: the outermost one has the last word and removes what others wrote.
    ///
    /// ```
    /// use cors_warp::{Cors, Policy};
    /// use warp::Filter;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cors_warp::PolicyError> {
    /// let policy = Policy::builder().allow_origins(["https://app.example"]).build()?;
    /// let hello = warp::path!("hello").and(warp::get()).map(|| "hello");
    /// let app = Cors::new(policy).wrap(hello);
    ///
    /// let request = warp::test::request().path("/nowhere").header("origin", "https://app.example");
    /// let response = request.reply(&app).await;
    /// assert_eq!(response.status(), 404);
    /// assert_eq!(response.headers()["access-control-allow-origin"], "https://app.example");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A `recover` inside:
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use warp::{Filter, Rejection};
    /// # fn app(cors: cors_warp::Cors) {
    /// async fn handle(_: Rejection) -> Result<&'static str, Infallible> {
    ///     Ok("recovered")
    /// }
    /// let app = cors.wrap(warp::path!("hello").map(|| "hello").recover(handle));
    /// # drop(app);
    /// # }
    /// ```
    ///
    /// And outside, which does not compile:
    ///
    /// ```compile_fail
    /// # use std::convert::Infallible;
    /// # use warp::{Filter, Rejection};
    /// # fn app(cors: cors_warp::Cors) {
    /// async fn handle(_: Rejection) -> Result<&'static str, Infallible> {
    ///     Ok("recovered")
    /// }
    /// let app = cors.wrap(warp::path!("hello").map(|| "hello")).recover(handle);
    /// # drop(app);
    /// # }
    /// ```
    pub fn wrap<F, R>(
        &self,
        routes: F,
    ) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + use<F, R>
    where
        F: Filter<Extract = (R,)> + Send + Sync + 'static,
        F::Error: Into<Rejection>,
        R: Reply + 'static,
    {
        let policy = self.policy.clone();
        // Boxed, because that is warp's way from either of its two error types to `Rejection`.
        let responses = routes.boxed().map(Reply::into_response).recover(rejection::into_response).unify();

        // Cloned headers, because warp lends filters no borrow of the request.
        warp::method()
            .and(warp::header::headers_cloned())
            .and_then(move |method, headers| future::ready(begin(policy.current(), method, headers)))
            .and(responses)
            .map(Begun::finish)
            .recover(answer_preflight)
            .unify()
    }
}

/// A request that goes on to the routes.
struct Begun {
    policy: PreparedPolicy<HeaderValue>,
    pass: Actual<HeaderValue>,
}

impl Begun {
    fn finish(self, mut response: Response) -> Response {
        self.policy.write_actual(self.pass, response.headers_mut());
        response
    }
}

/// A preflight, on its way past the routes: rejecting is how a filter keeps the next one from running.
#[derive(Debug)]
struct Preflighted {
    policy: PreparedPolicy<HeaderValue>,
    preflight: Preflight,
    method: Method,
    headers: HeaderMap,
}

impl Preflighted {
    fn answer(&self) -> Response {
        let (status, headers) = self.policy.answer_preflight(self.preflight, &(&self.method, &self.headers));
        let mut response = Response::default();
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

impl Reject for Preflighted {}

fn begin(
    policy: PreparedPolicy<HeaderValue>,
    method: Method,
    headers: HeaderMap,
) -> Result<Begun, Rejection> {
    match policy.decide(&(&method, &headers)) {
        Decision::Actual(pass) => Ok(Begun { policy, pass }),
        Decision::Preflight(preflight) => {
            Err(warp::reject::custom(Preflighted { policy, preflight, method, headers }))
        }
    }
}

async fn answer_preflight(rejection: Rejection) -> Result<Response, Infallible> {
    match rejection.find::<Preflighted>() {
        Some(preflighted) => Ok(preflighted.answer()),
        None => rejection::into_response(rejection).await,
    }
}

#[cfg(test)]
mod tests;
