//! Property tests: the crate agrees with a naive implementation of the semantics about which policies are refused and
//! about what is answered to a request.

use cors_core::{Policy, PolicyBuilder, PreparedPolicy, Problem, ProblemCode};
use cors_naive::compare::{answer, refusals, warnings};
use cors_naive::files::{self, fields, read, tables};
use cors_naive::{
    NaivePolicy, builder, faulty_policies, guard_builder, guarded_requests, guards, is_entry, policies,
    requests, response_headers,
};
use http::HeaderMap;
use proptest::collection::vec;
use proptest::prelude::*;

/// The policy, or the places of its problems. Values are left out, because a fraction may lose its last digit in a text.
fn outcome(builder: PolicyBuilder) -> Result<Policy, Vec<(ProblemCode, String)>> {
    let place = |problem: &Problem| (problem.code(), problem.field().to_owned());
    builder.build().map_err(|error| error.problems().iter().map(place).collect())
}

/// The text between the backticks of a sentence "Write `…`.".
fn suggestion(problem: &Problem) -> Option<&str> {
    let text = problem.help().strip_prefix("Write `")?.strip_suffix("`.")?;
    Some(text).filter(|text| !text.contains('`'))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_like_the_naive_implementation(
        naive in policies(),
        request in requests(),
        response in response_headers(),
    ) {
        prop_assert_eq!(refusals(builder(&naive)), naive.refusals());
        if let Ok(policy) = builder(&naive).build() {
            prop_assert_eq!(warnings(&policy), naive.warnings());
            prop_assert_eq!(answer(&PreparedPolicy::new(policy), &request, response.clone()), naive.answer(&request, &response));
        }
    }

    #[test]
    fn guards_like_the_naive_implementation(
        naive in policies(),
        guard in guards(),
        request in guarded_requests(),
    ) {
        if let Ok(policy) = builder(&naive).guard(guard_builder(&guard)).build() {
            prop_assert_eq!(answer(&PreparedPolicy::new(policy), &request, HeaderMap::new()), guard.answer(&naive, &request));
        }
    }

    #[test]
    fn refuses_what_the_naive_implementation_refuses(naive in faulty_policies()) {
        prop_assert_eq!(refusals(builder(&naive)), naive.refusals());
    }

    #[test]
    fn accepts_exactly_the_origins_that_browsers_send_and_their_patterns(
        text in prop_oneof![
            4 => "(https?|HTTP|file|a|ws)://(\\*\\.)?[a-z0-9.:-]{1,12}(:[0-9*]{0,6})?",
            4 => "(https?|HTTP|file|a)?(://)?[*.a-zA-Z0-9:@\\[\\]/?# -]{0,20}(:[0-9*]{0,6})?",
            2 => "(https?|app)://[a-z0-9*-]{1,5}(\\.[a-z0-9*-]{1,4}){0,2}\\.?",
            1 => "https?://(\\*\\.)?(a\\.)?xn--[a-z0-9-]{1,8}(\\.a)?",
            1 => "(?s).*",
        ],
    ) {
        match Policy::builder().allow_origins([text.as_str()]).build() {
            Ok(policy) => {
                prop_assert!(is_entry(&text));
                prop_assert_eq!(policy.allow_origins().collect::<Vec<_>>(), [text.as_str()]);
                prop_assert_eq!(policy.allows_origin(text.as_bytes()), text == "*" || !text.contains('*'));
            }
            Err(error) => {
                prop_assert!(!is_entry(&text), "{error}");
                let [problem] = error.problems() else { panic!("{error}") };
                prop_assert_eq!(problem.field(), "allow_origins[0]");
                if let Some(suggestion) = suggestion(problem) {
                    prop_assert!(Policy::builder().allow_origins(suggestion).build().is_ok(), "{problem}");
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_a_policy_or_a_readable_message(bytes in vec(any::<u8>(), 0..200)) {
        read(&bytes).try_for_each(files::check)?;
    }

    #[test]
    fn any_value_of_a_field_is_valid_or_gets_a_readable_message(
        field in fields(),
        bytes in prop_oneof![vec(any::<u8>(), 0..40), "[\"\\[\\]a-z0-9,./*: \n-]{0,40}".prop_map(String::into_bytes)],
    ) {
        let toml = [b"allow_origins = \"*\"\n", field.as_bytes(), b" = ", &bytes].concat();
        let json = [b"{\"", field.as_bytes(), b"\": \"", &bytes, b"\"}"].concat();
        read(&toml).chain(read(&json)).try_for_each(files::check)?;
    }

    #[test]
    fn a_table_has_the_same_outcome_in_every_format(table in tables()) {
        let text = table.to_string();
        // All faults of a table are problems, so reading it never fails.
        let from_text: PolicyBuilder = serde_json::from_str(&text).unwrap();
        let from_value: PolicyBuilder = serde_json::from_value(table).unwrap();
        prop_assert_eq!(outcome(from_text.clone()), outcome(from_value));
        files::check(from_text)?;
    }

    #[test]
    fn a_policy_reads_back_as_it_was_written(naive in policies()) {
        // A file cannot contain a function.
        files::check(builder(&NaivePolicy { function: None, ..naive }))?;
    }
}
