//! Tests of the middleware in actix-web applications.

mod allocation;
mod error;
mod placement;
mod preflight;
mod response;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::test::TestRequest;
use cors_actix::{Cors, Policy, PolicyBuilder};

const APP: &str = "https://app.example";

/// A policy that allows [`APP`].
fn builder() -> PolicyBuilder {
    Policy::builder().allow_origins(APP).allow_methods("PUT").allow_headers("x-a")
}

fn cors(builder: PolicyBuilder) -> Cors {
    Cors::new(builder.build().expect("a valid policy"))
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header((header::ORIGIN, APP))
}

fn preflight(path: &str, method: &str) -> TestRequest {
    TestRequest::default()
        .method(Method::OPTIONS)
        .uri(path)
        .insert_header((header::ORIGIN, APP))
        .insert_header((header::ACCESS_CONTROL_REQUEST_METHOD, method))
}

/// Returns all lines of a header.
fn lines<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).map(|value| value.to_str().expect("visible ASCII")).collect()
}
