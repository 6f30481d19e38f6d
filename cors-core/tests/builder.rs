//! The types that the builder and the getters of a policy take and return.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]
#![expect(
    clippy::needless_borrows_for_generic_args,
    clippy::useless_vec,
    reason = "applications have such values, and they must be accepted"
)]

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use cors_core::{Danger, Policy, PolicyBuilder, ProblemCode, Reason, WarningCode};
use http::{HeaderName, HeaderValue, Method, header};
use rstest::rstest;

#[rstest]
#[case(Duration::from_millis(1500), "`1.5s` is not a whole number of seconds")]
#[case(Duration::from_nanos(1), "`1ns` is not a whole number of seconds")]
#[case(Duration::MAX, "is not a whole number of seconds")]
fn a_max_age_that_the_header_cannot_express_is_refused(#[case] max_age: Duration, #[case] expected: &str) {
    let error = Policy::builder().allow_origins("*").max_age(max_age).build().unwrap_err();
    assert_eq!(error.problems()[0].code(), ProblemCode::MaxAge);
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a_max_age_is_a_duration_in_code_and_seconds_in_a_file() {
    let policy: Policy = toml::from_str("allow_origins = \"https://app.example\"\nmax_age = 60").unwrap();
    assert_eq!(policy.max_age(), Some(Duration::from_secs(60)));
    assert_eq!(
        policy,
        Policy::builder()
            .allow_origins("https://app.example")
            .max_age(Duration::from_secs(60))
            .build()
            .unwrap()
    );
    assert!(toml::to_string(&policy).unwrap().contains("max_age = 60\n"));
}

/// What an application reads from its configuration.
#[derive(Default)]
struct Config {
    origins: Vec<String>,
    extra_origin: Option<String>,
    partners: BTreeSet<String>,
    tenants: HashSet<&'static str>,
    methods: Option<Vec<String>>,
}

fn config() -> Config {
    Config {
        origins: vec!["https://app.example".to_owned(), "https://b.example".to_owned()],
        extra_origin: Some("https://c.example".to_owned()),
        partners: BTreeSet::from(["https://d.example".to_owned()]),
        tenants: HashSet::from(["https://e.example"]),
        methods: Some(vec!["PUT".to_owned()]),
    }
}

/// The origins of a policy that a builder with these origins makes.
fn origins(builder: PolicyBuilder) -> Vec<String> {
    builder.build().unwrap().allow_origins().map(Cow::into_owned).collect()
}

#[test]
fn a_setter_that_is_called_again_adds() {
    let mut builder = Policy::builder();
    for tenant in ["https://a.example", "https://b.example"] {
        builder = builder.allow_origins(tenant).allow_methods([tenant.len().to_string()]);
    }
    let policy = builder
        .allow_methods("PUT")
        .allow_headers("x-a")
        .allow_headers(["x-b"])
        .expose_headers(["etag"])
        .expose_headers("x-c")
        .dangerously_allow([Danger::NullOrigin])
        .dangerously_allow([Danger::InsecureOrigins])
        .build()
        .unwrap();
    assert_eq!(policy.allow_origins().collect::<Vec<_>>(), ["https://a.example", "https://b.example"]);
    assert_eq!(policy.allow_methods(), ["17", "PUT"]);
    assert_eq!(policy.allow_headers(), ["x-a", "x-b"]);
    assert_eq!(policy.expose_headers(), ["etag", "x-c"]);
    assert_eq!(policy.dangerously_allow(), [Danger::InsecureOrigins, Danger::NullOrigin]);
}

#[rstest]
#[case(Policy::builder().allow_origins("https://a.example/"), "allow_origins")]
#[case(Policy::builder().allow_origins(["https://a.example/"]), "allow_origins[0]")]
#[case(Policy::builder().allow_origins("https://a.example").allow_origins("https://b.example/"), "allow_origins[1]")]
#[case(toml::from_str::<PolicyBuilder>("allow_origins = []").unwrap().allow_origins("b"), "allow_origins")]
#[case(
    toml::from_str::<PolicyBuilder>("allow_origins = [\"https://a.example\"]").unwrap().allow_origins(["b"]),
    "allow_origins[1]"
)]
fn a_problem_names_the_position_over_all_calls(#[case] builder: PolicyBuilder, #[case] field: &str) {
    assert_eq!(builder.build().unwrap_err().problems()[0].field(), field);
}

#[test]
fn any_origin_beside_origins_of_another_call_is_refused() {
    let error =
        Policy::builder().allow_origins("*").allow_origins(["https://a.example"]).build().unwrap_err();
    assert_eq!(error.problems()[0].code(), ProblemCode::WildcardAmongNames);
}

#[test]
fn borrowed_and_owned_collections_are_accepted() {
    let config = config();
    let builder = Policy::builder()
        .allow_origins(&config.origins)
        .allow_origins(&config.extra_origin)
        .allow_origins(&config.partners)
        .allow_origins(&config.tenants)
        .allow_methods(config.methods.iter().flatten());
    let expected: Vec<_> = ["app", "b", "c", "d", "e"].map(|name| format!("https://{name}.example")).to_vec();
    assert_eq!(origins(builder), expected);

    let Config { origins: all, extra_origin, partners, tenants, methods } = config;
    let builder = Policy::builder()
        .allow_origins(all)
        .allow_origins(extra_origin)
        .allow_origins(partners)
        .allow_origins(tenants)
        .allow_methods(methods.unwrap_or_default());
    assert_eq!(origins(builder), expected);
}

#[test]
fn every_kind_of_string_is_accepted() {
    let owned = "https://app.example".to_owned();
    let shared: Arc<str> = Arc::from("https://app.example");
    let expected = ["https://app.example"];
    assert_eq!(origins(Policy::builder().allow_origins(&owned)), expected);
    assert_eq!(origins(Policy::builder().allow_origins(owned.as_str())), expected);
    assert_eq!(origins(Policy::builder().allow_origins(Cow::Borrowed("https://app.example"))), expected);
    assert_eq!(origins(Policy::builder().allow_origins(&shared)), expected);
    assert_eq!(origins(Policy::builder().allow_origins(Box::<str>::from("https://app.example"))), expected);
    assert_eq!(origins(Policy::builder().allow_origins(&&*owned)), expected);
    assert_eq!(origins(Policy::builder().allow_origins(&[&owned][..])), expected);
    assert_eq!(origins(Policy::builder().allow_origins(&[owned.as_str()])), expected);
    assert_eq!(origins(Policy::builder().allow_origins(&vec![&owned])), expected);
    assert_eq!(origins(Policy::builder().allow_origins(owned)), expected);
}

#[test]
fn iterators_are_accepted() {
    let list = "https://app.example, https://b.example";
    let expected = ["https://app.example", "https://b.example"];
    assert_eq!(origins(Policy::builder().allow_origins(list.split(',').map(str::trim))), expected);
    let hosts = ["app.example", "b.example"];
    assert_eq!(
        origins(Policy::builder().allow_origins(hosts.map(|host| format!("https://{host}")))),
        expected
    );
    assert_eq!(
        origins(Policy::builder().allow_origins(hosts.iter().map(|host| format!("https://{host}")))),
        expected
    );
    let more = vec!["https://b.example".to_owned()];
    assert_eq!(
        origins(
            Policy::builder()
                .allow_origins(expected[..1].iter().copied().chain(more.iter().map(String::as_str)))
        ),
        expected
    );
}

#[test]
fn optional_values_are_accepted() {
    let local = |debug: bool| debug.then_some("http://localhost:*");
    assert_eq!(
        origins(Policy::builder().allow_origins("https://a.example").allow_origins(local(false))),
        ["https://a.example"]
    );
    assert_eq!(origins(Policy::builder().allow_origins(local(true))), ["http://localhost:*"]);
    // It is an explicit list, and it is empty.
    let policy = Policy::builder().allow_origins(local(false)).build().unwrap();
    assert_eq!(policy.warnings()[0].code(), WarningCode::NoOrigins);
    assert!(Policy::builder().allow_origins([] as [&str; 0]).build().is_ok());
    assert!(Policy::builder().allow_origins(Vec::<String>::new()).build().is_ok());
    assert_eq!(Policy::builder().build().unwrap_err().problems()[0].code(), ProblemCode::NoOrigins);
}

#[test]
fn the_types_of_the_http_crate_are_accepted_beside_strings() {
    let strings = Policy::builder()
        .allow_origins(["https://app.example", "https://b.example"])
        .allow_methods(["PUT", "DELETE", "x-own"])
        .allow_headers(["x-a", "x-b", "content-type", "authorization"])
        .expose_headers(["etag"])
        .build()
        .unwrap();
    let values =
        vec![HeaderValue::from_static("https://app.example"), HeaderValue::from_static("https://b.example")];
    let names = [HeaderName::from_static("x-a"), HeaderName::from_static("x-b")];
    let methods = [Method::PUT, Method::DELETE];
    let typed = Policy::builder()
        .allow_origins(&values)
        .allow_methods(&methods)
        .allow_methods(&Method::from_bytes(b"x-own").unwrap())
        .allow_headers(&names)
        .allow_headers(vec![header::CONTENT_TYPE, header::AUTHORIZATION])
        .expose_headers(header::ETAG)
        .build()
        .unwrap();
    assert_eq!(typed, strings);
    let [first, second] = &values[..] else { panic!("{values:?}") };
    let one_by_one = Policy::builder()
        .allow_origins(first)
        .allow_origins(second.clone())
        .allow_methods(methods)
        .allow_methods(Method::from_bytes(b"x-own").unwrap())
        .allow_headers(names.iter().chain([&header::CONTENT_TYPE, &header::AUTHORIZATION]))
        .expose_headers(&header::ETAG)
        .build()
        .unwrap();
    assert_eq!(one_by_one, strings);
    let iterated = Policy::builder().allow_origins(values.into_iter().take(2));
    assert_eq!(origins(iterated), ["https://app.example", "https://b.example"]);
}

/// `http` 0.2 has the same implementations as this type.
#[test]
fn the_names_of_other_crates_are_accepted() {
    struct Name(&'static str);
    impl AsRef<str> for Name {
        fn as_ref(&self) -> &str {
            self.0
        }
    }
    impl AsRef<[u8]> for Name {
        fn as_ref(&self) -> &[u8] {
            self.0.as_bytes()
        }
    }
    let policy =
        Policy::builder().allow_origins("*").allow_methods([Name("PUT")]).allow_headers(Name("x-a")).build();
    let policy = policy.unwrap();
    assert_eq!(
        (policy.allow_methods(), policy.allow_headers()),
        (&["PUT".to_owned()][..], &["x-a".to_owned()][..])
    );
}

#[test]
fn a_url_of_the_url_crate_has_an_origin() {
    let url = url::Url::parse("https://app.example:8443/login?next=/#top").unwrap();
    assert_eq!(origins(Policy::builder().allow_origin_of_url(&url)), ["https://app.example:8443"]);
    assert_eq!(
        origins(Policy::builder().allow_origins(url.origin().ascii_serialization())),
        ["https://app.example:8443"]
    );
}

#[rstest]
#[case("https://app.example", "https://app.example")]
#[case("https://app.example/", "https://app.example")]
#[case("https://app.example/a,b?c=https://d.example#e", "https://app.example")]
#[case("https://app.example?q", "https://app.example")]
#[case("https://me:secret@APP.example:443/", "https://app.example")]
#[case("http://localhost:3000/index.html", "http://localhost:3000")]
#[case("https://B\u{fc}cher.example/", "https://xn--bcher-kva.example")]
#[case("capacitor://localhost/index.html", "capacitor://localhost")]
fn origins_of_urls(#[case] url: &str, #[case] origin: &str) {
    assert_eq!(origins(Policy::builder().allow_origin_of_url(url)), [origin]);
}

#[rstest]
#[case("app.example")]
#[case("")]
#[case("/login")]
#[case("https://*.app.example/")]
#[case("https://app.example:*/")]
#[case("https://")]
#[case("file:///home")]
#[case("https://app.example, https://b.example")]
fn a_text_that_is_not_a_url_has_no_origin(#[case] url: &str) {
    assert!(Policy::builder().allow_origin_of_url(url).build().is_err());
}

#[test]
fn a_policy_can_be_read_back_and_extended() {
    let policy = Policy::builder()
        .allow_origins([
            "https://a.example",
            "https://*.b.example",
            "https://c-*.d.example:*",
            "moz-extension://*",
            "null",
        ])
        .allow_methods(["PUT", "GET"])
        .allow_headers(["*", "authorization"])
        .expose_headers("*")
        .max_age(Duration::from_secs(60))
        .preflight_status(200)
        .diagnostics(true)
        .dangerously_allow([Danger::NullOrigin, Danger::AnyAppOrigin])
        .build()
        .unwrap();
    assert_eq!(policy.to_builder().build().unwrap(), policy);
    let wider = policy.to_builder().allow_origins("https://e.example").build().unwrap();
    assert!(wider.allows_origin(b"https://e.example") && wider.allows_origin(b"https://a.example"));
    let any = Policy::builder().allow_origins("*").build().unwrap();
    assert_eq!(any.to_builder().build().unwrap(), any);
    assert!(any.to_builder().allow_credentials(true).build().is_err());
    let none = Policy::builder().allow_origins([] as [&str; 0]).build().unwrap();
    assert_eq!(none.to_builder().build().unwrap(), none);
}

#[test]
fn an_error_of_main_shows_the_problems() {
    fn server() -> std::io::Result<()> {
        Policy::builder().allow_origins("https://app.example/").build()?;
        Ok(())
    }
    fn program() -> Result<(), Box<dyn std::error::Error>> {
        Policy::builder().allow_origins("https://app.example/").build()?;
        Ok(())
    }
    let expected = "the CORS policy is refused: allow_origins: `https://app.example/` is not an origin: it ends in a path. Write `https://app.example`.";
    let error = server().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), expected);
    // `main` prints an error in this form.
    assert!(format!("{error:?}").contains(expected), "{error:?}");
    assert_eq!(format!("{:?}", program().unwrap_err()), expected);
}

#[test]
fn a_header_value_that_is_not_ascii_is_refused() {
    let origin = HeaderValue::from_bytes(b"https://b\xfccher.example").unwrap();
    let error = Policy::builder().allow_origins([origin]).build().unwrap_err();
    assert_eq!(error.problems()[0].code(), ProblemCode::OriginWithUnicode);
}

#[rstest]
#[case("https://app.example", "https://app.example", true)]
#[case("https://app.example", "https://APP.example", false)]
#[case("*", "https://app.example", true)]
#[case("*", "file://", true)]
#[case("*", "not an origin", true)]
fn allows_origin(#[case] allowed: &str, #[case] origin: &str, #[case] expected: bool) {
    let policy = Policy::builder().allow_origins(allowed).build().unwrap();
    assert_eq!(policy.allows_origin(origin.as_bytes()), expected);
}

#[test]
fn every_code_links_to_its_entry_in_the_catalogue() {
    let error = Policy::builder().build().unwrap_err();
    let url = "https://github.com/cors-policy/cors/blob/main/docs/errors.md#refused-no-origins";
    assert_eq!(error.problems()[0].url(), url);
    assert_eq!(WarningCode::CoveredOrigin.url().split_once('#').unwrap().1, "warning-covered-origin");
    assert_eq!(Reason::OriginNotAllowed.url().split_once('#').unwrap().1, "denied-origin-not-allowed");
}
