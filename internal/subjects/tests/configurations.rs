//! Every subject tells how its middleware was configured, as code that says what the policy says.

use cors_conformance::subject::{HostPolicies, Subject, SubjectKind};
use cors_core::{Guard, GuardAction, Policy, PolicyBuilder};
use cors_subjects::registry::{find, subjects};
use rstest::rstest;

fn policy() -> PolicyBuilder {
    Policy::builder()
        .allow_origins("https://app.example")
        .allow_methods("PATCH")
        .allow_headers("x-wanted")
        .expose_headers("x-shown")
        .allow_credentials(true)
        .max_age(std::time::Duration::from_secs(77))
}

async fn configuration(subject: &dyn Subject, policy: PolicyBuilder) -> String {
    let policy = policy.build().expect("a safe policy");
    let server = subject.start(&policy).await.unwrap_or_else(|error| panic!("{}: {error}", subject.name()));
    let text = server.configuration().map(str::to_owned);
    server.stop().await;
    text.unwrap_or_else(|| panic!("{} does not tell", subject.name()))
}

#[tokio::test]
async fn every_subject_tells_what_the_policy_says() {
    for subject in subjects() {
        let name = subject.name().to_owned();
        let text = configuration(&*subject, policy()).await;
        for said in ["https://app.example", "PATCH", "x-wanted", "x-shown", "credentials", "77"] {
            assert!(text.contains(said), "{name} does not tell {said}: {text}");
        }
        let other = configuration(&*subject, Policy::builder().allow_origins("https://other.example")).await;
        assert!(other.contains("https://other.example"), "{name}: {other}");
        for not_said in ["https://app.example", "PATCH", "x-wanted", "x-shown", "77"] {
            assert!(!other.contains(not_said), "{name} tells {not_said}: {other}");
        }
    }
}

#[rstest]
#[case::adapter(
    "cors-axum",
    r##"# CorsLayer::new(policy)

allow_origins = ["https://app.example"]
allow_methods = ["PATCH"]
allow_headers = ["x-wanted"]
expose_headers = ["x-shown"]
allow_credentials = true
max_age = 77
"##
)]
#[case::actix_cors(
    "actix-cors",
    r#"Cors::default()
    .allowed_origin("https://app.example")
    .allowed_methods(["GET", "HEAD", "POST"])
    .allowed_methods(["PATCH"])
    .allowed_headers(["x-wanted"])
    .expose_headers(["x-shown"])
    .supports_credentials()
    .max_age(77)"#
)]
#[case::ntex_cors(
    "ntex-cors",
    r#"Cors::new()
    .allowed_origin("https://app.example")
    .allowed_methods(["GET", "HEAD", "POST"])
    .allowed_methods(["PATCH"])
    .allowed_header("accept")
    .allowed_headers(["x-wanted"])
    .expose_headers(["x-shown"])
    .supports_credentials()
    .max_age(77)"#
)]
#[case::poem(
    "poem-cors",
    r#"Cors::new()
    .allow_credentials(true)
    .allow_origin("https://app.example")
    .allow_methods(["GET", "HEAD", "POST"])
    .allow_methods(["PATCH"])
    .allow_header("accept")
    .allow_headers(["x-wanted"])
    .expose_headers(["x-shown"])
    .max_age(77)"#
)]
#[case::rocket_cors(
    "rocket_cors",
    r#"CorsOptions::default()
    .allowed_origins(AllowedOrigins::some(&["https://app.example"], &[]))
    .send_wildcard(false)
    .allowed_methods(HashSet::from([Method::from_str("GET").unwrap(), Method::from_str("HEAD").unwrap(), Method::from_str("PATCH").unwrap(), Method::from_str("POST").unwrap()]))
    .allowed_headers(AllowedHeaders::some(&["x-wanted"]))
    .allow_credentials(true)
    .expose_headers(HashSet::from(["x-shown".to_owned()]))
    .max_age(Some(77))
    .to_cors()?"#
)]
#[case::salvo(
    "salvo-cors",
    r#"Service::new(router)
    .hoop(Cors::new()
        .allow_origin(AllowOrigin::list([HeaderValue::from_static("https://app.example")]))
        .allow_credentials(true)
        .allow_methods(AllowMethods::list([Method::PATCH]))
        .allow_headers(AllowHeaders::list([HeaderName::from_static("x-wanted")]))
        .expose_headers([HeaderName::from_static("x-shown")])
        .max_age(Duration::from_secs(77))
        .into_handler())"#
)]
#[case::tower_http(
    "tower-http",
    r#"router
    .layer(CorsLayer::new()
        .allow_origin(AllowOrigin::list([HeaderValue::from_static("https://app.example")]))
        .allow_credentials(true)
        .allow_methods(AllowMethods::list([Method::PATCH]))
        .allow_headers(AllowHeaders::list([HeaderName::from_static("x-wanted")]))
        .expose_headers([HeaderName::from_static("x-shown")])
        .max_age(Duration::from_secs(77)))"#
)]
#[case::warp(
    "warp-cors",
    r#"warp::cors()
    .allow_methods(["GET", "HEAD", "POST"])
    .allow_methods(["PATCH"])
    .allow_headers(["x-wanted"])
    .expose_headers(["x-shown"])
    .allow_credentials(true)
    .max_age(Duration::from_secs(77))
    .allow_origin("https://app.example")"#
)]
#[tokio::test]
async fn the_whole_text(#[case] subject: &str, #[case] expected: &str) {
    let subject = find(subject).expect("a subject");
    assert_eq!(configuration(&*subject, policy()).await, expected);
}

#[rstest]
#[case::tower_http("tower-http", r#"OriginPattern::parse("https://*.app.example")"#)]
#[case::actix_cors("actix-cors", r#"OriginPattern::parse("https://*.app.example")"#)]
#[case::poem("poem-cors", r#".allow_origin_regex("https://*.app.example")"#)]
#[case::rocket_cors("rocket_cors", r#""^https://([a-z0-9_-]+\\.)*[a-z0-9_-]+\\.app\\.example$""#)]
#[case::salvo("salvo-cors", r#"OriginPattern::parse("https://*.app.example")"#)]
#[tokio::test]
async fn patterns_are_told(#[case] subject: &str, #[case] expected: &str) {
    let subject = find(subject).expect("a subject");
    let policy = Policy::builder().allow_origins(["https://app.example", "https://*.app.example"]);
    let text = configuration(&*subject, policy).await;
    assert!(text.contains(expected) && text.contains("\"https://app.example\""), "{text}");
}

#[rstest]
#[case::layer(
    "tower-http",
    Guard::builder().websockets(GuardAction::Allow).exempt("POST", "/login"),
    &["CsrfLayer::new()", r#"[("POST", "/login")]"#, r#".add_trusted_origin("https://app.example")?"#]
)]
#[case::list(
    "actix-cors",
    Guard::builder().foreign_origins(GuardAction::Deny).own_origins("https://api.example"),
    &[".block_on_origin_mismatch(true)", r#".allowed_origin("https://api.example")"#]
)]
#[tokio::test]
async fn guards_are_told(
    #[case] subject: &str,
    #[case] guard: cors_core::GuardBuilder,
    #[case] expected: &[&str],
) {
    let subject = find(subject).expect("a subject");
    let text = configuration(&*subject, policy().guard(guard)).await;
    for said in expected {
        assert!(text.contains(said), "{said} is not in {text}");
    }
}

#[rstest]
#[case::actix_cors(
    "actix-cors",
    "any-origin-with-credentials",
    "Cors::default().allow_any_origin().supports_credentials()"
)]
#[case::ntex_cors("ntex-cors", "null-origin", r#"Cors::new().allowed_origin("null").supports_credentials()"#)]
#[case::poem("poem-cors", "any-origin-with-credentials", "Cors::new().allow_credentials(true)")]
#[case::rocket_cors(
    "rocket_cors",
    "null-origin",
    "CorsOptions::default()\n    .allowed_origins(AllowedOrigins::some_null())\n    .allow_credentials(true)\n    .to_cors()?"
)]
#[case::tower_http(
    "tower-http",
    "reflected-origin",
    "CorsLayer::new()\n    .allow_origin(AllowOrigin::mirror_request())\n    .allow_credentials(true)"
)]
#[case::warp(
    "warp-cors",
    "any-origin-with-credentials",
    r#"warp::cors().allow_methods(["GET"]).allow_credentials(true).allow_any_origin()"#
)]
#[tokio::test]
async fn unsafe_configurations_are_told(#[case] subject: &str, #[case] name: &str, #[case] expected: &str) {
    let subject = find(subject).expect("a subject");
    let Ok(cors_conformance::subject::UnsafeStart::Ready { server, .. }) = subject.start_unsafe(name).await
    else {
        panic!("not ready");
    };
    assert_eq!(server.configuration(), Some(expected));
}

#[tokio::test]
async fn adapters_tell_the_policy_of_each_host() {
    let policy = |origin: &str| Policy::builder().allow_origins(origin).build().expect("a safe policy");
    let hosts = [("shop.example".to_owned(), policy("https://shop.example"))];
    let policies = HostPolicies { other: policy("https://app.example"), hosts: hosts.into() };
    for subject in subjects().into_iter().filter(|subject| subject.kind() == SubjectKind::Adapter) {
        let server = subject.start_by_host(&policies).await.expect("a server");
        let text = server.configuration().unwrap_or_default();
        let expected = "# all other hosts\nallow_origins = [\"https://app.example\"]\n\n\
            # shop.example\nallow_origins = [\"https://shop.example\"]\n";
        assert!(text.ends_with(expected), "{}: {text}", subject.name());
    }
}
