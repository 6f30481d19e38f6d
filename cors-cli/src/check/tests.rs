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

/// A request for another URL.
trait WithUrl {
    fn with_url(self, url: &str) -> Self;
}

impl WithUrl for FetchRequest {
    fn with_url(mut self, url: &str) -> Self {
        self.url = Url::parse(url).unwrap();
        self
    }
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
        setup: Setup::default(),
    }
}

async fn report(
    check: Check,
    server: impl Fn(&WireRequest) -> WireResponse + Send + Sync + 'static,
) -> CheckReport {
    report_on(check, Arc::new(Servers(server))).await
}

async fn report_on(check: Check, network: Arc<dyn Network>) -> CheckReport {
    let profile = check.profile.clone();
    play(&[profile], check, network).await
}

/// The report about one check.
async fn play(browsers: &[Profile], check: Check, network: Arc<dyn Network>) -> CheckReport {
    super::play(browsers, vec![check], network).await.remove(0)
}

fn json(report: &CheckReport) -> Value {
    serde_json::from_str(&to_json(report).unwrap()).unwrap()
}

const OWN: (&str, &str) = ("access-control-allow-origin", APP);

#[rstest]
#[case::nothing(put(), 204, &[], "send `Access-Control-Allow-Origin: https://app.example` if pages of that origin may use this server. Also send `Access-Control-Allow-Methods: PUT`, `Vary: Origin`.")]
#[case::denied(put(), 403, &[], "The simplest requests of https://app.example get no CORS headers either")]
#[case::authentication(put(), 401, &[], "must answer OPTIONS before authentication")]
#[case::no_route(put(), 405, &[OWN], "nothing answers OPTIONS")]
#[case::redirect(put(), 308, &[OWN, ("location", "/item/")], "The redirect leads to `/item/`")]
#[case::method(put(), 204, &[OWN, ("access-control-allow-methods", "GET,DELETE")], "change `Access-Control-Allow-Methods: GET,DELETE` to `Access-Control-Allow-Methods: GET, DELETE, PUT`")]
#[case::slash(get(), 200, &[("access-control-allow-origin", "https://app.example/")], "On the response, change `Access-Control-Allow-Origin: https://app.example/` to `Access-Control-Allow-Origin: https://app.example`, and send it once.")]
#[case::error(get(), 500, &[], "an error response (status 500)")]
#[case::no_redirect(put(), 302, &[OWN], "The status 302 has no `Location`, so it is not a redirect.")]
#[case::quotes(put(), 204, &[OWN, ("access-control-allow-methods", "\"GET\", \"DELETE\"")], "change `Access-Control-Allow-Methods: \"GET\", \"DELETE\"` to `Access-Control-Allow-Methods: GET, DELETE, PUT`")]
#[case::misspelt(get(), 200, &[("access-control-allow-orgin", "*")], "Correct the name of the response header `access-control-allow-orgin`: it is `Access-Control-Allow-Origin`.")]
#[case::unlisted(put().with_header("baggage", "a=1"), 400, &[OWN, ("access-control-allow-methods", "PUT"), ("access-control-allow-headers", "Content-Type")], "change `Access-Control-Allow-Headers: Content-Type` to `Access-Control-Allow-Headers: Content-Type, baggage`")]
#[case::unlisted_method(put(), 400, &[OWN, ("access-control-allow-methods", "GET")], "The server does not list the method `PUT`, and that is probably why it answers with 400.")]
#[case::rate_limit(put(), 429, &[], "a rate limit counts preflights")]
#[case::gateway(put(), 502, &[("server", "nginx/1.27")], "comes from a proxy that got no answer from the application")]
#[case::proxy(get(), 504, &[("server", "nginx/1.27")], "nginx: `add_header … always`")]
#[case::login(get(), 302, &[("location", "https://login.example/authorize?x")], "a login page: the server sees no login")]
#[case::to_https(get().with_url("http://api.example/item"), 301, &[("location", "https://api.example/item")], "The redirect leads to HTTPS. Let the page fetch https://api.example/item directly.")]
#[case::to_slash(get(), 301, &[("location", "/item/")], "only to add a slash at the end. Let the page fetch https://api.example/item/ directly.")]
#[case::own_permission(get().with_header("Access-Control-Allow-Origin", "*"), 204, &[OWN], "Remove `access-control-allow-origin` from the request: the server sends such headers")]
#[case::own_permission_and_more(get().with_header("Access-Control-Allow-Origin", "*").with_header("x-a", "1"), 204, &[OWN], "send `Access-Control-Allow-Headers: x-a`.")]
#[case::router(put(), 200, &[("allow", "GET, PUT")], "The header `Allow` shows that the router answered OPTIONS by itself")]
#[case::express(put(), 200, &[("allow", "GET,HEAD,PUT"), ("x-powered-by", "Express")], "`app.use(cors())` is missing, or comes after the routes.")]
#[case::null(get(), 200, &[("access-control-allow-origin", "null")], "`null` is the origin of sandboxed frames and local files")]
#[case::star_in_a_pattern(get(), 200, &[("access-control-allow-origin", "https://*.example")], "`*` is a wildcard only if it is the whole value.")]
#[case::undefined(get(), 200, &[("access-control-allow-origin", "undefined")], "A setting of the server is probably missing")]
#[case::no_slash(get(), 200, &[("access-control-allow-origin", "https://app.example/")], "has no slash at its end")]
#[case::no_scheme(get(), 200, &[("access-control-allow-origin", "app.example")], "An origin begins with its scheme.")]
#[case::other_scheme(get(), 200, &[("access-control-allow-origin", "http://app.example")], "`http` and `https` are different origins.")]
#[case::other_port(get(), 200, &[("access-control-allow-origin", "https://app.example:8443")], "The port is part of the origin.")]
#[case::www(get(), 200, &[("access-control-allow-origin", "https://www.app.example")], "With and without `www.` are different origins.")]
#[case::cached(get(), 200, &[("access-control-allow-origin", "https://b.example"), ("age", "12")], "The response comes from a cache (`Age: 12`)")]
#[case::bucket(get(), 403, &[("server", "AmazonS3")], "The bucket needs a CORS configuration")]
#[tokio::test]
async fn the_help_names_the_header_and_its_value(
    #[case] request: FetchRequest,
    #[case] status: u16,
    #[case] headers: &'static [(&'static str, &'static str)],
    #[case] expected: &str,
) {
    let page = if request.url.scheme() == "http" { "http://app.example" } else { APP };
    let page = Page::new(Origin::parse(page).unwrap());
    let report = report(Check { page, ..check(request) }, move |_| reply(status, headers)).await;
    let help = report.advice().unwrap().help;
    assert!(help.contains(expected), "{help}");
    assert_eq!((report.page_result(), report.exit_code()), (PageResult::Blocked, 1));
}

/// Names of one machine are several origins.
#[tokio::test]
async fn names_of_loopback_are_different_origins() {
    let page = Page::new(Origin::parse("http://127.0.0.1:3000").unwrap());
    let request = get().with_url("http://localhost:8080/");
    let report = report(Check { page, ..check(request) }, |_| {
        reply(200, &[("access-control-allow-origin", "http://localhost:3000")])
    })
    .await;
    let help = report.advice().unwrap().help;
    assert!(help.contains("`localhost`, `127.0.0.1` and `[::1]` are different origins"), "{help}");
}

/// A header of a response in a request is noted even if the server allows it.
#[tokio::test]
async fn a_response_header_in_a_request_is_noted() {
    let request = get().with_header("Access-Control-Allow-Origin", "*").with_header("x-a", "1");
    let granted = report(check(request.clone()), silent(|_, _, _| true)).await;
    assert!(
        granted.notes().iter().any(|note| note.code == "response-header-in-request"),
        "{:?}",
        granted.notes()
    );
    // What the page cannot send anyway is not asked for.
    let denied = report(check(request), |_| reply(204, &[OWN])).await;
    let change = denied.advice().unwrap().change.unwrap();
    assert_eq!((change.header, change.to.as_str()), ("Access-Control-Allow-Headers", "x-a"));
}

#[tokio::test]
async fn a_grant_is_not_enough() {
    let report = report(check(put()), |request| match request.method.as_str() {
        "OPTIONS" => reply(204, &[OWN, ("access-control-allow-methods", "PUT")]),
        _ => reply(200, &[]),
    })
    .await;
    let help = report.advice().unwrap().help;
    assert!(help.contains("The preflight was granted, but the response to the PUT request needs"), "{help}");
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
    assert!(to_text(&report).contains("Note: a page cannot set `Cookie` here"));
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
    assert_eq!(curl(&check(request), &Connecting::default()).await.unwrap(), expected);
}

#[tokio::test]
async fn there_is_no_curl_command_for_a_request_that_is_never_sent() {
    let blocked = curl(&check(get().with_method("TRACE")), &Connecting::default()).await.unwrap_err();
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

/// A server whose policy is a function of the origin, the method and the names of headers, and says nothing if it refuses.
fn silent(
    allows: impl Fn(&str, &str, &[&str]) -> bool + Send + Sync + 'static,
) -> impl Fn(&WireRequest) -> WireResponse + Send + Sync + 'static {
    move |request| {
        let header = |name: &str| {
            request.header(name).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
        };
        let asked = header("access-control-request-headers");
        let names: Vec<_> = asked.split(',').filter(|name| !name.is_empty()).collect();
        let method = header("access-control-request-method");
        let method = if method.is_empty() { request.method.clone() } else { method };
        let origin = header("origin");
        match allows(&origin, &method, &names) {
            true => reply(
                204,
                &[
                    ("access-control-allow-origin", &origin),
                    ("access-control-allow-methods", &method),
                    ("access-control-allow-headers", &asked),
                    ("vary", "Origin"),
                ],
            ),
            false => reply(403, &[]),
        }
    }
}

/// Simpler preflights tell what a server refuses without a word.
#[rstest]
#[case::method(|_: &str, method: &str, _: &[&str]| method != "PUT", "Allow the method PUT in the server's policy.", 4)]
#[case::header(|_: &str, _: &str, names: &[&str]| !names.contains(&"x-b"), "Allow the header x-b in the server's policy.", 4)]
#[case::both(|_: &str, method: &str, names: &[&str]| method != "PUT" && names.is_empty(), "Allow the method PUT, and the headers x-a, x-b in the server's policy.", 4)]
#[case::together(|_: &str, method: &str, names: &[&str]| method != "PUT" || names.is_empty(), "but not together", 4)]
#[case::origin(|_: &str, _: &str, _: &[&str]| false, "The simplest requests of https://app.example get no CORS headers either", 2)]
#[tokio::test]
async fn a_silent_denial_is_explained(
    #[case] allows: impl Fn(&str, &str, &[&str]) -> bool + Send + Sync + 'static,
    #[case] expected: &str,
    #[case] count: usize,
) {
    let request = put().with_header("X-A", "1").with_header("X-B", "1");
    let report = report(check(request), silent(allows)).await;
    let help = report.advice().unwrap().help;
    assert!(help.contains(expected), "{help}");
    assert_eq!(report.extra_requests().len(), count);
    let is_allowed = |extra: &Extra| {
        let request = &extra.exchange.request;
        matches!(request.method.as_str(), "OPTIONS" | "GET")
            && request.url.as_str() == "https://api.example/item"
    };
    assert!(report.extra_requests().iter().all(is_allowed));
}

#[tokio::test]
async fn options_that_do_not_reach_the_middleware_are_explained() {
    let report = report(check(put()), |request| match request.method.as_str() {
        "OPTIONS" => reply(200, &[("allow", "GET, PUT")]),
        _ => reply(200, &[OWN]),
    })
    .await;
    let help = report.advice().unwrap().help;
    assert!(help.contains("OPTIONS does not reach the CORS middleware"), "{help}");
}

#[tokio::test]
async fn a_filter_that_refuses_the_origin_is_explained() {
    let report = report(check(get()), |request| match request.header("origin") {
        Some(_) => reply(403, &[]).with_body("Invalid CORS request"),
        None => reply(200, &[]),
    })
    .await;
    let help = report.advice().unwrap().help;
    assert!(help.contains("Without `Origin` the server answers the same request with 200."), "{help}");
    assert!(help.contains("Spring"), "{help}");
    assert!(to_text(&report).contains("< (body of 20 bytes: Invalid CORS request)"), "{}", to_text(&report));
}

#[tokio::test]
async fn with_only_nothing_else_is_sent() {
    let setup = Setup { only: true, ..Setup::default() };
    for request in [put(), get()] {
        let report = report(Check { setup: setup.clone(), ..check(request) }, |request| {
            match request.method.as_str() {
                "GET" => reply(200, &[OWN, ("cache-control", "public, max-age=60")]),
                _ => reply(403, &[]),
            }
        })
        .await;
        assert!(report.extra_requests().is_empty(), "{:?}", report.extra_requests());
    }
}

/// Requests with a method that may change something are never repeated with another origin.
#[tokio::test]
async fn only_safe_requests_are_repeated() {
    let server = |request: &WireRequest| {
        let origin = origin_of(request);
        reply(200, &[("access-control-allow-origin", &origin), ("access-control-allow-methods", "DELETE")])
    };
    let report = report(check(get().with_method("DELETE")), server).await;
    assert_eq!(report.page_result(), PageResult::Readable);
    assert!(report.extra_requests().is_empty());
}

#[rstest]
#[case::echo(|origin: &str| (origin.to_owned(), ""), Some("shared-cache-mixes-origins"))]
#[case::varies(|origin: &str| (origin.to_owned(), "Origin"), None)]
#[case::only_with_origin(|origin: &str| (origin.to_owned(), if origin.is_empty() { "" } else { "Origin" }), Some("vary-only-with-origin"))]
#[case::one_value(|_: &str| (APP.to_owned(), ""), None)]
#[tokio::test]
async fn what_a_shared_cache_would_do(
    #[case] answer: impl Fn(&str) -> (String, &'static str) + Send + Sync + 'static,
    #[case] expected: Option<&str>,
) {
    let server = move |request: &WireRequest| {
        let (allowed, vary) = answer(&origin_of(request));
        let headers = [
            ("access-control-allow-origin", allowed.as_str()),
            ("vary", vary),
            ("cache-control", "public, max-age=31536000"),
        ];
        let sent: Vec<_> = headers.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        reply(200, &sent)
    };
    let report = report(check(get()), server).await;
    assert_eq!((report.page_result(), report.exit_code()), (PageResult::Readable, 0));
    let notes = report.notes();
    assert_eq!(notes.iter().map(|note| note.code).collect::<Vec<_>>(), Vec::from_iter(expected));
    if let [note] = notes.as_slice() {
        assert_eq!(note.severity, Severity::Error);
        assert!(note.text.contains("With `Origin: https://app.example` it sends"), "{}", note.text);
        assert!(to_text(&report).contains("\nError: the response depends on `Origin`"));
    }
    assert_eq!(report.extra_requests().len(), 2);
}

/// All browsers share the responses, so that a `DELETE` is sent once.
#[tokio::test]
async fn a_check_in_all_browsers_sends_each_request_once() {
    let sent = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = sent.clone();
    let network = Servers(move |request: &WireRequest| {
        log.lock().unwrap().push(request.method.clone());
        reply(200, &[OWN, ("access-control-allow-methods", "DELETE")])
    });
    let browsers = [Profile::chromium(), Profile::firefox(), Profile::webkit(), Profile::standard()];
    let report = play(&browsers, check(get().with_method("DELETE")), Arc::new(network)).await;
    assert_eq!(*sent.lock().unwrap(), ["OPTIONS", "DELETE"]);
    assert_eq!(report.verdicts().len(), 4);
    assert!(to_text(&report).contains("Browsers: the same in Chromium, Firefox, WebKit and the standard."));
}

#[tokio::test]
async fn where_browsers_differ_each_has_a_line() {
    let browsers = [Profile::chromium(), Profile::firefox(), Profile::webkit(), Profile::standard()];
    let request = get().with_url("http://localhost/");
    let report =
        play(&browsers, check(request), Arc::new(Servers(|_: &WireRequest| reply(200, &[OWN])))).await;
    let text = to_text(&report);
    assert!(
        text.contains("\n  Chromium:     readable\n")
            && text.contains("\n  WebKit:       blocked: mixed-content"),
        "{text}"
    );
    // The server is one of a developer.
    assert_eq!(report.exit_code(), 0);
    assert!(text.contains("Local Network Access"), "{text}");
}

#[tokio::test]
async fn one_browser_is_enough_to_fail() {
    let browsers = [Profile::chromium(), Profile::firefox(), Profile::webkit(), Profile::standard()];
    let server = Servers(|_: &WireRequest| reply(407, &[OWN]));
    let report = play(&browsers, check(get()), Arc::new(server)).await;
    // Chromium takes a 407 for that of a proxy.
    assert_eq!(report.page_result(), PageResult::Blocked);
    assert_eq!(report.verdicts()[1].verdict, PageResult::Readable);
    assert!(report.exit_code() > 0);
}

#[tokio::test]
async fn what_only_the_standard_blocks_is_no_failure() {
    let browsers = [Profile::chromium(), Profile::firefox(), Profile::webkit(), Profile::standard()];
    let server = Servers(|_: &WireRequest| reply(200, &[OWN, ("access-control-allow-headers", "*")]));
    let report = play(&browsers, check(get().with_header("Authorization", "t")), Arc::new(server)).await;
    let text = to_text(&report);
    assert_eq!(report.exit_code(), 0, "{text}");
    assert!(text.contains("the standard: blocked: authorization-not-covered-by-wildcard"), "{text}");
}

#[rstest]
#[case::cross_site("https://api.example/item", true)]
#[case::same_site("https://api.app.example/item", false)]
#[tokio::test]
async fn third_party_cookies_are_noted_for_other_sites_only(#[case] url: &str, #[case] expected: bool) {
    let request = get().with_url(url).with_credentials(Credentials::Include);
    let report = report(check(request), |request| {
        reply(
            200,
            &[
                OWN,
                ("access-control-allow-credentials", "true"),
                ("vary", "origin"),
                ("x", &origin_of(request)),
            ],
        )
    })
    .await;
    assert_eq!(report.page_result(), PageResult::Readable);
    let text = to_text(&report);
    assert_eq!(text.contains("SameSite=None"), expected, "{text}");
    assert_eq!(report.notes().iter().any(|note| note.code == "third-party-cookies"), expected);
}

#[rstest]
#[case("a=1; SameSite=None; Secure", Some("a=1"), "cookies-sent")]
#[case("a=1; SameSite=Strict", None, "cookies-not-sent")]
#[tokio::test]
async fn cookies_are_sent_as_a_browser_sends_them(
    #[case] cookie: &str,
    #[case] sent: Option<&str>,
    #[case] code: &str,
) {
    let setup = Setup { cookies: vec![cookie.to_owned()], ..Setup::default() };
    let request = get().with_credentials(Credentials::Include);
    let report = report(Check { setup, ..check(request) }, |_| {
        reply(200, &[OWN, ("access-control-allow-credentials", "true"), ("vary", "origin")])
    })
    .await;
    let json = json(&report);
    assert_eq!(json["exchanges"][0]["request"]["headers"]["cookie"][0].as_str(), sent);
    assert!(report.notes().iter().any(|note| note.code == code), "{:?}", report.notes());
}

#[tokio::test]
async fn a_login_gives_the_browser_its_cookies() {
    let login = Url::parse("https://api.example/login").unwrap();
    let setup = Setup { login: Some(login), ..Setup::default() };
    let request = get().with_credentials(Credentials::Include);
    let report = report(Check { setup, ..check(request) }, |request| match request.url.path() {
        "/login" => reply(200, &[("set-cookie", "session=1; SameSite=None; Secure")]),
        _ => reply(200, &[OWN, ("access-control-allow-credentials", "true")]),
    })
    .await;
    assert_eq!(json(&report)["exchanges"][0]["request"]["headers"]["cookie"][0], "session=1");
}

/// The response of a server that accepts the handshakes of these origins.
fn handshake(request: &WireRequest, accepts: impl Fn(&str) -> bool) -> WireResponse {
    match accepts(&origin_of(request)) {
        true => reply(
            101,
            &[
                ("upgrade", "websocket"),
                ("connection", "Upgrade"),
                ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            ],
        ),
        false => reply(403, &[]),
    }
}

#[rstest]
#[case::anyone(|_: &str| true, PageResult::Open, "does not check the origin")]
#[case::own(|origin: &str| origin == APP, PageResult::Open, "so it checks the origin")]
#[case::none(|_: &str| false, PageResult::Blocked, "CORS does not apply to WebSockets")]
#[tokio::test]
async fn a_web_socket_is_tried_with_another_origin(
    #[case] accepts: impl Fn(&str) -> bool + Send + Sync + 'static,
    #[case] result: PageResult,
    #[case] expected: &str,
) {
    let setup = Setup { via: Via::WebSocket, ..Setup::default() };
    let request = get().with_url("wss://api.example/live");
    let report = report(Check { setup, ..check(request) }, move |request| handshake(request, &accepts)).await;
    let text = to_text(&report);
    assert_eq!(report.page_result(), result, "{text}");
    assert!(text.contains(expected), "{text}");
    assert_eq!(report.extra_requests().len(), 1);
}

#[rstest]
#[case::xhr(Via::Xhr, PageResult::Readable)]
#[case::link(Via::Link, PageResult::Shown)]
#[case::form(Via::Form, PageResult::Shown)]
#[case::events(Via::EventSource, PageResult::Open)]
#[case::image(Via::Element(cors_browser::Element::Image), PageResult::Opaque)]
#[tokio::test]
async fn pages_make_requests_in_other_ways(#[case] via: Via, #[case] expected: PageResult) {
    let setup = Setup { via, fields: vec![("a".to_owned(), "1".to_owned())], ..Setup::default() };
    let request = get().with_method("POST");
    let report = report(Check { setup, ..check(request) }, move |_| {
        let kind = if via == Via::EventSource { "text/event-stream" } else { "image/png" };
        let mut response = reply(200, &[OWN, ("content-type", kind), ("vary", "origin")]);
        response.body = b"\x89PNG\r\n\x1a\n".to_vec();
        response
    })
    .await;
    assert_eq!((report.page_result(), report.exit_code()), (expected, 0), "{}", to_text(&report));
}

#[tokio::test]
async fn a_form_is_sent_as_its_encoding_says() {
    let fields = vec![("a".to_owned(), "1 2".to_owned())];
    for (via, body) in [
        (Via::Form, "a=1+2"),
        (
            Via::Fetch,
            "------formboundary\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1 2\r\n------formboundary--\r\n",
        ),
    ] {
        let setup = Setup { via, fields: fields.clone(), ..Setup::default() };
        let request = get().with_method("POST");
        let report = report(Check { setup, ..check(request) }, |_| reply(200, &[OWN])).await;
        let json = json(&report);
        assert_eq!(json["exchanges"][0]["request"]["method"], "POST");
        assert_eq!(json["exchanges"][0]["request"]["body"], body);
    }
}

#[test]
fn a_fetch_is_printed_as_javascript() {
    let request = put().with_header("X-A", "\"1\"").with_body("{}").with_credentials(Credentials::Include);
    let expected = "// Paste this into the console of a page at https://app.example.\n\
                    const response = await fetch(\"https://api.example/item\", {\n  method: \"PUT\",\n  headers: [\n    \
                    [\"X-A\", \"\\\"1\\\"\"],\n  ],\n  body: \"{}\",\n  credentials: \"include\",\n});\n\
                    console.log(response.status, [...response.headers], await response.text());\n";
    assert_eq!(snippet(&check(request)).unwrap(), expected);
    let link = Setup { via: Via::Link, ..Setup::default() };
    assert_eq!(snippet(&Check { setup: link, ..check(get()) }), None);
}

/// The parts of <https://schema.postman.com/collection/json/v2.1.0/draft-07/collection.json> that a collection here uses.
fn postman_schema() -> Value {
    serde_json::json!({
        "type": "object",
        "required": ["info", "item"],
        "additionalProperties": false,
        "properties": {
            "info": {
                "type": "object",
                "required": ["name", "schema"],
                "properties": { "name": { "type": "string" }, "schema": { "const": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json" } }
            },
            "item": { "type": "array", "items": {
                "type": "object",
                "required": ["request"],
                "additionalProperties": false,
                "properties": {
                    "name": { "type": "string" },
                    "request": {
                        "type": "object",
                        "additionalProperties": false,
                        "properties": {
                            "url": { "type": "string" },
                            "method": { "type": "string" },
                            "header": { "type": "array", "items": {
                                "type": "object",
                                "required": ["key", "value"],
                                "properties": { "key": { "type": "string" }, "value": { "type": "string" } }
                            } },
                            "body": {
                                "type": "object",
                                "properties": { "mode": { "enum": ["raw"] }, "raw": { "type": "string" } }
                            }
                        }
                    }
                }
            } }
        }
    })
}

#[tokio::test]
async fn a_postman_collection_has_the_preflight_and_the_request() {
    let request = put().with_header("X-A", "1").with_body("{}");
    let collection: Value = serde_json::from_str(&postman(&check(request)).await.unwrap()).unwrap();
    jsonschema::validate(&postman_schema(), &collection).unwrap();
    let requests: Vec<_> =
        collection["item"].as_array().unwrap().iter().map(|item| &item["request"]).collect();
    assert_eq!(requests.len(), 2);
    assert_eq!((&requests[0]["method"], &requests[1]["method"]), (&"OPTIONS".into(), &"PUT".into()));
    assert_eq!(requests[1]["body"]["raw"], "{}");
    assert!(postman(&check(get().with_method("TRACE"))).await.is_err());
}

#[tokio::test]
async fn an_archive_has_every_exchange() {
    let report = report(check(put().with_body("{}")), silent(|_, _, _| true)).await;
    let archive: Value = serde_json::from_str(&har(&report).unwrap()).unwrap();
    let entries = archive["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(
        (&entries[0]["request"]["method"], &entries[1]["request"]["method"]),
        (&"OPTIONS".into(), &"PUT".into())
    );
    assert_eq!(entries[1]["request"]["postData"]["text"], "{}");
    assert_eq!(entries[1]["response"]["status"], 204);
    for entry in entries {
        for field in ["startedDateTime", "time", "request", "response", "cache", "timings"] {
            assert!(entry.get(field).is_some(), "{field}");
        }
    }
}

/// Fetches in a row share the cookies and the preflights of their browser, in every browser.
#[tokio::test]
async fn fetches_in_a_row_share_cookies_and_preflights() {
    let log = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sent = log.clone();
    let network = Servers(move |request: &WireRequest| {
        let cookie = request.header("cookie").map(String::from_utf8_lossy).unwrap_or_default();
        sent.lock().unwrap().push(format!("{} {} {cookie}", request.method, request.url.path()));
        let set = ("set-cookie", "sid=1; Secure; SameSite=None");
        let headers = [
            OWN,
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "PUT"),
            ("access-control-max-age", "600"),
            ("vary", "Origin"),
            if request.url.path() == "/login" { set } else { ("x", "") },
        ];
        reply(200, &headers)
    });
    let fetch = |method: &str, path: &str| {
        let request = get().with_method(method).with_url(&format!("https://api.example{path}"));
        check(request.with_credentials(Credentials::Include))
    };
    let checks = vec![fetch("POST", "/login"), fetch("PUT", "/item"), fetch("PUT", "/item")];
    let browsers = [Profile::chromium(), Profile::standard()];
    let reports = run_all_in(&browsers, checks, Arc::new(network)).await;
    assert_eq!(reports.len(), 3);
    assert!(reports.iter().all(|report| report.page_result() == PageResult::Readable));
    assert_eq!(
        *log.lock().unwrap(),
        ["POST /login ", "OPTIONS /item ", "PUT /item sid=1", "PUT /item sid=1"]
    );
    let codes = |report: &CheckReport| report.notes().iter().map(|note| note.code).collect::<Vec<_>>();
    assert!(!codes(&reports[1]).contains(&"preflight-remembered"), "{:?}", reports[1].notes());
    assert!(codes(&reports[1]).contains(&"cookies-sent"), "{:?}", reports[1].notes());
    let text = to_text_of_all(&reports);
    assert!(text.contains("=== 1 of 3: POST https://api.example/login\n"), "{text}");
    assert!(text.contains("it remembers the one of an earlier fetch of this URL for 600 seconds"), "{text}");
    let json: Value = serde_json::from_str(&to_json_of_all(&reports).unwrap()).unwrap();
    assert_eq!(json["fetches"].as_array().map(Vec::len), Some(3));
    assert_eq!(json["fetches"][2]["exchanges"].as_array().map(Vec::len), Some(1));
}

/// The request that comes first decides, and a listener on `xhr.upload` counts if there is a body.
#[rstest]
#[case::listener(get().with_method("POST").with_body("a"), true, Some("the listener on `xhr.upload`"))]
#[case::no_listener(get().with_method("POST").with_body("a"), false, None)]
#[case::no_body(get(), true, None)]
#[case::method(put(), false, Some("the method PUT"))]
#[case::headers(put().with_header("x-b", "1").with_header("x-a", "1"), true, Some("the method PUT and the headers x-a, x-b"))]
#[case::header(get().with_header("authorization", "t"), false, Some("the header authorization"))]
#[tokio::test]
async fn the_cause_of_a_preflight_is_named(
    #[case] request: FetchRequest,
    #[case] has_upload_listener: bool,
    #[case] cause: Option<&str>,
) {
    let setup = Setup { via: Via::Xhr, has_upload_listener, ..Setup::default() };
    let report = report(Check { setup, ..check(request) }, silent(|_, _, _| true)).await;
    let text = to_text(&report);
    match cause {
        Some(cause) => assert!(text.contains(&format!("* the preflight, because of {cause}\n")), "{text}"),
        None => assert!(!text.contains("* the preflight"), "{text}"),
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_for_keepalive_is_explained() {
    let request = put().with_body(vec![b'a'; 70_000]).with_keepalive(true);
    let report = report(check(request), silent(|_, _, _| true)).await;
    assert_eq!((report.page_result(), report.exit_code()), (PageResult::Blocked, 1));
    assert!(report.exchanges().is_empty());
    let help = report.advice().unwrap().help;
    assert!(help.contains("Browsers allow 64 KiB"), "{help}");
}

/// What the network stack of a browser refuses has advice of its own.
#[rstest]
#[case::locations(302, &[OWN, ("location", "/a"), ("location", "/b")], "Send one. Chromium and Firefox refuse such a response.")]
#[case::login(407, &[OWN], "Send 401 with `WWW-Authenticate` instead of 407.")]
#[tokio::test]
async fn a_refused_response_is_explained(
    #[case] status: u16,
    #[case] headers: &'static [(&'static str, &'static str)],
    #[case] expected: &str,
) {
    for request in [get(), put()] {
        let report = report(check(request), move |_| reply(status, headers)).await;
        let text = to_text(&report);
        assert!(text.contains("blocked: network-error") && text.contains(expected), "{text}");
    }
}

/// Chromium asks for compressed bodies, so that error pages come compressed.
#[tokio::test]
async fn a_compressed_body_is_read() {
    let body = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, b"Invalid CORS request").unwrap();
        encoder.finish().unwrap()
    };
    let report =
        report(check(get()), move |_| reply(403, &[("content-encoding", "gzip")]).with_body(body.clone()))
            .await;
    let text = to_text(&report);
    assert!(text.contains(" bytes: Invalid CORS request)"), "{text}");
    assert!(text.contains("its CORS filter (Spring)"), "{text}");
    assert_eq!(json(&report)["exchanges"][0]["response"]["body_beginning"], "Invalid CORS request");
}

#[test]
fn an_xhr_is_printed_as_javascript() {
    let setup = Setup { via: Via::Xhr, has_upload_listener: true, ..Setup::default() };
    let request = put().with_header("X-A", "1").with_body("{}").with_credentials(Credentials::Include);
    let expected = "// Paste this into the console of a page at https://app.example.\n\
                    const xhr = new XMLHttpRequest();\n\
                    xhr.open(\"PUT\", \"https://api.example/item\");\n\
                    xhr.setRequestHeader(\"X-A\", \"1\");\n\
                    xhr.withCredentials = true;\n\
                    xhr.upload.onprogress = (event) => console.log(event.loaded);\n\
                    xhr.onload = () => console.log(xhr.status, xhr.getAllResponseHeaders(), xhr.responseText);\n\
                    xhr.onerror = () => console.log(\"blocked, or no response\");\n\
                    xhr.send(\"{}\");\n";
    assert_eq!(snippet(&Check { setup, ..check(request) }).unwrap(), expected);
    let keepalive = snippet(&check(get().with_keepalive(true))).unwrap();
    assert!(keepalive.contains("  keepalive: true,\n"), "{keepalive}");
}

#[tokio::test]
async fn the_curl_command_connects_alike() {
    let connecting = Connecting {
        authorities: Some("ca.pem".into()),
        addresses: vec!["api.example:443:127.0.0.1".parse().unwrap()],
        accepts_every_certificate: true,
        version: Some(HttpVersion::Http2),
    };
    let command = curl(&check(get()), &connecting).await.unwrap();
    let expected = "curl --include --insecure --http2 \\\n  --header 'Origin: https://app.example' \\\n  --cacert 'ca.pem' \\\n  \
                    --resolve 'api.example:443:127.0.0.1' \\\n  'https://api.example/item'\n";
    assert!(command.ends_with(expected), "{command}");
}

fn origin_of(request: &WireRequest) -> String {
    request.header("origin").map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}
