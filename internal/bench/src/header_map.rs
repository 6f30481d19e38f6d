//! What each framework's own map of headers charges for the headers that CORS has to write, without any decision: no middleware that
//! writes them costs less.

use serde::Serialize;

use crate::measure::{interleaved, time};

/// The headers of a preflight's answer, as the benchmark's policy has them.
const PREFLIGHT: [(&str, &str); 6] = [
    ("access-control-allow-origin", "https://app.example.com"),
    ("access-control-allow-credentials", "true"),
    ("access-control-allow-methods", "GET, PUT"),
    ("access-control-allow-headers", "authorization, content-type"),
    ("access-control-max-age", "600"),
    ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
];
/// Those of an actual response with an allowed origin.
const ACTUAL: [(&str, &str); 4] = [
    ("access-control-allow-origin", "https://app.example.com"),
    ("access-control-allow-credentials", "true"),
    ("access-control-expose-headers", "x-request-id"),
    ("vary", "Origin"),
];
/// That of any other response.
const PLAIN: [(&str, &str); 1] = [("vary", "Origin")];

/// How many responses are written at a time.
const BATCH: usize = 256;

/// A map of headers with one entry, the type of a body, into which others are written.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HeaderMapCost {
    pub(crate) map: &'static str,
    pub(crate) headers: usize,
    pub(crate) ns: f64,
    pub(crate) allocs: u64,
}

pub(crate) fn measure(rounds: usize, progress: impl Fn()) -> Vec<HeaderMapCost> {
    type Write = Box<dyn Fn(&'static [(&'static str, &'static str)])>;
    let maps: [(&str, Write); 3] = [
        ("http (axum, warp, Poem)", Box::new(http_map())),
        ("actix-http (actix-web)", Box::new(actix_map())),
        ("Rocket", Box::new(rocket_map)),
    ];
    let sets: [&'static [_]; 4] = [&[], &PLAIN, &ACTUAL, &PREFLIGHT];
    let mut samplers: Vec<Box<dyn FnMut() -> f64 + '_>> = Vec::new();
    for (_, write) in &maps {
        for set in sets {
            samplers.push(Box::new(move || time(BATCH, || write(set))));
        }
    }
    let medians = interleaved(rounds, &mut samplers, progress);
    let allocations = |write: &Write, set| allocation_counter::measure(|| write(set)).count_total;
    maps.iter()
        .zip(medians.chunks(sets.len()))
        .flat_map(|((map, write), ns)| {
            let bare = allocations(write, sets[0]);
            [1, 2, 3].map(|index| HeaderMapCost {
                map,
                headers: sets[index].len(),
                ns: ns[index] - ns[0],
                allocs: allocations(write, sets[index]).saturating_sub(bare),
            })
        })
        .collect()
}

/// The `http` crate's.
fn http_map() -> impl Fn(&'static [(&'static str, &'static str)]) {
    use http::{HeaderMap, HeaderName, HeaderValue};

    |set| {
        let mut map = HeaderMap::new();
        map.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        for &(name, value) in set {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        std::hint::black_box(map);
    }
}

/// actix-web's.
fn actix_map() -> impl Fn(&'static [(&'static str, &'static str)]) {
    use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

    |set| {
        let mut map = HeaderMap::new();
        map.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        for &(name, value) in set {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        std::hint::black_box(map);
    }
}

/// Rocket's.
fn rocket_map(set: &'static [(&'static str, &'static str)]) {
    let mut map = rocket::http::HeaderMap::new();
    map.add_raw("Content-Type", "text/plain; charset=utf-8");
    for &(name, value) in set {
        map.add_raw(name, value);
    }
    std::hint::black_box(map);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_map_is_measured_with_every_set() {
        let costs = measure(1, || {});
        let headers: Vec<_> = costs.iter().map(|cost| cost.headers).collect();
        assert_eq!(headers, [1, 4, 6].repeat(3));
        // Rocket's map has a vector for each name.
        assert!(costs[8].allocs >= 6, "{costs:?}");
    }
}
