//! Whole checks against servers in memory.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use rstest::rstest;
use serde_json::Value;
use url::Url;

use super::*;
use cors_browser::{Credentials, Mode, Network, NetworkError, Origin, Redirect, WireRequest, WireResponse};

const APP: &str = "https://app.example";

/// A function from requests to responses.
struct Servers<F>(F);

impl<F: Fn(&WireRequest) -> WireResponse + Send + Sync> Network for Servers<F> {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>> {
        ready(Ok((self.0)(&request))).boxed()
    }
}

fn reply(status: u16, headers: &[(&str, &str)]) -> WireResponse {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect();
    WireResponse { status, headers, body: b"body".to_vec() }
}

fn put() -> FetchRequest {
    let url = Url::parse("https://api.example/item").unwrap();
    FetchRequest::new(url).with_method("PUT")
}

fn get() -> FetchRequest {
    put().with_method("GET")
}

fn check(request: FetchRequest) -> Check {
    Check {
        page: Page::new(Origin::parse(APP).unwrap()),
        request,
        profile: Profile::chromium(),
        audit: false,
    }
}

async fn report(
    check: Check,
    server: impl Fn(&WireRequest) -> WireResponse + Send + Sync + 'static,
) -> Report {
    let fetched = fetch(&check, Arc::new(Servers(server))).await;
    Report::new(check, fetched, None)
}

fn json(report: &Report) -> Value {
    serde_json::from_str(&to_json(report).unwrap()).unwrap()
}

const OWN: (&str, &str) = ("access-control-allow-origin", APP);

#[rstest]
#[case::nothing(put(), 204, &[], "send `Access-Control-Allow-Origin: https://app.example`, if pages of that origin may use this server. With it goes `Access-Control-Allow-Methods: PUT`, `Vary: Origin`.")]
#[case::denied(put(), 403, &[], "its policy probably does not allow the origin https://app.example, or the method PUT.")]
#[case::authentication(put(), 401, &[], "OPTIONS has to be answered before it")]
#[case::no_route(put(), 405, &[OWN], "nothing answers OPTIONS")]
#[case::redirect(put(), 308, &[OWN, ("location", "/item/")], "The redirect leads to `/item/`")]
#[case::method(put(), 204, &[OWN, ("access-control-allow-methods", "GET,DELETE")], "change `Access-Control-Allow-Methods: GET,DELETE` to `Access-Control-Allow-Methods: GET, DELETE, PUT`")]
#[case::slash(get(), 200, &[("access-control-allow-origin", "https://app.example/")], "On the response, change `Access-Control-Allow-Origin: https://app.example/` to `Access-Control-Allow-Origin: https://app.example`, once.")]
#[case::error(get(), 500, &[], "an error response (status 500)")]
#[tokio::test]
async fn the_help_names_the_header_and_its_value(
    #[case] request: FetchRequest,
    #[case] status: u16,
    #[case] headers: &'static [(&'static str, &'static str)],
    #[case] told: &str,
) {
    let report = report(check(request), move |_| reply(status, headers)).await;
    let help = report.advice().unwrap().help;
    assert!(help.contains(told), "{help}");
    assert_eq!((report.verdict(), report.exit_code()), (Verdict::Blocked, 1));
}

#[tokio::test]
async fn whoever_takes_the_advice_gets_through() {
    let request =
        put().with_credentials(Credentials::Include).with_header("X-A", "1").with_header("X-B", "2");
    let mut headers: Vec<(String, String)> = Vec::new();
    for _ in 0..8 {
        let sent = headers.clone();
        let report = report(check(request.clone()), move |_| {
            let lines: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            reply(204, &lines)
        })
        .await;
        let Some(advice) = report.advice() else {
            assert_eq!(report.verdict(), Verdict::Readable);
            return;
        };
        let Change { header, to, .. } = advice.change.unwrap();
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case(header));
        headers.push((header.to_ascii_lowercase(), to));
    }
    panic!("eight pieces of advice were not enough: {headers:?}");
}

#[tokio::test]
async fn nobody_is_told_to_allow_null() {
    let check = Check { page: Page::new(Origin::Opaque), ..check(get()) };
    let report = report(check, |_| reply(200, &[])).await;
    let advice = report.advice().unwrap();
    assert_eq!(advice.change, None);
    assert!(advice.help.contains("Any site can make a page of the origin `null`"), "{}", advice.help);
}

#[tokio::test]
async fn a_redirect_to_a_third_origin_explains_its_null() {
    let report = report(check(get()), |request| match request.url.host_str() {
        Some("api.example") => reply(302, &[OWN, ("location", "https://cdn.example/x")]),
        _ => reply(200, &[OWN]),
    })
    .await;
    let advice = report.advice().unwrap();
    assert_eq!(advice.change, None);
    assert!(advice.help.contains("let the client use https://cdn.example/x itself"), "{}", advice.help);
    let json = json(&report);
    assert_eq!(json["exchanges"][0]["kind"], "redirect");
    assert_eq!(json["exchanges"][1]["kind"], "actual");
}

#[tokio::test]
async fn programs_get_the_promised_object() {
    let report = report(check(put()), |_| reply(403, &[])).await;
    let text = to_json(&report).unwrap();
    let names: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("  \"")?.split_once("\":").map(|(name, _)| name))
        .take(7)
        .collect();
    assert_eq!(names, ["verdict", "reason", "console", "help", "readable_headers", "status", "exchanges"]);
    let json = json(&report);
    assert_eq!(json["verdict"], "blocked");
    assert_eq!(json["reason"], "preflight-missing-allow-origin");
    assert!(json["console"].as_str().unwrap().contains("has been blocked by CORS policy"));
    assert_eq!(json["status"], Value::Null);
    assert_eq!(json["exchanges"][0]["kind"], "preflight");
    assert_eq!(json["exchanges"][0]["request"]["method"], "OPTIONS");
    assert_eq!(
        json["exchanges"][0]["request"]["headers"]["access-control-request-method"],
        serde_json::json!(["PUT"])
    );
    assert_eq!(json["exchanges"][0]["response"]["status"], 403);
    assert_eq!(json["exchanges"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_the_page_reads_is_told_and_what_is_hidden_too() {
    let report = report(check(get()), |_| {
        reply(200, &[OWN, ("x-a", "1"), ("x-b", "2"), ("access-control-expose-headers", "x-a")])
    })
    .await;
    let json = json(&report);
    assert_eq!(json["verdict"], "readable");
    assert_eq!(json["reason"], Value::Null);
    assert_eq!(json["status"], 200);
    assert_eq!(json["readable_headers"], serde_json::json!(["x-a"]));
    assert_eq!(json["hidden_headers"], serde_json::json!(["x-b"]));
    let text = to_text(&report);
    assert!(text.contains("Headers that are hidden from it: x-b"), "{text}");
}

#[rstest]
#[case(get().with_mode(Mode::NoCors), 200)]
#[case(get().with_redirect(Redirect::Manual), 302)]
#[tokio::test]
async fn an_opaque_response_is_a_success(#[case] request: FetchRequest, #[case] status: u16) {
    let report = report(check(request), move |_| reply(status, &[OWN, ("location", "/x")])).await;
    assert_eq!((report.verdict(), report.exit_code()), (Verdict::Opaque, 0));
    assert!(report.response().unwrap().headers.is_empty());
}

#[tokio::test]
async fn a_server_cannot_steer_the_terminal() {
    let report = report(check(get()), |_| {
        reply(200, &[("access-control-allow-origin", "\u{1b}[2J\u{202e}x"), ("x\u{7}", "\u{9b}")])
    })
    .await;
    let text = to_text(&report);
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{text:?}");
}

#[rstest]
#[case("*", true)]
#[case("*, authorization", false)]
#[tokio::test]
async fn a_wildcard_that_browsers_stretch_is_told(#[case] allowed: &'static str, #[case] told: bool) {
    let headers = vec![("Authorization".into(), "t".into())];
    let report = report(check(get().with_headers(headers)), move |_| {
        reply(204, &[OWN, ("access-control-allow-headers", allowed)])
    })
    .await;
    assert_eq!(report.verdict(), Verdict::Readable);
    assert_eq!(to_text(&report).contains("does not cover `Authorization`"), told);
}

#[tokio::test]
async fn headers_that_a_page_cannot_set_are_told() {
    let headers = vec![("Cookie".into(), "a=1".into()), ("x-a".into(), "1".into())];
    let report = report(check(get().with_headers(headers)), |_| reply(204, &[OWN])).await;
    assert!(to_text(&report).contains("a page cannot set `Cookie` here"));
    assert_eq!(json(&report)["dropped_headers"], serde_json::json!(["Cookie"]));
}

#[rstest]
#[case::preflight(
    put().with_header("X-A", "it's").with_header("Authorization", "t"),
    "curl --include \\\n  --request 'OPTIONS' \\\n  --header 'Access-Control-Request-Method: PUT' \\\n  --header 'Access-Control-Request-Headers: authorization,x-a' \\\n  --header 'Origin: https://app.example' \\\n  'https://api.example/item'\n"
)]
#[case::simple(
    get().with_header("Accept", "it's"),
    "# The browser sends no preflight for this; it sends the request itself:\ncurl --include \\\n  --header 'Accept: it'\\''s' \\\n  --header 'Origin: https://app.example' \\\n  'https://api.example/item'\n"
)]
#[case::brackets(
    FetchRequest::new(Url::parse("http://[::1]:8080/a'b").unwrap()).with_method("HEAD"),
    "# The browser sends no preflight for this; it sends the request itself:\ncurl --include --head --globoff \\\n  --header 'Origin: https://app.example' \\\n  'http://[::1]:8080/a'\\''b'\n"
)]
#[tokio::test]
async fn the_recipe_for_curl(#[case] request: FetchRequest, #[case] expected: &str) {
    assert_eq!(curl(&check(request), None).await.unwrap(), expected);
}

#[tokio::test]
async fn there_is_no_recipe_for_what_is_never_sent() {
    let blocked = curl(&check(get().with_method("TRACE")), None).await.unwrap_err();
    assert_eq!(blocked.reason, BlockReason::ForbiddenMethod);
}

fn origin_of(request: &WireRequest) -> String {
    request.header("origin").map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

/// Has a dot that leaves a name to register when something else stands in for it.
const WWW: &str = "https://www.app.example";

/// Servers with the usual mistakes, and the tricks that get through to each.
#[rstest]
#[case::exact(|origin: &str| origin == WWW, &[])]
#[case::reflection(|_: &str| true, &["reflection", "null", "localhost", "prefix", "suffix", "subdomain", "dot", "http-twin", "port"])]
#[case::begins(|origin: &str| origin.starts_with(WWW), &["prefix", "port"])]
#[case::ends(|origin: &str| origin.ends_with("www.app.example"), &["suffix", "subdomain", "http-twin"])]
#[case::any_character(|origin: &str| origin.starts_with("https://www") && origin[12..] == *"app.example", &["dot"])]
#[case::null(|origin: &str| origin == "null", &["null"])]
#[tokio::test]
async fn an_audit_finds_careless_comparisons(
    #[case] allows: impl Fn(&str) -> bool + Send + Sync + 'static,
    #[case] names: &[&str],
) {
    let network = Arc::new(Servers(move |request: &WireRequest| {
        let origin = origin_of(request);
        assert_eq!(request.method, "GET");
        match allows(&origin) {
            true => {
                let credentials = ("access-control-allow-credentials", "true");
                reply(200, &[("access-control-allow-origin", &origin), credentials])
            }
            false => reply(200, &[]),
        }
    }));
    let page = Page::new(Origin::parse(WWW).unwrap());
    let findings = audit::audit(&Check { page, ..check(put()) }, network).await;
    let found: Vec<_> =
        findings.iter().filter(|it| it.access == Access::WithCookies).map(|it| it.name).collect();
    assert_eq!(found, names);
    assert_eq!(findings.len(), 9);
}

#[tokio::test]
async fn a_public_response_is_no_finding() {
    let network = Arc::new(Servers(|_: &WireRequest| reply(200, &[("access-control-allow-origin", "*")])));
    let findings = audit::audit(&check(get()), network).await;
    assert!(findings.iter().all(|finding| finding.access == Access::WithoutCookies), "{findings:?}");
}

#[rstest]
#[case::nothing_sent(
    "http://api.example/",
    "https://app.example",
    false,
    3,
    "None of 5 could read the response with the user's cookies. 3 got no answer."
)]
#[case::nothing_came("https://api.example/", "https://app.example", true, 8, "None got an answer")]
#[case::all_answered(
    "https://api.example/",
    "https://app.example",
    false,
    0,
    "None of 8 could read the response with the user's cookies.\n"
)]
#[tokio::test]
async fn an_audit_does_not_boast_of_what_nobody_tried(
    #[case] url: &str,
    #[case] origin: &str,
    #[case] is_down: bool,
    #[case] unknown: usize,
    #[case] told: &str,
) {
    struct Down(bool);
    impl Network for Down {
        fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>> {
            ready(if self.0 {
                Err(NetworkError::new(FailureKind::BrokenOff, "down"))
            } else {
                Ok(reply(200, &[]))
            })
            .boxed()
        }
    }
    let request = FetchRequest::new(Url::parse(url).unwrap());
    let check = Check { page: Page::new(Origin::parse(origin).unwrap()), ..check(request) };
    let network = Arc::new(Down(is_down));
    let findings = audit::audit(&check, network.clone()).await;
    let counted = findings.iter().filter(|finding| finding.access == Access::Unknown).count();
    assert_eq!(counted, unknown, "{findings:#?}");
    let fetched = fetch(&check, network).await;
    let report = Report { findings: Some(findings), ..Report::new(check, fetched, None) };
    let text = to_text(&report);
    assert!(text.contains(told), "{text}");
}

/// Which of the fields that do not always apply are null.
#[rstest]
#[case::readable(200, None, Mode::Cors, &["audit", "change", "console", "detail", "failure", "faq", "help", "reason", "rule"])]
#[case::opaque(200, None, Mode::NoCors, &["audit", "change", "console", "detail", "failure", "faq", "help", "reason", "rule"])]
#[case::blocked(403, None, Mode::Cors, &["audit", "failure", "response_type", "status"])]
#[case::no_response(101, Some(FailureKind::BrokenOff), Mode::Cors, &["audit", "change", "response_type", "status"])]
#[tokio::test]
async fn fields_are_null_where_they_do_not_apply(
    #[case] status: u16,
    #[case] failure: Option<FailureKind>,
    #[case] mode: Mode,
    #[case] nulls: &[&str],
) {
    let check = check(get().with_mode(mode));
    let fetched = fetch(
        &check,
        Arc::new(Servers(move |_: &WireRequest| reply(status, if status == 200 { &[OWN] } else { &[] }))),
    )
    .await;
    let failure = failure.map(|kind| Failure::new(kind, "no"));
    let json = json(&Report::new(check, fetched, failure));
    let found: Vec<_> =
        json.as_object().unwrap().iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name).collect();
    let mut found: Vec<&str> = found.into_iter().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, nulls);
    let exchange = &json["exchanges"][0];
    assert_eq!(exchange["response"].is_null(), status == 101);
    assert_eq!(exchange["error"].is_null(), status != 101);
}
