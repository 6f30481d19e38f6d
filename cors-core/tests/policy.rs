//! What a policy can contain, what is refused, and what gets a warning.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::time::Duration;

use cors_core::{Danger, Policy, PolicyBuilder, ProblemCode, WarningCode};
use rstest::rstest;

const APP: &str = "allow_origins = \"https://app.example\"\n";

fn problems(text: &str) -> Vec<(String, String)> {
    let builder: PolicyBuilder = toml::from_str(text).unwrap();
    let error = builder.build().unwrap_err();
    error.problems().iter().map(|problem| (problem.code().to_string(), problem.field().to_owned())).collect()
}

fn warnings(text: &str) -> Vec<(WarningCode, String)> {
    let policy: Policy = toml::from_str(text).unwrap();
    policy.warnings().iter().map(|warning| (warning.code(), warning.field().to_owned())).collect()
}

#[rstest]
#[case("", "no-origins", "allow_origins")]
#[case("allow_origins = 3", "wrong-type", "allow_origins")]
#[case("allow_origins = [\"https://a.example\", 3]", "wrong-type", "allow_origins[1]")]
#[case(
    "allow_origins = [\"https://a.example\", \"https://b.example/\"]",
    "origin-with-path",
    "allow_origins[1]"
)]
#[case("allow_origins = [\"https://a.example\", \"*\"]", "wildcard-among-names", "allow_origins[1]")]
#[case("allow_origins = \"*\"\nallow_credentials = true", "any-origin-with-credentials", "allow_origins")]
#[case("allow_origins = \"null\"", "null-origin", "allow_origins")]
#[case(
    "allow_origins = \"null\"\nallow_credentials = true\ndangerously_allow = [\"null-origin\"]",
    "null-origin-with-credentials",
    "allow_origins"
)]
#[case(
    "allow_origins = \"http://a.example\"\nallow_credentials = true",
    "insecure-origin-with-credentials",
    "allow_origins"
)]
#[case(
    "allow_origins = \"https://*.com\"\nallow_credentials = true",
    "public-suffix-wildcard-with-credentials",
    "allow_origins"
)]
#[case(
    "allow_origins = \"https://*.compute.amazonaws.com\"\nallow_credentials = true",
    "public-suffix-wildcard-with-credentials",
    "allow_origins"
)]
#[case(
    "allow_origins = \"https://*.github.io\"\nallow_credentials = true",
    "public-suffix-wildcard-with-credentials",
    "allow_origins"
)]
#[case(
    "allow_origins = \"https://*-team.github.io\"\nallow_credentials = true",
    "public-suffix-wildcard-with-credentials",
    "allow_origins"
)]
#[case("allow_origins = \"file://\"", "null-origin", "allow_origins")]
#[case(
    "allow_origins = \"file://\"\nallow_credentials = true\ndangerously_allow = [\"null-origin\"]",
    "null-origin-with-credentials",
    "allow_origins"
)]
#[case("allow_origins = \"moz-extension://*\"", "any-app-origin", "allow_origins")]
#[case("allow_methods = \"P UT\"", "method-syntax", "allow_methods")]
#[case("allow_methods = [\"\"]", "method-syntax", "allow_methods[0]")]
#[case("allow_methods = [\"patch\"]", "method-case", "allow_methods[0]")]
#[case("allow_methods = [\"Get\"]", "method-case", "allow_methods[0]")]
#[case("allow_methods = [\"*\", \"PUT\"]", "wildcard-among-names", "allow_methods[0]")]
#[case("allow_headers = [\"x a\"]", "header-syntax", "allow_headers[0]")]
#[case("allow_headers = [\"x-a,x-b\"]", "header-syntax", "allow_headers[0]")]
#[case("allow_headers = [\"*\", \"x-a\"]", "wildcard-among-names", "allow_headers[0]")]
#[case("expose_headers = [\"*\", \"x-a\"]", "wildcard-among-names", "expose_headers[0]")]
#[case(
    "expose_headers = \"*\"\nallow_credentials = true",
    "any-exposed-header-with-credentials",
    "expose_headers"
)]
#[case("allow_credentials = \"true\"", "wrong-type", "allow_credentials")]
#[case("max_age = -1", "max-age", "max_age")]
#[case("max_age = 1.5", "wrong-type", "max_age")]
#[case("max_age = { seconds = 1 }", "wrong-type", "max_age")]
#[case("preflight_status = 199", "preflight-status", "preflight_status")]
#[case("preflight_status = 300", "preflight-status", "preflight_status")]
#[case("preflight_status = 70000", "preflight-status", "preflight_status")]
#[case("max_ages = 3", "unknown-field", "max_ages")]
#[case("dangerously_allow = [\"everything\"]", "unknown-danger", "dangerously_allow[0]")]
fn refused(#[case] text: &str, #[case] code: &str, #[case] field: &str) {
    let has_origins = text.is_empty() || text.contains("allow_origins");
    let text = if has_origins { text.to_owned() } else { format!("{APP}{text}") };
    assert_eq!(problems(&text), [(code.to_owned(), field.to_owned())]);
}

#[test]
fn all_problems_are_reported_at_once() {
    let text = "allow_origins = \"https://a.example/\"\nallow_credentials = true\nallow_methods = [\"patch\",\"P UT\"]\nmax_ages = 3\n";
    let error = toml::from_str::<Policy>(text).unwrap_err().to_string();
    let lines = [
        "the CORS policy is refused, it has 4 problems:",
        "- allow_origins: `https://a.example/` is not an origin: it ends in a path. Write `https://a.example`.",
        "- allow_methods[0]: `patch` is not the standard method: methods are case-sensitive. Write `PATCH`.",
        "- allow_methods[1]: `P UT` is not a method: it contains characters that a method cannot have. Write one name per entry: `[\"P\", \"UT\"]`.",
        "- max_ages: unknown field. Did you mean `max_age`?",
    ];
    assert_eq!(error.trim_end(), lines.join("\n"));
}

#[test]
fn an_entry_of_the_wrong_type_does_not_change_the_positions_of_later_entries() {
    let text = "allow_origins = [\"https://a.example\", 3, \"https://b.example/\"]";
    let places = [("wrong-type", "allow_origins[1]"), ("origin-with-path", "allow_origins[2]")];
    assert_eq!(problems(text), places.map(|(code, field)| (code.to_owned(), field.to_owned())));
}

#[test]
fn problems_of_a_list_are_in_its_order() {
    let text = "allow_origins = [\"https://a.example/\", \"http://b.example\", 3, \"*\", \"https://c.example/\"]\nallow_credentials = true";
    let places: Vec<_> = problems(text).into_iter().map(|(_, field)| field).collect();
    assert_eq!(places, [0, 1, 2, 3, 3, 4].map(|position| format!("allow_origins[{position}]")));
}

#[test]
fn warnings_of_a_list_are_in_its_order() {
    let text = r#"allow_origins = ["https://b.a.example", "https://*.a.example", "https://*.a.example"]"#;
    let places: Vec<_> = warnings(text).into_iter().map(|(_, field)| field).collect();
    assert_eq!(places, ["allow_origins[0]", "allow_origins[2]"]);
}

#[rstest]
#[case("allow_credentials = \"yes\"", "`\"yes\"` is a string")]
#[case("allow_methods = \"it's \\\"so\\\"\"", "`it's \"so\"` is not a method")]
#[case("allow_methods = \"a\\nb\"", "`a\\nb` is not a method")]
#[case("allow_methods = 'a\\b'", "`a\\b` is not a method")]
#[case("max_age = \"a\\n'b'\"", "`\"a\\n'b'\"` is a string")]
#[case("allow_methods = \"\\u001b[2J\"", "`\\u{1b}[2J` is not a method")]
fn a_message_shows_the_value_on_one_line(#[case] text: &str, #[case] expected: &str) {
    let builder: PolicyBuilder = toml::from_str(&format!("{APP}{text}")).unwrap();
    let error = builder.build().unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn the_message_about_an_empty_origin_is_a_sentence() {
    let error = Policy::builder().allow_origins([""]).build().unwrap_err();
    let expected = "allow_origins[0]: an origin is empty. Write an origin such as `https://example.com`.";
    assert_eq!(error.problems()[0].to_string(), expected);
}

#[test]
fn any_origin_beside_others_reports_both_problems() {
    let text = "allow_origins = [\"https://a.example\", \"*\"]\nallow_credentials = true";
    let codes = ["any-origin-with-credentials", "wildcard-among-names"];
    assert_eq!(problems(text), codes.map(|code| (code.to_owned(), "allow_origins[1]".to_owned())));
}

#[test]
fn a_repeated_field_is_refused() {
    let text = r#"{"allow_origins": "https://a.example", "max_age": 1, "max_age": 2}"#;
    let builder: PolicyBuilder = serde_json::from_str(text).unwrap();
    assert_eq!(builder.build().unwrap_err().problems()[0].code(), ProblemCode::RepeatedField);
}

#[test]
fn null_in_json_leaves_a_field_out() {
    let text = r#"{"allow_origins": "https://a.example", "max_age": null, "allow_methods": null}"#;
    let expected = Policy::builder().allow_origins("https://a.example").build().unwrap();
    assert_eq!(serde_json::from_str::<Policy>(text).unwrap(), expected);
}

#[rstest]
#[case("3")]
#[case("[]")]
#[case("\"*\"")]
fn a_value_that_is_not_a_table_is_an_error(#[case] text: &str) {
    let error = serde_json::from_str::<Policy>(text).unwrap_err().to_string();
    assert!(error.contains("a CORS policy: a table with the field `allow_origins`"), "{error}");
}

#[rstest]
#[case("max_age = 7201", WarningCode::MaxAgeOverBrowserCap, "max_age")]
#[case("max_age = 86401", WarningCode::MaxAgeOverADay, "max_age")]
#[case("max_age = 99999999999", WarningCode::MaxAgeOverADay, "max_age")]
#[case("allow_methods = [\"PUT\", \"trace\"]", WarningCode::ForbiddenMethod, "allow_methods[1]")]
#[case("allow_methods = [\"CONNECT\"]", WarningCode::ForbiddenMethod, "allow_methods[0]")]
#[case("allow_methods = \"TRACK\"", WarningCode::ForbiddenMethod, "allow_methods")]
#[case("allow_headers = [\"Cookie\"]", WarningCode::ForbiddenRequestHeader, "allow_headers[0]")]
#[case("allow_headers = [\"sec-fetch-site\"]", WarningCode::ForbiddenRequestHeader, "allow_headers[0]")]
#[case("allow_headers = [\"DNT\"]", WarningCode::ForbiddenRequestHeader, "allow_headers[0]")]
#[case("allow_headers = [\"Origin\"]", WarningCode::CorsHeader, "allow_headers[0]")]
#[case("allow_headers = [\"access-control-allow-origin\"]", WarningCode::CorsHeader, "allow_headers[0]")]
#[case("expose_headers = [\"Set-Cookie\"]", WarningCode::ForbiddenResponseHeader, "expose_headers[0]")]
#[case("expose_headers = [\"access-control-max-age\"]", WarningCode::CorsHeader, "expose_headers[0]")]
#[case("allow_methods = [\"PUT\", \"PUT\"]", WarningCode::RepeatedName, "allow_methods[1]")]
#[case("allow_headers = [\"x-a\", \"X-A\"]", WarningCode::RepeatedName, "allow_headers[1]")]
#[case("allow_headers = \"*\"", WarningCode::AuthorizationNotCovered, "allow_headers")]
fn warned(#[case] text: &str, #[case] code: WarningCode, #[case] field: &str) {
    assert_eq!(warnings(&format!("{APP}{text}")), [(code, field.to_owned())]);
}

#[test]
fn what_browsers_ignore_is_not_sent() {
    let text = r#"
        allow_methods = ["TRACE", "PUT", "connect"]
        allow_headers = ["origin", "x-a", "Cookie", "access-control-request-method", "sec-fetch-mode"]
        expose_headers = ["Set-Cookie", "x-b", "access-control-allow-origin"]
        max_age = 604800
    "#;
    let policy: Policy = toml::from_str(&format!("{APP}{text}")).unwrap();
    assert_eq!(policy.warnings().len(), 9);
    assert_eq!(policy.allow_methods(), ["PUT"]);
    assert_eq!(policy.allow_headers(), ["x-a"]);
    assert_eq!(policy.expose_headers(), ["x-b"]);
    assert_eq!(policy.max_age(), Some(Duration::from_secs(86_400)));
}

#[test]
fn an_empty_list_of_origins_allows_none() {
    let text = "allow_origins = []\nallow_credentials = true\n";
    assert_eq!(warnings(text), [(WarningCode::NoOrigins, "allow_origins".to_owned())]);
    let policy: Policy = toml::from_str(text).unwrap();
    assert!(!policy.allows_any_origin() && !policy.allows_origin(b"https://app.example"));
    assert!(!policy.allows_origin(b"null") && !policy.allows_origin(b""));
    assert_eq!(policy.allow_origins().count(), 0);
    assert_eq!(toml::to_string(&policy).unwrap(), text);
    assert_eq!(
        policy,
        Policy::builder().allow_origins([] as [&str; 0]).allow_credentials(true).build().unwrap()
    );
}

#[rstest]
#[case(&["https://a.example", "https://a.example"], 1)]
#[case(&["https://*.a.example", "https://b.a.example"], 1)]
#[case(&["http://localhost:3000", "http://localhost:*"], 0)]
#[case(&["https://*.a.example", "https://*.b.a.example:*", "https://*.b.a.example:8443"], 2)]
fn covered_origins(#[case] origins: &[&str], #[case] position: usize) {
    let policy = Policy::builder().allow_origins(origins).build().unwrap();
    let [warning] = policy.warnings() else { panic!("{:?}", policy.warnings()) };
    assert_eq!(warning.code(), WarningCode::CoveredOrigin);
    assert_eq!(warning.field(), format!("allow_origins[{position}]"));
}

#[rstest]
#[case("allow_methods = \"PUT\"\nallow_headers = \"content-type\"\nmax_age = 7200\npreflight_status = 200")]
#[case("allow_headers = [\"*\", \"Authorization\"]")]
#[case("allow_methods = [\"GET\", \"HEAD\", \"POST\", \"PUT\"]")]
#[case("allow_headers = [\"Accept\", \"content-language\"]\nexpose_headers = [\"content-length\"]")]
#[case("max_age = 0")]
#[case("allow_methods = [\"put-all\", \"QUERY\"]")]
#[case("allow_credentials = true\nallow_methods = \"*\"\nallow_headers = [\"*\", \"authorization\"]")]
fn accepted_without_a_warning(#[case] text: &str) {
    assert_eq!(warnings(&format!("{APP}{text}")), []);
}

#[rstest]
#[case("http://a.example", Danger::InsecureOrigins)]
#[case("https://*.github.io", Danger::PublicSuffixWildcards)]
#[case("https://*-team.vercel.app", Danger::PublicSuffixWildcards)]
#[case("moz-extension://*", Danger::AnyAppOrigin)]
fn an_exception_allows_what_it_names(#[case] origin: &str, #[case] danger: Danger) {
    let builder = || Policy::builder().allow_origins(origin).allow_credentials(true);
    assert!(builder().build().is_err());
    assert!(builder().dangerously_allow([danger]).build().is_ok());
}

#[rstest]
#[case("http://localhost:3000")]
#[case("http://app.localhost")]
#[case("http://127.0.0.1:*")]
#[case("http://[::1]:8080")]
#[case("https://*.example.com")]
#[case("chrome-extension://abcdefghijklmnop")]
fn origins_with_a_single_owner_can_have_credentials(#[case] origin: &str) {
    assert!(Policy::builder().allow_origins(origin).allow_credentials(true).build().is_ok());
}

#[test]
fn files_are_allowed_with_the_exception_for_null() {
    let builder = Policy::builder().allow_origins("file://").dangerously_allow([Danger::NullOrigin]);
    let policy = builder.build().unwrap();
    assert!(
        policy.allows_origin(b"file://")
            && !policy.allows_origin(b"file:///")
            && !policy.allows_origin(b"null")
    );
}

#[rstest]
#[case("https://*-team.vercel.app", WarningCode::PublicSuffixPattern)]
#[case("https://*.vercel.app", WarningCode::PublicSuffixPattern)]
#[case("https://*example.com", WarningCode::PublicSuffixPattern)]
#[case("ttp://example.com", WarningCode::UnusualScheme)]
#[case("ws://localhost:3000", WarningCode::UnusualScheme)]
fn unusual_origins(#[case] origin: &str, #[case] code: WarningCode) {
    assert_eq!(warnings(&format!("allow_origins = \"{origin}\"")), [(code, "allow_origins".to_owned())]);
}

#[test]
fn default_values_are_not_serialized() {
    let text = "allow_origins = [\"https://app.example\", \"http://localhost:*\"]\nallow_headers = [\"*\", \"authorization\"]\nexpose_headers = \"*\"\npreflight_status = 204\ndiagnostics = false\n";
    let policy: Policy = toml::from_str(text).unwrap();
    assert_eq!(
        toml::to_string(&policy).unwrap(),
        "allow_origins = [\"https://app.example\", \"http://localhost:*\"]\nallow_headers = [\"*\", \"authorization\"]\nexpose_headers = \"*\"\n"
    );
}

#[test]
fn a_removed_field_says_what_happened_and_what_to_do() {
    let builder: PolicyBuilder = toml::from_str(&format!("{APP}allow_private_network = true")).unwrap();
    let error = builder.build().unwrap_err();
    let [problem] = error.problems() else { panic!("{error}") };
    assert_eq!((problem.code(), problem.field()), (ProblemCode::UnknownField, "allow_private_network"));
    let text = problem.to_string();
    assert!(text.contains("browsers have abandoned Private Network Access"), "{text}");
    assert!(text.contains("Leave it out.") && text.contains("Local Network Access"), "{text}");
}

#[rstest]
#[case("allow_origin", "Did you mean `allow_origins`?")]
#[case("Allow-Methods", "Did you mean `allow_methods`?")]
#[case("max_gae", "Did you mean `max_age`?")]
#[case("colour", "Leave it out. The fields are allow_origins, allow_methods, ")]
fn an_unknown_field_names_the_nearest_one(#[case] field: &str, #[case] help: &str) {
    let builder: PolicyBuilder = toml::from_str(&format!("{APP}{field} = 1")).unwrap();
    let error = builder.build().unwrap_err();
    assert!(error.problems()[0].help().starts_with(help), "{error}");
}
