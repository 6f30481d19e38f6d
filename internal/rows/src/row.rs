//! A row, and how it is read from its table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use toml::{Table, Value};
use url::Url;

use crate::Stage;
use crate::expectation::{Departure, Expectation, RawDeparture, RawExpectation};
use crate::hosts::{hosts, number_hosts, with_number};
use crate::network::{Parsed, Replies, Servers};
use crate::reply::Reply;
use cors_browser::{
    Browser, Credentials, Engine, FetchRequest, Fetched, ManualClock, Mode, Origin, Page, Profile, Redirect,
};

/// The server of a URL that a row writes as a path.
pub(crate) const SERVER: &str = "https://api.example";

/// The origin of a page, unless the row has another.
const PAGE: &str = "https://app.example";

/// One row: fetches of a page, the responses that they get, and what must come of them.
#[derive(Clone, Debug)]
pub struct Row {
    /// The name of the file, without `.toml`.
    pub file: String,
    /// The title.
    pub title: String,
    /// The page that fetches.
    pub page: Page,
    /// The fetches, in order.
    pub steps: Vec<Step>,
    /// What the standard demands.
    pub expected: Expectation,
    /// What browsers do instead.
    pub departures: Vec<Departure>,
    pub(crate) servers: Servers,
    table: Table,
}

/// One fetch.
#[derive(Clone, Debug)]
pub struct Step {
    /// How long the page waits before it fetches.
    pub wait: Duration,
    /// The arguments of `fetch()`.
    pub request: FetchRequest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    title: String,
    from: Option<String>,
    top: Option<String>,
    fetch: Option<String>,
    headers: Option<Vec<String>>,
    body: Option<String>,
    mode: Option<Mode>,
    credentials: Option<Credentials>,
    redirect: Option<Redirect>,
    #[serde(default)]
    then: Vec<RawStep>,
    #[serde(default)]
    preflight: Reply,
    #[serde(default)]
    reply: Reply,
    #[serde(default)]
    preflights: BTreeMap<String, Replies>,
    #[serde(default)]
    replies: BTreeMap<String, Replies>,
    page: Value,
    wire: Value,
    sees: Option<Value>,
    reads: Option<Value>,
    #[serde(default)]
    instead: Vec<RawDeparture>,
}

/// A fetch after the first. What it does not set is as in the fetch before it.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    /// In seconds.
    #[serde(default)]
    wait: u64,
    fetch: Option<String>,
    headers: Option<Vec<String>>,
    body: Option<String>,
    mode: Option<Mode>,
    credentials: Option<Credentials>,
    redirect: Option<Redirect>,
}

impl Row {
    /// Reads a row from its table. The error says what is wrong with it.
    pub(crate) fn new(file: &str, table: Table) -> Result<Self, String> {
        Self::at(SERVER, file, table)
    }

    /// The same, with the server of URLs that the row writes as paths.
    fn at(server: &str, file: &str, table: Table) -> Result<Self, String> {
        let raw: RawRow = table.clone().try_into().map_err(|error: toml::de::Error| error.to_string())?;
        let first = RawStep {
            wait: 0,
            fetch: raw.fetch.or_else(|| Some("GET /".to_owned())),
            headers: raw.headers,
            body: raw.body,
            mode: raw.mode,
            credentials: raw.credentials,
            redirect: raw.redirect,
        };
        let mut steps: Vec<Step> = Vec::new();
        for step in std::iter::once(&first).chain(&raw.then) {
            let before = steps.last().map(|step| step.request.clone());
            steps.push(Step { wait: Duration::from_secs(step.wait), request: step.request(server, before)? });
        }
        let expected =
            RawExpectation { page: Some(raw.page), wire: Some(raw.wire), sees: raw.sees, reads: raw.reads };
        let expected = Expectation::new(&expected, None, steps.len())?;
        let departures =
            raw.instead.iter().map(|departure| Departure::new(departure, &expected, steps.len()));
        let departures = departures.collect::<Result<Vec<_>, _>>()?;
        for engine in Engine::ALL {
            if departures.iter().filter(|departure| departure.engines.contains(engine)).count() > 1 {
                return Err(format!("`instead` has {engine} twice"));
            }
        }
        Ok(Self {
            file: file.to_owned(),
            title: raw.title,
            page: page(raw.from.as_deref(), raw.top.as_deref())?,
            steps,
            expected,
            departures,
            servers: Servers {
                preflight: raw.preflight,
                actual: raw.reply,
                preflights: raw.preflights,
                actuals: raw.replies,
            },
            table,
        })
    }

    /// The name of the file and the title.
    pub fn id(&self) -> String {
        format!("{}/{}", self.file, self.title)
    }

    /// The same row with hosts of its own: `api.example` becomes `api-17.example`.
    ///
    /// # Errors
    ///
    /// A renamed host is not valid any more.
    pub fn with_own_hosts(&self, number: usize) -> Result<Self, String> {
        let mut table = Value::Table(self.table.clone());
        number_hosts(&mut table, number);
        match table {
            Value::Table(table) => Self::at(&with_number(SERVER, number), &self.file, table),
            _ => Err("a row must be a table".to_owned()),
        }
    }

    /// The hosts of the page and of all servers.
    pub fn hosts(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        hosts(&Value::Table(self.table.clone()), &mut found);
        let steps = self.steps.iter().filter_map(|step| step.request.url.host_str());
        found.extend(steps.map(str::to_owned));
        found.extend(PAGE.strip_prefix("https://").map(str::to_owned));
        found
    }

    /// What a browser must do. `None` is the standard.
    pub fn expected_of(&self, engine: Option<Engine>) -> &Expectation {
        self.departure_of(engine).map_or(&self.expected, |departure| &departure.expected)
    }

    /// What an engine does instead of what the standard demands.
    pub fn departure_of(&self, engine: Option<Engine>) -> Option<&Departure> {
        let engine = engine?;
        self.departures.iter().find(|departure| departure.engines.contains(&engine))
    }

    /// Plays the row in a browser model without any state.
    pub async fn play(&self, profile: Profile) -> Vec<Fetched> {
        let stage = Arc::new(Stage::default());
        stage.set(self);
        let clock = Arc::new(ManualClock::new());
        let browser = Browser::new(Arc::new(Parsed(stage)), profile).with_clock(clock.clone());
        let mut all = Vec::new();
        for step in &self.steps {
            clock.advance(step.wait);
            all.push(browser.fetch(&self.page, step.request.clone()).await);
        }
        all
    }
}

impl RawStep {
    /// The arguments of `fetch()`.
    fn request(&self, server: &str, before: Option<FetchRequest>) -> Result<FetchRequest, String> {
        let mut request = match (&self.fetch, before) {
            (Some(text), before) => {
                let (method, url) = method_and_url(server, text)?;
                let mut request = before.unwrap_or_else(|| FetchRequest::new(url.clone()));
                (request.method, request.url) = (method, url);
                request
            }
            (None, Some(before)) => before,
            (None, None) => return Err("`fetch` is missing".to_owned()),
        };
        if let Some(lines) = &self.headers {
            request.headers = lines.iter().map(|line| header(line)).collect::<Result<_, _>>()?;
        }
        if let Some(body) = &self.body {
            request.body = Some(body.as_bytes().to_vec());
        }
        request.mode = self.mode.unwrap_or(request.mode);
        request.credentials = self.credentials.unwrap_or(request.credentials);
        request.redirect = self.redirect.unwrap_or(request.redirect);
        Ok(request)
    }
}

/// `PUT /item`, or with a whole URL.
fn method_and_url(server: &str, text: &str) -> Result<(String, Url), String> {
    let Some((method, url)) = text.rsplit_once(' ') else {
        return Err(format!("`fetch` must be a method and a URL or a path, and is `{text}`"));
    };
    let url = if url.starts_with('/') { format!("{server}{url}") } else { url.to_owned() };
    let parsed = Url::parse(&url).map_err(|error| format!("the URL `{url}` is invalid: {error}"))?;
    Ok((method.to_owned(), parsed))
}

/// `Name: value`.
fn header(line: &str) -> Result<(String, String), String> {
    let (name, value) =
        line.split_once(':').ok_or_else(|| format!("`{line}` must be a name, a colon and a value"))?;
    Ok((name.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned()))
}

fn page(from: Option<&str>, top: Option<&str>) -> Result<Page, String> {
    let origin = |text: &str| Origin::parse(text).ok_or_else(|| format!("`{text}` is not an origin"));
    let page = match origin(from.unwrap_or(PAGE))? {
        Origin::Opaque => Page::sandboxed(origin(PAGE)?),
        from => Page::new(from),
    };
    Ok(match top {
        Some(top) => page.framed_by(origin(top)?),
        None => page,
    })
}
