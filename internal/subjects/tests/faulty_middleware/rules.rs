//! Faults in rules by origin.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, VARY};
use axum::middleware::Next;
use axum::response::Response;
use cors_core::{Policy, PolicyBuilder, Rule, RuleBuilder};

use crate::base::{Concerned, Cors, Kind, Seen, value};

pub(crate) async fn inherit_credentials(cors: Cors, request: Request, next: Next) -> Response {
    with_rules(cors, request, next, |policy, rule| {
        rule.to_builder().allow_credentials(rule.allow_credentials() || policy.allow_credentials())
    })
    .await
}

pub(crate) async fn inherit_methods(cors: Cors, request: Request, next: Next) -> Response {
    with_rules(cors, request, next, |policy, rule| rule.to_builder().allow_methods(policy.allow_methods()))
        .await
}

pub(crate) async fn inherit_headers(cors: Cors, request: Request, next: Next) -> Response {
    with_rules(cors, request, next, |policy, rule| rule.to_builder().allow_headers(policy.allow_headers()))
        .await
}

pub(crate) async fn inherit_exposed_headers(cors: Cors, request: Request, next: Next) -> Response {
    with_rules(cors, request, next, |policy, rule| rule.to_builder().expose_headers(policy.expose_headers()))
        .await
}

pub(crate) async fn inherit_the_max_age(cors: Cors, request: Request, next: Next) -> Response {
    with_rules(cors, request, next, |policy, rule| match rule.max_age().or(policy.max_age()) {
        Some(max_age) => rule.to_builder().max_age(max_age),
        None => rule.to_builder(),
    })
    .await
}

pub(crate) async fn last_one_decides(cors: Cors, request: Request, next: Next) -> Response {
    changed(cors, request, next, |policy| {
        let rules: Vec<_> = rules(policy);
        own(policy).rules(rules.into_iter().rev())
    })
    .await
}

pub(crate) async fn are_merged(cors: Cors, request: Request, next: Next) -> Response {
    with_rules(cors, request, next, |policy, rule| {
        policy.rules().fold(rule.to_builder(), |merged, other| {
            merged.allow_methods(other.allow_methods()).allow_headers(other.allow_headers())
        })
    })
    .await
}

pub(crate) async fn widen_the_policy(cors: Cors, request: Request, next: Next) -> Response {
    changed(cors, request, next, |policy| {
        let widened = policy.rules().fold(own(policy), |widened, rule| {
            widened.allow_methods(rule.allow_methods()).allow_headers(rule.allow_headers())
        });
        widened.rules(rules(policy))
    })
    .await
}

pub(crate) async fn give_their_credentials_to_all(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.policy.rules().any(|rule| rule.allow_credentials())
            && response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN)
            && let Some(origin) = seen.origin()
        {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, value("true"));
        }
    })
    .await
}

pub(crate) async fn come_after_the_policy(cors: Cors, request: Request, next: Next) -> Response {
    changed(cors, request, next, |policy| {
        let first = Rule::builder()
            .allow_origins(policy.allow_origins().filter(|entry| entry != "*"))
            .allow_methods(policy.allow_methods())
            .allow_headers(policy.allow_headers())
            .expose_headers(policy.expose_headers())
            .allow_credentials(policy.allow_credentials())
            .dangerously_allow(policy.dangerously_allow().iter().copied());
        own(policy).rule(first).rules(rules(policy))
    })
    .await
}

pub(crate) async fn come_after_later_exact_ones(cors: Cors, request: Request, next: Next) -> Response {
    changed(cors, request, next, |policy| {
        let exact_first = policy.rules().filter(|rule| !has_pattern(rule)).map(|rule| rule.to_builder());
        let then = policy.rules().filter(has_pattern).map(|rule| rule.to_builder());
        own(policy).rules(exact_first.chain(then))
    })
    .await
}

pub(crate) async fn are_ignored(cors: Cors, request: Request, next: Next) -> Response {
    ignored(cors, request, next, Concerned::All).await
}

pub(crate) async fn are_ignored_for_preflights(cors: Cors, request: Request, next: Next) -> Response {
    ignored(cors, request, next, Concerned::Preflights).await
}

pub(crate) async fn are_ignored_for_responses(cors: Cors, request: Request, next: Next) -> Response {
    ignored(cors, request, next, Concerned::Others).await
}

pub(crate) async fn deny_what_none_contains(cors: Cors, request: Request, next: Next) -> Response {
    changed(cors, request, next, |policy| {
        Policy::builder().allow_origins([] as [&str; 0]).rules(rules(policy))
    })
    .await
}

pub(crate) async fn have_the_default_status(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.policy.has_rules() && seen.kind == Kind::GrantedPreflight {
            *response.status_mut() = StatusCode::NO_CONTENT;
        }
    })
    .await
}

pub(crate) async fn have_no_diagnostics(cors: Cors, request: Request, next: Next) -> Response {
    changed(cors, request, next, |policy| policy.to_builder().diagnostics(false)).await
}

pub(crate) async fn vary_never_beside_a_star(cors: Cors, request: Request, next: Next) -> Response {
    omitting_vary(cors, request, next, |_| true).await
}

pub(crate) async fn vary_only_for_their_origins(cors: Cors, request: Request, next: Next) -> Response {
    omitting_vary(cors, request, next, |seen| {
        let rules = Policy::builder().allow_origins([] as [&str; 0]).rules(rules(&seen.policy)).build();
        let is_in_rule = |origin: &[u8]| rules.is_ok_and(|policy| policy.allows_origin(origin));
        !seen.origin().is_some_and(|origin| is_in_rule(origin.as_bytes()))
    })
    .await
}

pub(crate) async fn vary_only_with_an_origin(cors: Cors, request: Request, next: Next) -> Response {
    omitting_vary(cors, request, next, |seen| seen.kind == Kind::Plain || seen.origin().is_none()).await
}

pub(crate) async fn vary_never_on_preflights(cors: Cors, request: Request, next: Next) -> Response {
    omitting_vary(cors, request, next, Seen::is_preflight).await
}

pub(crate) async fn replace_the_star_by_the_origin(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if let Some(origin) = seen.origin().filter(|_| seen.policy.has_rules())
            && response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN)
        {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    })
    .await
}

pub(crate) async fn leave_out_errors(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |seen, response| {
        let is_error = !response.status().is_success() && !response.status().is_redirection();
        if is_error && seen.origin().is_some() && seen.policy.allows_any_origin() {
            response.headers_mut().remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        }
    })
    .await
}

/// `Vary` without `Origin` beside the `*` of a policy with rules.
async fn omitting_vary(
    cors: Cors,
    request: Request,
    next: Next,
    omits: impl FnOnce(&Seen) -> bool,
) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.policy.has_rules() && seen.policy.allows_any_origin() && omits(seen) {
            seen.restore_vary(response.headers_mut());
            if seen.is_preflight() {
                let others = "Access-Control-Request-Method, Access-Control-Request-Headers";
                response.headers_mut().insert(VARY, value(others));
            }
        }
    })
    .await
}

async fn ignored(cors: Cors, request: Request, next: Next, concerned: Concerned) -> Response {
    if concerned.contains(&request) {
        return changed(cors, request, next, own).await;
    }
    cors.answer(request, next).await
}

/// The middleware, which has changed a policy with rules.
async fn changed(
    cors: Cors,
    request: Request,
    next: Next,
    change: impl FnOnce(&Policy) -> PolicyBuilder,
) -> Response {
    let other = cors.policy().has_rules().then(|| change(cors.policy()));
    cors.answer_under(other, request, next).await
}

/// The middleware, which has changed each rule.
async fn with_rules(
    cors: Cors,
    request: Request,
    next: Next,
    change: impl Fn(&Policy, &Rule<'_>) -> RuleBuilder,
) -> Response {
    changed(cors, request, next, |policy| {
        let rules: Vec<_> = policy.rules().map(|rule| change(policy, &rule)).collect();
        own(policy).rules(rules)
    })
    .await
}

/// The policy without its rules.
fn own(policy: &Policy) -> PolicyBuilder {
    let own = Policy::builder()
        .allow_origins(policy.allow_origins())
        .allow_methods(policy.allow_methods())
        .allow_headers(policy.allow_headers())
        .expose_headers(policy.expose_headers())
        .allow_credentials(policy.allow_credentials())
        .preflight_status(policy.preflight_status())
        .diagnostics(policy.diagnostics())
        .dangerously_allow(policy.dangerously_allow().iter().copied());
    match policy.max_age() {
        Some(max_age) => own.max_age(max_age),
        None => own,
    }
}

fn rules(policy: &Policy) -> Vec<RuleBuilder> {
    policy.rules().map(|rule| rule.to_builder()).collect()
}

fn has_pattern(rule: &Rule<'_>) -> bool {
    rule.allow_origins().any(|entry| entry.contains('*'))
}
