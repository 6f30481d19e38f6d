//! The cost of writing the headers of CORS into the header map of each framework, without any decision. No middleware that writes
//! these headers costs less.

use serde::Serialize;

use crate::measure::{Sampler, interleaved, time};

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

const MAPS: [(&str, Write); 3] =
    [("http (axum, warp, Poem)", http_map), ("actix-http (actix-web)", actix_map), ("Rocket", rocket_map)];

/// The cost of writing a number of headers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HeaderMapCost {
    pub(crate) map: &'static str,
    pub(crate) headers: usize,
    pub(crate) ns: f64,
    pub(crate) allocs: u64,
}

pub(crate) fn measure(rounds: usize, progress: impl Fn()) -> Vec<HeaderMapCost> {
    let sampler =
        |write: Write, headers| -> Sampler<'static> { Box::new(move || time(BATCH, || write(headers))) };
    let mut samplers: Vec<_> = MAPS
        .iter()
        .map(|&(_, write)| [NO_HEADERS, PLAIN, ACTUAL, PREFLIGHT].map(|set| sampler(write, set)))
        .collect();
    let medians = interleaved(rounds, &mut samplers, progress);
    MAPS.iter()
        .zip(medians)
        .flat_map(|(&(map, write), [without, plain, actual, preflight])| {
            [(PLAIN, plain), (ACTUAL, actual), (PREFLIGHT, preflight)].map(|(set, ns)| HeaderMapCost {
                map,
                headers: set.len(),
                ns: ns - without,
                allocs: allocations(write, set),
            })
        })
        .collect()
}

/// The allocations for these headers, without those of an otherwise empty map.
fn allocations(write: Write, headers: Headers) -> u64 {
    let count = |headers| allocation_counter::measure(|| write(headers)).count_total;
    count(headers).saturating_sub(count(NO_HEADERS))
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
        assert!(allocations(rocket_map, PREFLIGHT) >= PREFLIGHT.len() as u64);
    }

    #[test]
    fn every_map_has_a_row_for_every_set_of_headers() {
        let rows: Vec<_> = measure(1, || {}).iter().map(|cost| (cost.map, cost.headers)).collect();
        let expected: Vec<_> =
            MAPS.iter().flat_map(|&(map, _)| [1, 4, 6].map(|headers| (map, headers))).collect();
        assert_eq!(rows, expected);
    }
}
