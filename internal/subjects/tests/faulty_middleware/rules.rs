//! Faults in rules by origin.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, VARY};
use axum::middleware::Next;
use axum::response::Response;
use cors_core::{Policy, PolicyBuilder, Rule, RuleBuilder};

use crate::base::{Cors, Kind, Seen, is_preflight, value};

pub(crate) async fn inherit_credentials(cors: Cors, request: Request, next: Next) -> Response {
    let cors = with_rules(cors, |policy, rule| {
        rule.to_builder().allow_credentials(rule.allow_credentials() || policy.allow_credentials())
    });
    cors.answer(request, next).await
}

pub(crate) async fn inherit_methods(cors: Cors, request: Request, next: Next) -> Response {
    let cors = with_rules(cors, |policy, rule| rule.to_builder().allow_methods(policy.allow_methods()));
    cors.answer(request, next).await
}

pub(crate) async fn inherit_headers(cors: Cors, request: Request, next: Next) -> Response {
    let cors = with_rules(cors, |policy, rule| rule.to_builder().allow_headers(policy.allow_headers()));
    cors.answer(request, next).await
}

pub(crate) async fn inherit_exposed_headers(cors: Cors, request: Request, next: Next) -> Response {
    let cors = with_rules(cors, |policy, rule| rule.to_builder().expose_headers(policy.expose_headers()));
    cors.answer(request, next).await
}

pub(crate) async fn inherit_the_max_age(cors: Cors, request: Request, next: Next) -> Response {
    let cors = with_rules(cors, |policy, rule| match rule.max_age().or(policy.max_age()) {
        Some(max_age) => rule.to_builder().max_age(max_age),
        None => rule.to_builder(),
    });
    cors.answer(request, next).await
}

pub(crate) async fn last_one_decides(cors: Cors, request: Request, next: Next) -> Response {
    let cors = changed(cors, |policy| {
        let rules: Vec<_> = rules(policy);
        own(policy).rules(rules.into_iter().rev())
    });
    cors.answer(request, next).await
}

pub(crate) async fn are_merged(cors: Cors, request: Request, next: Next) -> Response {
    let cors = with_rules(cors, |policy, rule| {
        policy.rules().fold(rule.to_builder(), |merged, other| {
            merged.allow_methods(other.allow_methods()).allow_headers(other.allow_headers())
        })
    });
    cors.answer(request, next).await
}

pub(crate) async fn widen_the_policy(cors: Cors, request: Request, next: Next) -> Response {
    let cors = changed(cors, |policy| {
        let widened = policy.rules().fold(own(policy), |widened, rule| {
            widened.allow_methods(rule.allow_methods()).allow_headers(rule.allow_headers())
        });
        widened.rules(rules(policy))
    });
    cors.answer(request, next).await
}

pub(crate) async fn give_their_credentials_to_all(cors: Cors, request: Request, next: Next) -> Response {
    let any = cors.policy().rules().any(|rule| rule.allow_credentials());
    cors.answer_then(request, next, |seen, response| {
        if any
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
    let cors = changed(cors, |policy| {
        let first = Rule::builder()
            .allow_origins(policy.allow_origins().filter(|entry| entry != "*"))
            .allow_methods(policy.allow_methods())
            .allow_headers(policy.allow_headers())
            .expose_headers(policy.expose_headers())
            .allow_credentials(policy.allow_credentials())
            .dangerously_allow(policy.dangerously_allow().iter().copied());
        own(policy).rule(first).rules(rules(policy))
    });
    cors.answer(request, next).await
}

pub(crate) async fn come_after_later_exact_ones(cors: Cors, request: Request, next: Next) -> Response {
    let cors = changed(cors, |policy| {
        let exact_first = policy.rules().filter(|rule| !has_pattern(rule)).map(|rule| rule.to_builder());
        let then = policy.rules().filter(has_pattern).map(|rule| rule.to_builder());
        own(policy).rules(exact_first.chain(then))
    });
    cors.answer(request, next).await
}

pub(crate) async fn are_ignored(cors: Cors, request: Request, next: Next) -> Response {
    changed(cors, own).answer(request, next).await
}

pub(crate) async fn are_ignored_for_preflights(cors: Cors, request: Request, next: Next) -> Response {
    let cors = if is_preflight(&request) { changed(cors, own) } else { cors };
    cors.answer(request, next).await
}

pub(crate) async fn are_ignored_for_responses(cors: Cors, request: Request, next: Next) -> Response {
    let cors = if is_preflight(&request) { cors } else { changed(cors, own) };
    cors.answer(request, next).await
}

pub(crate) async fn deny_what_none_contains(cors: Cors, request: Request, next: Next) -> Response {
    let cors = changed(cors, |policy| {
        let nobody = Policy::builder().allow_origins([] as [&str; 0]);
        if policy.has_rules() { nobody.rules(rules(policy)) } else { policy.to_builder() }
    });
    cors.answer(request, next).await
}

pub(crate) async fn have_the_default_status(cors: Cors, request: Request, next: Next) -> Response {
    let has_rules = cors.policy().has_rules();
    cors.answer_then(request, next, |seen, response| {
        if has_rules && seen.kind == Kind::GrantedPreflight {
            *response.status_mut() = StatusCode::NO_CONTENT;
        }
    })
    .await
}

pub(crate) async fn have_no_diagnostics(cors: Cors, request: Request, next: Next) -> Response {
    let cors = changed(cors, |policy| {
        if policy.has_rules() { policy.to_builder().diagnostics(false) } else { policy.to_builder() }
    });
    cors.answer(request, next).await
}

pub(crate) async fn vary_never_beside_a_star(cors: Cors, request: Request, next: Next) -> Response {
    omitting_vary(cors, request, next, |_| true).await
}

pub(crate) async fn vary_only_for_their_origins(cors: Cors, request: Request, next: Next) -> Response {
    let own = cors.policy().clone();
    omitting_vary(cors, request, next, move |seen| {
        let is_in_rule = |origin: &[u8]| {
            let rules = Policy::builder().allow_origins([] as [&str; 0]).rules(rules(&own)).build();
            rules.is_ok_and(|policy| policy.allows_origin(origin))
        };
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
    let has_rules = cors.policy().has_rules();
    cors.answer_then(request, next, |seen, response| {
        if let Some(origin) = seen.origin().filter(|_| has_rules)
            && response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN)
        {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    })
    .await
}

pub(crate) async fn leave_out_errors(cors: Cors, request: Request, next: Next) -> Response {
    let origin = request.headers().get("origin").cloned();
    let plain = changed(cors.clone(), own);
    let without = origin.is_some_and(|origin| plain.policy().allows_any_origin() && !origin.is_empty());
    cors.answer_then(request, next, |_, response| {
        if without && !response.status().is_success() && !response.status().is_redirection() {
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
    let concerned = cors.policy().has_rules() && cors.policy().allows_any_origin();
    cors.answer_then(request, next, |seen, response| {
        if concerned && omits(seen) {
            response.headers_mut().remove(VARY);
            for own in seen.own.get_all(VARY) {
                response.headers_mut().append(VARY, own.clone());
            }
            if seen.is_preflight() {
                let others = "Access-Control-Request-Method, Access-Control-Request-Headers";
                response.headers_mut().insert(VARY, value(others));
            }
        }
    })
    .await
}

/// The middleware with another policy, if it is a policy with rules and the other one is not refused.
fn changed(cors: Cors, change: impl FnOnce(&Policy) -> PolicyBuilder) -> Cors {
    if !cors.policy().has_rules() {
        return cors;
    }
    match change(cors.policy()).build() {
        Ok(policy) => cors.with_policy(policy),
        Err(_) => cors,
    }
}

fn with_rules(cors: Cors, change: impl Fn(&Policy, &Rule<'_>) -> RuleBuilder) -> Cors {
    changed(cors, |policy| {
        let rules: Vec<_> = policy.rules().map(|rule| change(policy, &rule)).collect();
        own(policy).rules(rules)
    })
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
