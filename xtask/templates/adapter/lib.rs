#![doc = include_str!("../README.md")]

use cors_core::Decision;
pub use cors_core::{
    Danger, Policy, PolicyBuilder, PolicyError, Problem, ProblemCode, Reason, Warning, WarningCode,
};
use http::{HeaderValue, Request, Response};

/// A policy that can be replaced while the server runs. Each request uses one policy from start to end.
pub type PolicyHandle = cors_core::PolicyHandle<HeaderValue>;

/// What [`Cors::new`] accepts: a [`Policy`] or a [`PolicyHandle`].
pub type PolicySource = cors_core::PolicySource<HeaderValue>;

/// Answers CORS-preflight requests and adds the CORS headers to every other response.
#[derive(Clone, Debug)]
pub struct Cors {
    policy: PolicySource,
}

impl Cors {
    /// Uses a [`Policy`], or a [`PolicyHandle`] to replace the policy while the server runs.
    pub fn new(policy: impl Into<PolicySource>) -> Self {
        let policy = policy.into();
        policy.log_warnings();
        Self { policy }
    }

    /// Answers preflights, and requests that the policy's guard denies. Calls the application for every other request, and adds the
    /// CORS headers to its response.
    ///
    /// The framework's interface for middleware replaces this method.
    pub async fn answer<A, B: Default>(
        &self,
        request: Request<A>,
        application: impl AsyncFnOnce(Request<A>) -> Response<B>,
    ) -> Response<B> {
        let policy = self.policy.for_request(&request);
        // Ready at once, unless the policy has a lookup that must be asked.
        let answer = policy.ask(&request).await;
        let (status, headers) = match policy.decide_with(&request, answer) {
            Decision::Actual(actual) => {
                let mut response = application(request).await;
                policy.write_actual(actual, response.headers_mut());
                return response;
            }
            Decision::Preflight(preflight) => policy.answer_preflight(preflight, &request),
            Decision::Denied(denied) => policy.answer_denied(denied),
        };
        let mut response = Response::new(B::default());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use http::{StatusCode, header};

    use super::*;

    // Rewrite these tests together with `Cors::answer`.
    const PAGE: &str = "https://app.example";

    fn answer(request: http::request::Builder) -> Response<String> {
        let policy = Policy::builder().allow_origins(PAGE).allow_methods("PUT").build().expect("a policy");
        let request = request.header(header::ORIGIN, PAGE).body(()).expect("a request");
        let cors = Cors::new(policy);
        let response = cors.answer(request, async |_| Response::new("hello".to_owned()));
        response.now_or_never().expect("nothing to wait for")
    }

    #[test]
    fn a_preflight_does_not_reach_the_application() {
        let request = Request::options("/").header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT");
        let response = answer(request);
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_METHODS], "PUT");
        assert_eq!(response.body(), "");
    }

    #[test]
    fn a_response_of_the_application_gets_the_headers() {
        let response = answer(Request::get("/"));
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
        assert_eq!(response.headers()[header::VARY], "Origin");
        assert_eq!(response.body(), "hello");
    }
}
