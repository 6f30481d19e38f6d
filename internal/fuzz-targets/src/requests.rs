//! Requests: the answers of the core are those of the naive implementation.

use std::thread::LocalKey;

use cors_core::PreparedPolicy;
use cors_naive::{Answer, NaiveGuard, NaivePolicy, builder, compare, guard_builder};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use crate::policy::has_punycode;

/// A policy of both implementations.
struct Subject {
    naive: NaivePolicy,
    guard: Option<NaiveGuard>,
    prepared: PreparedPolicy<HeaderValue>,
}

impl Subject {
    fn new(naive: NaivePolicy, guard: Option<NaiveGuard>) -> Self {
        let builder = builder(&naive);
        let builder = match &guard {
            Some(guard) => builder.guard(guard_builder(guard)),
            None => builder,
        };
        let policy = builder.build().unwrap();
        Self { naive, guard, prepared: PreparedPolicy::new(policy) }
    }

    fn expected(&self, request: &Request<()>) -> Answer {
        match &self.guard {
            Some(guard) => guard.answer(&self.naive, request),
            None => self.naive.answer(request, &HeaderMap::new()),
        }
    }

    fn check(&self, request: &Request<()>) {
        let expected = self.expected(request);
        assert_eq!(compare::answer(&self.prepared, request, HeaderMap::new()), expected, "{request:?}");
        let length: usize = expected.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(length <= 20_000, "{length} bytes of headers");
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

/// Policies that differ in what they allow and write.
fn policies() -> Vec<NaivePolicy> {
    let credentials = NaivePolicy {
        origins: strings(&[
            "https://app.example",
            "https://*.app.example",
            "https://pr-*.app.example:8443",
            "http://localhost:*",
            "moz-extension://*",
        ]),
        methods: strings(&["*"]),
        headers: strings(&["*", "authorization"]),
        expose: strings(&["x-request-id"]),
        credentials: true,
        max_age: Some(std::time::Duration::from_secs(600)),
        dangers: vec!["any-app-origin"],
        ..NaivePolicy::default()
    };
    let listed = NaivePolicy {
        origins: strings(&["https://app.example", "http://[::1]:3000"]),
        methods: strings(&["PUT", "x-own"]),
        headers: strings(&["authorization", "content-type", "x-a", "x!#$%&'*+-.^_`|~"]),
        diagnostics: true,
        status: 200,
        ..NaivePolicy::default()
    };
    let any = NaivePolicy {
        origins: strings(&["*"]),
        methods: strings(&["*"]),
        headers: strings(&["*"]),
        expose: strings(&["*"]),
        ..NaivePolicy::default()
    };
    let rules = NaivePolicy { rules: vec![credentials.clone(), listed.clone()], ..any.clone() };
    vec![credentials, listed, any, rules]
}

fn guards() -> Vec<Option<NaiveGuard>> {
    let guard = NaiveGuard {
        writes: true,
        foreign: false,
        websockets: true,
        hosts: Some(strings(&["app.example", "*.app.example:*", "localhost:*", "[::1]:3000"])),
        own: Vec::new(),
        exempt: vec![("POST".to_owned(), "/login/saml".to_owned())],
        report_only: false,
    };
    let strict =
        NaiveGuard { foreign: true, hosts: None, own: strings(&["https://app.example"]), ..guard.clone() };
    let silent = NaiveGuard { report_only: true, ..strict.clone() };
    vec![None, Some(guard), Some(strict), Some(silent)]
}

thread_local! {
    static GUARDED: Vec<Subject> = policies()
        .into_iter()
        .flat_map(|policy| guards().into_iter().map(move |guard| Subject::new(policy.clone(), guard)))
        .collect();
    static UNGUARDED: Vec<Subject> =
        policies().into_iter().map(|policy| Subject::new(policy, None)).collect();
}

fn check(subjects: &'static LocalKey<Vec<Subject>>, number: u8, request: &Request<()>) {
    subjects.with(|subjects| subjects[usize::from(number) % subjects.len()].check(request));
}

/// A policy and a guard in the first byte, and the head of a request in HTTP/1.1: the core answers like the naive implementation.
pub fn request(data: &[u8]) {
    let Some((number, head)) = data.split_first() else { return };
    if has_punycode(head) {
        return;
    }
    if let Some(request) = parse(head) {
        check(&GUARDED, *number, &request);
    }
}

/// A policy in the first byte, and lines of `Access-Control-Request-Headers`.
pub fn request_headers(data: &[u8]) {
    let Some((number, lines)) = data.split_first() else { return };
    let mut request = Request::new(());
    *request.method_mut() = Method::OPTIONS;
    request.headers_mut().insert("origin", HeaderValue::from_static("https://app.example"));
    request.headers_mut().insert("access-control-request-method", HeaderValue::from_static("PUT"));
    for line in lines.split(|&byte| byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            request.headers_mut().append("access-control-request-headers", value);
        }
    }
    check(&UNGUARDED, *number, &request);
}

/// Reads the head of a request. Targets in other forms than that of a path become `/`.
fn parse(head: &[u8]) -> Option<Request<()>> {
    let mut lines = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut lines);
    parsed.parse(head).ok()?;
    let mut request = Request::new(());
    *request.method_mut() = parsed.method?.parse().ok()?;
    let path = parsed.path.filter(|path| path.starts_with('/') && !path.starts_with("//")).unwrap_or("/");
    *request.uri_mut() = path.parse::<Uri>().ok()?;
    for line in parsed.headers {
        let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(line.name.as_bytes()), HeaderValue::from_bytes(line.value))
        else {
            continue;
        };
        request.headers_mut().append(name, value);
    }
    Some(request)
}
