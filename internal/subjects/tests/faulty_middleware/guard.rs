//! Faults in a guard. Only the group `guard` is played, because other scenarios have no guard.

use std::any::type_name;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, HOST, ORIGIN, UPGRADE, VARY};
use axum::http::{HeaderMap, Method, StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;
use cors_core::{Guard, GuardAction, GuardBuilder};
use rstest::rstest;
use tokio::sync::mpsc;

use crate::base::{Cors, Kind, Middleware, is_preflight, remove_cors, value};
use crate::{base, play};

const SITE: &str = "sec-fetch-site";

#[rstest]
#[case::own_by_the_end_of_the_host(own_by_the_end_of_the_host)]
#[case::own_by_the_beginning_of_the_host(own_by_the_beginning_of_the_host)]
#[case::own_on_every_port(own_on_every_port)]
#[case::own_with_user_info(own_with_user_info)]
#[case::own_by_the_first_of_two_hosts(own_by_the_first_of_two_hosts)]
#[case::own_by_the_case_of_the_host(own_by_the_case_of_the_host)]
#[case::own_never_with_a_default_port(own_never_with_a_default_port)]
#[case::own_by_the_header_over_http_2(own_by_the_header_over_http_2)]
#[case::own_by_the_host_beside_a_list(own_by_the_host_beside_a_list)]
#[case::own_never_by_the_list(own_never_by_the_list)]
#[case::own_never_by_the_host(own_never_by_the_host)]
#[case::listed_is_any_origin(listed_is_any_origin)]
#[case::listed_is_null(listed_is_null)]
#[case::listed_is_what_a_rule_for_all_contains(listed_is_what_a_rule_for_all_contains)]
#[case::listed_is_nothing_of_rules(listed_is_nothing_of_rules)]
#[case::listed_is_nothing_of_programs(listed_is_nothing_of_programs)]
#[case::listed_is_nothing_of_patterns(listed_is_nothing_of_patterns)]
#[case::listed_is_nothing(listed_is_nothing)]
#[case::writes_pass_from_the_same_site(writes_pass_from_the_same_site)]
#[case::writes_pass_without_metadata(writes_pass_without_metadata)]
#[case::writes_pass_with_an_unknown_site(writes_pass_with_an_unknown_site)]
#[case::writes_pass_in_any_case_of_the_site(writes_pass_in_any_case_of_the_site)]
#[case::writes_pass_by_the_first_of_two_sites(writes_pass_by_the_first_of_two_sites)]
#[case::writes_pass_with_the_origin_null(writes_pass_with_the_origin_null)]
#[case::writes_pass_without_an_origin(writes_pass_without_an_origin)]
#[case::writes_pass_by_the_origin_first(writes_pass_by_the_origin_first)]
#[case::writes_pass_by_the_origin_only(writes_pass_by_the_origin_only)]
#[case::writes_pass_unless_they_are_forms(writes_pass_unless_they_are_forms)]
#[case::writes_pass_with_other_methods_than_post(writes_pass_with_other_methods_than_post)]
#[case::writes_pass_with_unknown_methods(writes_pass_with_unknown_methods)]
#[case::writes_need_an_origin(writes_need_an_origin)]
#[case::writes_by_the_user_are_denied(writes_by_the_user_are_denied)]
#[case::reads_are_writes(reads_are_writes)]
#[case::options_are_writes(options_are_writes)]
#[case::foreign_reads_pass(foreign_reads_pass)]
#[case::foreign_reads_pass_with_the_origin_null(foreign_reads_pass_with_the_origin_null)]
#[case::foreign_is_every_request_without_an_origin(foreign_is_every_request_without_an_origin)]
#[case::foreign_preflights_are_denied_first(foreign_preflights_are_denied_first)]
#[case::foreign_reads_vary_by_nothing(foreign_reads_vary_by_nothing)]
#[case::websockets_pass(websockets_pass)]
#[case::websockets_pass_in_a_list_of_upgrades(websockets_pass_in_a_list_of_upgrades)]
#[case::websockets_pass_in_another_case(websockets_pass_in_another_case)]
#[case::websockets_pass_in_a_second_line(websockets_pass_in_a_second_line)]
#[case::websockets_pass_without_metadata(websockets_pass_without_metadata)]
#[case::websockets_pass_over_http_2(websockets_pass_over_http_2)]
#[case::websockets_need_an_origin(websockets_need_an_origin)]
#[case::websockets_are_all_upgrades(websockets_are_all_upgrades)]
#[case::exempt_by_the_beginning_of_the_path(exempt_by_the_beginning_of_the_path)]
#[case::exempt_after_decoding(exempt_after_decoding)]
#[case::exempt_with_every_method(exempt_with_every_method)]
#[case::exempt_with_a_final_slash(exempt_with_a_final_slash)]
#[case::exempt_without_a_final_slash(exempt_without_a_final_slash)]
#[case::exempt_in_any_case(exempt_in_any_case)]
#[case::exempt_after_collapsing_slashes(exempt_after_collapsing_slashes)]
#[case::exempt_by_the_query(exempt_by_the_query)]
#[case::exempt_never_with_a_query(exempt_never_with_a_query)]
#[case::exempt_from_hosts(exempt_from_hosts)]
#[case::exempt_from_writes_only(exempt_from_writes_only)]
#[case::exempt_is_nothing(exempt_is_nothing)]
#[case::hosts_after_preflights(hosts_after_preflights)]
#[case::hosts_after_writes(hosts_after_writes)]
#[case::hosts_by_their_end(hosts_by_their_end)]
#[case::hosts_by_their_beginning(hosts_by_their_beginning)]
#[case::hosts_by_their_case(hosts_by_their_case)]
#[case::hosts_on_every_port(hosts_on_every_port)]
#[case::hosts_never_with_a_default_port(hosts_never_with_a_default_port)]
#[case::hosts_of_subdomains_with_their_parent(hosts_of_subdomains_with_their_parent)]
#[case::hosts_of_one_label_of_subdomains(hosts_of_one_label_of_subdomains)]
#[case::hosts_by_the_first_of_two(hosts_by_the_first_of_two)]
#[case::hosts_may_be_missing(hosts_may_be_missing)]
#[case::hosts_by_the_header_over_http_2(hosts_by_the_header_over_http_2)]
#[case::hosts_are_forbidden(hosts_are_forbidden)]
#[case::hosts_are_those_of_the_origin(hosts_are_those_of_the_origin)]
#[case::denials_run_the_handler(denials_run_the_handler)]
#[case::denials_have_no_cors_headers(denials_have_no_cors_headers)]
#[case::denials_vary_by_nothing(denials_vary_by_nothing)]
#[case::denials_vary_by_origin_only(denials_vary_by_origin_only)]
#[case::denials_have_a_body(denials_have_a_body)]
#[case::denials_are_not_found(denials_are_not_found)]
#[case::denials_are_redirects(denials_are_redirects)]
#[case::denials_allow_the_origin(denials_allow_the_origin)]
#[case::responses_vary_by_site(responses_vary_by_site)]
#[case::reports_are_denials(reports_are_denials)]
#[case::reports_deny_hosts(reports_deny_hosts)]
#[case::guards_of_other_hosts_are_used(guards_of_other_hosts_are_used)]
#[case::guards_are_ignored(guards_are_ignored)]
#[tokio::test(flavor = "multi_thread")]
async fn the_suite_catches<M: Middleware>(#[case] fault: M) {
    let passed = base().await.passed.iter().filter(|scenario| scenario.group() == "guard");
    let scenarios: Vec<_> = passed.cloned().collect();
    let (failed, mut first_failed) = mpsc::unbounded_channel();
    let all = play(&scenarios, fault, |result| {
        // The receiver is gone after the first.
        let _ = failed.send(result.scenario.clone());
    });
    let scenario = tokio::select! {
        biased;
        scenario = first_failed.recv() => scenario,
        () = all => first_failed.try_recv().ok(),
    };
    assert!(scenario.is_some(), "no scenario notices the fault {}", type_name::<M>());
}

async fn own_by_the_end_of_the_host(cors: Cors, request: Request, next: Next) -> Response {
    let is_own = |request: &Request| origin(request).ends_with(host(request)) && !host(request).is_empty();
    as_own(cors, request, next, is_own).await
}

async fn own_by_the_beginning_of_the_host(cors: Cors, request: Request, next: Next) -> Response {
    let is_own = |request: &Request| {
        let (_, after_scheme) = origin(request).split_once("://").unwrap_or_default();
        after_scheme.starts_with(host(request)) && !host(request).is_empty()
    };
    as_own(cors, request, next, is_own).await
}

async fn own_on_every_port(cors: Cors, request: Request, next: Next) -> Response {
    let is_own = |request: &Request| {
        let (_, after_scheme) = origin(request).split_once("://").unwrap_or_default();
        !host(request).is_empty() && without_port(after_scheme) == without_port(host(request))
    };
    as_own(cors, request, next, is_own).await
}

async fn own_with_user_info(cors: Cors, request: Request, next: Next) -> Response {
    seeing(cors, request, next, |headers| {
        for name in [ORIGIN, HOST] {
            let Some(text) = headers.get(&name).and_then(|line| line.to_str().ok()) else { continue };
            let Some((before, after)) = text.split_once('@') else { continue };
            let scheme = before.split_once("://").map_or(String::new(), |(scheme, _)| format!("{scheme}://"));
            let text = value(&format!("{scheme}{after}"));
            headers.insert(name, text);
        }
    })
    .await
}

async fn own_by_the_first_of_two_hosts(cors: Cors, request: Request, next: Next) -> Response {
    if has_hosts(&cors) {
        return cors.answer(request, next).await;
    }
    seeing(cors, request, next, keep_first_host).await
}

async fn own_by_the_case_of_the_host(cors: Cors, request: Request, next: Next) -> Response {
    if has_hosts(&cors) {
        return cors.answer(request, next).await;
    }
    seeing(cors, request, next, |headers| spoil_host(headers, has_upper_case)).await
}

async fn own_never_with_a_default_port(cors: Cors, request: Request, next: Next) -> Response {
    if has_hosts(&cors) {
        return cors.answer(request, next).await;
    }
    seeing(cors, request, next, |headers| spoil_host(headers, has_default_port)).await
}

async fn own_by_the_header_over_http_2(cors: Cors, request: Request, next: Next) -> Response {
    let is_own = |request: &Request| {
        let header = text(request.headers(), HOST.as_str());
        request.version() == Version::HTTP_2
            && !header.is_empty()
            && origin(request).ends_with(&format!("://{header}"))
    };
    as_own(cors, request, next, is_own).await
}

async fn own_by_the_host_beside_a_list(cors: Cors, request: Request, next: Next) -> Response {
    as_own(cors, request, next, is_of_host).await
}

async fn own_never_by_the_list(cors: Cors, request: Request, next: Next) -> Response {
    let is_listed =
        guard(&cors).is_some_and(|guard| guard.own_origins().iter().any(|own| own == origin(&request)));
    denying(cors, request, next, |request| is_listed && !request.headers().contains_key(SITE)).await
}

async fn own_never_by_the_host(cors: Cors, request: Request, next: Next) -> Response {
    with_guard(cors, |guard| match guard.own_origins() {
        [] => guard.to_builder().own_origins("https://own.invalid"),
        _ => guard.to_builder(),
    })
    .answer(request, next)
    .await
}

async fn listed_is_any_origin(cors: Cors, request: Request, next: Next) -> Response {
    let any = cors.policy().allows_any_origin();
    passing(cors, request, next, |_| any).await
}

async fn listed_is_null(cors: Cors, request: Request, next: Next) -> Response {
    let allows_null = cors.policy().allow_origins().any(|entry| entry == "null");
    passing(cors, request, next, |request| allows_null && origin(request) == "null").await
}

async fn listed_is_what_a_rule_for_all_contains(cors: Cors, request: Request, next: Next) -> Response {
    let any = cors.policy().rules().any(|rule| rule.allow_origins().any(|entry| entry == "*"));
    passing(cors, request, next, |_| any).await
}

async fn listed_is_nothing_of_rules(cors: Cors, request: Request, next: Next) -> Response {
    let has_rules = cors.policy().has_rules();
    let is_own = cors.policy().allow_origins().any(|entry| entry == origin(&request));
    denying(cors, request, next, |request| has_rules && !is_own && is_cross_site_write(request)).await
}

async fn listed_is_nothing_of_programs(cors: Cors, request: Request, next: Next) -> Response {
    let has_program = cors.policy().has_predicates() || cors.policy().has_lookup();
    let is_own = cors.policy().allow_origins().any(|entry| entry == origin(&request));
    denying(cors, request, next, |request| has_program && !is_own && is_cross_site_write(request)).await
}

async fn listed_is_nothing_of_patterns(cors: Cors, request: Request, next: Next) -> Response {
    let has_patterns = cors.policy().allow_origins().any(|entry| entry != "*" && entry.contains('*'));
    denying(cors, request, next, |request| has_patterns && is_cross_site_write(request)).await
}

async fn listed_is_nothing(cors: Cors, request: Request, next: Next) -> Response {
    denying(cors, request, next, is_cross_site_write).await
}

async fn writes_pass_from_the_same_site(cors: Cors, request: Request, next: Next) -> Response {
    passing(cors, request, next, |request| site(request) == "same-site").await
}

async fn writes_pass_without_metadata(cors: Cors, request: Request, next: Next) -> Response {
    let is_write = |request: &Request| !is_safe(request.method()) && !request.headers().contains_key(SITE);
    passing(cors, request, next, is_write).await
}

async fn writes_pass_with_an_unknown_site(cors: Cors, request: Request, next: Next) -> Response {
    let is_unknown = |request: &Request| !matches!(site(request), "" | "cross-site" | "same-site");
    passing(cors, request, next, is_unknown).await
}

async fn writes_pass_in_any_case_of_the_site(cors: Cors, request: Request, next: Next) -> Response {
    seeing(cors, request, next, |headers| {
        let lower = text(headers, SITE).to_lowercase();
        if !lower.is_empty() {
            headers.insert(SITE, value(&lower));
        }
    })
    .await
}

async fn writes_pass_by_the_first_of_two_sites(cors: Cors, request: Request, next: Next) -> Response {
    seeing(cors, request, next, |headers| {
        if let Some(first) = headers.get(SITE).cloned() {
            headers.insert(SITE, first);
        }
    })
    .await
}

async fn writes_pass_with_the_origin_null(cors: Cors, request: Request, next: Next) -> Response {
    passing(cors, request, next, |request| !is_safe(request.method()) && origin(request) == "null").await
}

async fn writes_pass_without_an_origin(cors: Cors, request: Request, next: Next) -> Response {
    let has_none = |request: &Request| !request.headers().contains_key(ORIGIN);
    passing(cors, request, next, has_none).await
}

async fn writes_pass_by_the_origin_first(cors: Cors, request: Request, next: Next) -> Response {
    passing(cors, request, next, is_of_host).await
}

async fn writes_pass_by_the_origin_only(cors: Cors, request: Request, next: Next) -> Response {
    seeing(cors, request, next, |headers| drop(headers.remove(SITE))).await
}

async fn writes_pass_unless_they_are_forms(cors: Cors, request: Request, next: Next) -> Response {
    let is_no_form = |request: &Request| {
        let form = text(request.headers(), CONTENT_TYPE.as_str());
        !form.starts_with("application/x-www-form-urlencoded") && !form.starts_with("multipart/form-data")
    };
    passing(cors, request, next, |request| !is_safe(request.method()) && is_no_form(request)).await
}

async fn writes_pass_with_other_methods_than_post(cors: Cors, request: Request, next: Next) -> Response {
    let is_other = |request: &Request| request.method() != Method::POST && !is_safe(request.method());
    passing(cors, request, next, is_other).await
}

async fn writes_pass_with_unknown_methods(cors: Cors, request: Request, next: Next) -> Response {
    let is_unknown = |request: &Request| matches!(request.method().as_str(), "PURGE" | "get");
    passing(cors, request, next, is_unknown).await
}

async fn writes_need_an_origin(cors: Cors, request: Request, next: Next) -> Response {
    let has_none = |request: &Request| !is_safe(request.method()) && !request.headers().contains_key(ORIGIN);
    denying(cors, request, next, |request| has_none(request) && !request.headers().contains_key(SITE)).await
}

async fn writes_by_the_user_are_denied(cors: Cors, request: Request, next: Next) -> Response {
    denying(cors, request, next, |request| !is_safe(request.method()) && site(request) == "none").await
}

async fn reads_are_writes(cors: Cors, request: Request, next: Next) -> Response {
    let is_read = |request: &Request| request.method() == Method::GET && site(request) == "cross-site";
    denying(cors, request, next, is_read).await
}

async fn options_are_writes(cors: Cors, request: Request, next: Next) -> Response {
    let is_options = |request: &Request| request.method() == Method::OPTIONS && site(request) == "cross-site";
    denying(cors, request, next, is_options).await
}

async fn foreign_reads_pass(cors: Cors, request: Request, next: Next) -> Response {
    passing(cors, request, next, |request| is_safe(request.method()) && !is_handshake(request)).await
}

async fn foreign_reads_pass_with_the_origin_null(cors: Cors, request: Request, next: Next) -> Response {
    let is_null = |request: &Request| is_safe(request.method()) && origin(request) == "null";
    passing(cors, request, next, |request| is_null(request) && !is_handshake(request)).await
}

async fn foreign_is_every_request_without_an_origin(cors: Cors, request: Request, next: Next) -> Response {
    let denies = guard(&cors).is_some_and(|guard| guard.foreign_origins() == GuardAction::Deny);
    denying(cors, request, next, |request| denies && !request.headers().contains_key(ORIGIN)).await
}

async fn foreign_preflights_are_denied_first(cors: Cors, request: Request, next: Next) -> Response {
    let denies = guard(&cors).is_some_and(|guard| guard.foreign_origins() == GuardAction::Deny);
    if denies && is_preflight(&request) && cors.policy().origin_reason(&request).is_some() {
        return refusal();
    }
    cors.answer(request, next).await
}

async fn foreign_reads_vary_by_nothing(cors: Cors, request: Request, next: Next) -> Response {
    let any = cors.policy().allows_any_origin();
    cors.answer_then(request, next, |seen, response| {
        if any && seen.kind != Kind::Refused {
            response.headers_mut().remove(VARY);
        }
    })
    .await
}

async fn websockets_pass(cors: Cors, request: Request, next: Next) -> Response {
    passing(cors, request, next, is_handshake).await
}

async fn websockets_pass_in_a_list_of_upgrades(cors: Cors, request: Request, next: Next) -> Response {
    let is_list = |request: &Request| text(request.headers(), UPGRADE.as_str()).contains(',');
    passing(cors, request, next, is_list).await
}

async fn websockets_pass_in_another_case(cors: Cors, request: Request, next: Next) -> Response {
    let is_other = |request: &Request| text(request.headers(), UPGRADE.as_str()).contains('W');
    passing(cors, request, next, is_other).await
}

async fn websockets_pass_in_a_second_line(cors: Cors, request: Request, next: Next) -> Response {
    let has_two = |request: &Request| request.headers().get_all(UPGRADE).iter().count() > 1;
    passing(cors, request, next, has_two).await
}

async fn websockets_pass_without_metadata(cors: Cors, request: Request, next: Next) -> Response {
    let is_old = |request: &Request| is_handshake(request) && !request.headers().contains_key(SITE);
    passing(cors, request, next, is_old).await
}

async fn websockets_pass_over_http_2(cors: Cors, request: Request, next: Next) -> Response {
    passing(cors, request, next, |request| request.method() == Method::CONNECT).await
}

async fn websockets_need_an_origin(cors: Cors, request: Request, next: Next) -> Response {
    let has_none = |request: &Request| is_handshake(request) && !request.headers().contains_key(ORIGIN);
    denying(cors, request, next, has_none).await
}

async fn websockets_are_all_upgrades(cors: Cors, request: Request, next: Next) -> Response {
    denying(cors, request, next, |request| request.headers().contains_key(UPGRADE) && !is_handshake(request))
        .await
}

async fn exempt_by_the_beginning_of_the_path(cors: Cors, request: Request, next: Next) -> Response {
    exempting(cors, request, next, |exempt, path| path.starts_with(exempt)).await
}

async fn exempt_after_decoding(cors: Cors, request: Request, next: Next) -> Response {
    exempting(cors, request, next, |exempt, path| path.replace("%61", "a").replace("%69", "i") == exempt)
        .await
}

async fn exempt_with_every_method(cors: Cors, request: Request, next: Next) -> Response {
    let is_exempt =
        guard(&cors).is_some_and(|guard| guard.exempt().any(|(_, path)| path == request.uri().path()));
    passing(cors, request, next, |_| is_exempt).await
}

async fn exempt_with_a_final_slash(cors: Cors, request: Request, next: Next) -> Response {
    exempting(cors, request, next, |exempt, path| path == format!("{exempt}/")).await
}

async fn exempt_without_a_final_slash(cors: Cors, request: Request, next: Next) -> Response {
    exempting(cors, request, next, |exempt, path| format!("{path}/") == exempt).await
}

async fn exempt_in_any_case(cors: Cors, request: Request, next: Next) -> Response {
    exempting(cors, request, next, str::eq_ignore_ascii_case).await
}

async fn exempt_after_collapsing_slashes(cors: Cors, request: Request, next: Next) -> Response {
    exempting(cors, request, next, |exempt, path| path.replace("//", "/") == exempt).await
}

async fn exempt_by_the_query(cors: Cors, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    exempting(cors, request, next, |exempt, _| query.contains(exempt)).await
}

async fn exempt_never_with_a_query(cors: Cors, request: Request, next: Next) -> Response {
    let is_exempt = guard(&cors).is_some_and(|guard| {
        guard.exempt().any(|(method, path)| method == request.method() && path == request.uri().path())
    });
    denying(cors, request, next, |request| is_exempt && request.uri().query().is_some()).await
}

async fn exempt_from_hosts(cors: Cors, request: Request, next: Next) -> Response {
    let is_exempt =
        guard(&cors).is_some_and(|guard| guard.exempt().any(|(_, path)| path == request.uri().path()));
    let cors = if is_exempt { with_guard(cors, |_| everything_passes()) } else { cors };
    cors.answer(request, next).await
}

async fn exempt_from_writes_only(cors: Cors, request: Request, next: Next) -> Response {
    let is_exempt = guard(&cors).is_some_and(|guard| guard.exempt().next().is_some());
    denying(cors, request, next, |request| is_exempt && is_handshake(request)).await
}

async fn exempt_is_nothing(cors: Cors, request: Request, next: Next) -> Response {
    let is_exempt = guard(&cors).is_some_and(|guard| guard.exempt().next().is_some());
    let is_foreign = cors.policy().origin_reason(&request).is_some();
    denying(cors, request, next, |request| is_exempt && is_foreign && is_cross_site_write(request)).await
}

async fn hosts_after_preflights(cors: Cors, request: Request, next: Next) -> Response {
    let cors = if is_preflight(&request) { with_guard(cors, |_| everything_passes()) } else { cors };
    cors.answer(request, next).await
}

async fn hosts_after_writes(cors: Cors, request: Request, next: Next) -> Response {
    let has_hosts = has_hosts(&cors);
    let is_foreign = cors.policy().origin_reason(&request).is_some();
    denying(cors, request, next, |request| has_hosts && is_foreign && is_cross_site_write(request)).await
}

async fn hosts_by_their_end(cors: Cors, request: Request, next: Next) -> Response {
    with_hosts(cors, request, next, |entry, host| host.ends_with(entry)).await
}

async fn hosts_by_their_beginning(cors: Cors, request: Request, next: Next) -> Response {
    with_hosts(cors, request, next, |entry, host| host.starts_with(entry.trim_end_matches(":*"))).await
}

async fn hosts_by_their_case(cors: Cors, request: Request, next: Next) -> Response {
    if !has_hosts(&cors) {
        return cors.answer(request, next).await;
    }
    seeing(cors, request, next, |headers| spoil_host(headers, has_upper_case)).await
}

async fn hosts_on_every_port(cors: Cors, request: Request, next: Next) -> Response {
    with_hosts(cors, request, next, |entry, host| without_port(host) == entry).await
}

async fn hosts_never_with_a_default_port(cors: Cors, request: Request, next: Next) -> Response {
    if !has_hosts(&cors) {
        return cors.answer(request, next).await;
    }
    seeing(cors, request, next, |headers| spoil_host(headers, has_default_port)).await
}

async fn hosts_of_subdomains_with_their_parent(cors: Cors, request: Request, next: Next) -> Response {
    with_hosts(cors, request, next, |entry, host| entry.strip_prefix("*.") == Some(host)).await
}

async fn hosts_of_one_label_of_subdomains(cors: Cors, request: Request, next: Next) -> Response {
    let entries = guard(&cors).and_then(Guard::allow_hosts).unwrap_or_default().to_vec();
    let is_deep = |host: &str| {
        let suffixes = entries.iter().filter_map(|entry| entry.strip_prefix('*'));
        suffixes.filter_map(|suffix| host.strip_suffix(suffix)).any(|labels| labels.contains('.'))
    };
    seeing(cors, request, next, |headers| spoil_host(headers, is_deep)).await
}

async fn hosts_by_the_first_of_two(cors: Cors, request: Request, next: Next) -> Response {
    if !has_hosts(&cors) {
        return cors.answer(request, next).await;
    }
    seeing(cors, request, next, keep_first_host).await
}

async fn hosts_may_be_missing(cors: Cors, request: Request, next: Next) -> Response {
    let cors = if host(&request).is_empty() { with_guard(cors, |_| everything_passes()) } else { cors };
    cors.answer(request, next).await
}

async fn hosts_by_the_header_over_http_2(cors: Cors, request: Request, next: Next) -> Response {
    let header = text(request.headers(), HOST.as_str()).to_owned();
    let is_http_2 = request.version() == Version::HTTP_2;
    with_hosts(cors, request, next, |entry, _| is_http_2 && header == entry).await
}

async fn hosts_are_forbidden(cors: Cors, request: Request, next: Next) -> Response {
    cors.answer_then(request, next, |_, response| {
        if response.status() == StatusCode::MISDIRECTED_REQUEST {
            *response.status_mut() = StatusCode::FORBIDDEN;
        }
    })
    .await
}

async fn hosts_are_those_of_the_origin(cors: Cors, request: Request, next: Next) -> Response {
    let is_same = is_of_host(&request) || origin(&request).is_empty();
    with_hosts(cors, request, next, |_, _| is_same).await
}

async fn denials_run_the_handler(cors: Cors, request: Request, next: Next) -> Response {
    if !cors.denies(&request) {
        return cors.answer(request, next).await;
    }
    let _ = next.run(request).await;
    refusal()
}

async fn denials_have_no_cors_headers(cors: Cors, request: Request, next: Next) -> Response {
    of_denials(cors, request, next, |response| remove_cors(response.headers_mut())).await
}

async fn denials_vary_by_nothing(cors: Cors, request: Request, next: Next) -> Response {
    of_denials(cors, request, next, |response| drop(response.headers_mut().remove(VARY))).await
}

async fn denials_vary_by_origin_only(cors: Cors, request: Request, next: Next) -> Response {
    of_denials(cors, request, next, |response| {
        response.headers_mut().insert(VARY, value("Origin"));
    })
    .await
}

async fn denials_have_a_body(cors: Cors, request: Request, next: Next) -> Response {
    of_denials(cors, request, next, |response| *response.body_mut() = Body::from("denied")).await
}

async fn denials_are_not_found(cors: Cors, request: Request, next: Next) -> Response {
    of_denials(cors, request, next, |response| *response.status_mut() = StatusCode::NOT_FOUND).await
}

async fn denials_are_redirects(cors: Cors, request: Request, next: Next) -> Response {
    of_denials(cors, request, next, |response| {
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert("location", value("/login"));
    })
    .await
}

async fn denials_allow_the_origin(cors: Cors, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    of_denials(cors, request, next, |response| {
        if let Some(origin) = origin {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
    })
    .await
}

async fn responses_vary_by_site(cors: Cors, request: Request, next: Next) -> Response {
    let is_guarded = guard(&cors).is_some();
    cors.answer_then(request, next, |seen, response| {
        if is_guarded && !seen.is_preflight() && seen.kind != Kind::Refused {
            response.headers_mut().append(VARY, value("Sec-Fetch-Site"));
        }
    })
    .await
}

async fn reports_are_denials(cors: Cors, request: Request, next: Next) -> Response {
    with_guard(cors, |guard| match guard.report_only() {
        true => Guard::builder().foreign_origins(guard.foreign_origins()),
        false => guard.to_builder(),
    })
    .answer(request, next)
    .await
}

async fn reports_deny_hosts(cors: Cors, request: Request, next: Next) -> Response {
    let is_counting = request.uri().path() == "/hits";
    with_guard(cors, |guard| match guard.report_only() && !is_counting {
        true => everything_passes().allow_hosts(guard.allow_hosts().unwrap_or_default()),
        false => guard.to_builder(),
    })
    .answer(request, next)
    .await
}

async fn guards_of_other_hosts_are_used(cors: Cors, request: Request, next: Next) -> Response {
    let cors = match cors.policy_for_host("") {
        Some(other) if other.guard().is_none() => with_guard(cors, |_| everything_passes()),
        _ => cors,
    };
    cors.answer(request, next).await
}

async fn guards_are_ignored(cors: Cors, request: Request, next: Next) -> Response {
    with_guard(cors, |_| everything_passes()).answer(request, next).await
}

/// The middleware, whose guard lets a request pass if a function says so. Hosts are still checked.
async fn passing(
    cors: Cors,
    request: Request,
    next: Next,
    passes: impl FnOnce(&Request) -> bool,
) -> Response {
    let cors = match passes(&request) {
        true => with_guard(cors, |guard| match guard.allow_hosts() {
            Some(hosts) => everything_passes().allow_hosts(hosts),
            None => everything_passes(),
        }),
        false => cors,
    };
    cors.answer(request, next).await
}

/// The middleware, to which an origin is also own if a function says so, where Fetch Metadata does not decide.
async fn as_own(cors: Cors, request: Request, next: Next, is_own: impl FnOnce(&Request) -> bool) -> Response {
    passing(cors, request, next, |request| !request.headers().contains_key(SITE) && is_own(request)).await
}

/// The middleware, whose guard also denies requests other than preflights if a function says so.
async fn denying(
    cors: Cors,
    request: Request,
    next: Next,
    denies: impl FnOnce(&Request) -> bool,
) -> Response {
    // The suite counts the handlers that ran.
    let is_counting = request.uri().path() == "/hits";
    if guard(&cors).is_some() && !is_counting && !is_preflight(&request) && denies(&request) {
        return refusal();
    }
    cors.answer(request, next).await
}

/// The middleware, whose guard sees other headers than the application.
async fn seeing(cors: Cors, request: Request, next: Next, change: impl FnOnce(&mut HeaderMap)) -> Response {
    let mut headers = request.headers().clone();
    if guard(&cors).is_some() {
        change(&mut headers);
    }
    cors.answer_as(headers, request, next, |_, _| {}).await
}

/// The middleware with more exemptions: those whose path and the request's a function compares.
async fn exempting(
    cors: Cors,
    request: Request,
    next: Next,
    is_exempt: impl Fn(&str, &str) -> bool,
) -> Response {
    let path = request.uri().path();
    let is_exempt = guard(&cors).is_some_and(|guard| {
        guard.exempt().any(|(method, exempt)| method == request.method() && is_exempt(exempt, path))
    });
    passing(cors, request, next, |_| is_exempt).await
}

/// The middleware with more hosts: those that a function finds in the list.
async fn with_hosts(
    cors: Cors,
    request: Request,
    next: Next,
    is_allowed: impl Fn(&str, &str) -> bool,
) -> Response {
    let host = host(&request);
    let hosts = guard(&cors).and_then(Guard::allow_hosts).unwrap_or_default();
    let cors = match hosts.iter().any(|entry| is_allowed(entry, host)) {
        true => with_guard(cors, |_| everything_passes()),
        false => cors,
    };
    cors.answer(request, next).await
}

/// The middleware, whose denials are changed by a function.
async fn of_denials(
    cors: Cors,
    request: Request,
    next: Next,
    change: impl FnOnce(&mut Response),
) -> Response {
    cors.answer_then(request, next, |seen, response| {
        if seen.kind == Kind::Refused {
            change(response);
        }
    })
    .await
}

/// The middleware with another guard, if it has one.
fn with_guard(cors: Cors, change: impl FnOnce(&Guard) -> GuardBuilder) -> Cors {
    let Some(guard) = guard(&cors) else { return cors };
    let policy = cors.policy().to_builder().guard(change(guard)).build();
    cors.with_policy(policy.expect("a policy with another guard"))
}

fn everything_passes() -> GuardBuilder {
    Guard::builder().cross_site_writes(GuardAction::Allow).websockets(GuardAction::Allow)
}

fn refusal() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FORBIDDEN;
    response.headers_mut().insert(VARY, value("Origin, Sec-Fetch-Site"));
    response
}

fn guard(cors: &Cors) -> Option<&Guard> {
    cors.policy().guard()
}

fn has_hosts(cors: &Cors) -> bool {
    guard(cors).is_some_and(|guard| guard.allow_hosts().is_some())
}

/// The first line of a header, if it is text.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|line| line.to_str().ok()).unwrap_or_default()
}

fn origin(request: &Request) -> &str {
    text(request.headers(), ORIGIN.as_str())
}

fn site(request: &Request) -> &str {
    text(request.headers(), SITE)
}

fn host(request: &Request) -> &str {
    let authority = request.uri().authority().map(axum::http::uri::Authority::as_str);
    authority.unwrap_or_else(|| text(request.headers(), HOST.as_str()))
}

fn without_port(authority: &str) -> &str {
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    if port.bytes().all(|byte| byte.is_ascii_digit()) { host } else { authority }
}

fn is_of_host(request: &Request) -> bool {
    origin(request).split_once("://").is_some_and(|(_, authority)| authority == host(request))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::CONNECT)
}

fn is_cross_site_write(request: &Request) -> bool {
    !is_safe(request.method()) && site(request) == "cross-site"
}

fn is_handshake(request: &Request) -> bool {
    let upgrades = request.headers().get_all(UPGRADE).iter().filter_map(|line| line.to_str().ok());
    upgrades.flat_map(|line| line.split(',')).any(|name| name.trim().eq_ignore_ascii_case("websocket"))
}

fn has_upper_case(host: &str) -> bool {
    host.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn has_default_port(host: &str) -> bool {
    host.ends_with(":443") || host.ends_with(":80")
}

/// Replaces `Host` if a function says so, so that it is not the one that the request is for.
fn spoil_host(headers: &mut HeaderMap, is_spoilt: impl FnOnce(&str) -> bool) {
    if is_spoilt(text(headers, HOST.as_str())) {
        headers.insert(HOST, value("spoilt.invalid"));
    }
}

fn keep_first_host(headers: &mut HeaderMap) {
    if let Some(first) = headers.get(HOST).cloned() {
        headers.insert(HOST, first);
    }
}
