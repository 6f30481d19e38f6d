//! What a report says besides the verdict.

use cors_browser::{AddressSpace, BlockReason, Credentials, Exchange, ExchangeKind, Origin, WireResponse};
use serde::Serialize;
use url::Url;

use super::action::http_url;
use super::{CheckReport, PageResult, Via, cache, lists};
use crate::catalogue::url as link;

/// Something worth knowing that is not the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The kind of note.
    pub code: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// What to know, in sentences.
    pub text: String,
}

/// How serious a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// It can fail for some users.
    Warning,
    /// It fails for some users.
    Error,
}

impl Severity {
    /// The word before a note in a text.
    pub fn label(self) -> &'static str {
        match self {
            Self::Note => "Note",
            Self::Warning => "Warning",
            Self::Error => "Error",
        }
    }
}

impl Note {
    pub(super) fn new(code: &'static str, severity: Severity, text: impl Into<String>) -> Self {
        Self { code, severity, text: text.into() }
    }
}

/// The notes of a report, the most serious ones first.
pub(super) fn notes(report: &CheckReport) -> Vec<Note> {
    let mut notes = report.connection_notes.clone();
    notes.extend(script_notes(report));
    notes.extend(remembered(report));
    notes.extend(misspelt(report));
    notes.extend(authorization(report));
    notes.extend(cookies(report));
    notes.extend(local_network(report));
    notes.extend(web_socket(report));
    notes.extend(navigation(report));
    if let Some(sharing) = &report.inquiry.sharing {
        notes.extend(cache::reflection(sharing));
        notes.extend(cache::notes(sharing));
    }
    // Stable, so that notes of one severity keep their order.
    notes.sort_by_key(|note| std::cmp::Reverse(note.severity));
    notes
}

/// What the browser changes about the script's request, or does not.
fn script_notes(report: &CheckReport) -> Vec<Note> {
    let request = &report.check.request;
    let mut notes = Vec::new();
    if !matches!(report.check.setup.via, Via::Fetch | Via::Xhr) {
        return notes;
    }
    for name in request.dropped_headers() {
        let text = format!("a page cannot set `{name}` here, so the browser left it out.");
        notes.push(Note::new("dropped-header", Severity::Note, text));
    }
    // If such a header is what blocks the fetch, the advice says so.
    let is_blocked = report.blocked().is_some();
    let misplaced = request.headers.iter().filter(|(name, _)| !is_blocked && lists::is_of_response(name));
    for (name, _) in misplaced {
        let text = format!(
            "`{name}` is a response header. In a request it allows nothing, and makes a preflight necessary. Remove it from the script."
        );
        notes.push(Note::new("response-header-in-request", Severity::Warning, text));
    }
    // Fetch, "normalize a method": `patch` is not one of the methods that become upper case.
    if request.method.eq_ignore_ascii_case("patch") && request.method != "PATCH" {
        let text = format!("browsers do not change `{}` to upper case. Write `PATCH`.", request.method);
        notes.push(Note::new("method-case", Severity::Note, text));
    }
    notes
}

/// Why a fetch that needs a preflight had none.
fn remembered(report: &CheckReport) -> Option<Note> {
    let seconds = report.remembered?;
    let text = format!(
        "the browser sent no preflight, because it remembers the one of an earlier fetch of this URL for {seconds} seconds \
         (`Access-Control-Max-Age`; browsers have upper limits)."
    );
    Some(Note::new("preflight-remembered", Severity::Note, text))
}

fn misspelt(report: &CheckReport) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for response in report.fetched.exchanges.iter().filter_map(|exchange| exchange.response.as_ref().ok()) {
        for (name, meant) in lists::misspelt(response) {
            let text =
                format!("browsers do not know the response header `{name}`. `{meant}` is probably meant.");
            let note = Note::new("misspelt-header", Severity::Warning, text);
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

/// `*` was taken to cover `Authorization`: browsers skip step 7.6 of Fetch, "CORS-preflight fetch".
fn authorization(report: &CheckReport) -> Option<Note> {
    let Some(Exchange { request, response: Ok(response), kind: ExchangeKind::Preflight }) =
        report.fetched.exchanges.first()
    else {
        return None;
    };
    let asked = request.header("access-control-request-headers").map(String::from_utf8_lossy)?;
    let is_asked = asked.split(',').any(|name| name.eq_ignore_ascii_case("authorization"));
    let allowed = lists::members(response, "access-control-allow-headers");
    let has = |name: &str| allowed.iter().any(|other| other.eq_ignore_ascii_case(name));
    let is_covered = is_asked && has("*") && !has("authorization");
    (is_covered && report.page_result() == PageResult::Readable).then(|| {
        let text = format!(
            "in the Fetch standard, `*` in Access-Control-Allow-Headers does not cover `Authorization`. Browsers accept it for \
             now. List `authorization` as well ({}).",
            link(BlockReason::AuthorizationNotCoveredByWildcard.as_str())
        );
        Note::new("authorization-by-wildcard", Severity::Warning, text)
    })
}

/// Whether cookies were sent, and what other browsers and settings do with them.
fn cookies(report: &CheckReport) -> Vec<Note> {
    let check = &report.check;
    let mut notes = Vec::new();
    let has_own =
        !check.setup.cookies.is_empty() || check.setup.login.is_some() || check.setup.has_earlier_cookies;
    let server = Origin::of(&http_url(&check.request.url));
    let includes = match check.setup.via {
        Via::Fetch | Via::Xhr | Via::EventSource => {
            check.request.credentials == Credentials::Include
                || check.request.credentials == Credentials::SameOrigin
                    && check.page.origin.is_same_origin(&server)
        }
        Via::Form | Via::Link | Via::WebSocket | Via::Element(_) => true,
    };
    if has_own && !includes {
        let text = "the fetch sends no cookies to another origin. `--credentials include` (`credentials: \"include\"` in the \
                    script) sends them.";
        notes.push(Note::new("cookies-not-included", Severity::Note, text));
        return notes;
    }
    let top_level = check.page.top_level.as_ref().unwrap_or(&check.page.origin);
    let is_cross_site = !check.page.origin.is_same_site(&server) || !top_level.is_same_site(&server);
    if has_own && includes {
        notes.push(cookies_sent(report, is_cross_site));
    }
    let is_asked = check.request.credentials == Credentials::Include || has_own;
    let is_navigation = matches!(check.setup.via, Via::Form | Via::Link);
    if !is_asked || !is_cross_site || is_navigation || report.page_result() == PageResult::Blocked {
        return notes;
    }
    if !has_own {
        let text = "no cookies were sent, because this browser has none (`--cookie` gives it some). Browsers send a cookie to \
                    another site only if it has `SameSite=None; Secure`.";
        notes.push(Note::new("no-cookies", Severity::Note, text));
    }
    let text = format!(
        "{server} is another site than the page, so its cookies are third-party cookies. Safari blocks them, Firefox gives each \
         site a cookie jar of its own, and Chrome blocks them in Incognito windows and if the user says so."
    );
    notes.push(Note::new("third-party-cookies", Severity::Warning, text));
    notes
}

/// Which of the user's cookies were sent.
fn cookies_sent(report: &CheckReport, is_cross_site: bool) -> Note {
    let request = report.fetched.exchanges.iter().rfind(|exchange| exchange.kind == ExchangeKind::Actual);
    let sent = request.and_then(|exchange| exchange.request.header("cookie")).map(String::from_utf8_lossy);
    match (sent, is_cross_site) {
        (Some(sent), _) => {
            let names: Vec<_> = sent
                .split(';')
                .filter_map(|pair| pair.split('=').next())
                .map(|name| format!("`{}`", name.trim()))
                .collect();
            let text = format!("the request had the cookies {}.", names.join(", "));
            Note::new("cookies-sent", Severity::Note, text)
        }
        (None, true) => Note::new(
            "cookies-not-sent",
            Severity::Warning,
            "the browser has cookies, and sent none: to another site it sends only those with `SameSite=None; Secure`.",
        ),
        (None, false) => Note::new(
            "cookies-not-sent",
            Severity::Warning,
            "the browser has cookies, and sent none: their `Domain`, `Path`, `Secure` or `SameSite` does not fit.",
        ),
    }
}

/// Chromium asks the user before a public page may reach a server on loopback or in the local network.
fn local_network(report: &CheckReport) -> Option<Note> {
    let (target, page) = report.inquiry.spaces?;
    if target == AddressSpace::Public || page != AddressSpace::Public {
        return None;
    }
    let place =
        if target == AddressSpace::Loopback { "on the user's own machine" } else { "in a local network" };
    let url = http_url(&report.check.request.url);
    if Origin::of(&url).is_same_origin(&report.check.page.origin) {
        return None;
    }
    let text = format!(
        "this server is {place}, and the page is not. Chromium 142 and later ask the user before the page may reach it (Local \
         Network Access), and block the request if the answer is no. No response header changes that."
    );
    Some(Note::new("local-network", Severity::Warning, text))
}

/// What CORS has to do with a WebSocket, and whether the server looks at the origin.
fn web_socket(report: &CheckReport) -> Option<Note> {
    if report.check.setup.via != Via::WebSocket {
        return None;
    }
    let cors = "CORS does not apply to WebSockets: there is no preflight, no response header allows or forbids anything, and any \
                page can open a connection with the user's cookies. Only the server can refuse, by the `Origin` of the handshake.";
    let is_open = report.page_result() == PageResult::Open;
    Some(match &report.inquiry.foreign_handshake {
        Some((origin, true)) if is_open => Note::new(
            "websocket-origin-not-checked",
            Severity::Warning,
            format!(
                "{cors} This server accepts the handshake of a page at {origin} as well, so it does not check the origin."
            ),
        ),
        Some((origin, false)) if is_open => Note::new(
            "websocket-origin-checked",
            Severity::Note,
            format!(
                "{cors} This server refuses the handshake of a page at {origin}, so it checks the origin."
            ),
        ),
        Some((origin, true)) => Note::new(
            "websocket-origin-refused",
            Severity::Warning,
            format!(
                "{cors} This server accepts the handshake of a page at {origin}, but not that of this page."
            ),
        ),
        Some((_, false)) | None => Note::new("websocket", Severity::Note, cors),
    })
}

/// What CORS has to do with links and forms.
fn navigation(report: &CheckReport) -> Option<Note> {
    let what = match report.check.setup.via {
        Via::Form => "a form",
        Via::Link => "a link",
        _ => return None,
    };
    let text = format!(
        "CORS does not apply to {what}: the request is sent without a preflight, and the page cannot read the response. Protect \
         requests that change something with `SameSite` cookies, and check `Origin` or `Sec-Fetch-Site`."
    );
    Some(Note::new("navigation", Severity::Note, text))
}

/// The address spaces of a check's server and of its page.
pub(super) fn spaces(
    report: &CheckReport,
    space_of: impl Fn(&Url) -> AddressSpace,
) -> (AddressSpace, AddressSpace) {
    let check = &report.check;
    let page = match &check.page.origin {
        Origin::Opaque => check.page.top_level.as_ref(),
        origin @ Origin::Tuple { .. } => Some(origin),
    };
    let page = page.and_then(|origin| Url::parse(&origin.to_string()).ok());
    // Pages of apps and extensions, and local files, come from the device itself.
    let page = page.filter(|url| matches!(url.scheme(), "http" | "https"));
    (space_of(&http_url(&check.request.url)), page.map_or(AddressSpace::Loopback, |url| space_of(&url)))
}

/// Whether a response came from a cache, and which header says so.
pub(super) fn cached_by(response: &WireResponse) -> Option<String> {
    let age = lists::value(response, "age").filter(|age| age.parse::<u64>().is_ok_and(|age| age > 0));
    if let Some(age) = age {
        return Some(format!("Age: {age}"));
    }
    ["x-cache", "cf-cache-status", "x-cache-status", "x-vercel-cache", "cache-status"].into_iter().find_map(
        |name| {
            let value = lists::value(response, name)?;
            value.to_ascii_lowercase().contains("hit").then(|| format!("{name}: {value}"))
        },
    )
}
