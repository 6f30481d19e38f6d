//! What must come of a row.

use serde::Deserialize;
use toml::Value;

use crate::row::SERVER;
use cors_browser::{BlockReason, Engine, Exchange, Fetched, Outcome, PageResponse};

/// Response headers that servers add, and whose presence depends on the server.
const IGNORED_HEADERS: &[&str] = &["connection", "content-length", "date", "keep-alive", "transfer-encoding"];

/// The end of a page's outcome if reading the body fails.
const BODY_FAILS: &str = ", body fails";

/// What must come of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// How each fetch settles: `cors 200`, `opaque` or `blocked: CODE`.
    pub pages: Vec<String>,
    /// The requests on the wire, over all fetches.
    pub wire: Vec<WireLine>,
    /// The headers that the page can read of the last response, one line each. `None` if they do not matter.
    pub sees: Option<Vec<String>>,
    /// The body that the page can read of the last response. `None` if it does not matter.
    pub reads: Option<String>,
}

/// A request on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawWireLine")]
pub struct WireLine {
    /// The method and the URL, or the path of a URL at `https://api.example`.
    pub request: String,
    /// Header lines that the request must have, and `without NAME` for those that it must not have.
    pub headers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawWireLine {
    Request(String),
    WithHeaders(Vec<String>),
}

impl TryFrom<RawWireLine> for WireLine {
    type Error = String;

    fn try_from(raw: RawWireLine) -> Result<Self, String> {
        let (request, headers) = match raw {
            RawWireLine::Request(request) => (request, Vec::new()),
            RawWireLine::WithHeaders(mut lines) if !lines.is_empty() => (lines.remove(0), lines),
            RawWireLine::WithHeaders(_) => return Err("an entry of `wire` is empty".to_owned()),
        };
        if !request.contains(' ') {
            return Err(format!("`{request}` in `wire` must be a method and a URL or a path"));
        }
        for line in &headers {
            if !line.starts_with("without ") && !line.contains(':') {
                return Err(format!("`{line}` in `wire` must be a header line or `without NAME`"));
            }
        }
        Ok(Self { request, headers })
    }
}

/// The keys of an expectation in a row file.
#[derive(Clone, Default)]
pub(crate) struct RawExpectation {
    pub(crate) page: Option<Value>,
    pub(crate) wire: Option<Value>,
    pub(crate) sees: Option<Value>,
    pub(crate) reads: Option<Value>,
}

/// What browsers do instead of what the standard demands.
#[derive(Clone, Debug)]
pub struct Departure {
    /// The browsers.
    pub engines: Vec<Engine>,
    /// The names of the rules that cause the difference. All of them are needed.
    pub rules: Vec<String>,
    /// What these browsers do.
    pub expected: Expectation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDeparture {
    r#in: Vec<String>,
    rule: OneOrMore,
    page: Option<Value>,
    wire: Option<Value>,
    sees: Option<Value>,
    reads: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Departure {
    pub(crate) fn new(raw: &RawDeparture, standard: &Expectation, fetches: usize) -> Result<Self, String> {
        let engine = |name: &String| {
            let found = Engine::ALL.iter().find(|engine| engine.as_str() == name);
            found.copied().ok_or_else(|| format!("`{name}` in `instead` is not a browser"))
        };
        let engines = raw.r#in.iter().map(engine).collect::<Result<Vec<_>, _>>()?;
        let rules = match &raw.rule {
            OneOrMore::One(rule) => vec![rule.clone()],
            OneOrMore::More(rules) => rules.clone(),
        };
        let keys = RawExpectation {
            page: raw.page.clone(),
            wire: raw.wire.clone(),
            sees: raw.sees.clone(),
            reads: raw.reads.clone(),
        };
        let expected = Expectation::new(&keys, Some(standard), fetches)?;
        if expected == *standard {
            return Err("`instead` is the same as what the standard demands".to_owned());
        }
        if engines.is_empty() || rules.is_empty() {
            return Err("`instead` needs at least one browser and one rule".to_owned());
        }
        Ok(Self { engines, rules, expected })
    }
}

impl Expectation {
    /// Reads an expectation. What it does not set is as in `standard`, if there is one.
    pub(crate) fn new(raw: &RawExpectation, standard: Option<&Self>, fetches: usize) -> Result<Self, String> {
        let pages = match (&raw.page, standard) {
            (Some(Value::String(page)), _) => vec![page.clone(); fetches],
            (Some(pages), _) => read("page", pages)?,
            (None, Some(standard)) => standard.pages.clone(),
            (None, None) => return Err("`page` is missing".to_owned()),
        };
        if pages.len() != fetches {
            let noun = if fetches == 1 { "fetch" } else { "fetches" };
            return Err(format!("`page` has {} entries for {fetches} {noun}", pages.len()));
        }
        pages.iter().try_for_each(|page| check_page(page))?;
        let wire = match (&raw.wire, standard) {
            (Some(wire), _) => read("wire", wire)?,
            (None, Some(standard)) => standard.wire.clone(),
            (None, None) => return Err("`wire` is missing".to_owned()),
        };
        let sees = raw.sees.as_ref().map(|sees| read("sees", sees)).transpose()?;
        let reads = raw.reads.as_ref().map(|reads| read("reads", reads)).transpose()?;
        // A page that reads nothing in one browser says nothing about what it reads in another.
        let is_readable = pages.last().is_some_and(|page| is_readable(page));
        let standard = standard.filter(|_| is_readable);
        Ok(Self {
            pages,
            wire,
            sees: sees.or_else(|| standard.and_then(|standard| standard.sees.clone())),
            reads: reads.or_else(|| standard.and_then(|standard| standard.reads.clone())),
        })
    }

    /// Everything in which `fetched` is not what it must be, one sentence each. The reason of a blocked fetch is compared if the
    /// browser tells it.
    pub fn differences(&self, fetched: &[Fetched]) -> Vec<String> {
        let mut found = Vec::new();
        let seen: Vec<_> = fetched.iter().map(|fetched| page(&fetched.outcome)).collect();
        let is_same = |(expected, seen): (&String, &String)| {
            expected == seen || (seen == "blocked" && expected.starts_with("blocked: "))
        };
        if self.pages.len() != seen.len() || !self.pages.iter().zip(&seen).all(is_same) {
            found.push(format!("page: expected `{}`, seen `{}`", self.pages.join("`, `"), seen.join("`, `")));
        }
        let exchanges = fetched.iter().flat_map(|fetched| &fetched.exchanges);
        let sent: Vec<_> = exchanges.filter(|exchange| exchange.was_sent()).collect();
        let requests: Vec<_> = sent.iter().map(|exchange| request(exchange)).collect();
        let expected: Vec<_> = self.wire.iter().map(|line| line.request.clone()).collect();
        if expected == requests {
            for (line, exchange) in self.wire.iter().zip(sent) {
                line.check(exchange, &mut found);
            }
        } else {
            found.push(format!(
                "wire: expected `{}`, seen `{}`",
                expected.join("`, `"),
                requests.join("`, `")
            ));
        }
        if let Some(Outcome::Response(response)) = fetched.last().map(|fetched| &fetched.outcome) {
            self.check_response(response, &mut found);
        }
        found
    }

    fn check_response(&self, response: &PageResponse, found: &mut Vec<String>) {
        if let Some(expected) = &self.sees {
            let headers =
                response.headers.iter().filter(|(name, _)| !IGNORED_HEADERS.contains(&name.as_str()));
            let seen: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
            if *expected != seen {
                found.push(format!(
                    "headers: expected `{}`, seen `{}`",
                    expected.join("`, `"),
                    seen.join("`, `")
                ));
            }
        }
        if let Some(expected) = &self.reads {
            let seen = String::from_utf8_lossy(response.body.as_deref().unwrap_or_default());
            if *expected != seen {
                found.push(format!("body: expected `{expected}`, seen `{seen}`"));
            }
        }
    }
}

impl WireLine {
    /// Compares the headers of a request.
    fn check(&self, exchange: &Exchange, found: &mut Vec<String>) {
        for line in &self.headers {
            let (name, expected) = match line.strip_prefix("without ") {
                Some(name) => (name, None),
                None => line.split_once(':').map_or((line.as_str(), None), |(name, value)| {
                    (name, Some(value.strip_prefix(' ').unwrap_or(value)))
                }),
            };
            let seen = exchange.request.header(name).map(String::from_utf8_lossy);
            if seen.as_deref() != expected {
                let seen = seen.map_or_else(|| format!("without {name}"), |seen| format!("{name}: {seen}"));
                found.push(format!("{}: expected `{line}`, seen `{seen}`", self.request));
            }
        }
    }
}

/// How a fetch settles.
fn page(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Blocked(blocked) if blocked.has_reason() => format!("blocked: {}", blocked.reason),
        Outcome::Blocked(_) => "blocked".to_owned(),
        Outcome::Response(response) => {
            let kind = response.response_type.as_str();
            let redirected = if response.redirected { ", redirected" } else { "" };
            let fails = if response.body_fails { BODY_FAILS } else { "" };
            if is_readable(kind) {
                format!("{kind} {}{redirected}{fails}", response.status)
            } else {
                kind.to_owned()
            }
        }
        _ => "not the outcome of a fetch".to_owned(),
    }
}

fn is_readable(page: &str) -> bool {
    page.starts_with("basic") || page.starts_with("cors")
}

/// The method and the URL, or the path at the usual server.
fn request(exchange: &Exchange) -> String {
    let url = exchange.request.url.as_str();
    let path = url.strip_prefix(SERVER).filter(|path| path.starts_with('/'));
    format!("{} {}", exchange.request.method, path.unwrap_or(url))
}

fn check_page(page: &str) -> Result<(), String> {
    if let Some(code) = page.strip_prefix("blocked: ") {
        return match BlockReason::ALL.iter().any(|reason| reason.as_str() == code) {
            true => Ok(()),
            false => Err(format!("`{code}` is not the code of a reason")),
        };
    }
    if matches!(page, "opaque" | "opaqueredirect") {
        return Ok(());
    }
    let status = page.strip_prefix("cors ").or_else(|| page.strip_prefix("basic "));
    let status = status.map(|status| status.strip_suffix(BODY_FAILS).unwrap_or(status));
    let status = status.map(|status| status.strip_suffix(", redirected").unwrap_or(status));
    match status.is_some_and(|status| status.parse::<u16>().is_ok()) {
        true => Ok(()),
        false => Err(format!("`{page}` must be such as `cors 200`, `opaque` or `blocked: CODE`")),
    }
}

fn read<T: for<'de> Deserialize<'de>>(key: &str, value: &Value) -> Result<T, String> {
    value.clone().try_into().map_err(|error: toml::de::Error| format!("`{key}`: {error}"))
}
