//! The filter that wraps the routes.

use std::convert::Infallible;
use std::future;

use cors_core::{
    Actual, Decision, Denied, PolicySource, Preflight, PreparedPolicy, RequestHead, RequestHeader,
    RequestInfo,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
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

        let source = policy.clone();
        // warp lends a filter no reference to the request, so the headers are cloned.
        warp::method()
            .and(warp::header::headers_cloned())
            .and(start(policy))
            .and_then(move |method, headers, start| {
                let (head, policy) = Head::new(method, headers, start, &source);
                begin(policy, head)
            })
            .and(responses)
            .map(ActualRequest::finish)
            .recover(|rejection| future::ready(Ok::<_, Infallible>(answer(&rejection))))
            .unify()
    }
}

/// The head of a request.
#[derive(Debug)]
struct Head {
    method: Method,
    headers: HeaderMap,
    /// Only there if a policy is chosen by it, or if a guard looks at it.
    target: Option<Target>,
}

/// The host and the path of a request.
#[derive(Debug)]
struct Target {
    host: Option<Authority>,
    path: Option<FullPath>,
}

/// What is known when a request starts.
enum Start {
    /// The policy, which does not look at the target.
    Chosen(PreparedPolicy<HeaderValue>),
    /// The target, by which the policy is chosen, or at which its guard looks.
    Target(Target),
}

/// Reads the target of a request only if it is needed. Other requests allocate nothing here.
fn start(
    source: PolicySource<HeaderValue>,
) -> impl Filter<Extract = (Start,), Error = Infallible> + Clone + Send + Sync + 'static {
    let chosen = warp::any().and_then(move || {
        let policy = (!source.is_by_request()).then(|| source.current());
        let policy = policy.filter(|policy| policy.policy().guard().is_none());
        future::ready(policy.map(Start::Chosen).ok_or_else(warp::reject))
    });
    let host = warp::host::optional().or(warp::any().map(|| None)).unify();
    let target = host.and(path()).map(|host, path| Start::Target(Target { host, path }));
    chosen.or(target).unify()
}

/// The path of a request, unless it is a `CONNECT` request, which has none. On such a one `warp::path::full` panics.
fn path() -> impl Filter<Extract = (Option<FullPath>,), Error = Infallible> + Clone + Send + Sync + 'static {
    let has_path = |method| match method {
        Method::CONNECT => future::ready(Err(warp::reject())),
        _ => future::ready(Ok(())),
    };
    let path = warp::method().and_then(has_path).untuple_one().and(warp::path::full());
    path.map(Some).or(warp::any().map(|| None)).unify()
}

impl Head {
    fn new(
        method: Method,
        headers: HeaderMap,
        start: Start,
        source: &PolicySource<HeaderValue>,
    ) -> (Self, PreparedPolicy<HeaderValue>) {
        match start {
            Start::Chosen(policy) => (Self { method, headers, target: None }, policy),
            Start::Target(target) => {
                let head = Self { method, headers, target: Some(target) };
                let policy = source.for_request(&head);
                (head, policy)
            }
        }
    }
}

impl RequestInfo for Head {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn host(&self) -> Option<&str> {
        self.target.as_ref().and_then(|target| target.host.as_ref()).map(Authority::as_str)
    }

    fn path(&self) -> &str {
        self.target.as_ref().and_then(|target| target.path.as_ref()).map_or("", FullPath::as_str)
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name).map(HeaderValue::as_bytes)
    }
}

impl RequestHead for Head {
    type Value = HeaderValue;

    fn is_options(&self) -> bool {
        self.method == Method::OPTIONS
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        self.headers.get_all(HeaderName::from(name)).iter().map(HeaderValue::as_bytes)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = HeaderValue> {
        self.headers.get_all(HeaderName::from(name)).iter().cloned()
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

/// A preflight or a denied request as a rejection, because only a rejection keeps the next filter from running.
#[derive(Debug)]
struct Answered {
    policy: PreparedPolicy<HeaderValue>,
    decision: Early,
    head: Head,
}

/// A decision that keeps a request from the routes.
#[derive(Debug)]
enum Early {
    Preflight(Preflight),
    Denied(Denied<HeaderValue>),
}

impl Reject for Answered {}

async fn begin(policy: PreparedPolicy<HeaderValue>, head: Head) -> Result<ActualRequest, Rejection> {
    let looked_up = policy.ask(&head).await;
    let decision = match policy.decide_with(&head, looked_up) {
        Decision::Actual(actual) => return Ok(ActualRequest { policy, actual }),
        Decision::Preflight(preflight) => Early::Preflight(preflight),
        Decision::Denied(denied) => Early::Denied(denied),
    };
    Err(warp::reject::custom(Answered { policy, decision, head }))
}

fn answer(rejection: &Rejection) -> Response {
    let Some(Answered { policy, decision, head }) = rejection.find() else {
        // Cannot happen: `begin` rejects only what it answers, and the routes after it cannot reject.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (status, headers) = match decision {
        Early::Preflight(preflight) => policy.answer_preflight(*preflight, head),
        Early::Denied(denied) => policy.answer_denied(denied.clone()),
    };
    let mut response = Response::default();
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
