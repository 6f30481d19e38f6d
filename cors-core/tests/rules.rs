//! Rules by origin: which one decides, what is refused, and what it costs.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::hint::black_box;
use std::time::Duration;

use allocation_counter::measure;
use cors_core::{
    Danger, Decision, Policy, PolicyBuilder, PreparedPolicy, ProblemCode, Reason, Rule, WarningCode,
};
use http::{HeaderMap, HeaderValue, Request};
use rstest::rstest;

const PARTNER: &str = "https://partner.example";

fn read(text: &str) -> PolicyBuilder {
    toml::from_str(text).unwrap()
}

fn actual(policy: &Policy, origin: Option<&str>) -> HeaderMap {
    let mut request = Request::get("/");
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let prepared = PreparedPolicy::<HeaderValue>::new(policy.clone());
    let mut headers = HeaderMap::new();
    match prepared.decide(&request.body(()).unwrap()) {
        Decision::Actual(actual) => prepared.write_actual(actual, &mut headers),
        Decision::Preflight(_) | Decision::Denied(_) => panic!("an actual request"),
    }
    headers
}

fn preflight_reason(policy: &Policy, origin: &str, method: &str) -> Option<Reason> {
    let request =
        Request::options("/").header("origin", origin).header("access-control-request-method", method);
    match policy.decide(&request.body(()).unwrap()) {
        Decision::Preflight(preflight) => preflight.reason(),
        Decision::Actual(_) | Decision::Denied(_) => panic!("a preflight"),
    }
}

fn partner_policy() -> Policy {
    let rule = Rule::builder().allow_origins(PARTNER).allow_credentials(true).allow_methods("PUT");
    Policy::builder().allow_origins("*").allow_methods("DELETE").rule(rule).build().unwrap()
}

#[test]
fn a_rule_decides_about_its_origins_only() {
    let policy = partner_policy();
    let partner = actual(&policy, Some(PARTNER));
    assert_eq!(partner["access-control-allow-origin"], PARTNER);
    assert_eq!(partner["access-control-allow-credentials"], "true");
    for origin in
        [None, Some("https://other.example"), Some("https://partner.example.evil.example"), Some("x")]
    {
        let headers = actual(&policy, origin);
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert!(!headers.contains_key("access-control-allow-credentials"));
        assert_eq!(headers["vary"], "Origin");
    }
    assert_eq!(preflight_reason(&policy, PARTNER, "PUT"), None);
    assert_eq!(preflight_reason(&policy, PARTNER, "DELETE"), Some(Reason::MethodNotAllowed));
    assert_eq!(preflight_reason(&policy, "https://other.example", "DELETE"), None);
    assert_eq!(preflight_reason(&policy, "https://other.example", "PUT"), Some(Reason::MethodNotAllowed));
}

#[test]
fn a_decision_of_another_policy_writes_nothing() {
    let request = Request::get("/").header("origin", PARTNER).body(()).unwrap();
    let Decision::Actual(actual) = PreparedPolicy::<HeaderValue>::new(partner_policy()).decide(&request)
    else {
        panic!("not a preflight");
    };
    let mut headers = HeaderMap::new();
    let other = Policy::builder().allow_origins("https://app.example").build().unwrap();
    PreparedPolicy::new(other).write_actual(actual, &mut headers);
    assert!(!headers.contains_key("access-control-allow-origin"));
}

#[rstest]
#[case("[[rules]]\nallow_methods = \"PUT\"", ProblemCode::NoOrigins, "rules[0].allow_origins")]
#[case(
    "[[rules]]\nallow_origins = \"*\"\nallow_credentials = true",
    ProblemCode::AnyOriginWithCredentials,
    "rules[0].allow_origins"
)]
#[case(
    "[[rules]]\nallow_origins = []\n[[rules]]\nallow_origins = [\"https://a.example/\"]",
    ProblemCode::OriginWithPath,
    "rules[1].allow_origins[0]"
)]
#[case(
    "[[rules]]\nallow_origins = \"https://a.example\"\nallow_methods = \"put\"",
    ProblemCode::MethodCase,
    "rules[0].allow_methods"
)]
#[case(
    "dangerously_allow = [\"null-origin\"]\n[[rules]]\nallow_origins = \"null\"",
    ProblemCode::NullOrigin,
    "rules[0].allow_origins"
)]
#[case(
    "[[rules]]\nallow_origins = \"https://a.example\"\nmax_age = -1",
    ProblemCode::MaxAge,
    "rules[0].max_age"
)]
#[case(
    "[[rules]]\nallow_origins = \"https://a.example\"\ndangerously_allow = [\"x\"]",
    ProblemCode::UnknownDanger,
    "rules[0].dangerously_allow[0]"
)]
#[case(
    "[[rules]]\nallow_origins = \"https://a.example\"\ndiagnostics = true",
    ProblemCode::UnknownField,
    "rules[0].diagnostics"
)]
#[case(
    "[[rules]]\nallow_origins = \"https://a.example\"\n[[rules.rules]]\nallow_origins = \"*\"",
    ProblemCode::UnknownField,
    "rules[0].rules"
)]
#[case(
    "[[rules]]\nallow_origins = \"https://a.example\"\ncredentials = true",
    ProblemCode::UnknownField,
    "rules[0].credentials"
)]
#[case("rules = 1", ProblemCode::WrongType, "rules")]
#[case("[rules]\nallow_origins = \"https://a.example\"", ProblemCode::WrongType, "rules")]
#[case("rules = [1]", ProblemCode::WrongType, "rules[0]")]
#[case("[[rule]]\nallow_origins = \"https://a.example\"", ProblemCode::UnknownField, "rule")]
fn a_problem_names_the_rule(#[case] text: &str, #[case] code: ProblemCode, #[case] field: &str) {
    let error = read(&format!("allow_origins = \"https://app.example\"\n{text}")).build().unwrap_err();
    let problems: Vec<_> = error.problems().iter().map(|problem| (problem.code(), problem.field())).collect();
    assert_eq!(problems, [(code, field)], "{error}");
}

#[test]
fn an_entry_that_is_not_a_rule_does_not_change_the_numbers_of_the_others() {
    let text =
        r#"{"allow_origins":"*","rules":[1,{"allow_origins":"https://a.example/","allow_methods":"put"}]}"#;
    let builder: PolicyBuilder = serde_json::from_str(text).unwrap();
    let error = builder.build().unwrap_err();
    let fields: Vec<_> = error.problems().iter().map(cors_core::Problem::field).collect();
    assert_eq!(fields, ["rules[0]", "rules[1].allow_origins", "rules[1].allow_methods"]);
}

#[test]
fn a_field_of_a_rule_that_is_written_twice_is_refused() {
    let text =
        r#"{"allow_origins":"*","rules":[{"allow_origins":"https://a.example","max_age":1,"max_age":2}]}"#;
    let builder: PolicyBuilder = serde_json::from_str(text).unwrap();
    let error = builder.build().unwrap_err();
    assert_eq!(error.problems()[0].code(), ProblemCode::RepeatedField);
    assert_eq!(error.problems()[0].field(), "rules[0].max_age");
}

#[test]
fn messages_say_what_to_write() {
    let text = "allow_origins = \"https://app.example\"\n[[rules]]\nallow_origins = \"https://a.example\"\npreflight_status = 200\n";
    assert_eq!(
        read(text).build().unwrap_err().problems()[0].to_string(),
        "rules[0].preflight_status: a rule does not have this field. Write it at the top level: it holds for the whole policy."
    );
    let rules = "allow_origins = \"https://app.example\"\n[rules]\nallow_origins = \"https://a.example\"\n";
    assert_eq!(
        read(rules).build().unwrap_err().problems()[0].to_string(),
        "rules: `{…}` is a table. Write each rule as a table `[[rules]]`."
    );
}

#[test]
fn problems_of_the_policy_come_before_those_of_its_rules() {
    let text = "allow_origins = \"https://a.example/\"\nunknown_thing = 1\nmax_age = -1\n[[rules]]\nallow_origins = \"x\"\n";
    let error = read(text).build().unwrap_err();
    let fields: Vec<_> = error.problems().iter().map(cors_core::Problem::field).collect();
    assert_eq!(fields, ["allow_origins", "max_age", "rules[0].allow_origins", "unknown_thing"]);
}

#[rstest]
#[case::same(vec![vec!["https://a.example"], vec!["https://a.example"]], "rules[1].allow_origins[0]", "is listed in `rules[0]` already")]
#[case::pattern(vec![vec!["https://*.a.example"], vec!["https://b.a.example"]], "rules[1].allow_origins[0]", "is covered by a pattern in `rules[0]`")]
#[case::own(vec![vec!["https://app.example"]], "allow_origins[0]", "is listed in `rules[0]` already")]
#[case::same_rule(vec![vec!["https://a.example", "https://a.example"]], "rules[0].allow_origins[1]", "is listed twice")]
#[case::pattern_in_same_rule(vec![vec!["https://*.a.example", "https://b.a.example"]], "rules[0].allow_origins[1]", "is covered by another pattern")]
#[case::any(vec![vec!["*"]], "allow_origins", "no request gets here, because `rules[0]` allows any origin")]
fn an_origin_without_an_effect_gets_a_warning(
    #[case] rules: Vec<Vec<&str>>,
    #[case] field: &str,
    #[case] text: &str,
) {
    let rules = rules.iter().map(|origins| Rule::builder().allow_origins(origins));
    let policy = Policy::builder().allow_origins(["https://app.example"]).rules(rules).build().unwrap();
    let [warning] = policy.warnings() else { panic!("{:?}", policy.warnings()) };
    assert_eq!((warning.code(), warning.field()), (WarningCode::CoveredOrigin, field));
    assert!(warning.to_string().contains(text), "{warning}");
}

#[test]
fn a_wider_pattern_in_a_later_rule_gets_no_warning() {
    let rules = [["https://b.a.example"], ["https://*.a.example"], ["https://*.a.example:*"]];
    let rules = rules.map(|origins| Rule::builder().allow_origins(origins));
    let policy = Policy::builder().allow_origins("https://*.example:*").rules(rules).build().unwrap();
    let codes: Vec<_> = policy.warnings().iter().map(cors_core::Warning::code).collect();
    assert_eq!(codes, [WarningCode::PublicSuffixPattern]);
}

#[test]
fn a_policy_with_rules_can_be_written_read_and_extended() {
    let text = "allow_origins = \"*\"\npreflight_status = 200\n\n[[rules]]\nallow_origins = [\"https://partner.example\", \"https://*.partner.example\"]\nallow_methods = [\"PUT\"]\nallow_credentials = true\nmax_age = 60\n\n[[rules]]\nallow_origins = [\"null\"]\ndangerously_allow = [\"null-origin\"]\n";
    let policy = read(text).build().unwrap();
    assert_eq!(toml::to_string(&policy).unwrap(), text);
    let extended =
        policy.to_builder().rule(Rule::builder().allow_origins("https://new.example")).build().unwrap();
    assert_eq!(extended.rules().count(), 3);
    assert_ne!(extended, policy);
    assert_eq!(policy.to_builder().build().unwrap(), policy);
    let rules: Vec<_> = policy.rules().collect();
    assert_eq!(rules[1].dangerously_allow(), [Danger::NullOrigin]);
    assert_eq!(rules[0].max_age(), Some(Duration::from_secs(60)));
    let debug = format!("{policy:?}");
    assert!(debug.contains("rules: [Rule { allow_origins: [\"https://partner.example\""), "{debug}");
}

#[test]
fn a_policy_with_rules_differs_from_one_without() {
    let policy = partner_policy();
    let without = Policy::builder().allow_origins("*").allow_methods("DELETE").build().unwrap();
    assert_ne!(policy, without);
    assert_ne!(without, policy);
    assert!(!without.has_rules() && policy.has_rules());
}

#[test]
fn the_environment_has_no_rules() {
    let variables = [("CORS_ALLOW_ORIGINS", "*"), ("CORS_RULES", "https://a.example")];
    let error = PolicyBuilder::from_variables("CORS_", variables).build().unwrap_err();
    assert_eq!(
        error.problems()[0].to_string(),
        "CORS_RULES: rules cannot be written in an environment variable. Write them in a policy file or in code."
    );
    let builder = PolicyBuilder::from_variables("CORS_", [("CORS_ALLOW_ORIGINS", "*")]);
    let error = builder.rule(Rule::builder().allow_origins("null")).build().unwrap_err();
    assert_eq!(error.problems()[0].field(), "rules[0].allow_origins");
}

/// A policy with many rules, each with an exact origin, a pattern of each kind, and a share of the exact origins.
fn large_policy(rules: usize, origins: usize) -> Policy {
    let rules = (0..rules).map(|rule| {
        let patterns = [
            format!("https://*.{rule}.example.org"),
            format!("https://pr-*-{rule}.example.net"),
            format!("http://{rule}.localhost:*"),
        ];
        let exact = (0..origins / rules).map(|number| format!("https://{number}.{rule}.example.com"));
        Rule::builder().allow_origins(exact.chain(patterns)).allow_credentials(true)
    });
    Policy::builder().allow_origins("https://*.example.com").rules(rules).build().unwrap()
}

#[rstest]
#[case::exact("https://0.9.example.com")]
#[case::pattern("https://a.9.example.org")]
#[case::partial_label("https://pr-1-9.example.net")]
#[case::any_port("http://9.localhost:3000")]
#[case::own("https://app.example.com")]
#[case::stranger("https://stranger.example")]
fn deciding_by_rules_does_not_allocate(#[case] origin: &str) {
    let prepared = PreparedPolicy::<HeaderValue>::new(large_policy(10, 100));
    let request = Request::get("/").header("origin", origin).body(()).unwrap();
    drop(request.headers().clone());
    let mut headers = HeaderMap::with_capacity(16);
    let allocations = measure(|| {
        if let Decision::Actual(actual) = prepared.decide(&request) {
            prepared.write_actual(actual, &mut headers);
        }
    });
    black_box(&headers);
    assert_eq!(allocations.count_total, 0);
}
