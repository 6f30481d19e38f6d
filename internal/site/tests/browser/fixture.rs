//! A run with every kind of result, many servers, long texts, and real scenarios.

use std::collections::BTreeMap;

use cors_conformance::Run;
use cors_conformance::run::{ScenarioResult, SubjectRun, Verdict};
use cors_conformance::scenario::{self, Scenario};
use cors_conformance::subject::{Dispute, KnownLimit, SubjectKind};
use cors_conformance::unsafe_configuration::{UnsafeConfiguration, UnsafeOutcome};
use cors_conformance::verdict::Mismatch;
use cors_site::{Answer, Results};

/// The groups of the scenarios.
const GROUPS: [&str; 10] = [
    "caching",
    "cookies",
    "errors",
    "exposed-headers",
    "guard",
    "interference",
    "look-alike",
    "patterns",
    "preflight",
    "timing",
];

/// How many scenarios of a group there are at most.
const OF_A_GROUP: usize = 2;

/// Names as long as real ones.
const SERVERS: [&str; 12] = [
    "tower-http",
    "rocket_cors",
    "express-cors",
    "fastify-cors",
    "koa-cors",
    "starlette-cors",
    "flask-cors",
    "django-cors-headers",
    "rack-cors",
    "plack-crossorigin",
    "nginx-recipe",
    "haproxy-recipe",
];

/// The link of limits and disputes.
const LINK: &str = "https://forge.example/issues/1";

pub(crate) fn results() -> Results {
    let mut groups = BTreeMap::<String, usize>::new();
    let mut scenarios = scenario::embedded().unwrap();
    // The test filters by this word.
    scenarios.retain(|scenario| scenario.group() != "caching" || scenario.id.contains("vary"));
    scenarios.retain(|scenario| {
        let count = groups.entry(scenario.group().to_owned()).or_default();
        *count += 1;
        *count <= OF_A_GROUP && GROUPS.contains(&scenario.group())
    });
    let others = SERVERS.iter().enumerate().map(|(number, name)| {
        let results = scenarios.iter().enumerate();
        let verdict = |place: usize| match (number * 7 + place * 3) % 17 {
            0 => Verdict::Fail,
            1 if place.is_multiple_of(2) => Verdict::Limit,
            2 => Verdict::Disputed,
            3 | 4 => Verdict::CannotExpress,
            5 => Verdict::NotAsked,
            6 => Verdict::Error,
            _ => Verdict::Pass,
        };
        let results = results.map(|(place, scenario)| result(scenario, verdict(place)));
        subject(name, SubjectKind::External, results.collect())
    });
    let adapters = ["cors-axum", "cors-actix"].map(|name| {
        let results = scenarios.iter().map(|scenario| result(scenario, Verdict::Pass));
        subject(name, SubjectKind::Adapter, results.collect())
    });
    let unplayed = SubjectRun {
        problems: vec!["it printed nothing within 20 s; `ImportError: no module named flask`".to_owned()],
        ..subject("bottle-cors", SubjectKind::External, Vec::new())
    };
    let subjects = others.chain(adapters).chain([unplayed]).collect();
    let mut results =
        Results::new(Run { scenarios: scenarios.len(), problems: Vec::new(), subjects }).unwrap();
    results.date = Some("2026-01-02".to_owned());
    results.commit = Some("0123456789012345678901234567890123456789-dirty".to_owned());
    results.unsafe_configurations =
        SERVERS.iter().enumerate().map(|(number, name)| ((*name).to_owned(), answers(number))).collect();
    results
}

fn answers(number: usize) -> BTreeMap<String, Answer> {
    let outcomes = [
        UnsafeOutcome::Refused,
        UnsafeOutcome::CannotExpress,
        UnsafeOutcome::Blocked,
        UnsafeOutcome::ReadsWithoutCookies,
        UnsafeOutcome::ReadsWithCookies,
        UnsafeOutcome::Error,
    ];
    let configurations = UnsafeConfiguration::ALL.iter().enumerate();
    let answers = configurations.map(|(place, configuration)| {
        let outcome = outcomes[(number + place) % outcomes.len()];
        let detail = "cors({ origin: /^https:\\/\\/app\\.example/, credentials: true })".to_owned();
        (configuration.name.to_owned(), Answer { outcome, detail })
    });
    answers.collect()
}

fn result(scenario: &Scenario, verdict: Verdict) -> ScenarioResult {
    let is_judged = matches!(verdict, Verdict::Fail | Verdict::Limit | Verdict::Disputed);
    let mismatch = Mismatch {
        step: 1,
        about: "preflight response".to_owned(),
        expected:
            "`access-control-allow-headers` with `x-a-header-with-a-very-long-name-that-does-not-break`"
                .to_owned(),
        seen: "no `access-control-allow-headers`".to_owned(),
    };
    let exchange = "step 1\n> OPTIONS https://api.example/\n> Origin: https://app.example\n> Access-Control-Request-Headers: authorization,content-type,x-a-header,x-another-header\n< 204";
    let stated = |wanted| (verdict == wanted).then(|| scenario.id.clone());
    ScenarioResult {
        scenario: scenario.id.clone(),
        kind: scenario.kind,
        verdict,
        detail: match verdict {
            Verdict::CannotExpress => "cannot express the policy: it has no option for the ports of an origin".to_owned(),
            Verdict::Error => "the server stopped after 3 requests".to_owned(),
            _ => String::new(),
        },
        title: scenario.title.clone(),
        group: scenario.group().to_owned(),
        harm: scenario.harm.clone(),
        limit: stated(Verdict::Limit).map(|id| KnownLimit {
            scenario: id.into(),
            reason: "The framework answers 400 to methods that it does not know".into(),
            link: LINK.into(),
        }),
        dispute: stated(Verdict::Disputed).map(|id| Dispute {
            scenario: id.into(),
            reason: "It is right as it is".into(),
            link: LINK.into(),
        }),
        mismatches: if is_judged { vec![mismatch] } else { Vec::new() },
        exchanges: if is_judged || verdict == Verdict::Pass { vec![exchange.to_owned()] } else { Vec::new() },
        configurations: BTreeMap::from([(
            "main".to_owned(),
            "app.use(cors({ origin: ['https://app.example'], methods: ['GET', 'PUT'], allowedHeaders: ['authorization', 'content-type'], credentials: true }));"
                .to_owned(),
        )]),
        duration_ms: 1,
    }
}

fn subject(name: &str, kind: SubjectKind, results: Vec<ScenarioResult>) -> SubjectRun {
    let count = |verdict| results.iter().filter(|result| result.verdict == verdict).count();
    SubjectRun {
        name: name.to_owned(),
        kind,
        framework: "a framework".to_owned(),
        version: format!("{name} 1.2.3"),
        user_agent: "model".to_owned(),
        passed: count(Verdict::Pass),
        failed: count(Verdict::Fail),
        limits: count(Verdict::Limit),
        disputed: count(Verdict::Disputed),
        cannot_express: count(Verdict::CannotExpress),
        not_asked: count(Verdict::NotAsked),
        errors: count(Verdict::Error),
        problems: Vec::new(),
        deviations: Vec::new(),
        results,
    }
}
