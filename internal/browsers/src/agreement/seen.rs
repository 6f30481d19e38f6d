//! What is compared of a step.

use serde::Serialize;

use cors_browser::{Exchange, ExchangeKind, Outcome, PageResponse, ResponseType};
use cors_conformance::verdict::Observation;

/// Request headers that say nothing about CORS, and that a model of CORS does not imitate.
const LEFT_OUT: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "dnt",
    "host",
    "pragma",
    "priority",
    // What the path of the harness's own page shows in.
    "referer",
    "te",
    "transfer-encoding",
    "upgrade-insecure-requests",
    "user-agent",
];

/// Response headers whose values differ from one exchange to the next.
const VALUES_LEFT_OUT: &[&str] = &["content-length", "date"];

/// What a page, the wire and the console show of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// How the fetch settles, and then what the page reads, a line each; empty where no page takes part.
    pub page: Vec<String>,
    /// What `document.cookie` says, or throws; `None` where the scenario does not ask.
    pub document_cookie: Option<String>,
    /// The requests that a server saw.
    pub requests: Vec<Request>,
    /// What the console prints.
    pub console: Vec<String>,
}

/// A request on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Whether it is a CORS-preflight request.
    pub preflight: bool,
    /// The method and the URL.
    pub line: String,
    /// Its `Origin`.
    pub origin: Option<String>,
    /// Its `Cookie`.
    pub cookie: Option<String>,
    /// Its other headers, sorted by name, without those that say nothing about CORS.
    pub headers: Vec<String>,
    /// Its body.
    pub body: String,
}

impl Seen {
    pub(super) fn of(observation: &Observation) -> Self {
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
                .map(Request::of)
                .collect(),
            console: observation.console.clone(),
        }
    }

    /// Everything in which `browser` differs from the model's `self`, as sentences.
    pub(super) fn differences(&self, browser: &Self) -> Vec<String> {
        let mut found = self.differences_but_console(browser);
        // A browser prints more than the line about CORS.
        for line in self.console.iter().filter(|line| !browser.console.contains(line)) {
            found.push(format!("console: the model prints `{line}`, the browser {}", list(&browser.console)));
        }
        found
    }

    /// The same without what the console prints, which no standard prescribes.
    pub(super) fn differences_but_console(&self, browser: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.page != browser.page {
            let (model, browser) = apart(&self.page, &browser.page);
            found.push(format!("page: the model shows {}, the browser {}", list(&model), list(&browser)));
        }
        if self.document_cookie != browser.document_cookie {
            let show = |seen: &Self| list(seen.document_cookie.as_slice());
            found.push(format!(
                "document.cookie: the model shows {}, the browser {}",
                show(self),
                show(browser)
            ));
        }
        if self.requests != browser.requests {
            let lines = |seen: &Self| seen.requests.iter().flat_map(Request::lines).collect::<Vec<String>>();
            let (model, browser) = apart(&lines(self), &lines(browser));
            found.push(format!("wire: the model sends {}, the browser {}", list(&model), list(&browser)));
        }
        found
    }
}

impl Request {
    fn of(exchange: &Exchange) -> Self {
        let request = &exchange.request;
        let value =
            |name: &str| request.header(name).map(|value| String::from_utf8_lossy(value).into_owned());
        let is_compared = |name: &str| {
            !LEFT_OUT.contains(&name) && !name.starts_with("sec-") && name != "origin" && name != "cookie"
        };
        let mut headers: Vec<String> = request
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .filter(|(name, _)| is_compared(name))
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
            .collect();
        headers.sort();
        Self {
            preflight: exchange.kind == ExchangeKind::Preflight,
            line: format!("{} {}", request.method, request.url),
            origin: value("origin"),
            cookie: value("cookie"),
            headers,
            body: String::from_utf8_lossy(request.body.as_deref().unwrap_or_default()).into_owned(),
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.line.clone()];
        lines.extend(self.origin.iter().map(|value| format!("origin: {value}")));
        lines.extend(self.cookie.iter().map(|value| format!("cookie: {value}")));
        lines.extend(self.headers.iter().cloned());
        lines.extend((!self.body.is_empty()).then(|| format!("| {}", self.body)));
        lines
    }
}

fn page(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Blocked(_) => vec!["blocked".to_owned()],
        Outcome::Response(response) => match response.response_type {
            ResponseType::Opaque | ResponseType::OpaqueRedirect => {
                vec![response.response_type.as_str().to_owned()]
            }
            ResponseType::Basic | ResponseType::Cors => readable(response),
        },
    }
}

fn readable(response: &PageResponse) -> Vec<String> {
    let redirected = if response.redirected { ", redirected" } else { "" };
    let mut lines = vec![format!("{} {}{redirected}", response.response_type.as_str(), response.status)];
    lines.extend(response.url.iter().map(|url| format!("url: {url}")));
    lines.extend(response.headers.iter().map(|(name, value)| {
        if VALUES_LEFT_OUT.contains(&name.as_str()) { name.clone() } else { format!("{name}: {value}") }
    }));
    lines.push(format!("| {}", body(response.body.as_deref().unwrap_or_default())));
    lines
}

/// A body; of one that shows the headers of a request, as `/echo` does, only those that are compared.
fn body(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let Ok(mut json) = serde_json::from_str::<serde_json::Value>(&text) else { return text };
    let Some(headers) = json.get_mut("headers").and_then(serde_json::Value::as_object_mut) else {
        return text;
    };
    headers.retain(|name, _| !LEFT_OUT.contains(&name.as_str()) && !name.starts_with("sec-"));
    json.to_string()
}

/// The lines that only one of two lists has; both whole where that tells nothing.
fn apart(one: &[String], other: &[String]) -> (Vec<String>, Vec<String>) {
    let only = |of: &[String], not_of: &[String]| {
        of.iter().filter(|line| !not_of.contains(line)).cloned().collect::<Vec<_>>()
    };
    let (here, there) = (only(one, other), only(other, one));
    if here.is_empty() && there.is_empty() { (one.to_vec(), other.to_vec()) } else { (here, there) }
}

fn list(lines: &[String]) -> String {
    if lines.is_empty() { "nothing".to_owned() } else { format!("`{}`", lines.join("`, `")) }
}
