//! Files of expected results, tried with servers in memory.

use std::future::ready;
use std::sync::Arc;

use cors_browser::{FailureKind, Network, NetworkError, NetworkFuture, WireRequest, WireResponse};
use rstest::rstest;

use super::*;

/// `api` allows one page, and reads a cookie at `/me`, which `/login` sets. `down` does not respond.
struct Servers;

impl Network for Servers {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        let response = match request.url.host_str() {
            Some("down.example") => Err(NetworkError::new(FailureKind::Refused, "nothing listens")),
            _ => Ok(api(&request)),
        };
        Box::pin(ready(response))
    }
}

fn api(request: &WireRequest) -> WireResponse {
    let is_known = request.header("cookie") == Some(b"sid=1");
    let status = match request.url.path() {
        "/me" if !is_known && request.method != "OPTIONS" => 401,
        _ => 200,
    };
    let mut response = WireResponse::new(status).with_header("x-total", "3").with_header("x-secret", "4");
    if request.url.path() == "/login" && request.method == "POST" {
        response = response.with_header("set-cookie", "sid=1; Secure; SameSite=None");
    }
    if request.header("origin") != Some(b"https://app.example") {
        return response;
    }
    response
        .with_header("access-control-allow-origin", "https://app.example")
        .with_header("access-control-allow-credentials", "true")
        .with_header("access-control-allow-headers", "content-type")
        .with_header("access-control-expose-headers", "x-total")
}

fn no_variable(_: &str) -> Option<String> {
    None
}

fn parse(text: &str) -> Expectations {
    Expectations::parse(text, &no_variable).unwrap_or_else(|problems| panic!("{problems:?}"))
}

async fn verified(text: &str) -> Verified {
    let network: Arc<dyn Network> = Arc::new(Servers);
    verify(&parse(text), &network).await
}

const FILE: &str = r#"
browsers = ["chromium", "firefox"]

[pages]
app = "https://app.example"
evil = "https://evil.example"

[urls]
items = "https://api.example/items"

[[check]]
name = "the app reads items"
pages = "app"
urls = ["items", "https://api.example/more"]
expect = "readable"
status = 200
readable_headers = ["X-Total"]

[[check]]
name = "other pages read nothing"
pages = ["evil", "null"]
urls = "items"
browsers = ["webkit"]
expect = "blocked"
reason = "missing-allow-origin"

[[check]]
name = "other methods are denied"
pages = ["app"]
urls = ["items"]
method = "PUT"
headers = { Content-Type = "application/json" }
body = "{}"
expect = "blocked"

[[check]]
name = "a login"
pages = ["app"]

[[check.step]]
url = "https://api.example/me"
credentials = "include"
expect = "readable"
status = 401

[[check.step]]
url = "https://api.example/login"
method = "POST"
credentials = "include"
expect = "readable"

[[check.step]]
url = "https://api.example/me"
credentials = "include"
expect = "readable"
status = 200

[[check]]
name = "a stored cookie"
pages = ["app"]
# Firefox keeps the cookies of a visit from pages of other sites.
browsers = ["chromium"]

[[check.step]]
url = "https://api.example/"
cookie = "sid=1; Secure; SameSite=None"

[[check.step]]
url = "https://api.example/me"
credentials = "include"
expect = "readable"
status = 200
"#;

#[tokio::test]
async fn what_a_file_expects_is_tried() {
    let verified = verified(FILE).await;
    // Two URLs and two browsers; two pages; two browsers; two browsers and three steps; one browser.
    assert_eq!(verified.cases.len(), 4 + 2 + 2 + 2 + 1);
    assert_eq!(verified.count(Outcome::Holds), 4 + 2 + 2 + 6 + 1, "{verified:#?}");
    assert_eq!(verified.exit_code(), 0);
}

/// Every expectation can fail.
#[rstest]
#[case(
    "expect = \"readable\"\nstatus = 200\nreadable_headers = [\"X-Total\"]",
    "expect = \"blocked\"",
    "readable"
)]
#[case("status = 200\nreadable", "status = 204\nreadable", "readable, status 200")]
#[case("[\"X-Total\"]", "[\"X-Total\", \"X-Secret\"]", "readable, status 200, not readable: X-Secret")]
#[case("\"missing-allow-origin\"", "\"allow-origin-mismatch\"", "blocked, missing-allow-origin")]
#[case("method = \"PUT\"", "method = \"POST\"", "readable")]
#[case("expect = \"readable\"\nstatus = 401", "expect = \"opaque\"", "readable")]
#[case("\"sid=1; Secure; SameSite=None\"", "\"sid=2; Secure; SameSite=None\"", "readable, status 401")]
#[tokio::test]
async fn a_difference_is_found(#[case] from: &str, #[case] to: &str, #[case] actual: &str) {
    assert!(FILE.contains(from));
    let verified = verified(&FILE.replacen(from, to, 1)).await;
    assert_eq!(verified.exit_code(), 1);
    let steps = verified.cases.iter().flat_map(|case| &case.steps);
    let differing: Vec<_> = steps.filter(|step| step.outcome == Outcome::Differs).collect();
    assert!(!differing.is_empty());
    assert!(differing.iter().all(|step| step.actual.as_deref() == Some(actual)), "{differing:#?}");
}

const MIXED: &str = r#"
[[check]]
name = "denied | by *design*"
pages = ["https://evil.example"]
urls = ["https://api.example/items"]
expect = "readable"

[[check]]
name = "down"
pages = ["https://app.example"]

[[check.step]]
url = "https://down.example/"
expect = "readable"

[[check.step]]
url = "https://api.example/items"
expect = "readable"

[[check]]
name = "fine"
pages = ["https://app.example"]
urls = ["https://api.example/items"]
expect = "readable"
"#;

#[tokio::test]
async fn reports_show_differences_and_what_could_not_be_tried() {
    let verified = verified(MIXED).await;
    assert_eq!(verified.exit_code(), 2);
    let counts = [Outcome::Holds, Outcome::Differs, Outcome::NotTried].map(|outcome| verified.count(outcome));
    assert_eq!(counts, [1, 1, 2]);

    let table = render(&verified, "expectations.toml", Format::Table).unwrap();
    for part in [
        "DIFFERS",
        "denied | by *design* (line 2): GET https://api.example/items",
        "expected readable, got blocked, missing-allow-origin",
        "nothing listens. Nothing listens on this port.",
        "A step before this one got no response.",
        "4 expectations: 1 hold, 1 do not hold, 2 could not be tried\n",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&render(&verified, "expectations.toml", Format::Json).unwrap()).unwrap();
    assert_eq!(
        (&json["file"], &json["differs"], &json["not_tried"]),
        (&"expectations.toml".into(), &1.into(), &2.into())
    );
    assert_eq!(json["cases"][0]["steps"][0]["outcome"], "differs");
    assert_eq!(json["cases"][1]["steps"][0]["actual"], serde_json::Value::Null);

    let junit = render(&verified, "expectations.toml", Format::Junit).unwrap();
    for part in [
        "<testsuite name=\"expectations.toml\" tests=\"3\" skipped=\"0\" errors=\"1\" failures=\"1\"",
        "message=\"GET https://api.example/items: expected readable, got blocked, missing-allow-origin\"",
        "expectations.toml:2: ",
    ] {
        assert!(junit.contains(part), "{part}: {junit}");
    }
    let markdown = render(&verified, "expectations.toml", Format::Markdown).unwrap();
    assert!(markdown.contains("| DIFFERS | denied \\| by \\*design\\* |"), "{markdown}");
}

#[test]
fn variables_are_replaced() {
    let text = MIXED
        .replace("https://api.example", "${API}")
        .replace("expect =", "headers = { x = \"a${T}b${T}\" }\nexpect =");
    let variable = |name: &str| match name {
        "API" => Some("https://api.test".to_owned()),
        "T" => Some("t".to_owned()),
        _ => None,
    };
    let expectations = Expectations::parse(&text, &variable).unwrap();
    let Step::Fetch { request, .. } = &expectations.cases[0].steps[0] else { panic!("no fetch") };
    assert_eq!(request.url.as_str(), "https://api.test/items");
    assert_eq!(request.headers, [("x".to_owned(), "atbt".to_owned())]);
    let problems = Expectations::parse(&text, &no_variable).unwrap_err();
    assert!(problems[0].message.contains("variable `API` is not set"), "{problems:?}");
}

/// All problems come at once, each with its line.
#[test]
fn every_problem_has_its_line() {
    let text = r#"browser = ["chromium"]
browsers = ["lynx"]

[pages]
app = "https://app.example"
bad = 3

[[check]]
pages = ["ap", "https://app.example/", "*"]
urls = []
methd = "PUT"
expect = "readable"
reason = "missing-allow-origin"

[[check]]
name = "second"
pages = ["app"]
urls = ["api.example"]
credentials = "yes"
status = 20
expect = "fine"

[[check]]
name = "third"
pages = ["app"]
urls = ["https://api.example"]

[[check.step]]
cookie = "${NO}"
expect = "readable"

[[check]]
name = "second"
pages = ["app"]
urls = ["https://api.example"]
headers = ["x"]
reason = "missing-allow-orgin"
expect = "blocked"

[check.more]
"#;
    let problems = Expectations::parse(text, &no_variable).unwrap_err();
    let expected = [
        (1, "unknown field `browser`; did you mean `browsers`?"),
        (2, "`lynx` is not a value of `browsers`; write `standard` or `chromium`"),
        (6, "`pages.bad` has to be a text in quotes"),
        (8, "`name` is missing"),
        (9, "`ap` is not the name of a page; did you mean `app`?"),
        (9, "write `https://app.example`"),
        (9, "`*`: a page has one origin"),
        (10, "`urls` is empty"),
        (11, "unknown field `methd`; did you mean `method`?"),
        (13, "`reason` needs `expect = \"blocked\"`"),
        (18, "`api.example`: the scheme is missing"),
        (19, "`yes` is not a value of `credentials`"),
        (20, "`status` has to be a number"),
        (21, "`fine` is not a value of `expect`"),
        (26, "unknown field `urls`"),
        (28, "`url` is missing"),
        (29, "the environment variable `NO` is not set"),
        (30, "unknown field `expect`"),
        (36, "`headers` has to be a table"),
        (37, "did you mean `missing-allow-origin`?"),
        (40, "unknown field `more`"),
    ];
    for (line, message) in expected {
        let found = problems.iter().any(|problem| problem.line == line && problem.message.contains(message));
        assert!(found, "{line}: {message}: {problems:#?}");
    }
}

#[rstest]
#[case("", "the file has no checks")]
#[case(
    "[[check]]\nname = \"a\"\npages = \"https://a.example\"\nurls = \"https://b.example\"\n",
    "`expect` is missing"
)]
#[case("[check]\nname = \"a\"\n", "write `[[check]]` with two brackets")]
#[case("a = \nb = \"\n", "line 1: not valid TOML")]
#[case("a = \nb = \"\n", "line 2: not valid TOML")]
fn other_files_are_refused(#[case] text: &str, #[case] expected: &str) {
    let problems = Expectations::parse(text, &no_variable).unwrap_err();
    assert!(problems.iter().any(|problem| problem.to_string().contains(expected)), "{problems:?}");
}

#[test]
fn a_name_is_used_once() {
    let text = format!(
        "{MIXED}\n[[check]]\nname = \"fine\"\npages = \"https://a.example\"\nurls = \"https://b.example\"\nexpect = \"opaque\"\n"
    );
    let problems = Expectations::parse(&text, &no_variable).unwrap_err();
    assert!(problems[0].message.contains("two checks have the name `fine`"), "{problems:?}");
}

/// A frame has its own origin, and cookies depend on the page around it.
#[tokio::test]
async fn pages_can_be_frames() {
    let check = |fields: &str, expect: &str| {
        format!(
            "[pages]\napp = \"https://app.example\"\n[[check]]\nname = \"a frame\"\npages = \"app\"\n\
             urls = \"https://api.example/items\"\n{fields}\nexpect = \"{expect}\"\n"
        )
    };
    for (fields, expect, page) in [
        (
            "top_level = \"https://other.example\"",
            "readable",
            "https://app.example in a frame of https://other.example",
        ),
        ("top_level = \"app\"", "readable", "https://app.example in a frame of https://app.example"),
        ("frame = \"sandboxed\"", "blocked", "null in a frame of https://app.example"),
        (
            "frame = \"data\"\ntop_level = \"https://other.example\"",
            "blocked",
            "null in a frame of https://other.example",
        ),
        ("referrer_policy = \"no-referrer\"", "readable", "https://app.example"),
    ] {
        let verified = verified(&check(fields, expect)).await;
        let case = &verified.cases[0];
        assert_eq!((case.outcome, case.page.as_str()), (Outcome::Holds, page), "{fields}: {case:?}");
    }
    let network: Arc<dyn Network> = Arc::new(Referrers);
    for (policy, status) in [("no-referrer", 404), ("origin", 200)] {
        let text = check(&format!("referrer_policy = \"{policy}\"\nstatus = {status}"), "readable");
        let verified = verify(&parse(&text), &network).await;
        assert_eq!(verified.cases[0].outcome, Outcome::Holds, "{:?}", verified.cases);
    }
}

/// A server that answers with 404 if there is no `Referer`.
struct Referrers;

impl Network for Referrers {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        let status = if request.header("referer").is_some() { 200 } else { 404 };
        let response = WireResponse::new(status).with_header("access-control-allow-origin", "*");
        Box::pin(ready(Ok(response)))
    }
}

#[rstest]
#[case("frame = \"iframe\"", "`iframe` is not a value of `frame`; write `sandboxed` or `data`")]
#[case("top_level = \"ap\"", "`ap` is not the name of a page; did you mean `app`?")]
#[case("referrer_policy = \"none\"", "`none` is not a value of `referrer_policy`")]
fn mistakes_about_frames(#[case] field: &str, #[case] expected: &str) {
    let text = format!(
        "[pages]\napp = \"https://app.example\"\n[[check]]\nname = \"a\"\npages = \"app\"\n\
         urls = \"https://api.example/\"\n{field}\nexpect = \"readable\"\n"
    );
    let problems = Expectations::parse(&text, &no_variable).unwrap_err();
    assert!(problems.iter().any(|problem| problem.message.contains(expected)), "{problems:?}");
}
