//! Elements in real browsers load what they load in the model, and scripts can read what they can read in the model.
//!
//! The servers of the scenarios have no images, stylesheets and fonts. Here, responses in memory have them.
//!
//! If a browser is not installed, its tests are skipped. With `CORS_BROWSERS=required` they fail instead.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::env;
use std::future::ready;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cors_browser::{
    CrossOrigin, Element, ElementRequest, Fetched, Network, NetworkFuture, Origin, Outcome, Page, PageAction,
    WireRequest, WireResponse,
};
use cors_conformance::user_agent::{Model, UserAgent};
use cors_real_browsers::real::{Kind, LaunchError, RealBrowser};
use futures_util::{StreamExt, stream};
use rstest::rstest;
use tokio::runtime::Runtime;
use url::Url;

const APP: &str = "https://app.example";
/// How many elements a browser loads at the same time.
const AT_A_TIME: usize = 4;
const ANONYMOUS: Option<CrossOrigin> = Some(CrossOrigin::Anonymous);

/// One response for every request.
struct Canned(WireResponse);

impl Network for Canned {
    fn send(&self, _: WireRequest) -> NetworkFuture<'_> {
        Box::pin(ready(Ok(self.0.clone())))
    }
}

/// A PNG of one pixel.
fn png() -> Vec<u8> {
    let text =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    STANDARD.decode(text).unwrap()
}

const SVG: &[u8] =
    b"<svg xmlns='http://www.w3.org/2000/svg' width='2' height='2'><rect width='2' height='2'/></svg>";
const SCRIPT: &[u8] = b"undefinedName";
const JSON: &[u8] = b"{\"n\":1}";
const CSS: &[u8] = b"a { color: red }";

/// An element, its server's origin, and the response.
struct Case {
    element: Element,
    cross_origin: Option<CrossOrigin>,
    server: &'static str,
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
}

fn case(element: Element, content_type: &'static str, body: &[u8]) -> Case {
    let headers = vec![("content-type", content_type)];
    let (cross_origin, server) = (None, "https://api.example");
    Case { element, cross_origin, server, status: 200, headers, body: body.to_vec() }
}

impl Case {
    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn nosniff(self) -> Self {
        self.with("x-content-type-options", "nosniff")
    }

    fn anonymous(self) -> Self {
        Self { cross_origin: ANONYMOUS, ..self }
    }

    fn shared(self) -> Self {
        self.anonymous().with("access-control-allow-origin", "*")
    }

    fn own(self) -> Self {
        Self { server: APP, ..self }
    }

    fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

/// Elements of every kind, with the responses that browsers treat differently.
fn cases() -> Vec<Case> {
    use Element::{Image, Script, Stylesheet};
    let png = png();
    let mut cases = vec![
        case(Image, "image/png", &png),
        case(Image, "image/png", &png).shared(),
        case(Image, "image/png", &png).anonymous(),
        case(Image, "image/png", &png).own(),
        case(Image, "image/png", &png).status(404),
        case(Image, "image/png", &png).with("cross-origin-resource-policy", "same-origin"),
        case(Image, "text/plain", &png),
        case(Image, "application/json", &png),
        case(Image, "application/json", &png).nosniff(),
        case(Image, "image/svg+xml", SVG),
        case(Image, "image/svg+xml", SVG).shared(),
        case(Image, "text/plain", SVG),
        case(Image, "application/json", JSON),
        case(Image, "application/json", JSON).shared(),
        case(Image, "text/html", b"<!doctype html>"),
    ];
    for content_type in
        ["text/javascript", "application/javascript", "text/css", "image/png", "text/csv", "application/pdf"]
    {
        cases.push(case(Script, content_type, SCRIPT));
        cases.push(case(Script, content_type, SCRIPT).shared());
        cases.push(case(Script, content_type, SCRIPT).own());
        cases.push(case(Script, content_type, SCRIPT).shared().nosniff());
    }
    for (content_type, body) in [
        ("application/json", JSON),
        ("text/plain", JSON),
        ("text/html", b"<!doctype html>x"),
        ("text/xml", b"<?xml version='1.0'?><a/>"),
    ] {
        cases.push(case(Script, content_type, body));
        cases.push(case(Script, content_type, body).shared());
        cases.push(case(Script, content_type, body).own());
        cases.push(case(Stylesheet, content_type, body));
    }
    for status in [200, 404, 500] {
        cases.push(case(Script, "text/javascript", SCRIPT).status(status));
        cases.push(case(Script, "text/javascript", SCRIPT).shared().status(status));
        cases.push(case(Stylesheet, "text/css", CSS).status(status));
        cases.push(case(Stylesheet, "text/css", CSS).shared().status(status));
    }
    for content_type in ["text/css", "text/plain", "application/json"] {
        cases.push(case(Stylesheet, content_type, CSS).anonymous());
        cases.push(case(Stylesheet, content_type, CSS).shared());
        cases.push(case(Stylesheet, content_type, CSS).shared().nosniff());
        cases.push(case(Stylesheet, content_type, CSS).own());
    }
    cases
}

async fn load(user_agent: &dyn UserAgent, case: &Case) -> Fetched {
    let response = case
        .headers
        .iter()
        .fold(WireResponse::new(case.status), |response, (name, value)| response.with_header(*name, *value));
    let network = Arc::new(Canned(response.with_body(case.body.clone())));
    let page = Page::new(Origin::parse(APP).unwrap());
    let url = Url::parse(&format!("{}/resource", case.server)).unwrap();
    let mut element = ElementRequest::new(case.element, url);
    element.cross_origin = case.cross_origin;
    let hosts = ["app.example", "api.example"].map(str::to_owned);
    let mut session = user_agent.open(&page, network, &hosts).await.unwrap();
    session.act(&page, PageAction::Element(element)).await.unwrap()
}

fn show(fetched: &Fetched) -> &'static str {
    match &fetched.outcome {
        Outcome::Loaded(loaded) if loaded.is_readable => "loaded, readable",
        Outcome::Loaded(_) => "loaded, not readable",
        Outcome::Blocked(_) => "blocked",
        _ => "something else",
    }
}

#[rstest]
#[case::chromium(Kind::Chromium)]
#[case::firefox(Kind::Firefox)]
fn the_model_loads_what_the_browser_loads(#[case] kind: Kind) {
    let runtime = Runtime::new().unwrap();
    let browser = match runtime.block_on(RealBrowser::launch(kind)) {
        Ok(browser) => browser,
        Err(error @ LaunchError::Missing(_)) if env::var_os("CORS_BROWSERS").is_none() => {
            eprintln!("skipped: {error}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let model = Model::new(kind.profile());
    let difference = async |case: Case| {
        let (expected, seen) = (load(&model, &case).await, load(&browser, &case).await);
        let (expected, seen) = (show(&expected), show(&seen));
        let Case { element, cross_origin, server, status, headers, .. } = case;
        (expected != seen).then(|| {
            format!(
                "{element:?} {cross_origin:?} of {server} with status {status} and {headers:?}: the model shows `{expected}`, \
                 the browser `{seen}`"
            )
        })
    };
    let played = stream::iter(cases()).map(difference).buffered(AT_A_TIME);
    let differences: Vec<_> = runtime.block_on(played.filter_map(ready).collect());
    drop(browser);
    drop(runtime);
    cors_conformance::process::all_gone();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
