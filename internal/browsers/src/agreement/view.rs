//! The part of a step that is compared.

use serde::Serialize;

use cors_browser::{Exchange, ExchangeKind, Outcome, PageResponse, ResponseType};
use cors_conformance::verdict::Observation;

use crate::real::{FRAME_HOST, PAGES};

/// Request headers that are not compared.
const IGNORED_HEADERS: &[&str] = &[
    // About the connection, which ends at the proxy of a real browser.
    "connection",
    "host",
    "transfer-encoding",
    // About the HTTP cache, which the model does not have.
    "cache-control",
    "pragma",
    // About the order in which a server should respond.
    "priority",
    "te",
    // Each browser has another nonce in each handshake, and other parameters for its compression.
    "sec-websocket-extensions",
    "sec-websocket-key",
    // User-agent client hints: brand, form factor and platform of the browser.
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
];

/// What stands for the boundary of a form.
const BOUNDARY: &str = "(boundary)";
/// Headers that browsers always write in their own casing.
const OWN_CASING: &[&str] = &["accept", "accept-language", "range"];

/// Response headers whose values differ from one exchange to the next.
const IGNORED_VALUES: &[&str] = &["content-length", "date"];

/// What the page, the wire and the console show of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// How the fetch settles, then everything that the page can read, one line each; empty for a step without a page.
    pub page: Vec<String>,
    /// The value of `document.cookie`, or the error that it throws; `None` if the scenario does not ask for it.
    pub document_cookie: Option<String>,
    /// The requests that reached a server.
    pub requests: Vec<SentRequest>,
    /// The lines that the console prints.
    pub console: Vec<String>,
}

/// A request on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SentRequest {
    /// Whether it is a CORS-preflight request.
    pub preflight: bool,
    /// The method and the URL.
    pub line: String,
    /// The `Origin` header.
    pub origin: Option<String>,
    /// The `Cookie` header.
    pub cookie: Option<String>,
    /// The other headers that are compared, sorted by name.
    pub headers: Vec<String>,
    /// The body.
    pub body: String,
}

impl StepView {
    pub(super) fn new(observation: &Observation) -> Self {
        Self {
            page: observation.page.as_ref().map(page).unwrap_or_default(),
            document_cookie: observation
                .document_cookie
                .as_ref()
                .map(|cookies| cookies.clone().unwrap_or_else(|error| error.to_string())),
            requests: observation
                .exchanges
                .iter()
                .filter(|exchange| exchange.was_sent())
                .map(SentRequest::new)
                .collect(),
            console: observation.console.clone(),
        }
    }

    /// Everything in which `browser` differs from `self`, which is the model's view, one sentence each.
    pub(super) fn differences(&self, browser: &Self) -> Vec<String> {
        let mut found = self.differences_except_console(browser);
        // A browser may print more lines than those about CORS.
        for line in self.console.iter().filter(|line| !browser.console.contains(line)) {
            found.push(format!("console: the model prints `{line}`, the browser {}", list(&browser.console)));
        }
        found
    }

    /// The same without the console, which no standard defines.
    pub(super) fn differences_except_console(&self, browser: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.page != browser.page {
            let (model, browser) = different_lines(&self.page, &browser.page);
            found.push(format!("page: the model shows {}, the browser {}", list(&model), list(&browser)));
        }
        if self.document_cookie != browser.document_cookie {
            let show = |view: &Self| list(view.document_cookie.as_slice());
            found.push(format!(
                "document.cookie: the model shows {}, the browser {}",
                show(self),
                show(browser)
            ));
        }
        if self.requests != browser.requests {
            let lines =
                |view: &Self| view.requests.iter().flat_map(SentRequest::lines).collect::<Vec<String>>();
            let (model, browser) = different_lines(&lines(self), &lines(browser));
            found.push(format!("wire: the model sends {}, the browser {}", list(&model), list(&browser)));
        }
        found
    }
}

impl SentRequest {
    fn new(exchange: &Exchange) -> Self {
        let request = &exchange.request;
        let value =
            |name: &str| request.header(name).map(|value| String::from_utf8_lossy(value).into_owned());
        let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default());
        let has_own_field =
            |name: &str| name.eq_ignore_ascii_case("origin") || name.eq_ignore_ascii_case("cookie");
        let mut headers: Vec<String> = request
            .headers
            .iter()
            .map(|(name, value)| (name, value_of(value)))
            .filter(|(name, value)| !is_ignored(name, value) && !has_own_field(name))
            .map(|(name, value)| format!("{}: {}", name_of(name), without_boundary(&value)))
            .collect();
        let boundary = value("content-type").and_then(|value| boundary(&value).map(str::to_owned));
        if boundary.is_some() {
            // The length of the boundary differs as well.
            headers.retain(|header| !header.to_ascii_lowercase().starts_with("content-length:"));
        }
        headers.sort();
        Self {
            preflight: exchange.kind == ExchangeKind::Preflight,
            line: format!("{} {}", request.method, request.url),
            origin: value("origin"),
            cookie: value("cookie"),
            headers,
            body: match &boundary {
                Some(boundary) => body.replace(boundary, BOUNDARY),
                None => body.into_owned(),
            },
        }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.line.clone()];
        lines.extend(self.origin.iter().map(|value| format!("origin: {value}")));
        lines.extend(self.cookie.iter().map(|value| format!("cookie: {value}")));
        lines.extend(self.headers.iter().cloned());
        lines.extend((!self.body.is_empty()).then(|| format!("| {}", self.body)));
        lines
    }
}

/// Whether a request header is left out of the comparison.
fn is_ignored(name: &str, value: &str) -> bool {
    // What a browser says about itself and its user, unless a script says something else.
    let is_about_itself = (name.eq_ignore_ascii_case("user-agent") && value.starts_with("Mozilla/5.0 "))
        || (name.eq_ignore_ascii_case("accept-language") && is_default_language(value));
    // The formats that a browser can show as a document.
    let is_document =
        name.eq_ignore_ascii_case("accept") && value.starts_with("text/html,application/xhtml+xml,");
    // The suite's own page around a sandboxed frame.
    let is_own_page = name.eq_ignore_ascii_case("referer")
        && value.strip_prefix("https://").and_then(|url| url.strip_suffix('/')) == Some(FRAME_HOST);
    is_about_itself
        || is_document
        || is_own_page
        || IGNORED_HEADERS.iter().any(|ignored| ignored.eq_ignore_ascii_case(name))
}

/// Whether a browser sends this `Accept-Language` unless its user chooses one. WebKit names the locale, which is `C` here.
fn is_default_language(value: &str) -> bool {
    value.starts_with("en-US,en;q=") || value == "C"
}

/// The name of a request header as it is compared.
fn name_of(name: &str) -> String {
    match OWN_CASING.iter().find(|own| own.eq_ignore_ascii_case(name)) {
        Some(own) => (*own).to_owned(),
        None => name.to_owned(),
    }
}

/// The value of a request header as it is compared: without the path of the suite's own pages.
fn value_of(value: &[u8]) -> String {
    String::from_utf8_lossy(value).replace(PAGES, "/")
}

/// The boundary in the `Content-Type` of a form. Each browser chooses its own.
fn boundary(content_type: &str) -> Option<&str> {
    content_type.strip_prefix("multipart/form-data; boundary=")
}

fn without_boundary(value: &str) -> String {
    boundary(value).map_or_else(|| value.to_owned(), |boundary| value.replace(boundary, BOUNDARY))
}

fn page(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Blocked(_) => vec!["blocked".to_owned()],
        Outcome::Loaded(loaded) => {
            vec![if loaded.is_readable { "loaded, readable" } else { "loaded, not readable" }.to_owned()]
        }
        Outcome::Navigated(navigated) => vec![
            format!("document {}", navigated.status),
            format!("url: {}", navigated.url),
            format!("| {}", body(&navigated.body)),
        ],
        Outcome::Opened(opened) => vec![format!("open, protocol `{}`", opened.protocol)],
        Outcome::Response(response) => match response.response_type {
            ResponseType::Opaque | ResponseType::OpaqueRedirect => {
                vec![response.response_type.as_str().to_owned()]
            }
            ResponseType::Basic | ResponseType::Cors => readable(response),
        },
        outcome => vec![format!("{outcome:?}")],
    }
}

fn readable(response: &PageResponse) -> Vec<String> {
    let redirected = if response.redirected { ", redirected" } else { "" };
    let mut lines = vec![format!("{} {}{redirected}", response.response_type.as_str(), response.status)];
    lines.extend(response.url.iter().map(|url| format!("url: {url}")));
    lines.extend(response.headers.iter().map(|(name, value)| {
        if IGNORED_VALUES.contains(&name.as_str()) { name.clone() } else { format!("{name}: {value}") }
    }));
    lines.push(match response.body_fails {
        true => "reading the body fails".to_owned(),
        false => format!("| {}", body(response.body.as_deref().unwrap_or_default())),
    });
    lines
}

/// The body as text. If it lists the headers of a request, as `/echo` does, they are shown as they are compared.
fn body(bytes: &[u8]) -> String {
    let text = value_of(bytes);
    let Ok(mut json) = serde_json::from_str::<serde_json::Value>(&text) else { return text };
    let Some(headers) = json.get_mut("headers").and_then(serde_json::Value::as_object_mut) else {
        return text;
    };
    headers.retain(|name, values| !is_ignored(name, values[0].as_str().unwrap_or_default()));
    let content_type = headers.get_mut("content-type").and_then(|lines| lines.get_mut(0));
    if let Some(content_type) = content_type
        && let Some(written) = content_type.as_str()
        && boundary(written).is_some()
    {
        *content_type = without_boundary(written).into();
        headers.remove("content-length");
        json["body_length"] = serde_json::Value::Null;
    }
    json.to_string()
}

/// The lines that only one of two lists contains; both lists in full if they differ in order or number only.
fn different_lines(one: &[String], other: &[String]) -> (Vec<String>, Vec<String>) {
    let only = |of: &[String], not_of: &[String]| {
        of.iter().filter(|line| !not_of.contains(line)).cloned().collect::<Vec<_>>()
    };
    let (in_one, in_other) = (only(one, other), only(other, one));
    if in_one.is_empty() && in_other.is_empty() { (one.to_vec(), other.to_vec()) } else { (in_one, in_other) }
}

fn list(lines: &[String]) -> String {
    if lines.is_empty() { "nothing".to_owned() } else { format!("`{}`", lines.join("`, `")) }
}
