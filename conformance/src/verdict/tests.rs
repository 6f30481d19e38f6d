use rstest::rstest;
use serde::Deserialize;
use url::Url;

use super::*;
use crate::scenario::Scenario;
use cors_browser::{
    BlockReason, Blocked, ExchangeKind, FailureKind, NetworkError, PageResponse, ResponseType, WireRequest,
    WireResponse,
};

/// A step that expects what `expectations` says, in the words of a scenario file.
fn step(expectations: &str) -> Step {
    #[derive(Deserialize)]
    struct Head {
        request: Option<toml::Value>,
    }
    let action = match toml::from_str::<Head>(expectations).unwrap().request {
        Some(_) => "",
        None => "fetch = { path = \"/\" }",
    };
    let text = format!(
        "id = \"a/b\"\ntitle = \"t\"\nkind = \"required\"\nspec = \"fetch#a\"\n[policy]\nallow_origins = \"*\"\n\
         [[step]]\n{action}\n{expectations}"
    );
    Scenario::parse("a/b", &text).unwrap().steps.remove(0)
}

fn response() -> PageResponse {
    PageResponse {
        response_type: ResponseType::Cors,
        status: 200,
        url: Some(Url::parse("https://api.example/echo").unwrap()),
        redirected: false,
        headers: vec![("x-a".to_owned(), "1".to_owned()), ("x-b".to_owned(), "2".to_owned())],
        body: Some(br#"{"n":[1,2]}"#.to_vec()),
        body_fails: false,
    }
}

fn lines(pairs: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

fn exchange(kind: ExchangeKind) -> Exchange {
    Exchange {
        kind,
        request: WireRequest {
            method: "OPTIONS".to_owned(),
            url: Url::parse("https://api.example/echo").unwrap(),
            headers: lines(&[
                ("Origin", "https://app.example"),
                ("access-control-request-headers", "x-a,x-b"),
            ]),
            body: None,
        },
        response: Ok(WireResponse {
            status: 204,
            headers: lines(&[
                ("vary", "Origin, Accept"),
                ("vary", "accept-encoding"),
                ("set-cookie", "a=1"),
                ("set-cookie", "b=2"),
                ("access-control-allow-origin", "https://app.example"),
            ]),
            body: br#"{"n":[1,2]}"#.to_vec(),
            body_error: None,
        }),
    }
}

fn seen(page: Outcome) -> Observation {
    Observation {
        page: Some(page),
        exchanges: vec![exchange(ExchangeKind::Preflight), exchange(ExchangeKind::Actual)],
        console: Vec::new(),
        handlers_run: Some(Ok(1)),
        document_cookie: Some(Ok("a=1".to_owned())),
    }
}

fn blocked() -> Outcome {
    Outcome::Blocked(Blocked::new(BlockReason::MethodNotAllowed, "PUT"))
}

/// A failure whose reason a real browser keeps to itself.
fn without_reason() -> Outcome {
    Outcome::Blocked(Blocked::without_reason("TypeError: Failed to fetch"))
}

fn of_type(response_type: ResponseType) -> Outcome {
    Outcome::Response(PageResponse { response_type, ..response() })
}

#[rstest]
#[case("", true)]
#[case(", type = \"cors\"", true)]
#[case(", type = \"basic\"", false)]
#[case(", status = 200", true)]
#[case(", status = [201, 200]", true)]
#[case(", status = \"2xx\"", true)]
#[case(", status = 201", false)]
#[case(", status = \"4xx\"", false)]
#[case(", body = '{\"n\":[1,2]}'", true)]
#[case(", body = '{\"n\":[1]}'", false)]
#[case(", body_contains = \"[1\"", true)]
#[case(", body_contains = [\"[1\", \"3\"]", false)]
#[case(", body_json = { \"/n/1\" = 2 }", true)]
#[case(", body_json = { \"/n/1\" = 3 }", false)]
#[case(", body_json = { \"/m\" = 3 }", false)]
#[case(", headers = { X-A = \"1\" }", true)]
#[case(", headers = { x-a = \"2\" }", false)]
#[case(", headers = { x-c = \"1\" }", false)]
#[case(", hidden = [\"x-c\", \"set-cookie\"]", true)]
#[case(", hidden = \"x-*\"", false)]
#[case(", response_url = \"https://api.example/echo\"", true)]
#[case(", response_url = \"https://api.example/\"", false)]
#[case(", redirected = false", true)]
#[case(", redirected = true", false)]
fn what_the_page_reads(#[case] expected: &str, #[case] holds: bool) {
    let step = step(&format!("page = {{ outcome = \"readable\"{expected} }}"));
    let mismatches = check(1, &step, &seen(Outcome::Response(response())));
    assert_eq!(mismatches.is_empty(), holds, "{mismatches:?}");
}

#[rstest]
#[case("readable", of_type(ResponseType::Basic), true)]
#[case("readable", of_type(ResponseType::Opaque), false)]
#[case("readable", of_type(ResponseType::OpaqueRedirect), false)]
#[case("readable", blocked(), false)]
#[case("opaque", of_type(ResponseType::Opaque), true)]
#[case("opaque", of_type(ResponseType::Cors), false)]
#[case("opaque-redirect", of_type(ResponseType::OpaqueRedirect), true)]
#[case("opaque-redirect", of_type(ResponseType::Opaque), false)]
#[case("blocked", blocked(), true)]
#[case("blocked", of_type(ResponseType::Cors), false)]
#[case("blocked\", reason = \"method-not-allowed", blocked(), true)]
#[case("blocked\", reason = \"header-not-allowed", blocked(), false)]
#[case("blocked\", reason = \"header-not-allowed", without_reason(), true)]
#[case("readable", without_reason(), false)]
fn how_the_fetch_settles(#[case] expected: &str, #[case] outcome: Outcome, #[case] holds: bool) {
    let step = step(&format!("page = {{ outcome = \"{expected}\" }}"));
    let mismatches = check(1, &step, &seen(outcome));
    assert_eq!(mismatches.is_empty(), holds, "{mismatches:?}");
}

#[test]
fn one_of_several_reasons_will_do() {
    let step =
        step(r#"page = { outcome = "blocked", reason = ["header-not-allowed", "method-not-allowed"] }"#);
    assert_eq!(check(1, &step, &seen(blocked())), []);
}

#[rstest]
#[case("status = 204", true)]
#[case("status = 403", false)]
#[case("headers = { Access-Control-Allow-Origin = \"https://app.example\" }", true)]
#[case("headers = { access-control-allow-origin = \"*\" }", false)]
#[case("headers = { set-cookie = \"a=1\" }", false)]
#[case("headers = { x-c = \"1\" }", false)]
#[case("lines = { set-cookie = [\"a=1\", \"b=2\"] }", true)]
#[case("lines = { set-cookie = [\"b=2\", \"a=1\"] }", false)]
#[case("lines = { set-cookie = [\"a=1\"] }", false)]
#[case("absent = \"access-control-max-age\"", true)]
#[case("absent = [\"access-control-*\"]", false)]
#[case("tokens = { vary = \"origin\" }", true)]
#[case("tokens = { vary = [\"Accept-Encoding\", \"Accept\"] }", true)]
#[case("tokens = { vary = [\"origin\", \"cookie\"] }", false)]
#[case("no_tokens = { vary = [\"cookie\"] }", true)]
#[case("no_tokens = { vary = [\"ORIGIN\"] }", false)]
#[case("only_tokens = { vary = [\"accept\", \"accept-encoding\", \"origin\"] }", true)]
#[case("only_tokens = { vary = [\"accept\", \"origin\"] }", false)]
#[case("only_tokens = { vary = [\"accept\", \"accept-encoding\", \"origin\", \"cookie\"] }", false)]
#[case("only_tokens = { x-none = [] }", true)]
#[case("body = '{\"n\":[1,2]}'", true)]
#[case("body = ''", false)]
#[case("body_contains = \"n\"", true)]
#[case("body_contains = \"m\"", false)]
#[case("body_json = { \"/n\" = [1, 2] }", true)]
#[case("body_json = { \"/n\" = [2, 1] }", false)]
#[case("no_body = true", false)]
#[case("sent = { method = \"OPTIONS\" }", true)]
#[case("sent = { method = \"PUT\" }", false)]
#[case("sent = { headers = { origin = \"https://app.example\" } }", true)]
#[case("sent = { headers = { origin = \"null\" } }", false)]
#[case("sent = { absent = [\"cookie\"] }", true)]
#[case("sent = { absent = [\"origin\"] }", false)]
#[case("sent = { tokens = { access-control-request-headers = \"X-B\" } }", true)]
#[case("sent = { only_tokens = { access-control-request-headers = \"X-B\" } }", false)]
#[case("sent = { no_body = true }", true)]
#[case("sent = { body = \"a\" }", false)]
fn what_is_on_the_wire(
    #[case] expected: &str,
    #[case] holds: bool,
    #[values("preflight", "actual")] on: &str,
) {
    let step = step(&format!("wire = [{{ on = \"{on}\", {expected} }}]"));
    let mismatches = check(1, &step, &seen(blocked()));
    assert_eq!(mismatches.is_empty(), holds, "{mismatches:?}");
    assert!(mismatches.iter().all(|mismatch| mismatch.about.starts_with(on)), "{mismatches:?}");
}

#[test]
fn a_list_member_that_comes_twice_is_a_mismatch() {
    let mut twice = seen(blocked());
    twice.exchanges[0].response.as_mut().unwrap().headers = lines(&[("vary", "Origin"), ("vary", "origin")]);
    for expected in ["tokens", "only_tokens"] {
        let step = step(&format!("wire = [{{ on = \"preflight\", {expected} = {{ vary = \"Origin\" }} }}]"));
        let mismatches = check(2, &step, &twice);
        assert_eq!(mismatches.len(), 1, "{expected}");
        assert_eq!(mismatches[0].seen, "`vary: Origin, origin`");
        assert_eq!(mismatches[0].step, 2);
    }
}

#[test]
fn an_empty_body_is_no_body() {
    let mut empty = seen(blocked());
    empty.exchanges[0].response.as_mut().unwrap().body.clear();
    assert_eq!(check(1, &step("wire = [{ on = \"preflight\", no_body = true }]"), &empty), []);
}

#[rstest]
#[case("preflights = 1", true)]
#[case("preflights = 0", false)]
#[case("preflights = 2", false)]
#[case("actuals = 1", true)]
#[case("actuals = 0", false)]
#[case("handlers_run = 1", true)]
#[case("handlers_run = 0", false)]
#[case("wire = [{ on = \"actual\", nth = 1, status = 204 }]", false)]
fn how_many(#[case] expected: &str, #[case] holds: bool) {
    let mismatches = check(1, &step(expected), &seen(blocked()));
    assert_eq!(mismatches.is_empty(), holds, "{mismatches:?}");
}

#[rstest]
#[case::same(Ok("a=1"), None)]
#[case::none(Ok(""), Some("step 1, document.cookie: expected `a=1`, seen ``"))]
#[case::thrown(Err(SecurityError), Some("step 1, document.cookie: expected `a=1`, seen SecurityError"))]
fn the_cookies_of_the_page(#[case] cookies: Result<&str, SecurityError>, #[case] told: Option<&str>) {
    let seen = Observation { document_cookie: Some(cookies.map(str::to_owned)), ..seen(blocked()) };
    let mismatches = check(1, &step("document_cookie = \"a=1\""), &seen);
    assert_eq!(mismatches.first().map(ToString::to_string).as_deref(), told);
}

#[test]
fn handlers_that_cannot_be_counted_are_a_mismatch() {
    let uncounted = Observation { handlers_run: Some(Err("no /hits".to_owned())), ..seen(blocked()) };
    let mismatches = check(1, &step("handlers_run = 0"), &uncounted);
    assert_eq!(mismatches[0].to_string(), "step 1, handlers: expected 0 run, seen no count: no /hits");
}

#[rstest]
#[case("status = 200", false)]
#[case("absent = [\"vary\"]", false)]
#[case("sent = { method = \"OPTIONS\" }", true)]
fn no_response_holds_for_the_request_only(#[case] expected: &str, #[case] holds: bool) {
    let mut broken = seen(blocked());
    broken.exchanges[1].response = Err(NetworkError::new(FailureKind::BrokenOff, "the connection broke off"));
    let step = step(&format!("wire = [{{ on = \"actual\", {expected} }}]"));
    let mismatches = check(1, &step, &broken);
    assert_eq!(mismatches.is_empty(), holds, "{mismatches:?}");
    assert!(mismatches.iter().all(|mismatch| mismatch.seen == "none (the connection broke off)"));
}

#[test]
fn every_mismatch_is_told() {
    let step = step(
        "page = { outcome = \"opaque\" }\nwire = [{ on = \"preflight\", status = 403, no_body = true }]\nhandlers_run = 0",
    );
    let told: Vec<_> = check(1, &step, &seen(blocked())).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "step 1, page: expected an opaque response, seen blocked (method-not-allowed: PUT)",
            "step 1, preflight response: expected status 403, seen status 204",
            "step 1, preflight response: expected no body, seen 11 bytes: `{\"n\":[1,2]}`",
            "step 1, handlers: expected 0 run, seen 1 run",
        ]
    );
}

#[test]
fn a_raw_request_is_an_actual_exchange() {
    let step = step("request = { path = \"/\" }\nwire = [{ on = \"actual\", status = 403 }]");
    let seen = Observation {
        page: None,
        exchanges: vec![exchange(ExchangeKind::Actual)],
        console: Vec::new(),
        handlers_run: None,
        document_cookie: None,
    };
    assert_eq!(
        check(1, &step, &seen)[0].to_string(),
        "step 1, actual response: expected status 403, seen status 204"
    );
}

#[test]
fn an_exchange_is_rendered_with_both_sides() {
    let mut shown = exchange(ExchangeKind::Preflight);
    shown.request.headers[0].1 = b"a\0\xffb".to_vec();
    shown.request.body = Some(vec![b'a'; 65_536]);
    let rendered = render_exchange(&shown);
    assert_eq!(rendered[0], "> OPTIONS https://api.example/echo");
    assert_eq!(rendered[1], r"> Origin: a\x00\xffb");
    assert_eq!(rendered[3], format!("> | {}… (65536 bytes)", "a".repeat(200)));
    assert_eq!(rendered[4], "< 204");
    assert_eq!(rendered[5], "< vary: Origin, Accept");
    assert_eq!(rendered.last().unwrap(), r#"< | {"n":[1,2]}"#);
    shown.response = Err(NetworkError::new(FailureKind::BrokenOff, "the connection broke off"));
    assert_eq!(render_exchange(&shown).last().unwrap(), "< no response: the connection broke off");
}

/// One exchange of a request from `https://app.example`.
fn answered(
    kind: ExchangeKind,
    method: &str,
    status: u16,
    headers: &[(&str, &str)],
    page: Outcome,
    handlers_run: u64,
) -> Observation {
    let mut exchange = exchange(kind);
    exchange.request.method = method.to_owned();
    exchange.request.headers =
        lines(&[("origin", "https://app.example"), ("access-control-request-method", "PUT")]);
    let response = WireResponse { status, headers: lines(headers), body: Vec::new(), body_error: None };
    exchange.response = Ok(response);
    Observation { exchanges: vec![exchange], handlers_run: Some(Ok(handlers_run)), ..seen(page) }
}

const OPEN: (&str, &str) = ("access-control-allow-origin", "https://app.example");
const FIXED: (&str, &str) = ("access-control-allow-origin", "https://other.example");
const TYPE: &str = "application/json; charset=utf-8";

/// What an adapter promises (`promise` is whether it is kept), and what others are judged by.
#[rstest]
#[case::status(r#"status = 204"#, "OPTIONS", 200, &[OPEN], false, true)]
#[case::status_of_a_denial(r#"status = 204"#, "OPTIONS", 403, &[OPEN], false, false)]
#[case::status_of_an_answer(r#"status = 204"#, "GET", 200, &[OPEN], false, false)]
#[case::more_methods(
    r#"headers = { access-control-allow-methods = "PUT" }"#,
    "OPTIONS", 204, &[OPEN, ("access-control-allow-methods", "GET,put, PUT")], false, false
)]
#[case::methods_in_another_order(
    r#"headers = { access-control-allow-methods = "PUT,PATCH" }"#,
    "OPTIONS", 204, &[OPEN, ("access-control-allow-methods", "GET, PATCH, PUT")], false, true
)]
#[case::a_method_less(
    r#"headers = { access-control-allow-methods = "PUT,PATCH" }"#,
    "OPTIONS", 204, &[OPEN, ("access-control-allow-methods", "PUT")], false, false
)]
#[case::closed(r#"absent = ["access-control-*"]"#, "GET", 200, &[FIXED], false, true)]
#[case::open(r#"absent = ["access-control-*"]"#, "GET", 200, &[OPEN], false, false)]
#[case::open_to_all(
    r#"absent = ["access-control-*"]"#, "GET", 200, &[("access-control-allow-origin", "*")], false, false
)]
#[case::methods_of_a_denial(
    r#"absent = ["access-control-*"]"#, "OPTIONS", 204, &[("access-control-allow-methods", "PUT")], false, true
)]
#[case::another_header(r#"absent = ["x-a"]"#, "GET", 200, &[("x-a", "1")], false, false)]
#[case::reflected(r#"headers = { access-control-allow-origin = "*" }"#, "GET", 200, &[OPEN], false, true)]
#[case::not_reflected(r#"headers = { access-control-allow-origin = "*" }"#, "GET", 200, &[FIXED], false, false)]
#[case::no_vary(r#"tokens = { vary = ["origin"] }"#, "GET", 200, &[OPEN], false, false)]
#[case::no_vary_of_a_preflight(r#"tokens = { vary = ["origin"] }"#, "OPTIONS", 204, &[OPEN], false, true)]
#[case::no_vary_of_a_write(r#"tokens = { vary = ["origin"] }"#, "POST", 200, &[OPEN], false, true)]
#[case::no_vary_of_a_refusal(r#"tokens = { vary = ["origin"] }"#, "GET", 403, &[], false, true)]
#[case::no_vary_of_a_cached_refusal(
    r#"tokens = { vary = ["origin"] }"#, "GET", 403, &[("cache-control", "max-age=60")], false, false
)]
#[case::no_vary_of_a_fixed_answer(r#"tokens = { vary = ["origin"] }"#, "GET", 200, &[FIXED], false, true)]
#[case::vary_of_the_application(
    r#"tokens = { vary = ["origin", "accept"] }"#, "GET", 200, &[FIXED, ("vary", "origin")], false, false
)]
#[case::charset(r#"headers = { content-type = "application/json" }"#, "GET", 200, &[("content-type", TYPE)], false, true)]
#[case::another_type(r#"headers = { content-type = "text/plain" }"#, "GET", 200, &[("content-type", TYPE)], false, false)]
fn what_others_are_judged_by(
    #[case] expectation: &str,
    #[case] method: &str,
    #[case] status: u16,
    #[case] headers: &[(&str, &str)],
    #[case] promise: bool,
    #[case] noticeable: bool,
) {
    let expected = step(&format!("wire = [{{ on = \"actual\", {expectation} }}]"));
    let page = Outcome::Response(response());
    let seen = answered(ExchangeKind::Actual, method, status, headers, page, 1);
    assert_eq!(check(1, &expected, &seen).is_empty(), promise);
    let found = check_noticeable(1, &expected, &seen);
    assert_eq!(found.is_empty(), noticeable, "{found:?}");
}

/// A response to a request without `Origin`, where a page of any origin may read the one to its own request.
#[rstest]
#[case::open_to_all(&[("access-control-allow-origin", "*")], true, true)]
#[case::open_to_all_and_varying(&[("access-control-allow-origin", "*"), ("vary", "Origin")], true, true)]
#[case::kept_apart(&[("vary", "Origin")], false, true)]
#[case::kept_apart_in_a_list(&[("vary", "Accept, origin")], false, true)]
#[case::kept_apart_on_a_second_line(&[("vary", "Accept"), ("vary", "Origin")], false, true)]
#[case::never_used_again(&[("vary", "*")], false, true)]
#[case::used_for_pages(&[], false, false)]
#[case::used_for_pages_with_the_same_accept(&[("vary", "Accept")], false, false)]
#[case::used_for_other_pages(&[OPEN], false, false)]
fn what_a_cache_does_with_a_plain_response(
    #[case] headers: &[(&str, &str)],
    #[case] promise: bool,
    #[case] noticeable: bool,
) {
    let expected = step(r#"wire = [{ on = "actual", headers = { access-control-allow-origin = "*" } }]"#);
    let page = Outcome::Response(response());
    let mut seen = answered(ExchangeKind::Actual, "GET", 200, headers, page, 1);
    seen.exchanges[0].request.headers.clear();
    assert_eq!(check(1, &expected, &seen).is_empty(), promise);
    let found = check_noticeable(1, &expected, &seen);
    assert_eq!(found.is_empty(), noticeable, "{found:?}");
}

/// `Vary` does not help a page that gets no `*`.
#[test]
fn a_page_needs_the_star_also_if_the_response_varies() {
    let expected = step(r#"wire = [{ on = "actual", headers = { access-control-allow-origin = "*" } }]"#);
    let page = Outcome::Response(response());
    let seen = answered(ExchangeKind::Actual, "GET", 200, &[("vary", "Origin")], page, 1);
    assert_eq!(check_noticeable(1, &expected, &seen).len(), 1);
}

#[rstest]
#[case::another_reason(r#"page = { outcome = "blocked", reason = "credentials-not-allowed" }"#, 0, true)]
#[case::fewer_handlers("page = { outcome = \"blocked\" }\nhandlers_run = 1", 0, true)]
#[case::more_handlers("page = { outcome = \"blocked\" }\nhandlers_run = 0", 1, false)]
#[case::a_status_that_no_page_sees(
    "page = { outcome = \"blocked\" }\nwire = [{ on = \"actual\", status = 200 }]",
    0,
    true
)]
#[case::not_blocked("page = { outcome = \"opaque\" }", 0, false)]
fn what_a_blocked_page_cannot_see(
    #[case] expectation: &str,
    #[case] handlers: u64,
    #[case] noticeable: bool,
) {
    let seen = answered(ExchangeKind::Actual, "GET", 403, &[], blocked(), handlers);
    let found = check_noticeable(1, &step(expectation), &seen);
    assert_eq!(found.is_empty(), noticeable, "{found:?}");
}

#[test]
fn white_space_in_json_makes_no_difference() {
    let body = |text: &str| {
        let response = PageResponse { body: Some(text.as_bytes().to_vec()), ..response() };
        let step = step(r#"page = { outcome = "readable", body = '["a","b"]' }"#);
        check(1, &step, &seen(Outcome::Response(response))).is_empty()
    };
    assert!(body(r#"["a", "b"]"#));
    assert!(!body(r#"["b", "a"]"#));
}
