#![doc = include_str!("../README.md")]

pub use cors_core::{Danger, Policy, PolicyBuilder, PolicyError, Problem, ProblemCode, Warning};
use cors_core::{Decision, RequestHead, RequestHeader, ResponseHead, ResponseHeader};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};

/// A policy that can be replaced while the server runs; a request sees one policy from start to end.
pub type PolicyHandle = cors_core::PolicyHandle<HeaderValue>;

/// What [`Cors::new`] takes: a [`Policy`], or a [`PolicyHandle`].
pub type PolicySource = cors_core::PolicySource<HeaderValue>;

/// Answers CORS-preflight requests and writes the CORS headers of every other response.
#[derive(Clone, Debug)]
pub struct Cors {
    policy: PolicySource,
}

impl Cors {
    /// Takes a [`Policy`], or a [`PolicyHandle`] if the policy is to change while the server runs.
    pub fn new(policy: impl Into<PolicySource>) -> Self {
        Self { policy: policy.into() }
    }

    /// Answers a request: a preflight by itself, and any other with the application's response and the CORS headers.
    ///
    /// The framework's interface for middleware takes its place.
    pub async fn answer<A, B: Default>(
        &self,
        request: Request<A>,
        application: impl AsyncFnOnce(Request<A>) -> Response<B>,
    ) -> Response<B> {
        let policy = self.policy.current();
        match policy.decide(&RequestView(&request)) {
            Decision::Preflight(preflight) => {
                let mut response = Response::new(B::default());
                // A policy's statuses are valid ones, by construction; were one not, the browser must not take it
                // for a yes.
                *response.status_mut() =
                    StatusCode::from_u16(preflight.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let headers = &mut ResponseView(response.headers_mut());
                policy.write_preflight(preflight, &RequestView(&request), headers);
                response
            }
            Decision::Actual(actual) => {
                let mut response = application(request).await;
                policy.write_actual(actual, &mut ResponseView(response.headers_mut()));
                response
            }
        }
    }
}

/// The framework's request, as the decision reads it.
struct RequestView<'r, B>(&'r Request<B>);

impl<B> RequestHead for RequestView<'_, B> {
    type Value = HeaderValue;

    fn is_options(&self) -> bool {
        self.0.method() == Method::OPTIONS
    }

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        self.0.headers().get_all(name.name()).iter().map(HeaderValue::as_bytes)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = HeaderValue> {
        self.0.headers().get_all(name.name()).iter().cloned()
    }
}

/// The headers of the framework's response, as the decision writes them.
struct ResponseView<'r>(&'r mut HeaderMap);

impl ResponseHead for ResponseView<'_> {
    type Value = HeaderValue;

    fn append(&mut self, name: ResponseHeader, value: HeaderValue) {
        self.0.append(HeaderName::from_static(name.name()), value);
    }

    fn vary(&self) -> impl Iterator<Item = &[u8]> {
        self.0.get_all(header::VARY).iter().map(HeaderValue::as_bytes)
    }

    fn remove_with_prefix(&mut self, prefix: &str) {
        while let Some(name) = self.0.keys().find(|name| name.as_str().starts_with(prefix)).cloned() {
            self.0.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const PAGE: &str = "https://app.example";

    fn answer(request: http::request::Builder) -> Response<String> {
        let policy = Policy::builder().allow_origins(PAGE).allow_methods("PUT").build().expect("a policy");
        let request = request.header(header::ORIGIN, PAGE).body(()).expect("a request");
        let cors = Cors::new(policy);
        let response = cors.answer(request, async |_| Response::new("hello".to_owned()));
        response.now_or_never().expect("nothing to wait for")
    }

    #[test]
    fn a_preflight_is_answered_without_the_application() {
        let request = Request::options("/").header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT");
        let response = answer(request);
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_METHODS], "PUT");
        assert_eq!(response.body(), "");
    }

    #[test]
    fn a_response_of_the_application_gains_the_headers() {
        let response = answer(Request::get("/"));
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
        assert_eq!(response.headers()[header::VARY], "Origin");
        assert_eq!(response.body(), "hello");
    }
}
