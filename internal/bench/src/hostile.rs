//! Requests that try to be expensive, beside an ordinary preflight with the same policy.

use std::hint::black_box;

use cors_core::Policy;
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
    pub(crate) request: &'static str,
    pub(crate) ns: f64,
    /// The time, divided by that of an ordinary preflight.
    pub(crate) ratio: f64,
    pub(crate) allocs: u64,
}

pub(crate) fn measure(rounds: usize, progress: impl Fn()) -> Vec<Hostile> {
    let policy = policy();
    let requests = requests();
    let decide = |request: &Request<()>| drop(black_box(policy.decide(black_box(request))));
    let mut samplers: Vec<[Sampler<'_>; 1]> = requests
        .iter()
        .map(|(_, request)| -> [Sampler<'_>; 1] { [Box::new(move || time(BATCH, || decide(request)))] })
        .collect();
    let medians = interleaved(rounds, &mut samplers, progress);

    let [ordinary] = medians[0];
    let rows = requests.iter().zip(&medians);
    rows.map(|((name, request), &[ns])| Hostile {
        request: name,
        ns,
        ratio: ns / ordinary,
        allocs: allocation_counter::measure(|| decide(request)).count_total,
    })
    .collect()
}

/// Exact origins, nested wildcards as deep as DNS names can be, and partial labels of all lengths, the last two with a port.
#[expect(clippy::expect_used, reason = "the policy is the same in every run")]
fn policy() -> Policy {
    let nested = (0..LABELS).map(|labels| format!("https://*.{}example.org:8443", "a.".repeat(labels)));
    let partial = (1..LONGEST_LABEL).map(|after| format!("https://*{}.example.net:8443", "a".repeat(after)));
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
            from(&format!("https://{}.example.net", "a".repeat(LONGEST_LABEL))),
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
