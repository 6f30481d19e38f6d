use rstest::rstest;

use super::*;
use crate::framework::Framework;
use crate::request::Kind as RequestKind;

fn report() -> Report {
    let cost = |framework, request| Cost {
        framework,
        request,
        bare_ns: 500.0,
        adapter_ns: 600.0,
        other_ns: 900.0,
        adapter_added_ns: 100.0,
        other_added_ns: 400.0,
        adapter_added_allocs: 0,
        other_added_allocs: -2,
        other_fair_added_ns: 500.0,
        threads: 1,
        floor: Some(Floor {
            hook_ns: 20.0,
            headers_ns: 30.0,
            floor_ns: 50.0,
            ratio_to_floor: 2.0,
            floor_allocs: 0,
        }),
    };
    let decision = |request| Decision {
        request,
        ours_ns: 10.0,
        ours_allocs: 0,
        guarded_ns: 20.0,
        guarded_allocs: 0,
        published_ns: 40.0,
        published_allocs: 1,
    };
    Report {
        costs: Framework::ALL
            .into_iter()
            .flat_map(|framework| RequestKind::ALL.map(|request| cost(framework, request)))
            .collect(),
        decisions: RequestKind::ALL.map(decision).into(),
        policy_sizes: None,
        hostile: None,
        scaling: None,
        end_to_end: None,
    }
}

#[test]
fn json_has_the_fields_that_programs_read() {
    let json: serde_json::Value = serde_json::from_str(&render(&report(), Format::Json).unwrap()).unwrap();
    let fields =
        |value: &serde_json::Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(fields(&json), ["costs", "decisions"]);
    assert_eq!(json["costs"].as_array().unwrap().len(), 20);
    let mut expected = [
        "framework",
        "request",
        "bare_ns",
        "adapter_ns",
        "other_ns",
        "adapter_added_ns",
        "other_added_ns",
        "adapter_added_allocs",
        "other_added_allocs",
        "other_fair_added_ns",
        "threads",
        "hook_ns",
        "headers_ns",
        "floor_ns",
        "ratio_to_floor",
        "floor_allocs",
    ];
    expected.sort_unstable();
    let mut found = fields(&json["costs"][0]);
    found.sort_unstable();
    assert_eq!(found, expected);
    let requests: Vec<_> = json["decisions"].as_array().unwrap().iter().map(|row| &row["request"]).collect();
    assert_eq!(requests, ["plain", "actual", "denied", "preflight"]);
    let mut found = fields(&json["decisions"][0]);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "guarded_allocs",
            "guarded_ns",
            "ours_allocs",
            "ours_ns",
            "published_allocs",
            "published_ns",
            "request"
        ]
    );
}

#[rstest]
#[case(Format::Table)]
#[case(Format::Markdown)]
#[case(Format::Html)]
fn every_format_for_people_has_every_row(#[case] format: Format) {
    let text = render(&report(), format).unwrap();
    for framework in Framework::ALL {
        assert!(text.matches(framework.name()).count() >= RequestKind::ALL.len(), "{text}");
    }
    assert!(text.contains("+100") && text.contains("+400") && text.contains("0.25"), "{text}");
    assert!(text.contains("0.20") && text.contains("2.00"), "{text}");
}
