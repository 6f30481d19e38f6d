//! Responses through the browser model.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use cors_browser::{
    Browser, Credentials, Exchange, ExchangeKind, FetchRequest, ManualClock, Network, NetworkFuture, Origin,
    Outcome, Page, PageResponse, Profile, ResponseType, WireRequest, WireResponse,
};
use url::Url;

use crate::finish;

/// Answers with these responses in turn, and with the last one again and again.
struct Replies(Mutex<VecDeque<WireResponse>>);

impl Network for Replies {
    fn send(&self, _: WireRequest) -> NetworkFuture<'_> {
        let mut replies = self.0.lock().unwrap();
        let reply = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
        let reply = reply.unwrap_or_else(|| WireResponse::new(200));
        Box::pin(std::future::ready(Ok(reply)))
    }
}

/// Reads heads: a status in the first line, then headers. A blank line ends a head.
fn heads(text: &[u8]) -> VecDeque<WireResponse> {
    let mut heads = VecDeque::from([Vec::new()]);
    for line in text.split(|&byte| byte == b'\n') {
        match heads.back_mut() {
            Some(head) if !line.is_empty() => head.push(line),
            _ => heads.push_back(Vec::new()),
        }
    }
    heads.into_iter().filter_map(|lines| head(&lines)).collect()
}

fn head(lines: &[&[u8]]) -> Option<WireResponse> {
    let (status, lines) = lines.split_first()?;
    let status =
        std::str::from_utf8(status).ok()?.parse().ok().filter(|status| matches!(status, 200..=599))?;
    let mut response = WireResponse::new(status);
    for line in lines {
        let colon = line.iter().position(|&byte| byte == b':')?;
        // Browsers differ in what they do with a space after a name.
        let name = String::from_utf8_lossy(line[..colon].trim_ascii_end()).into_owned();
        response = response.with_header(name, line[colon + 1..].trim_ascii());
    }
    Some(response)
}

/// What a page does, chosen by two bytes.
struct Case {
    profile: Profile,
    page: Page,
    origin: &'static str,
    request: FetchRequest,
}

impl Case {
    fn new(page: u8, request: u8) -> Self {
        let profile = match page & 3 {
            0 => Profile::standard(),
            1 => Profile::chromium(),
            2 => Profile::firefox(),
            _ => Profile::webkit(),
        };
        let app = Origin::parse("https://app.example").unwrap();
        let (page, origin) = match (page >> 2) & 3 {
            0 | 1 => (Page::new(app), "https://app.example"),
            2 => (Page::sandboxed(app), "null"),
            _ => (Page::new(Origin::parse("https://shop.example").unwrap()), "https://shop.example"),
        };
        let credentials = match request & 3 {
            0 | 1 => Credentials::Include,
            2 => Credentials::SameOrigin,
            _ => Credentials::Omit,
        };
        let method = ["GET", "PUT", "POST", "patch"][usize::from(request >> 2) & 3];
        let mut fetch = FetchRequest::new(Url::parse("https://api.example/item/1").unwrap())
            .with_method(method)
            .with_credentials(credentials);
        if request & 16 != 0 {
            fetch = fetch.with_header("X-A", "1");
        }
        if request & 32 != 0 {
            fetch = fetch.with_header("Authorization", "x");
        }
        Self { profile, page, origin, request: fetch }
    }
}

/// A page and a request in the first two bytes, and the heads of the responses. A page of another origin can read a response only if
/// its headers say so, and only those of its headers that they expose.
pub fn response(data: &[u8]) {
    let [page, request, text @ ..] = data else { return };
    let case = Case::new(*page, *request);
    let replies = heads(text);
    let play = || {
        let network = Arc::new(Replies(Mutex::new(replies.clone())));
        let browser = Browser::new(network, case.profile.clone()).with_clock(Arc::new(ManualClock::new()));
        finish(browser.fetch(&case.page, case.request.clone()))
    };
    let fetched = play();
    let again = play();
    assert_eq!(fetched.outcome, again.outcome);
    assert_eq!(fetched.exchanges, again.exchanges);
    // 20 redirects, each with a preflight, and one request again after each.
    assert!(fetched.exchanges.len() <= 64, "{} exchanges", fetched.exchanges.len());
    let console: usize = fetched.console.iter().map(String::len).sum();
    assert!(console <= 4_000 + 8 * data.len(), "{console} bytes of console");
    if let Outcome::Response(response) = &fetched.outcome {
        check_readable(&case, response, &fetched.exchanges);
    }
}

/// The lines of a header as one value.
fn joined(response: &WireResponse, name: &str) -> Option<Vec<u8>> {
    let lines: Vec<_> = response.lines(name).map(<[u8]>::trim_ascii).collect();
    (!lines.is_empty()).then(|| lines.join(&b", "[..]))
}

/// The elements of a header that is a list, in lower case.
fn elements(response: &WireResponse, name: &str) -> Vec<String> {
    let value = joined(response, name).unwrap_or_default();
    let text = String::from_utf8_lossy(&value).to_lowercase();
    text.split(',').map(|element| element.trim().to_owned()).filter(|element| !element.is_empty()).collect()
}

/// Fetch, "CORS check", in a few lines.
fn passes(case: &Case, response: &WireResponse) -> bool {
    let with_credentials = case.request.credentials == Credentials::Include;
    match joined(response, "access-control-allow-origin").as_deref() {
        Some(b"*") => !with_credentials,
        Some(origin) if origin == case.origin.as_bytes() => {
            !with_credentials
                || joined(response, "access-control-allow-credentials").as_deref() == Some(b"true")
        }
        _ => false,
    }
}

fn check_readable(case: &Case, response: &PageResponse, exchanges: &[Exchange]) {
    assert_eq!(response.response_type, ResponseType::Cors);
    let last = exchanges.last().unwrap().response.as_ref().unwrap();
    let with_credentials = case.request.credentials == Credentials::Include;
    // A redirect to another origin changes the origin of the request to `null`.
    let was_redirected = response.redirected;
    if !was_redirected {
        assert!(passes(case, last), "{last:?}");
    } else {
        assert!(joined(last, "access-control-allow-origin").is_some(), "{last:?}");
    }
    let exposed = elements(last, "access-control-expose-headers");
    let safelisted = [
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    ];
    for (name, _) in &response.headers {
        let name = name.to_lowercase();
        let is_exposed = exposed.contains(&name) || (exposed.contains(&"*".to_owned()) && !with_credentials);
        assert!(is_exposed || safelisted.contains(&name.as_str()), "{name} is visible: {last:?}");
        assert!(name != "set-cookie" && name != "set-cookie2");
    }
    let is_simple =
        ["GET", "POST"].contains(&case.request.method.as_str()) && case.request.headers.is_empty();
    if !is_simple {
        let preflight = exchanges.first().unwrap();
        assert_eq!(preflight.kind, ExchangeKind::Preflight);
        check_preflight(case, preflight.response.as_ref().unwrap());
    }
}

/// Fetch, "CORS-preflight fetch", steps 7 and later, in a few lines.
fn check_preflight(case: &Case, granted: &WireResponse) {
    assert!(matches!(granted.status, 200..=299) && passes(case, granted), "{granted:?}");
    let with_credentials = case.request.credentials == Credentials::Include;
    let methods = elements(granted, "access-control-allow-methods");
    let headers = elements(granted, "access-control-allow-headers");
    let has = |list: &[String], name: &str| list.iter().any(|element| *element == name.to_lowercase());
    let any_method = has(&methods, "*") && !with_credentials;
    let any_header = has(&headers, "*") && !with_credentials;
    let method = case.request.method.as_str();
    assert!(["GET", "POST"].contains(&method) || has(&methods, method) || any_method, "{granted:?}");
    for (name, _) in &case.request.headers {
        let by_wildcard = any_header && name != "Authorization";
        assert!(has(&headers, name) || by_wildcard, "{name}: {granted:?}");
    }
}

/// Lines of `Set-Cookie`: what is sent back was in one of them, only to the site that set it, and never a control character.
pub fn set_cookie(data: &[u8]) {
    let Some((number, data)) = data.split_first() else { return };
    let case = Case::new(*number, 0);
    let app = Url::parse("https://www.app.example/a/b").unwrap();
    let mut reply = WireResponse::new(200).with_header("access-control-allow-origin", "https://app.example");
    reply = reply.with_header("access-control-allow-credentials", "true");
    let lines: Vec<_> = data.split(|&byte| byte == b'\n').collect();
    for line in &lines {
        reply = reply.with_header("set-cookie", *line);
    }
    let network = Arc::new(Replies(Mutex::new(VecDeque::from([reply]))));
    let browser = Browser::new(network, case.profile).with_clock(Arc::new(ManualClock::new()));
    let page = Page::new(Origin::parse("https://app.example").unwrap());
    let request = FetchRequest::new(app.clone()).with_credentials(Credentials::Include);
    finish(browser.fetch(&page, request.clone()));
    for line in &lines {
        browser.store_cookie(&app, &String::from_utf8_lossy(line));
    }
    let sent = finish(browser.fetch(&page, request));
    let header = sent.exchanges[0].request.header("cookie").unwrap_or_default();
    assert!(!header.iter().any(|&byte| (byte < b' ' && byte != b'\t') || byte == 0x7f), "{header:?}");
    // Each line is stored twice, and a byte that is not UTF-8 becomes three.
    assert!(header.len() <= 8 * data.len() + 16, "{} bytes of cookies", header.len());
    let text = browser.cookies(&app);
    assert!(!text.contains(|c: char| c.is_ascii_control() && c != '\t'), "{text:?}");
    for other in ["https://other.example/a/b", "https://app.example.net/", "http://example/"] {
        assert_eq!(browser.cookies(&Url::parse(other).unwrap()), "", "{other}");
    }
    let document = browser.document_cookies(&page).unwrap();
    assert!(document.len() <= 12 * data.len() + 16);
}
