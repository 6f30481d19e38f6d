//! The text of an answer.

use std::fmt::{self, Write as _};

use cors_browser::{
    BlockReason, Credentials, Exchange, ExchangeKind, OpaqueKind, Origin, Outcome, PageAction, PageResponse,
    ResponseType, WireRequest, WireResponse,
};

use crate::answer::{Answer, Play};

/// Headers of requests that every browser writes, and that CORS does not depend on.
const USUAL: [&str; 16] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "host",
    "pragma",
    "priority",
    "referer",
    "te",
    "upgrade-insecure-requests",
    "user-agent",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-storage-access",
];

/// How much of a body is shown.
const BODY: usize = 200;

pub(crate) fn write(answer: &Answer, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "{}: {}", page(answer), request(&answer.action))?;
    let groups = groups(answer);
    for group in &groups {
        writeln!(f)?;
        if groups.len() > 1 {
            writeln!(f, "in {}:", group.names.join(" and "))?;
        }
        f.write_str(&group.text)?;
    }
    consoles(answer, f)
}

/// Browsers in which the same happened.
struct Group<'a> {
    names: Vec<&'a str>,
    text: String,
}

fn groups(answer: &Answer) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for play in &answer.plays {
        let text = story(answer, play);
        match groups.iter_mut().find(|group| group.text == text) {
            Some(group) => group.names.push(play.profile.name()),
            None => groups.push(Group { names: vec![play.profile.name()], text }),
        }
    }
    groups
}

/// Where the page is.
fn page(answer: &Answer) -> String {
    let page = &answer.page;
    let mut text = match (&page.origin, page.opaque, &page.top_level) {
        (Origin::Opaque, OpaqueKind::File, _) => return "a page from a local file (origin null)".to_owned(),
        (Origin::Opaque, _, None) => return "a sandboxed frame (origin null)".to_owned(),
        (Origin::Opaque, OpaqueKind::Data, _) => "a frame with a data: URL (origin null)".to_owned(),
        (Origin::Opaque, ..) => "a sandboxed frame (origin null)".to_owned(),
        (origin, _, None) => return format!("a page at {origin}"),
        (origin, ..) => format!("a frame at {origin}"),
    };
    if let Some(top_level) = &page.top_level {
        let _ = write!(text, " in a page at {top_level}");
    }
    text
}

/// What happens in the page.
fn request(action: &PageAction) -> String {
    match action {
        PageAction::Fetch(request) => {
            let credentials = match request.credentials {
                Credentials::Include => ", credentials: include",
                Credentials::Omit => ", credentials: omit",
                Credentials::SameOrigin => "",
            };
            let mode = match request.mode {
                cors_browser::Mode::Cors => String::new(),
                mode => format!(", mode: {}", mode.as_str()),
            };
            format!("fetch {} {}{credentials}{mode}", request.method, request.url)
        }
        PageAction::Xhr(request) => format!("XMLHttpRequest {} {}", request.method, request.url),
        action => action.url().to_string(),
    }
}

/// What was sent, what came back, and what the page sees of it.
fn story(answer: &Answer, play: &Play) -> String {
    let mut text = String::new();
    for exchange in &play.fetched.exchanges {
        write_exchange(exchange, answer, &mut text);
    }
    if play.fetched.exchanges.is_empty() {
        text.push_str("  nothing was sent\n");
    }
    let _ = match &play.fetched.outcome {
        Outcome::Response(response) => write_response(response, play, &mut text),
        Outcome::Loaded(loaded) if loaded.is_readable => writeln!(text, "  the page can read the resource"),
        Outcome::Loaded(_) => writeln!(text, "  the page can use the resource, but not read it"),
        Outcome::Navigated(navigated) => writeln!(text, "  the user sees {}", navigated.url),
        Outcome::Opened(_) => writeln!(text, "  the page can read what the server sends"),
        Outcome::Blocked(blocked) => {
            let _ = writeln!(text, "  blocked by {}: {}", blocked.reason, blocked.detail);
            writeln!(
                text,
                "  explained at {}/blob/main/docs/errors.md#blocked-{}",
                env!("CARGO_PKG_REPOSITORY"),
                blocked.reason
            )
        }
        _ => Ok(()),
    };
    if lacks_cookies(answer, play) {
        text.push_str(
            "  no cookies were sent: a request to another origin needs `.with_credentials(Credentials::Include)`, as a script needs \
             `credentials: \"include\"`\n",
        );
    }
    text
}

/// Whether the cookies of the page were not sent because the request does not ask for it.
fn lacks_cookies(answer: &Answer, play: &Play) -> bool {
    let PageAction::Fetch(request) = &answer.action else { return false };
    let mut arrived = play.arrived();
    let has_none = arrived.next_back().is_some_and(|request| request.header("cookie").is_none());
    answer.has_cookies && request.credentials == Credentials::SameOrigin && has_none
}

fn write_exchange(exchange: &Exchange, answer: &Answer, text: &mut String) {
    let is_preflight = exchange.kind == ExchangeKind::Preflight;
    write_request(&exchange.request, is_preflight, answer, text);
    let _ = match &exchange.response {
        Ok(response) => write_wire_response(response, text),
        Err(error) => writeln!(text, "  no response: {error}"),
    };
}

fn write_request(request: &WireRequest, is_preflight: bool, answer: &Answer, text: &mut String) {
    let note = if is_preflight { " (preflight)" } else { "" };
    let _ = writeln!(text, "  sent {} {}{note}", request.method, request.url);
    let own = match &answer.action {
        PageAction::Fetch(request) => &request.headers[..],
        PageAction::Xhr(request) => &request.headers,
        _ => &[],
    };
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        let is_own = own.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name));
        if is_own || !USUAL.contains(&name.as_str()) {
            let _ = writeln!(text, "    {name}: {}", printable(value));
        }
    }
}

fn write_wire_response(response: &WireResponse, text: &mut String) -> fmt::Result {
    writeln!(text, "  got {}", response.status)?;
    // Some frameworks have them in another order each time.
    let lines = response.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, value) in lines {
        writeln!(text, "    {name}: {}", printable(value))?;
    }
    if let Some(error) = &response.body_error {
        writeln!(text, "    ({error})")?;
    }
    if response.status < 400 || response.body.is_empty() {
        return Ok(());
    }
    // The body of an error often says what went wrong.
    let is_long = response.body.len() > BODY;
    let shown = &response.body[..response.body.len().min(BODY)];
    writeln!(text, "    {}{}", printable(shown), if is_long { " …" } else { "" })
}

fn write_response(response: &PageResponse, play: &Play, text: &mut String) -> fmt::Result {
    match response.response_type {
        ResponseType::Opaque => {
            return writeln!(text, "  the page cannot read it: in mode no-cors the response is opaque");
        }
        ResponseType::OpaqueRedirect => {
            return writeln!(text, "  the page cannot read it: in redirect mode manual a redirect is opaque");
        }
        ResponseType::Basic | ResponseType::Cors => {}
    }
    write!(text, "  the page can read status {}", response.status)?;
    if response.response_type == ResponseType::Basic {
        write!(text, " (the server has the page's own origin, so that CORS does not matter)")?;
    }
    writeln!(text)?;
    let last = play.fetched.exchanges.last().and_then(|exchange| exchange.response.as_ref().ok());
    let mut hidden: Vec<_> = last
        .iter()
        .flat_map(|response| &response.headers)
        .map(|(name, _)| name.to_ascii_lowercase())
        .filter(|name| response.header(name).is_none() && !is_of_the_protocol(name))
        .collect();
    hidden.sort();
    hidden.dedup();
    if hidden.is_empty() {
        return Ok(());
    }
    writeln!(text, "  and not the headers {} (access-control-expose-headers)", hidden.join(", "))
}

/// Headers that are for browsers and caches, or that no page can ever read.
fn is_of_the_protocol(name: &str) -> bool {
    name.starts_with("access-control-")
        || matches!(name, "vary" | "set-cookie" | "allow" | "date" | "connection")
}

/// What the browsers print to their consoles.
fn consoles(answer: &Answer, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let lines = answer.plays.iter().flat_map(|play| {
        // The console says nothing about an application that panicked.
        let is_known = play.blocked().is_some_and(|blocked| blocked.reason != BlockReason::NetworkError);
        let lines = play.fetched.console.iter().filter(move |_| is_known);
        lines.map(move |line| (play.profile.name(), line))
    });
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(f)?;
    lines.iter().try_for_each(|(name, line)| writeln!(f, "{name}: {line}"))
}

/// Bytes as text in one line.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars()
        .flat_map(|char| if char.is_control() { char.escape_default().collect() } else { vec![char] })
        .collect()
}
