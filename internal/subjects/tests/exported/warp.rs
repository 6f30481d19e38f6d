// CORS for warp, written by `cors policy export`.
// https://docs.rs/cors-warp

use std::time::Duration;

use cors_warp::{Cors, Danger, Guard, Policy, PolicyError, Rule};

/// Builds the CORS policy.
pub fn cors_policy() -> Result<Policy, PolicyError> {
    Policy::builder()
        .allow_origins(["https://app.example.com", "http://[::1]:8080", "http://localhost:*", "https://*.example.org", "https://*-team.example.net:8443", "https://pr-*.example.net:*", "moz-extension://*", "null"])
        .allow_methods(["*"])
        .allow_headers(["*", "authorization"])
        .expose_headers(["x-request-id"])
        .max_age(Duration::from_secs(0))
        .dangerously_allow([Danger::AnyAppOrigin, Danger::NullOrigin])
        .rule(
            Rule::builder()
                .allow_origins(["https://partner.example.com", "https://*.partner.example.com"])
                .allow_methods(["PUT", "M'$%!"])
                .allow_headers(["x-!#$%&'*+.^_`|~"])
                .allow_credentials(true)
                .max_age(Duration::from_secs(7200)),
        )
        .preflight_status(200)
        .diagnostics(true)
        .guard(
            Guard::builder()
                .allow_hosts(["api.example.com"])
                .exempt("POST", "/login/\"saml\"")
                .report_only(true),
        )
        .build()
}

/// Builds the middleware: `cors()?.wrap(routes)`.
pub fn cors() -> Result<Cors, PolicyError> {
    Ok(Cors::new(cors_policy()?))
}
