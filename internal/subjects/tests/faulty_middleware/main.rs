//! Middlewares with one fault each: a suite that lets one of them pass proves nothing about the others.

mod base;
mod credentials;
mod origins;
mod preflight;
mod requested;
mod responses;
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
    assert!(base.failed.is_empty(), "the base of all faults has a fault itself: {:#?}", base.failed);
}

#[rstest]
#[case::origins_reflects_every_origin(origins::reflects_every_origin)]
#[case::origins_compares_the_end(origins::compares_the_end)]
#[case::origins_compares_the_beginning(origins::compares_the_beginning)]
#[case::origins_looks_for_the_host_anywhere(origins::looks_for_the_host_anywhere)]
#[case::origins_takes_a_part_for_the_whole(origins::takes_a_part_for_the_whole)]
#[case::origins_ignores_case(origins::ignores_case)]
#[case::origins_ignores_the_scheme(origins::ignores_the_scheme)]
#[case::origins_ignores_the_port(origins::ignores_the_port)]
#[case::origins_allows_null(origins::allows_null)]
#[case::origins_takes_a_dot_for_any_letter(origins::takes_a_dot_for_any_letter)]
#[case::origins_allows_subdomains_of_exact_origins(origins::allows_subdomains_of_exact_origins)]
#[case::origins_allows_the_domain_with_its_subdomains(origins::allows_the_domain_with_its_subdomains)]
#[case::origins_forgets_the_boundary_of_labels(origins::forgets_the_boundary_of_labels)]
#[case::origins_leaves_patterns_open_at_the_end(origins::leaves_patterns_open_at_the_end)]
#[case::origins_allows_one_label_of_subdomains(origins::allows_one_label_of_subdomains)]
#[case::origins_takes_the_first_of_two_origin_lines(origins::takes_the_first_of_two_origin_lines)]
#[case::origins_takes_the_first_of_a_list(origins::takes_the_first_of_a_list)]
#[case::origins_tolerates_a_trailing_slash(origins::tolerates_a_trailing_slash)]
#[case::origins_refuses_malformed_origins(origins::refuses_malformed_origins)]
#[case::origins_turns_strangers_away(origins::turns_strangers_away)]
#[case::origins_sends_two_lines(origins::sends_two_lines)]
#[case::origins_sends_the_whole_list(origins::sends_the_whole_list)]
#[case::origins_sends_the_first_of_the_policy_to_everybody(
    origins::sends_the_first_of_the_policy_to_everybody
)]
#[case::origins_reflects_where_any_is_allowed(origins::reflects_where_any_is_allowed)]
#[case::origins_leaves_the_star_from_plain_responses(origins::leaves_the_star_from_plain_responses)]
#[case::credentials_allows_them_to_strangers(credentials::allows_them_to_strangers)]
#[case::credentials_allows_them_to_any_origin(credentials::allows_them_to_any_origin)]
#[case::credentials_allows_them_always(credentials::allows_them_always)]
#[case::credentials_sends_a_star_beside_them(credentials::sends_a_star_beside_them)]
#[case::credentials_spells_true_with_a_capital(credentials::spells_true_with_a_capital)]
#[case::credentials_says_false(credentials::says_false)]
#[case::credentials_forgets_them_on_preflights(credentials::forgets_them_on_preflights)]
#[case::credentials_forgets_them_on_responses(credentials::forgets_them_on_responses)]
#[case::vary_forgets_it_for_allowed_origins(vary::forgets_it_for_allowed_origins)]
#[case::vary_forgets_it_for_strangers(vary::forgets_it_for_strangers)]
#[case::vary_forgets_it_for_plain_requests(vary::forgets_it_for_plain_requests)]
#[case::vary_forgets_it_on_granted_preflights(vary::forgets_it_on_granted_preflights)]
#[case::vary_forgets_it_on_denied_preflights(vary::forgets_it_on_denied_preflights)]
#[case::vary_forgets_it_on_errors(vary::forgets_it_on_errors)]
#[case::vary_overwrites_the_applications(vary::overwrites_the_applications)]
#[case::vary_keeps_one_line_of_the_applications(vary::keeps_one_line_of_the_applications)]
#[case::vary_repeats_itself(vary::repeats_itself)]
#[case::vary_adds_to_a_star(vary::adds_to_a_star)]
#[case::vary_varies_where_any_origin_is_allowed(vary::varies_where_any_origin_is_allowed)]
#[case::preflight_answers_every_options(preflight::answers_every_options)]
#[case::preflight_answers_every_options_with_an_origin(preflight::answers_every_options_with_an_origin)]
#[case::preflight_answers_whatever_names_a_method(preflight::answers_whatever_names_a_method)]
#[case::preflight_leaves_them_to_the_application(preflight::leaves_them_to_the_application)]
#[case::preflight_runs_the_application_for_nothing(preflight::runs_the_application_for_nothing)]
#[case::preflight_labels_the_applications_answer(preflight::labels_the_applications_answer)]
#[case::preflight_stands_behind_the_authentication(preflight::stands_behind_the_authentication)]
#[case::preflight_stands_behind_the_redirect(preflight::stands_behind_the_redirect)]
#[case::preflight_answers_with_a_body(preflight::answers_with_a_body)]
#[case::preflight_ignores_the_chosen_status(preflight::ignores_the_chosen_status)]
#[case::preflight_denies_with_an_ok(preflight::denies_with_an_ok)]
#[case::preflight_allows_the_origin_of_what_it_denies(preflight::allows_the_origin_of_what_it_denies)]
#[case::preflight_grants_everything(preflight::grants_everything)]
#[case::preflight_exposes_headers(preflight::exposes_headers)]
#[case::preflight_forgets_the_max_age(preflight::forgets_the_max_age)]
#[case::preflight_invents_a_max_age(preflight::invents_a_max_age)]
#[case::preflight_names_the_requested_method_only(preflight::names_the_requested_method_only)]
#[case::preflight_tells_strangers_the_policy(preflight::tells_strangers_the_policy)]
#[case::preflight_always_diagnoses(preflight::always_diagnoses)]
#[case::preflight_never_diagnoses(preflight::never_diagnoses)]
#[case::requested_ignores_the_case_of_methods(requested::ignores_the_case_of_methods)]
#[case::requested_compares_the_beginning_of_methods(requested::compares_the_beginning_of_methods)]
#[case::requested_wants_safelisted_methods_listed(requested::wants_safelisted_methods_listed)]
#[case::requested_grants_any_method(requested::grants_any_method)]
#[case::requested_takes_the_first_of_two_methods(requested::takes_the_first_of_two_methods)]
#[case::requested_sends_stars_beside_credentials(requested::sends_stars_beside_credentials)]
#[case::requested_grants_any_header(requested::grants_any_header)]
#[case::requested_takes_a_star_for_authorization(requested::takes_a_star_for_authorization)]
#[case::requested_skips_names_that_are_none(requested::skips_names_that_are_none)]
#[case::requested_reads_without_bounds(requested::reads_without_bounds)]
#[case::requested_minds_the_case_of_names(requested::minds_the_case_of_names)]
#[case::requested_minds_the_order_of_names(requested::minds_the_order_of_names)]
#[case::requested_minds_white_space(requested::minds_white_space)]
#[case::requested_minds_empty_elements(requested::minds_empty_elements)]
#[case::requested_reads_the_first_line_only(requested::reads_the_first_line_only)]
#[case::requested_refuses_a_second_line(requested::refuses_a_second_line)]
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
#[case::responses_forgets_what_it_exposes(responses::forgets_what_it_exposes)]
#[case::responses_exposes_on_successes_only(responses::exposes_on_successes_only)]
#[case::responses_tells_strangers_what_it_exposes(responses::tells_strangers_what_it_exposes)]
#[case::responses_sends_what_belongs_to_preflights(responses::sends_what_belongs_to_preflights)]
#[case::responses_folds_cookies(responses::folds_cookies)]
#[case::responses_keeps_one_cookie(responses::keeps_one_cookie)]
#[case::responses_drops_other_headers(responses::drops_other_headers)]
#[case::responses_drops_the_body(responses::drops_the_body)]
#[case::responses_hides_the_origin_from_the_handler(responses::hides_the_origin_from_the_handler)]
#[case::responses_runs_no_handler_for_strangers(responses::runs_no_handler_for_strangers)]
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
