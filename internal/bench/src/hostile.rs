//! Requests that try to be expensive, beside an ordinary request with the same policy.

use std::hint::black_box;

use cors_core::{Guard, GuardAction, Policy, Rule};
use http::{HeaderValue, Request};
use serde::Serialize;

use crate::measure::{Sampler, interleaved, time};
use crate::request::{METHODS, ORIGINS, REQUEST_HEADERS};

/// How many decisions are timed together.
const BATCH: usize = 100;
const MEBIBYTE: usize = 1 << 20;
/// How many one-letter labels fit into the longest DNS name that ends with `example.org`.
const LABELS: usize = 115;
/// The most bytes of a label of a DNS name.
const LONGEST_LABEL: usize = 63;

/// The cost of deciding about one request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Hostile {
    pub(crate) policy: &'static str,
    pub(crate) request: &'static str,
    pub(crate) ns: f64,
    /// The time, divided by that of the policy's first request, which is an ordinary one.
    pub(crate) ratio: f64,
    pub(crate) allocs: u64,
}

pub(crate) fn measure(rounds: usize, progress: impl Fn()) -> Vec<Hostile> {
    let cases = cases();
    let decide = |policy: &Policy, request: &Request<()>| drop(black_box(policy.decide(black_box(request))));
    let rows: Vec<_> = cases
        .iter()
        .flat_map(|case| case.requests.iter().map(move |(name, request)| (case, *name, request)))
        .collect();
    let mut samplers: Vec<[Sampler<'_>; 1]> = rows
        .iter()
        .map(|&(case, _, request)| -> [Sampler<'_>; 1] {
            [Box::new(move || time(BATCH, || decide(&case.policy, request)))]
        })
        .collect();
    let medians = interleaved(rounds, &mut samplers, progress);

    let mut ordinary = f64::NAN;
    let mut last = "";
    let rows = rows.iter().zip(&medians);
    rows.map(|(&(case, request_name, request), &[ns])| {
        if case.name != last {
            (ordinary, last) = (ns, case.name);
        }
        Hostile {
            policy: case.name,
            request: request_name,
            ns,
            ratio: ns / ordinary,
            allocs: allocation_counter::measure(|| decide(&case.policy, request)).count_total,
        }
    })
    .collect()
}

/// A policy and the requests about which it decides, an ordinary one first.
struct Case {
    name: &'static str,
    policy: Policy,
    requests: Vec<(&'static str, Request<()>)>,
}

fn cases() -> Vec<Case> {
    let origins = Case { name: "many patterns", policy: policy(), requests: requests() };
    let rules = Case { name: "rules and a guard", policy: policy_with_rules(), requests: guarded_requests() };
    vec![origins, rules]
}

/// A thousand rules with the same patterns, and a guard that makes all of its checks.
#[expect(clippy::expect_used, reason = "the policy is the same in every run")]
fn policy_with_rules() -> Policy {
    let rule = |number: usize| {
        let origins = [
            format!("https://team-{number}.example.com"),
            format!("https://*.team-{number}.example.org"),
            format!("https://pr-*-{number}.example.net"),
        ];
        Rule::builder().allow_origins(origins).allow_methods(METHODS).allow_headers(REQUEST_HEADERS)
    };
    let guard = Guard::builder()
        .allow_hosts(["api.example.com"])
        .foreign_origins(GuardAction::Deny)
        .exempt("POST", "/webhook")
        .exempt("POST", "/csp-report");
    Policy::builder()
        .allow_origins(ORIGINS)
        .allow_methods(METHODS)
        .allow_headers(REQUEST_HEADERS)
        .allow_credentials(true)
        .rules((0..1000).map(rule))
        .guard(guard)
        .build()
        .expect("the policy is valid")
}

fn guarded_requests() -> Vec<(&'static str, Request<()>)> {
    let to = |request, hosts: &[String]| with(request, "host", hosts);
    let host = || vec!["api.example.com".to_owned()];
    let preflight = |origin: &str, names: &str| to(preflight(origin, &[names.to_owned()]), &host());
    let request = |method: &str, origins: &[String]| with(to(actual(method), &host()), "origin", origins);
    let foreign = || vec!["https://evil.example.net".to_owned()];
    vec![
        ("an ordinary preflight", preflight(ORIGINS[1], "authorization,content-type")),
        ("a preflight of a rule", preflight("https://pr-1-999.example.net", "authorization,content-type")),
        ("64 allowed names", preflight("https://team-999.example.com", &vec!["content-type"; 64].join(","))),
        (
            "the longest origin below a domain of a rule",
            preflight(&format!("https://{}team-999.example.org", "a.".repeat(110)), "content-type"),
        ),
        ("a write of a foreign origin", request("POST", &foreign())),
        (
            "a write of a foreign origin of 64 KiB",
            request("POST", &[format!("https://{}", "a".repeat(1 << 16))]),
        ),
        ("a write with 1,000 origins", request("POST", &vec![ORIGINS[1].to_owned(); 1000])),
        ("a method of 1 MiB", request(&"A".repeat(MEBIBYTE), &foreign())),
        ("1,000 hosts", to(actual("GET"), &vec!["api.example.com".to_owned(); 1000])),
        ("a host of 64 KiB", to(actual("GET"), &["a".repeat(1 << 16)])),
        ("a host of 64 KiB of labels", to(actual("GET"), &["a.".repeat(1 << 15)])),
        ("a site of 1 MiB", with(request("POST", &foreign()), "sec-fetch-site", &["a".repeat(MEBIBYTE)])),
        ("a handshake", with(request("GET", &foreign()), "upgrade", &["websocket".to_owned()])),
        ("1 MiB of commas in Upgrade", with(request("GET", &foreign()), "upgrade", &[",".repeat(MEBIBYTE)])),
        (
            "1,000 lines of Upgrade",
            with(request("GET", &foreign()), "upgrade", &vec!["h2c".to_owned(); 1000]),
        ),
    ]
}

#[expect(clippy::expect_used, reason = "all values are visible ASCII")]
fn actual(method: &str) -> Request<()> {
    Request::builder().method(method).uri("/item").body(()).expect("the request is valid")
}

/// Exact origins, nested wildcards as deep as DNS names can be, and partial labels of all lengths, each with another port.
#[expect(clippy::expect_used, reason = "the policy is the same in every run")]
fn policy() -> Policy {
    let nested = (0..LABELS).map(|labels| format!("https://*.{}example.org:8443", "a.".repeat(labels)));
    let partial = (1..LONGEST_LABEL)
        .map(|after| format!("https://*{}.example.net:{}", "a".repeat(after), 8000 + after));
    let exact = ORIGINS.iter().map(|&origin| origin.to_owned());
    let origins: Vec<_> = exact.chain(nested).chain(partial).collect();
    Policy::builder()
        .allow_origins(origins)
        .allow_methods(METHODS)
        .allow_headers(REQUEST_HEADERS)
        .allow_credentials(true)
        .build()
        .expect("the policy is valid")
}

fn requests() -> Vec<(&'static str, Request<()>)> {
    let headers = |lines: &[String]| preflight(ORIGINS[1], lines);
    let method = |method: &str| with(headers(&[]), METHOD, &[method.to_owned()]);
    let from = |origin: &str| preflight(origin, &["authorization,content-type".to_owned()]);
    let list = |name: &str, times: usize| vec![name; times].join(",");
    vec![
        ("an ordinary preflight", from(ORIGINS[1])),
        ("1 MiB of commas", headers(&[",".repeat(MEBIBYTE)])),
        ("1 MiB of white space", headers(&[" ".repeat(MEBIBYTE)])),
        ("a name of 1 MiB", headers(&["a".repeat(MEBIBYTE)])),
        ("1 MiB of allowed names", headers(&[list("content-type", MEBIBYTE / 13)])),
        ("1,000 lines of commas, 1 MiB together", headers(&vec![",".repeat(MEBIBYTE / 1000); 1000])),
        ("1,000 lines of white space, 1 MiB together", headers(&vec![" ".repeat(MEBIBYTE / 1000); 1000])),
        (
            "1,000 lines of one long name each, 1 MiB together",
            headers(&vec!["a".repeat(MEBIBYTE / 1000); 1000]),
        ),
        ("1,000 lines of an allowed name", headers(&vec!["content-type".to_owned(); 1000])),
        ("1,000 empty lines", headers(&vec![String::new(); 1000])),
        ("4 KiB of white space", headers(&[" ".repeat(4096)])),
        ("a name of 4 KiB", headers(&["a".repeat(4096)])),
        ("64 allowed names", headers(&[list("content-type", 64)])),
        ("a method of 1 MiB", method(&"A".repeat(MEBIBYTE))),
        ("a method of 256 bytes", method(&"A".repeat(256))),
        ("an origin of 64 KiB", from(&format!("https://{}", "a".repeat(1 << 16)))),
        ("an origin of 64 KiB of labels", from(&format!("https://{}example.org:8443", "a.".repeat(1 << 15)))),
        (
            "the longest origin, with every suffix of the policy",
            from(&format!("https://{}example.org", "a.".repeat(LABELS))),
        ),
        ("the same on another port", from(&format!("https://{}example.org:8444", "a.".repeat(LABELS)))),
        (
            "the same, invalid in its first label",
            from(&format!("https://A.{}example.org:8443", "a.".repeat(LABELS))),
        ),
        (
            "the longest label, with the end of every partial label",
            from(&format!("https://{}.example.net:9000", "a".repeat(LONGEST_LABEL))),
        ),
    ]
}

const METHOD: &str = "access-control-request-method";

#[expect(clippy::expect_used, reason = "all values are visible ASCII")]
fn preflight(origin: &str, lines: &[String]) -> Request<()> {
    let request = Request::options("/").header("origin", origin).header(METHOD, "PUT");
    with(request.body(()).expect("the request is valid"), "access-control-request-headers", lines)
}

/// Replaces all lines of a header.
#[expect(clippy::expect_used, reason = "all values are visible ASCII")]
fn with(mut request: Request<()>, name: &'static str, lines: &[String]) -> Request<()> {
    request.headers_mut().remove(name);
    for line in lines {
        let line = HeaderValue::from_str(line).expect("visible ASCII");
        request.headers_mut().append(name, line);
    }
    request
}

#[cfg(test)]
mod tests {
    use cors_core::Decision;

    use super::*;

    #[test]
    fn only_requests_within_the_limits_are_allowed() {
        let policy = policy();
        let allowed: Vec<_> = requests()
            .iter()
            .filter(|(_, request)| {
                matches!(policy.decide(request), Decision::Preflight(preflight) if preflight.reason().is_none())
            })
            .map(|(name, _)| *name)
            .collect();
        let within = ["an ordinary preflight", "4 KiB of white space", "64 allowed names"];
        assert_eq!(allowed, within);
    }
}
