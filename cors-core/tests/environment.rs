//! Policies from environment variables.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::time::Duration;

use cors_core::{Danger, Policy, PolicyBuilder, ProblemCode, WarningCode};
use rstest::rstest;

fn read(variables: &[(&str, &str)]) -> PolicyBuilder {
    PolicyBuilder::from_variables("CORS_", variables.iter().copied())
}

/// The messages about a policy that is refused.
fn problems(variables: &[(&str, &str)]) -> Vec<String> {
    let error = read(variables).build().unwrap_err();
    error.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn every_field_has_a_variable() {
    let policy = read(&[
        ("CORS_ALLOW_ORIGINS", "https://a.example, https://*.b.example,\n"),
        ("CORS_ALLOW_METHODS", "PUT,DELETE"),
        ("CORS_ALLOW_HEADERS", "*,authorization"),
        ("CORS_EXPOSE_HEADERS", "etag"),
        ("CORS_ALLOW_CREDENTIALS", "true"),
        ("CORS_MAX_AGE", " 60\n"),
        ("CORS_PREFLIGHT_STATUS", "200"),
        ("CORS_DIAGNOSTICS", "1"),
        ("CORS_DANGEROUSLY_ALLOW", "insecure-origins,null-origin"),
        ("PATH", "/bin"),
    ])
    .build()
    .unwrap();
    let expected = Policy::builder()
        .allow_origins(["https://a.example", "https://*.b.example"])
        .allow_methods(["PUT", "DELETE"])
        .allow_headers(["*", "authorization"])
        .expose_headers("etag")
        .allow_credentials(true)
        .max_age(Duration::from_secs(60))
        .preflight_status(200)
        .diagnostics(true)
        .dangerously_allow([Danger::InsecureOrigins, Danger::NullOrigin])
        .build()
        .unwrap();
    assert_eq!(policy, expected);
}

#[rstest]
#[case("true", true)]
#[case("TRUE", true)]
#[case("1", true)]
#[case("yes", true)]
#[case("on", true)]
#[case("false", false)]
#[case("0", false)]
#[case("no", false)]
#[case("off", false)]
#[case("", false)]
fn booleans(#[case] text: &str, #[case] expected: bool) {
    let policy =
        read(&[("CORS_ALLOW_ORIGINS", "https://a.example"), ("CORS_ALLOW_CREDENTIALS", text)]).build();
    assert_eq!(policy.unwrap().allow_credentials(), expected);
}

#[test]
fn an_empty_variable_of_origins_allows_none() {
    let policy = read(&[("CORS_ALLOW_ORIGINS", ""), ("CORS_MAX_AGE", ""), ("CORS_ALLOW_METHODS", "")])
        .build()
        .unwrap();
    assert_eq!(policy.allow_origins().count(), 0);
    assert_eq!(policy.max_age(), None);
    let [warning] = policy.warnings() else { panic!("{:?}", policy.warnings()) };
    assert_eq!((warning.code(), warning.field()), (WarningCode::NoOrigins, "CORS_ALLOW_ORIGINS"));
}

#[rstest]
#[case(&[], "CORS_ALLOW_ORIGINS: no origin is listed. Write the origins whose pages may read responses, such as `https://app.example.com`, or `*` for all.")]
#[case(&[("CORS_ALLOW_ORIGINS", "https://a.example,https://b.example/")], "CORS_ALLOW_ORIGINS[1]: `https://b.example/` is not an origin: it ends in a path. Write `https://b.example`.")]
#[case(&[("CORS_ALLOW_ORIGINS", "https://a.example https://b.example")], "CORS_ALLOW_ORIGINS[0]: `https://a.example https://b.example` is not an origin: it is a list. Write one origin per entry: `https://a.example,https://b.example`.")]
#[case(&[("CORS_ALLOW_ORIGINS", "null")], "CORS_ALLOW_ORIGINS[0]: `null` is the origin of every sandboxed frame, `data:` page and local file, so any site can have it. Leave it out. If the responses are public, write `CORS_ALLOW_ORIGINS=*`. If it is intended, add `CORS_DANGEROUSLY_ALLOW=null-origin`.")]
#[case(&[("CORS_ALLOW_ORIGINS", "*"), ("CORS_ALLOW_CREDENTIALS", "true")], "CORS_ALLOW_ORIGINS[0]: `*` allows any origin, which cannot be combined with `CORS_ALLOW_CREDENTIALS`. List the origins that may use the user's credentials, or leave out `CORS_ALLOW_CREDENTIALS`: an `Authorization` header that a script sets itself does not need it.")]
#[case(&[("CORS_ALLOW_ORIGINS", "*"), ("CORS_ALLOW_CREDENTIALS", "maybe")], "CORS_ALLOW_CREDENTIALS: `maybe` has the wrong type. Write `true` or `false`.")]
#[case(&[("CORS_ALLOW_ORIGINS", "*"), ("CORS_MAX_AGE", "2h")], "CORS_MAX_AGE: `2h` has the wrong type. Write a whole number.")]
#[case(&[("CORS_ALLOW_ORIGINS", "*"), ("CORS_PREFLIGHT_STATUS", "404")], "CORS_PREFLIGHT_STATUS: `404` is not a success status, so browsers would treat every preflight as failed. Write a status from 200 to 299, such as `204`.")]
#[case(&[("CORS_ALLOW_ORIGINS", "*"), ("CORS_DANGEROUSLY_ALLOW", "all")], "CORS_DANGEROUSLY_ALLOW[0]: `all` is not a known exception. Write one or more of `any-app-origin`, `insecure-origins`, `null-origin`, `public-suffix-wildcards`.")]
#[case(&[("CORS_ALLOW_ORIGINS", "*"), ("CORS_ALLOWED_METHODS", "PUT")], "CORS_ALLOWED_METHODS: unknown variable. Did you mean `CORS_ALLOW_METHODS`?")]
#[case(&[("CORS_ALLOW_ORIGINS", "*"), ("CORS_ALLOW_METHOD", "PUT")], "CORS_ALLOW_METHOD: unknown variable. Did you mean `CORS_ALLOW_METHODS`?")]
#[case(&[("CORS_ALLOW_ORIGINS", "*"), ("CORS_ALLOW_ALL_ORIGINS", "1")], "CORS_ALLOW_ALL_ORIGINS: unknown variable. Write `CORS_ALLOW_ORIGINS=*` for any origin.")]
#[case(&[("CORS_ALLOW_ORIGINS", "*,"), ("CORS_ALLOW_METHODS", "put")], "CORS_ALLOW_METHODS[0]: `put` is not the standard method: methods are case-sensitive. Write `PUT`.")]
fn messages_name_the_variable(#[case] variables: &[(&str, &str)], #[case] expected: &str) {
    assert_eq!(problems(variables), [expected]);
}

#[test]
fn other_variables_are_ignored() {
    let unrelated =
        [("CORS_ALLOW_ORIGINS", "*"), ("CORS_PROXY_PORT", "80"), ("ALLOW_METHODS", "x y"), ("ORIGINS", "a")];
    assert_eq!(read(&unrelated).build().unwrap(), Policy::builder().allow_origins("*").build().unwrap());
    let without_prefix =
        PolicyBuilder::from_variables("", [("ALLOW_ORIGINS", "*"), ("ORIGINS", "a"), ("PATH", "/bin")]);
    assert!(without_prefix.build().unwrap().allows_any_origin());
}

#[test]
fn problems_are_in_the_order_of_the_fields() {
    let builder = read(&[
        ("CORS_MAX_AGE", "x"),
        ("CORS_ORIGIN", "*"),
        ("CORS_ALLOW_METHODS", "a b"),
        ("CORS_ALLOW_ORIGINS", "a"),
    ]);
    let error = builder.build().unwrap_err();
    let fields: Vec<_> = error.problems().iter().map(cors_core::Problem::field).collect();
    assert_eq!(fields, ["CORS_ALLOW_ORIGINS[0]", "CORS_ALLOW_METHODS[0]", "CORS_MAX_AGE", "CORS_ORIGIN"]);
}

#[test]
fn the_environment_of_the_process_is_read() {
    // Cargo sets `CARGO_PKG_NAME` for tests, and `PKG_NAME` is not a field.
    let error = PolicyBuilder::from_env("CARGO_").build().unwrap_err();
    assert_eq!(error.problems()[0].code(), ProblemCode::NoOrigins);
    assert_eq!(error.problems()[0].field(), "CARGO_ALLOW_ORIGINS");
}
