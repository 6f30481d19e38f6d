//! rocket_cors's fairing on the Rocket specimen, configured as its documentation recommends.

use std::collections::HashSet;
use std::str::FromStr;

use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt};
use rocket_cors::{
    AllOrSome, AllowedHeaders, AllowedMethods, AllowedOrigins, Cors, CorsOptions, Method, Origins,
};

use super::guard::with_own_origins;
use super::rocket::{PURGE, serve};
use super::translate::{common_lack, inexpressible, texts};
use super::unsafe_start::{ANY_ORIGIN, NULL, PREFIX, UNESCAPED_DOT, no_option};
use super::written::{ToCode, Written, written};
use super::{KnownDeviation, Server, StartError, Subject, SubjectKind, UnsafeStart, locked_version};
use crate::specimen::{self, Hits};

const DEVIATIONS: &[KnownDeviation] = &[PURGE];

/// rocket_cors's `Cors` attached to the Rocket specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct RocketCors;

impl Subject for RocketCors {
    fn name(&self) -> &str {
        "rocket_cors"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Middleware
    }

    fn framework(&self) -> &str {
        "rocket"
    }

    fn version(&self) -> &str {
        locked_version("rocket_cors")
    }

    fn deviations(&self) -> &[KnownDeviation] {
        DEVIATIONS
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        start(policy).boxed()
    }

    fn start_unsafe<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
        start_unsafe(name).boxed()
    }
}

async fn start(policy: &Policy) -> Result<Server, StartError> {
    serve_with(cors(policy)?).await
}

async fn serve_with(cors: Written<Cors>) -> Result<Server, StartError> {
    let code = cors.code();
    let server = serve(specimen::rocket::build(Hits::default()).attach(cors.value)).await?;
    Ok(server.configured_as(code))
}

async fn start_unsafe(configuration: &str) -> Result<UnsafeStart, StartError> {
    let origins = match configuration {
        ANY_ORIGIN => written!(AllowedOrigins::all()),
        NULL => written!(AllowedOrigins::some_null()),
        PREFIX => written!(AllowedOrigins::some_regex(&[r"^https://app\.example"])),
        UNESCAPED_DOT => written!(AllowedOrigins::some_regex(&["^https://.*.example.org$"])),
        _ => return no_option("any origin with credentials is reflected"),
    };
    let options = written!(CorsOptions::default());
    let cors = written!(options.allowed_origins(origins).allow_credentials(true).to_cors());
    match cors.transpose() {
        Ok(cors) => Ok(serve_with(cors).await?.into()),
        Err(error) => Ok(UnsafeStart::Refused(error.to_string())),
    }
}

fn cors(policy: &Policy) -> Result<Written<Cors>, StartError> {
    let policy = &*with_own_origins(policy).map_err(inexpressible)?;
    if let Some(lack) = common_lack(policy) {
        return Err(inexpressible(lack));
    }
    // It answers preflights with 204 and has no option for that; to a browser 200 and 204 are the same.
    if !matches!(policy.preflight_status(), 200 | 204) {
        return Err(inexpressible("preflights are always answered with 204"));
    }
    let expose_headers: HashSet<String> = policy.expose_headers().iter().cloned().collect();
    let options = written!(CorsOptions::default());
    let cors = written!(
        options
            .allowed_origins(allowed_origins(policy))
            .send_wildcard(policy.allows_any_origin())
            .allowed_methods(allowed_methods(policy)?)
            .allowed_headers(allowed_headers(policy)?)
            .allow_credentials(policy.allow_credentials())
            .expose_headers(expose_headers)
            .max_age(policy.max_age().and_then(|max_age| usize::try_from(max_age.as_secs()).ok()))
            .to_cors()
    );
    cors.transpose().map_err(|error| inexpressible(&error.to_string()))
}

/// Exact origins as they are. Patterns and other schemes as anchored regular expressions, as its documentation says.
fn allowed_origins(policy: &Policy) -> Written<AllowedOrigins> {
    if policy.allows_any_origin() {
        return written!(AllowedOrigins::all());
    }
    let is_exact =
        |origin: &str| !origin.contains('*') && (origin.starts_with("http:") || origin.starts_with("https:"));
    let origins: Vec<_> = policy.allow_origins().filter(|origin| origin != "null").collect();
    let (exact, others): (Vec<_>, Vec<_>) = origins.iter().partition(|origin| is_exact(origin));
    let regex: Vec<_> = others.iter().map(|origin| expression(origin)).collect();
    let regex = texts(&regex);
    if policy.allow_origins().any(|origin| origin == "null") {
        let exact: HashSet<String> = exact.iter().map(ToString::to_string).collect();
        let regex: HashSet<String> = regex.iter().map(ToString::to_string).collect();
        return written!({ exact, regex } AllOrSome::Some(Origins {
            allow_null: true,
            exact: Some(exact),
            regex: Some(regex),
        }));
    }
    written!(AllowedOrigins::some(&exact, &regex))
}

impl ToCode for Method {
    fn to_code(&self) -> String {
        format!("Method::from_str({:?}).unwrap()", self.as_str())
    }
}

/// The regular expression that a careful user would write for a pattern: anchored, with dots escaped, any number of labels or a
/// part of one, and a port of digits.
fn expression(pattern: &str) -> String {
    let (pattern, port) = match pattern.strip_suffix(":*") {
        Some(pattern) => (pattern, "(:[0-9]+)?"),
        None => (pattern, ""),
    };
    let (subdomains, label) = (r"([a-z0-9_-]+\.)*[a-z0-9_-]+", "[a-z0-9_-]+");
    let asterisk = if pattern.contains("://*.") { subdomains } else { label };
    let mut expression = String::from("^");
    for character in pattern.chars() {
        match character {
            '*' => expression.push_str(asterisk),
            '.' | '[' | ']' | '+' => expression.extend(['\\', character]),
            _ => expression.push(character),
        }
    }
    expression + port + "$"
}

fn allowed_methods(policy: &Policy) -> Result<AllowedMethods, StartError> {
    // All methods that Rocket knows: there is no option for any method.
    const ANY: [&str; 6] = ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"];
    // These have to be listed like any other method.
    const SAFELISTED: [&str; 3] = ["GET", "HEAD", "POST"];
    let listed: Vec<&str> = match policy.allow_methods() {
        [any] if any == "*" => ANY.to_vec(),
        methods => methods.iter().map(String::as_str).collect(),
    };
    let methods = listed.into_iter().chain(SAFELISTED);
    methods
        .map(|method| {
            // It ignores the case of names, although methods are case-sensitive.
            let known = Method::from_str(method).ok().filter(|known| known.as_str() == method);
            known.ok_or_else(|| inexpressible(&format!("Rocket does not know the method {method}")))
        })
        .collect()
}

fn allowed_headers(policy: &Policy) -> Result<Written<AllowedHeaders>, StartError> {
    match policy.allow_headers() {
        [any] if any == "*" => Err(inexpressible("all headers cannot be allowed without `Authorization`")),
        [any, _authorization] if any == "*" => Ok(written!(AllowedHeaders::all())),
        names => {
            let names = texts(names);
            Ok(written!(AllowedHeaders::some(&names)))
        }
    }
}

#[cfg(test)]
mod tests {
    use cors_core::PolicyBuilder;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://*.example.org", r"^https://([a-z0-9_-]+\.)*[a-z0-9_-]+\.example\.org$")]
    #[case("https://pr-*.example.org", r"^https://pr-[a-z0-9_-]+\.example\.org$")]
    #[case("app-extension://*", "^app-extension://[a-z0-9_-]+$")]
    #[case("http://localhost:*", "^http://localhost(:[0-9]+)?$")]
    #[case("http://[::1]:*", r"^http://\[::1\](:[0-9]+)?$")]
    #[case("chrome-extension://abc", "^chrome-extension://abc$")]
    fn a_pattern_is_an_anchored_expression(#[case] pattern: &str, #[case] expected: &str) {
        assert_eq!(expression(pattern), expected);
    }

    #[rstest]
    #[case::plain(|policy: PolicyBuilder| policy, None)]
    #[case::every_header(|policy: PolicyBuilder| policy.allow_headers(["*", "authorization"]), None)]
    #[case::status(
        |policy: PolicyBuilder| policy.preflight_status(201),
        Some("preflights are always answered with 204")
    )]
    #[case::method(
        |policy: PolicyBuilder| policy.allow_methods("PROPFIND"),
        Some("Rocket does not know the method PROPFIND")
    )]
    #[case::any_header(
        |policy: PolicyBuilder| policy.allow_headers("*"),
        Some("all headers cannot be allowed without `Authorization`")
    )]
    fn some_policies_cannot_be_expressed(
        #[case] extend: fn(PolicyBuilder) -> PolicyBuilder,
        #[case] expected: Option<&str>,
    ) {
        let policy = Policy::builder().allow_origins(["https://app.example", "https://*.app.example"]);
        let found =
            cors(&extend(policy).build().expect("a safe policy")).err().map(|error| error.to_string());
        assert_eq!(found, expected.map(|lack| format!("cannot express the policy: {lack}")));
    }
}
