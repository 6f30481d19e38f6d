//! What the status, telling headers and the beginning of a body say about a response without the right CORS headers.

use cors_browser::{BlockReason, Blocked, Exchange, ExchangeKind, WireResponse};
use url::Url;

use super::inquiry::{Denial, Inquiry};
use super::lists::value;
use super::note::cached_by;
use super::{Check, body};

/// Bodies of middlewares that say why they refuse: what they contain, and what it means.
const BODIES: [(&str, &str); 8] = [
    (
        "Disallowed CORS origin",
        "its CORS middleware (Starlette, FastAPI) does not allow the origin: add it to `allow_origins`",
    ),
    (
        "Disallowed CORS method",
        "its CORS middleware (Starlette, FastAPI) does not allow the method: add it to `allow_methods`",
    ),
    (
        "Disallowed CORS headers",
        "its CORS middleware (Starlette, FastAPI) does not allow a header: add it to `allow_headers`",
    ),
    (
        "Invalid CORS request",
        "its CORS filter (Spring) does not allow the origin, the method or a header: see `allowedOrigins`, `allowedMethods` and `allowedHeaders`",
    ),
    ("CORSResponse: CORS is not enabled for this bucket", "the bucket (S3) has no CORS configuration"),
    (
        "CORSResponse: This CORS request is not allowed",
        "no rule of the bucket's CORS configuration (S3) allows the origin, the method and the headers together",
    ),
    (
        "Not allowed by CORS",
        "the application's own list of origins (the `cors` package of Express) does not have this origin",
    ),
    ("CORS policy", "the server itself refuses the origin"),
];

/// The probable cause on the server, which a browser cannot see, as sentences.
pub(super) fn background(
    check: &Check,
    blocked: &Blocked,
    exchanges: &[Exchange],
    inquiry: &Inquiry,
) -> Vec<String> {
    use BlockReason as R;
    let Some(last) = exchanges.last() else { return Vec::new() };
    let Ok(response) = &last.response else { return Vec::new() };
    let mut sentences = Vec::new();
    match blocked.reason {
        R::PreflightMissingAllowOrigin | R::PreflightStatusNotOk | R::PreflightRedirected => {
            sentences.extend(of_preflight(blocked, last, response, inquiry));
            sentences.extend(of_router(response).map(str::to_owned));
        }
        R::MissingAllowOrigin => {
            sentences.extend(after_a_grant(exchanges, response));
            sentences.extend(of_redirection(check, exchanges));
            sentences.extend(of_response(&last.request.url, response, inquiry));
        }
        R::AllowOriginMismatch | R::WildcardOriginWithCredentials => {
            sentences.extend(cached_by(response).map(|evidence| {
                format!(
                    "The response comes from a cache (`{evidence}`), perhaps one that a page of another origin asked before: send \
                     `Vary: Origin`, and empty the cache."
                )
            }));
        }
        _ => {}
    }
    if let Some(meaning) = of_body(response) {
        sentences.push(format!("The body says why: {meaning}."));
    } else {
        sentences.extend(of_sender(response));
    }
    sentences
}

fn of_preflight(
    blocked: &Blocked,
    last: &Exchange,
    response: &WireResponse,
    inquiry: &Inquiry,
) -> Option<String> {
    let status = response.status;
    if let Some(denial) = &inquiry.denial {
        return Some(denied(denial, last, status));
    }
    Some(match status {
        301 | 302 | 303 | 307 | 308 => return redirect(&last.request.url, response),
        300..=399 => format!("The status {status} is not a redirect that browsers follow. Answer OPTIONS with 204."),
        401 | 407 => format!(
            "The status {status} means that authentication runs first. A preflight never has cookies or `Authorization`, so the \
             server must answer OPTIONS before authentication."
        ),
        403 if blocked.reason == BlockReason::PreflightMissingAllowOrigin => {
            "A 403 without CORS headers is how a server denies a preflight. The server's log can tell what its policy does not \
             allow."
                .to_owned()
        }
        403 => {
            "The status 403 with CORS headers comes from something behind the CORS middleware, such as authorization or CSRF \
             protection. Answer OPTIONS before it."
                .to_owned()
        }
        404 | 405 | 501 => format!(
            "The status {status} means that nothing answers OPTIONS at this URL: there is no CORS middleware, or it runs after \
             the router."
        ),
        429 => "The status 429 means that a rate limit counts preflights. Do not count OPTIONS, or answer it before the limit."
            .to_owned(),
        502..=504 => format!(
            "The status {status} comes from a proxy that got no answer from the application. The application may not handle \
             OPTIONS, or is not running."
        ),
        500..=599 => format!("The status {status} means that the server failed on OPTIONS. Its log can tell why."),
        200..=299 => "The server answers OPTIONS, but without CORS headers for this origin.".to_owned(),
        _ => return None,
    })
}

/// A router that answers OPTIONS by itself.
fn of_router(response: &WireResponse) -> Option<&'static str> {
    let is_answered = matches!(response.status, 200..=299) && value(response, "allow").is_some();
    let has_cors = value(response, "access-control-allow-origin").is_some();
    let is_express = value(response, "x-powered-by").is_some_and(|by| by == "Express");
    match is_answered && !has_cors {
        true if is_express => Some(
            "The header `Allow` shows that Express answered OPTIONS by itself: `app.use(cors())` is missing, or comes after the routes.",
        ),
        true => Some(
            "The header `Allow` shows that the router answered OPTIONS by itself: the CORS middleware is missing, or comes after it.",
        ),
        false => None,
    }
}

/// What the simpler preflights have shown.
fn denied(denial: &Denial, last: &Exchange, status: u16) -> String {
    let origin = last.request.header("origin").map(String::from_utf8_lossy).unwrap_or_default();
    match denial {
        Denial::Parts { method, headers } => {
            let mut parts: Vec<_> = method.iter().map(|method| format!("the method {method}")).collect();
            match headers.as_slice() {
                [] => {}
                [name] => parts.push(format!("the header {name}")),
                names => parts.push(format!("the headers {}", names.join(", "))),
            }
            let pronoun = if parts.len() == 1 && headers.len() < 2 { "it" } else { "them" };
            format!(
                "Allow {} in the server's policy. Simpler preflights of this origin get the right headers, those with {pronoun} \
                 do not.",
                parts.join(", and ")
            )
        }
        Denial::Together => {
            "The server allows the origin, the method and each header by itself, but not together. See its policy for this path."
                .to_owned()
        }
        Denial::Preflights => format!(
            "The response to a GET has the right headers, but those to preflights (status {status}) do not: OPTIONS does not \
             reach the CORS middleware, or the middleware does not handle it."
        ),
        Denial::Origin => format!(
            "The simplest requests of {origin} get no CORS headers either: the server's policy does not allow this origin, or the \
             server has no CORS middleware."
        ),
    }
}

/// Where a request was redirected to before its response had no CORS headers.
fn of_redirection(check: &Check, exchanges: &[Exchange]) -> Option<String> {
    let last = exchanges.last()?;
    let requests = exchanges.iter().filter(|exchange| exchange.kind == ExchangeKind::Actual).count();
    (requests > 1 && last.request.url.as_str() != check.request.url.as_str()).then(|| {
        let target = &last.request.url;
        let what =
            if is_login(target) { "That is a login page: the request was not logged in. " } else { "" };
        format!("The request was redirected to {target}. {what}That response needs CORS headers as well.")
    })
}

/// A request whose preflight was granted, and whose response has no CORS headers although it is not an error.
fn after_a_grant(exchanges: &[Exchange], response: &WireResponse) -> Option<String> {
    let last = exchanges.last()?;
    let has_preflight = exchanges.iter().any(|exchange| exchange.kind == ExchangeKind::Preflight);
    (has_preflight && matches!(response.status, 200..=299)).then(|| {
        format!(
            "The preflight was granted, but the response to the {} request needs `Access-Control-Allow-Origin` as well.",
            last.request.method
        )
    })
}

/// A response to a request that has no CORS headers.
fn of_response(url: &Url, response: &WireResponse, inquiry: &Inquiry) -> Option<String> {
    let status = response.status;
    let wrap = "The CORS middleware must wrap whatever produced it";
    Some(match status {
        301 | 302 | 303 | 307 | 308 => {
            return Some(format!(
                "A redirect must pass the CORS check as well. {}",
                redirect(url, response).unwrap_or_default()
            ));
        }
        400 | 403 if inquiry.plain_status.is_some_and(|plain| matches!(plain, 200..=299)) => format!(
            "Without `Origin` the server answers the same request with {}. Its own CORS filter refuses this origin with {status}.",
            inquiry.plain_status.unwrap_or_default()
        ),
        401 => format!(
            "This is an error response (status 401), and the page cannot read it without the header: the request has no login, or \
             a wrong one. {wrap}, here the authentication."
        ),
        403 => format!(
            "This is an error response (status 403), and the page cannot read it without the header. {wrap}: authorization, CSRF \
             protection, or a firewall."
        ),
        404 => format!(
            "This is an error response (status 404): the path may be wrong. {wrap}, here the router."
        ),
        413 => "This is an error response (status 413): the body is larger than a proxy or the server allows. Proxies answer by \
                themselves, without the application's CORS headers."
            .to_owned(),
        429 => format!(
            "This is an error response (status 429) of a rate limit, and the page cannot read it without the header. {wrap}."
        ),
        502..=504 => format!(
            "This is an error response (status {status}) of a proxy, not of the application: the application did not answer. The \
             page would see the status if the proxy added the header (nginx: `add_header … always`)."
        ),
        400..=599 => format!(
            "This is an error response (status {status}), and the page cannot read it without the header. {wrap}, and the \
             server's log can tell what failed."
        ),
        200..=299 if begins_with_html(response) => {
            "The body is an HTML page. If the URL should be that of an API, it is probably the wrong one.".to_owned()
        }
        _ => return None,
    })
}

/// Where a redirect leads, and what to do about it.
fn redirect(url: &Url, response: &WireResponse) -> Option<String> {
    let Some(location) = value(response, "location") else {
        return Some(format!(
            "The status {} has no `Location`, so it is not a redirect. Answer with 204.",
            response.status
        ));
    };
    let Ok(target) = url.join(&location) else {
        return Some(format!("The redirect leads to `{location}`, which is not a valid URL."));
    };
    let path = |url: &Url| url.path().trim_end_matches('/').to_owned();
    let is_same_host = url.host_str() == target.host_str();
    let same_path = path(url) == path(&target);
    Some(if is_login(&target) {
        format!(
            "The redirect leads to `{location}`, a login page: the server sees no login. For an API, answer with 401 instead of a \
             redirect, with CORS headers, and answer OPTIONS before authentication."
        )
    } else if is_same_host && same_path && url.scheme() == target.scheme() && url.path() != target.path() {
        format!(
            "The redirect leads to `{location}` only to {} a slash at the end. Let the page fetch {target} directly.",
            if target.path().ends_with('/') { "add" } else { "remove" }
        )
    } else if is_same_host && same_path && url.scheme() == "http" && target.scheme() == "https" {
        format!("The redirect leads to HTTPS. Let the page fetch {target} directly.")
    } else if same_path && !is_same_host {
        format!("The redirect leads to another host. Let the page fetch {target} directly.")
    } else {
        format!(
            "The redirect leads to `{location}`. If that is the right URL, let the page fetch it directly."
        )
    })
}

/// Whether a URL is probably that of a login page.
fn is_login(url: &Url) -> bool {
    const WORDS: [&str; 10] =
        ["login", "log-in", "signin", "sign-in", "sign_in", "sso", "oauth", "oauth2", "authorize", "saml"];
    let path = url.path().to_ascii_lowercase();
    let is_path = path.split(['/', '.', ';']).any(|part| WORDS.contains(&part));
    let host = url.host_str().unwrap_or_default();
    let is_host =
        ["login.", "accounts.", "auth.", "sso.", "signin."].iter().any(|start| host.starts_with(start));
    is_path || is_host
}

/// What the body of a known middleware means.
fn of_body(response: &WireResponse) -> Option<&'static str> {
    let decoded = body::decoded(response)?;
    let beginning = &decoded[..decoded.len().min(2048)];
    let text = String::from_utf8_lossy(beginning);
    BODIES.iter().find(|(words, _)| text.contains(words)).map(|&(_, meaning)| meaning)
}

/// Who sent an error, if a header says so.
fn of_sender(response: &WireResponse) -> Option<String> {
    if !matches!(response.status, 400..=599) {
        return None;
    }
    let server = value(response, "server").unwrap_or_default().to_ascii_lowercase();
    let has = |name: &str| value(response, name).is_some();
    if has("cf-mitigated") || (server == "cloudflare" && matches!(response.status, 403 | 429 | 503)) {
        let hint = "The response comes from Cloudflare. If its firewall or a challenge made it, exempt the API from it.";
        return Some(hint.to_owned());
    }
    let word = [
        ("nginx", "nginx. Its `add_header` skips error responses without `always`."),
        ("openresty", "nginx. Its `add_header` skips error responses without `always`."),
        (
            "amazons3",
            "Amazon S3. The bucket needs a CORS configuration that allows the origin, the method and the headers.",
        ),
        ("awselb", "an AWS load balancer, not from the application."),
        ("envoy", "Envoy, not necessarily from the application."),
        ("apache", "Apache. Its `Header set` skips error responses without `always`."),
        ("microsoft-iis", "IIS. Its `customHeaders` do not answer OPTIONS; the IIS CORS module does."),
    ];
    let found = word.iter().find(|(name, _)| server.starts_with(name)).map(|(_, meaning)| *meaning);
    let gateway = has("x-amzn-errortype") || has("x-amz-apigw-id");
    let gateway = gateway.then_some("Amazon API Gateway. Add CORS headers to its gateway responses.");
    found.or(gateway).map(|meaning| format!("The response comes from {meaning}"))
}

/// Whether a body is an HTML page.
fn begins_with_html(response: &WireResponse) -> bool {
    let Some(body) = body::decoded(response) else { return false };
    let body = body.trim_ascii_start();
    let begins =
        |text: &str| body.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()));
    begins("<!doctype html") || begins("<html")
}
