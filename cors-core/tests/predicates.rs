//! Functions that decide about origins: when they are asked, and what they see.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::{Arc, Mutex};

use allocation_counter::measure;
use cors_core::{Decision, Origin, Policy, PolicyBuilder, PreparedPolicy, Reason, Rule, WarningCode};
use http::{HeaderMap, HeaderValue, Request};
use rstest::rstest;

/// A policy whose function allows `https://asked.example`, and the origins that it is asked about.
fn asking(builder: PolicyBuilder) -> (Policy, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&asked);
    let policy = builder.allow_origin_if(move |origin| {
        seen.lock().unwrap().push(origin.to_string());
        (origin.scheme(), origin.host(), origin.port()) == ("https", "asked.example", None)
    });
    (policy.build().unwrap(), asked)
}

fn is_allowed(policy: &Policy, origins: &[&[u8]]) -> bool {
    let mut request = Request::new(());
    for origin in origins {
        request.headers_mut().append("origin", HeaderValue::from_bytes(origin).unwrap());
    }
    match policy.decide(&request) {
        Decision::Actual(actual) => actual.is_allowed(),
        Decision::Preflight(_) | Decision::Denied(_) => panic!("an actual request"),
    }
}

#[rstest]
#[case::allowed(b"https://asked.example", true, true)]
#[case::not_allowed(b"https://other.example", false, true)]
#[case::another_port(b"https://asked.example:8443", false, true)]
#[case::listed(b"https://app.example", true, false)]
#[case::pattern(b"https://a.b.example", true, false)]
#[case::in_a_rule(b"https://partner.example", true, false)]
#[case::null(b"null", false, false)]
#[case::file(b"file://", false, false)]
#[case::slash(b"https://asked.example/", false, false)]
#[case::upper_case(b"https://ASKED.example", false, false)]
#[case::default_port(b"https://asked.example:443", false, false)]
#[case::user(b"https://user@asked.example", false, false)]
#[case::list(b"https://asked.example, https://asked.example", false, false)]
#[case::not_ascii(b"https://asked.example\xff", false, false)]
#[case::empty(b"", false, false)]
fn it_is_asked_about_well_formed_origins_that_nothing_contains(
    #[case] origin: &[u8],
    #[case] expected: bool,
    #[case] is_asked: bool,
) {
    let rule = Rule::builder().allow_origins("https://partner.example");
    let builder = Policy::builder().allow_origins(["https://app.example", "https://*.b.example"]).rule(rule);
    let (policy, asked) = asking(builder);
    assert_eq!(is_allowed(&policy, &[origin]), expected);
    assert_eq!(!asked.lock().unwrap().is_empty(), is_asked);
    assert_eq!(policy.allows_origin(origin), expected);
}

#[test]
fn it_is_not_asked_about_several_lines_or_without_an_origin() {
    let (policy, asked) = asking(Policy::builder());
    assert!(!is_allowed(&policy, &[b"https://asked.example", b"https://asked.example"]));
    assert!(!is_allowed(&policy, &[]));
    assert_eq!(*asked.lock().unwrap(), [] as [&str; 0]);
}

#[test]
fn it_needs_no_list_of_origins_and_gives_the_terms_of_the_policy() {
    let (policy, _) = asking(Policy::builder().allow_credentials(true).allow_methods("PUT"));
    assert!(policy.warnings().is_empty() && policy.has_predicates());
    let prepared = PreparedPolicy::<HeaderValue>::new(policy);
    let request = Request::options("/").header("origin", "https://asked.example");
    let request = request.header("access-control-request-method", "PUT").body(()).unwrap();
    let mut headers = HeaderMap::new();
    match prepared.decide(&request) {
        Decision::Preflight(preflight) => {
            assert_eq!(preflight.reason(), None);
            prepared.write_preflight(preflight, &request, &mut headers);
        }
        Decision::Actual(_) | Decision::Denied(_) => panic!("a preflight"),
    }
    assert_eq!(headers["access-control-allow-origin"], "https://asked.example");
    assert_eq!(headers["access-control-allow-credentials"], "true");
    assert_eq!(headers["access-control-allow-methods"], "PUT");
    let vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    assert_eq!(headers["vary"], vary);
}

#[test]
fn what_it_does_not_allow_has_the_usual_reason() {
    let (policy, _) = asking(Policy::builder());
    let request = Request::get("/").header("origin", "https://other.example").body(()).unwrap();
    assert_eq!(policy.origin_reason(&request), Some(Reason::OriginNotAllowed));
}

#[test]
fn one_of_several_functions_is_enough() {
    let policy = Policy::builder()
        .allow_origin_if(|origin| origin.host() == "a.example")
        .allow_origin_if(|origin| origin.host() == "b.example")
        .build()
        .unwrap();
    assert!(policy.allows_origin(b"https://a.example") && policy.allows_origin(b"https://b.example"));
    assert!(!policy.allows_origin(b"https://c.example"));
}

#[test]
fn beside_any_origin_it_is_never_asked_and_gets_a_warning() {
    let (policy, asked) = asking(Policy::builder().allow_origins("*"));
    assert!(is_allowed(&policy, &[b"https://asked.example"]));
    assert_eq!(*asked.lock().unwrap(), [] as [&str; 0]);
    let [warning] = policy.warnings() else { panic!("{:?}", policy.warnings()) };
    assert_eq!(warning.code(), WarningCode::CoveredOrigin);
    assert_eq!(
        warning.to_string(),
        "allow_origin_if: is never asked, because `allow_origins` allows any origin. Leave out one of them."
    );
}

#[test]
fn it_is_kept_compared_and_shown() {
    let (policy, _) = asking(Policy::builder().allow_origins("https://app.example"));
    let copy = policy.to_builder().build().unwrap();
    assert!(copy == policy && copy.allows_origin(b"https://asked.example"));
    assert!(asking(Policy::builder().allow_origins("https://app.example")).0 != policy);
    assert!(Policy::builder().allow_origins("https://app.example").build().unwrap() != policy);
    assert!(format!("{policy:?}").contains("allow_origin_if: [Fn(&Origin) -> bool]"), "{policy:?}");
}

#[test]
fn a_policy_with_a_function_cannot_be_written() {
    let (policy, _) = asking(Policy::builder());
    let error = toml::to_string(&policy).unwrap_err().to_string();
    assert!(error.contains("a policy with `allow_origin_if` contains code, which a file cannot"), "{error}");
    assert!(serde_json::to_string(&policy).is_err());
}

#[test]
fn a_file_cannot_name_a_function() {
    let builder: PolicyBuilder = toml::from_str("allow_origins = \"*\"\nallow_origin_if = \"x\"").unwrap();
    let error = builder.build().unwrap_err();
    assert_eq!(
        error.problems()[0].to_string(),
        "allow_origin_if: unknown field. Leave it out: it is a function, which only code can add."
    );
}

#[test]
fn asking_it_does_not_allocate() {
    let policy =
        Policy::builder().allow_origin_if(|origin: &Origin<'_>| origin.host() == "a.example").build();
    let policy = policy.unwrap();
    let requests = ["https://a.example", "https://b.example"]
        .map(|origin| Request::get("/").header("origin", origin).body(()).unwrap());
    let decide = || requests.iter().for_each(|request| drop(policy.decide(request)));
    // The first event of a program is registered, which allocates.
    decide();
    let allocations = measure(decide);
    assert_eq!(allocations.count_total, 0);
}
