//! What the browser model lets a page read is what the policy allows, for all policies, pages and requests.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::Arc;

use cors_browser::{
    Browser, Credentials, FetchRequest, Network, NetworkFuture, Origin, Outcome, Page, Profile, WireRequest,
    WireResponse,
};
use cors_core::{Decision, PreparedPolicy};
use cors_naive::{NaivePolicy, builder, policies};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use url::Url;

/// A server behind the policy. Its application answers 200 with a header.
struct Server(PreparedPolicy<HeaderValue>);

impl Server {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        let mut received = Request::new(());
        *received.method_mut() = request.method.parse().unwrap();
        for (name, value) in &request.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            received.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
        }
        let mut headers = HeaderMap::new();
        let status = match self.0.decide(&received) {
            Decision::Preflight(preflight) => {
                self.0.write_preflight(preflight, &received, &mut headers);
                preflight.status()
            }
            Decision::Actual(actual) => {
                headers.insert("etag", HeaderValue::from_static("\"1\""));
                self.0.write_actual(actual, &mut headers);
                200
            }
            Decision::Denied(_) => panic!("a policy without a guard denies nothing"),
        };
        headers.iter().fold(WireResponse::new(status), |response, (name, value)| {
            response.with_header(name.as_str(), value.as_bytes())
        })
    }
}

impl Network for Server {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        Box::pin(std::future::ready(Ok(self.respond(&request))))
    }
}

/// What a page does.
#[derive(Clone, Debug)]
struct Case {
    /// `null` is a sandboxed frame.
    origin: &'static str,
    method: &'static str,
    headers: Vec<&'static str>,
    credentials: Credentials,
}

fn cases() -> impl Strategy<Value = Case> {
    let origin = select(vec![
        "https://app.example",
        "https://app.example:8443",
        "http://app.example",
        "https://a.app.example",
        "https://a.b.app.example:9",
        "https://app-1.example",
        "https://evilapp.example",
        "https://pr-1.github.io",
        "http://localhost:3000",
        "http://127.0.0.1:8080",
        "chrome-extension://app",
        "null",
    ]);
    let method = select(vec!["GET", "POST", "PUT", "put", "DELETE", "PATCH", "OPTIONS", "x-own", "X-OTHER"]);
    let headers = subsequence(vec!["Authorization", "X-A", "x-b", "X-Other", "If-Match"], 0..4);
    let credentials = select(vec![Credentials::Omit, Credentials::SameOrigin, Credentials::Include]);
    (origin, method, headers, credentials).prop_map(|(origin, method, headers, credentials)| Case {
        origin,
        method,
        headers,
        credentials,
    })
}

/// Whether the policy allows this page to do it, in the words of the policy.
fn is_allowed(naive: &NaivePolicy, case: &Case) -> bool {
    let contains = |policy: &&NaivePolicy| policy.allows_origin(case.origin.as_bytes());
    let Some(terms) = naive.rules.iter().find(contains).or(Some(naive).filter(contains)) else {
        return false;
    };
    if case.credentials == Credentials::Include && !terms.credentials {
        return false;
    }
    // Fetch, "normalize a method".
    let upper = case.method.to_uppercase();
    let is_normalized = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"].contains(&upper.as_str());
    let method = if is_normalized { upper } else { case.method.to_owned() };
    let any_method = terms.methods == ["*"];
    if !["GET", "HEAD", "POST"].contains(&method.as_str()) && !any_method && !terms.methods.contains(&method)
    {
        return false;
    }
    case.headers.iter().all(|name| {
        let is_listed = terms.headers.iter().any(|listed| listed.eq_ignore_ascii_case(name));
        is_listed || (terms.headers.contains(&"*".to_owned()) && *name != "Authorization")
    })
}

/// Rules of real browsers that let a page do more than the policy says.
const WILDCARD_RULES: [&str; 2] = ["wildcard-covers-authorization", "cached-wildcard-covers-authorization"];

/// Policies that are not refused.
fn accepted() -> impl Strategy<Value = NaivePolicy> {
    policies().prop_filter("the policy is refused", |naive| naive.refusals().is_empty())
}

fn can_read(naive: &NaivePolicy, case: &Case, profile: Profile) -> bool {
    let policy = builder(naive).build().unwrap();
    let browser = Browser::new(Arc::new(Server(PreparedPolicy::new(policy))), profile);
    let page = match case.origin {
        "null" => Page::sandboxed(Origin::parse("https://app.example").unwrap()),
        origin => Page::new(Origin::parse(origin).unwrap()),
    };
    let url = Url::parse("https://api.other.example/item/1").unwrap();
    let request = FetchRequest::new(url).with_method(case.method).with_credentials(case.credentials);
    let request = case.headers.iter().fold(request, |request, name| request.with_header(*name, "1"));
    // Nothing waits.
    let fetched = browser.fetch(&page, request).now_or_never().unwrap();
    matches!(fetched.outcome, Outcome::Response(_))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_page_reads_what_the_policy_allows_and_nothing_else(naive in accepted(), case in cases()) {
        prop_assert_eq!(can_read(&naive, &case, Profile::standard()), is_allowed(&naive, &case));
    }

    #[test]
    fn what_a_real_browser_lets_a_page_read_is_allowed(naive in accepted(), case in cases()) {
        for profile in [Profile::chromium(), Profile::firefox(), Profile::webkit()] {
            // No policy can prevent that these browsers let `*` cover `Authorization`.
            let profile = profile.without(WILDCARD_RULES[0]).without(WILDCARD_RULES[1]);
            prop_assert!(!can_read(&naive, &case, profile) || is_allowed(&naive, &case));
        }
    }
}
