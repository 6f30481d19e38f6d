//! The middleware `actix-cors`, configured as its documentation recommends.

use actix_cors::Cors;
use actix_web::HttpServer;
use actix_web::http::header::HeaderValue;
use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt, ready};

use super::actix::serve;
use super::guard::with_own_origins;
use super::origin_pattern::OriginPattern;
use super::unsafe_start::{ANY_ORIGIN, NULL, PREFIX, REFLECTED, no_option, started};
use super::{Server, StartError, Subject, SubjectKind, UnsafeStart, locked_version};
use crate::specimen::{Hits, actix::application};

/// `actix-cors`'s `Cors`, which denies other origins if the policy has a guard, around the actix-web specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct ActixCors;

impl Subject for ActixCors {
    fn name(&self) -> &str {
        "actix-cors"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Middleware
    }

    fn framework(&self) -> &str {
        "actix-web"
    }

    fn version(&self) -> &str {
        locked_version("actix-cors")
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        let policy = match with_own_origins(policy) {
            Ok(policy) => policy.into_owned(),
            Err(lack) => return ready(Err(StartError::Inexpressible(lack.to_owned()))).boxed(),
        };
        if let Some(lack) = lack(&policy) {
            return ready(Err(StartError::Inexpressible(lack.to_owned()))).boxed();
        }
        ready(serve_with(move || configure(&policy))).boxed()
    }

    fn start_unsafe<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
        ready(start_unsafe(name)).boxed()
    }
}

/// Serves the specimen with the middleware that `cors` makes for each worker.
fn serve_with(cors: impl Fn() -> Cors + Clone + Send + 'static) -> Result<Server, StartError> {
    let hits = Hits::default();
    let application = move || application(hits.clone()).wrap(cors());
    serve(|listener| {
        let server = HttpServer::new(application).workers(1).disable_signals();
        server.listen_auto_h2c(listener).map(HttpServer::run)
    })
}

fn start_unsafe(configuration: &str) -> Result<UnsafeStart, StartError> {
    let (cors, code): (fn() -> Cors, _) = match configuration {
        ANY_ORIGIN => (
            || Cors::default().allow_any_origin().supports_credentials(),
            "Cors::default().allow_any_origin().supports_credentials()",
        ),
        NULL => (
            || Cors::default().allowed_origin("null").supports_credentials(),
            r#"Cors::default().allowed_origin("null").supports_credentials()"#,
        ),
        // The documentation of `allowed_origin_fn` compares the start of the origin.
        PREFIX => (
            || {
                let starts = |origin: &HeaderValue| origin.as_bytes().starts_with(b"https://app.example");
                Cors::default().allowed_origin_fn(move |origin, _| starts(origin)).supports_credentials()
            },
            r#"Cors::default()
    .allowed_origin_fn(|origin, _| origin.as_bytes().starts_with(b"https://app.example"))
    .supports_credentials()"#,
        ),
        REFLECTED => return no_option("any origin with credentials is reflected"),
        _ => return no_option("it has no regular expressions"),
    };
    started(serve_with(cors), code)
}

fn configure(policy: &Policy) -> Cors {
    let mut cors = Cors::default();

    if policy.allows_any_origin() {
        // "Configures use of wildcard (`*`) origin in responses when appropriate."
        cors = cors.allow_any_origin().send_wildcard();
    }
    for origin in policy.allow_origins().filter(|origin| origin != "*") {
        cors = match OriginPattern::parse(&origin).filter(|_| origin.contains('*')) {
            // The documentation's examples compare the start or the end of the origin, which allows other sites as well.
            Some(pattern) => cors.allowed_origin_fn(move |origin, _| pattern.matches(origin.as_bytes())),
            None => cors.allowed_origin(&origin),
        };
    }

    cors = match policy.allow_methods() {
        [any] if any == "*" => cors.allow_any_method(),
        // It denies a method that is not listed even if it is CORS-safelisted.
        methods => cors.allowed_methods(SAFELISTED).allowed_methods(methods.iter().map(String::as_str)),
    };
    cors = match policy.allow_headers() {
        [any, ..] if any == "*" => cors.allow_any_header(),
        headers => cors.allowed_headers(headers.iter().map(String::as_str)),
    };
    cors = match policy.expose_headers() {
        [any] if any == "*" => cors.expose_any_header(),
        headers => cors.expose_headers(headers.iter().map(String::as_str)),
    };
    cors = cors.block_on_origin_mismatch(policy.guard().is_some());
    if policy.allow_credentials() {
        cors = cors.supports_credentials();
    }
    cors.max_age(policy.max_age().and_then(|max_age| usize::try_from(max_age.as_secs()).ok()))
}

/// Fetch, "CORS-safelisted method".
const SAFELISTED: [&str; 3] = ["GET", "HEAD", "POST"];

/// Something in the policy for which `actix-cors` has no option.
fn lack(policy: &Policy) -> Option<&'static str> {
    if policy.has_rules() {
        return Some("it has one set of methods, headers and credentials for all origins");
    }
    if policy.has_predicates() || policy.has_lookup() {
        return Some("functions and lookups of a policy are not translated");
    }
    // With such an origin, the server does not start.
    if policy.allow_origins().any(|origin| origin == "file://") {
        return Some("it takes only origins with a host");
    }
    // It answers preflights with 200 and has no option for that; to a browser 200 and the default 204 are the same.
    if !matches!(policy.preflight_status(), 200 | 204) {
        return Some("preflights are always answered with 200");
    }
    if policy.allow_headers() == ["*"] {
        return Some("all headers cannot be allowed without `Authorization`");
    }
    None
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use actix_web::test::init_service;
    use cors_core::{Danger, PolicyBuilder, Rule};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain(|policy: PolicyBuilder| policy, None)]
    #[case::status(|policy: PolicyBuilder| policy.preflight_status(201), Some("preflights are always answered with 200"))]
    #[case::any_header(
        |policy: PolicyBuilder| policy.allow_headers("*"),
        Some("all headers cannot be allowed without `Authorization`")
    )]
    #[case::any_header_indeed(|policy: PolicyBuilder| policy.allow_headers(["*", "authorization"]), None)]
    #[case::rules(
        |policy: PolicyBuilder| policy.rule(Rule::builder().allow_origins("https://partner.example")),
        Some("it has one set of methods, headers and credentials for all origins")
    )]
    fn some_policies_cannot_be_expressed(
        #[case] extend: fn(PolicyBuilder) -> PolicyBuilder,
        #[case] expected: Option<&str>,
    ) {
        let policy = extend(Policy::builder().allow_origins("https://app.example"));
        assert_eq!(lack(&policy.build().expect("a safe policy")), expected);
    }

    #[rstest]
    #[case::everything(Policy::builder().allow_origins("*").allow_methods("*").expose_headers("*"))]
    #[case::lists(
        Policy::builder()
            .allow_origins(["https://app.example", "https://*.app.example", "http://[::1]:*", "chrome-extension://abc"])
            .allow_methods(["PUT", "PURGE"])
            .allow_headers(["x-a", "authorization"])
            .expose_headers("x-b")
            .max_age(std::time::Duration::from_secs(60))
    )]
    #[case::null(Policy::builder().allow_origins("null").dangerously_allow([Danger::NullOrigin]))]
    #[actix_web::test]
    async fn a_configuration_is_accepted(#[case] policy: PolicyBuilder) {
        // A configuration that `actix-cors` does not accept fails here, as it does when a server starts.
        init_service(App::new().wrap(configure(&policy.build().expect("a safe policy")))).await;
    }
}
