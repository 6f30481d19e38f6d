//! Requests made to be expensive, beside an ordinary preflight of the same policy.

use std::hint::black_box;

use cors_core::Policy;
use http::{HeaderValue, Request};
use serde::Serialize;

use crate::measure::{interleaved, time};
use crate::request::{METHODS, ORIGINS, REQUEST_HEADERS};

/// How many decisions are timed at a time.
const BATCH: usize = 100;
const MEBIBYTE: usize = 1 << 20;
/// How many labels the longest name of the DNS has room for.
const LABELS: usize = 115;

/// What deciding about one kind of request costs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Hostile {
    pub(crate) request: &'static str,
    pub(crate) ns: f64,
    /// Over the first one, an ordinary preflight.
    pub(crate) ratio: f64,
    pub(crate) allocs: u64,
}

pub(crate) fn measure(rounds: usize, progress: impl Fn()) -> Vec<Hostile> {
    let policy = policy();
    let requests = requests();
    let decide = |request: &Request<()>| drop(black_box(policy.decide(black_box(request))));
    let mut samplers: Vec<Box<dyn FnMut() -> f64 + '_>> = Vec::new();
    for (_, request) in &requests {
        samplers.push(Box::new(move || time(BATCH, || decide(request))));
    }
    let medians = interleaved(rounds, &mut samplers, progress);

    let ordinary = medians[0];
    let rows = requests.iter().zip(&medians);
    rows.map(|((name, request), ns)| Hostile {
        request: name,
        ns: *ns,
        ratio: ns / ordinary,
        allocs: allocation_counter::measure(|| decide(request)).count_total,
    })
    .collect()
}

/// Exact origins, and wildcards that nest as deep as names can be, on a port.
#[expect(clippy::expect_used, reason = "a policy that is made right")]
fn policy() -> Policy {
    let nested = (0..LABELS).map(|labels| format!("https://*.{}example.org:8443", "a.".repeat(labels)));
    let origins: Vec<_> = ORIGINS.iter().map(|&origin| origin.to_owned()).chain(nested).collect();
    Policy::builder()
        .allow_origins(origins)
        .allow_methods(METHODS)
        .allow_headers(REQUEST_HEADERS)
        .allow_credentials(true)
        .build()
        .expect("a safe policy")
}

fn requests() -> Vec<(&'static str, Request<()>)> {
    let asking = |lines: &[String]| preflight(ORIGINS[1], lines);
    let wanting = |method: &str| with(asking(&[]), METHOD, &[method.to_owned()]);
    let from = |origin: &str| preflight(origin, &["authorization,content-type".to_owned()]);
    let list = |name: &str, times: usize| vec![name; times].join(",");
    vec![
        ("an ordinary preflight", from(ORIGINS[1])),
        ("1 MiB of commas", asking(&[",".repeat(MEBIBYTE)])),
        ("1 MiB of white space", asking(&[" ".repeat(MEBIBYTE)])),
        ("a name of 1 MiB", asking(&["a".repeat(MEBIBYTE)])),
        ("1 MiB of allowed names", asking(&[list("content-type", MEBIBYTE / 13)])),
        ("1,000 lines of commas, 1 MiB together", asking(&vec![",".repeat(MEBIBYTE / 1000); 1000])),
        ("1,000 lines of white space, 1 MiB together", asking(&vec![" ".repeat(MEBIBYTE / 1000); 1000])),
        (
            "1,000 lines of one long name each, 1 MiB together",
            asking(&vec!["a".repeat(MEBIBYTE / 1000); 1000]),
        ),
        ("1,000 lines of an allowed name", asking(&vec!["content-type".to_owned(); 1000])),
        ("1,000 empty lines", asking(&vec![String::new(); 1000])),
        ("4 KiB of white space", asking(&[" ".repeat(4096)])),
        ("a name of 4 KiB", asking(&["a".repeat(4096)])),
        ("64 allowed names", asking(&[list("content-type", 64)])),
        ("a method of 1 MiB", wanting(&"A".repeat(MEBIBYTE))),
        ("a method of 256 bytes", wanting(&"A".repeat(256))),
        ("an origin of 64 KiB", from(&format!("https://{}", "a".repeat(1 << 16)))),
        ("an origin of 64 KiB of labels", from(&format!("https://{}example.org:8443", "a.".repeat(1 << 15)))),
        (
            "the longest origin that shares every suffix",
            from(&format!("https://{}example.org", "a.".repeat(LABELS))),
        ),
        ("the same on another port", from(&format!("https://{}example.org:8444", "a.".repeat(LABELS)))),
        (
            "the same, invalid in its first label",
            from(&format!("https://A.{}example.org:8443", "a.".repeat(LABELS))),
        ),
    ]
}

const METHOD: &str = "access-control-request-method";

#[expect(clippy::expect_used, reason = "values of visible ASCII")]
fn preflight(origin: &str, lines: &[String]) -> Request<()> {
    let request = Request::options("/").header("origin", origin).header(METHOD, "PUT");
    with(request.body(()).expect("a request"), "access-control-request-headers", lines)
}

/// The request with these lines of a header in place of its own.
#[expect(clippy::expect_used, reason = "values of visible ASCII")]
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
    fn only_the_first_is_granted_but_for_what_is_within_the_bounds() {
        let policy = policy();
        let granted: Vec<_> = requests()
            .iter()
            .filter(|(_, request)| {
                matches!(policy.decide(request), Decision::Preflight(preflight) if preflight.reason().is_none())
            })
            .map(|(name, _)| *name)
            .collect();
        let within = ["an ordinary preflight", "4 KiB of white space", "64 allowed names"];
        assert_eq!(granted, within);
    }
}
