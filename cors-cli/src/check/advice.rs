//! Which response header to change, and to what value.

use cors_browser::{
    AddressSpace, BlockReason, Blocked, Credentials, Exchange, ExchangeKind, Origin, WireRequest,
    WireResponse,
};
use url::Url;

use super::inquiry::{Denial, Inquiry};
use super::{Check, lists, status};
use crate::catalogue::explanation;

/// What to do about a blocked fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What to do, in sentences.
    pub help: String,
    /// The response header to change, if another value of one header would help.
    pub change: Option<Change>,
}

/// A change of one response header.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// The name of the header.
    pub header: &'static str,
    /// What the server sent; `None` if it sent none.
    pub from: Option<String>,
    /// What the server must send.
    pub to: String,
}

const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";
const ALLOW_CREDENTIALS: &str = "Access-Control-Allow-Credentials";
const ALLOW_METHODS: &str = "Access-Control-Allow-Methods";
const ALLOW_HEADERS: &str = "Access-Control-Allow-Headers";

/// Returns the advice for a fetch that a rule blocked.
pub(super) fn advise(check: &Check, blocked: &Blocked, exchanges: &[Exchange], inquiry: &Inquiry) -> Advice {
    let answered = exchanges.last().and_then(|last| Some((last, last.response.as_ref().ok()?)));
    let change =
        answered.and_then(|(last, response)| change(check, blocked, &last.request, response, inquiry));
    let mut sentences = Vec::new();
    if let Some((_, response)) = answered {
        sentences.extend(correct_spelling(response, change.as_ref()));
    }
    // The general fix is the best advice only if there is no better.
    let background = status::background(check, blocked, exchanges, inquiry);
    let misplaced = answered.map(|(last, _)| misplaced_headers(blocked, &last.request)).unwrap_or_default();
    sentences.extend(without_misplaced(&misplaced));
    match &change {
        Some(change) => sentences.push(instruction(change, exchanges)),
        // The other headers are allowed.
        None if !misplaced.is_empty() => {}
        None if is_told_by_status(blocked, &background) => {}
        None => sentences.push(explanation(blocked.reason).fix.to_owned()),
    }
    sentences.extend(mismatch(blocked));
    sentences.extend(null_origin(check, blocked));
    if let Some((last, response)) = answered {
        sentences.extend(companions(check, blocked, last, change.as_ref()));
        sentences.extend(unlisted(blocked, &last.request, response));
    }
    sentences.extend(background);
    Advice { help: sentences.join(" "), change }
}

/// Whether the status says more than the general fix.
fn is_told_by_status(blocked: &Blocked, background: &[String]) -> bool {
    let is_about_status = matches!(
        blocked.reason,
        BlockReason::PreflightStatusNotOk
            | BlockReason::PreflightRedirected
            | BlockReason::PreflightMissingAllowOrigin
            | BlockReason::MissingAllowOrigin
    );
    is_about_status && !background.is_empty()
}

/// The response headers that a script sends, and that the preflight does not allow.
fn misplaced_headers(blocked: &Blocked, preflight: &WireRequest) -> Vec<String> {
    use BlockReason as R;
    if !matches!(
        blocked.reason,
        R::HeaderNotAllowed | R::HeaderWildcardWithCredentials | R::InvalidAllowHeaders
    ) {
        return Vec::new();
    }
    requested_headers(preflight).into_iter().filter(|name| lists::is_of_response(name)).collect()
}

/// A script that sends `Access-Control-Allow-Origin` wants to allow itself.
fn without_misplaced(names: &[String]) -> Option<String> {
    let (first, rest) = names.split_first()?;
    let names = rest.iter().fold(format!("`{first}`"), |names, name| format!("{names}, `{name}`"));
    Some(format!(
        "Remove {names} from the request: the server sends such headers, and a page cannot allow itself anything. In a request \
         they only make a preflight necessary."
    ))
}

/// What is probably wrong with an `Access-Control-Allow-Origin` that is not the origin of the page.
fn mismatch(blocked: &Blocked) -> Option<String> {
    use BlockReason as R;
    if !matches!(blocked.reason, R::AllowOriginMismatch | R::PreflightAllowOriginMismatch) {
        return None;
    }
    let (value, origin) = (blocked.value(), blocked.request_origin());
    let page = Url::parse(origin).ok()?;
    if value.contains('*') {
        return Some(
            "`*` is a wildcard only if it is the whole value. Compare the origin on the server instead."
                .to_owned(),
        );
    }
    if value == "null" {
        return Some(
            "`null` is the origin of sandboxed frames and local files, not that of this page.".to_owned(),
        );
    }
    if matches!(value, "" | "undefined" | "None" | "nil" | "false" | "true") {
        return Some("A setting of the server is probably missing: the value is not an origin.".to_owned());
    }
    if value != origin && value.trim_end_matches('/').eq_ignore_ascii_case(origin) {
        return Some("An origin is in lower case and has no slash at its end.".to_owned());
    }
    if !value.contains("://") {
        return Some("An origin begins with its scheme.".to_owned());
    }
    let other = Url::parse(value).ok()?;
    let is_loopback = |url: &Url| AddressSpace::of(url) == AddressSpace::Loopback;
    let hint = if other.host_str() == page.host_str() && other.scheme() != page.scheme() {
        "`http` and `https` are different origins."
    } else if other.host_str() == page.host_str() {
        "The port is part of the origin."
    } else if is_loopback(&other) && is_loopback(&page) {
        "`localhost`, `127.0.0.1` and `[::1]` are different origins, although they are one machine."
    } else if other.host_str()?.trim_start_matches("www.") == page.host_str()?.trim_start_matches("www.") {
        "With and without `www.` are different origins."
    } else {
        return None;
    };
    Some(hint.to_owned())
}

/// The header that the server sends under a wrong name.
fn correct_spelling(response: &WireResponse, change: Option<&Change>) -> Option<String> {
    let misspelt = lists::misspelt(response);
    let (name, meant) =
        misspelt.iter().find(|(_, meant)| change.is_none_or(|change| change.header == *meant))?;
    Some(format!("Correct the name of the response header `{name}`: it is `{meant}`."))
}

/// What a preflight asks for and its lists do not have, if its status is what blocks the fetch. A server that refuses a header may
/// answer with an error status and with the headers for what it allows.
fn unlisted(blocked: &Blocked, preflight: &WireRequest, response: &WireResponse) -> Option<String> {
    if blocked.reason != BlockReason::PreflightStatusNotOk {
        return None;
    }
    let mut parts = Vec::new();
    if let Some(method) = unlisted_method(preflight, response) {
        parts.push(format!("the method `{method}`"));
    }
    parts.extend(unlisted_headers(preflight, response).iter().map(|name| format!("the header `{name}`")));
    (!parts.is_empty()).then(|| {
        format!(
            "The server does not list {}, and that is probably why it answers with {}.",
            parts.join(", "),
            response.status
        )
    })
}

/// The method of a preflight, if the response lists methods and not this one.
fn unlisted_method(preflight: &WireRequest, response: &WireResponse) -> Option<String> {
    let allowed = lists::tokens(response, ALLOW_METHODS);
    let method = requested_method(preflight);
    let is_simple = matches!(method.as_str(), "GET" | "HEAD" | "POST");
    (!allowed.is_empty() && !is_simple && !allowed.iter().any(|other| *other == method || other == "*"))
        .then_some(method)
}

/// The headers of a preflight that the response does not list, if it lists headers.
fn unlisted_headers(preflight: &WireRequest, response: &WireResponse) -> Vec<String> {
    let allowed = lists::tokens(response, ALLOW_HEADERS);
    let is_listed =
        |name: &String| allowed.iter().any(|other| other.eq_ignore_ascii_case(name) || other == "*");
    match allowed.is_empty() {
        true => Vec::new(),
        false => requested_headers(preflight).into_iter().filter(|name| !is_listed(name)).collect(),
    }
}

fn change(
    check: &Check,
    blocked: &Blocked,
    request: &WireRequest,
    response: &WireResponse,
    inquiry: &Inquiry,
) -> Option<Change> {
    use BlockReason as R;
    let change =
        |header: &'static str, to: String| Some(Change { header, from: lists::value(response, header), to });
    // Keeps what the header lists, and adds what is missing.
    let list = |header: &'static str, missing: &[&str]| {
        let tokens = lists::tokens(response, header);
        let mut names: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let has_meaning = blocked.reason == R::AuthorizationNotCoveredByWildcard;
        names.retain(|name| *name != "*" || has_meaning);
        for name in missing {
            if !names
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name) && header != ALLOW_METHODS || known == name)
            {
                names.push(name);
            }
        }
        change(header, names.join(", "))
    };
    match blocked.reason {
        R::MissingAllowOrigin
        | R::MultipleAllowOrigin
        | R::AllowOriginMismatch
        | R::WildcardOriginWithCredentials
        | R::PreflightMissingAllowOrigin
        | R::PreflightMultipleAllowOrigin
        | R::PreflightAllowOriginMismatch
        | R::PreflightWildcardWithCredentials => match blocked.request_origin() {
            // Any site can have the origin `null`, so allowing it is never the advice.
            "null" => None,
            // The origin is allowed already, or no header of this response would help.
            _ if !is_about_origin(blocked, response, inquiry) => None,
            origin => change(ALLOW_ORIGIN, origin.to_owned()),
        },
        R::CredentialsNotAllowed | R::PreflightCredentialsNotAllowed
            if check.page.origin != Origin::Opaque =>
        {
            change(ALLOW_CREDENTIALS, "true".to_owned())
        }
        R::PreflightStatusNotOk => match unlisted_headers(request, response).as_slice() {
            [] => list(ALLOW_METHODS, &[&unlisted_method(request, response)?]),
            names => list(ALLOW_HEADERS, &names.iter().map(String::as_str).collect::<Vec<_>>()),
        },
        R::MethodNotAllowed | R::MethodWildcardWithCredentials | R::InvalidAllowMethods => {
            list(ALLOW_METHODS, &[requested_method(request).as_ref()])
        }
        R::HeaderNotAllowed
        | R::HeaderWildcardWithCredentials
        | R::AuthorizationNotCoveredByWildcard
        | R::InvalidAllowHeaders => {
            let names = requested_headers(request);
            // Without credentials `*` covers the other headers.
            if blocked.reason == R::AuthorizationNotCoveredByWildcard {
                return list(ALLOW_HEADERS, &["authorization"]);
            }
            let misplaced = misplaced_headers(blocked, request);
            let names: Vec<_> =
                names.iter().filter(|name| !misplaced.contains(name)).map(String::as_str).collect();
            let allowed = lists::tokens(response, ALLOW_HEADERS);
            let is_allowed = |name: &&str| allowed.iter().any(|other| other.eq_ignore_ascii_case(name));
            // Without the headers that do not belong into a request, nothing may be missing.
            if !misplaced.is_empty() && names.iter().all(is_allowed) {
                return None;
            }
            list(ALLOW_HEADERS, &names)
        }
        R::ResourcePolicy => change("Cross-Origin-Resource-Policy", "cross-origin".to_owned()),
        _ => None,
    }
}

/// Whether another value of `Access-Control-Allow-Origin` would help. A response without CORS headers may come from something else
/// than the CORS middleware, or be about the method.
fn is_about_origin(blocked: &Blocked, response: &WireResponse, inquiry: &Inquiry) -> bool {
    match blocked.reason {
        BlockReason::PreflightMissingAllowOrigin => match &inquiry.denial {
            Some(Denial::Parts { .. } | Denial::Together) => false,
            Some(Denial::Preflights | Denial::Origin) => true,
            None => !matches!(response.status, 300..=399 | 401 | 404 | 405 | 407 | 429 | 500..=599),
        },
        BlockReason::MissingAllowOrigin => !matches!(response.status, 301 | 302 | 303 | 307 | 308),
        _ => true,
    }
}

fn instruction(change: &Change, exchanges: &[Exchange]) -> String {
    let Change { header, from, to } = change;
    let place = match exchanges.last().map(|last| last.kind) {
        Some(ExchangeKind::Preflight) => "On the response to the preflight (OPTIONS)",
        _ => "On the response",
    };
    match from {
        // The server may deny this origin on purpose.
        None if *header == ALLOW_ORIGIN => {
            format!("{place}, send `{header}: {to}` if pages of that origin may use this server.")
        }
        None => format!("{place}, send `{header}: {to}`."),
        Some(from) => format!("{place}, change `{header}: {from}` to `{header}: {to}`, and send it once."),
    }
}

/// The other headers that the response needs, so that the next check does not stop at the next one.
fn companions(check: &Check, blocked: &Blocked, last: &Exchange, change: Option<&Change>) -> Option<String> {
    let is_about_origin = change.is_some_and(|change| change.header == ALLOW_ORIGIN);
    let mut needed = Vec::new();
    if is_about_origin && check.request.credentials == Credentials::Include {
        needed.push(format!("`{ALLOW_CREDENTIALS}: true`"));
    }
    if is_about_origin
        && last.kind == ExchangeKind::Preflight
        && blocked.reason == BlockReason::PreflightMissingAllowOrigin
    {
        let method = requested_method(&last.request);
        if !matches!(&*method, "GET" | "HEAD" | "POST") {
            needed.push(format!("`{ALLOW_METHODS}: {method}`"));
        }
        let names = requested_headers(&last.request);
        if !names.is_empty() {
            needed.push(format!("`{ALLOW_HEADERS}: {}`", names.join(", ")));
        }
    }
    if is_about_origin {
        needed.push("`Vary: Origin`".to_owned());
    }
    (!needed.is_empty()).then(|| format!("Also send {}.", needed.join(", ")))
}

/// Why the origin is `null`.
fn null_origin(check: &Check, blocked: &Blocked) -> Option<String> {
    use BlockReason as R;
    let is_about_origin = matches!(
        blocked.reason,
        R::MissingAllowOrigin
            | R::AllowOriginMismatch
            | R::PreflightMissingAllowOrigin
            | R::PreflightAllowOriginMismatch
    );
    if !is_about_origin || blocked.request_origin() != "null" {
        return None;
    }
    Some(match check.page.origin {
        Origin::Opaque => "Any site can make a page with the origin `null`, so a server should not allow it. Serve the page from a \
                           real origin, or send `*` if the response is public."
            .to_owned(),
        Origin::Tuple { .. } => format!(
            "A redirect led from one foreign origin to another, so the browser sends `Origin: null`. Let the page fetch {} \
             directly.",
            blocked.url()
        ),
    })
}

fn requested_method(preflight: &WireRequest) -> String {
    preflight
        .header("access-control-request-method")
        .map_or_else(|| preflight.method.clone(), |value| String::from_utf8_lossy(value).into_owned())
}

fn requested_headers(preflight: &WireRequest) -> Vec<String> {
    let Some(value) = preflight.header("access-control-request-headers") else { return Vec::new() };
    String::from_utf8_lossy(value).split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
