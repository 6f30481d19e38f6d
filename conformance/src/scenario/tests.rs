use std::time::Duration;

use rstest::rstest;

use super::*;
use cors_browser::PageAction;

const VALID: &str = r#"
id = "group/name"
title = "A title"
kind = "required"
spec = "fetch#cors-preflight-fetch"
browsers = { only = ["standard", "firefox"], reason = "Chromium differs" }

[policy]
allow_origins = "https://app.example"

[servers]
main = "https://api.example"
secure = { origin = "https://secure.example", tls = true, certificate = "untrusted" }

[[step]]
fetch = { path = "/item/1", method = "DELETE", headers = { "x-a" = "1" } }
page = { outcome = "blocked", reason = "method-not-allowed" }
wire = [{ on = "preflight", status = 403, absent = ["access-control-*"] }]
handlers_run = 0

[[step]]
wait = 600
fetch = { path = "/status/200", from = "https://other.example" }
page = { outcome = "readable" }

[[step]]
request = { method = "OPTIONS", path = "/echo", http = "1.0", headers = [["origin", 'a\x00'], { name = "x-b", text = "ab", times = 3 }] }
wire = [{ on = "actual", status = "4xx", sent = { method = "OPTIONS" } }]
"#;

#[test]
fn all_embedded_files_load() {
    if let Err(error) = embedded() {
        panic!("{error}");
    }
}

#[test]
fn every_field_of_a_valid_file_is_read() {
    let scenario = parse::scenario("group/name", VALID).unwrap();
    assert_eq!(scenario.group(), "group");
    assert_eq!(scenario.page.origin.to_string(), "https://app.example");
    assert_eq!(scenario.servers["main"].origin.as_str(), "https://api.example/");
    assert_eq!(scenario.servers["main"].tls, None);
    assert_eq!(scenario.servers["secure"].tls, Some(CertificateKind::Untrusted));
    let browsers = scenario.browsers.as_ref().unwrap();
    assert_eq!((browsers.include("firefox"), browsers.include("chromium")), (true, false));
    let Action::Page(PageAction::Fetch(fetch)) = &scenario.steps[0].action else {
        panic!("{:?}", scenario.steps[0])
    };
    assert_eq!(fetch.url.as_str(), "https://api.example/item/1");
    assert_eq!(fetch.headers, [("x-a".to_owned(), "1".to_owned())]);
    assert_eq!(scenario.steps[0].handlers_run, Some(0));
    assert_eq!((scenario.steps[0].wait, &scenario.steps[0].from), (Duration::ZERO, &None));
    assert_eq!(scenario.steps[1].wait, Duration::from_secs(600));
    assert_eq!(scenario.steps[1].from.as_ref().unwrap().to_string(), "https://other.example");
    let Action::Request(request) = &scenario.steps[2].action else { panic!("{:?}", scenario.steps[2]) };
    assert!(request.is_http10);
    assert_eq!(request.headers[0].1, b"a\0");
    assert_eq!(request.headers[1], ("x-b".to_owned(), b"ababab".to_vec()));
    assert_eq!(scenario.steps[2].wire[0].status, Some(StatusExpectation::Class(4)));
}

#[rstest]
#[case("id = \"group/name\"", "id = \"group/other\"", "id")]
#[case("title = \"A title\"", "title = \" \"", "title")]
#[case("\"required\"", "\"security\"", "harm")]
#[case("spec = \"fetch#cors-preflight-fetch\"", "", "spec")]
#[case("fetch#cors-preflight-fetch", "fetch", "spec")]
#[case("fetch#cors-preflight-fetch", "rfc1#a", "spec")]
#[case("spec = ", "faq = \"What?\"\nspec = ", "faq")]
#[case("[[step]]\nfetch", "[page]\norigin = \"app.example\"\n[[step]]\nfetch", "page.origin")]
#[case("main = \"https://api.example\"", "other = \"https://a.example\"", "servers.main")]
#[case("main = \"https://api.example\"", "main = \"https://a.example/b\"", "servers.main")]
#[case("\"https://secure.example\"", "\"http://secure.example\"", "servers.secure.tls")]
#[case("tls = true, ", "", "servers.secure.certificate")]
#[case("\"untrusted\"", "\"expired\"", "the file")]
#[case("only = [\"standard\", \"firefox\"]", "only = []", "browsers.only")]
#[case("\"firefox\"]", "\"netscape\"]", "browsers.only")]
#[case("reason = \"Chromium differs\"", "reason = \"\"", "browsers.reason")]
#[case("[[step]]\nfetch", "[page]\nopaque = \"data\"\n[[step]]\nfetch", "page.opaque")]
#[case(
    "[[step]]\nfetch",
    "[page]\norigin = \"null\"\nopaque = \"data\"\nreferrer_policy = \"origin\"\n[[step]]\nfetch",
    "page.referrer_policy"
)]
#[case(
    "[[step]]\nfetch",
    "[page]\norigin = \"null\"\nopaque = \"file\"\nembedder_policy = \"require-corp\"\n[[step]]\nfetch",
    "page.embedder_policy"
)]
#[case("reason = \"method-not-allowed\"", "reason = \"no-such-code\"", "step[0].page.reason")]
#[case("path = \"/item/1\"", "path = \"item/1\"", "step[0].fetch.path")]
#[case("from = \"https://other.example\"", "from = \"other.example\"", "step[1].fetch.from")]
#[case("wait = 600", "wait = -1", "the file")]
#[case("path = \"/item/1\",", "", "step[0].fetch")]
#[case("path = \"/item/1\"", "url = \"item/1\"", "step[0].fetch.url")]
#[case("\"blocked\"", "\"opaque\"", "step[0].page.reason")]
#[case("\"blocked\", reason = \"method-not-allowed\"", "\"opaque\", status = 200", "step[0].page.status")]
#[case("status = 403", "status = 1000", "step[0].wire[0].status")]
#[case("\"4xx\"", "\"9xx\"", "step[2].wire[0].status")]
#[case("access-control-*", "access-control-[", "step[0].wire[0].absent")]
#[case("status = 403, absent = [\"access-control-*\"]", "nth = 0", "step[0].wire[0]")]
#[case("on = \"actual\"", "on = \"preflight\"", "step[2].wire")]
#[case(r"a\x00", r"a\y00", "step[2].request.headers.origin")]
#[case("path = \"/echo\"", "path = \"/echo\", server = \"other\"", "step[2].request.server")]
#[case("[policy]\nallow_origins = \"https://app.example\"", "policy = 1", "policy")]
#[case(
    "allow_origins = \"https://app.example\"",
    "allow_origins = \"https://app.example/\"",
    "policy.allow_origins"
)]
#[case("allow_origins = \"https://app.example\"", "allow_origins = \"*\"\nsurprise = 1", "policy.surprise")]
#[case("[policy]", "surprise = 1\n[policy]", "the file")]
#[case("times = 3", "times = 3000000", "the file")]
fn a_problem_names_its_field(#[case] from: &str, #[case] to: &str, #[case] field: &str) {
    assert!(VALID.contains(from), "the case changes nothing");
    let problems = parse::scenario("group/name", &VALID.replace(from, to)).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert!(fields.contains(&field), "{problems:?}");
    assert!(problems.iter().all(|problem| problem.file == "group/name.toml"));
    assert_eq!(problems.len(), 1, "one mistake makes one problem: {problems:?}");
}

#[test]
fn all_problems_of_a_file_are_reported_at_once() {
    let text =
        VALID.replace("A title", "").replace("\"required\"", "\"security\"").replace("fetch#", "fetch-");
    let problems = parse::scenario("group/name", &text).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["title", "spec", "harm"]);
}

#[test]
fn a_scenario_that_cannot_fail_is_refused() {
    let (head, _) = VALID.split_once("page = ").unwrap();
    let problems = parse::scenario("group/name", head).unwrap_err();
    assert_eq!(problems[0].field, "step");
}
