//! HAR files in the shapes of several programs.

use cors_browser::Profile;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;

const APP: &str = "https://app.example";

fn headers(headers: &[(&str, &str)]) -> Value {
    headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn entry(method: &str, url: &str, request: &[(&str, &str)], status: i64, response: &[(&str, &str)]) -> Value {
    json!({
        "startedDateTime": "2026-01-01T00:00:00.000Z",
        "time": 1.5,
        "request": { "method": method, "url": url, "httpVersion": "HTTP/1.1", "headers": headers(request), "cookies": [] },
        "response": { "status": status, "statusText": "", "headers": headers(response), "content": { "size": 0 } },
        "cache": {},
        "timings": {},
    })
}

fn har(entries: Vec<Value>) -> String {
    json!({ "log": { "version": "1.2", "creator": { "name": "test", "version": "1" }, "entries": entries } })
        .to_string()
}

async fn judged(text: &str) -> HarReport {
    let report = judge_har(text, &Profile::chromium()).await.unwrap();
    // Every report can be printed in both formats.
    assert!(!har_text(&report).is_empty());
    let json: Value = serde_json::from_str(&har_json(&report).unwrap()).unwrap();
    assert_eq!(json["requests"].as_array().map(Vec::len), Some(report.requests.len()));
    report
}

fn verdicts(report: &HarReport) -> Vec<(usize, HarVerdict, Option<&str>)> {
    let reason = |request: &HarRequest| {
        let blocked = request.report.as_ref().and_then(CheckReport::blocked);
        blocked.map(|blocked| blocked.reason.as_str())
    };
    report.requests.iter().map(|request| (request.entry, request.verdict, reason(request))).collect()
}

const ORIGIN: (&str, &str) = ("Origin", APP);
const ALLOW: (&str, &str) = ("access-control-allow-origin", APP);

/// Chromium: types and errors in fields of its own, few headers of a request that was not sent, and the address as the title of a page.
#[tokio::test]
async fn of_chromium() {
    let mut put = entry("PUT", "https://api.example/item", &[("Referer", "https://app.example/")], 0, &[]);
    put["_resourceType"] = json!("fetch");
    put["pageref"] = json!("page_1");
    put["response"]["_error"] = json!("net::ERR_FAILED");
    let preflight_headers =
        [("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "x-a"), ORIGIN];
    let mut preflight = entry(
        "OPTIONS",
        "https://api.example/item",
        &preflight_headers,
        204,
        &[ALLOW, ("access-control-allow-methods", "PUT")],
    );
    preflight["_resourceType"] = json!("preflight");
    let mut xhr = entry("GET", "https://api.example/list", &[], 0, &[]);
    xhr["_resourceType"] = json!("xhr");
    xhr["pageref"] = json!("page_1");
    xhr["response"]["_error"] = json!("net::ERR_FAILED");
    let mut document = entry("GET", "https://app.example/", &[("sec-fetch-mode", "navigate")], 200, &[]);
    document["_resourceType"] = json!("document");
    let text = json!({ "log": {
        "pages": [{ "id": "page_1", "title": "https://app.example/start", "startedDateTime": "x", "pageTimings": {} }],
        "entries": [document, put, preflight, xhr],
    } });
    let report = judged(&text.to_string()).await;
    assert_eq!(
        verdicts(&report),
        [(2, HarVerdict::Blocked, Some("header-not-allowed")), (4, HarVerdict::Unknown, None)]
    );
    let console = report.requests[0].report.as_ref().and_then(CheckReport::console).unwrap();
    assert_eq!(
        console,
        "Access to fetch at 'https://api.example/item' from origin 'https://app.example' has been blocked by CORS policy: Request \
         header field x-a is not allowed by Access-Control-Allow-Headers in preflight response."
    );
    assert!(report.requests[1].notes[0].contains("no response"), "{:?}", report.requests[1]);
    assert_eq!((report.navigations, report.others, report.same_origin, report.exit_code()), (1, 0, 0, 1));
}

/// Firefox: no types, a title that is not an address, a status as text, and a preflight whose request was not sent.
#[tokio::test]
async fn of_firefox() {
    let get = entry(
        "GET",
        "https://api.example/a",
        &[ORIGIN, ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")],
        200,
        &[],
    );
    let preflight = [ORIGIN, ("Access-Control-Request-Method", "DELETE"), ("Sec-Fetch-Mode", "cors")];
    let preflight = entry("OPTIONS", "https://api.example/b", &preflight, 403, &[]);
    let mut image = entry(
        "GET",
        "https://cdn.example/i.png",
        &[("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image"), ("Referer", "https://app.example/")],
        200,
        &[("content-type", "image/png")],
    );
    image["response"]["status"] = json!("200");
    image["serverIPAddress"] = Value::Null;
    let text = json!({ "log": { "pages": [{ "id": "p", "title": "My page" }], "entries": [get, preflight, image] } });
    let report = judged(&format!("\u{feff}{text}")).await;
    assert_eq!(
        verdicts(&report),
        [
            (1, HarVerdict::Blocked, Some("missing-allow-origin")),
            (2, HarVerdict::Blocked, Some("preflight-missing-allow-origin")),
            (3, HarVerdict::Opaque, None)
        ]
    );
    assert_eq!(
        (report.requests[1].method.as_str(), report.requests[1].initiator),
        ("DELETE", "preflight alone")
    );
}

/// Safari and Charles: no `Sec-Fetch-Mode` from older browsers, null for what is unknown, and all responses, as a proxy sees them.
#[tokio::test]
async fn of_safari_and_charles() {
    let mut get =
        entry("GET", "https://api.example/a", &[ORIGIN], 200, &[("Access-Control-Allow-Origin", "*")]);
    get["request"]["postData"] = Value::Null;
    get["response"]["content"] = Value::Null;
    get["request"]["cookies"] = json!([{ "name": "sid", "value": "1" }]);
    let navigation = entry("GET", "https://other.example/", &[("Referer", "https://app.example/")], 200, &[]);
    let own = entry("POST", "https://app.example/x", &[ORIGIN], 200, &[]);
    let broken = json!({ "request": { "method": "GET", "url": "not a URL" } });
    let report = judged(&har(vec![get, navigation, own, broken])).await;
    assert_eq!(verdicts(&report), [(1, HarVerdict::Blocked, Some("wildcard-origin-with-credentials"))]);
    assert_eq!((report.others, report.same_origin), (1, 1));
    assert_eq!(report.unreadable.len(), 1);
    assert!(report.unreadable[0].1.contains("the URL is not valid"), "{:?}", report.unreadable);
}

#[tokio::test]
async fn a_redirect_is_judged_with_its_targets() {
    let first = entry(
        "GET",
        "https://api.example/a",
        &[ORIGIN],
        302,
        &[ALLOW, ("location", "https://cdn.example/b#x")],
    );
    let second = entry("GET", "https://cdn.example/b", &[("origin", "null")], 200, &[ALLOW]);
    let alone = entry("GET", "https://api.example/c", &[ORIGIN], 302, &[ALLOW, ("location", "/d")]);
    let report = judged(&har(vec![first, second, alone])).await;
    assert_eq!(
        verdicts(&report),
        [(1, HarVerdict::Blocked, Some("allow-origin-mismatch")), (3, HarVerdict::Unknown, None)]
    );
    assert!(report.requests[1].notes[0].contains("redirect's target"), "{:?}", report.requests[1]);
}

/// The browser had the grant of a preflight in its cache, so the recording lacks it.
#[tokio::test]
async fn a_cached_preflight_is_assumed() {
    let sent = [ORIGIN, ("x-a", "1")];
    let report = judged(&har(vec![entry("PUT", "https://api.example/a", &sent, 200, &[ALLOW])])).await;
    assert_eq!(verdicts(&report), [(1, HarVerdict::Readable, None)]);
    assert!(report.requests[0].notes[0].contains("preflight"), "{:?}", report.requests[0]);
    let report = judged(&har(vec![entry("PUT", "https://api.example/a", &sent, 0, &[])])).await;
    assert_eq!(verdicts(&report), [(1, HarVerdict::Unknown, None)]);
}

/// One preflight may answer several requests; each request prefers one of its own.
#[tokio::test]
async fn preflights_are_matched() {
    let asked = [ORIGIN, ("access-control-request-method", "PUT")];
    let url = "https://api.example/a";
    let denied = entry("OPTIONS", url, &asked, 403, &[]);
    let granted = entry("OPTIONS", url, &asked, 204, &[ALLOW, ("access-control-allow-methods", "PUT")]);
    let put = |status| entry("PUT", url, &[ORIGIN], status, &[ALLOW]);
    let report = judged(&har(vec![denied, put(0), granted, put(200), put(200)])).await;
    assert_eq!(
        verdicts(&report),
        [
            (2, HarVerdict::Blocked, Some("preflight-missing-allow-origin")),
            (4, HarVerdict::Readable, None),
            (5, HarVerdict::Readable, None)
        ]
    );
}

/// The second look at a failure uses the same preflight and the same target.
#[tokio::test]
async fn a_failure_after_a_preflight_and_a_redirect_is_explained() {
    let url = "https://api.example/a";
    let any = ("access-control-allow-origin", "*");
    let mut put = entry("PUT", url, &[ORIGIN], 307, &[any, ("location", "/b")]);
    put["response"]["_error"] = json!("net::ERR_FAILED");
    let asked = [ORIGIN, ("access-control-request-method", "PUT")];
    let granted = |url| {
        entry(
            "OPTIONS",
            url,
            &asked,
            204,
            &[ALLOW, ("access-control-allow-credentials", "true"), ("access-control-allow-methods", "PUT")],
        )
    };
    let target = entry("PUT", "https://api.example/b", &[ORIGIN], 200, &[ALLOW]);
    let report = judged(&har(vec![put, granted(url), granted("https://api.example/b"), target])).await;
    assert_eq!(verdicts(&report), [(1, HarVerdict::Blocked, Some("wildcard-origin-with-credentials"))]);
}

/// A recording without cookies does not say that the fetch had them, but its failure does.
#[tokio::test]
async fn credentials_follow_from_a_failure() {
    let mut get =
        entry("GET", "https://api.example/a", &[ORIGIN], 200, &[("access-control-allow-origin", "*")]);
    let report = judged(&har(vec![get.clone()])).await;
    assert_eq!(verdicts(&report), [(1, HarVerdict::Readable, None)]);
    get["response"]["_error"] = json!("net::ERR_FAILED");
    let report = judged(&har(vec![get.clone()])).await;
    assert_eq!(verdicts(&report), [(1, HarVerdict::Blocked, Some("wildcard-origin-with-credentials"))]);
    get["response"]["headers"] = headers(&[ALLOW, ("access-control-allow-credentials", "true")]);
    let report = judged(&har(vec![get])).await;
    assert_eq!(verdicts(&report), [(1, HarVerdict::Readable, None)]);
    assert!(report.requests[0].notes[0].contains("another reason than CORS"), "{:?}", report.requests[0]);
}

/// Requests to which CORS does not apply are counted by what they are.
#[tokio::test]
async fn navigations_and_web_sockets_are_counted() {
    let mut chromium = entry("GET", "wss://api.example/live", &[ORIGIN], 101, &[]);
    chromium["_resourceType"] = json!("websocket");
    let firefox = entry("GET", "https://api.example/live", &[ORIGIN, ("Sec-WebSocket-Key", "x")], 101, &[]);
    let frame = entry("GET", "https://other.example/", &[("sec-fetch-mode", "navigate")], 200, &[]);
    let login =
        entry("POST", "https://api.example/login", &[ORIGIN, ("Sec-Fetch-Mode", "navigate")], 302, &[]);
    let nothing_known = entry("GET", "https://other.example/x", &[], 200, &[]);
    let report = judged(&har(vec![chromium, firefox, frame, login, nothing_known])).await;
    assert_eq!((report.web_sockets, report.navigations, report.others), (2, 2, 1));
    assert!(report.requests.is_empty(), "{:?}", report.requests);
    let text = har_text(&report);
    assert!(
        text.contains(
            "CORS does not apply to 4 more: 0 of a page to its own origin, 2 navigations, 2 WebSockets"
        ),
        "{text}"
    );
    assert!(text.contains("Only the server can refuse"), "{text}");
    assert!(text.contains("1 more were not judged"), "{text}");
}

#[rstest]
#[case("", "not a HAR file")]
#[case("{}", "missing field `log`")]
#[case("{\"log\":{}}", "missing field `entries`")]
#[case("<html>", "not a HAR file")]
#[tokio::test]
async fn other_files_are_refused(#[case] text: &str, #[case] expected: &str) {
    let error = judge_har(text, &Profile::chromium()).await.unwrap_err();
    assert!(error.contains(expected), "{error}");
}

/// What a recording contains is not trusted.
#[tokio::test]
async fn a_recording_cannot_control_the_terminal() {
    let evil = "\u{1b}[2J\u{202e}";
    let mut get =
        entry("GET", "https://api.example/a", &[ORIGIN], 200, &[("access-control-allow-origin", evil)]);
    get["response"]["_error"] = json!(evil);
    let text = har_text(&judged(&har(vec![get, json!({ "request": evil })])).await);
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
}
