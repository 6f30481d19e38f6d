//! A session of real Chromium, recorded as its developer tools would, and judged by `cors check --har`.
//!
//! ChromeDriver has no command for a HAR file. The test writes one from the events of the DevTools protocol, from which the developer tools
//! make theirs. If Chromium is not installed, the test is skipped. With `CORS_BROWSERS=required` it fails instead.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::env;
use std::process::Command;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::any;
use cors_browser::Profile;
use cors_cli::offline::har::{HarReport, HarVerdict, judge_har};
use cors_conformance::process::{Process, ReadyLine};
use cors_real_browsers::real::{Kind, LaunchError, Program};
use serde_json::{Value, json};
use thirtyfour::{Capabilities, WebDriver};
use tokio::net::TcpListener;

/// What the page does, one request after the other. `API` is another origin.
const SCRIPT: &str = r#"
const api = "API";
const xhr = (path) => new Promise((done) => {
    const request = new XMLHttpRequest();
    request.onloadend = done;
    request.open("GET", api + path);
    request.send();
});
const image = (path) => new Promise((done) => {
    const element = new Image();
    element.onload = element.onerror = done;
    element.src = api + path;
});
const json = { "content-type": "application/json" };
for (const act of [
    () => fetch("/own"),
    () => fetch(api + "/allowed"),
    () => fetch(api + "/silent"),
    () => fetch(api + "/any"),
    () => fetch(api + "/any?cookies", { credentials: "include" }),
    () => fetch(api + "/other"),
    () => fetch(api + "/allowed?put", { method: "PUT" }),
    () => fetch(api + "/denied?put", { method: "PUT" }),
    () => fetch(api + "/allowed?delete", { method: "DELETE" }),
    () => fetch(api + "/allowed?header", { headers: { "x-other": "1" } }),
    () => fetch(api + "/allowed?json", { method: "POST", headers: json, body: "{}" }),
    () => fetch(api + "/only-preflight?json", { method: "POST", headers: json, body: "{}" }),
    () => fetch(api + "/redirect"),
    () => fetch(api + "/silent-redirect"),
    () => xhr("/allowed?xhr"),
    () => xhr("/silent?xhr"),
    () => image("/picture"),
]) {
    try { await act(); } catch {}
}
document.title = "done";
"#;

/// The server of the page and of the other origin.
async fn answer(request: Request, page: String, api: String) -> Response<Body> {
    let origin =
        request.headers().get("origin").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let is_preflight = request.method() == "OPTIONS";
    let mut headers = HeaderMap::new();
    let mut set = |name: &'static str, value: &str| {
        headers.insert(name, value.parse().unwrap());
    };
    let path = request.uri().path();
    let mut status = StatusCode::OK;
    let mut body = Body::from("text");
    match path {
        "/" => {
            set("content-type", "text/html");
            let script = SCRIPT.replace("API", &api);
            body = Body::from(format!(
                "<!doctype html><title>begun</title><script type=module>{script}</script>"
            ));
        }
        "/picture" => set("content-type", "image/png"),
        "/any" => set("access-control-allow-origin", "*"),
        "/other" => set("access-control-allow-origin", "https://other.example"),
        "/only-preflight" if !is_preflight => {}
        "/allowed" | "/only-preflight" => {
            set("access-control-allow-origin", &origin);
            set("access-control-allow-methods", "PUT");
            set("access-control-allow-headers", "content-type");
        }
        "/denied" => status = StatusCode::FORBIDDEN,
        "/redirect" | "/silent-redirect" => {
            status = StatusCode::FOUND;
            set("location", "/allowed?redirected");
            if path == "/redirect" {
                set("access-control-allow-origin", &page);
            }
        }
        _ => {}
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Starts both servers, and returns their origins.
async fn serve() -> (String, String) {
    let bind = || TcpListener::bind("127.0.0.1:0");
    let (for_page, for_api) = (bind().await.unwrap(), bind().await.unwrap());
    let page = format!("http://localhost:{}", for_page.local_addr().unwrap().port());
    let api = format!("http://127.0.0.1:{}", for_api.local_addr().unwrap().port());
    for listener in [for_page, for_api] {
        let (page, api) = (page.clone(), api.clone());
        let handler = move |request: Request| answer(request, page.clone(), api.clone());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(handler))).await });
    }
    (page, api)
}

/// The events of the DevTools protocol and the console of a session.
struct Recorded {
    events: Vec<Value>,
    console: BTreeSet<String>,
}

const LISTENING: ReadyLine = ReadyLine {
    description: "where it listens",
    matches: |line| line.contains(" started successfully on port "),
};

/// Opens the page in Chromium; `None` if it is not installed and need not be.
async fn record(page: &str) -> Option<Recorded> {
    let mut paths = Vec::new();
    for program in Program::of(Kind::Chromium) {
        match program.find() {
            Some(path) => paths.push(path),
            None if env::var_os("CORS_BROWSERS").is_none() => {
                eprintln!("skipped: {}", LaunchError::Missing(*program));
                return None;
            }
            None => panic!("{}", LaunchError::Missing(*program)),
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(&paths[1]);
    command.arg("--port=0").env("HOME", folder.path()).env("TMPDIR", folder.path());
    let profile = format!("--user-data-dir={}/profile", folder.path().display());
    let process = Process::start(command, LISTENING, Duration::from_secs(3)).unwrap();
    let mut process = process.keeping(folder);
    let line = process.listening(Duration::from_secs(20)).await.unwrap();
    let port: String = line.trim_end_matches('.').rsplit(' ').next().unwrap().to_owned();
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        &profile,
    ];
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "binary": paths[0], "args": arguments },
        "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
    });
    let capabilities = Capabilities::from(capabilities.as_object().unwrap().clone());
    let driver =
        WebDriver::builder(format!("http://127.0.0.1:{port}"), capabilities).connect().await.unwrap();
    driver.goto(page).await.unwrap();
    for _ in 0..300 {
        if driver.title().await.unwrap() == "done" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(driver.title().await.unwrap(), "done");
    let events = driver.get_log("performance").await.unwrap();
    let events =
        events.iter().map(|entry| serde_json::from_str::<Value>(&entry.message).unwrap()["message"].take());
    let events = events.collect();
    let console = driver.get_log("browser").await.unwrap();
    let console = console
        .iter()
        .filter_map(|entry| Some(entry.message[entry.message.find("Access to ")?..].to_owned()));
    let console = console.collect();
    driver.quit().await.unwrap();
    process.stop().await;
    Some(Recorded { events, console })
}

/// Writes a HAR file as the developer tools do. Without `is_complete`, it lacks what only the extra events have: the headers that the
/// browser added, and the responses that it kept from the page.
fn har(events: &[Value], is_complete: bool) -> String {
    // A request that is redirected has several entries.
    let mut entries: Vec<Value> = Vec::new();
    let mut hops: HashMap<String, Vec<usize>> = HashMap::new();
    let mut extras: BTreeMap<(String, &str), Vec<&Value>> = BTreeMap::new();
    for event in events {
        let (method, params) = (event["method"].as_str().unwrap(), &event["params"]);
        let id = params["requestId"].as_str().unwrap_or_default().to_owned();
        let last = hops.get(&id).and_then(|hops| hops.last()).copied();
        match method {
            "Network.requestWillBeSent" => {
                if let Some(last) = last.filter(|_| params["redirectResponse"].is_object()) {
                    entries[last]["response"] = response(&params["redirectResponse"]);
                }
                hops.entry(id).or_default().push(entries.len());
                let request = &params["request"];
                let mut entry = json!({
                    "pageref": "page_1",
                    "_resourceType": params["type"].as_str().unwrap_or("other").to_lowercase(),
                    "_initiator": params["initiator"],
                    "request": {
                        "method": request["method"],
                        "url": request["url"],
                        "headers": headers(&request["headers"]),
                        "cookies": [],
                    },
                    "response": { "status": 0, "statusText": "", "headers": [], "content": { "size": 0 } },
                });
                if let Some(text) = request["postData"].as_str() {
                    entry["request"]["postData"] = json!({ "mimeType": "", "text": text });
                }
                entries.push(entry);
            }
            "Network.responseReceived" => {
                if let Some(last) = last {
                    entries[last]["response"] = response(&params["response"]);
                }
            }
            "Network.loadingFailed" => {
                if let Some(last) = last {
                    entries[last]["response"]["_error"] = params["errorText"].clone();
                }
            }
            "Network.requestWillBeSentExtraInfo" => extras.entry((id, "request")).or_default().push(params),
            "Network.responseReceivedExtraInfo" => extras.entry((id, "response")).or_default().push(params),
            _ => {}
        }
    }
    for ((id, part), extras) in extras.iter().filter(|_| is_complete) {
        for (&hop, extra) in hops.get(id).into_iter().flatten().zip(extras) {
            entries[hop][part]["headers"] = headers(&extra["headers"]);
            if *part == "response" {
                entries[hop][part]["status"] = extra["statusCode"].clone();
            }
        }
    }
    let title = entries[0]["request"]["url"].clone();
    let pages = json!([{ "id": "page_1", "title": title, "startedDateTime": "", "pageTimings": {} }]);
    let creator = json!({ "name": "WebInspector", "version": "537.36" });
    json!({ "log": { "version": "1.2", "creator": creator, "pages": pages, "entries": entries } }).to_string()
}

fn response(response: &Value) -> Value {
    json!({
        "status": response["status"],
        "statusText": response["statusText"],
        "headers": headers(&response["headers"]),
        "content": { "size": 4, "mimeType": response["mimeType"] },
    })
}

fn headers(headers: &Value) -> Value {
    let headers = headers.as_object().into_iter().flatten();
    headers.map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn blocked(report: &HarReport) -> BTreeSet<String> {
    let blocked = report.requests.iter().filter(|request| request.verdict == HarVerdict::Blocked);
    blocked.map(|request| request.report.as_ref().unwrap().console().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verdicts_are_those_of_chromium() {
    let (page, api) = serve().await;
    let Some(Recorded { events, console }) = record(&page).await else { return };
    assert_eq!(console.len(), 9, "{console:#?}");

    let complete = har(&events, true);
    let report = judge_har(&complete, &Profile::chromium()).await.unwrap();
    assert_eq!(blocked(&report), console, "{complete}");
    assert_eq!(report.count(HarVerdict::Unknown), 0, "{:#?}", report.requests);
    let with = |verdict: HarVerdict| {
        let requests = report.requests.iter().filter(move |request| request.verdict == verdict);
        requests.map(|request| request.url.strip_prefix(&api).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(
        with(HarVerdict::Readable),
        ["/allowed", "/any", "/allowed?put", "/allowed?json", "/redirect", "/allowed?xhr"]
    );
    assert_eq!(with(HarVerdict::Opaque), ["/picture"]);
    assert!(report.same_origin >= 1, "{report:#?}");

    // Without the responses that were kept from the page, less is known, and nothing wrong is said.
    let report = judge_har(&har(&events, false), &Profile::chromium()).await.unwrap();
    assert!(blocked(&report).is_subset(&console), "{:#?}", blocked(&report));
    assert_eq!(report.count(HarVerdict::Readable), 6, "{:#?}", report.requests);
    assert_eq!(
        report.count(HarVerdict::Blocked) + report.count(HarVerdict::Unknown),
        9,
        "{:#?}",
        report.requests
    );
}
