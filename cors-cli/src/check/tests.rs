//! Checks against servers in memory.

use std::sync::Arc;

use cors_browser::{
    Credentials, FailureKind, Mode, Network, NetworkError, Origin, Redirect, WireRequest, WireResponse,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use rstest::rstest;
use serde_json::Value;
use url::Url;

use super::*;

const APP: &str = "https://app.example";

/// Servers as a function from requests to responses.
struct Servers<F>(F);

impl<F: Fn(&WireRequest) -> WireResponse + Send + Sync> Network for Servers<F> {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>> {
        ready(Ok((self.0)(&request))).boxed()
    }
}

/// A network on which every request fails.
struct Down(FailureKind);

impl Network for Down {
    fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>> {
        ready(Err(NetworkError::new(self.0, "down"))).boxed()
    }
}

fn reply(status: u16, headers: &[(&str, &str)]) -> WireResponse {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect();
    WireResponse { headers, ..WireResponse::new(status).with_body("body") }
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
) -> CheckReport {
    report_on(check, Arc::new(Servers(server))).await
}

async fn report_on(check: Check, network: Arc<dyn Network>) -> CheckReport {
    let fetched = fetch(&check, network).await;
    CheckReport { check, fetched, audit: None }
}

fn json(report: &CheckReport) -> Value {
    serde_json::from_str(&to_json(report).unwrap()).unwrap()
}

const OWN: (&str, &str) = ("access-control-allow-origin", APP);

#[rstest]
#[case::nothing(put(), 204, &[], "send `Access-Control-Allow-Origin: https://app.example` if pages of that origin may use this server. Also send `Access-Control-Allow-Methods: PUT`, `Vary: Origin`.")]
#[case::denied(put(), 403, &[], "its policy probably does not allow the origin https://app.example, or the method PUT.")]
#[case::authentication(put(), 401, &[], "must answer OPTIONS before authentication")]
#[case::no_route(put(), 405, &[OWN], "nothing answers OPTIONS")]
#[case::redirect(put(), 308, &[OWN, ("location", "/item/")], "The redirect leads to `/item/`")]
#[case::method(put(), 204, &[OWN, ("access-control-allow-methods", "GET,DELETE")], "change `Access-Control-Allow-Methods: GET,DELETE` to `Access-Control-Allow-Methods: GET, DELETE, PUT`")]
#[case::slash(get(), 200, &[("access-control-allow-origin", "https://app.example/")], "On the response, change `Access-Control-Allow-Origin: https://app.example/` to `Access-Control-Allow-Origin: https://app.example`, and send it once.")]
#[case::error(get(), 500, &[], "an error response (status 500)")]
#[tokio::test]
async fn the_help_names_the_header_and_its_value(
    #[case] request: FetchRequest,
    #[case] status: u16,
    #[case] headers: &'static [(&'static str, &'static str)],
    #[case] expected: &str,
) {
    let report = report(check(request), move |_| reply(status, headers)).await;
    let help = report.advice().unwrap().help;
    assert!(help.contains(expected), "{help}");
    assert_eq!((report.page_result(), report.exit_code()), (PageResult::Blocked, 1));
}

#[tokio::test]
async fn following_the_advice_leads_to_a_readable_response() {
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
            assert_eq!(report.page_result(), PageResult::Readable);
            return;
        };
        let Change { header, to, .. } = advice.change.unwrap();
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case(header));
        headers.push((header.to_ascii_lowercase(), to));
    }
    panic!("eight pieces of advice were not enough: {headers:?}");
}

#[tokio::test]
async fn the_advice_is_never_to_allow_null() {
    let check = Check { page: Page::new(Origin::Opaque), ..check(get()) };
    let report = report(check, |_| reply(200, &[])).await;
    let advice = report.advice().unwrap();
    assert_eq!(advice.change, None);
    assert!(advice.help.contains("Any site can make a page with the origin `null`"), "{}", advice.help);
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
    assert!(advice.help.contains("Let the page fetch https://cdn.example/x directly"), "{}", advice.help);
    let json = json(&report);
    assert_eq!(json["exchanges"][0]["kind"], "redirect");
    assert_eq!(json["exchanges"][1]["kind"], "actual");
}

#[tokio::test]
async fn the_json_has_the_documented_fields() {
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
async fn the_report_lists_readable_and_hidden_headers() {
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
    assert!(text.contains("Headers that it cannot read: x-b"), "{text}");
}

#[rstest]
#[case(get().with_mode(Mode::NoCors), 200)]
#[case(get().with_redirect(Redirect::Manual), 302)]
#[tokio::test]
async fn an_opaque_response_is_a_success(#[case] request: FetchRequest, #[case] status: u16) {
    let report = report(check(request), move |_| reply(status, &[OWN, ("location", "/x")])).await;
    assert_eq!((report.page_result(), report.exit_code()), (PageResult::Opaque, 0));
    assert!(report.response().unwrap().headers.is_empty());
}

#[tokio::test]
async fn a_server_cannot_control_the_terminal() {
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
async fn a_wildcard_that_covers_authorization_is_noted(
    #[case] allowed: &'static str,
    #[case] expected: bool,
) {
    let headers = vec![("Authorization".into(), "t".into())];
    let report = report(check(get().with_headers(headers)), move |_| {
        reply(204, &[OWN, ("access-control-allow-headers", allowed)])
    })
    .await;
    assert_eq!(report.page_result(), PageResult::Readable);
    assert_eq!(to_text(&report).contains("does not cover `Authorization`"), expected);
}

#[tokio::test]
async fn headers_that_a_page_cannot_set_are_noted() {
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
    "# The browser sends no preflight for this request. It sends the request itself:\ncurl --include \\\n  --header 'Accept: it'\\''s' \\\n  --header 'Origin: https://app.example' \\\n  'https://api.example/item'\n"
)]
#[case::brackets(
    FetchRequest::new(Url::parse("http://[::1]:8080/a'b").unwrap()).with_method("HEAD"),
    "# The browser sends no preflight for this request. It sends the request itself:\ncurl --include --head --globoff \\\n  --header 'Origin: https://app.example' \\\n  'http://[::1]:8080/a'\\''b'\n"
)]
#[tokio::test]
async fn the_curl_command_sends_the_same_request(#[case] request: FetchRequest, #[case] expected: &str) {
    assert_eq!(curl(&check(request), None).await.unwrap(), expected);
}

#[tokio::test]
async fn there_is_no_curl_command_for_a_request_that_is_never_sent() {
    let blocked = curl(&check(get().with_method("TRACE")), None).await.unwrap_err();
    assert_eq!(blocked.reason, BlockReason::ForbiddenMethod);
}

/// Which of the fields that do not always apply are null.
#[rstest]
#[case::readable(200, Mode::Cors, &["audit", "change", "console", "detail", "failure", "faq", "help", "reason", "rule"])]
#[case::opaque(200, Mode::NoCors, &["audit", "change", "console", "detail", "failure", "faq", "help", "reason", "rule"])]
#[case::blocked(403, Mode::Cors, &["audit", "failure", "response_type", "status"])]
#[tokio::test]
async fn fields_are_null_if_they_do_not_apply(
    #[case] status: u16,
    #[case] mode: Mode,
    #[case] nulls: &[&str],
) {
    let headers: &[_] = if status == 200 { &[OWN] } else { &[] };
    let report = report(check(get().with_mode(mode)), move |_| reply(status, headers)).await;
    let json = json(&report);
    assert_eq!(null_fields(&json), nulls);
    assert!(!json["exchanges"][0]["response"].is_null());
    assert!(json["exchanges"][0]["error"].is_null());
}

#[tokio::test]
async fn fields_are_null_without_a_response() {
    let report = report_on(check(get()), Arc::new(Down(FailureKind::Refused))).await;
    let json = json(&report);
    assert_eq!(null_fields(&json), ["audit", "change", "response_type", "status"]);
    assert!(json["exchanges"][0]["response"].is_null());
    assert_eq!(
        (json["exchanges"][0]["error"].as_str(), json["failure"].as_str()),
        (Some("down"), Some("refused"))
    );
}

fn null_fields(json: &Value) -> Vec<&str> {
    let fields = json.as_object().unwrap().iter();
    let mut names: Vec<_> =
        fields.filter(|(_, value)| value.is_null()).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}
