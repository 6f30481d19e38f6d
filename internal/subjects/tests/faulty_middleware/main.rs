//! Middlewares with one fault each: the suite must notice each of them.

mod base;
mod credentials;
mod guard;
mod hosts;
mod origins;
mod preflight;
mod program;
mod requested;
mod responses;
mod rules;
mod vary;

use std::any::type_name;
use std::collections::BTreeMap;
use std::sync::Arc;

use cors_conformance::run::{Options, ScenarioResult, Verdict, run};
use cors_conformance::scenario::{self, Scenario};
use cors_conformance::subject::Subject;
use cors_conformance::user_agent::{Model, UserAgent};
use rstest::rstest;
use tokio::sync::{OnceCell, mpsc};

use self::base::{Middleware, Specimen, correct};

#[tokio::test(flavor = "multi_thread")]
async fn the_correct_middleware_passes() {
    let base = base().await;
    assert!(base.failed.is_empty(), "the correct middleware fails: {:#?}", base.failed);
}

#[rstest]
#[case::origins_reflects_every_origin(origins::reflects_every_origin)]
#[case::origins_compares_the_end(origins::compares_the_end)]
#[case::origins_compares_the_beginning(origins::compares_the_beginning)]
#[case::origins_searches_for_the_host_anywhere(origins::searches_for_the_host_anywhere)]
#[case::origins_allows_parts_of_origins(origins::allows_parts_of_origins)]
#[case::origins_ignores_case(origins::ignores_case)]
#[case::origins_ignores_the_scheme(origins::ignores_the_scheme)]
#[case::origins_ignores_the_port(origins::ignores_the_port)]
#[case::origins_allows_null(origins::allows_null)]
#[case::origins_treats_a_dot_as_any_character(origins::treats_a_dot_as_any_character)]
#[case::origins_allows_subdomains_of_exact_origins(origins::allows_subdomains_of_exact_origins)]
#[case::origins_allows_the_domain_with_its_subdomains(origins::allows_the_domain_with_its_subdomains)]
#[case::origins_ignores_the_boundary_of_labels(origins::ignores_the_boundary_of_labels)]
#[case::origins_matches_only_the_start_of_patterns(origins::matches_only_the_start_of_patterns)]
#[case::origins_lets_a_part_of_a_label_cross_dots(origins::lets_a_part_of_a_label_cross_dots)]
#[case::origins_lets_a_part_of_a_label_be_empty(origins::lets_a_part_of_a_label_be_empty)]
#[case::origins_takes_any_character_for_a_part_of_a_label(origins::takes_any_character_for_a_part_of_a_label)]
#[case::origins_takes_a_part_of_a_label_for_a_prefix(origins::takes_a_part_of_a_label_for_a_prefix)]
#[case::origins_lets_any_extension_be_any_site(origins::lets_any_extension_be_any_site)]
#[case::origins_treats_null_and_files_as_one(origins::treats_null_and_files_as_one)]
#[case::origins_allows_all_paths_of_files(origins::allows_all_paths_of_files)]
#[case::origins_allows_one_label_of_subdomains(origins::allows_one_label_of_subdomains)]
#[case::origins_reads_the_first_of_two_origin_lines(origins::reads_the_first_of_two_origin_lines)]
#[case::origins_reads_the_first_of_a_list(origins::reads_the_first_of_a_list)]
#[case::origins_tolerates_a_trailing_slash(origins::tolerates_a_trailing_slash)]
#[case::origins_rejects_malformed_origins(origins::rejects_malformed_origins)]
#[case::origins_rejects_other_origins(origins::rejects_other_origins)]
#[case::origins_sends_two_lines(origins::sends_two_lines)]
#[case::origins_sends_the_whole_list(origins::sends_the_whole_list)]
#[case::origins_always_sends_the_first_of_the_policy(origins::always_sends_the_first_of_the_policy)]
#[case::origins_reflects_when_any_is_allowed(origins::reflects_when_any_is_allowed)]
#[case::origins_omits_the_star_without_an_origin(origins::omits_the_star_without_an_origin)]
#[case::credentials_allows_them_to_other_origins(credentials::allows_them_to_other_origins)]
#[case::credentials_allows_them_with_any_origin(credentials::allows_them_with_any_origin)]
#[case::credentials_always_allows_them(credentials::always_allows_them)]
#[case::credentials_sends_a_star_with_them(credentials::sends_a_star_with_them)]
#[case::credentials_spells_true_with_a_capital(credentials::spells_true_with_a_capital)]
#[case::credentials_sends_false(credentials::sends_false)]
#[case::credentials_omits_them_on_preflights(credentials::omits_them_on_preflights)]
#[case::credentials_omits_them_on_responses(credentials::omits_them_on_responses)]
#[case::vary_omits_it_for_allowed_origins(vary::omits_it_for_allowed_origins)]
#[case::vary_omits_it_for_other_origins(vary::omits_it_for_other_origins)]
#[case::vary_omits_it_without_an_origin(vary::omits_it_without_an_origin)]
#[case::vary_omits_it_on_granted_preflights(vary::omits_it_on_granted_preflights)]
#[case::vary_omits_it_on_denied_preflights(vary::omits_it_on_denied_preflights)]
#[case::vary_omits_it_on_errors(vary::omits_it_on_errors)]
#[case::vary_overwrites_that_of_the_application(vary::overwrites_that_of_the_application)]
#[case::vary_keeps_one_line_of_the_application(vary::keeps_one_line_of_the_application)]
#[case::vary_repeats_origin(vary::repeats_origin)]
#[case::vary_adds_to_a_star(vary::adds_to_a_star)]
#[case::vary_varies_when_any_origin_is_allowed(vary::varies_when_any_origin_is_allowed)]
#[case::preflight_answers_every_options(preflight::answers_every_options)]
#[case::preflight_answers_every_options_with_an_origin(preflight::answers_every_options_with_an_origin)]
#[case::preflight_answers_every_request_that_names_a_method(
    preflight::answers_every_request_that_names_a_method
)]
#[case::preflight_passes_them_to_the_application(preflight::passes_them_to_the_application)]
#[case::preflight_runs_the_application_for_preflights(preflight::runs_the_application_for_preflights)]
#[case::preflight_adds_headers_to_the_applications_answer(preflight::adds_headers_to_the_applications_answer)]
#[case::preflight_is_inside_the_authentication(preflight::is_inside_the_authentication)]
#[case::preflight_is_inside_the_redirect(preflight::is_inside_the_redirect)]
#[case::preflight_answers_with_a_body(preflight::answers_with_a_body)]
#[case::preflight_ignores_the_configured_status(preflight::ignores_the_configured_status)]
#[case::preflight_denies_with_a_success(preflight::denies_with_a_success)]
#[case::preflight_allows_the_origin_of_what_it_denies(preflight::allows_the_origin_of_what_it_denies)]
#[case::preflight_grants_everything(preflight::grants_everything)]
#[case::preflight_exposes_headers(preflight::exposes_headers)]
#[case::preflight_omits_the_max_age(preflight::omits_the_max_age)]
#[case::preflight_adds_a_max_age(preflight::adds_a_max_age)]
#[case::preflight_names_the_requested_method_only(preflight::names_the_requested_method_only)]
#[case::preflight_shows_the_policy_to_other_origins(preflight::shows_the_policy_to_other_origins)]
#[case::preflight_always_sends_diagnostics(preflight::always_sends_diagnostics)]
#[case::preflight_never_sends_diagnostics(preflight::never_sends_diagnostics)]
#[case::requested_ignores_the_case_of_methods(requested::ignores_the_case_of_methods)]
#[case::requested_compares_the_beginning_of_methods(requested::compares_the_beginning_of_methods)]
#[case::requested_requires_safelisted_methods_to_be_listed(
    requested::requires_safelisted_methods_to_be_listed
)]
#[case::requested_grants_any_method(requested::grants_any_method)]
#[case::requested_reads_the_first_of_two_methods(requested::reads_the_first_of_two_methods)]
#[case::requested_sends_stars_with_credentials(requested::sends_stars_with_credentials)]
#[case::requested_grants_any_header(requested::grants_any_header)]
#[case::requested_lets_a_star_cover_authorization(requested::lets_a_star_cover_authorization)]
#[case::requested_skips_invalid_names(requested::skips_invalid_names)]
#[case::requested_reads_without_bounds(requested::reads_without_bounds)]
#[case::requested_requires_lower_case_names(requested::requires_lower_case_names)]
#[case::requested_requires_sorted_names(requested::requires_sorted_names)]
#[case::requested_rejects_white_space(requested::rejects_white_space)]
#[case::requested_rejects_empty_elements(requested::rejects_empty_elements)]
#[case::requested_reads_the_first_line_only(requested::reads_the_first_line_only)]
#[case::requested_rejects_a_second_line(requested::rejects_a_second_line)]
#[case::responses_leaves_out_not_found(responses::leaves_out_not_found)]
#[case::responses_leaves_out_method_not_allowed(responses::leaves_out_method_not_allowed)]
#[case::responses_leaves_out_unauthorized(responses::leaves_out_unauthorized)]
#[case::responses_leaves_out_errors(responses::leaves_out_errors)]
#[case::responses_leaves_out_panics(responses::leaves_out_panics)]
#[case::responses_leaves_out_extractor_failures(responses::leaves_out_extractor_failures)]
#[case::responses_leaves_out_redirects(responses::leaves_out_redirects)]
#[case::responses_leaves_out_not_modified(responses::leaves_out_not_modified)]
#[case::responses_leaves_out_no_content(responses::leaves_out_no_content)]
#[case::responses_leaves_out_head(responses::leaves_out_head)]
#[case::responses_leaves_out_streams(responses::leaves_out_streams)]
#[case::responses_leaves_out_http_2(responses::leaves_out_http_2)]
#[case::responses_leaves_out_own_options(responses::leaves_out_own_options)]
#[case::responses_keeps_the_applications_headers(responses::keeps_the_applications_headers)]
#[case::responses_adds_to_the_applications_headers(responses::adds_to_the_applications_headers)]
#[case::responses_omits_exposed_headers(responses::omits_exposed_headers)]
#[case::responses_exposes_on_successes_only(responses::exposes_on_successes_only)]
#[case::responses_exposes_headers_to_other_origins(responses::exposes_headers_to_other_origins)]
#[case::responses_sends_headers_of_preflights(responses::sends_headers_of_preflights)]
#[case::responses_folds_cookies(responses::folds_cookies)]
#[case::responses_keeps_one_cookie(responses::keeps_one_cookie)]
#[case::responses_drops_other_headers(responses::drops_other_headers)]
#[case::responses_drops_the_body(responses::drops_the_body)]
#[case::responses_hides_the_origin_from_the_handler(responses::hides_the_origin_from_the_handler)]
#[case::responses_runs_no_handler_for_other_origins(responses::runs_no_handler_for_other_origins)]
#[case::rules_inherit_credentials(rules::inherit_credentials)]
#[case::rules_inherit_methods(rules::inherit_methods)]
#[case::rules_inherit_headers(rules::inherit_headers)]
#[case::rules_inherit_exposed_headers(rules::inherit_exposed_headers)]
#[case::rules_inherit_the_max_age(rules::inherit_the_max_age)]
#[case::rules_last_one_decides(rules::last_one_decides)]
#[case::rules_are_merged(rules::are_merged)]
#[case::rules_widen_the_policy(rules::widen_the_policy)]
#[case::rules_give_their_credentials_to_all(rules::give_their_credentials_to_all)]
#[case::rules_come_after_the_policy(rules::come_after_the_policy)]
#[case::rules_come_after_later_exact_ones(rules::come_after_later_exact_ones)]
#[case::rules_are_ignored(rules::are_ignored)]
#[case::rules_are_ignored_for_preflights(rules::are_ignored_for_preflights)]
#[case::rules_are_ignored_for_responses(rules::are_ignored_for_responses)]
#[case::rules_deny_what_none_contains(rules::deny_what_none_contains)]
#[case::rules_have_the_default_status(rules::have_the_default_status)]
#[case::rules_have_no_diagnostics(rules::have_no_diagnostics)]
#[case::rules_vary_never_beside_a_star(rules::vary_never_beside_a_star)]
#[case::rules_vary_only_for_their_origins(rules::vary_only_for_their_origins)]
#[case::rules_vary_only_with_an_origin(rules::vary_only_with_an_origin)]
#[case::rules_vary_never_on_preflights(rules::vary_never_on_preflights)]
#[case::rules_replace_the_star_by_the_origin(rules::replace_the_star_by_the_origin)]
#[case::rules_leave_out_errors(rules::leave_out_errors)]
#[case::program_sees_null(program::sees_null)]
#[case::program_sees_files(program::sees_files)]
#[case::program_sees_a_slash(program::sees_a_slash)]
#[case::program_sees_upper_case(program::sees_upper_case)]
#[case::program_sees_hosts_without_scheme(program::sees_hosts_without_scheme)]
#[case::program_ignores_the_port(program::ignores_the_port)]
#[case::program_compares_the_end(program::compares_the_end)]
#[case::program_sees_the_first_of_two_lines(program::sees_the_first_of_two_lines)]
#[case::program_is_ignored(program::is_ignored)]
#[case::program_is_ignored_for_preflights(program::is_ignored_for_preflights)]
#[case::program_is_ignored_for_responses(program::is_ignored_for_responses)]
#[case::program_replaces_the_list(program::replaces_the_list)]
#[case::program_comes_before_rules(program::comes_before_rules)]
#[case::program_loses_vary(program::loses_vary)]
#[case::program_loses_credentials(program::loses_credentials)]
#[case::program_sends_a_star(program::sends_a_star)]
#[case::program_fails_open(program::fails_open)]
#[case::program_fails_open_for_preflights(program::fails_open_for_preflights)]
#[case::program_fails_for_the_application(program::fails_for_the_application)]
#[case::program_always_allows(program::always_allows)]
#[case::program_caches_failures(program::caches_failures)]
#[case::program_caches_by_host(program::caches_by_host)]
#[case::program_caches_by_domain(program::caches_by_domain)]
#[case::program_caches_one_answer(program::caches_one_answer)]
#[case::program_caches_nothing(program::caches_nothing)]
#[case::program_caches_no_denials(program::caches_no_denials)]
#[case::program_fails_for_listed_origins(program::fails_for_listed_origins)]
#[case::program_runs_the_application_for_preflights(program::runs_the_application_for_preflights)]
#[case::program_answers_other_options(program::answers_other_options)]
#[case::hosts_are_ignored(hosts::are_ignored)]
#[case::hosts_are_ignored_for_preflights(hosts::are_ignored_for_preflights)]
#[case::hosts_are_ignored_for_responses(hosts::are_ignored_for_responses)]
#[case::hosts_are_those_of_the_origin(hosts::are_those_of_the_origin)]
#[case::hosts_are_compared_by_their_end(hosts::are_compared_by_their_end)]
#[case::hosts_are_compared_by_their_beginning(hosts::are_compared_by_their_beginning)]
#[case::hosts_are_compared_with_their_subdomains(hosts::are_compared_with_their_subdomains)]
#[case::hosts_are_compared_with_their_port(hosts::are_compared_with_their_port)]
#[tokio::test(flavor = "multi_thread")]
async fn the_suite_catches<M: Middleware>(#[case] fault: M) {
    let (failed, mut first_failed) = mpsc::unbounded_channel();
    let all = play(&base().await.passed, fault, |result| {
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

/// The results of the correct middleware. A scenario that it fails proves nothing about a fault.
#[derive(Debug)]
struct Base {
    passed: Vec<Arc<Scenario>>,
    failed: BTreeMap<String, String>,
}

async fn base() -> &'static Base {
    static BASE: OnceCell<Base> = OnceCell::const_new();

    BASE.get_or_init(async || {
        let mut passed: Vec<_> = scenario::embedded().expect("scenarios").into_iter().map(Arc::new).collect();
        let mut failed = BTreeMap::new();
        play(&passed, correct, |result| {
            failed.insert(result.scenario.clone(), result.detail.clone());
        })
        .await;
        passed.retain(|scenario| !failed.contains_key(&scenario.id));
        Base { passed, failed }
    })
    .await
}

/// Plays scenarios, and calls `fails` with each result that is not right.
async fn play(
    scenarios: &[Arc<Scenario>],
    middleware: impl Middleware,
    mut fails: impl FnMut(&ScenarioResult),
) {
    let subject: Arc<dyn Subject> = Arc::new(Specimen(middleware));
    let user_agent: Arc<dyn UserAgent> = Arc::new(Model::default());
    let watch = |_: &dyn Subject, result: &ScenarioResult| {
        if matches!(result.verdict, Verdict::Fail | Verdict::Error) {
            fails(result);
        }
    };
    // A faulty middleware may make the specimen's own answers wrong.
    let unchecked = Options { check_specimen: false, ..Options::default() };
    run(scenarios, &[subject], &user_agent, unchecked, watch).await;
}
