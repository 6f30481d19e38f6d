//! The exported policies for Rust: they compile, and build the policy that was exported.
//!
//! `REWRITE=1 cargo test -p cors-subjects --test export` writes the files in `exported/` anew.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![expect(unreachable_pub, reason = "the files are modules of applications")]

use std::path::PathBuf;
use std::time::Duration;

use cors_cli::export::{Stack, export};
use cors_core::{Danger, Guard, Policy, Rule};
use rstest::rstest;

#[path = "exported/actix.rs"]
#[rustfmt::skip]
mod actix;
#[path = "exported/axum.rs"]
#[rustfmt::skip]
mod axum;
#[path = "exported/poem.rs"]
#[rustfmt::skip]
mod poem;
#[path = "exported/rocket.rs"]
#[rustfmt::skip]
mod rocket;
#[path = "exported/tower_http.rs"]
#[rustfmt::skip]
mod tower_http;
#[path = "exported/tower_http_odd.rs"]
#[rustfmt::skip]
mod tower_http_odd;
#[path = "exported/warp.rs"]
#[rustfmt::skip]
mod warp;

/// A policy that says everything. Its entries have the order in which a policy returns them, so that it equals what is exported.
fn full() -> Policy {
    let rule = Rule::builder()
        .allow_origins(["https://partner.example.com", "https://*.partner.example.com"])
        .allow_methods(["PUT", "M'$%!"])
        .allow_headers("x-!#$%&'*+.^_`|~")
        .allow_credentials(true)
        .max_age(Duration::from_secs(7200));
    Policy::builder()
        .allow_origins([
            "https://app.example.com",
            "http://[::1]:8080",
            "http://localhost:*",
            "https://*.example.org",
            "https://*-team.example.net:8443",
            "https://pr-*.example.net:*",
            "moz-extension://*",
            "null",
        ])
        .allow_methods("*")
        .allow_headers(["*", "authorization"])
        .expose_headers("x-request-id")
        .max_age(Duration::ZERO)
        .preflight_status(200)
        .diagnostics(true)
        .dangerously_allow([Danger::NullOrigin, Danger::AnyAppOrigin])
        .rule(rule)
        .guard(
            Guard::builder()
                .allow_hosts("api.example.com")
                .exempt("POST", "/login/\"saml\"")
                .report_only(true),
        )
        .build()
        .unwrap()
}

/// A policy whose names have every character that a name can have.
fn odd() -> Policy {
    Policy::builder()
        .allow_origins(["https://xn--bcher-kva.example", "http://[::1]:8080"])
        .allow_methods(["PUT", "M'$%!"])
        .allow_headers(["x-!#$%&'*+.^_`|~"])
        .expose_headers(["x-'$%`"])
        .allow_credentials(true)
        .build()
        .unwrap()
}

#[rstest]
#[case::axum(Stack::Axum, "axum", full())]
#[case::actix(Stack::Actix, "actix", full())]
#[case::rocket(Stack::Rocket, "rocket", full())]
#[case::warp(Stack::Warp, "warp", full())]
#[case::poem(Stack::Poem, "poem", full())]
#[case::tower_http(Stack::TowerHttp, "tower_http", full())]
#[case::tower_http_odd(Stack::TowerHttp, "tower_http_odd", odd())]
fn the_files_are_what_is_exported(#[case] stack: Stack, #[case] name: &str, #[case] policy: Policy) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/exported/{name}.rs"));
    let text = export(&policy, stack).text;
    if std::env::var_os("REWRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == text,
        "{name}.rs is not up to date; run `REWRITE=1 cargo test -p cors-subjects --test export`"
    );
}

#[test]
fn the_exported_policy_is_the_same() {
    let expected = full();
    assert_eq!(axum::cors_policy().unwrap(), expected);
    assert_eq!(actix::cors_policy().unwrap(), expected);
    assert_eq!(rocket::cors_policy().unwrap(), expected);
    assert_eq!(warp::cors_policy().unwrap(), expected);
    assert_eq!(poem::cors_policy().unwrap(), expected);
    assert!(axum::cors().is_ok() && actix::cors().is_ok() && rocket::cors().is_ok());
    assert!(warp::cors().is_ok() && poem::cors().is_ok());
}

/// The `Access-Control-Allow-Origin` and `-Allow-Methods` with which a layer answers a preflight.
async fn preflight(layer: ::tower_http::cors::CorsLayer, origin: &str) -> (Option<String>, Option<String>) {
    use tower::{ServiceBuilder, ServiceExt, service_fn};
    let service = ServiceBuilder::new().layer(layer).service(service_fn(async |_: http::Request<String>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(String::new()))
    }));
    let request = http::Request::options("/")
        .header("origin", origin)
        .header("access-control-request-method", "PUT")
        .body(String::new());
    let Ok(response) = service.oneshot(request.unwrap()).await;
    let header = |name| {
        response.headers().get(name).map(|value: &http::HeaderValue| value.to_str().unwrap().to_owned())
    };
    (header("access-control-allow-origin"), header("access-control-allow-methods"))
}

/// tower-http gets the origins of the policy itself; it has no rules.
#[rstest]
#[case("https://app.example.com")]
#[case("https://a.b.example.org")]
#[case("https://example.org")]
#[case("https://a..example.org")]
#[case("https://evil.example/.example.org")]
#[case("https://x-team.example.net:8443")]
#[case("https://x.y-team.example.net:8443")]
#[case("https://x-team.example.net")]
#[case("https://-team.example.net:8443")]
#[case("https://pr-1.example.net:99")]
#[case("https://pr-1.example.net")]
#[case("https://pr-.example.net")]
#[case("http://localhost")]
#[case("http://localhost:1")]
#[case("http://localhost:x")]
#[case("http://localhost.evil.example")]
#[case("http://[::1]:8080")]
#[case("http://[::1]")]
#[case("moz-extension://0a-b")]
#[case("moz-extension://")]
#[case("null")]
#[case("https://evil.example")]
#[tokio::test]
async fn tower_http_allows_the_same_origins(#[case] origin: &str) {
    let (allowed, _) = preflight(tower_http::cors(), origin).await;
    assert_eq!(allowed.is_some(), full().allows_origin(origin.as_bytes()), "{origin}: {allowed:?}");
}

#[tokio::test]
async fn tower_http_has_names_with_odd_characters() {
    let (origin, methods) = preflight(tower_http_odd::cors(), "http://[::1]:8080").await;
    assert_eq!(origin.as_deref(), Some("http://[::1]:8080"));
    assert_eq!(methods.as_deref(), Some("GET,HEAD,POST,PUT,M'$%!"));
}
