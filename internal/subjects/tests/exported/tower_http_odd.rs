// CORS for tower-http, written by `cors policy export`.
// https://docs.rs/tower-http/latest/tower_http/cors/

use http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Builds the layer: put it around the whole router, as the outermost one.
pub fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list([HeaderValue::from_static("https://xn--bcher-kva.example"), HeaderValue::from_static("http://[::1]:8080")] as [HeaderValue; 2]))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::from_bytes(b"M'$%!").expect("a method")])
        .allow_headers([HeaderName::from_static("x-!#$%&'*+.^_`|~")])
        .expose_headers([HeaderName::from_static("x-'$%`")])
        .allow_credentials(true)
}
