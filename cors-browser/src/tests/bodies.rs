//! Bodies that break off after the head of the response.

use rstest::rstest;

use super::*;
use crate::{Mode, ResponseType};

const ANY: (&str, &str) = ("access-control-allow-origin", "*");
const METHODS: (&str, &str) = ("access-control-allow-methods", "PUT");
const TEXT: (&str, &str) = ("content-type", "text/plain");

/// A response whose body breaks off after `length` bytes.
fn broken(status: u16, headers: &[(&str, &str)], length: usize) -> WireResponse {
    let error = NetworkError::new(FailureKind::BrokenOff, "the connection was closed");
    reply(status, headers).with_body(vec![b'x'; length]).with_body_error(error)
}

/// What comes of a response that breaks off.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// The promise of `fetch()` is rejected.
    Nothing,
    /// Reading the body fails.
    Head,
    /// The part of the body that came counts as the whole body.
    Everything,
}

#[rstest]
#[case::standard(Profile::standard(), 200, &[ANY, TEXT], 5, Seen::Head)]
#[case::standard_without_a_byte(Profile::standard(), 200, &[ANY, TEXT], 0, Seen::Head)]
#[case::standard_error(Profile::standard(), 404, &[ANY, TEXT], 5, Seen::Head)]
#[case::chromium(Profile::chromium(), 200, &[ANY], 0, Seen::Head)]
#[case::chromium_error(Profile::chromium(), 500, &[ANY], 0, Seen::Head)]
#[case::firefox(Profile::firefox(), 200, &[ANY, TEXT], 1, Seen::Head)]
#[case::firefox_without_a_byte(Profile::firefox(), 200, &[ANY, TEXT], 0, Seen::Nothing)]
#[case::firefox_without_a_type(Profile::firefox(), 200, &[ANY], 1, Seen::Head)]
#[case::firefox_error(Profile::firefox(), 404, &[ANY, TEXT], 5, Seen::Everything)]
#[case::webkit(Profile::webkit(), 200, &[ANY, ("content-length", "9")], 5, Seen::Head)]
#[case::webkit_without_a_length(Profile::webkit(), 200, &[ANY, TEXT], 5, Seen::Everything)]
#[case::webkit_error(Profile::webkit(), 404, &[ANY, ("content-length", "9")], 0, Seen::Head)]
#[tokio::test]
async fn a_body_that_breaks_off(
    #[case] profile: Profile,
    #[case] status: u16,
    #[case] headers: &[(&str, &str)],
    #[case] length: usize,
    #[case] expected: Seen,
) {
    let answer = broken(status, headers, length);
    let fetched = browser_as(profile, move |_| Ok(answer.clone())).fetch(&page(APP), get(API)).await;
    let seen = match &fetched.outcome {
        Outcome::Response(response) if response.body_fails => Seen::Head,
        Outcome::Response(_) => Seen::Everything,
        _ => Seen::Nothing,
    };
    assert_eq!(seen, expected);
    if seen != Seen::Nothing {
        assert_eq!(response(&fetched).status, status);
        assert_eq!(response(&fetched).body.as_ref().map(Vec::len), Some(length));
    }
}

#[tokio::test]
async fn a_broken_body_does_not_hide_a_cors_verdict() {
    let fetched = browser(|_| Ok(broken(200, &[], 5))).fetch(&page(APP), get(API)).await;
    assert_eq!(blocked(&fetched), BlockReason::MissingAllowOrigin);
}

#[tokio::test]
async fn the_body_of_a_preflight_is_not_read() {
    let fetched = answering(broken(200, &[ANY, METHODS], 5), reply(200, &[ANY]))
        .fetch(&page(APP), with_method("PUT", API))
        .await;
    assert_eq!(response(&fetched).status, 200);
}

#[rstest]
#[case::text("text/plain", 5000, false)]
#[case::image("image/png", 1, true)]
#[case::image_without_a_byte("image/png", 0, false)]
#[case::stylesheet("text/css", 1, true)]
#[case::script("text/javascript", 1, true)]
#[tokio::test]
async fn firefox_reads_an_opaque_body_to_its_end(
    #[case] content_type: &'static str,
    #[case] length: usize,
    #[case] is_there: bool,
) {
    let headers = [("content-type", content_type)];
    let browser = browser_as(Profile::firefox(), move |_| Ok(broken(200, &headers, length)));
    let fetched = browser.fetch(&page(APP), get(API).with_mode(Mode::NoCors)).await;
    assert_eq!(matches!(fetched.outcome, Outcome::Response(_)), is_there);
}

#[rstest]
#[case::preflight("PUT", 200)]
#[case::redirect("GET", 302)]
#[tokio::test]
async fn webkit_reads_the_bodies_of_preflights_and_redirects(#[case] method: &str, #[case] status: u16) {
    let browser = browser_as(Profile::webkit(), move |request| {
        Ok(match (request.method.as_str(), request.url.path()) {
            ("PUT", _) | (_, "/end") => reply(200, &[ANY]),
            _ => broken(status, &[ANY, METHODS, ("location", "/end")], 5),
        })
    });
    let fetched = browser.fetch(&page(APP), with_method(method, API)).await;
    assert_eq!(blocked(&fetched), BlockReason::NetworkError);
    assert_eq!(fetched.exchanges.len(), 1);
}

#[tokio::test]
async fn the_body_of_a_redirect_is_not_read() {
    let servers = |request: &WireRequest| match request.url.path() {
        "/end" => Ok(reply(200, &[ANY])),
        _ => Ok(broken(302, &[ANY, ("location", "/end")], 5)),
    };
    for profile in [Profile::standard(), Profile::chromium(), Profile::firefox()] {
        let fetched = browser_as(profile, servers).fetch(&page(APP), get(API)).await;
        assert!(response(&fetched).redirected && !response(&fetched).body_fails);
    }
}

#[tokio::test]
async fn an_opaque_response_and_one_to_head_have_no_body_that_could_fail() {
    let opaque =
        browser(|_| Ok(broken(200, &[], 5))).fetch(&page(APP), get(API).with_mode(Mode::NoCors)).await;
    assert_eq!(response(&opaque).response_type, ResponseType::Opaque);
    assert!(!response(&opaque).body_fails);
    let head = browser(|_| Ok(broken(200, &[ANY], 0))).fetch(&page(APP), with_method("HEAD", API)).await;
    assert!(!response(&head).body_fails);
}
