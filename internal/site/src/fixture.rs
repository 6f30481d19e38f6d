//! A small run for tests.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cors_conformance::Run;
use cors_conformance::run::{ScenarioResult, SubjectRun, Verdict};
use cors_conformance::scenario::Kind;
use cors_conformance::subject::{Dispute, SubjectKind};
use cors_conformance::unsafe_configuration::UnsafeOutcome;
use cors_conformance::verdict::Mismatch;

use crate::{Answer, Results};

/// A text that must not become markup anywhere.
pub(crate) const HOSTILE: &str = "\"'><script>alert(1)</script>&amp;";

fn result(scenario: &str, kind: Kind, verdict: Verdict) -> ScenarioResult {
    ScenarioResult {
        scenario: scenario.to_owned(),
        kind,
        verdict,
        detail: String::new(),
        title: format!("What `{scenario}` says"),
        group: scenario.split('/').next().unwrap_or_default().to_owned(),
        harm: None,
        limit: None,
        dispute: None,
        mismatches: Vec::new(),
        exchanges: Vec::new(),
        configurations: BTreeMap::from([("main".to_owned(), format!("cors({HOSTILE})"))]),
        duration_ms: 1,
    }
}

/// A failing result with mismatches: what they are about, what was expected, what was seen.
pub(crate) fn failing(
    scenario: &str,
    mismatches: &[(&str, &str, &str)],
    exchanges: &[&str],
) -> ScenarioResult {
    let mismatches: Vec<_> = mismatches
        .iter()
        .map(|(about, expected, seen)| Mismatch {
            step: 1,
            about: (*about).to_owned(),
            expected: (*expected).to_owned(),
            seen: (*seen).to_owned(),
        })
        .collect();
    ScenarioResult {
        mismatches,
        exchanges: exchanges.iter().map(ToString::to_string).collect(),
        ..result(scenario, Kind::Required, Verdict::Fail)
    }
}

fn subject(name: &str, kind: SubjectKind, results: Vec<ScenarioResult>) -> SubjectRun {
    SubjectRun {
        framework: "zebra-web".to_owned(),
        version: "1.2.3".to_owned(),
        user_agent: "model".to_owned(),
        ..SubjectRun::counted(name, kind, results)
    }
}

const READ: (&str, &str, &str) =
    ("page", "blocked (missing-allow-origin)", "a readable response (cors, 200)");
const VARY: (&str, &str, &str) = ("actual response", "`origin` once each in `vary`", "no `vary`");
const GET: &[&str] =
    &["step 1", "> GET https://api.example/", "> Origin: https://a.example", "< 200", "< | <b>"];

pub(crate) fn run() -> Run {
    let pass = |id| result(id, Kind::Required, Verdict::Pass);
    let cannot = ScenarioResult {
        detail: format!("cannot express the policy: {HOSTILE}"),
        ..result("caching/vary-for-plain-request", Kind::Required, Verdict::CannotExpress)
    };
    let disputed = ScenarioResult {
        dispute: Some(Dispute {
            scenario: "zebra/stripes".into(),
            reason: HOSTILE.into(),
            link: "javascript:alert(1)".into(),
        }),
        verdict: Verdict::Disputed,
        ..failing("zebra/stripes", &[("page", "stripes", HOSTILE)], GET)
    };
    let first = vec![
        failing("caching/vary-for-plain-request", &[VARY], GET),
        failing("caching/vary-on-errors", &[VARY], GET),
        pass("xhr/stranger"),
        disputed,
    ];
    let second = vec![
        cannot,
        failing("caching/vary-on-errors", &[VARY], GET),
        failing("xhr/stranger", &[READ], GET),
        pass("zebra/stripes"),
    ];
    let adapter =
        ["caching/vary-for-plain-request", "caching/vary-on-errors", "xhr/stranger", "zebra/stripes"];
    Run {
        scenarios: 4,
        problems: vec![HOSTILE.to_owned()],
        subjects: vec![
            subject("zebra-cors", SubjectKind::Middleware, first),
            subject("../zebra/cors", SubjectKind::External, second),
            subject("cors-zebra", SubjectKind::Adapter, adapter.map(pass).to_vec()),
            SubjectRun {
                errors: 4,
                problems: vec![HOSTILE.to_owned()],
                ..subject(HOSTILE, SubjectKind::Middleware, Vec::new())
            },
        ],
    }
}

pub(crate) fn results() -> Results {
    // Loading all scenarios takes a while.
    static RESULTS: LazyLock<Results> = LazyLock::new(new_results);
    RESULTS.clone()
}

fn new_results() -> Results {
    let answer = Answer { outcome: UnsafeOutcome::Refused, detail: HOSTILE.to_owned() };
    let answers = BTreeMap::from([("any-origin-with-credentials".to_owned(), answer)]);
    Results {
        date: Some("2026-01-02".to_owned()),
        commit: Some("0123abc".to_owned()),
        earlier: vec!["2026-01-01".to_owned()],
        unsafe_configurations: BTreeMap::from([("zebra-cors".to_owned(), answers)]),
        ..Results::new(run()).unwrap()
    }
}
