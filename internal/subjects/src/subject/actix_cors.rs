//! The middleware `actix-cors`, configured as its documentation recommends.

use actix_cors::Cors;
use actix_web::HttpServer;
use actix_web::dev::RequestHead;
use actix_web::http::header::HeaderValue;
use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt, ready};

use super::actix::serve;
use super::guard::with_own_origins;
use super::origin_pattern::OriginPattern;
use super::translate::{common_lack, texts};
use super::unsafe_start::{ANY_ORIGIN, NULL, PREFIX, REFLECTED, no_option, started};
use super::written::{Written, written};
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
        let code = configure(&policy).code();
        let server = serve_with(move || configure(&policy).value);
        ready(server.map(|server| server.configured_as(code))).boxed()
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
    let make: fn(Written<Cors>) -> Written<Cors> = match configuration {
        ANY_ORIGIN => |cors| written!(cors.allow_any_origin()),
        NULL => |cors| written!(cors.allowed_origin("null")),
        // The documentation of `allowed_origin_fn` compares the start of the origin.
        PREFIX => |cors| {
            written!(cors.allowed_origin_fn(written!({} |origin: &HeaderValue, _: &RequestHead| {
                origin.as_bytes().starts_with(b"https://app.example")
            })))
        },
        REFLECTED => return no_option("any origin with credentials is reflected"),
        _ => return no_option("it has no regular expressions"),
    };
    let cors = move || {
        let cors = make(written!(Cors::default()));
        written!(cors.supports_credentials())
    };
    started(serve_with(move || cors().value), &cors().code())
}

fn configure(policy: &Policy) -> Written<Cors> {
    let mut cors = written!(Cors::default());

    if policy.allows_any_origin() {
        // "Configures use of wildcard (`*`) origin in responses when appropriate."
        cors = written!(cors.allow_any_origin().send_wildcard());
    }
    for origin in policy.allow_origins().filter(|origin| origin != "*") {
        cors = match OriginPattern::parse(&origin).filter(|_| origin.contains('*')) {
            // The documentation's examples compare the start or the end of the origin, which allows other sites as well.
            Some(pattern) => {
                let matches = written!({ pattern } move |origin: &HeaderValue, _: &RequestHead| {
                    pattern.matches(origin.as_bytes())
                });
                written!(cors.allowed_origin_fn(matches))
            }
            None => written!(cors.allowed_origin(&*origin)),
        };
    }

    cors = match policy.allow_methods() {
        [any] if any == "*" => written!(cors.allow_any_method()),
        // It denies a method that is not listed even if it is CORS-safelisted.
        [] => written!(cors.allowed_methods(SAFELISTED)),
        methods => written!(cors.allowed_methods(SAFELISTED).allowed_methods(texts(methods))),
    };
    cors = match policy.allow_headers() {
        [any, ..] if any == "*" => written!(cors.allow_any_header()),
        [] => cors,
        headers => written!(cors.allowed_headers(texts(headers))),
    };
    cors = match policy.expose_headers() {
        [any] if any == "*" => written!(cors.expose_any_header()),
        [] => cors,
        headers => written!(cors.expose_headers(texts(headers))),
    };
    if policy.guard().is_some() {
        cors = written!(cors.block_on_origin_mismatch(true));
    }
    if policy.allow_credentials() {
        cors = written!(cors.supports_credentials());
    }
    if let Some(max_age) = policy.max_age() {
        cors = written!(cors.max_age(usize::try_from(max_age.as_secs()).unwrap_or(usize::MAX)));
    }
    cors
}

/// Fetch, "CORS-safelisted method".
const SAFELISTED: [&str; 3] = ["GET", "HEAD", "POST"];

/// Something in the policy for which `actix-cors` has no option.
fn lack(policy: &Policy) -> Option<&'static str> {
    if let Some(lack) = common_lack(policy) {
        return Some(lack);
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
        init_service(App::new().wrap(configure(&policy.build().expect("a safe policy")).value)).await;
    }
}
