//! The example `mcp` of cors-axum, before pages of other origins in real browsers: the guard is its only protection.
//!
//! If a browser is not installed, its test is skipped. With `CORS_BROWSERS=required` it fails instead.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::env;
use std::sync::Arc;

use axum::body::Body;
use cors_browser::{
    Enctype, ExchangeKind, FetchRequest, Form, FormMethod, Mode, Navigation, Network, NetworkFuture, Origin,
    Outcome, Page, PageAction, WireRequest, WireResponse,
};
use cors_conformance::user_agent::{Model, UserAgent};
use cors_real_browsers::real::{Kind, LaunchError, RealBrowser};
use http_body_util::BodyExt as _;
use rstest::rstest;
use tower::ServiceExt as _;

#[expect(dead_code, reason = "its `main` is not called")]
#[path = "../../../cors-axum/examples/mcp.rs"]
mod mcp;

const CALL: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2}}}"#;

/// The example, without a socket. Other servers only have pages.
struct Example;

impl Network for Example {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        Box::pin(async move { Ok(answer(request).await) })
    }
}

async fn answer(request: WireRequest) -> WireResponse {
    let authority = request.url.authority().to_owned();
    let mut built = http::Request::builder().method(&*request.method).uri(request.url.path());
    built = built.header("host", authority);
    for (name, value) in &request.headers {
        built = built.header(name, value.as_slice());
    }
    let body = Body::from(request.body.unwrap_or_default());
    let response = mcp::app().unwrap().oneshot(built.body(body).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let mut answer = WireResponse::new(head.status.as_u16());
    for (name, value) in &head.headers {
        answer = answer.with_header(name.as_str(), value.as_bytes());
    }
    answer.with_body(body.collect().await.unwrap().to_bytes())
}

fn fetch(url: &str) -> FetchRequest {
    FetchRequest::new(url.parse().unwrap()).with_method("POST").with_body(CALL)
}

/// A form whose body is JSON, which is what an attacker sends to a handler that does not look at `Content-Type`.
fn form(url: &str) -> PageAction {
    let mut form = Form::default();
    form.method = FormMethod::Post;
    form.enctype = Enctype::Plain;
    // The browser writes `=` between the name and the value.
    let name = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","ignored":""#;
    form.fields = vec![(name.to_owned(), "\"}".to_owned())];
    PageAction::Navigate(Navigation::form(url.parse().unwrap(), form))
}

/// What a page tried: the statuses on the wire, preflights apart, and whether a script could read a result.
#[derive(Debug, PartialEq)]
struct Tried {
    preflights: Vec<u16>,
    statuses: Vec<u16>,
    has_result: bool,
}

async fn attempt(user_agent: &dyn UserAgent, page: &str, action: PageAction) -> Tried {
    let page = Page::new(Origin::parse(page).unwrap());
    let hosts = ["localhost", "evil.example"].map(str::to_owned);
    let mut session = user_agent.open(&page, Arc::new(Example), &hosts).await.unwrap();
    let fetched = session.act(&page, action).await.unwrap();
    let statuses = |kind: ExchangeKind| {
        let of_kind = fetched.exchanges.iter().filter(move |exchange| exchange.kind == kind);
        of_kind
            .filter_map(|exchange| exchange.response.as_ref().ok())
            .map(|response| response.status)
            .collect()
    };
    let has_result = match &fetched.outcome {
        Outcome::Response(response) => {
            response.body.as_deref().unwrap_or_default().windows(6).any(|bytes| bytes == b"result")
        }
        _ => false,
    };
    Tried {
        preflights: statuses(ExchangeKind::Preflight),
        statuses: statuses(ExchangeKind::Actual),
        has_result,
    }
}

async fn all(user_agent: &dyn UserAgent) -> Vec<Tried> {
    let json =
        PageAction::Fetch(fetch("http://localhost:8080/mcp").with_header("content-type", "application/json"));
    let blind = PageAction::Fetch(fetch("http://localhost:8080/mcp").with_mode(Mode::NoCors));
    let read = PageAction::Fetch(FetchRequest::new("http://localhost:8080/mcp".parse().unwrap()));
    let rebound = PageAction::Fetch(fetch("http://evil.example:8080/mcp"));
    let mut tried = Vec::new();
    for (page, action) in [
        ("http://localhost:6274", json.clone()),
        ("http://localhost:3000", json),
        ("http://localhost:3000", blind.clone()),
        ("http://localhost:3000", form("http://localhost:8080/mcp")),
        ("http://evil.example", blind),
        ("http://evil.example", read),
        ("http://evil.example", form("http://localhost:8080/mcp")),
        ("http://evil.example:8080", rebound),
        ("http://evil.example:8080", form("http://evil.example:8080/mcp")),
    ] {
        tried.push(attempt(user_agent, page, action).await);
    }
    tried
}

#[rstest]
#[case::chromium(Kind::Chromium)]
#[case::firefox(Kind::Firefox)]
#[case::webkit(Kind::WebKit)]
#[tokio::test(flavor = "multi_thread")]
async fn only_the_inspector_gets_a_result(#[case] kind: Kind) {
    let browser = match RealBrowser::launch(kind).await {
        Ok(browser) => browser,
        Err(error @ LaunchError::Missing(_)) if env::var_os("CORS_BROWSERS").is_none() => {
            eprintln!("skipped: {error}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let tried = all(&browser).await;
    assert_eq!(tried, all(&Model::new(kind.profile())).await);
    let [inspector, others @ ..] = &tried[..] else { panic!("nothing was tried") };
    assert_eq!(*inspector, Tried { preflights: vec![204], statuses: vec![200], has_result: true });
    for other in others {
        let denied = |status: &u16| matches!(status, 403 | 421);
        assert!(!other.has_result && other.statuses.iter().all(denied), "{tried:#?}");
    }
    // A browser may stop a request itself, but not all of them.
    let sent = others.iter().filter(|other| !other.statuses.is_empty()).count();
    assert!(sent >= 5, "{tried:#?}");
}
