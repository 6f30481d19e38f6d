//! Poem's own middleware, `poem::middleware::Cors`.

use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt};
use poem::EndpointExt;
use poem::middleware::Cors;

use super::guard::with_own_origins;
use super::origin_pattern::OriginPattern;
use super::poem::serve;
use super::translate::{common_lack, inexpressible, texts};
use super::unsafe_start::{ANY_ORIGIN, NULL, PREFIX, REFLECTED, no_option, started};
use super::written::{Written, written};
use super::{Server, StartError, Subject, SubjectKind, UnsafeStart, locked_version};
use crate::specimen::{self, Hits};

/// `poem::middleware::Cors` around the Poem specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct PoemCors;

impl Subject for PoemCors {
    fn name(&self) -> &str {
        "poem-cors"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Middleware
    }

    fn framework(&self) -> &str {
        "poem"
    }

    fn version(&self) -> &str {
        locked_version("poem")
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        async {
            let cors = middleware(policy)?;
            let code = cors.code();
            let server = serve(specimen::poem::application(Hits::default()).with(cors.value)).await?;
            Ok(server.configured_as(code))
        }
        .boxed()
    }

    fn start_unsafe<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
        start_unsafe(name).boxed()
    }
}

async fn start_unsafe(configuration: &str) -> Result<UnsafeStart, StartError> {
    let cors = written!(Cors::new());
    let cors = match configuration {
        // "NOTE: The default is to allow any origin".
        ANY_ORIGIN => cors,
        NULL => written!(cors.allow_origin("null")),
        PREFIX => written!(cors.allow_origin_regex("https://app.example*")),
        REFLECTED => return no_option("any origin with credentials is reflected"),
        _ => return no_option("its patterns are not regular expressions"),
    };
    let cors = written!(cors.allow_credentials(true));
    let code = cors.code();
    started(serve(specimen::poem::application(Hits::default()).with(cors.value)).await, &code)
}

/// Poem's middleware with this policy, configured as its documentation recommends.
fn middleware(policy: &Policy) -> Result<Written<Cors>, StartError> {
    let policy = &*with_own_origins(policy).map_err(inexpressible)?;
    if let Some(lack) = common_lack(policy) {
        return Err(inexpressible(lack));
    }
    if policy.diagnostics() {
        return Err(inexpressible("it has no diagnostic mode"));
    }
    if policy.allow_headers() == ["*"] {
        return Err(inexpressible("all headers cannot be allowed without `Authorization`"));
    }
    // To a browser 200 and the default 204 are the same.
    if !matches!(policy.preflight_status(), 200 | 204) {
        return Err(inexpressible("its preflight responses are always 200"));
    }

    // "NOTE: The default is to allow any origin", and the same for methods and headers.
    let cors = written!(Cors::new());
    let mut cors = written!(cors.allow_credentials(policy.allow_credentials()));
    let mut in_labels = Vec::new();
    for origin in policy.allow_origins().filter(|_| !policy.allows_any_origin()) {
        if is_in_a_label(&origin) {
            in_labels.extend(OriginPattern::parse(&origin));
            continue;
        }
        cors = allow_origin(cors, &origin);
        // Any port includes the scheme's default, which an origin does not contain.
        if let Some(origin) = origin.strip_suffix(":*") {
            cors = allow_origin(cors, origin);
        }
    }
    if !in_labels.is_empty() {
        // Its wildcard would match dots as well.
        cors = written!(cors.allow_origins_fn(written!({ in_labels } move |origin: &str| {
            in_labels.iter().any(|pattern| pattern.matches(origin.as_bytes()))
        })));
    }
    if !any(policy.allow_methods()) {
        // It allows only what is listed, so that safelisted methods are listed as well.
        cors = written!(cors.allow_methods(["GET", "HEAD", "POST"]));
        if !policy.allow_methods().is_empty() {
            cors = written!(cors.allow_methods(texts(policy.allow_methods())));
        }
    }
    if !any(policy.allow_headers()) {
        // An empty list allows any header, so a name that is always allowed is listed.
        cors = written!(cors.allow_header("accept"));
        if !policy.allow_headers().is_empty() {
            cors = written!(cors.allow_headers(texts(policy.allow_headers())));
        }
    }
    if !policy.expose_headers().is_empty() {
        cors = written!(cors.expose_headers(texts(policy.expose_headers())));
    }

    // Fetch, "CORS-preflight fetch": without a max-age a browser takes 5 seconds; the middleware always sends one.
    let max_age = policy.max_age().map_or(5, |max_age| max_age.as_secs());
    Ok(written!(cors.max_age(i32::try_from(max_age).unwrap_or(i32::MAX))))
}

fn allow_origin(cors: Written<Cors>, origin: &str) -> Written<Cors> {
    match origin.contains('*') {
        true => written!(cors.allow_origin_regex(origin)),
        false => written!(cors.allow_origin(origin)),
    }
}

/// Whether the asterisk of a pattern stands for a part of a label, and not for whole labels.
fn is_in_a_label(pattern: &str) -> bool {
    let host = pattern.split_once("://").map_or(pattern, |(_, rest)| rest.trim_end_matches(":*"));
    host.contains('*') && !host.starts_with("*.") && host != "*"
}

fn any(list: &[String]) -> bool {
    list.iter().any(|item| item == "*")
}

#[cfg(test)]
mod tests {
    use poem::http::{Method, StatusCode};
    use poem::{Endpoint, Request};
    use rstest::rstest;

    use super::*;

    const PAGE: &str = "https://app.example";

    async fn preflight(policy: &Policy, origin: &str, method: &str, header: Option<&str>) -> StatusCode {
        let mut request = Request::builder().method(Method::OPTIONS).header("origin", origin);
        request = request.header("access-control-request-method", method);
        if let Some(header) = header {
            request = request.header("access-control-request-headers", header);
        }
        let application = specimen::poem::application(Hits::default());
        application
            .with(middleware(policy).expect("expressible").value)
            .get_response(request.finish())
            .await
            .status()
    }

    #[rstest]
    #[case::safelisted(PAGE, "POST", None, 200)]
    #[case::listed(PAGE, "PUT", Some("x-a"), 200)]
    #[case::subdomain("https://a.app.example", "PUT", None, 200)]
    #[case::any_port("http://localhost:3000", "PUT", None, 200)]
    #[case::no_port("http://localhost", "PUT", None, 200)]
    #[case::part_of_a_label("https://pr-7.preview.example", "PUT", None, 200)]
    #[case::more_than_a_label("https://pr-7.evil.preview.example", "PUT", None, 403)]
    #[case::origin("https://other.example", "POST", None, 403)]
    #[case::method(PAGE, "DELETE", None, 403)]
    #[case::header(PAGE, "PUT", Some("x-b"), 403)]
    #[tokio::test]
    async fn a_policy_keeps_its_meaning(
        #[case] origin: &str,
        #[case] method: &str,
        #[case] header: Option<&str>,
        #[case] expected: u16,
    ) {
        let policy = Policy::builder()
            .allow_origins([
                PAGE,
                "https://*.app.example",
                "http://localhost:*",
                "https://pr-*.preview.example",
            ])
            .allow_methods("PUT")
            .allow_headers("x-a");
        let status = preflight(&policy.build().expect("a policy"), origin, method, header).await;
        assert_eq!(status.as_u16(), expected);
    }

    #[rstest]
    #[case::method("DELETE", None)]
    #[case::header("GET", Some("x-b"))]
    #[tokio::test]
    async fn nothing_is_allowed_that_the_policy_does_not_list(
        #[case] method: &str,
        #[case] header: Option<&str>,
    ) {
        let policy = Policy::builder().allow_origins(PAGE).build().expect("a policy");
        assert_eq!(preflight(&policy, PAGE, method, header).await, StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn an_asterisk_is_any() {
        let policy =
            Policy::builder().allow_origins("*").allow_methods("*").allow_headers(["*", "authorization"]);
        let status =
            preflight(&policy.build().expect("a policy"), "https://any.example", "PUT", Some("x-b")).await;
        assert_eq!(status, StatusCode::OK);
    }

    #[rstest]
    #[case::diagnostics(Policy::builder().diagnostics(true), "diagnostic")]
    #[case::all_but_one_header(Policy::builder().allow_headers("*"), "without `Authorization`")]
    #[case::status(Policy::builder().preflight_status(299), "always 200")]
    fn some_policies_cannot_be_expressed(#[case] policy: cors_core::PolicyBuilder, #[case] expected: &str) {
        let policy = policy.allow_origins(PAGE).build().expect("a policy");
        let error = middleware(&policy).err().expect("no middleware");
        assert!(matches!(&error, StartError::Inexpressible(_)), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}
