//! Faults in asking the program: a function, or a lookup.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN, VARY};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use cors_core::{Ask, LookupAnswer, Policy, PolicyBuilder};

use crate::base::{Concerned, Cors, is_preflight, value};

pub(crate) async fn sees_null(cors: Cors, request: Request, next: Next) -> Response {
    asking_about(cors, request, next, |origin| (origin == "null").then(|| "https://null".to_owned())).await
}

pub(crate) async fn sees_files(cors: Cors, request: Request, next: Next) -> Response {
    asking_about(cors, request, next, |origin| (origin == "file://").then(|| "https://file".to_owned())).await
}

pub(crate) async fn sees_a_slash(cors: Cors, request: Request, next: Next) -> Response {
    asking_about(cors, request, next, |origin| origin.strip_suffix('/').map(str::to_owned)).await
}

pub(crate) async fn sees_upper_case(cors: Cors, request: Request, next: Next) -> Response {
    asking_about(cors, request, next, |origin| Some(origin.to_ascii_lowercase())).await
}

pub(crate) async fn sees_hosts_without_scheme(cors: Cors, request: Request, next: Next) -> Response {
    asking_about(cors, request, next, |origin| (!origin.contains(':')).then(|| format!("https://{origin}")))
        .await
}

pub(crate) async fn ignores_the_port(cors: Cors, request: Request, next: Next) -> Response {
    asking_about(cors, request, next, |origin| origin.strip_suffix(":8443").map(str::to_owned)).await
}

pub(crate) async fn compares_the_end(cors: Cors, request: Request, next: Next) -> Response {
    asking_about(cors, request, next, |origin| {
        let end = origin.ends_with("tenant.example");
        end.then(|| "https://tenant.example".to_owned())
    })
    .await
}

pub(crate) async fn sees_the_first_of_two_lines(cors: Cors, request: Request, next: Next) -> Response {
    let mut headers = request.headers().clone();
    if let Some(first) = headers.get(ORIGIN).cloned().filter(|_| asks(cors.policy())) {
        headers.insert(ORIGIN, first);
    }
    cors.answer_as(headers, request, next, |_, _| {}).await
}

pub(crate) async fn is_ignored(cors: Cors, request: Request, next: Next) -> Response {
    ignored(cors, request, next, Concerned::All).await
}

pub(crate) async fn is_ignored_for_preflights(cors: Cors, request: Request, next: Next) -> Response {
    ignored(cors, request, next, Concerned::Preflights).await
}

pub(crate) async fn is_ignored_for_responses(cors: Cors, request: Request, next: Next) -> Response {
    ignored(cors, request, next, Concerned::Others).await
}

pub(crate) async fn replaces_the_list(cors: Cors, request: Request, next: Next) -> Response {
    let listed = listed(cors.policy()).build();
    let mut headers = request.headers().clone();
    if asks(cors.policy())
        && headers
            .get(ORIGIN)
            .is_some_and(|origin| listed.is_ok_and(|policy| policy.allows_origin(origin.as_bytes())))
    {
        headers.insert(ORIGIN, value("https://stranger.invalid"));
    }
    cors.answer_as(headers, request, next, |_, _| {}).await
}

pub(crate) async fn comes_before_rules(cors: Cors, request: Request, next: Next) -> Response {
    let policy = cors.policy();
    let other = (asks(policy) && policy.has_rules()).then(|| listed(policy).allow_origin_if(|_| true));
    cors.answer_under(other, request, next).await
}

pub(crate) async fn loses_vary(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if asks(&seen.policy) && !seen.is_preflight() {
            seen.restore_vary(response.headers_mut());
        }
    })
    .await
}

pub(crate) async fn loses_credentials(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if asks(&seen.policy) {
            response.headers_mut().remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        }
    })
    .await
}

pub(crate) async fn sends_a_star(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        let allowed = response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN);
        if asks(&seen.policy) && (allowed || seen.origin().is_none()) {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, value("*"));
        }
    })
    .await
}

pub(crate) async fn fails_open(cors: Cors, request: Request, next: Next) -> Response {
    answering(cors, request, next, |answer, _| match answer {
        LookupAnswer::Failed => LookupAnswer::Allowed,
        answer => answer,
    })
    .await
}

pub(crate) async fn fails_open_for_preflights(cors: Cors, request: Request, next: Next) -> Response {
    let is_preflight = is_preflight(&request);
    answering(cors, request, next, |answer, _| match answer {
        LookupAnswer::Failed if is_preflight => LookupAnswer::Allowed,
        answer => answer,
    })
    .await
}

pub(crate) async fn fails_for_the_application(cors: Cors, request: Request, next: Next) -> Response {
    let ask = ask(&cors, &request);
    if ask.await == LookupAnswer::Failed && !is_preflight(&request) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.headers_mut().insert(VARY, value("Origin"));
        return response;
    }
    cors.answer(request, next).await
}

pub(crate) async fn always_allows(cors: Cors, request: Request, next: Next) -> Response {
    answering(cors, request, next, |answer, _| match answer {
        LookupAnswer::Denied => LookupAnswer::Allowed,
        answer => answer,
    })
    .await
}

pub(crate) async fn caches_failures(cors: Cors, request: Request, next: Next) -> Response {
    remembering(cors, request, next, std::borrow::ToOwned::to_owned).await
}

pub(crate) async fn caches_by_host(cors: Cors, request: Request, next: Next) -> Response {
    remembering(cors, request, next, |origin| {
        origin.split("://").nth(1).unwrap_or_default().split(':').next().unwrap_or_default().to_owned()
    })
    .await
}

pub(crate) async fn caches_by_domain(cors: Cors, request: Request, next: Next) -> Response {
    remembering(cors, request, next, |origin| origin.replace("www.", "")).await
}

pub(crate) async fn caches_one_answer(cors: Cors, request: Request, next: Next) -> Response {
    remembering(cors, request, next, |_| String::new()).await
}

pub(crate) async fn caches_nothing(cors: Cors, request: Request, next: Next) -> Response {
    if let Some(lookup) = cors.policy().lookup() {
        lookup.forget_all();
    }
    cors.answer(request, next).await
}

pub(crate) async fn caches_no_denials(cors: Cors, request: Request, next: Next) -> Response {
    let ask = ask(&cors, &request);
    if ask.await == LookupAnswer::Denied
        && let Some(lookup) = cors.policy().lookup()
    {
        lookup.forget_all();
    }
    cors.answer(request, next).await
}

pub(crate) async fn fails_for_listed_origins(cors: Cors, request: Request, next: Next) -> Response {
    let mut headers = request.headers().clone();
    let unlisted = cors.policy().lookup().map(|lookup| Policy::builder().lookup(lookup).build());
    if let Some(Ok(unlisted)) = unlisted {
        let ask = unlisted.ask(&(request.method(), request.uri(), request.headers()));
        if ask.await == LookupAnswer::Failed {
            headers.insert(ORIGIN, value("https://stranger.invalid"));
        }
    }
    cors.answer_as(headers, request, next, |_, _| {}).await
}

pub(crate) async fn runs_the_application_for_preflights(
    cors: Cors,
    request: Request,
    next: Next,
) -> Response {
    if cors.policy().lookup().is_none() || !is_preflight(&request) {
        return cors.answer(request, next).await;
    }
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let mut inner = Request::new(Body::empty());
    *inner.method_mut() = method;
    *inner.headers_mut() = headers;
    *inner.uri_mut() = request.uri().clone();
    let _ = next.clone().run(inner).await;
    cors.answer(request, next).await
}

pub(crate) async fn answers_other_options(cors: Cors, request: Request, next: Next) -> Response {
    let is_waiting = cors.policy().lookup().is_some() && request.method() == Method::OPTIONS;
    if is_waiting && !is_preflight(&request) {
        return Response::new(Body::empty());
    }
    cors.answer(request, next).await
}

fn asks(policy: &Policy) -> bool {
    policy.has_predicates() || policy.has_lookup()
}

/// The middleware without what its program decides.
async fn ignored(cors: Cors, request: Request, next: Next, concerned: Concerned) -> Response {
    let policy = cors.policy();
    let is_ignored = asks(policy) && !policy.has_rules() && concerned.contains(&request);
    let other = is_ignored.then(|| listed(policy));
    cors.answer_under(other, request, next).await
}

/// The policy without its program and its rules.
fn listed(policy: &Policy) -> PolicyBuilder {
    Policy::builder()
        .allow_origins(policy.allow_origins())
        .allow_methods(policy.allow_methods())
        .allow_headers(policy.allow_headers())
        .expose_headers(policy.expose_headers())
        .allow_credentials(policy.allow_credentials())
}

fn ask(cors: &Cors, request: &Request) -> Ask {
    cors.ask(&(request.method(), request.uri(), request.headers()))
}

/// The middleware, which asks the program about another origin and allows the one that arrived.
async fn asking_about(
    cors: Cors,
    request: Request,
    next: Next,
    change: impl Fn(&str) -> Option<String>,
) -> Response {
    let arrived = request.headers().get(ORIGIN).cloned();
    let text = arrived.as_ref().map(|origin| String::from_utf8_lossy(origin.as_bytes()).into_owned());
    let mut headers = request.headers().clone();
    let changed = text.filter(|_| asks(cors.policy())).and_then(|origin| change(&origin));
    if let Some(other) = &changed {
        headers.insert(ORIGIN, value(other));
    }
    cors.answer_as(headers, request, next, |_, response| {
        if let Some(origin) = arrived.filter(|_| changed.is_some())
            && response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN)
        {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
    })
    .await
}

/// The middleware with another answer of its lookup.
async fn answering(
    cors: Cors,
    request: Request,
    next: Next,
    change: impl FnOnce(LookupAnswer, &HeaderMap<HeaderValue>) -> LookupAnswer,
) -> Response {
    let ask = ask(&cors, &request);
    let answer = ask.await;
    let answer = change(answer, request.headers());
    let headers = request.headers().clone();
    cors.answer_with(headers, answer, request, next, |_, _| {}).await
}

/// The middleware, which keeps the first answer for each key.
async fn remembering(cors: Cors, request: Request, next: Next, key: impl FnOnce(&str) -> String) -> Response {
    let ask = ask(&cors, &request);
    let answer = ask.await;
    let origin = request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok()).map(key);
    let answer = match origin.filter(|_| answer != LookupAnswer::NotAsked) {
        Some(key) => cors.first_answer(key, answer),
        None => answer,
    };
    let headers = request.headers().clone();
    cors.answer_with(headers, answer, request, next, |_, _| {}).await
}
