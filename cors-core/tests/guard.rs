//! The guard: which requests run, what is refused, and what is reported.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::hint::black_box;
use std::sync::{Arc, Mutex};

use allocation_counter::measure;
use cors_core::{
    Decision, Event, Guard, GuardAction, GuardBuilder, Policy, PolicyBuilder, PolicyHandle, PreparedPolicy,
    ProblemCode, Rule, Warning, WarningCode,
};
use http::{HeaderMap, HeaderValue, Request};
use rstest::rstest;

const APP: &str = "https://app.example";

fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request.body(()).unwrap()
}

fn policy(guard: GuardBuilder) -> Policy {
    Policy::builder().allow_origins(APP).guard(guard).build().unwrap()
}

/// What happens to a request: `runs`, `preflight STATUS` or the status and the reason.
fn outcome(policy: &Policy, request: &Request<()>) -> String {
    match policy.decide(request) {
        Decision::Actual(_) => "runs".to_owned(),
        Decision::Preflight(preflight) => format!("preflight {}", preflight.status()),
        Decision::Denied(denied) => format!("{} {}", denied.status(), denied.reason()),
    }
}

const WRITE: &str = "403 cross-site-write";
const HOST: (&str, &str) = ("host", "api.example");
const OWN: (&str, &str) = ("origin", "https://api.example");
const LISTED: (&str, &str) = ("origin", APP);
const FOREIGN: (&str, &str) = ("origin", "https://evil.example");
const NULL: (&str, &str) = ("origin", "null");

fn site(value: &'static str) -> (&'static str, &'static str) {
    ("sec-fetch-site", value)
}

#[rstest]
#[case::listed(&[LISTED, site("cross-site")], "runs")]
#[case::own_page(&[OWN, site("same-origin")], "runs")]
#[case::typed_address(&[site("none")], "runs")]
#[case::own_page_without_referrer(&[NULL, site("same-origin")], "runs")]
#[case::behind_a_proxy(&[("origin", "https://public.example"), site("same-origin")], "runs")]
#[case::foreign(&[FOREIGN, site("cross-site")], WRITE)]
#[case::sibling(&[("origin", "https://blog.api.example"), site("same-site")], WRITE)]
#[case::own_origin_of_another_site(&[OWN, site("cross-site")], WRITE)]
#[case::sandboxed(&[NULL, site("cross-site")], WRITE)]
#[case::without_origin(&[site("cross-site")], WRITE)]
#[case::unknown_site(&[OWN, site("same-planet")], WRITE)]
#[case::empty_site(&[OWN, site("")], WRITE)]
#[case::case_of_the_site(&[OWN, site("Same-Origin")], WRITE)]
#[case::two_sites(&[OWN, site("same-origin"), site("same-origin")], WRITE)]
#[case::no_browser(&[], "runs")]
#[case::old_browser_own(&[OWN], "runs")]
#[case::old_browser_listed(&[LISTED], "runs")]
#[case::old_browser_foreign(&[FOREIGN], WRITE)]
#[case::old_browser_null(&[NULL], WRITE)]
#[case::own_host_in_another_scheme(&[("origin", "http://api.example")], "runs")]
#[case::own_host_on_another_port(&[("origin", "https://api.example:8443")], WRITE)]
#[case::user_info(&[("origin", "https://user@api.example")], WRITE)]
#[case::malformed(&[("origin", "https://api.example/")], WRITE)]
#[case::two_origins(&[OWN, OWN], WRITE)]
#[case::empty_origin(&[("origin", "")], WRITE)]
fn cross_site_writes(#[case] headers: &[(&str, &str)], #[case] expected: &str) {
    let headers: Vec<_> = headers.iter().copied().chain([HOST]).collect();
    let guarded = policy(Guard::builder());
    for method in ["POST", "PUT", "DELETE", "PATCH", "QUERY", "TRACE", "post", "get"] {
        assert_eq!(outcome(&guarded, &request(method, "/", &headers)), expected, "{method}");
    }
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert_eq!(outcome(&guarded, &request(method, "/", &headers)), "runs", "{method}");
    }
    let open = policy(Guard::builder().cross_site_writes(GuardAction::Allow).allow_hosts("api.example"));
    assert_eq!(outcome(&open, &request("POST", "/", &headers)), "runs");
}

#[rstest]
#[case(&[("host", "API.example")], OWN, "runs")]
#[case(&[("host", "api.example:443")], OWN, "runs")]
#[case(&[("host", "[::1]:8080")], ("origin", "http://[::1]:8080"), "runs")]
#[case(&[("host", "localhost")], ("origin", "capacitor://localhost"), WRITE)]
#[case(&[("host", "api.example:8080")], OWN, WRITE)]
#[case(&[("host", "internal.local")], OWN, WRITE)]
#[case(&[("host", "user@api.example")], ("origin", "https://user@api.example"), WRITE)]
#[case(&[("host", "api.example"), ("host", "api.example")], OWN, WRITE)]
#[case(&[], OWN, WRITE)]
fn an_origin_is_own_by_the_authority(
    #[case] hosts: &[(&str, &str)],
    #[case] origin: (&str, &str),
    #[case] expected: &str,
) {
    let headers: Vec<_> = hosts.iter().copied().chain([origin]).collect();
    assert_eq!(outcome(&policy(Guard::builder()), &request("POST", "/", &headers)), expected);
    if origin == OWN {
        let listed = policy(Guard::builder().own_origins(OWN.1));
        assert_eq!(outcome(&listed, &request("POST", "/", &headers)), "runs");
    }
}

#[test]
fn the_authority_of_the_target_comes_before_host() {
    let guarded = policy(Guard::builder().allow_hosts("api.example"));
    assert_eq!(outcome(&guarded, &request("POST", "https://api.example/", &[OWN])), "runs");
    let other_host = [OWN, ("host", "other.example")];
    assert_eq!(outcome(&guarded, &request("POST", "https://api.example/", &other_host)), "runs");
    let denied = request("POST", "https://other.example/", &[OWN, HOST]);
    assert_eq!(outcome(&guarded, &denied), "421 host-not-allowed");
}

#[test]
fn listed_own_origins_replace_the_authority() {
    let guarded = policy(Guard::builder().own_origins("https://public.example"));
    let public = ("origin", "https://public.example");
    assert_eq!(outcome(&guarded, &request("POST", "/", &[HOST, public])), "runs");
    assert_eq!(outcome(&guarded, &request("POST", "/", &[HOST, OWN])), WRITE);
}

#[rstest]
#[case("GET", &[FOREIGN], "403 foreign-origin")]
#[case("GET", &[NULL], "403 foreign-origin")]
#[case("GET", &[OWN, OWN], "403 foreign-origin")]
#[case("OPTIONS", &[FOREIGN], "403 foreign-origin")]
#[case("HEAD", &[FOREIGN, site("same-origin")], "403 foreign-origin")]
#[case("POST", &[FOREIGN, site("same-origin")], "403 foreign-origin")]
#[case("POST", &[FOREIGN], WRITE)]
#[case("OPTIONS", &[FOREIGN, ("access-control-request-method", "GET")], "preflight 403")]
#[case("GET", &[], "runs")]
#[case("GET", &[site("cross-site")], "runs")]
#[case("GET", &[OWN], "runs")]
#[case("GET", &[LISTED], "runs")]
fn foreign_origins(#[case] method: &str, #[case] headers: &[(&str, &str)], #[case] expected: &str) {
    let headers: Vec<_> = headers.iter().copied().chain([HOST]).collect();
    let guarded = policy(Guard::builder().foreign_origins(GuardAction::Deny));
    assert_eq!(outcome(&guarded, &request(method, "/", &headers)), expected);
}

const A: (&str, &str) = ("upgrade", "a");
const LIST_OF_256_BYTES: &str = text(&[b','; 256]);
const LIST_OF_1000_BYTES: &str = text(&[b','; 1000]);

const fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("ASCII"),
    }
}

#[rstest]
#[case("GET", &[("upgrade", "websocket"), FOREIGN], true)]
#[case("GET", &[("upgrade", "WebSocket"), FOREIGN], true)]
#[case("GET", &[("upgrade", "h2c, websocket"), FOREIGN], true)]
#[case("GET", &[("upgrade", "h2c"), ("upgrade", "websocket"), FOREIGN], true)]
#[case("GET", &[("upgrade", "websocket"), NULL], true)]
#[case("GET", &[("upgrade", "websocket"), OWN, OWN], true)]
#[case::longest_list_that_is_read("GET", &[("upgrade", LIST_OF_256_BYTES), FOREIGN], false)]
#[case::longer_list("GET", &[("upgrade", LIST_OF_256_BYTES), ("upgrade", "a"), FOREIGN], true)]
#[case::eight_lines("GET", &[A, A, A, A, A, A, A, A, FOREIGN], false)]
#[case::nine_lines("GET", &[A, A, A, A, A, A, A, A, A, FOREIGN], true)]
#[case("CONNECT", &[FOREIGN], true)]
#[case("CONNECT", &[FOREIGN, site("cross-site")], true)]
#[case("GET", &[("upgrade", "h2c"), FOREIGN], false)]
#[case("GET", &[FOREIGN], false)]
#[case("GET", &[("upgrade", "websocket"), OWN], false)]
#[case("GET", &[("upgrade", "websocket"), LISTED], false)]
#[case("GET", &[("upgrade", "websocket")], false)]
#[case("CONNECT", &[OWN], false)]
#[case("CONNECT", &[LISTED], false)]
#[case("CONNECT", &[], false)]
fn websockets(#[case] method: &str, #[case] headers: &[(&str, &str)], #[case] is_denied: bool) {
    let headers: Vec<_> = headers.iter().copied().chain([HOST]).collect();
    let target = if method == "CONNECT" { "https://api.example/chat" } else { "/chat" };
    let handshake = request(method, target, &headers);
    let expected = if is_denied { "403 foreign-websocket" } else { "runs" };
    assert_eq!(outcome(&policy(Guard::builder()), &handshake), expected);
    let both = Guard::builder().foreign_origins(GuardAction::Deny);
    let is_foreign = headers.contains(&FOREIGN);
    if is_denied || !is_foreign {
        assert_eq!(outcome(&policy(both), &handshake), expected);
    }
    let allowed = Guard::builder().websockets(GuardAction::Allow);
    assert_eq!(outcome(&policy(allowed), &handshake), "runs");
}

#[rstest]
#[case(&[HOST], "runs")]
#[case(&[("host", "API.EXAMPLE:443")], "runs")]
#[case(&[("host", "localhost:3000")], "runs")]
#[case::longer_than_any(&[("host", LIST_OF_1000_BYTES)], "421 host-not-allowed")]
#[case(&[("host", "evil.example")], "421 host-not-allowed")]
#[case(&[("host", "")], "421 host-not-allowed")]
#[case(&[], "400 host-not-allowed")]
#[case(&[HOST, HOST], "400 host-not-allowed")]
#[case(&[HOST, ("host", "evil.example")], "400 host-not-allowed")]
#[case(&[("host", "é")], "400 host-not-allowed")]
fn hosts_come_before_everything_else(#[case] hosts: &[(&str, &str)], #[case] expected: &str) {
    let guarded = policy(Guard::builder().allow_hosts(["api.example", "localhost:*"]).exempt("POST", "/"));
    let with = |headers: &[(&'static str, &'static str)]| -> Vec<_> {
        hosts.iter().copied().chain(headers.iter().copied()).collect()
    };
    assert_eq!(outcome(&guarded, &request("GET", "/", hosts)), expected);
    assert_eq!(outcome(&guarded, &request("POST", "/", &with(&[LISTED]))), expected);
    let preflight = with(&[LISTED, ("access-control-request-method", "POST")]);
    let expected = if expected == "runs" { "preflight 204" } else { expected };
    assert_eq!(outcome(&guarded, &request("OPTIONS", "/", &preflight)), expected);
}

#[rstest]
#[case("POST", "/login/saml", true)]
#[case("POST", "/login/saml?RelayState=1", true)]
#[case("POST", "/login/saml/", false)]
#[case("POST", "//login/saml", false)]
#[case("POST", "/login//saml", false)]
#[case("POST", "/login/%73aml", false)]
#[case("POST", "/login/./saml", false)]
#[case("POST", "/login/saml;v=1", false)]
#[case("POST", "/Login/saml", false)]
#[case("POST", "/login/samlx", false)]
#[case("POST", "/login", false)]
#[case("PUT", "/login/saml", false)]
#[case("post", "/login/saml", false)]
fn exemptions_are_compared_byte_for_byte(#[case] method: &str, #[case] path: &str, #[case] is_exempt: bool) {
    let guard = || Guard::builder().exempt("POST", "/login/saml").exempt("GET", "/chat");
    let headers = [HOST, FOREIGN, site("cross-site")];
    let expected = |reason: &str| if is_exempt { "runs".to_owned() } else { format!("403 {reason}") };
    assert_eq!(outcome(&policy(guard()), &request(method, path, &headers)), expected("cross-site-write"));
    let foreign = policy(guard().foreign_origins(GuardAction::Deny));
    assert_eq!(outcome(&foreign, &request(method, path, &headers)), expected("cross-site-write"));
    let handshake = [HOST, FOREIGN, ("upgrade", "websocket")];
    assert_eq!(outcome(&foreign, &request("GET", "/chat", &handshake)), "runs");
    assert_eq!(outcome(&foreign, &request("GET", "/chat2", &handshake)), "403 foreign-websocket");
}

#[rstest]
#[case::any(Policy::builder().allow_origins("*"), FOREIGN, false)]
#[case::rule(Policy::builder().allow_origins("*").rule(Rule::builder().allow_origins("https://evil.example")), FOREIGN, true)]
#[case::rule_for_all(Policy::builder().allow_origins(APP).rule(Rule::builder().allow_origins("*")), LISTED, false)]
#[case::pattern(Policy::builder().allow_origins("https://*.example"), FOREIGN, true)]
#[case::function(Policy::builder().allow_origin_if(|origin| origin.host() == "evil.example"), FOREIGN, true)]
#[case::function_no(Policy::builder().allow_origin_if(|_| false), FOREIGN, false)]
#[case::null(
    Policy::builder().allow_origins("null").dangerously_allow([cors_core::Danger::NullOrigin]),
    NULL,
    false
)]
fn only_what_is_listed_by_more_than_a_star_is_trusted(
    #[case] builder: PolicyBuilder,
    #[case] origin: (&str, &str),
    #[case] is_trusted: bool,
) {
    let policy = builder.guard(Guard::builder()).build().unwrap();
    let expected = if is_trusted { "runs" } else { WRITE };
    assert_eq!(outcome(&policy, &request("POST", "/", &[HOST, origin, site("cross-site")])), expected);
}

#[test]
fn a_function_is_asked_once() {
    let count = Arc::new(Mutex::new(0));
    let asked = Arc::clone(&count);
    let builder = Policy::builder().allow_origin_if(move |_| {
        *asked.lock().unwrap() += 1;
        true
    });
    let policy = builder.guard(Guard::builder().foreign_origins(GuardAction::Deny)).build().unwrap();
    assert_eq!(outcome(&policy, &request("POST", "/", &[HOST, FOREIGN])), "runs");
    assert_eq!(*count.lock().unwrap(), 1);
}

fn denied_headers(policy: Policy, request: &Request<()>, mut headers: HeaderMap) -> HeaderMap {
    let prepared = PreparedPolicy::<HeaderValue>::new(policy);
    let Decision::Denied(denied) = prepared.decide(request) else { panic!("it is denied") };
    prepared.write_denied(denied, &mut headers);
    headers
}

#[test]
fn a_denial_says_what_it_depends_on() {
    let guard = || Guard::builder().allow_hosts("api.example");
    let forged = request("POST", "/", &[HOST, FOREIGN]);
    let headers = denied_headers(policy(guard()), &forged, HeaderMap::new());
    assert_eq!(headers.len(), 1);
    assert_eq!(headers["vary"], "Origin, Sec-Fetch-Site");

    let mut existing = HeaderMap::new();
    existing.insert("vary", HeaderValue::from_static("accept-encoding"));
    existing.insert("access-control-allow-origin", HeaderValue::from_static("*"));
    let headers = denied_headers(policy(guard()), &forged, existing);
    let vary: Vec<_> = headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["accept-encoding", "Origin", "Sec-Fetch-Site"]);
    assert!(!headers.contains_key("access-control-allow-origin"));

    // A page that may read learns that it was denied.
    let misdirected = request("GET", "/", &[("host", "evil.example"), LISTED]);
    let headers = denied_headers(policy(guard()), &misdirected, HeaderMap::new());
    assert_eq!(headers["access-control-allow-origin"], APP);
    let public = Policy::builder().allow_origins("*").guard(Guard::builder()).build().unwrap();
    assert_eq!(denied_headers(public, &forged, HeaderMap::new())["access-control-allow-origin"], "*");
}

#[test]
fn responses_depend_on_the_origin_if_reads_are_denied() {
    let vary = |guard: GuardBuilder| {
        let policy = Policy::builder().allow_origins("*").guard(guard).build().unwrap();
        let prepared = PreparedPolicy::<HeaderValue>::new(policy);
        let Decision::Actual(actual) = prepared.decide(&request("GET", "/", &[HOST])) else { panic!() };
        let mut headers = HeaderMap::new();
        prepared.write_actual(actual, &mut headers);
        headers.get("vary").cloned()
    };
    assert_eq!(vary(Guard::builder()), None);
    assert_eq!(vary(Guard::builder().foreign_origins(GuardAction::Deny)).unwrap(), "Origin");
}

fn observed(policy: Policy) -> (PolicyHandle<HeaderValue>, Arc<Mutex<Vec<String>>>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let events = Arc::clone(&log);
    let handle = PolicyHandle::with_observer(policy, move |event: &Event<'_>| {
        events.lock().unwrap().push(match event {
            Event::RequestDenied(denial) => format!("denied {denial}"),
            Event::RequestReported(denial) => format!("reported {denial}"),
            Event::OriginNotAllowed(denial) => format!("not allowed {denial}"),
            other => format!("{other:?}"),
        });
    });
    (handle, log)
}

#[test]
fn each_denial_is_one_event() {
    let (handle, log) = observed(policy(Guard::builder().allow_hosts("api.example")));
    let _ = handle.current().decide(&request("POST", "/", &[HOST, FOREIGN]));
    let _ = handle.current().decide(&request("POST", "/", &[HOST, site("cross-site")]));
    let _ = handle.current().decide(&request("GET", "/", &[HOST, FOREIGN, ("upgrade", "websocket")]));
    let _ = handle.current().decide(&request("GET", "/", &[("host", "evil.example:80")]));
    let _ = handle.current().decide(&request("GET", "/", &[HOST, FOREIGN]));
    let expected = [
        "denied cross-site-write: https://evil.example",
        "denied cross-site-write: cross-site",
        "denied foreign-websocket: https://evil.example",
        "denied host-not-allowed: evil.example:80",
        "not allowed origin-not-allowed: https://evil.example",
    ];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[test]
fn report_only_denies_nothing_and_says_what_it_would_deny() {
    let guard = Guard::builder().allow_hosts("api.example").report_only(true);
    let (handle, log) = observed(policy(guard));
    let forged = request("POST", "/", &[("host", "other.example"), FOREIGN]);
    assert!(handle.report_only());
    assert!(matches!(handle.current().decide(&forged), Decision::Actual(_)));
    let expected = [
        "reported host-not-allowed: other.example",
        "reported cross-site-write: https://evil.example",
        "not allowed origin-not-allowed: https://evil.example",
    ];
    assert_eq!(*log.lock().unwrap(), expected);
    let preflight = request("OPTIONS", "/", &[LISTED, ("access-control-request-method", "GET")]);
    assert!(matches!(handle.current().decide(&preflight), Decision::Preflight(_)));

    handle.set_report_only(Some(false));
    assert!(!handle.report_only());
    assert!(matches!(handle.current().decide(&forged), Decision::Denied(_)));
    handle.set_report_only(None);
    assert!(matches!(handle.current().decide(&forged), Decision::Actual(_)));
}

#[test]
fn the_guard_stays_on_when_cors_is_switched_off() {
    let (handle, _) = observed(policy(Guard::builder().allow_hosts("api.example")));
    handle.switch_off();
    let current = handle.current();
    let Decision::Denied(denied) = current.decide(&request("POST", "/", &[HOST, FOREIGN])) else { panic!() };
    let mut headers = HeaderMap::new();
    current.write_denied(denied, &mut headers);
    assert_eq!(headers["vary"], "Origin, Sec-Fetch-Site");
    assert_eq!(headers.len(), 1);
    assert!(matches!(current.decide(&request("POST", "/", &[HOST, LISTED])), Decision::Actual(_)));
    let preflight = request("OPTIONS", "/", &[HOST, LISTED, ("access-control-request-method", "GET")]);
    assert!(matches!(current.decide(&preflight), Decision::Actual(_)));
}

fn read(guard: &str) -> PolicyBuilder {
    toml::from_str(&format!("allow_origins = \"{APP}\"\n[guard]\n{guard}")).unwrap()
}

const COMPLETE: &str = r#"
cross_site_writes = "allow"
foreign_origins = "deny"
websockets = "allow"
allow_hosts = ["api.example", "localhost:*", "*.a.example", "[::1]:8080"]
own_origins = ["https://api.example", "http://localhost:8080"]
exempt = [{ method = "POST", path = "/login/saml" }]
report_only = true
"#;

#[test]
fn a_file_reads_back_as_the_same_policy() {
    let policy = read(COMPLETE).build().unwrap();
    assert!(policy.warnings().is_empty(), "{:?}", policy.warnings());
    let guard = policy.guard().unwrap();
    assert_eq!((guard.cross_site_writes(), guard.foreign_origins()), (GuardAction::Allow, GuardAction::Deny));
    assert_eq!((guard.websockets(), guard.report_only()), (GuardAction::Allow, true));
    assert_eq!(guard.allow_hosts().unwrap().len(), 4);
    assert_eq!(guard.own_origins(), ["https://api.example", "http://localhost:8080"]);
    let text = toml::to_string(&policy).unwrap();
    assert_eq!(toml::from_str::<Policy>(&text).unwrap(), policy);
    assert_eq!(policy.to_builder().build().unwrap(), policy);
    assert!(format!("{policy:?}").contains("guard: Guard { cross_site_writes: Allow"));
    assert_ne!(policy, read("").build().unwrap());
    let json = serde_json::json!({ "allow_origins": APP, "guard": null });
    assert!(serde_json::from_value::<Policy>(json).unwrap().guard().is_none());
}

#[rstest]
#[case(
    "allow_hosts = \"https://api.example/x\"",
    ProblemCode::Host,
    "guard.allow_hosts: `https://api.example/x` is not a host. Write `api.example`."
)]
#[case(
    "allow_hosts = [\"a.example\", \"API.example\"]",
    ProblemCode::Host,
    "guard.allow_hosts[1]: `API.example` is not a host. Write `api.example`."
)]
#[case(
    "allow_hosts = \"caf\u{e9}.example\"",
    ProblemCode::Host,
    "guard.allow_hosts: `café.example` is not a host. Write `xn--caf-dma.example`."
)]
#[case(
    "allow_hosts = \"*\"",
    ProblemCode::Host,
    "guard.allow_hosts: `*` covers every host, so it stops nothing. Leave out `allow_hosts` to answer to every host."
)]
#[case(
    "allow_hosts = \"\"",
    ProblemCode::Host,
    "guard.allow_hosts: is not a host. Write a host such as `api.example.com`, `localhost:8080`, `localhost:*` or `*.example.com`."
)]
#[case(
    "allow_hosts = \"a.example:0\"",
    ProblemCode::Host,
    "guard.allow_hosts: `a.example:0` is not a host. Write a host such as `api.example.com`, `localhost:8080`, `localhost:*` or `*.example.com`."
)]
#[case(
    "own_origins = \"https://api.example/\"",
    ProblemCode::OriginWithPath,
    "guard.own_origins: `https://api.example/` is not an origin: it ends in a path. Write `https://api.example`."
)]
#[case(
    "own_origins = \"null\"",
    ProblemCode::OwnOrigin,
    "guard.own_origins: `null` is not the origin of a server. Write an origin of the server, such as `https://api.example.com`."
)]
#[case(
    "own_origins = [\"*\"]",
    ProblemCode::OwnOrigin,
    "guard.own_origins[0]: `*` is not the origin of a server. Write an origin of the server, such as `https://api.example.com`."
)]
#[case(
    "own_origins = \"https://*.api.example\"",
    ProblemCode::OwnOrigin,
    "guard.own_origins: `https://*.api.example` is a pattern, and only exact origins can be own. Write each origin of the server, or list the pattern in `allow_origins` if its pages are trusted."
)]
#[case(
    "own_origins = \"http://localhost:*\"",
    ProblemCode::OwnOrigin,
    "guard.own_origins: `http://localhost:*` is a pattern, and only exact origins can be own. Write each port of the server, or leave out `own_origins`: an origin is own then if its host and port are those of the request."
)]
#[case(
    "own_origins = \"capacitor://localhost\"",
    ProblemCode::OwnOrigin,
    "guard.own_origins: `capacitor://localhost` is not the origin of a server, because its scheme is neither `http` nor `https`. Write an origin of the server, such as `https://api.example.com`."
)]
#[case(
    "exempt = [{ method = \"POST\", path = \"login\" }]",
    ProblemCode::ExemptPath,
    "guard.exempt[0].path: `login` is not an absolute path. Write `/login`."
)]
#[case(
    "exempt = { method = \"POST\", path = \"/login?a=b\" }",
    ProblemCode::ExemptPath,
    "guard.exempt[0].path: `/login?a=b` is not a path: it has a query or a fragment, which are not compared. Write `/login`."
)]
#[case(
    "exempt = { method = \"POST\", path = \"https://api.example/login\" }",
    ProblemCode::ExemptPath,
    "guard.exempt[0].path: `https://api.example/login` is a URL, and only paths can be exempt. Write it as a browser sends it, such as `/login/saml`."
)]
#[case(
    "exempt = { method = \"POST\", path = \"/a b\" }",
    ProblemCode::ExemptPath,
    "guard.exempt[0].path: `/a b` has characters that a browser escapes, so no request has this path. Write them as a browser sends them, such as `%20` for a space."
)]
#[case(
    "exempt = { method = \"post\", path = \"/\" }",
    ProblemCode::MethodCase,
    "guard.exempt[0].method: `post` is not the standard method: methods are case-sensitive. Write `POST`."
)]
#[case(
    "exempt = { method = \"*\", path = \"/\" }",
    ProblemCode::MethodSyntax,
    "guard.exempt[0].method: `*` stands for no method here. Write an exemption for each method."
)]
#[case(
    "exempt = [{ path = \"/\" }]",
    ProblemCode::IncompleteExemption,
    "guard.exempt[0]: an exemption needs a method and a path. Write a table such as `{ method = \"POST\", path = \"/login/saml\" }`."
)]
#[case(
    "exempt = \"/login\"",
    ProblemCode::WrongType,
    "guard.exempt: `\"/login\"` is a string. Write a table such as `{ method = \"POST\", path = \"/login/saml\" }`."
)]
#[case(
    "websockets = \"block\"",
    ProblemCode::GuardAction,
    "guard.websockets: `block` is neither `allow` nor `deny`. Write `\"allow\"` or `\"deny\"`."
)]
#[case(
    "websockets = true",
    ProblemCode::WrongType,
    "guard.websockets: `true` is a boolean. Write `\"allow\"` or `\"deny\"`."
)]
#[case(
    "report_only = \"yes\"",
    ProblemCode::WrongType,
    "guard.report_only: `\"yes\"` is a string. Write `true` or `false`, without quotes."
)]
#[case(
    "allowed_hosts = []",
    ProblemCode::UnknownField,
    "guard.allowed_hosts: unknown field. Did you mean `allow_hosts`?"
)]
#[case(
    "foreign_origin = \"deny\"",
    ProblemCode::UnknownField,
    "guard.foreign_origin: unknown field. Did you mean `foreign_origins`?"
)]
#[case(
    "allow_origins = []",
    ProblemCode::UnknownField,
    "guard.allow_origins: a guard does not have this field. Write it at the top level of the policy."
)]
fn a_mistake_is_named_with_its_place(#[case] text: &str, #[case] code: ProblemCode, #[case] expected: &str) {
    let error = read(text).build().unwrap_err();
    let problems: Vec<_> =
        error.problems().iter().map(|problem| (problem.code(), problem.to_string())).collect();
    assert_eq!(problems, [(code, expected.to_owned())]);
}

#[test]
fn problems_come_in_the_order_of_the_fields() {
    let text = "exempt = [{ method = \"a b\", path = \"x\" }]\nown_origins = \"null\"\nallow_hosts = [\"*\", \"A\"]\nx = 1";
    let error = read(text).allow_methods("get").build().unwrap_err();
    let fields: Vec<_> = error.problems().iter().map(|problem| problem.field().to_owned()).collect();
    assert_eq!(
        fields,
        [
            "allow_methods",
            "guard.allow_hosts[0]",
            "guard.allow_hosts[1]",
            "guard.own_origins",
            "guard.exempt[0].method",
            "guard.exempt[0].path",
            "guard.x",
        ]
    );
}

#[rstest]
#[case("csrf", "csrf: unknown field. Did you mean `guard`?")]
#[case("allow_hosts", "allow_hosts: is a field of the guard. Write `allow_hosts` in the table `[guard]`.")]
#[case("gaurd", "gaurd: unknown field. Did you mean `guard`?")]
fn a_guard_under_another_name(#[case] field: &str, #[case] expected: &str) {
    let json = serde_json::json!({ "allow_origins": APP, field: {} });
    let error = serde_json::from_value::<PolicyBuilder>(json).unwrap().build().unwrap_err();
    assert_eq!(error.problems()[0].to_string(), expected);
}

#[rstest]
#[case("[guard]\n", "*", WarningCode::AnyOriginNotTrusted)]
#[case("[guard]\nallow_hosts = []\n", APP, WarningCode::NoHosts)]
#[case("[guard]\nallow_hosts = [\"*.github.io\"]\n", APP, WarningCode::PublicSuffixPattern)]
#[case("[guard]\nallow_hosts = [\"a.example\", \"a.example:443\"]\n", APP, WarningCode::CoveredOrigin)]
#[case(
    "[guard]\nexempt = { method = \"GET\", path = \"/\" }\nwebsockets = \"allow\"\n",
    APP,
    WarningCode::ExemptionWithoutEffect
)]
#[case("[guard]\nexempt = { method = \"POST\", path = \"/hooks/*\" }\n", APP, WarningCode::ExemptPathPattern)]
#[case(
    "[guard]\nexempt = [{ method = \"POST\", path = \"/\" }, { method = \"POST\", path = \"/\" }]\n",
    APP,
    WarningCode::CoveredOrigin
)]
#[case(
    "[guard]\ncross_site_writes = \"allow\"\nwebsockets = \"allow\"\n",
    APP,
    WarningCode::GuardWithoutEffect
)]
fn what_is_harmless_is_a_warning(#[case] text: &str, #[case] origins: &str, #[case] code: WarningCode) {
    let policy: Policy = toml::from_str(&format!("allow_origins = \"{origins}\"\n{text}")).unwrap();
    let codes: Vec<_> = policy.warnings().iter().map(Warning::code).collect();
    assert_eq!(codes, [code], "{:?}", policy.warnings());
}

#[test]
fn a_guard_has_no_environment_variable() {
    let variables = [("CORS_ALLOW_ORIGINS", APP), ("CORS_GUARD_ALLOW_HOSTS", "api.example")];
    let error = PolicyBuilder::from_variables("CORS_", variables).build().unwrap_err();
    assert_eq!(
        error.problems()[0].to_string(),
        "CORS_GUARD_ALLOW_HOSTS: a guard cannot be written in environment variables. Write it in a policy file or in code.",
    );
}

#[rstest]
#[case("GET", &[])]
#[case("POST", &[OWN])]
#[case("POST", &[FOREIGN, site("cross-site")])]
#[case("POST", &[LISTED, site("cross-site")])]
#[case("GET", &[FOREIGN, ("upgrade", "h2c, websocket")])]
#[case("OPTIONS", &[LISTED, ("access-control-request-method", "POST")])]
fn a_guard_allocates_nothing(#[case] method: &str, #[case] headers: &[(&str, &str)]) {
    let guard = Guard::builder()
        .allow_hosts(["api.example", "localhost:*", "*.api.example"])
        .foreign_origins(GuardAction::Deny)
        .exempt("POST", "/login");
    let prepared = PreparedPolicy::<HeaderValue>::new(policy(guard));
    let headers: Vec<_> = headers.iter().copied().chain([("host", "Localhost:8080")]).collect();
    let request = request(method, "/", &headers);
    let mut written = HeaderMap::with_capacity(16);
    drop(request.headers().clone());
    let allocations = measure(|| match prepared.decide(&request) {
        Decision::Preflight(preflight) => prepared.write_preflight(preflight, &request, &mut written),
        Decision::Actual(actual) => prepared.write_actual(actual, &mut written),
        Decision::Denied(denied) => prepared.write_denied(denied, &mut written),
    });
    black_box(&written);
    assert_eq!(allocations.count_total, 0);
}
