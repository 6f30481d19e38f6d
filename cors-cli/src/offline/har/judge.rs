//! Turns recorded requests into what pages did, and asks the browser model.

use std::sync::Arc;

use cors_browser::{
    BlockReason, Browser, Credentials, CrossOrigin, Element, ElementRequest, EventSourceRequest,
    FetchRequest, Fetched, Mode, Origin, Outcome, Page, PageAction, Profile, ResponseType, XhrRequest,
};
use url::Url;

use super::file::{Entry, File};
use super::session::{EntryNetwork, Session, without_fragment};
use super::{HarReport, HarRequest, HarVerdict};
use crate::catalogue::is_ambient;
use crate::check::{Check, CheckReport};

/// What made a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Initiator {
    Fetch,
    Xhr,
    EventSource,
    Element(Element, Option<CrossOrigin>),
    /// A request in mode `no-cors` of something that the model does not know, such as a video.
    NoCors,
    /// A preflight whose request is not in the recording.
    Preflight,
}

impl Initiator {
    fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch()",
            Self::Xhr => "XMLHttpRequest",
            Self::EventSource => "EventSource",
            Self::Element(Element::Image, _) => "image",
            Self::Element(Element::Script, _) => "script",
            Self::Element(Element::Stylesheet, _) => "stylesheet",
            Self::Element(Element::Font, _) => "font",
            Self::Element(..) | Self::NoCors => "request without CORS",
            Self::Preflight => "preflight alone",
        }
    }
}

/// Judges every cross-origin request of a HAR file as the browser of `profile` would.
///
/// # Errors
///
/// The text is not a HAR file.
pub async fn judge_har(text: &str, profile: &Profile) -> Result<HarReport, String> {
    let File { creator, pages, entries, unreadable } = File::parse(text)?;
    let session = Arc::new(Session::new(entries));
    let mut report = HarReport {
        creator,
        requests: Vec::new(),
        same_origin: 0,
        navigations: 0,
        web_sockets: 0,
        others: 0,
        unreadable,
    };
    // A preflight is judged with its request, so those that are left over come last.
    for is_preflight in [false, true] {
        for (position, (number, entry)) in session.entries.iter().enumerate() {
            if entry.is_preflight() != is_preflight || session.is_used(position) {
                continue;
            }
            if is_web_socket(entry) {
                report.web_sockets += 1;
                continue;
            }
            if is_navigation(entry) {
                report.navigations += 1;
                continue;
            }
            let page = page_of(entry, &pages);
            let (Some(page), Some(initiator)) = (page, initiator(entry)) else {
                report.others += 1;
                continue;
            };
            if page.is_same_origin(&Origin::of(&entry.request.url)) {
                report.same_origin += 1;
                continue;
            }
            report
                .requests
                .push(judge_entry(&session, (position, *number, entry), page, initiator, profile).await);
        }
    }
    report.requests.sort_by_key(|request| request.entry);
    Ok(report)
}

/// The origin of the page that made a request.
fn page_of(entry: &Entry, pages: &[super::file::Page]) -> Option<Origin> {
    if let Some(origin) = entry.request.header("origin") {
        return Origin::parse(origin);
    }
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https");
    let of = |text: &str| Url::parse(text).ok().filter(is_web).map(|url| Origin::of(&url));
    let title = pages.iter().find(|page| page.id == entry.pageref).map(|page| page.title.as_str());
    let referrer = entry.request.header("referer");
    let stack = &entry.initiator["stack"]["callFrames"][0]["url"];
    let script = entry.initiator["url"].as_str().or_else(|| stack.as_str());
    [title, referrer, script].into_iter().flatten().find_map(of)
}

/// Whether an entry is the handshake of a WebSocket.
fn is_web_socket(entry: &Entry) -> bool {
    entry.resource_type == "websocket"
        || matches!(entry.request.url.scheme(), "ws" | "wss")
        || entry.request.header("sec-fetch-mode") == Some("websocket")
        || entry.request.header("sec-websocket-key").is_some()
}

/// Whether an entry is a navigation of a tab or a frame.
fn is_navigation(entry: &Entry) -> bool {
    entry.resource_type == "document" || entry.request.header("sec-fetch-mode") == Some("navigate")
}

/// What made a request; `None` if that is not known, or if CORS does not apply to it.
fn initiator(entry: &Entry) -> Option<Initiator> {
    if entry.is_preflight() {
        return Some(Initiator::Preflight);
    }
    if !matches!(entry.request.url.scheme(), "http" | "https") {
        return None;
    }
    let mode = entry.request.header("sec-fetch-mode").unwrap_or_default();
    let destination = entry.request.header("sec-fetch-dest").unwrap_or_default();
    let has_origin = entry.request.header("origin").is_some();
    let cross_origin = (mode == "cors" || mode.is_empty() && has_origin).then_some(CrossOrigin::Anonymous);
    match (entry.resource_type.as_str(), destination) {
        ("xhr", _) => Some(Initiator::Xhr),
        ("eventsource", _) => Some(Initiator::EventSource),
        ("image", _) | (_, "image") => Some(Initiator::Element(Element::Image, cross_origin)),
        ("script", _) | (_, "script") => Some(Initiator::Element(Element::Script, cross_origin)),
        ("stylesheet", _) | (_, "style") => Some(Initiator::Element(Element::Stylesheet, cross_origin)),
        ("font", _) | (_, "font") => Some(Initiator::Element(Element::Font, None)),
        _ if mode == "no-cors" => Some(Initiator::NoCors),
        ("fetch", _) => Some(Initiator::Fetch),
        _ if mode == "cors" || has_origin => Some(Initiator::Fetch),
        // Without any of these, the request may be a navigation.
        _ => None,
    }
}

async fn judge_entry(
    session: &Arc<Session>,
    (position, number, entry): (usize, usize, &Entry),
    origin: Origin,
    initiator: Initiator,
    profile: &Profile,
) -> HarRequest {
    let error = entry.error();
    let page = Page::new(origin);
    let mut notes = Vec::new();
    let has_credentials = !entry.request.cookies.is_empty() || entry.request.header("cookie").is_some();
    let credentials = if has_credentials { Credentials::Include } else { Credentials::SameOrigin };
    let mut judged = judge_with(session, (position, entry), &page, initiator, credentials, profile).await;
    let failed = error.is_some() || entry.response.status == 0;
    if failed && !has_credentials && matches!(judged.verdict, HarVerdict::Readable | HarVerdict::Opaque) {
        // Recordings often lack cookies, because they are secret.
        let other =
            judge_with(session, (position, entry), &page, initiator, Credentials::Include, profile).await;
        if other.verdict == HarVerdict::Blocked {
            notes.push(
                "The browser blocked it, which it does only with `credentials: \"include\"`, so that is assumed.".to_owned(),
            );
            judged = other;
        }
    }
    if let Some(missing) = judged.missing {
        notes.push(format!("Unknown: {missing}."));
    }
    if judged.assumes_preflight {
        notes.push("The recording does not have its preflight, which must have been granted.".to_owned());
    }
    if let (Some(error), HarVerdict::Readable | HarVerdict::Opaque) = (&error, judged.verdict) {
        notes.push(format!("The browser reports `{error}`, for another reason than CORS."));
    }
    if entry.response.from_service_worker {
        notes.push("A service worker made the response, so the server may have sent another one.".to_owned());
    }
    HarRequest {
        entry: number,
        method: judged.method,
        url: entry.request.url.to_string(),
        page: page.origin.to_string(),
        initiator: initiator.as_str(),
        verdict: judged.verdict,
        error,
        notes,
        report: (judged.verdict != HarVerdict::Unknown).then_some(judged.report),
    }
}

struct Judged {
    method: String,
    verdict: HarVerdict,
    missing: Option<&'static str>,
    assumes_preflight: bool,
    report: CheckReport,
}

async fn judge_with(
    session: &Arc<Session>,
    (position, entry): (usize, &Entry),
    page: &Page,
    initiator: Initiator,
    credentials: Credentials,
    profile: &Profile,
) -> Judged {
    let request = fetch_request(session, position, entry, initiator, credentials);
    let network = Arc::new(EntryNetwork::new(session.clone(), position));
    let browser = Browser::new(network.clone(), profile.clone());
    let fetched = browser.act(page, action(initiator, &request)).await;
    let missing = network.missing().or_else(|| unknown_body(entry, initiator, &fetched));
    let verdict = match (missing, &fetched.outcome) {
        (Some(_), _) => HarVerdict::Unknown,
        (None, Outcome::Blocked(_)) => HarVerdict::Blocked,
        (None, Outcome::Response(response))
            if matches!(response.response_type, ResponseType::Opaque | ResponseType::OpaqueRedirect) =>
        {
            HarVerdict::Opaque
        }
        (None, Outcome::Loaded(loaded)) if !loaded.is_readable => HarVerdict::Opaque,
        (None, _) => HarVerdict::Readable,
    };
    Judged {
        method: request.method.clone(),
        verdict,
        missing,
        assumes_preflight: network.assumes_preflight(),
        report: CheckReport::new(Check::new(page.clone(), request, profile.clone()), fetched),
    }
}

/// Why a verdict that depends on the bytes of the response says nothing.
fn unknown_body(entry: &Entry, initiator: Initiator, fetched: &Fetched) -> Option<&'static str> {
    let Outcome::Blocked(blocked) = &fetched.outcome else { return None };
    let depends_on_it = match blocked.reason {
        BlockReason::OpaqueResponseBlocked => true,
        BlockReason::ResourceType => matches!(initiator, Initiator::Element(Element::Image, _)),
        _ => false,
    };
    (depends_on_it && entry.response.content.bytes().is_none())
        .then_some("the recording does not have the body, on which the verdict depends")
}

/// The request of a script that leads to a recorded one.
fn fetch_request(
    session: &Session,
    position: usize,
    entry: &Entry,
    initiator: Initiator,
    credentials: Credentials,
) -> FetchRequest {
    let recorded = &entry.request;
    let request = FetchRequest::new(recorded.url.clone()).with_credentials(credentials);
    let preflight = match initiator {
        Initiator::Preflight => Some(entry),
        _ => {
            let url = without_fragment(recorded.url.as_str());
            let found = session.preflight_for(position, url, &recorded.method);
            found.and_then(|found| session.entries.get(found)).map(|(_, entry)| entry)
        }
    };
    let asked = preflight.and_then(|preflight| preflight.request.header("access-control-request-headers"));
    let asked: Option<Vec<_>> = preflight.is_some().then(|| {
        let names = asked.unwrap_or_default().split(',').map(|name| name.trim().to_ascii_lowercase());
        names.filter(|name| !name.is_empty()).collect()
    });
    let mut headers: Vec<(String, String)> = recorded
        .headers
        .iter()
        .filter(|_| initiator != Initiator::Preflight)
        .map(|header| (header.name.to_ascii_lowercase(), header.value.clone()))
        .filter(|(name, _)| match &asked {
            Some(asked) => asked.contains(name) || name == "content-type",
            None => is_of_a_script(name),
        })
        .collect();
    // A request that was never sent has only some of its headers in the recording.
    for name in asked.unwrap_or_default() {
        if !headers.iter().any(|(known, _)| *known == name) {
            let value = if name == "content-type" { "application/json" } else { "x" };
            headers.push((name, value.to_owned()));
        }
    }
    let method = match initiator {
        Initiator::Preflight => recorded.header("access-control-request-method").unwrap_or("GET"),
        _ => &recorded.method,
    };
    let mut request = request.with_method(method).with_headers(headers);
    if initiator == Initiator::NoCors {
        request = request.with_mode(Mode::NoCors);
    }
    match recorded.body.as_ref().filter(|_| !matches!(method, "GET" | "HEAD" | "OPTIONS")) {
        Some(body) => request.with_body(body.bytes().unwrap_or_default()),
        None => request,
    }
}

/// Whether a header of a request can be one that a script has set. Browsers add the others, and the developer tools those against caches.
fn is_of_a_script(name: &str) -> bool {
    const OF_BROWSERS: &[&str] =
        &["cache-control", "pragma", "priority", "upgrade-insecure-requests", "x-client-data"];
    !(is_ambient(name) || OF_BROWSERS.contains(&name) || name.starts_with("if-") || name.starts_with(':'))
}

/// What the page did.
fn action(initiator: Initiator, request: &FetchRequest) -> PageAction {
    let with_credentials = request.credentials == Credentials::Include;
    match initiator {
        Initiator::Xhr => {
            let mut xhr = XhrRequest::new(request.url.clone());
            xhr.method.clone_from(&request.method);
            xhr.headers.clone_from(&request.headers);
            xhr.body.clone_from(&request.body);
            xhr.with_credentials = with_credentials;
            PageAction::Xhr(xhr)
        }
        Initiator::EventSource => {
            let mut source = EventSourceRequest::new(request.url.clone());
            source.with_credentials = with_credentials;
            PageAction::EventSource(source)
        }
        Initiator::Element(element, cross_origin) => {
            let mut loads = ElementRequest::new(element, request.url.clone());
            loads.cross_origin = cross_origin.map(|_| match with_credentials {
                true => CrossOrigin::UseCredentials,
                false => CrossOrigin::Anonymous,
            });
            PageAction::Element(loads)
        }
        Initiator::Fetch | Initiator::NoCors | Initiator::Preflight => PageAction::Fetch(request.clone()),
    }
}
