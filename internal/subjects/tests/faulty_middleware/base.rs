//! The correct middleware, from which every faulty one is made, and the subject that runs it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use cors_conformance::specimen::Hits;
use cors_conformance::subject::{HostPolicies, Server, StartError, Subject, SubjectKind};
use cors_core::{Ask, Decision, LookupAnswer, Policy, PolicyBuilder, PolicySource, PreparedPolicy};
use cors_subjects::specimen;
use cors_subjects::subject::axum::serve;
use cors_subjects::subject::host_map;
use futures_util::future::{BoxFuture, FutureExt};

/// A middleware, correct or not.
pub(crate) trait Middleware: Clone + Send + Sync + 'static {
    fn answer(&self, cors: Cors, request: Request, next: Next) -> BoxFuture<'static, Response>;
}

impl<M, F> Middleware for M
where
    M: Fn(Cors, Request, Next) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    fn answer(&self, cors: Cors, request: Request, next: Next) -> BoxFuture<'static, Response> {
        self(cors, request, next).boxed()
    }
}

/// A middleware around the axum specimen. It is an adapter, so that the promises of adapters are judged as well.
pub(crate) struct Specimen<M>(pub(crate) M);

impl<M: Middleware> Subject for Specimen<M> {
    fn name(&self) -> &str {
        "specimen"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Adapter
    }

    fn framework(&self) -> &str {
        "axum"
    }

    fn version(&self) -> &str {
        "0"
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        self.start_with(policy.into())
    }

    fn start_by_host<'a>(&'a self, policies: &'a HostPolicies) -> BoxFuture<'a, Result<Server, StartError>> {
        self.start_with(host_map(policies).expect("hosts").into())
    }
}

impl<M: Middleware> Specimen<M> {
    fn start_with(
        &self,
        source: PolicySource<HeaderValue>,
    ) -> BoxFuture<'static, Result<Server, StartError>> {
        let answers = Arc::default();
        let middleware = self.0.clone();
        let layer = middleware::from_fn(move |request: Request, next: Next| {
            let policy = source.for_request(&request);
            let cors = Cors { policy, source: source.clone(), answers: Arc::clone(&answers) };
            middleware.answer(cors, request, next)
        });
        serve(specimen::axum::router(Hits::default()).layer(layer)).boxed()
    }
}

/// The correct middleware.
pub(crate) async fn correct(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer(request, next).await
}

/// The parts of the correct middleware, which the faulty ones combine wrongly.
#[derive(Clone)]
pub(crate) struct Cors {
    policy: PreparedPolicy<HeaderValue>,
    /// What the policy was chosen from.
    source: PolicySource<HeaderValue>,
    /// The answers of the lookup that a faulty middleware keeps.
    answers: Arc<Mutex<HashMap<String, LookupAnswer>>>,
}

/// What a middleware knows when it has added CORS headers to a response.
pub(crate) struct Seen {
    pub(crate) policy: Policy,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) version: Version,
    /// The headers of the request.
    pub(crate) request: HeaderMap,
    /// The headers of the application's own response. Empty for a preflight.
    pub(crate) own: HeaderMap,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Allowed,
    NotAllowed,
    GrantedPreflight,
    DeniedPreflight,
    /// Denied by the guard.
    Refused,
}

impl Seen {
    pub(crate) fn origin(&self) -> Option<&HeaderValue> {
        self.request.get(header::ORIGIN)
    }

    pub(crate) fn is_preflight(&self) -> bool {
        matches!(self.kind, Kind::GrantedPreflight | Kind::DeniedPreflight)
    }

    /// Restores the application's own `Vary`.
    pub(crate) fn restore_vary(&self, headers: &mut HeaderMap) {
        headers.remove(header::VARY);
        for own in self.own.get_all(header::VARY) {
            headers.append(header::VARY, own.clone());
        }
    }
}

/// The requests that a fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concerned {
    All,
    Preflights,
    Others,
}

impl Concerned {
    pub(crate) fn contains(self, request: &Request) -> bool {
        match self {
            Self::All => true,
            Self::Preflights => is_preflight(request),
            Self::Others => !is_preflight(request),
        }
    }
}

impl Cors {
    pub(crate) fn policy(&self) -> &Policy {
        self.policy.policy()
    }

    pub(crate) fn with_policy(self, policy: Policy) -> Self {
        Self { policy: PreparedPolicy::new(policy), ..self }
    }

    /// The policy that would be chosen if the request were for another host. `None` if there is one policy for all hosts.
    pub(crate) fn policy_for_host(&self, host: &str) -> Option<Policy> {
        let request =
            axum::http::Request::get("/").header(header::HOST, host).body(Body::empty()).expect("a request");
        let policy = self.source.is_by_request().then(|| self.source.for_request(&request))?;
        Some(policy.policy().clone())
    }

    pub(crate) fn ask(&self, head: &(&Method, &Uri, &HeaderMap)) -> Ask {
        self.policy.ask(head)
    }

    /// The answer that was first given for a key.
    pub(crate) fn first_answer(&self, key: String, answer: LookupAnswer) -> LookupAnswer {
        *self.answers.lock().expect("no panic").entry(key).or_insert(answer)
    }

    /// Whether this is a request, other than a preflight, from an origin that the policy does not allow.
    pub(crate) fn is_from_another_origin(&self, request: &Request) -> bool {
        matches!(self.policy.decide(request), Decision::Actual(_))
            && self.policy().origin_reason(request).is_some()
    }

    /// Whether the guard denies this request.
    pub(crate) fn denies(&self, request: &Request) -> bool {
        matches!(self.policy.decide(request), Decision::Denied(_))
    }

    pub(crate) async fn answer(self, request: Request, next: Next) -> Response {
        self.answer_then(request, next, |_, _| {}).await
    }

    /// The response that would be correct with another policy. A policy that is refused changes nothing.
    pub(crate) async fn answer_under(
        self,
        other: Option<PolicyBuilder>,
        request: Request,
        next: Next,
    ) -> Response {
        let cors = match other.map(PolicyBuilder::build) {
            Some(Ok(policy)) => self.with_policy(policy),
            Some(Err(_)) | None => self,
        };
        cors.answer(request, next).await
    }

    /// The correct response, changed by a function.
    pub(crate) async fn answer_then(
        self,
        request: Request,
        next: Next,
        change: impl FnOnce(&Seen, &mut Response),
    ) -> Response {
        let headers = request.headers().clone();
        self.answer_as(headers, request, next, change).await
    }

    /// The response that would be correct if the request had other headers, changed by a function. The application gets the
    /// request unchanged.
    pub(crate) async fn answer_as(
        self,
        headers: HeaderMap,
        request: Request,
        next: Next,
        change: impl FnOnce(&Seen, &mut Response),
    ) -> Response {
        let ask = self.ask(&(request.method(), request.uri(), &headers));
        let answer = ask.await;
        self.answer_with(headers, answer, request, next, change).await
    }

    /// The response that would be correct if the request had other headers and the lookup this answer, changed by a function.
    pub(crate) async fn answer_with(
        self,
        headers: HeaderMap,
        answer: LookupAnswer,
        request: Request,
        next: Next,
        change: impl FnOnce(&Seen, &mut Response),
    ) -> Response {
        let mut seen = Seen {
            policy: self.policy().clone(),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            version: request.version(),
            request: request.headers().clone(),
            own: HeaderMap::new(),
            kind: Kind::Plain,
        };
        let (method, uri) = (seen.method.clone(), request.uri().clone());
        let head = (&method, &uri, &headers);
        let mut response = match self.policy.decide_with(&head, answer) {
            Decision::Preflight(preflight) => {
                let denied = preflight.reason().is_some();
                seen.kind = if denied { Kind::DeniedPreflight } else { Kind::GrantedPreflight };
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::from_u16(preflight.status()).expect("a status");
                self.policy.write_preflight(preflight, &head, response.headers_mut());
                response
            }
            Decision::Denied(denied) => {
                seen.kind = Kind::Refused;
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::from_u16(denied.status()).expect("a status");
                self.policy.write_denied(denied, response.headers_mut());
                response
            }
            Decision::Actual(actual) => {
                let mut response = next.run(request).await;
                seen.own = response.headers().clone();
                self.policy.write_actual(actual, response.headers_mut());
                seen.kind = if !headers.contains_key(header::ORIGIN) {
                    Kind::Plain
                } else if response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
                    Kind::Allowed
                } else {
                    Kind::NotAllowed
                };
                response
            }
        };
        change(&seen, &mut response);
        response
    }
}

/// Whether a request is a CORS-preflight request (Fetch, "CORS protocol").
pub(crate) fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// A header value from text.
pub(crate) fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("a header value")
}

/// Removes every `Access-Control-*` header.
pub(crate) fn remove_cors(headers: &mut HeaderMap) {
    for name in cors_names(headers) {
        headers.remove(name);
    }
}

/// The names of the `Access-Control-*` headers that are there.
pub(crate) fn cors_names(headers: &HeaderMap) -> Vec<HeaderName> {
    headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect()
}
