//! Counts heap allocations: a policy that does not depend on the request pays nothing for those that do.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use allocation_counter::measure;
use cors_warp::{Cors, Policy, PolicyHandle, PolicySource};
use rstest::rstest;
use tower::Service;
use warp::http::Request;
use warp::reply::Response;
use warp::{Filter, Reply};

const APP: &str = "https://app.example";

/// One for the boxed routes, and two for the copy of the headers.
const OURS: u64 = 2;

fn policy() -> Policy {
    let policy = Policy::builder().allow_origins([APP]).expose_headers(["x-a"]).allow_credentials(true);
    policy.build().expect("a valid policy")
}

/// The allocations of a request to this application. The request has `Host`, and `Origin` if there is one.
fn allocations<F>(application: F, origin: Option<&'static str>) -> u64
where
    F: Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static,
{
    let mut service = warp::service(application);
    let mut counted = 0;
    // The first request also pays for what is allocated once per process.
    for _ in 0..2 {
        let request = Request::get("/hello").header("host", "api.example");
        let request = match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        };
        let request = request.body(String::new()).expect("a valid request");
        // The first clone of a value that was made from a string allocates. Values that a server reads share one buffer.
        drop(request.headers().clone());
        let mut request = Some(request);
        let answer = || {
            let response = pin!(service.call(request.take().expect("called once")));
            let is_ready = response.poll(&mut Context::from_waker(Waker::noop())).is_ready();
            assert!(is_ready, "the routes answer at once");
        };
        counted = measure(answer).count_total;
    }
    counted
}

fn routes() -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    warp::any().map(|| {
        let mut response = "hello".into_response();
        // Room for the headers of a policy.
        response.headers_mut().reserve(16);
        response
    })
}

/// What the policies add to the bare routes.
fn added(source: impl Into<PolicySource>, origin: Option<&'static str>) -> u64 {
    let bare = allocations(routes(), origin);
    assert!(bare > 0, "nothing was measured");
    allocations(Cors::new(source).wrap(routes()), origin) - bare
}

#[rstest]
#[case::fixed(policy().into())]
#[case::handle(PolicyHandle::new(policy()).into())]
fn only_a_policy_by_request_reads_the_target(
    #[case] source: PolicySource,
    #[values(None, Some(APP), Some("https://evil.example"))] origin: Option<&'static str>,
) {
    assert_eq!(added(source, origin), OURS);
    let by_request = PolicySource::by_request(policy(), |_| None);
    assert!(added(by_request, origin) > OURS);
}
