//! The filter that wraps the routes.

use std::convert::Infallible;
use std::future;

use cors_core::{Actual, Decision, PolicySource, Preflight, PreparedPolicy, RequestInfo};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use warp::filters::BoxedFilter;
use warp::filters::path::FullPath;
use warp::reject::Reject;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};

use crate::rejection;

/// Applies a CORS policy to finished routes.
///
/// It is made from a [`Policy`](crate::Policy), or from a [`PolicyHandle`](crate::PolicyHandle) if the policy must be
/// replaceable while the server runs. Clones are cheap and share one policy.
#[derive(Clone, Debug)]
pub struct Cors {
    policy: PolicySource<HeaderValue>,
}

impl Cors {
    /// Takes a [`Policy`](crate::Policy) or a [`PolicyHandle`](crate::PolicyHandle).
    pub fn new(policy: impl Into<PolicySource<HeaderValue>>) -> Self {
        let policy = policy.into();
        policy.log_warnings();
        Self { policy }
    }

    /// Wraps `routes`: answers their preflights, and writes the policy's headers to all other responses.
    ///
    /// The result answers **every request**. A rejection of `routes` (404, 405, a failed extractor, one of your own)
    /// becomes the response that warp would send for it, with CORS headers, so that a page can read it. This decides
    /// where other filters belong:
    ///
    /// - `recover` belongs inside. The error type of the result is [`Infallible`], so a `recover` outside does not
    ///   compile.
    /// - A path filter for a part of the application belongs outside: `warp::path("api").and(cors.wrap(api))`. If it
    ///   is inside, the policy answers the preflights of all other paths too.
    /// - Method filters such as `warp::get()` belong inside. The method of a preflight is `OPTIONS`, so outside they
    ///   would reject it before the policy sees it.
    /// - Wrap each route once. If two policies wrap it, the outer one decides and removes the headers of the inner one.
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
    /// `recover` inside:
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
    /// `recover` outside does not compile:
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
        let responses = rejection::into_responses(routes.map(Reply::into_response).boxed());

        // Only a policy that is chosen by request needs them.
        let target = match policy.is_by_request() {
            true => target(),
            false => warp::any().map(|| None).boxed(),
        };
        // warp lends a filter no reference to the request, so the headers are cloned.
        warp::method()
            .and(warp::header::headers_cloned())
            .and(target)
            .and_then(move |method, headers, target| {
                begin(choose(&policy, &method, &headers, target), method, headers)
            })
            .and(responses)
            .map(ActualRequest::finish)
            .recover(|rejection| future::ready(Ok::<_, Infallible>(answer_preflight(&rejection))))
            .unify()
    }
}

/// The host and the path of a request.
type Target = (Option<Authority>, FullPath);

fn target() -> BoxedFilter<(Option<Target>,)> {
    let host = warp::host::optional().or(warp::any().map(|| None)).unify();
    host.and(warp::path::full()).map(|host, path| Some((host, path))).boxed()
}

fn choose(
    policy: &PolicySource<HeaderValue>,
    method: &Method,
    headers: &HeaderMap,
    target: Option<Target>,
) -> PreparedPolicy<HeaderValue> {
    match target {
        Some(target) => policy.for_request(&Info { method, headers, target }),
        None => policy.current(),
    }
}

/// A request, for a policy that is chosen by it.
struct Info<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    target: Target,
}

impl RequestInfo for Info<'_> {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn host(&self) -> Option<&str> {
        self.target.0.as_ref().map(Authority::as_str)
    }

    fn path(&self) -> &str {
        self.target.1.as_str()
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name).map(HeaderValue::as_bytes)
    }
}

/// A request that goes on to the routes, with what was decided about it.
struct ActualRequest {
    policy: PreparedPolicy<HeaderValue>,
    actual: Actual<HeaderValue>,
}

impl ActualRequest {
    fn finish(self, mut response: Response) -> Response {
        self.policy.write_actual(self.actual, response.headers_mut());
        response
    }
}

/// A preflight as a rejection, because only a rejection keeps the next filter from running.
#[derive(Debug)]
struct PreflightRequest {
    policy: PreparedPolicy<HeaderValue>,
    preflight: Preflight,
    method: Method,
    headers: HeaderMap,
}

impl Reject for PreflightRequest {}

async fn begin(
    policy: PreparedPolicy<HeaderValue>,
    method: Method,
    headers: HeaderMap,
) -> Result<ActualRequest, Rejection> {
    let answer = policy.ask(&(&method, &headers)).await;
    match policy.decide_with(&(&method, &headers), answer) {
        Decision::Actual(actual) => Ok(ActualRequest { policy, actual }),
        Decision::Preflight(preflight) => {
            Err(warp::reject::custom(PreflightRequest { policy, preflight, method, headers }))
        }
    }
}

fn answer_preflight(rejection: &Rejection) -> Response {
    let Some(PreflightRequest { policy, preflight, method, headers }) = rejection.find() else {
        // Cannot happen: `begin` rejects only preflights, and the routes after it cannot reject.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (status, headers) = policy.answer_preflight(*preflight, &(method, headers));
    let mut response = Response::default();
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
