//! HTTP authentication.

use rstest::rstest;

use super::*;
use crate::Credentials;

const SHARED: &[(&str, &str)] = &[
    ("access-control-allow-origin", APP),
    ("access-control-allow-credentials", "true"),
    ("access-control-allow-methods", "PUT"),
    ("access-control-allow-headers", "authorization"),
];

/// Servers that allow `https://app.example`, and that require a password.
fn guarded(profile: Profile, challenge: &'static str) -> Browser {
    browser_as(profile, move |request| {
        if request.method == "OPTIONS" || request.header("authorization") == Some(b"Basic bWU6c2VjcmV0") {
            return Ok(reply(200, SHARED));
        }
        Ok(reply(401, &[SHARED, &[("www-authenticate", challenge)]].concat()))
    })
}

fn with_credentials(method: &str, url: &str, credentials: Credentials) -> FetchRequest {
    FetchRequest { credentials, ..with_method(method, url) }
}

const BASIC: &str = "Basic realm=\"specimen\"";
const HOME: &str = "https://app.example/private";

#[rstest]
#[case::chromium(Profile::chromium(), API, Credentials::Include, BASIC, 200)]
#[case::firefox(Profile::firefox(), API, Credentials::Include, BASIC, 200)]
#[case::standard(Profile::standard(), API, Credentials::Include, BASIC, 401)]
#[case::standard_same_origin(Profile::standard(), HOME, Credentials::SameOrigin, BASIC, 200)]
#[case::no_credentials(Profile::chromium(), API, Credentials::SameOrigin, BASIC, 401)]
#[case::omit_same_origin(Profile::chromium(), HOME, Credentials::Omit, BASIC, 401)]
#[case::case(Profile::chromium(), API, Credentials::Include, "basic realm=x", 200)]
#[case::other_scheme(Profile::chromium(), API, Credentials::Include, "Bearer", 401)]
#[tokio::test]
async fn the_user_answers_a_challenge(
    #[case] profile: Profile,
    #[case] url: &str,
    #[case] credentials: Credentials,
    #[case] challenge: &'static str,
    #[case] status: u16,
) {
    let page = page(APP).with_user("me", "secret");
    let fetched = guarded(profile, challenge).fetch(&page, with_credentials("GET", url, credentials)).await;
    assert_eq!(response(&fetched).status, status);
    assert_eq!(fetched.exchanges.len(), if status == 200 { 2 } else { 1 });
    assert_eq!(sent(&fetched, 0, "authorization"), None);
}

#[tokio::test]
async fn without_a_user_the_page_reads_the_401() {
    let request = with_credentials("GET", API, Credentials::Include);
    let fetched = guarded(Profile::chromium(), BASIC).fetch(&page(APP), request).await;
    assert_eq!((response(&fetched).status, fetched.exchanges.len()), (401, 1));
}

#[tokio::test]
async fn a_wrong_password_is_sent_once() {
    let page = page(APP).with_user("me", "guess");
    let request = with_credentials("GET", API, Credentials::Include);
    let fetched = guarded(Profile::chromium(), BASIC).fetch(&page, request).await;
    assert_eq!((response(&fetched).status, fetched.exchanges.len()), (401, 2));
}

#[tokio::test]
async fn a_login_is_sent_again_to_its_origin_but_not_on_preflights() {
    let browser = guarded(Profile::chromium(), BASIC);
    let page = page(APP).with_user("me", "secret");
    browser.fetch(&page, with_credentials("GET", API, Credentials::Include)).await;

    let fetched = browser.fetch(&page, with_credentials("PUT", API, Credentials::Include)).await;
    assert_eq!(wire(&fetched), ["OPTIONS https://api.example/item", "PUT https://api.example/item"]);
    assert_eq!(sent(&fetched, 0, "authorization"), None);
    assert_eq!(sent(&fetched, 0, "access-control-request-headers"), None);
    assert_eq!(sent(&fetched, 1, "authorization"), Some("Basic bWU6c2VjcmV0"));

    let fetched = browser.fetch(&page, with_credentials("GET", API, Credentials::SameOrigin)).await;
    assert_eq!(sent(&fetched, 0, "authorization"), None);
    let elsewhere = with_credentials("GET", "https://b.example/", Credentials::Include);
    assert_eq!(sent(&browser.fetch(&page, elsewhere).await, 0, "authorization"), None);
}

#[tokio::test]
async fn a_challenge_to_a_preflight_fails() {
    let browser = browser_as(Profile::chromium(), |_| {
        Ok(reply(401, &[SHARED, &[("www-authenticate", BASIC)]].concat()))
    });
    let page = page(APP).with_user("me", "secret");
    let fetched = browser.fetch(&page, with_credentials("PUT", API, Credentials::Include)).await;
    assert_eq!(blocked(&fetched), BlockReason::PreflightStatusNotOk);
    assert_eq!(fetched.exchanges.len(), 1);
}

#[tokio::test]
async fn an_authorization_header_of_the_script_is_kept() {
    let page = page(APP).with_user("me", "secret");
    let own = with_headers(&[("Authorization", "x")], with_credentials("GET", API, Credentials::Include));
    let fetched = guarded(Profile::chromium(), BASIC).fetch(&page, own).await;
    assert_eq!(sent(&fetched, 0, "access-control-request-headers"), Some("authorization"));
    assert_eq!((response(&fetched).status, fetched.exchanges.len()), (401, 2));
}

#[rstest]
#[case::standard(Profile::standard(), "Bearer x")]
#[case::webkit(Profile::webkit(), "Basic bWU6c2VjcmV0")]
#[tokio::test]
async fn a_remembered_login_and_a_header_of_the_script(#[case] profile: Profile, #[case] expected: &str) {
    let page = page(APP).with_user("me", "secret");
    let browser = guarded(profile, BASIC);
    let log_in = with_credentials("GET", HOME, Credentials::SameOrigin);
    assert_eq!(response(&browser.fetch(&page, log_in.clone()).await).status, 200);
    let request = log_in.with_header("Authorization", "Bearer x");
    assert_eq!(sent(&browser.fetch(&page, request.clone()).await, 0, "authorization"), Some(expected));
    let request = FetchRequest { credentials: Credentials::Omit, ..request };
    assert_eq!(sent(&browser.fetch(&page, request).await, 0, "authorization"), Some("Bearer x"));
}
