//! The cost of writing the headers of CORS into the header map of each framework, without any decision. No middleware that writes
//! these headers costs less.

use crate::framework::Framework;
use crate::measure::{Sampler, difference, interleaved, time};
use crate::request::Kind;

/// The headers of a preflight response, as the policy of the benchmark has them.
const PREFLIGHT: Headers = &[
    ("access-control-allow-origin", "https://app.example.com"),
    ("access-control-allow-credentials", "true"),
    ("access-control-allow-methods", "GET, PUT"),
    ("access-control-allow-headers", "authorization, content-type"),
    ("access-control-max-age", "600"),
    ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
];
/// The headers of an actual response to an allowed origin.
const ACTUAL: Headers = &[
    ("access-control-allow-origin", "https://app.example.com"),
    ("access-control-allow-credentials", "true"),
    ("access-control-expose-headers", "x-request-id"),
    ("vary", "Origin"),
];
/// The header of any other response.
const PLAIN: Headers = &[("vary", "Origin")];
const NO_HEADERS: Headers = &[];

/// How many responses are timed together.
const BATCH: usize = 256;

type Headers = &'static [(&'static str, &'static str)];

/// Makes a header map with the content type of a response, writes other headers into it, and drops it.
type Write = fn(Headers);

/// The map of a framework.
fn map(framework: Framework) -> Write {
    match framework {
        Framework::Axum
        | Framework::AxumLayer
        | Framework::Warp
        | Framework::WarpFilter
        | Framework::Poem => http_map,
        Framework::Actix => actix_map,
        Framework::Rocket => rocket_map,
    }
}

/// The headers of the response to one kind of request.
fn headers(request: Kind) -> Headers {
    match request {
        Kind::Plain | Kind::Denied => PLAIN,
        Kind::Actual => ACTUAL,
        Kind::Preflight => PREFLIGHT,
    }
}

/// What writing headers costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderCost {
    /// All headers of the response.
    pub(crate) ns: f64,
    /// Their allocations.
    pub(crate) allocs: i64,
    /// A line of `Vary` alone.
    pub(crate) vary_ns: f64,
}

/// Measures what the headers of each row cost in the map of its framework.
pub(crate) fn measure(rows: &[(Framework, Kind)], rounds: usize, progress: impl Fn()) -> Vec<HeaderCost> {
    let sampler =
        |write: Write, headers| -> Sampler<'static> { Box::new(move || time(BATCH, || write(headers))) };
    let mut samplers: Vec<_> = rows
        .iter()
        .map(|&(framework, request)| {
            [NO_HEADERS, headers(request), PLAIN].map(|headers| sampler(map(framework), headers))
        })
        .collect();
    let medians = interleaved(rounds, &mut samplers, progress);
    rows.iter()
        .zip(medians)
        .map(|(&(framework, request), [without, all, vary])| HeaderCost {
            ns: all - without,
            allocs: allocations(map(framework), headers(request)),
            vary_ns: vary - without,
        })
        .collect()
}

/// The allocations for these headers, without those of an otherwise empty map.
fn allocations(write: Write, headers: Headers) -> i64 {
    let count = |headers| allocation_counter::measure(|| write(headers)).count_total;
    difference(count(headers), count(NO_HEADERS))
}

/// The map of the `http` crate.
fn http_map(headers: Headers) {
    use http::{HeaderMap, HeaderName, HeaderValue};

    let mut map = HeaderMap::new();
    map.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    for &(name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    std::hint::black_box(map);
}

/// The map of actix-web.
fn actix_map(headers: Headers) {
    use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

    let mut map = HeaderMap::new();
    map.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    for &(name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    std::hint::black_box(map);
}

/// The map of Rocket.
fn rocket_map(headers: Headers) {
    let mut map = rocket::http::HeaderMap::new();
    map.add_raw("Content-Type", "text/plain; charset=utf-8");
    for &(name, value) in headers {
        map.add_raw(name, value);
    }
    std::hint::black_box(map);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rocket_allocates_for_each_header() {
        assert!(allocations(rocket_map, PREFLIGHT) >= PREFLIGHT.len() as i64);
    }

    #[test]
    fn every_row_has_its_cost() {
        let rows = [(Framework::Axum, Kind::Preflight), (Framework::Rocket, Kind::Plain)];
        let costs = measure(&rows, 1, || {});
        assert_eq!(costs.len(), 2);
        assert!(costs[0].ns > costs[0].vary_ns);
    }
}
