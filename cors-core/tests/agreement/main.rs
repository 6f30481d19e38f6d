//! The decision agrees with a second implementation of the semantics that is as plain as can be, on random policies and
//! random requests made to be nearly right; and nothing that arrives makes it panic.

mod naive;

use cors_core::{Danger, Decision, Pass, Policy, PolicyBuilder, PreparedPolicy, Problem, ProblemCode};
use http::{HeaderMap, HeaderValue, Request};
use naive::{Answer, NaivePolicy};
use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::Value;

const FIELDS: [&str; 10] = [
    "allow_origins",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "allow_credentials",
    "max_age",
    "allow_private_network",
    "preflight_status",
    "diagnostics",
    "dangerously_allow",
];

const ORIGINS: [&str; 14] = [
    "https://app.example",
    "https://app.example:8443",
    "http://app.example",
    "https://*.app.example",
    "https://*.app.example:8443",
    "https://*.app.example:*",
    "https://*.b.app.example",
    "https://*.example",
    "http://localhost:*",
    "http://127.0.0.1:*",
    "http://[::1]:3000",
    "https://app.example.",
    "chrome-extension://app",
    "null",
];

const METHODS: [&str; 7] = ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "x-own", LONG_METHOD];

/// More than is read of a method that is not listed.
const LONG_METHOD: &str = match str::from_utf8(&[b'A'; 300]) {
    Ok(method) => method,
    Err(_) => "",
};

const HEADERS: [&str; 6] = ["authorization", "content-type", "x-a", "X-B", "accept", "x!#$%&'*+-.^_`|~"];

fn policies() -> impl Strategy<Value = NaivePolicy> {
    let names = |names: &'static [&'static str], wildcards: &'static [&'static [&'static str]]| {
        prop_oneof![
            3 => subsequence(names, 0..names.len()).prop_map(|names| names.iter().map(ToString::to_string).collect()),
            1 => select(wildcards).prop_map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>()),
        ]
    };
    let origins = prop_oneof![
        5 => subsequence(&ORIGINS[..], 1..ORIGINS.len()).prop_map(|origins| origins.iter().map(ToString::to_string).collect()),
        1 => Just(vec!["*".to_owned()]),
    ];
    (
        origins,
        names(&METHODS, &[&["*"]]),
        names(&HEADERS, &[&["*"], &["*", "authorization"]]),
        names(&["x-request-id", "etag"], &[&["*"]]),
        any::<bool>(),
        option::of(0..86_400_u32),
        any::<bool>(),
        any::<bool>(),
        select(vec![200_u16, 204, 299]),
    )
        .prop_map(
            |(
                origins,
                methods,
                headers,
                expose,
                credentials,
                max_age,
                private_network,
                diagnostics,
                status,
            )| {
                NaivePolicy {
                    origins,
                    methods,
                    headers,
                    expose,
                    credentials,
                    max_age,
                    private_network,
                    diagnostics,
                    status,
                }
            },
        )
}

/// The same policy for the decision; `None` where it is refused.
fn build(policy: &NaivePolicy) -> Option<Policy> {
    let mut builder = builder(policy);
    if !policy.credentials {
        builder = builder.dangerously_allow([Danger::NullOrigin]);
    }
    builder.build().ok()
}

fn builder(policy: &NaivePolicy) -> PolicyBuilder {
    let builder = Policy::builder()
        .allow_origins(policy.origins.clone())
        .allow_methods(policy.methods.clone())
        .allow_headers(policy.headers.clone())
        .expose_headers(policy.expose.clone())
        .allow_credentials(policy.credentials)
        .allow_private_network(policy.private_network)
        .diagnostics(policy.diagnostics)
        .preflight_status(policy.status)
        .dangerously_allow([Danger::InsecureOrigins, Danger::PublicSuffixWildcards]);
    match policy.max_age {
        Some(seconds) => builder.max_age(seconds),
        None => builder,
    }
}

/// `Origin` lines: right ones, nearly right ones, and noise.
fn origin_lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let host = prop_oneof![
        select(vec![
            "app.example",
            "a.app.example",
            "a.b.app.example",
            "evilapp.example",
            "app.example.evil.example",
            ".app.example",
            "a..app.example",
            "localhost",
            "127.0.0.1",
            "127.1",
            "[::1]",
            "[0::1]",
            "app.example.",
            "APP.example",
            "app",
            "*.app.example",
            "user@app.example",
            "",
            "xn--bcher-kva.app.example",
            "a_b.app.example",
            "localhost.evil.example",
        ])
        .prop_map(str::to_owned),
        "[a-w0-9.-]{0,12}\\.app\\.example",
        (240..260_usize).prop_map(|length| format!(
            "{}.app.example",
            "a.".repeat(length / 2 - 6) + &"a".repeat(length % 2)
        )),
    ];
    let port = prop_oneof![
        4 => Just(String::new()),
        1 => select(vec![":443", ":80", ":8443", ":3000", ":", ":0", ":03000", ":65536", ":1x", ":*", ":1:2"]).prop_map(str::to_owned),
        1 => (1..70_000_u32).prop_map(|port| format!(":{port}")),
    ];
    let scheme =
        select(vec!["https://", "http://", "chrome-extension://", "HTTPS://", "https:", "", "ftp://"]);
    let end = select(vec!["", "", "", "", "", "/", " ", "?", "#a", ",https://app.example"]);
    let composed = (scheme, host, port, end)
        .prop_map(|(scheme, host, port, end)| format!("{scheme}{host}{port}{end}").into_bytes());
    let line = prop_oneof![
        8 => composed,
        2 => select(&ORIGINS[..]).prop_map(|origin| origin.replace('*', "a").into_bytes()),
        1 => Just(b"null".to_vec()),
        1 => vec(any::<u8>(), 0..40),
    ];
    prop_oneof![1 => vec(line.clone(), 0..1), 8 => vec(line.clone(), 1..2), 1 => vec(line, 2..3)]
}

fn request_header_lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let element = prop_oneof![
        6 => select(vec!["authorization", "Authorization", "content-type", "x-a", "X-A", "x-b", "accept", "x!#$%&'*+-.^_`|~"]).prop_map(str::to_owned),
        2 => Just(String::new()),
        1 => Just(" \t".to_owned()),
        1 => Just("x-other".to_owned()),
        1 => Just("x y".to_owned()),
        1 => (4000..4200_usize).prop_map(|length| "a".repeat(length)),
        1 => (60..70_usize).prop_map(|times| vec!["x-a"; times].join(",")),
        1 => (28..36_usize).prop_map(|times| ",".repeat(times)),
        1 => (4060..4100_usize).prop_map(|length| format!("x-a{}", " ".repeat(length))),
    ];
    let line = prop_oneof![
        8 => vec(element, 0..4).prop_map(|elements| elements.join(", ").into_bytes()),
        1 => vec(any::<u8>(), 0..20),
    ];
    vec(line, 0..3)
}

prop_compose! {
    fn requests()(
        method in select(vec!["GET", "POST", "PUT", "OPTIONS", "OPTIONS", "OPTIONS", "OPTIONS", "options"]),
        origin in origin_lines(),
        request_method in prop_oneof![
            6 => vec(select(vec!["GET", "HEAD", "POST", "PUT", "put", "DELETE", "PATCH", "OPTIONS", "x-own", "", "P UT", "PUT,GET", LONG_METHOD]).prop_map(str::to_owned), 1..2),
            1 => vec((250..262_usize).prop_map(|length| "A".repeat(length)), 1..2),
            1 => vec(select(vec!["PUT", "GET"]).prop_map(str::to_owned), 0..3),
        ],
        request_headers in request_header_lines(),
        private_network in prop_oneof![
            7 => Just(vec![]),
            2 => vec(select(vec!["true", "TRUE", "false"]), 1..3),
            1 => (6..10_usize).prop_map(|before| [vec!["false"; before], vec!["true"]].concat()),
        ],
    ) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = method.parse().expect("it is a method");
        let lines = origin.into_iter().map(|line| ("origin", line))
            .chain(request_method.into_iter().map(|line| ("access-control-request-method", line.into())))
            .chain(request_headers.into_iter().map(|line| ("access-control-request-headers", line)))
            .chain(private_network.into_iter().map(|line| ("access-control-request-private-network", line.into())));
        for (name, line) in lines {
            // What is no header value cannot arrive through this framework's types.
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                request.headers_mut().append(name, value);
            }
        }
        request
    }
}

fn application_headers() -> impl Strategy<Value = HeaderMap> {
    let line = select(vec![
        ("vary", "Accept-Encoding"),
        ("vary", "accept, ORIGIN"),
        ("vary", "*"),
        ("access-control-allow-origin", "*"),
        ("access-control-made-up", "1"),
        ("set-cookie", "a=1"),
        ("x-own", "1"),
    ]);
    vec(line, 0..5).prop_map(|lines| {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    })
}

/// What the decision made of a request.
fn answer(policy: Policy, request: &Request<()>, mut headers: HeaderMap) -> Answer {
    let prepared = PreparedPolicy::<HeaderValue>::new(policy);
    let (status, reason) = match prepared.decide(request) {
        Decision::Preflight(preflight) => {
            headers.clear();
            prepared.write_preflight(preflight, request, &mut headers);
            (Some(preflight.status()), preflight.reason())
        }
        Decision::Pass(pass) => {
            let reason =
                if pass == Pass::NotAllowed { prepared.policy().origin_reason(request) } else { None };
            prepared.write(pass, &mut headers);
            (None, reason)
        }
    };
    let mut lines: Vec<_> =
        headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    lines.sort();
    Answer { status, reason: reason.map(|reason| reason.as_str().to_owned()), headers: lines }
}

/// A policy's field, or a name that is none.
fn fields() -> impl Strategy<Value = String> {
    prop_oneof![8 => select(&FIELDS[..]).prop_map(str::to_owned), 1 => "(?s).{0,20}"]
}

/// A JSON object whose fields are those of a policy for the most part, and whose values are anything.
fn tables() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        3 => select([&ORIGINS[..], &METHODS, &HEADERS, &["*", "null-origin", "insecure-origins"]].concat()).prop_map(str::to_owned),
        1 => "(?s).{0,20}",
    ];
    let leaf = prop_oneof![
        6 => text.clone().prop_map(Value::from),
        1 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        2 => (-10..100_000).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            4 => vec(text.clone().prop_map(Value::from), 0..5).prop_map(Value::from),
            2 => vec(inner.clone(), 0..5).prop_map(Value::from),
            1 => hash_map("(?s).{0,8}", inner, 0..4).prop_map(|table| table.into_iter().collect::<Value>()),
        ]
    });
    hash_map(fields(), value, 0..8).prop_map(|table| table.into_iter().collect::<Value>())
}

/// Reads a policy in every format, and builds it.
fn read(bytes: &[u8]) {
    let builders = [
        serde_json::from_slice::<PolicyBuilder>(bytes).ok(),
        toml::from_slice::<PolicyBuilder>(bytes).ok(),
        toml::from_str::<PolicyBuilder>(&String::from_utf8_lossy(bytes)).ok(),
    ];
    for builder in builders.into_iter().flatten() {
        let _ = builder.build();
    }
}

/// The policy, or what is wrong where; without the values, as a fraction may lose its last digit in a text.
fn outcome(builder: PolicyBuilder) -> Result<Policy, Vec<(ProblemCode, String)>> {
    let place = |problem: &Problem| (problem.code(), problem.field().to_owned());
    builder.build().map_err(|error| error.problems().iter().map(place).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_naive_implementation(
        naive in policies(),
        request in requests(),
        application in application_headers(),
    ) {
        let Some(policy) = build(&naive) else {
            // What the naive implementation does not foresee is what the policy language refuses.
            prop_assert!(naive.is_refused(), "refused: {naive:?}");
            return Ok(());
        };
        prop_assert!(!naive.is_refused(), "not refused: {naive:?}");
        prop_assert_eq!(answer(policy, &request, application.clone()), naive.answer(&request, &application));
    }

    #[test]
    fn any_text_is_an_origin_or_a_problem(text in "(?s).*") {
        let _ = Policy::builder().allow_origins(text.as_str()).allow_credentials(true).build();
    }

    #[test]
    fn nearly_origins_are_origins_or_problems_that_help(
        text in "(https?|HTTP|file|a)?(://)?[*.a-zA-Z0-9:@\\[\\]/?# -]{0,20}(:[0-9*]{0,6})?",
    ) {
        match Policy::builder().allow_origins([text.as_str()]).build() {
            Ok(policy) if text == "*" => prop_assert!(policy.allows_any_origin()),
            Ok(policy) => prop_assert_eq!(policy.allow_origins().collect::<Vec<_>>(), [text]),
            Err(error) => {
                for problem in error.problems() {
                    prop_assert!(!problem.help().is_empty() && problem.field() == "allow_origins[0]");
                    // What the help says to write is right.
                    if let Some(instead) = problem.help().strip_prefix("Write `").and_then(|help| help.strip_suffix("`.").filter(|instead| !instead.contains('`'))) {
                        prop_assert!(Policy::builder().allow_origins(instead).build().is_ok(), "{problem}");
                    }
                }
            }
        }
    }

    #[test]
    fn any_texts_are_names_or_problems(names in vec("(?s).{0,8}", 0..4)) {
        let _ = Policy::builder()
            .allow_origins("https://app.example")
            .allow_methods(names.clone())
            .allow_headers(names.clone())
            .expose_headers(names)
            .build();
    }

    #[test]
    fn any_bytes_are_a_policy_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
        read(&bytes);
    }

    #[test]
    fn bytes_in_a_policy_are_a_policy_or_an_error(field in fields(), bytes in vec(any::<u8>(), 0..40)) {
        read(&[field.as_bytes(), b" = ", &bytes].concat());
        read(&[b"{\"", field.as_bytes(), b"\": \"", &bytes, b"\"}"].concat());
    }

    #[test]
    fn any_table_is_a_policy_or_an_error(table in tables()) {
        let text = table.to_string();
        // A table it is, so that everything that is wrong is a problem, and none is an error.
        let from_text: PolicyBuilder = serde_json::from_str(&text).unwrap();
        let from_value: PolicyBuilder = serde_json::from_value(table).unwrap();
        prop_assert_eq!(outcome(from_text), outcome(from_value));
    }

    #[test]
    fn what_is_printed_parses_back_to_the_same(naive in policies()) {
        let Some(policy) = build(&naive) else { return Ok(()) };
        let toml: Policy = toml::from_str(&toml::to_string(&policy).unwrap()).unwrap();
        let json: Policy = serde_json::from_str(&serde_json::to_string(&policy).unwrap()).unwrap();
        prop_assert_eq!(&toml, &policy);
        prop_assert_eq!(&json, &policy);
    }
}
