//! Console lines.

use rstest::rstest;

use super::*;
use crate::{Credentials, Mode};

const ALLOW: (&str, &str) = ("access-control-allow-origin", APP);
const OTHER: (&str, &str) = ("access-control-allow-origin", "https://b.example");
const ANY: (&str, &str) = ("access-control-allow-origin", "*");
const PREFIX: &str = "Access to fetch at 'https://api.example/item' from origin 'https://app.example' has been blocked by CORS policy: ";
const PREFLIGHT: &str = "Response to preflight request doesn't pass access control check: ";
const FIREFOX: &str = "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at \
                       https://api.example/item. (Reason: ";

async fn console(browser: Browser, request: FetchRequest, profile: &Profile) -> String {
    match browser.fetch(&page(APP), request).await.outcome {
        Outcome::Blocked(blocked) => blocked.console(profile),
        outcome => panic!("not blocked: {outcome:?}"),
    }
}

fn include(request: FetchRequest) -> FetchRequest {
    FetchRequest { credentials: Credentials::Include, ..request }
}

#[rstest]
#[case::missing(get(API), &[], "No 'Access-Control-Allow-Origin' header is present on the requested resource.")]
#[case::mismatch(get(API), &[OTHER], "The 'Access-Control-Allow-Origin' header has a value 'https://b.example' that is not equal to the supplied origin. Have the server send the header with a valid value.")]
#[case::invalid(get(API), &[("access-control-allow-origin", "app.example")], "The 'Access-Control-Allow-Origin' header contains the invalid value 'app.example'. Have the server send the header with a valid value.")]
#[case::multiple(get(API), &[ALLOW, OTHER], "The 'Access-Control-Allow-Origin' header contains multiple values 'https://app.example, https://b.example', but only one is allowed. Have the server send the header with a valid value.")]
#[case::spaces(get(API), &[("access-control-allow-origin", "https://app.example https://b.example")], "The 'Access-Control-Allow-Origin' header contains multiple values 'https://app.example https://b.example', but only one is allowed. Have the server send the header with a valid value.")]
#[case::wildcard(include(get(API)), &[ANY], "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's credentials mode is 'include'.")]
#[case::credentials(include(get(API)), &[ALLOW], "The value of the 'Access-Control-Allow-Credentials' header in the response is '' which must be 'true' when the request's credentials mode is 'include'.")]
#[tokio::test]
async fn chromium(#[case] request: FetchRequest, #[case] headers: &[(&str, &str)], #[case] line: &str) {
    let browser = answering(reply(204, &[]), reply(200, headers));
    assert_eq!(console(browser, request, &Profile::chromium()).await, format!("{PREFIX}{line}"));
}

/// Chromium names the header that the script sets first, Firefox and the standard the one that sorts first.
#[tokio::test]
async fn the_refused_header_that_is_named() {
    for (profile, name) in [(Profile::chromium(), "x-b"), (Profile::firefox(), "x-a")] {
        let browser = answering(reply(204, &[ALLOW]), reply(200, &[]));
        let request = with_headers(&[("X-B", "1"), ("X-A", "1")], with_method("GET", API));
        let line = console(browser, request, &profile).await;
        assert!(line.contains(&format!("{name} ")) || line.contains(&format!("‘{name}’")), "{line}");
    }
}

#[rstest]
#[case::missing(204, &[], true, "No 'Access-Control-Allow-Origin' header is present on the requested resource.")]
#[case::status(404, &[ALLOW], true, "It does not have HTTP ok status.")]
#[case::redirect(301, &[ALLOW, ("location", "/b")], true, "Redirect is not allowed for a preflight request.")]
#[case::redirect_to_nowhere(301, &[ALLOW], true, "It does not have HTTP ok status.")]
#[case::method(204, &[ALLOW], false, "Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.")]
#[case::header(204, &[ALLOW, ("access-control-allow-methods", "PUT")], false, "Request header field x-a is not allowed by Access-Control-Allow-Headers in preflight response.")]
#[case::syntax(204, &[ALLOW, ("access-control-allow-methods", "P U T")], false, "Cannot parse Access-Control-Allow-Methods response header field in preflight response.")]
#[tokio::test]
async fn chromium_on_preflights(
    #[case] status: u16,
    #[case] headers: &[(&str, &str)],
    #[case] is_check: bool,
    #[case] line: &str,
) {
    let browser = answering(reply(status, headers), reply(200, &[]));
    let request = with_headers(&[("X-A", "1")], with_method("PUT", API));
    let check = if is_check { PREFLIGHT } else { "" };
    assert_eq!(console(browser, request, &Profile::chromium()).await, format!("{PREFIX}{check}{line}"));
}

#[tokio::test]
async fn chromium_names_the_first_url_of_a_redirect() {
    let browser = browser(|request| {
        Ok(match request.url.path() {
            "/item" => reply(302, &[ALLOW, ("location", "https://b.example/")]),
            _ => reply(200, &[ALLOW]),
        })
    });
    assert_eq!(
        console(browser, get(API), &Profile::chromium()).await,
        "Access to fetch at 'https://b.example/' (redirected from 'https://api.example/item') from origin \
         'https://app.example' has been blocked by CORS policy: The 'Access-Control-Allow-Origin' header has a value \
         'https://app.example' that is not equal to the supplied origin. Have the server send the header with a valid \
         value."
    );
}

/// Lines of Chromium 156. Its network stack refuses some schemes itself, and leaves the others to the CORS check.
#[rstest]
#[case::mail(
    get(API),
    "mailto:a@b.example",
    "Access to fetch at 'mailto:a@b.example' (redirected from 'https://api.example/item') from origin 'https://app.example' has been blocked by CORS policy: Cross origin requests are only supported for protocol schemes: chrome, chrome-experimental-site-token-provider, chrome-extension, chrome-untrusted, data, http, https, isolated-app."
)]
#[case::socket(
    get(API),
    "wss://a.example/",
    "Access to fetch at 'wss://a.example/' (redirected from 'https://api.example/item') from origin 'https://app.example' has been blocked by CORS policy: Cross origin requests are only supported for protocol schemes: chrome, chrome-experimental-site-token-provider, chrome-extension, chrome-untrusted, data, http, https, isolated-app."
)]
#[case::data(get(API), "data:text/plain,x", "Failed to load resource: net::ERR_UNSAFE_REDIRECT")]
#[case::file(get(API), "file:///etc/passwd", "Failed to load resource: net::ERR_UNSAFE_REDIRECT")]
#[case::about(get(API), "about:blank", "Failed to load resource: net::ERR_UNSAFE_REDIRECT")]
#[case::no_cors(FetchRequest { mode: Mode::NoCors, ..get(API) }, "mailto:a@b.example", "Failed to load resource: net::ERR_UNKNOWN_URL_SCHEME")]
#[case::no_cors_data(FetchRequest { mode: Mode::NoCors, ..get(API) }, "data:text/plain,x", "Failed to load resource: net::ERR_UNSAFE_REDIRECT")]
#[case::own_server(FetchRequest { mode: Mode::SameOrigin, ..get("https://app.example/item") }, "mailto:a@b.example", "Unsafe attempt to load URL mailto:a@b.example from frame with URL https://app.example/. Domains, protocols and ports must match.\n")]
#[tokio::test]
async fn chromium_on_redirects_to_other_schemes(
    #[case] request: FetchRequest,
    #[case] location: &str,
    #[case] line: &str,
) {
    let redirect = reply(302, &[ALLOW, ("location", location)]);
    let browser = answering(reply(204, &[]), redirect);
    assert_eq!(console(browser, request, &Profile::chromium()).await, line);
}

/// Lines of Chromium 156.
#[rstest]
#[case::login(407, &[ALLOW], "ERR_UNEXPECTED_PROXY_AUTH")]
#[case::login_without_headers(407, &[], "ERR_UNEXPECTED_PROXY_AUTH")]
#[case::locations(302, &[ALLOW, ("location", "/a"), ("location", "/b")], "ERR_RESPONSE_HEADERS_MULTIPLE_LOCATION")]
#[case::lengths(200, &[ALLOW, ("content-length", "0"), ("content-length", "1")], "ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_LENGTH")]
#[case::dispositions(200, &[ALLOW, ("content-disposition", "inline"), ("content-disposition", "attachment")], "ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_DISPOSITION")]
#[tokio::test]
async fn chromium_on_responses_that_its_network_stack_refuses(
    #[case] status: u16,
    #[case] headers: &[(&str, &str)],
    #[case] error: &str,
) {
    let line = format!("Failed to load resource: net::{error}");
    for method in ["GET", "PUT"] {
        let mut browser = answering(reply(status, headers), reply(status, headers));
        browser.profile = Profile::chromium();
        assert_eq!(console(browser, with_method(method, API), &Profile::chromium()).await, line, "{method}");
    }
}

/// Chromium, Firefox and WebKit refuse a larger body before they send anything.
#[rstest]
#[case(65_536, false)]
#[case(65_537, true)]
#[tokio::test]
async fn the_body_of_a_keepalive_request_is_limited(#[case] length: usize, #[case] is_blocked: bool) {
    let lines = [
        (Profile::chromium(), "TypeError: Failed to fetch"),
        (Profile::firefox(), "TypeError: NetworkError when attempting to fetch resource."),
        (Profile::webkit(), "TypeError: Load failed"),
        (Profile::standard(), "network-error: the body of a request with `keepalive` is larger than 64 KiB"),
    ];
    for (profile, line) in lines {
        let grant = [ALLOW, ("access-control-allow-methods", "PUT")];
        let mut browser = answering(reply(204, &grant), reply(200, &[ALLOW]));
        browser.profile = profile.clone();
        let request = with_method("PUT", API).with_body(vec![b'a'; length]).with_keepalive(true);
        let fetched = browser.fetch(&page(APP), request).await;
        match fetched.outcome {
            Outcome::Blocked(blocked) => {
                assert!(is_blocked && fetched.exchanges.is_empty(), "{:?}", fetched.exchanges);
                assert_eq!(blocked.failure(), Some(FailureKind::KeepaliveBody));
                assert_eq!(blocked.console(&profile), line);
            }
            outcome => assert!(!is_blocked, "{outcome:?}"),
        }
    }
}

#[rstest]
#[case::missing(get(API), 200, &[], "CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 200.")]
#[case::mismatch(get(API), 200, &[OTHER], "CORS header ‘Access-Control-Allow-Origin’ does not match ‘https://b.example’).")]
#[case::multiple(get(API), 200, &[ALLOW, OTHER], "CORS header ‘Access-Control-Allow-Origin’ does not match ‘https://app.example, https://b.example’).")]
#[case::credentials(include(get(API)), 200, &[ALLOW], "expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’).")]
#[case::method(with_method("PUT", API), 200, &[ALLOW], "Did not find method in CORS header ‘Access-Control-Allow-Methods’).")]
#[case::status(with_method("PUT", API), 404, &[ALLOW], "CORS preflight response did not succeed). Status code: 404.")]
#[case::redirect(with_method("PUT", API), 302, &[ALLOW, ("location", "/b")], "CORS request external redirect not allowed).")]
#[case::header(with_headers(&[("X-A", "1")], get(API)), 200, &[ALLOW], "header ‘x-a’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS preflight response).")]
#[case::syntax(with_method("PUT", API), 200, &[ALLOW, ("access-control-allow-methods", "GET, P T")], "invalid token ‘P T’ in CORS header ‘Access-Control-Allow-Methods’).")]
#[tokio::test]
async fn firefox(
    #[case] request: FetchRequest,
    #[case] status: u16,
    #[case] headers: &[(&str, &str)],
    #[case] line: &str,
) {
    let browser = answering(reply(status, headers), reply(status, headers));
    assert_eq!(console(browser, request, &Profile::firefox()).await, format!("{FIREFOX}{line}"));
}

#[rstest]
#[case(Profile::chromium(), "Failed to load resource: net::ERR_CONNECTION_REFUSED")]
#[case(
    Profile::firefox(),
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.example/item. (Reason: CORS request did not succeed). Status code: (null)."
)]
#[case(Profile::standard(), "network-error: refused")]
#[tokio::test]
async fn no_response(#[case] profile: Profile, #[case] line: &str) {
    let browser = browser(|_| Err(NetworkError::new(FailureKind::Refused, "refused")));
    assert_eq!(console(browser, get(API), &profile).await, line);
}

/// Chromium and Firefox print a line for every reason, except for those that depend on the body or status of a response.
#[test]
fn every_reason_has_a_line() {
    let is_silent = |reason| {
        matches!(
            reason,
            BlockReason::OpaqueResponseBlocked | BlockReason::ResourceStatusNotOk | BlockReason::ResourceType
        )
    };
    for &reason in BlockReason::ALL.iter().filter(|&&reason| !is_silent(reason)) {
        let blocked = crate::Blocked::new(reason, "detail");
        for profile in [Profile::chromium(), Profile::firefox()] {
            assert!(blocked.console(&profile).len() > 20, "{reason}");
        }
    }
}

#[tokio::test]
async fn same_origin_mode_has_its_own_line() {
    let request = FetchRequest { mode: Mode::SameOrigin, ..get(API) };
    let browser = answering(reply(204, &[]), reply(200, &[]));
    assert_eq!(
        console(browser, request, &Profile::chromium()).await,
        "Fetch API cannot load https://api.example/item. Request mode is \"same-origin\" but the URL's origin is not \
         same as the request origin https://app.example."
    );
}
