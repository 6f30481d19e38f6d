//! The requests that a page does not make. They tell why a server refuses, and what a cache would do.
//!
//! They are `OPTIONS` like a preflight, or the page's own `GET` or `HEAD` with another `Origin`, to the same URL.

use cors_browser::{
    AddressSpace, BlockReason, Browser, Exchange, ExchangeKind, Network, Origin, Outcome, Page, PageAction,
    WebSocketRequest, WireRequest, WireResponse,
};

use super::cache::{Sample, Sharing};
use super::{CheckReport, PageResult, Via, lists, note};

/// The most header names that are asked about one by one.
const NAME_LIMIT: usize = 4;

/// The origin that the server has probably never heard of.
const OTHER: &str = "https://other-origin.example";

/// What the extra requests showed.
#[derive(Clone, Debug, Default)]
pub(super) struct Inquiry {
    /// The requests and their responses.
    pub(super) extras: Vec<Extra>,
    /// What the server refuses in a preflight.
    pub(super) denial: Option<Denial>,
    /// The status of the response to a request without `Origin`, if the one with it has no CORS headers.
    pub(super) plain_status: Option<u16>,
    /// The responses to different origins.
    pub(super) sharing: Option<Sharing>,
    /// The origin of a foreign handshake, and whether the server accepted it.
    pub(super) foreign_handshake: Option<(String, bool)>,
    /// The address spaces of the server and of the page.
    pub(super) spaces: Option<(AddressSpace, AddressSpace)>,
}

/// A request that the page does not make.
#[derive(Clone, Debug)]
pub struct Extra {
    /// What it is for.
    pub purpose: &'static str,
    /// The request and its response.
    pub exchange: Exchange,
}

/// What a server refuses in a preflight that it does not explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// The method, or these headers, or both.
    Parts {
        /// The method, if the server refuses it.
        method: Option<String>,
        /// The headers that it refuses.
        headers: Vec<String>,
    },
    /// Nothing by itself: it refuses the method and the headers only together.
    Together,
    /// Every preflight, although a `GET` has the right headers.
    Preflights,
    /// Every request of this origin.
    Origin,
}

/// Makes the extra requests that can tell more about a report.
pub(super) async fn inquire(report: &CheckReport, network: &dyn Network) -> Inquiry {
    let mut inquirer = Inquirer { network, inquiry: Inquiry::default() };
    inquirer.inquiry.spaces = Some(note::spaces(report, |url| network.address_space(url)));
    let Some(last) = report.fetched.exchanges.last() else { return inquirer.inquiry };
    let Ok(response) = &last.response else { return inquirer.inquiry };
    match report.blocked().map(|blocked| blocked.reason) {
        Some(BlockReason::PreflightMissingAllowOrigin) if is_unexplained(response) => {
            inquirer.ask_about_denial(last).await;
        }
        Some(BlockReason::MissingAllowOrigin) if response.status >= 400 && is_repeatable(&last.request) => {
            let plain = without_origin(&last.request, None);
            let answer = inquirer.ask("without `Origin`", plain).await;
            inquirer.inquiry.plain_status = answer.map(|response| response.status);
        }
        None if report.check.setup.via == Via::WebSocket => {}
        None if matches!(report.page_result(), PageResult::Readable | PageResult::Open) => {
            inquirer.ask_about_sharing(last, response).await;
        }
        _ => {}
    }
    let is_answered = report.fetched.exchanges.iter().any(|exchange| exchange.response.is_ok());
    if report.check.setup.via == Via::WebSocket && is_answered {
        inquirer.ask_with_foreign_handshake(report).await;
    }
    inquirer.inquiry
}

/// Whether the status of a preflight's response does not say by itself why it has no CORS headers.
fn is_unexplained(response: &WireResponse) -> bool {
    matches!(response.status, 200..=299 | 400 | 403 | 422) && lists::misspelt(response).is_empty()
}

/// Whether a request can be repeated without an effect.
fn is_repeatable(request: &WireRequest) -> bool {
    matches!(request.method.as_str(), "GET" | "HEAD")
}

/// A request with another `Origin`, or without one.
fn without_origin(request: &WireRequest, origin: Option<&str>) -> WireRequest {
    let mut request = request.clone();
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("origin"));
    if let Some(origin) = origin {
        request.headers.push(("Origin".to_owned(), origin.as_bytes().to_vec()));
    }
    request
}

struct Inquirer<'a> {
    network: &'a dyn Network,
    inquiry: Inquiry,
}

impl Inquirer<'_> {
    /// Sends a request and records it. `None` without a response.
    async fn ask(&mut self, purpose: &'static str, request: WireRequest) -> Option<WireResponse> {
        let is_preflight = request.header("access-control-request-method").is_some();
        let response = self.network.send(request.clone()).await;
        let kind = if is_preflight { ExchangeKind::Preflight } else { ExchangeKind::Actual };
        let exchange = Exchange { kind, request, response: response.clone() };
        self.inquiry.extras.push(Extra { purpose, exchange });
        response.ok()
    }

    /// Sends a preflight like `first` for this method and these headers. `None` without a response.
    async fn ask_for(
        &mut self,
        purpose: &'static str,
        first: &WireRequest,
        method: &str,
        names: &[&str],
    ) -> Option<bool> {
        let mut request = first.clone();
        request.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("access-control-request-"));
        let mut add = |name: &str, value: String| request.headers.push((name.to_owned(), value.into_bytes()));
        add("Access-Control-Request-Method", method.to_owned());
        if !names.is_empty() {
            add("Access-Control-Request-Headers", names.join(","));
        }
        let response = self.ask(purpose, request).await?;
        Some(matches!(response.status, 200..=299) && allows_origin(first, &response))
    }

    /// Finds out what a server refuses in a preflight.
    async fn ask_about_denial(&mut self, denied: &Exchange) {
        let first = &denied.request;
        let method = text(first.header("access-control-request-method"));
        let names = text(first.header("access-control-request-headers"));
        let names: Vec<&str> = names.split(',').filter(|name| !name.is_empty()).collect();
        let is_simple = matches!(method.as_str(), "GET" | "HEAD" | "POST") && names.is_empty();
        let origin_is_allowed = match is_simple {
            true => Some(false),
            false => self.ask_for("the simplest preflight", first, "GET", &[]).await,
        };
        self.inquiry.denial = match origin_is_allowed {
            None => None,
            Some(true) => self.ask_about_parts(first, &method, &names).await,
            Some(false) => {
                let mut get = without_origin(first, Some(&text(first.header("origin"))));
                get.method = "GET".to_owned();
                get.headers
                    .retain(|(name, _)| !name.to_ascii_lowercase().starts_with("access-control-request-"));
                let answer = self.ask("a GET of the same page", get).await;
                answer.map(|response| match allows_origin(first, &response) {
                    true => Denial::Preflights,
                    false => Denial::Origin,
                })
            }
        };
    }

    async fn ask_about_parts(&mut self, first: &WireRequest, method: &str, names: &[&str]) -> Option<Denial> {
        let mut refused_method = None;
        if !matches!(method, "GET" | "HEAD" | "POST") {
            let is_allowed = self.ask_for("a preflight for the method alone", first, method, &[]).await?;
            refused_method = (!is_allowed).then(|| method.to_owned());
        }
        let mut headers = Vec::new();
        // A single header is to blame if the method is not.
        if names.len() == 1 && refused_method.is_none() && matches!(method, "GET" | "HEAD" | "POST") {
            headers.extend(names.iter().map(|&name| name.to_owned()));
        } else {
            for &name in names.iter().take(NAME_LIMIT) {
                if !self.ask_for("a preflight for one header alone", first, "GET", &[name]).await? {
                    headers.push(name.to_owned());
                }
            }
            // Only those that were not asked about are left.
            if headers.is_empty() && refused_method.is_none() && names.len() > NAME_LIMIT {
                headers.extend(names.iter().skip(NAME_LIMIT).map(|&name| name.to_owned()));
            }
        }
        Some(match (&refused_method, headers.is_empty()) {
            (None, true) => Denial::Together,
            _ => Denial::Parts { method: refused_method, headers },
        })
    }

    /// Finds out whether the response depends on the origin.
    async fn ask_about_sharing(&mut self, last: &Exchange, response: &WireResponse) {
        let origin = text(last.request.header("origin"));
        let allows = lists::value(response, "access-control-allow-origin");
        if !is_repeatable(&last.request) || origin.is_empty() || allows.as_deref() != Some(origin.as_str()) {
            return;
        }
        let plain_request = without_origin(&last.request, None);
        let other_request = without_origin(&last.request, Some(OTHER));
        let Some(plain) = self.ask("without `Origin`", plain_request.clone()).await else { return };
        let Some(other) = self.ask("with another `Origin`", other_request.clone()).await else { return };
        self.inquiry.sharing = Some(Sharing {
            page: Sample::new(&last.request, response),
            other: Sample::new(&other_request, &other),
            plain: Sample::new(&plain_request, &plain),
        });
    }

    /// Tries the handshake of a WebSocket as a page of another origin does.
    async fn ask_with_foreign_handshake(&mut self, report: &CheckReport) {
        let check = &report.check;
        let page = &check.page.origin;
        let Some(foreign) = Origin::parse(OTHER).filter(|foreign| foreign != page) else { return };
        let url = check.request.url.clone();
        // A page over HTTPS cannot open an insecure connection.
        let foreign = match url.scheme() {
            "ws" => Origin::parse(&OTHER.replace("https:", "http:")).unwrap_or(foreign),
            _ => foreign,
        };
        let recorder = std::sync::Arc::new(super::recorder::Recorder::default());
        let browser = Browser::new(recorder.clone(), check.profile.clone());
        let action = PageAction::WebSocket(WebSocketRequest::new(url.clone()));
        browser.act(&Page::new(foreign.clone()), action).await;
        let Some(request) = recorder.take() else { return };
        let Some(response) = self.ask("a handshake of another origin", request).await else { return };
        // The browser judges the response, which has come.
        let browser = Browser::new(std::sync::Arc::new(Canned(response)), check.profile.clone());
        let action = PageAction::WebSocket(WebSocketRequest::new(url));
        let fetched = browser.act(&Page::new(foreign.clone()), action).await;
        let is_open = matches!(fetched.outcome, Outcome::Opened(_));
        self.inquiry.foreign_handshake = Some((foreign.to_string(), is_open));
    }
}

/// A network with one response.
struct Canned(WireResponse);

impl Network for Canned {
    fn send(&self, _: WireRequest) -> cors_browser::NetworkFuture<'_> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

/// Whether a response allows the origin of a request.
fn allows_origin(request: &WireRequest, response: &WireResponse) -> bool {
    let allows = lists::value(response, "access-control-allow-origin");
    allows.is_some_and(|allows| allows == "*" || allows == text(request.header("origin")))
}

fn text(value: Option<&[u8]>) -> String {
    value.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}
