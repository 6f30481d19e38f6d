//! Which response header to change, and to what value.

use cors_browser::{
    BlockReason, Blocked, Credentials, Exchange, ExchangeKind, Origin, WireRequest, WireResponse,
};

use super::Check;
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
pub(super) fn advise(check: &Check, blocked: &Blocked, exchanges: &[Exchange]) -> Advice {
    let change = exchanges.last().and_then(|last| {
        let response = last.response.as_ref().ok()?;
        change(check, blocked, &last.request, response)
    });
    let mut sentences = vec![match &change {
        Some(change) => instruction(change, exchanges),
        None => explanation(blocked.reason).fix.to_owned(),
    }];
    sentences.extend(null_origin(check, blocked));
    let answered = exchanges.last().and_then(|last| Some((last, last.response.as_ref().ok()?)));
    if let Some((last, response)) = answered {
        sentences.extend(companions(check, blocked, last, change.as_ref()));
        sentences.extend(background(check, blocked, last, response));
    }
    Advice { help: sentences.join(" "), change }
}

fn change(
    check: &Check,
    blocked: &Blocked,
    request: &WireRequest,
    response: &WireResponse,
) -> Option<Change> {
    use BlockReason as R;
    let change = |header: &'static str, to: String| {
        let lines: Vec<_> = response.lines(header).map(String::from_utf8_lossy).collect();
        Some(Change { header, from: (!lines.is_empty()).then(|| lines.join(", ")), to })
    };
    // Keeps what the header lists, and adds what is missing.
    let list = |header: &'static str, missing: &[&str]| {
        let lines: Vec<_> = response.lines(header).map(String::from_utf8_lossy).collect();
        let mut names: Vec<&str> = lines.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
        names.retain(|name| !name.is_empty() && !name.contains([' ', ';']));
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
            origin => change(ALLOW_ORIGIN, origin.to_owned()),
        },
        R::CredentialsNotAllowed | R::PreflightCredentialsNotAllowed
            if check.page.origin != Origin::Opaque =>
        {
            change(ALLOW_CREDENTIALS, "true".to_owned())
        }
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
            list(ALLOW_HEADERS, &names.iter().map(String::as_str).collect::<Vec<_>>())
        }
        R::ResourcePolicy => change("Cross-Origin-Resource-Policy", "cross-origin".to_owned()),
        _ => None,
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

/// The probable cause on the server, which a browser cannot see.
fn background(check: &Check, blocked: &Blocked, last: &Exchange, response: &WireResponse) -> Option<String> {
    use BlockReason as R;
    let status = response.status;
    match blocked.reason {
        R::PreflightMissingAllowOrigin | R::PreflightStatusNotOk => Some(match status {
            301 | 302 | 303 | 307 | 308 => return location(response),
            401 | 407 => format!(
                "The status {status} means that authentication runs first. A preflight never has cookies or `Authorization`, \
                 so the server must answer OPTIONS before authentication."
            ),
            403 => format!(
                "A 403 without CORS headers is how a server denies a preflight: its policy probably does not allow {}. The \
                 server's log can tell.",
                suspects(check, &last.request)
            ),
            404 | 405 | 501 => format!(
                "The status {status} means that nothing answers OPTIONS at this URL: there is no CORS middleware, or it runs \
                 after the router."
            ),
            500..=599 => {
                format!("The status {status} means that the server failed on OPTIONS. Its log can tell why.")
            }
            200..=299 => "The server answers OPTIONS, but without CORS headers for this origin.".to_owned(),
            _ => return None,
        }),
        R::PreflightRedirected => location(response),
        R::MissingAllowOrigin => Some(match status {
            301 | 302 | 303 | 307 | 308 => "A redirect must pass the CORS check as well.".to_owned(),
            400..=599 => format!(
                "This is an error response (status {status}), and the page cannot read it without the header. The CORS \
                 middleware must wrap whatever produced it."
            ),
            _ => return None,
        }),
        _ => None,
    }
}

/// What the policy may not allow: the origin, a method that is not CORS-safelisted, the headers.
fn suspects(check: &Check, preflight: &WireRequest) -> String {
    let mut suspects = vec![format!("the origin {}", check.page.origin)];
    let method = requested_method(preflight);
    if !matches!(method.as_str(), "GET" | "HEAD" | "POST") {
        suspects.push(format!("the method {method}"));
    }
    match requested_headers(preflight).as_slice() {
        [] => {}
        [name] => suspects.push(format!("the header {name}")),
        names => suspects.push(format!("one of the headers {}", names.join(", "))),
    }
    suspects.join(", or ")
}

fn location(response: &WireResponse) -> Option<String> {
    let location = String::from_utf8_lossy(response.lines("location").next()?).into_owned();
    Some(format!(
        "The redirect leads to `{location}`. If that is the right URL, let the page fetch it directly."
    ))
}

fn requested_method(preflight: &WireRequest) -> String {
    preflight
        .header("access-control-request-method")
        .map_or_else(|| preflight.method.clone(), |value| String::from_utf8_lossy(value).into_owned())
}

fn requested_headers(preflight: &WireRequest) -> Vec<String> {
    let Some(value) = preflight.header("access-control-request-headers") else { return Vec::new() };
    String::from_utf8_lossy(value).split(',').map(str::to_owned).collect()
}
